/** @file Transposed convolutions, and both kinds under PyTorch's one name. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type Named, named } from "../params.ts";
import { type Dims, type Sizes, sizesFor } from "../pool/windows.ts";
import { checkDims, checkGeometry, checkOperands } from "./arguments.ts";
import { convolveBatch } from "./convolve.ts";

export interface ConvTransposeOptions {
  weight: Tensor;
  /** Added to each channel: [outChannels]. */
  bias?: Tensor | null;
  /** Steps of the kernel; 1. */
  stride?: Sizes;
  /** What the result has less on both sides; 0. */
  padding?: Sizes;
  /** What the result has more on one side; 0. */
  outputPadding?: Sizes;
  /** Groups that the channels fall into; 1. */
  groups?: number;
  /** Steps between elements of the kernel; 1. */
  dilation?: Sizes;
}
type ConvTransposeArgs = Named<
  [
    weight: Tensor,
    bias: Tensor | null,
    stride: Sizes,
    padding: Sizes,
    outputPadding: Sizes,
    groups: number,
    dilation: Sizes,
  ],
  ["weight", "bias", "stride", "padding", "outputPadding", "groups", "dilation"],
  ConvTransposeOptions
>;
const NAMES = ["weight", "bias", "stride", "padding", "outputPadding", "groups", "dilation"] as const;

function convTranspose(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): Tensor {
  const options = named<ConvTransposeOptions>(op, NAMES, 1, args);
  const { weight, bias = null, groups = 1 } = options;
  checkOperands(op, { input, weight, bias });
  const geometry = {
    stride: sizesFor(op, "stride", options.stride ?? 1, dims),
    padding: sizesFor(op, "padding", options.padding ?? 0, dims),
    dilation: sizesFor(op, "dilation", options.dilation ?? 1, dims),
    outputPadding: sizesFor(op, "outputPadding", options.outputPadding ?? 0, dims),
    transposed: true,
    groups,
  };
  checkGeometry(op, geometry);
  checkDims(op, input, weight, dims);
  return convolveBatch(op, dims, input, weight, bias, geometry);
}

/**
 * The transpose of a convolution along the last dimension, also called a deconvolution: what `conv1d` with the same weight gives as
 * gradient of its input. PyTorch: `torch.nn.functional.conv_transpose1d`.
 *
 * @param input - [N, C, L] or [C, L]; any dtype but bool
 * @param args - `weight` [C, O/groups, K]; `bias` [O], `stride` (1), `padding` (0), `outputPadding` (0), `groups` (1), `dilation` (1)
 * @returns [N, O, L′] with L′ = (L − 1) · stride − 2 · padding + dilation · (K − 1) + outputPadding + 1; differentiable to any order
 * @throws ShapeError if the shapes do not fit, or nothing is left
 * @throws ValueError for an outputPadding that is neither smaller than stride nor than dilation
 * @example
 * F.convTranspose1d(torch.tensor([[[1, 2.5]]]), torch.ones(1, 1, 2), { stride: 2 }) // tensor([[[1.0000, 1.0000, 2.5000, 2.5000]]])
 */
export function convTranspose1d(input: Tensor, ...args: ConvTransposeArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(convTranspose1d, [input, ...args]);
  return convTranspose("convTranspose1d", 1, input, args);
}

/**
 * The transpose of a convolution of images. PyTorch: `torch.nn.functional.conv_transpose2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; any dtype but bool
 * @param args - `weight` [C, O/groups, KH, KW], and the options of `convTranspose1d`, one number for both dimensions or an array
 * @throws ShapeError if the shapes do not fit, or nothing is left
 */
export function convTranspose2d(input: Tensor, ...args: ConvTransposeArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(convTranspose2d, [input, ...args]);
  return convTranspose("convTranspose2d", 2, input, args);
}

/**
 * The transpose of a convolution of volumes. PyTorch: `torch.nn.functional.conv_transpose3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; any dtype but bool
 * @param args - `weight` [C, O/groups, KD, KH, KW], and the options of `convTranspose1d`, one number for all dimensions or an array
 * @throws ShapeError if the shapes do not fit, or nothing is left
 */
export function convTranspose3d(input: Tensor, ...args: ConvTransposeArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(convTranspose3d, [input, ...args]);
  return convTranspose("convTranspose3d", 3, input, args);
}

interface ConvolutionOptions {
  weight: Tensor;
  bias: Tensor | null;
  stride: Sizes;
  padding: Sizes;
  dilation: Sizes;
  /** Whether it is the transpose of a convolution. */
  transposed: boolean;
  outputPadding: Sizes;
  groups: number;
}
type ConvolutionArgs = Named<
  [
    weight: Tensor,
    bias: Tensor | null,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: boolean,
    outputPadding: Sizes,
    groups: number,
  ],
  ["weight", "bias", "stride", "padding", "dilation", "transposed", "outputPadding", "groups"],
  ConvolutionOptions
>;
const ALL = ["weight", "bias", "stride", "padding", "dilation", "transposed", "outputPadding", "groups"] as const;

/**
 * A convolution, or its transpose, of a batch with one, two or three spatial dimensions. PyTorch: `torch.convolution`.
 *
 * @param input - [N, C, …]
 * @param args - all of `weight`, `bias`, `stride`, `padding`, `dilation`, `transposed`, `outputPadding` and `groups`; as of `conv2d`
 *   and `convTranspose2d`
 */
export function convolution(input: Tensor, ...args: ConvolutionArgs): Tensor {
  const op = "convolution";
  const options = named<ConvolutionOptions>(op, ALL, ALL.length, args);
  const { weight, bias, transposed, groups } = options;
  checkOperands(op, { input, weight, bias });
  if (typeof transposed !== "boolean")
    throw new ValueError(`${op}: expected a boolean as transposed, got ${describe(transposed)}`);
  const dims = weight.ndim - 2;
  if (input.ndim !== weight.ndim || dims < 1 || dims > 3)
    throw new ShapeError(
      `${op}: expected input and weight of 3, 4 or 5 dimensions, got ${shapeText(input.shape)} and ${shapeText(weight.shape)}`,
    );
  const geometry = {
    stride: sizesFor(op, "stride", options.stride, dims),
    padding: sizesFor(op, "padding", options.padding, dims),
    dilation: sizesFor(op, "dilation", options.dilation, dims),
    outputPadding: sizesFor(op, "outputPadding", options.outputPadding, dims),
    transposed,
    groups,
  };
  checkGeometry(op, geometry);
  return convolveBatch(op, dims as Dims, input, weight, bias, geometry);
}
