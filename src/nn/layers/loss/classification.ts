/** @file Losses of classifiers: cross entropy, negative log likelihood, connectionist temporal classification. */
import { ValueError } from "../../../core/errors.ts";
import type { Buffer } from "../../../core/parameter.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkInt } from "../../../ops/params.ts";
import {
  type CrossEntropyOptions,
  type CtcLossOptions,
  crossEntropy,
  ctcLoss,
  type LossReduction,
  type NllLossOptions,
  nllLoss,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";
import { factor } from "./base.ts";

/**
 * The loss of a classifier, from logits and class indices (or class probabilities). PyTorch: `torch.nn.CrossEntropyLoss`.
 *
 * Shape: input [C], [N, C] or [N, C, d1, …]; target the same without C, or like the input. Result: one number, or the target's shape.
 *
 * @example
 * const lossFn = new nn.CrossEntropyLoss();
 * lossFn(torch.zeros(3, 5), torch.tensor([1, 0, 4])) // tensor(1.6094)
 */
export class CrossEntropyLoss extends Module {
  static readonly printedName: string = "CrossEntropyLoss";
  /** A factor for each class. */
  weight: Buffer | null;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;
  /** How much of each target is spread evenly over all classes. */
  readonly labelSmoothing: number;

  constructor(
    ...args: Call<
      [weight: Tensor | null, ignoreIndex: number, reduction: LossReduction, labelSmoothing: number],
      CrossEntropyOptions
    >
  ) {
    super();
    const op = className(this);
    const names = ["weight", "ignoreIndex", "reduction", "labelSmoothing"] as const;
    const {
      weight,
      ignoreIndex = -100,
      reduction = "mean",
      labelSmoothing = 0,
    } = bind<CrossEntropyOptions>(op, names, args);
    checkInt(op, "ignoreIndex", ignoreIndex);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
      throw new ValueError(`${op}: expected a labelSmoothing between 0 and 1, got ${labelSmoothing}`);
    this.weight = factor(op, weight);
    this.ignoreIndex = ignoreIndex;
    this.reduction = checkReduction(op, reduction);
    this.labelSmoothing = labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/**
 * Minus the log probability of each target class. PyTorch: `torch.nn.NLLLoss`.
 *
 * Shape: input [C], [N, C] or [N, C, d1, …], log probabilities; target the same without C. Result: one number, or the target's shape.
 */
export class NLLLoss extends Module {
  static readonly printedName: string = "NLLLoss";
  /** A factor for each class. */
  weight: Buffer | null;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;

  constructor(...args: Call<[weight: Tensor | null, ignoreIndex: number, reduction: LossReduction], NllLossOptions>) {
    super();
    const op = className(this);
    const given = bind<NllLossOptions>(op, ["weight", "ignoreIndex", "reduction"], args);
    const { weight, ignoreIndex = -100, reduction = "mean" } = given;
    checkInt(op, "ignoreIndex", ignoreIndex);
    this.weight = factor(op, weight);
    this.ignoreIndex = ignoreIndex;
    this.reduction = checkReduction(op, reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** The former name of `NLLLoss` for images. PyTorch: `torch.nn.NLLLoss2d`. */
export class NLLLoss2d extends NLLLoss {
  static override readonly printedName: string = "NLLLoss2d";
}

/**
 * Connectionist temporal classification: minus the log probability of a target, summed over all its alignments with the input.
 * PyTorch: `torch.nn.CTCLoss`.
 *
 * Shape: log probabilities [T, N, C] or [T, C]; targets [N, S], or all behind one another; lengths [N].
 *
 * @see Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification"
 * @example
 * const logProbs = torch.full([4, 1, 3], -Math.log(3));
 * new nn.CTCLoss({ reduction: "sum" })(logProbs, torch.tensor([[1, 2]]), [4], [2]) // tensor(1.6864)
 */
export class CTCLoss extends Module {
  static readonly printedName: string = "CTCLoss";
  /** The class that stands for no label. */
  readonly blank: number;
  readonly reduction: LossReduction;
  /** Whether infinite losses, of targets too long for their input, count 0. */
  readonly zeroInfinity: boolean;

  constructor(...args: Call<[blank: number, reduction: LossReduction, zeroInfinity: boolean], CtcLossOptions>) {
    super();
    const op = className(this);
    const given = bind<CtcLossOptions>(op, ["blank", "reduction", "zeroInfinity"], args);
    const { blank = 0, reduction = "mean", zeroInfinity = false } = given;
    checkInt(op, "blank", blank);
    this.blank = blank;
    this.reduction = checkReduction(op, reduction);
    this.zeroInfinity = zeroInfinity;
  }

  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Tensor | readonly number[],
    targetLengths: Tensor | readonly number[],
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
