/** @file What the losses share: how they are reduced to one number, and factors for classes or elements. */
import { Buffer } from "../../../core/parameter.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction, type LossReduction } from "../../../ops/loss.ts";
import { checkTensor } from "../../../ops/params.ts";
import { type ReductionArgs, type ReductionOptions, reductionOf } from "../../functional/loss/reduce.ts";
import { Module } from "../../module/module.ts";

/** A loss whose only parameter is how it is reduced. */
export abstract class ReducedLoss extends Module {
  readonly reduction: LossReduction;

  constructor(...args: ReductionArgs) {
    super();
    this.reduction = reductionOf(className(this), args);
  }
}

/** A factor that belongs to a loss, and is saved with it. */
export function factor(op: string, x: unknown, name = "weight"): Buffer | null {
  if (x === null || x === undefined) return null;
  checkTensor(op, x, name);
  return new Buffer(x);
}

interface WeightedOptions extends ReductionOptions {
  weight?: Tensor | null;
}

/** A loss with factors. */
export abstract class WeightedLoss extends Module {
  weight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(...args: Call<[weight: Tensor | null, reduction: LossReduction], WeightedOptions>) {
    super();
    const op = className(this);
    const { weight, reduction = "mean" } = bind<WeightedOptions>(op, ["weight", "reduction"], args);
    this.weight = factor(op, weight);
    this.reduction = checkReduction(op, reduction);
  }
}

interface MarginOptions extends ReductionOptions {
  /** How far apart is far enough. */
  margin?: number;
}
export type MarginArgs = Call<[margin: number, reduction: LossReduction], MarginOptions>;

/** A loss with a margin. */
export abstract class MarginLoss extends Module {
  readonly margin: number;
  readonly reduction: LossReduction;

  constructor(preset: number, args: MarginArgs) {
    super();
    const op = className(this);
    const { margin = preset, reduction = "mean" } = bind<MarginOptions>(op, ["margin", "reduction"], args);
    this.margin = margin;
    this.reduction = checkReduction(op, reduction);
  }
}
