/** @file Layers that convolve. */
import { describe, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type ConvPadding, conv1d, conv2d, conv3d } from "../../ops/conv/index.ts";
import { pad } from "../../ops/pad.ts";
import { type Named, named } from "../../ops/params.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import { type Channels, ConvNd, type ConvNdOptions, type ConvPaddingMode } from "./conv-nd.ts";

/** What a convolution takes, apart from its channels. */
export interface ConvLayerOptions extends ConvNdOptions {
  /** What is added on both sides: numbers, as many as keep the size, or none; 0. */
  padding?: ConvPadding;
}
/** @internal The arguments after the channels. */
export type ConvPositional = [
  kernelSize: Sizes,
  stride: Sizes,
  padding: ConvPadding,
  dilation: Sizes,
  groups: number,
  bias: boolean,
  paddingMode: ConvPaddingMode,
];
const POSITIONAL = ["kernelSize", "stride", "padding", "dilation", "groups", "bias", "paddingMode"] as const;
/** @internal */
export type ConvPositionalNames = typeof POSITIONAL;
type ConvArgs = Named<
  [inChannels: number, outChannels: number, ...ConvPositional],
  ["inChannels", "outChannels", ...ConvPositionalNames],
  ConvLayerOptions & Channels
>;
/** @internal */
export const CONV_NAMES = ["inChannels", "outChannels", ...POSITIONAL, "device", "dtype"] as const;

const convs = { 1: conv1d, 2: conv2d, 3: conv3d } as const;

function paddingOf(op: string, dims: Dims, { padding = 0, stride = 1 }: ConvLayerOptions): ConvNd["padding"] {
  if (typeof padding !== "string") return sizesFor(op, "padding", padding, dims);
  if (padding !== "same" && padding !== "valid")
    throw new ValueError(`${op}: expected numbers, "same" or "valid" as padding, got ${describe(padding)}`);
  const steps = sizesFor(op, "stride", stride, dims);
  if (padding === "same" && steps.some((s) => s !== 1))
    throw new ValueError(`${op}: expected stride 1 with padding "same", got ${shapeText(steps)}`);
  return padding;
}

/** @internal */
abstract class Conv extends ConvNd {
  constructor(op: string, dims: Dims, args: readonly unknown[]) {
    const options = named<ConvLayerOptions & Channels>(op, CONV_NAMES, 3, args);
    super({ op, dims, transposed: false, padding: paddingOf(op, dims, options), outputPadding: 0 }, options);
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups, paddingMode } = this;
    const conv = convs[this.dims];
    if (paddingMode === "zeros") return conv(input, weight, bias, stride, padding, dilation, groups);
    return conv(pad(input, this.margins(), paddingMode), weight, bias, stride, 0, dilation, groups);
  }

  /** What goes before and behind each dimension, the last one first. */
  private margins(): number[] {
    const { padding, kernelSize, dilation } = this;
    return kernelSize
      .map((k, i): [number, number] => {
        if (padding === "valid") return [0, 0];
        if (padding !== "same") return [padding[i] as number, padding[i] as number];
        const total = (dilation[i] as number) * (k - 1);
        return [Math.floor(total / 2), Math.ceil(total / 2)];
      })
      .reverse()
      .flat();
  }
}

/**
 * Convolves sequences with weights that are learned. PyTorch: `torch.nn.Conv1d`.
 *
 * Shape: input [N, C, L] or [C, L], output [N, O, L′] as of `conv1d`; `weight` [O, C/groups, K], `bias` [O]. Both begin uniform
 * within ±1/√(C/groups · K).
 *
 * @example
 * new nn.Conv1d(16, 33, 3, { stride: 2 })(torch.randn(20, 16, 50)).shape // [20, 33, 24]
 */
export class Conv1d extends Conv {
  static readonly printedName: string = "Conv1d";
  constructor(...args: ConvArgs) {
    super("Conv1d", 1, args);
  }
}

/**
 * Convolves images with weights that are learned. PyTorch: `torch.nn.Conv2d`.
 *
 * Shape: input [N, C, H, W] or [C, H, W], output [N, O, H′, W′] as of `conv2d`; `weight` [O, C/groups, KH, KW], `bias` [O].
 *
 * @example
 * const layer = new nn.Conv2d(3, 16, 3, { padding: 1 });
 * layer                                 // Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
 * layer(torch.randn(8, 3, 32, 32)).shape // [8, 16, 32, 32]
 */
export class Conv2d extends Conv {
  static readonly printedName: string = "Conv2d";
  constructor(...args: ConvArgs) {
    super("Conv2d", 2, args);
  }
}

/**
 * Convolves volumes with weights that are learned. PyTorch: `torch.nn.Conv3d`.
 *
 * Shape: input [N, C, D, H, W] or [C, D, H, W], output as of `conv3d`; `weight` [O, C/groups, KD, KH, KW], `bias` [O].
 *
 * @example
 * new nn.Conv3d(2, 4, [3, 5, 2])(torch.randn(1, 2, 10, 12, 6)).shape // [1, 4, 8, 8, 5]
 */
export class Conv3d extends Conv {
  static readonly printedName: string = "Conv3d";
  constructor(...args: ConvArgs) {
    super("Conv3d", 3, args);
  }
}
