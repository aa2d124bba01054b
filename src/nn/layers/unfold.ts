/** @file Images as columns of blocks, and back. */
import type { Tensor } from "../../core/tensor.ts";
import { type Named, named } from "../../ops/params.ts";
import { type Sizes, sizesFor } from "../../ops/pool/windows.ts";
import { fold, unfold } from "../functional/unfold.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

interface UnfoldOptions {
  /** Size of a block: a number for height and width, or one for both; and so on. */
  kernelSize: Sizes;
  /** Distance between the elements of a block. */
  dilation?: Sizes;
  /** Zeros added around the image. */
  padding?: Sizes;
  /** Distance between blocks. */
  stride?: Sizes;
}
type UnfoldArgs = Named<
  [kernelSize: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes],
  ["kernelSize", "dilation", "padding", "stride"],
  UnfoldOptions
>;
const BLOCKS = ["kernelSize", "dilation", "padding", "stride"] as const;

/**
 * The sliding blocks of images as columns. PyTorch: `torch.nn.Unfold`.
 *
 * Shape: input [N, C, H, W] or [C, H, W], output [N, C · kernel elements, blocks], or the same without N.
 *
 * @example
 * const layer = new nn.Unfold([2, 3]);
 * layer(torch.randn(2, 5, 3, 4)).shape // [2, 30, 4]
 * layer                                // Unfold(kernel_size=(2, 3), dilation=1, padding=0, stride=1)
 */
export class Unfold extends Module {
  static readonly printedName: string = "Unfold";
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  constructor(...args: UnfoldArgs) {
    super();
    const { kernelSize, dilation = 1, padding = 0, stride = 1 } = named<UnfoldOptions>("Unfold", BLOCKS, 1, args);
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
    for (const name of BLOCKS) sizesFor("Unfold", name, this[name], 2);
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, dilation, padding, stride } = this;
    return unfold(input, kernelSize, dilation, padding, stride);
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return extra({ kernelSize, dilation, padding, stride });
  }
}

interface FoldOptions extends UnfoldOptions {
  /** Height and width of the images. */
  outputSize: Sizes;
}
type FoldArgs = Named<
  [outputSize: Sizes, kernelSize: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes],
  ["outputSize", "kernelSize", "dilation", "padding", "stride"],
  FoldOptions
>;

/**
 * Columns of blocks added up to images where they overlap: what `Unfold` takes apart. PyTorch: `torch.nn.Fold`.
 *
 * Shape: input [N, C · kernel elements, blocks] or the same without N, output [N, C, H, W] or [C, H, W].
 *
 * @example
 * new nn.Fold([4, 5], [2, 2])(torch.randn(1, 3 * 2 * 2, 12)).shape // [1, 3, 4, 5]
 */
export class Fold extends Module {
  static readonly printedName: string = "Fold";
  readonly outputSize: Sizes;
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  constructor(...args: FoldArgs) {
    super();
    const names = ["outputSize", ...BLOCKS] as const;
    const given = named<FoldOptions>("Fold", names, 2, args);
    const { outputSize, kernelSize, dilation = 1, padding = 0, stride = 1 } = given;
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
    for (const name of names) sizesFor("Fold", name, this[name], 2);
  }

  override forward(input: Tensor): Tensor {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return fold(input, outputSize, kernelSize, dilation, padding, stride);
  }

  override extraRepr(): string {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return extra({ outputSize, kernelSize, dilation, padding, stride });
  }
}
