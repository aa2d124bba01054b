/** @file What all losses share: the reduction of the loss of each element to one number. */
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction, type LossReduction } from "../../../ops/loss.ts";

export type { LossReduction };

export interface ReductionOptions {
  /** `"mean"` (the default), `"sum"`, or `"none"` for the loss of each element. */
  reduction?: LossReduction;
}
export type ReductionArgs = Call<[reduction: LossReduction], ReductionOptions>;

/** The reduction that a loss without further parameters is called with. */
export function reductionOf(op: string, args: readonly unknown[]): LossReduction {
  const { reduction = "mean" } = bind<ReductionOptions>(op, ["reduction"], args);
  return checkReduction(op, reduction);
}

/** The losses as they are, their mean, or their sum. */
export function reduced(losses: Tensor, reduction: LossReduction): Tensor {
  return reduction === "none" ? losses : reduction === "mean" ? losses.mean() : losses.sum();
}
