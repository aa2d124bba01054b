/** @file Binary cross entropy, from probabilities and from logits. */
import type { Buffer } from "../../../core/parameter.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import {
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type LossReduction,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";
import { factor, WeightedLoss } from "./base.ts";

/**
 * Cross entropy of probabilities of yes; `weight` is a factor for each element, and broadcasts. PyTorch: `torch.nn.BCELoss`.
 * @example
 * new nn.BCELoss()(torch.tensor([0.9, 0.2]), torch.tensor([1, 0.5])) // tensor(0.5108)
 */
export class BCELoss extends WeightedLoss {
  static readonly printedName: string = "BCELoss";

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.weight, this.reduction);
  }
}

/**
 * Cross entropy of yes from logits, without overflow. PyTorch: `torch.nn.BCEWithLogitsLoss`.
 * @example
 * new nn.BCEWithLogitsLoss()(torch.tensor([0, 2.5]), torch.tensor([1, 1])) // tensor(0.3860)
 */
export class BCEWithLogitsLoss extends Module {
  static readonly printedName: string = "BCEWithLogitsLoss";
  /** A factor for each element; broadcasts. */
  weight: Buffer | null;
  /** A factor for the loss of yes; broadcasts. */
  posWeight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(
    ...args: Call<
      [weight: Tensor | null, reduction: LossReduction, posWeight: Tensor | null],
      BinaryCrossEntropyWithLogitsOptions
    >
  ) {
    super();
    const op = className(this);
    const given = bind<BinaryCrossEntropyWithLogitsOptions>(op, ["weight", "reduction", "posWeight"], args);
    this.weight = factor(op, given.weight);
    this.posWeight = factor(op, given.posWeight, "posWeight");
    this.reduction = checkReduction(op, given.reduction ?? "mean");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.weight, this.reduction, this.posWeight);
  }
}
