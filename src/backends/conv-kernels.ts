/** @file The kernels of convolution. Their operands are contiguous, of float32 or float64, and have 1 to 3 spatial dimensions. */
import type { Operand } from "./backend.ts";

/** How a kernel slides: a number for each spatial dimension. */
export interface Slide {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  /** Channels fall into so many groups, each convolved apart. */
  readonly groups: number;
}

/**
 * N batch, C channels in, O channels out, G groups: `input` [N, C, …], `weight` [O, C/G, …] and `grad` [N, O, …], the gradient of the
 * result. None of them is empty.
 */
export interface ConvKernels {
  /** `out = input * weight (+ bias)`; `bias` [O]. */
  convolution(out: Operand, input: Operand, weight: Operand, bias: Operand | null, slide: Slide): void;
  /** The gradient of the input, also called a transposed convolution, plus `bias` [C]. */
  convolutionInputGradient(out: Operand, grad: Operand, weight: Operand, bias: Operand | null, slide: Slide): void;
  convolutionWeightGradient(out: Operand, input: Operand, grad: Operand, slide: Slide): void;
}
