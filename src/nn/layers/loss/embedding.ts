/** @file Losses that pull embeddings together and push them apart. */
import { ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import {
  cosineEmbeddingLoss,
  type Distance,
  hingeEmbeddingLoss,
  type LossReduction,
  marginRankingLoss,
  type TripletMarginLossOptions,
  type TripletMarginWithDistanceLossOptions,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";
import { PairwiseDistance } from "../distance.ts";
import { type MarginArgs, MarginLoss } from "./base.ts";

/**
 * The distance itself for targets of 1, how much it falls short of `margin` (1) for −1. PyTorch: `torch.nn.HingeEmbeddingLoss`.
 * @example
 * new nn.HingeEmbeddingLoss()(torch.tensor([0.25, 0.25]), torch.tensor([1, -1])) // tensor(0.5000)
 */
export class HingeEmbeddingLoss extends MarginLoss {
  static readonly printedName: string = "HingeEmbeddingLoss";

  constructor(...args: MarginArgs) {
    super(1, args);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.margin, this.reduction);
  }
}

/**
 * `1 − cos` of the vectors' angle for targets of 1, how much `cos` exceeds `margin` (0) for −1. PyTorch: `torch.nn.CosineEmbeddingLoss`.
 *
 * Shape: inputs [N, D] with a target [N], or [D] with [].
 *
 * @example
 * new nn.CosineEmbeddingLoss()(torch.tensor([1, 0]), torch.tensor([3, 4]), torch.tensor(1)) // tensor(0.4000)
 */
export class CosineEmbeddingLoss extends MarginLoss {
  static readonly printedName: string = "CosineEmbeddingLoss";

  constructor(...args: MarginArgs) {
    super(0, args);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

/**
 * How much the first input falls short of exceeding the second by `margin` (0); the other way round for targets of −1.
 * PyTorch: `torch.nn.MarginRankingLoss`.
 * @example
 * new nn.MarginRankingLoss()(torch.tensor([1.5]), torch.tensor([2]), torch.tensor([1])) // tensor(0.5000)
 */
export class MarginRankingLoss extends MarginLoss {
  static readonly printedName: string = "MarginRankingLoss";

  constructor(...args: MarginArgs) {
    super(0, args);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

function checkMargin(op: string, margin: number): number {
  if (!(margin > 0)) throw new ValueError(`${op}: expected a margin above 0, got ${margin}`);
  return margin;
}

/**
 * How much nearer to the anchor than the negative, by at least `margin`, the positive should be than it is.
 * PyTorch: `torch.nn.TripletMarginLoss`.
 *
 * Shape: anchor, positive and negative [N, D] or [D].
 *
 * @see Balntas, Riba, Ponsa & Mikolajczyk 2016, "Learning local feature descriptors with triplets"
 * @example
 * const [a, p, n] = [torch.tensor([[0, 0]]), torch.tensor([[3, 4]]), torch.tensor([[0, 2]])];
 * new nn.TripletMarginLoss()(a, p, n) // tensor(4.0000)
 */
export class TripletMarginLoss extends Module {
  static readonly printedName: string = "TripletMarginLoss";
  readonly margin: number;
  /** Which norm measures distances. */
  readonly p: number;
  /** Added to each difference. */
  readonly eps: number;
  /** Whether the negative may also be compared with the positive. */
  readonly swap: boolean;
  readonly reduction: LossReduction;

  constructor(
    ...args: Call<
      [margin: number, p: number, eps: number, swap: boolean, reduction: LossReduction],
      TripletMarginLossOptions
    >
  ) {
    super();
    const op = className(this);
    const given = bind<TripletMarginLossOptions>(op, ["margin", "p", "eps", "swap", "reduction"], args);
    const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = "mean" } = given;
    this.margin = checkMargin(op, margin);
    this.p = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = checkReduction(op, reduction);
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/**
 * `TripletMarginLoss` with any distance: a function, or a module, which then belongs to the loss.
 * PyTorch: `torch.nn.TripletMarginWithDistanceLoss`.
 *
 * @param options - `distanceFunction` (`PairwiseDistance`), `margin` (1), `swap` (false), `reduction` ("mean")
 * @example
 * const [a, p, n] = [torch.tensor([[0, 0]]), torch.tensor([[3, 4]]), torch.tensor([[0, 2]])];
 * const distanceFunction = (x: torch.Tensor, y: torch.Tensor) => x.sub(y).abs().sum(-1);
 * new nn.TripletMarginWithDistanceLoss({ distanceFunction, margin: 0.5 })(a, p, n) // tensor(5.5000)
 */
export class TripletMarginWithDistanceLoss extends Module {
  static readonly printedName: string = "TripletMarginWithDistanceLoss";
  readonly distanceFunction: Distance;
  readonly margin: number;
  readonly swap: boolean;
  readonly reduction: LossReduction;

  constructor(options: TripletMarginWithDistanceLossOptions = {}) {
    super();
    const op = className(this);
    const names = ["distanceFunction", "margin", "swap", "reduction"] as const;
    const given = bind<TripletMarginWithDistanceLossOptions>(op, names, [options]);
    const { distanceFunction, margin = 1, swap = false, reduction = "mean" } = given;
    this.distanceFunction = distanceFunction ?? new PairwiseDistance();
    if (typeof this.distanceFunction !== "function")
      throw new ValueError(`${op}: expected a function as distanceFunction, got ${String(distanceFunction)}`);
    this.margin = checkMargin(op, margin);
    this.swap = swap;
    this.reduction = checkReduction(op, reduction);
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction });
  }
}
