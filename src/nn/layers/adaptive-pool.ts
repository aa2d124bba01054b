/** @file Pooling to a given size: windows that divide the input evenly, or at random. */
import { describe, ValueError } from "../../core/errors.ts";
import { Buffer } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { checkTensor, type Named, named } from "../../ops/params.ts";
import type { OutputSize } from "../../ops/pool/index.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import * as F from "../functional/pooling.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";
import type { Pooled } from "./max-pool.ts";

interface AdaptiveAvgPoolOptions {
  /** Sizes of the result: one number for all dimensions, or one for each; `null` keeps the input's. */
  outputSize: OutputSize;
}
type AdaptiveAvgPoolArgs = Named<[outputSize: OutputSize], ["outputSize"], AdaptiveAvgPoolOptions>;

function checkOutputSize(op: string, size: OutputSize, dims: Dims): void {
  const list: readonly unknown[] = Array.isArray(size) ? size : [size];
  if ((Array.isArray(size) && list.length !== dims) || list.some((n) => n !== null && !Number.isSafeInteger(n)))
    throw new ValueError(
      `${op}: expected a whole number or ${dims} of them as outputSize, got ${Array.isArray(size) ? `[${list.map(describe).join(", ")}]` : describe(size)}`,
    );
}

const averages = { 1: F.adaptiveAvgPool1d, 2: F.adaptiveAvgPool2d, 3: F.adaptiveAvgPool3d } as const;

/** What averages to a given size share. */
abstract class AdaptiveAvgPool extends Module {
  readonly outputSize: OutputSize;
  private readonly dims: Dims;

  constructor(dims: Dims, args: AdaptiveAvgPoolArgs) {
    super();
    const op = className(this);
    const { outputSize } = named<AdaptiveAvgPoolOptions>(op, ["outputSize"], 1, args);
    checkOutputSize(op, outputSize, dims);
    this.outputSize = outputSize;
    this.dims = dims;
  }

  override forward(input: Tensor): Tensor {
    return averages[this.dims](input, this.outputSize);
  }

  override extraRepr(): string {
    return extra({ outputSize: this.outputSize });
  }
}

/**
 * Averages over windows that divide signals, [N, C, L] or [C, L], evenly into `outputSize`. PyTorch: `torch.nn.AdaptiveAvgPool1d`.
 * @example
 * new nn.AdaptiveAvgPool1d(5)(torch.randn(1, 64, 8)).shape // [1, 64, 5]
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  static readonly printedName: string = "AdaptiveAvgPool1d";

  constructor(...args: AdaptiveAvgPoolArgs) {
    super(1, args);
  }
}

/**
 * Averages over windows that divide images, [N, C, H, W] or [C, H, W], evenly into `outputSize`.
 * PyTorch: `torch.nn.AdaptiveAvgPool2d`.
 * @example
 * new nn.AdaptiveAvgPool2d([null, 7])(torch.randn(1, 64, 10, 9)).shape // [1, 64, 10, 7]
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  static readonly printedName: string = "AdaptiveAvgPool2d";

  constructor(...args: AdaptiveAvgPoolArgs) {
    super(2, args);
  }
}

/**
 * Averages over windows that divide volumes, [N, C, D, H, W] or [C, D, H, W], evenly into `outputSize`.
 * PyTorch: `torch.nn.AdaptiveAvgPool3d`.
 */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  static readonly printedName: string = "AdaptiveAvgPool3d";

  constructor(...args: AdaptiveAvgPoolArgs) {
    super(3, args);
  }
}

interface AdaptiveMaxPoolOptions<I extends boolean> extends AdaptiveAvgPoolOptions {
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: I;
}
type AdaptiveMaxPoolArgs<I extends boolean> = Named<
  [outputSize: OutputSize, returnIndices: I],
  ["outputSize", "returnIndices"],
  AdaptiveMaxPoolOptions<I>
>;

const maxima = { 1: F.adaptiveMaxPool1d, 2: F.adaptiveMaxPool2d, 3: F.adaptiveMaxPool3d } as const;

/** What maxima to a given size share. */
abstract class AdaptiveMaxPool<I extends boolean> extends Module {
  readonly outputSize: OutputSize;
  readonly returnIndices: I;
  private readonly dims: Dims;

  constructor(dims: Dims, args: AdaptiveMaxPoolArgs<I>) {
    super();
    const op = className(this);
    const { outputSize, returnIndices } = named<AdaptiveMaxPoolOptions<I>>(
      op,
      ["outputSize", "returnIndices"],
      1,
      args,
    );
    checkOutputSize(op, outputSize, dims);
    this.outputSize = outputSize;
    this.returnIndices = (returnIndices ?? false) as I; // false unless I says so
    this.dims = dims;
  }

  override forward(input: Tensor): Pooled<I> {
    return maxima[this.dims](input, this.outputSize, this.returnIndices) as Pooled<I>; // as returnIndices says
  }

  override extraRepr(): string {
    return extra({ outputSize: this.outputSize });
  }
}

/**
 * The largest element of windows that divide signals, [N, C, L] or [C, L], evenly into `outputSize`; with `returnIndices`
 * [values, indices]. PyTorch: `torch.nn.AdaptiveMaxPool1d`.
 */
export class AdaptiveMaxPool1d<I extends boolean = false> extends AdaptiveMaxPool<I> {
  static readonly printedName: string = "AdaptiveMaxPool1d";

  constructor(...args: AdaptiveMaxPoolArgs<I>) {
    super(1, args);
  }
}

/**
 * The largest element of windows that divide images, [N, C, H, W] or [C, H, W], evenly into `outputSize`; with `returnIndices`
 * [values, indices]. PyTorch: `torch.nn.AdaptiveMaxPool2d`.
 * @example
 * new nn.AdaptiveMaxPool2d([5, 7])(torch.randn(1, 64, 8, 9)).shape // [1, 64, 5, 7]
 */
export class AdaptiveMaxPool2d<I extends boolean = false> extends AdaptiveMaxPool<I> {
  static readonly printedName: string = "AdaptiveMaxPool2d";

  constructor(...args: AdaptiveMaxPoolArgs<I>) {
    super(2, args);
  }
}

/**
 * The largest element of windows that divide volumes, [N, C, D, H, W] or [C, D, H, W], evenly into `outputSize`; with
 * `returnIndices` [values, indices]. PyTorch: `torch.nn.AdaptiveMaxPool3d`.
 */
export class AdaptiveMaxPool3d<I extends boolean = false> extends AdaptiveMaxPool<I> {
  static readonly printedName: string = "AdaptiveMaxPool3d";

  constructor(...args: AdaptiveMaxPoolArgs<I>) {
    super(3, args);
  }
}

type Ratios = number | readonly number[];

interface FractionalMaxPoolOptions<I extends boolean> {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Size of the result; this or `outputRatio`. */
  outputSize?: Sizes | null;
  /** Size of the result as a part of the input's, above 0 and below 1. */
  outputRatio?: Ratios | null;
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: I;
  /** The random numbers to use, [N, C, 2 or 3] of the input's dtype, instead of fresh ones. */
  _randomSamples?: Tensor | null;
}
type FractionalMaxPoolArgs<I extends boolean> = Named<
  [
    kernelSize: Sizes,
    outputSize: Sizes | null,
    outputRatio: Ratios | null,
    returnIndices: I,
    _randomSamples: Tensor | null,
  ],
  ["kernelSize", "outputSize", "outputRatio", "returnIndices", "_randomSamples"],
  FractionalMaxPoolOptions<I>
>;
const FRACTIONAL = ["kernelSize", "outputSize", "outputRatio", "returnIndices", "_randomSamples"] as const;

/** What maxima over windows at random share. */
abstract class FractionalMaxPool<I extends boolean> extends Module {
  readonly kernelSize: readonly number[];
  readonly outputSize: readonly number[] | null;
  readonly outputRatio: readonly number[] | null;
  readonly returnIndices: I;
  readonly _randomSamples: Buffer | null;
  private readonly dims: 2 | 3;

  constructor(dims: 2 | 3, args: FractionalMaxPoolArgs<I>) {
    super();
    const op = className(this);
    const given = named<FractionalMaxPoolOptions<I>>(op, FRACTIONAL, 1, args);
    const { kernelSize, outputSize = null, outputRatio = null, returnIndices, _randomSamples = null } = given;
    if ((outputSize === null) === (outputRatio === null))
      throw new ValueError(
        `${op}: expected either outputSize or outputRatio, got ${outputSize === null ? "neither" : "both"}`,
      );
    this.kernelSize = sizesFor(op, "kernelSize", kernelSize, dims);
    this.outputSize = outputSize === null ? null : sizesFor(op, "outputSize", outputSize, dims);
    this.outputRatio = outputRatio === null ? null : ratiosFor(op, outputRatio, dims);
    this.returnIndices = (returnIndices ?? false) as I; // false unless I says so
    if (_randomSamples !== null) checkTensor(op, _randomSamples, "_randomSamples");
    this._randomSamples = _randomSamples === null ? null : new Buffer(_randomSamples);
    this.dims = dims;
  }

  override forward(input: Tensor): Pooled<I> {
    const { kernelSize, outputSize, outputRatio, returnIndices, _randomSamples: randomSamples } = this;
    const pool = this.dims === 2 ? F.fractionalMaxPool2d : F.fractionalMaxPool3d;
    const options = { kernelSize, outputSize, outputRatio, returnIndices, randomSamples };
    return pool(input, options) as Pooled<I>; // as returnIndices says
  }
}

function ratiosFor(op: string, ratio: Ratios, dims: number): readonly number[] {
  const list: readonly unknown[] = Array.isArray(ratio) ? ratio : new Array<unknown>(dims).fill(ratio);
  if (list.length !== dims || !list.every((r) => typeof r === "number" && r > 0 && r < 1))
    throw new ValueError(
      `${op}: expected a number above 0 and below 1, or ${dims} of them, as outputRatio, got ${Array.isArray(ratio) ? `[${list.map(describe).join(", ")}]` : describe(ratio)}`,
    );
  return list as number[];
}

/**
 * The largest element of windows that random numbers spread over images, [N, C, H, W] or [C, H, W]; with `returnIndices`
 * [values, indices]. PyTorch: `torch.nn.FractionalMaxPool2d`.
 *
 * @see Graham 2014, arXiv:1412.6071
 * @example
 * new nn.FractionalMaxPool2d(3, { outputRatio: 0.5 })(torch.randn(20, 16, 50, 32)).shape // [20, 16, 25, 16]
 */
export class FractionalMaxPool2d<I extends boolean = false> extends FractionalMaxPool<I> {
  static readonly printedName: string = "FractionalMaxPool2d";

  constructor(...args: FractionalMaxPoolArgs<I>) {
    super(2, args);
  }
}

/**
 * The largest element of windows that random numbers spread over volumes, [N, C, D, H, W] or [C, D, H, W]; with `returnIndices`
 * [values, indices]. PyTorch: `torch.nn.FractionalMaxPool3d`.
 */
export class FractionalMaxPool3d<I extends boolean = false> extends FractionalMaxPool<I> {
  static readonly printedName: string = "FractionalMaxPool3d";

  constructor(...args: FractionalMaxPoolArgs<I>) {
    super(3, args);
  }
}
