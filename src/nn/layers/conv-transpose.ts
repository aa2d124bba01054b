/** @file Layers that convolve the other way round. */
import { describe, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../../ops/conv/index.ts";
import { type Named, named } from "../../ops/params.ts";
import { type Dims, type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import { type Channels, ConvNd, type ConvNdOptions } from "./conv-nd.ts";

/** What a transposed convolution takes, apart from its channels. */
export interface ConvTransposeLayerOptions extends Omit<ConvNdOptions, "paddingMode"> {
  /** What the result has less on both sides; 0. */
  padding?: Sizes;
  /** What the result has more on one side; 0. */
  outputPadding?: Sizes;
  /** There is no other way to pad. */
  paddingMode?: "zeros";
}
/** @internal The arguments after the channels. */
export type ConvTransposePositional = [
  kernelSize: Sizes,
  stride: Sizes,
  padding: Sizes,
  outputPadding: Sizes,
  groups: number,
  bias: boolean,
  dilation: Sizes,
  paddingMode: "zeros",
];
const POSITIONAL = [
  "kernelSize",
  "stride",
  "padding",
  "outputPadding",
  "groups",
  "bias",
  "dilation",
  "paddingMode",
] as const;
/** @internal */
export type ConvTransposePositionalNames = typeof POSITIONAL;
type ConvTransposeArgs = Named<
  [inChannels: number, outChannels: number, ...ConvTransposePositional],
  ["inChannels", "outChannels", ...ConvTransposePositionalNames],
  ConvTransposeLayerOptions & Channels
>;
/** @internal */
export const CONV_TRANSPOSE_NAMES = ["inChannels", "outChannels", ...POSITIONAL, "device", "dtype"] as const;

const convs = { 1: convTranspose1d, 2: convTranspose2d, 3: convTranspose3d } as const;

/** @internal */
abstract class ConvTranspose extends ConvNd {
  declare readonly padding: readonly number[];

  constructor(op: string, dims: Dims, args: readonly unknown[]) {
    const options = named<ConvTransposeLayerOptions & Channels>(op, CONV_TRANSPOSE_NAMES, 3, args);
    const { paddingMode = "zeros", outputPadding = 0 } = options;
    if (paddingMode !== "zeros")
      throw new ValueError(`${op}: expected "zeros" as paddingMode, got ${describe(paddingMode)}`);
    const padding = sizesFor(op, "padding", options.padding ?? 0, dims);
    super({ op, dims, transposed: true, padding, outputPadding }, options);
  }

  /**
   * @param input - a batch, or one sample
   * @param outputSize - the sizes that the result shall have, of those that the stride leaves open; with or without those of batch and
   *   channels
   */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { weight, bias, stride, padding, groups, dilation } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.paddingFor(input, outputSize);
    return convs[this.dims](input, weight, bias, stride, padding, outputPadding, groups, dilation);
  }

  private paddingFor(input: Tensor, outputSize: readonly number[]): number[] {
    const op = `ConvTranspose${this.dims}d`;
    const { dims, stride, padding, kernelSize, dilation } = this;
    const lead = input.ndim === dims + 2 ? 2 : 1;
    if (!Array.isArray(outputSize) || (outputSize.length !== dims && outputSize.length !== lead + dims))
      throw new ValueError(
        `${op}: expected ${dims} or ${lead + dims} numbers as outputSize, got ${Array.isArray(outputSize) ? shapeText(outputSize) : describe(outputSize)}`,
      );
    const wanted = outputSize.slice(-dims);
    const least = input.shape
      .slice(lead)
      .map(
        (n, i) =>
          (n - 1) * (stride[i] as number) -
          2 * (padding[i] as number) +
          (dilation[i] as number) * ((kernelSize[i] as number) - 1) +
          1,
      );
    return wanted.map((size, i) => {
      const more = size - (least[i] as number);
      if (!(more >= 0 && more < (stride[i] as number)))
        throw new ValueError(
          `${op}: expected outputSize from ${shapeText(least)} to ${shapeText(least.map((n, j) => n + (stride[j] as number) - 1))}, got ${shapeText(wanted)}`,
        );
      return more;
    });
  }
}

/**
 * The transpose of a convolution of sequences, with weights that are learned. PyTorch: `torch.nn.ConvTranspose1d`.
 *
 * Shape: input [N, C, L] or [C, L], output [N, O, L′] as of `convTranspose1d`; `weight` [C, O/groups, K], `bias` [O]. Both begin
 * uniform within ±1/√(O/groups · K).
 *
 * @example
 * new nn.ConvTranspose1d(16, 8, 3, { stride: 2 })(torch.randn(20, 16, 5)).shape // [20, 8, 11]
 */
export class ConvTranspose1d extends ConvTranspose {
  static readonly printedName: string = "ConvTranspose1d";
  constructor(...args: ConvTransposeArgs) {
    super("ConvTranspose1d", 1, args);
  }
}

/**
 * The transpose of a convolution of images, with weights that are learned. PyTorch: `torch.nn.ConvTranspose2d`.
 *
 * Shape: input [N, C, H, W] or [C, H, W], output [N, O, H′, W′] as of `convTranspose2d`; `weight` [C, O/groups, KH, KW], `bias` [O].
 *
 * @example
 * const down = new nn.Conv2d(16, 16, 3, { stride: 2, padding: 1 });
 * const up = new nn.ConvTranspose2d(16, 16, 3, { stride: 2, padding: 1 });
 * const x = torch.randn(1, 16, 12, 12);
 * up(down(x)).shape          // [1, 16, 11, 11]
 * up(down(x), x.shape).shape // [1, 16, 12, 12]
 */
export class ConvTranspose2d extends ConvTranspose {
  static readonly printedName: string = "ConvTranspose2d";
  constructor(...args: ConvTransposeArgs) {
    super("ConvTranspose2d", 2, args);
  }
}

/**
 * The transpose of a convolution of volumes, with weights that are learned. PyTorch: `torch.nn.ConvTranspose3d`.
 *
 * Shape: input [N, C, D, H, W] or [C, D, H, W], output as of `convTranspose3d`; `weight` [C, O/groups, KD, KH, KW], `bias` [O].
 *
 * @example
 * new nn.ConvTranspose3d(2, 3, 2, { stride: 2 })(torch.randn(1, 2, 4, 4, 4)).shape // [1, 3, 8, 8, 8]
 */
export class ConvTranspose3d extends ConvTranspose {
  static readonly printedName: string = "ConvTranspose3d";
  constructor(...args: ConvTransposeArgs) {
    super("ConvTranspose3d", 3, args);
  }
}
