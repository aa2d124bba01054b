/** @file The kernels behind interpolation and padding, and sampling at positions. */
import type { Operand } from "./backend.ts";

/** Which elements of a line make each element of another line: the rows of a sparse matrix. All are contiguous vectors. */
export interface Taps {
  /** int32; the taps of element `i` are those from `starts[i]` up to `starts[i + 1]`. */
  readonly starts: Operand;
  /** int32; where each tap reads. */
  readonly indices: Operand;
  /** Of the line's dtype, or int32 times `2 ** precision` for uint8; `null` where all are 1. */
  readonly weights: Operand | null;
  /** Bits behind the point in weights for uint8. */
  readonly precision: number;
  /** Whether there is exactly one tap of weight 1 for each element, so that any dtype can be copied. */
  readonly copies: boolean;
}

export interface GridSampleOptions {
  readonly mode: "bilinear" | "nearest" | "bicubic";
  readonly paddingMode: "zeros" | "border" | "reflection";
  readonly alignCorners: boolean;
}

export interface ResampleKernels {
  /** Each line of `out` along `dim` from that of `input`; both contiguous and of one dtype: float32, float64, complex, uint8. */
  resample(out: Operand, input: Operand, dim: number, taps: Taps): void;
  /** `input` [N, C, …] read at `grid` [N, …, dims]; all contiguous, of one dtype: float32 or float64. */
  gridSample(out: Operand, input: Operand, grid: Operand, options: GridSampleOptions): void;
  /** The gradient of the input, added to the zeros that `gradInput` comes with; that of the grid. */
  gridSampleGradInput(gradInput: Operand, grad: Operand, grid: Operand, options: GridSampleOptions): void;
  gridSampleGradGrid(gradGrid: Operand, grad: Operand, input: Operand, grid: Operand, options: GridSampleOptions): void;
}
