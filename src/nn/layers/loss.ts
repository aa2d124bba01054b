/** @file Losses as modules. */
import { describe, ValueError } from "../../core/errors.ts";
import { Buffer } from "../../core/parameter.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { checkReduction } from "../../ops/loss.ts";
import {
  type CrossEntropyOptions,
  crossEntropy,
  type LossReduction,
  l1Loss,
  mseLoss,
  type NllLossOptions,
  nllLoss,
  type ReductionOptions,
} from "../functional/loss/index.ts";
import { Module } from "../module/module.ts";

function classWeights(op: string, weight: unknown): Buffer | null {
  if (weight === null || weight === undefined) return null;
  if (!(weight instanceof Tensor))
    throw new ValueError(`${op}: expected a Tensor or null as weight, got ${describe(weight)}`);
  return new Buffer(weight);
}

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
  readonly weight: Buffer | null;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;
  /** How much of each target is spread evenly over all classes. */
  readonly labelSmoothing: number;

  constructor(...args: Call<[weight: Tensor | null], CrossEntropyOptions>) {
    super();
    const names = ["weight", "ignoreIndex", "reduction", "labelSmoothing"] as const;
    const options = bind<CrossEntropyOptions>("CrossEntropyLoss", names, args);
    this.weight = classWeights("CrossEntropyLoss", options.weight);
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.reduction = checkReduction("CrossEntropyLoss", options.reduction ?? "mean");
    this.labelSmoothing = options.labelSmoothing ?? 0;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/** Minus the log probability of each target class. PyTorch: `torch.nn.NLLLoss`. */
export class NLLLoss extends Module {
  static readonly printedName: string = "NLLLoss";
  /** A factor for each class. */
  readonly weight: Buffer | null;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;

  constructor(...args: Call<[weight: Tensor | null], NllLossOptions>) {
    super();
    const options = bind<NllLossOptions>("NLLLoss", ["weight", "ignoreIndex", "reduction"], args);
    this.weight = classWeights("NLLLoss", options.weight);
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.reduction = checkReduction("NLLLoss", options.reduction ?? "mean");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

type ReductionArgs = Call<[reduction: LossReduction], ReductionOptions>;

function reductionOf(op: string, args: ReductionArgs): LossReduction {
  return checkReduction(op, bind<ReductionOptions>(op, ["reduction"], args).reduction ?? "mean");
}

/** Squared differences, averaged. PyTorch: `torch.nn.MSELoss`. */
export class MSELoss extends Module {
  static readonly printedName: string = "MSELoss";
  readonly reduction: LossReduction;

  constructor(...args: ReductionArgs) {
    super();
    this.reduction = reductionOf("MSELoss", args);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.reduction);
  }
}

/** Absolute differences, averaged. PyTorch: `torch.nn.L1Loss`. */
export class L1Loss extends Module {
  static readonly printedName: string = "L1Loss";
  readonly reduction: LossReduction;

  constructor(...args: ReductionArgs) {
    super();
    this.reduction = reductionOf("L1Loss", args);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.reduction);
  }
}
