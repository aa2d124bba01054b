/** @file The kernels of losses that are more than an expression for each element. */
import type { Operand } from "./backend.ts";

/** What a call of `ctcLoss` and its backward are about; all but `logProbs` contiguous, lengths and starts int64 [N]. */
export interface CtcSample {
  /** [T, N, C] */
  readonly logProbs: Operand;
  /** The targets of all samples; int64. */
  readonly targets: Operand;
  /** Where each sample's target begins in `targets`. */
  readonly starts: Operand;
  readonly inputLengths: Operand;
  readonly targetLengths: Operand;
  /** The longest target. */
  readonly longest: number;
  readonly blank: number;
}

export interface LossKernels {
  /** `out` [N] takes the loss of each row of `input` [N, C]; `target` [N, C] (int64) ends at a negative class. All contiguous. */
  multilabelMargin(out: Operand, input: Operand, target: Operand): void;
  multilabelMarginBackward(gradInput: Operand, grad: Operand, input: Operand, target: Operand): void;
  /** `out` [N]; `alpha` (float64, [N, T, 2 · longest + 1]) takes the forward probabilities, which backward wants again. */
  ctcLoss(out: Operand, alpha: Operand, sample: CtcSample): void;
  /** `zeroInfinity`: samples of infinite loss get a gradient of 0. */
  ctcLossBackward(
    gradInput: Operand,
    grad: Operand,
    loss: Operand,
    alpha: Operand,
    sample: CtcSample,
    zeroInfinity: boolean,
  ): void;
}
