/** @file Layers that change the shape only. */
import { describe, ValueError } from "../../core/errors.ts";
import { inferSizes, wrapDim } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

interface FlattenOptions {
  startDim?: number;
  endDim?: number;
}

/**
 * Makes dimensions `startDim` (1) to `endDim` (−1) one. PyTorch: `torch.nn.Flatten`.
 * @example
 * new nn.Flatten()(torch.zeros(64, 1, 28, 28)).shape // [64, 784]
 */
export class Flatten extends Module {
  static readonly printedName: string = "Flatten";
  readonly startDim: number;
  readonly endDim: number;

  constructor(...args: Call<[startDim: number, endDim: number], FlattenOptions>) {
    super();
    const { startDim = 1, endDim = -1 } = bind<FlattenOptions>("Flatten", ["startDim", "endDim"], args);
    checkInt("Flatten", "startDim", startDim);
    checkInt("Flatten", "endDim", endDim);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    const { startDim, endDim } = this;
    return extra({ startDim, endDim });
  }
}

interface UnflattenOptions {
  dim: number;
  unflattenedSize: readonly number[];
}
type UnflattenArgs = Named<
  [dim: number, unflattenedSize: readonly number[]],
  ["dim", "unflattenedSize"],
  UnflattenOptions
>;

/**
 * Cuts dimension `dim` into several; one size may be −1. PyTorch: `torch.nn.Unflatten`.
 * @example
 * new nn.Unflatten(1, [2, 5])(torch.zeros(4, 10)).shape // [4, 2, 5]
 */
export class Unflatten extends Module {
  static readonly printedName: string = "Unflatten";
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(...args: UnflattenArgs) {
    super();
    const { dim, unflattenedSize } = named<UnflattenOptions>("Unflatten", ["dim", "unflattenedSize"], 2, args);
    checkInt("Unflatten", "dim", dim);
    if (!Array.isArray(unflattenedSize))
      throw new ValueError(`Unflatten: expected an array as unflattenedSize, got ${describe(unflattenedSize)}`);
    for (const n of unflattenedSize) checkInt("Unflatten", "unflattenedSize", n);
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  override forward(input: Tensor): Tensor {
    const { shape } = input;
    const dim = wrapDim("Unflatten", this.dim, shape.length);
    const sizes = inferSizes("Unflatten", this.unflattenedSize, shape[dim] as number);
    return input.reshape([...shape.slice(0, dim), ...sizes, ...shape.slice(dim + 1)]);
  }

  override extraRepr(): string {
    const { dim, unflattenedSize } = this;
    return extra({ dim, unflattenedSize });
  }
}
