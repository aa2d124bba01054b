/** @file Losses that measure how far predictions are from values. */
import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { where } from "../../../expr/index.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkTensor } from "../../../ops/params.ts";
import { type ElementwiseLoss, elementwiseLoss } from "./elementwise-loss.ts";
import { type LossReduction, type ReductionArgs, reduced, reductionOf } from "./reduce.ts";

type NoOptions = Readonly<Record<never, number>>;

const mse: ElementwiseLoss<NoOptions> = elementwiseLoss({
  name: "mseLoss",
  args: ["input", "target"],
  expr({ input, target }) {
    const difference = input.sub(target);
    return difference.mul(difference);
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
  if (isAutocasting()) return inFloat32(mseLoss, [input, target, ...args]);
  const reduction = reductionOf("mseLoss", args);
  checkTensor("mseLoss", input);
  checkTensor("mseLoss", target, "target");
  return mse([input, target], reduction);
}

/**
 * Absolute differences, averaged. PyTorch: `torch.nn.functional.l1_loss`.
 *
 * @param input - any shape
 * @param target - a shape that broadcasts with it
 * @param args - `reduction`
 * @example
 * F.l1Loss(torch.tensor([1.5, 2.5]), torch.tensor([1.5, 0.5])) // tensor(1.)
 */
export function l1Loss(input: Tensor, target: Tensor, ...args: ReductionArgs): Tensor {
  if (isAutocasting()) return inFloat32(l1Loss, [input, target, ...args]);
  const reduction = reductionOf("l1Loss", args);
  checkTensor("l1Loss", input);
  checkTensor("l1Loss", target, "target");
  return reduced(input.sub(target).abs(), reduction);
}

const smoothL1: ElementwiseLoss<{ beta: number }> = elementwiseLoss({
  name: "smoothL1Loss",
  args: ["input", "target"],
  options: { beta: 1 },
  expr({ input, target }, { beta }) {
    const difference = input.sub(target);
    const distance = difference.abs();
    return where(distance.lt(beta), difference.mul(difference).mul(0.5).div(beta), distance.sub(beta.mul(0.5)));
  },
});

export interface SmoothL1LossOptions {
  reduction?: LossReduction;
  /** Where the parabola ends and the straight line begins; 0 makes it `l1Loss`. */
  beta?: number;
}

/**
 * Squared differences below `beta`, absolute ones above. PyTorch: `torch.nn.functional.smooth_l1_loss`.
 *
 * @param input - any shape; floating dtype
 * @param target - a shape that broadcasts with it
 * @param args - `reduction` ("mean"), `beta` (1)
 * @throws ValueError if `beta` is negative
 * @see Girshick 2015, arXiv:1504.08083
 * @example
 * F.smoothL1Loss(torch.tensor([0.5, 3.5]), torch.tensor([0, 0.5])) // tensor(1.3125)
 */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  ...args: Call<[reduction: LossReduction, beta: number], SmoothL1LossOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(smoothL1Loss, [input, target, ...args]);
  const { reduction = "mean", beta = 1 } = bind<SmoothL1LossOptions>("smoothL1Loss", ["reduction", "beta"], args);
  checkReduction("smoothL1Loss", reduction);
  checkTensor("smoothL1Loss", input);
  checkTensor("smoothL1Loss", target, "target");
  if (!(beta >= 0)) throw new ValueError(`smoothL1Loss: expected a beta of at least 0, got ${beta}`);
  return smoothL1([input, target], reduction, { beta });
}

const huber: ElementwiseLoss<{ delta: number }> = elementwiseLoss({
  name: "huberLoss",
  args: ["input", "target"],
  options: { delta: 1 },
  expr({ input, target }, { delta }) {
    const difference = input.sub(target);
    const distance = difference.abs();
    return where(distance.lt(delta), difference.mul(difference).mul(0.5), distance.sub(delta.mul(0.5)).mul(delta));
  },
});

export interface HuberLossOptions {
  reduction?: LossReduction;
  /** Where the parabola ends and the straight line begins. */
  delta?: number;
}

/**
 * Half the squared differences up to `delta`, straight lines beyond. PyTorch: `torch.nn.functional.huber_loss`.
 *
 * @param input - any shape; floating dtype
 * @param target - a shape that broadcasts with it
 * @param args - `reduction` ("mean"), `delta` (1)
 * @throws ValueError if `delta` is not above 0
 * @see Huber 1964, doi:10.1214/aoms/1177703732
 * @example
 * F.huberLoss(torch.tensor([0.5, 3.5]), torch.tensor([0, 0.5])) // tensor(1.3125)
 */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  ...args: Call<[reduction: LossReduction, delta: number], HuberLossOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(huberLoss, [input, target, ...args]);
  const { reduction = "mean", delta = 1 } = bind<HuberLossOptions>("huberLoss", ["reduction", "delta"], args);
  checkReduction("huberLoss", reduction);
  checkTensor("huberLoss", input);
  checkTensor("huberLoss", target, "target");
  if (!(delta > 0)) throw new ValueError(`huberLoss: expected a delta above 0, got ${delta}`);
  return huber([input, target], reduction, { delta });
}
