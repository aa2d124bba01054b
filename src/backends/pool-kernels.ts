/** @file The kernels of pooling. Their operands are contiguous and end in the dimensions that are pooled; what is before them are planes. */
import type { Operand } from "./backend.ts";

/** A window that slides: a size for each pooled dimension. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

export interface AverageOptions {
  /** Whether padding counts in the divisor. */
  readonly countIncludePad: boolean;
  /** What sums are divided by; `null` is the size of the window. */
  readonly divisor: number | null;
}

export interface PoolKernels {
  /** Averages over windows without dilation; floating or int64. */
  avgPool(out: Operand, input: Operand, windows: Windows, options: AverageOptions): void;
  avgPoolBackward(gradInput: Operand, grad: Operand, windows: Windows, options: AverageOptions): void;
  /** Maxima, and where they are within a plane (int64). */
  maxPool(out: Operand, indices: Operand | null, input: Operand, windows: Windows): void;
  /** Windows that divide the last `dims` dimensions of the input evenly among those of `out`. */
  adaptiveAvgPool(out: Operand, input: Operand, dims: number): void;
  adaptiveAvgPoolBackward(gradInput: Operand, grad: Operand, dims: number): void;
  adaptiveMaxPool(out: Operand, indices: Operand | null, input: Operand, dims: number): void;
  /** Windows of the kernel's size, spread by random numbers: `samples` [planes, dims], in the input's dtype. */
  fractionalMaxPool(
    out: Operand,
    indices: Operand | null,
    input: Operand,
    kernel: readonly number[],
    samples: Operand,
  ): void;
  /** `out[plane, index] += input[plane, i]`, on zeros, over planes of the last `dims` dimensions. */
  addToPlaces(out: Operand, input: Operand, indices: Operand, dims: number): void;
  /** `out[plane, i] = input[plane, index]`. */
  takeFromPlaces(out: Operand, input: Operand, indices: Operand, dims: number): void;
  /** `out[plane, index] = input[plane, i]`, on zeros; the last of equal indices counts. */
  putToPlaces(op: string, out: Operand, input: Operand, indices: Operand, dims: number): void;
}
