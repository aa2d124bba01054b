/** @file Maxima over sliding windows, and what undoes them. */
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { type Named, named } from "../../ops/params.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import * as F from "../functional/pooling.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

/** What a layer gives that may give indices too. */
export type Pooled<WithIndices extends boolean> = WithIndices extends true ? [values: Tensor, indices: Tensor] : Tensor;

interface MaxPoolOptions<I extends boolean> {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Minus infinities on both sides. */
  padding?: Sizes;
  /** Steps between the elements of a window. */
  dilation?: Sizes;
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: I;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
}
type MaxPoolArgs<I extends boolean> = Named<
  [kernelSize: Sizes, stride: Sizes | null, padding: Sizes, dilation: Sizes, returnIndices: I, ceilMode: boolean],
  ["kernelSize", "stride", "padding", "dilation", "returnIndices", "ceilMode"],
  MaxPoolOptions<I>
>;
const MAX_NAMES = ["kernelSize", "stride", "padding", "dilation", "returnIndices", "ceilMode"] as const;

const maxPools = { 1: F.maxPool1d, 2: F.maxPool2d, 3: F.maxPool3d } as const;

/** What maxima over windows share, whatever slides. */
abstract class MaxPool<I extends boolean> extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: I;
  readonly ceilMode: boolean;
  private readonly dims: Dims;

  constructor(dims: Dims, args: MaxPoolArgs<I>) {
    super();
    const op = className(this);
    const given = named<MaxPoolOptions<I>>(op, MAX_NAMES, 1, args);
    const { kernelSize, stride, padding = 0, dilation = 1, returnIndices, ceilMode = false } = given;
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.dilation = dilation;
    this.returnIndices = (returnIndices ?? false) as I; // false unless I says so
    this.ceilMode = ceilMode;
    this.dims = dims;
    for (const name of ["kernelSize", "stride", "padding", "dilation"] as const) sizesFor(op, name, this[name], dims);
  }

  override forward(input: Tensor): Pooled<I> {
    const { kernelSize, stride, padding, dilation, returnIndices, ceilMode } = this;
    const options = { kernelSize, stride, padding, dilation, returnIndices, ceilMode };
    return maxPools[this.dims](input, options) as Pooled<I>; // as returnIndices says
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return extra({ kernelSize, stride, padding, dilation, ceilMode });
  }
}

/**
 * The largest element of windows that slide along signals. PyTorch: `torch.nn.MaxPool1d`.
 *
 * Shape: input [N, C, L] or [C, L], output the same with `floor((L + 2 padding − dilation (kernelSize − 1) − 1) / stride) + 1`
 * elements. With `returnIndices` the layer gives [values, indices].
 *
 * @example
 * new nn.MaxPool1d(3, { stride: 2 })(torch.randn(20, 16, 50)).shape // [20, 16, 24]
 */
export class MaxPool1d<I extends boolean = false> extends MaxPool<I> {
  static readonly printedName: string = "MaxPool1d";

  constructor(...args: MaxPoolArgs<I>) {
    super(1, args);
  }
}

/**
 * The largest element of windows that slide over images. PyTorch: `torch.nn.MaxPool2d`.
 *
 * Shape: input [N, C, H, W] or [C, H, W]. With `returnIndices` the layer gives [values, indices].
 *
 * @example
 * const layer = new nn.MaxPool2d(2);
 * layer(torch.randn(20, 16, 50, 32)).shape // [20, 16, 25, 16]
 * layer                                    // MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
 */
export class MaxPool2d<I extends boolean = false> extends MaxPool<I> {
  static readonly printedName: string = "MaxPool2d";

  constructor(...args: MaxPoolArgs<I>) {
    super(2, args);
  }
}

/**
 * The largest element of windows that slide over volumes. PyTorch: `torch.nn.MaxPool3d`.
 *
 * Shape: input [N, C, D, H, W] or [C, D, H, W]. With `returnIndices` the layer gives [values, indices].
 *
 * @example
 * new nn.MaxPool3d([3, 2, 2], { stride: [2, 1, 2] })(torch.randn(2, 3, 9, 5, 6)).shape // [2, 3, 4, 4, 3]
 */
export class MaxPool3d<I extends boolean = false> extends MaxPool<I> {
  static readonly printedName: string = "MaxPool3d";

  constructor(...args: MaxPoolArgs<I>) {
    super(3, args);
  }
}

interface UnpoolOptions {
  /** What the maxima were taken with. */
  kernelSize: Sizes;
  stride?: Sizes | null;
  padding?: Sizes;
}
type UnpoolArgs = Named<
  [kernelSize: Sizes, stride: Sizes | null, padding: Sizes],
  ["kernelSize", "stride", "padding"],
  UnpoolOptions
>;

const unpools = { 1: F.maxUnpool1d, 2: F.maxUnpool2d, 3: F.maxUnpool3d } as const;

/** What the inverses of `MaxPool1d` and its like share. */
abstract class MaxUnpool extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  private readonly dims: Dims;

  constructor(dims: Dims, args: UnpoolArgs) {
    super();
    const op = className(this);
    const given = named<UnpoolOptions>(op, ["kernelSize", "stride", "padding"], 1, args);
    const { kernelSize, stride, padding = 0 } = given;
    this.kernelSize = sizesFor(op, "kernelSize", kernelSize, dims);
    this.stride = sizesFor(op, "stride", stride ?? kernelSize, dims);
    this.padding = sizesFor(op, "padding", padding, dims);
    this.dims = dims;
  }

  /**
   * @param indices - where the elements of `input` go, as `returnIndices` gives them
   * @param outputSize - the size of the result, where several give the same size of maxima
   */
  override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { kernelSize, stride, padding } = this;
    return unpools[this.dims](input, indices, kernelSize, stride, padding, outputSize);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return extra({ kernelSize, stride, padding });
  }
}

/**
 * Puts the maxima of `MaxPool1d` back to their places, with zeros elsewhere. PyTorch: `torch.nn.MaxUnpool1d`.
 *
 * Shape: input and indices [N, C, L] or [C, L].
 *
 * @example
 * const [values, indices] = new nn.MaxPool1d(2, { returnIndices: true })(torch.tensor([[1.5, 3, 2, 5]]));
 * new nn.MaxUnpool1d(2)(values, indices) // tensor([[0., 3., 0., 5.]])
 */
export class MaxUnpool1d extends MaxUnpool {
  static readonly printedName: string = "MaxUnpool1d";

  constructor(...args: UnpoolArgs) {
    super(1, args);
  }
}

/**
 * Puts the maxima of `MaxPool2d` back to their places, with zeros elsewhere. PyTorch: `torch.nn.MaxUnpool2d`.
 *
 * Shape: input and indices [N, C, H, W] or [C, H, W].
 */
export class MaxUnpool2d extends MaxUnpool {
  static readonly printedName: string = "MaxUnpool2d";

  constructor(...args: UnpoolArgs) {
    super(2, args);
  }
}

/**
 * Puts the maxima of `MaxPool3d` back to their places, with zeros elsewhere. PyTorch: `torch.nn.MaxUnpool3d`.
 *
 * Shape: input and indices [N, C, D, H, W] or [C, D, H, W].
 */
export class MaxUnpool3d extends MaxUnpool {
  static readonly printedName: string = "MaxUnpool3d";

  constructor(...args: UnpoolArgs) {
    super(3, args);
  }
}
