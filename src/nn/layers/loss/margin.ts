/** @file Losses that ask the right classes to be ahead of the others by a margin. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import type { Buffer } from "../../../core/parameter.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import {
  type LossReduction,
  type MultiMarginLossOptions,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";
import { factor, ReducedLoss, WeightedLoss } from "./base.ts";

/**
 * `log(1 + exp(−target · input))`, of targets 1 and −1. PyTorch: `torch.nn.SoftMarginLoss`.
 * @example
 * new nn.SoftMarginLoss()(torch.tensor([0, 2.5]), torch.tensor([1, 1])) // tensor(0.3860)
 */
export class SoftMarginLoss extends ReducedLoss {
  static readonly printedName: string = "SoftMarginLoss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, this.reduction);
  }
}

/**
 * Binary cross entropy of each class from logits, averaged over the classes; `weight` [C]. PyTorch: `torch.nn.MultiLabelSoftMarginLoss`.
 * @example
 * new nn.MultiLabelSoftMarginLoss()(torch.tensor([[0, 2.5]]), torch.tensor([[1, 1]])) // tensor(0.3860)
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  static readonly printedName: string = "MultiLabelSoftMarginLoss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(input, target, this.weight, this.reduction);
  }
}

/**
 * How far the scores of other classes come within 1 of those of all target classes, averaged over the classes.
 * PyTorch: `torch.nn.MultiLabelMarginLoss`.
 *
 * Shape: input [N, C] or [C]; target the same, class indices up to the first −1.
 *
 * @example
 * const lossFn = new nn.MultiLabelMarginLoss();
 * lossFn(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]])) // tensor(0.8500)
 */
export class MultiLabelMarginLoss extends ReducedLoss {
  static readonly printedName: string = "MultiLabelMarginLoss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, this.reduction);
  }
}

/**
 * How far the scores of other classes come within `margin` of the target's, averaged over the classes.
 * PyTorch: `torch.nn.MultiMarginLoss`.
 *
 * Shape: input [N, C] or [C]; target [N] or [].
 *
 * @example
 * new nn.MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3])) // tensor(0.3250)
 */
export class MultiMarginLoss extends Module {
  static readonly printedName: string = "MultiMarginLoss";
  /** The power of what is missing to the margin. */
  readonly p: 1 | 2;
  readonly margin: number;
  /** A factor for each class. */
  weight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(
    ...args: Call<[p: 1 | 2, margin: number, weight: Tensor | null, reduction: LossReduction], MultiMarginLossOptions>
  ) {
    super();
    const op = className(this);
    const given = bind<MultiMarginLossOptions>(op, ["p", "margin", "weight", "reduction"], args);
    const { p = 1, margin = 1, weight, reduction = "mean" } = given;
    if (p !== 1 && p !== 2) throw new ValueError(`${op}: expected 1 or 2 as p, got ${describe(p)}`);
    this.p = p;
    this.margin = margin;
    this.weight = factor(op, weight);
    if (this.weight !== null && this.weight.ndim !== 1)
      throw new ShapeError(`${op}: expected a weight of shape [C], got ${shapeText(this.weight.shape)}`);
    this.reduction = checkReduction(op, reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multiMarginLoss(input, target, this.p, this.margin, this.weight, this.reduction);
  }
}
