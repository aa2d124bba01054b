/** @file Averages over sliding windows, and power averages. */
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { type Named, named } from "../../ops/params.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import * as F from "../functional/pooling.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

interface AvgPool1dOptions {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Zeros on both sides. */
  padding?: Sizes;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
  /** Whether padding counts in the average; the default. */
  countIncludePad?: boolean;
}
type AvgPool1dArgs = Named<
  [kernelSize: Sizes, stride: Sizes | null, padding: Sizes, ceilMode: boolean, countIncludePad: boolean],
  ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad"],
  AvgPool1dOptions
>;
const NAMES = ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad"] as const;

/**
 * Averages over windows that slide along signals. PyTorch: `torch.nn.AvgPool1d`.
 *
 * Shape: input [N, C, L] or [C, L], output the same with `floor((L + 2 padding − kernelSize) / stride) + 1` elements.
 *
 * @example
 * const layer = new nn.AvgPool1d(3, { stride: 2 });
 * layer(torch.tensor([[[1, 2, 3, 4, 5, 6, 7.5]]])) // tensor([[[2.0000, 4.0000, 6.1667]]])
 * layer                                            // AvgPool1d(kernel_size=(3,), stride=(2,), padding=(0,))
 */
export class AvgPool1d extends Module {
  static readonly printedName: string = "AvgPool1d";
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(...args: AvgPool1dArgs) {
    super();
    const op = className(this);
    const given = named<AvgPool1dOptions>(op, NAMES, 1, args);
    const { kernelSize, stride, padding = 0, ceilMode = false, countIncludePad = true } = given;
    this.kernelSize = sizesFor(op, "kernelSize", kernelSize, 1);
    this.stride = sizesFor(op, "stride", stride ?? kernelSize, 1);
    this.padding = sizesFor(op, "padding", padding, 1);
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return F.avgPool1d(input, kernelSize, stride, padding, ceilMode, countIncludePad);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return extra({ kernelSize, stride, padding });
  }
}

interface AvgPoolOptions extends AvgPool1dOptions {
  /** What sums are divided by, instead of the size of the window. */
  divisorOverride?: number | null;
}
type AvgPoolArgs = Named<
  [
    kernelSize: Sizes,
    stride: Sizes | null,
    padding: Sizes,
    ceilMode: boolean,
    countIncludePad: boolean,
    divisorOverride: number | null,
  ],
  ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"],
  AvgPoolOptions
>;

/** What averages over images and volumes share. */
abstract class AvgPool extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  private readonly dims: 2 | 3;

  constructor(dims: 2 | 3, args: AvgPoolArgs) {
    super();
    const op = className(this);
    const given = named<AvgPoolOptions>(op, [...NAMES, "divisorOverride"], 1, args);
    const { kernelSize, stride, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null } = given;
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
    this.divisorOverride = divisorOverride;
    this.dims = dims;
    for (const name of ["kernelSize", "stride", "padding"] as const) sizesFor(op, name, this[name], dims);
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    const average = this.dims === 2 ? F.avgPool2d : F.avgPool3d;
    return average(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return extra({ kernelSize, stride, padding });
  }
}

/**
 * Averages over windows that slide over images. PyTorch: `torch.nn.AvgPool2d`.
 *
 * Shape: input [N, C, H, W] or [C, H, W].
 *
 * @example
 * new nn.AvgPool2d([3, 2], { stride: [2, 1] })(torch.randn(20, 16, 50, 32)).shape // [20, 16, 24, 31]
 */
export class AvgPool2d extends AvgPool {
  static readonly printedName: string = "AvgPool2d";

  constructor(...args: AvgPoolArgs) {
    super(2, args);
  }
}

/**
 * Averages over windows that slide over volumes. PyTorch: `torch.nn.AvgPool3d`.
 *
 * Shape: input [N, C, D, H, W] or [C, D, H, W].
 */
export class AvgPool3d extends AvgPool {
  static readonly printedName: string = "AvgPool3d";

  constructor(...args: AvgPoolArgs) {
    super(3, args);
  }
}

interface LPPoolOptions {
  /** The power: 1 sums, infinity would be the maximum. */
  normType: number;
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
}
type LPPoolArgs = Named<
  [normType: number, kernelSize: Sizes, stride: Sizes | null, ceilMode: boolean],
  ["normType", "kernelSize", "stride", "ceilMode"],
  LPPoolOptions
>;

const powers = { 1: F.lpPool1d, 2: F.lpPool2d, 3: F.lpPool3d } as const;

/** What power averages share, whatever slides. */
abstract class LPPool extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
  private readonly dims: Dims;

  constructor(dims: Dims, args: LPPoolArgs) {
    super();
    const op = className(this);
    const given = named<LPPoolOptions>(op, ["normType", "kernelSize", "stride", "ceilMode"], 2, args);
    const { normType, kernelSize, stride = null, ceilMode = false } = given;
    if (typeof normType !== "number" || normType === 0)
      throw new ValueError(`${op}: expected a number other than 0 as normType, got ${describe(normType)}`);
    sizesFor(op, "kernelSize", kernelSize, dims);
    if (stride !== null) sizesFor(op, "stride", stride, dims);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.ceilMode = ceilMode;
    this.dims = dims;
  }

  override forward(input: Tensor): Tensor {
    return powers[this.dims](input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }

  override extraRepr(): string {
    const { normType, kernelSize, stride, ceilMode } = this;
    return extra({ normType, kernelSize, stride, ceilMode });
  }
}

/**
 * `(Σ xᵖ)^(1/p)` over windows that slide along signals, [N, C, L] or [C, L]. PyTorch: `torch.nn.LPPool1d`.
 * @example
 * new nn.LPPool1d(2, 3) // LPPool1d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)
 */
export class LPPool1d extends LPPool {
  static readonly printedName: string = "LPPool1d";

  constructor(...args: LPPoolArgs) {
    super(1, args);
  }
}

/** `(Σ xᵖ)^(1/p)` over windows that slide over images, [N, C, H, W] or [C, H, W]. PyTorch: `torch.nn.LPPool2d`. */
export class LPPool2d extends LPPool {
  static readonly printedName: string = "LPPool2d";

  constructor(...args: LPPoolArgs) {
    super(2, args);
  }
}

/** `(Σ xᵖ)^(1/p)` over windows that slide over volumes, [N, C, D, H, W] or [C, D, H, W]. PyTorch: `torch.nn.LPPool3d`. */
export class LPPool3d extends LPPool {
  static readonly printedName: string = "LPPool3d";

  constructor(...args: LPPoolArgs) {
    super(3, args);
  }
}
