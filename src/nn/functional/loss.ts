/** @file Losses; those of classifiers are ops, and only passed on. */
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { type KernelOp, kernelOp } from "../../ops/kernel-form.ts";
import { checkReduction, type LossReduction } from "../../ops/loss.ts";
import { checkTensor } from "../../ops/params.ts";
import type { Pair } from "../../ops/pointwise/signatures.ts";
import { FLOATING, type Pointwise, pointwise } from "../../ops/pointwise-form.ts";

export { type CrossEntropyOptions, crossEntropy, type NllLossOptions, nllLoss } from "../../ops/loss.ts";
export type { LossReduction };

export interface ReductionOptions {
  /** `"mean"` (the default), `"sum"`, or `"none"` for the loss of each element. */
  reduction?: LossReduction;
}
type ReductionArgs = Call<[reduction: LossReduction], ReductionOptions>;

function reductionOf(op: string, args: readonly unknown[]): LossReduction {
  const { reduction = "mean" } = bind<ReductionOptions>(op, ["reduction"], args);
  return checkReduction(op, reduction);
}

const squaredDifference: Pointwise<Pair> = pointwise({
  name: "mseLoss",
  args: ["input", "target"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input, target }) => {
    const difference = input.sub(target);
    return difference.mul(difference);
  },
});

const mseLossOp: KernelOp<{ mean: boolean }> = kernelOp<{ mean: boolean }>({
  name: "mseLoss",
  forward: ([input, target], { mean }) => {
    const losses = squaredDifference(input as Tensor, target as Tensor);
    return mean ? losses.mean() : losses.sum();
  },
  saves: () => [0, 1],
  backward: ([grad], context) => {
    const difference = context.input(0).sub(context.input(1));
    const factor = context.attrs.mean ? 2 / difference.numel() : 2;
    const scaled = difference.mul((grad as Tensor).mul(factor));
    return [context.needs(0) ? scaled : null, context.needs(1) ? scaled.neg() : null];
  },
});

/**
 * Squared differences, averaged. PyTorch: `torch.nn.functional.mse_loss`.
 *
 * @param input - any shape; floating dtype
 * @param target - a shape that broadcasts with it
 * @param args - `reduction`
 * @example
 * F.mseLoss(torch.tensor([1.5, 2.5]), torch.tensor([1.5, 0.5])) // tensor(2.)
 */
export function mseLoss(input: Tensor, target: Tensor, ...args: ReductionArgs): Tensor {
  const reduction = reductionOf("mseLoss", args);
  checkTensor("mseLoss", input);
  checkTensor("mseLoss", target, "target");
  if (reduction === "none") return squaredDifference(input, target);
  return mseLossOp.call([input, target], { mean: reduction === "mean" });
}

/**
 * Absolute differences, averaged. PyTorch: `torch.nn.functional.l1_loss`.
 * @param args - `reduction`
 */
export function l1Loss(input: Tensor, target: Tensor, ...args: ReductionArgs): Tensor {
  const reduction = reductionOf("l1Loss", args);
  checkTensor("l1Loss", input);
  checkTensor("l1Loss", target, "target");
  const losses = input.sub(target).abs();
  return reduction === "none" ? losses : reduction === "mean" ? losses.mean() : losses.sum();
}
