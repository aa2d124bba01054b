/** @file The kernels of normalisation. All operands are contiguous and of one dtype, float32 or float64. */
import type { Operand } from "./backend.ts";

/** What all of them read: factors may be absent. */
export interface NormOperands {
  readonly x: Operand;
  readonly weight: Operand | null;
  readonly bias: Operand | null;
  /** One a unit that is normalised; written by a forward that computes them. */
  readonly mean: Operand;
  /** `1 / √(variance + eps)`. */
  readonly rstd: Operand;
}

/** What a derivative writes, each if it is wanted. */
export interface NormGradients {
  readonly x: Operand | null;
  readonly weight: Operand | null;
  readonly bias: Operand | null;
}

export interface NormKernels {
  /** `x` is [N, C, S], each channel normalised over N and S, with `mean` and `rstd` as they are if `given`; `variance` is written if wanted. */
  batchNorm(out: Operand, on: NormOperands, eps: number, given: boolean, variance: Operand | null): void;
  batchNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, given: boolean): void;
  /** `x` is [N, C, S], normalised over groups of channels of each sample; `mean` and `rstd` are [N, groups]. */
  groupNorm(out: Operand, on: NormOperands, groups: number, eps: number): void;
  /** The gradients of weight and bias come for each sample: [N, C]. */
  groupNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, groups: number): void;
  /** `x` is [M, N], each row normalised, with factors along it; `rms` does not subtract the mean. */
  rowNorm(out: Operand, on: NormOperands, eps: number, rms: boolean): void;
  rowNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, rms: boolean): void;
}
