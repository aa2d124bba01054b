/** @file Losses that measure how far predictions are from values. */
import { ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import {
  type HuberLossOptions,
  huberLoss,
  type LossReduction,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";
import { ReducedLoss } from "./base.ts";

/**
 * Squared differences, averaged. PyTorch: `torch.nn.MSELoss`.
 * @example
 * new nn.MSELoss()(torch.tensor([1.5, 2.5]), torch.tensor([1.5, 0.5])) // tensor(2.)
 */
export class MSELoss extends ReducedLoss {
  static readonly printedName: string = "MSELoss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.reduction);
  }
}

/**
 * Absolute differences, averaged. PyTorch: `torch.nn.L1Loss`.
 * @example
 * new nn.L1Loss()(torch.tensor([1.5, 2.5]), torch.tensor([1.5, 0.5])) // tensor(1.)
 */
export class L1Loss extends ReducedLoss {
  static readonly printedName: string = "L1Loss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.reduction);
  }
}

/**
 * Squared differences below `beta` (1), absolute ones above. PyTorch: `torch.nn.SmoothL1Loss`.
 * @see Girshick 2015, arXiv:1504.08083
 */
export class SmoothL1Loss extends Module {
  static readonly printedName: string = "SmoothL1Loss";
  readonly reduction: LossReduction;
  readonly beta: number;

  constructor(...args: Call<[reduction: LossReduction, beta: number], SmoothL1LossOptions>) {
    super();
    const op = className(this);
    const { reduction = "mean", beta = 1 } = bind<SmoothL1LossOptions>(op, ["reduction", "beta"], args);
    if (!(beta >= 0)) throw new ValueError(`${op}: expected a beta of at least 0, got ${beta}`);
    this.reduction = checkReduction(op, reduction);
    this.beta = beta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.reduction, this.beta);
  }
}

/**
 * Half the squared differences up to `delta` (1), straight lines beyond. PyTorch: `torch.nn.HuberLoss`.
 * @see Huber 1964, doi:10.1214/aoms/1177703732
 */
export class HuberLoss extends Module {
  static readonly printedName: string = "HuberLoss";
  readonly reduction: LossReduction;
  readonly delta: number;

  constructor(...args: Call<[reduction: LossReduction, delta: number], HuberLossOptions>) {
    super();
    const op = className(this);
    const { reduction = "mean", delta = 1 } = bind<HuberLossOptions>(op, ["reduction", "delta"], args);
    if (!(delta > 0)) throw new ValueError(`${op}: expected a delta above 0, got ${delta}`);
    this.reduction = checkReduction(op, reduction);
    this.delta = delta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.reduction, this.delta);
  }
}
