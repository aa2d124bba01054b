/** @file Convolutions. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { pad } from "../pad.ts";
import { type Named, named } from "../params.ts";
import { type Dims, type Sizes, sizesFor } from "../pool/windows.ts";
import { checkDims, checkGeometry, checkOperands, type Geometry, resultSizes } from "./arguments.ts";
import { runConvolution } from "./convolution.ts";

/** Zeros on both sides; as many as keep the size (`"same"`), or none (`"valid"`). */
export type ConvPadding = Sizes | "same" | "valid";

export interface ConvOptions {
  weight: Tensor;
  /** Added to each channel: [outChannels]. */
  bias?: Tensor | null;
  /** Steps of the kernel; 1. */
  stride?: Sizes;
  padding?: ConvPadding;
  /** Steps between elements of the kernel; 1. */
  dilation?: Sizes;
  /** Groups that the channels fall into, each convolved apart; 1. */
  groups?: number;
}
type ConvArgs = Named<
  [weight: Tensor, bias: Tensor | null, stride: Sizes, padding: ConvPadding, dilation: Sizes, groups: number],
  ["weight", "bias", "stride", "padding", "dilation", "groups"],
  ConvOptions
>;
const NAMES = ["weight", "bias", "stride", "padding", "dilation", "groups"] as const;

/** Runs what fits together, on a batch or on one sample. */
export function convolveBatch(
  op: string,
  dims: Dims,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  geometry: Geometry,
): Tensor {
  const batch = input.ndim === dims + 1 ? input.unsqueeze(0) : input;
  const sizes = resultSizes(op, { input: batch, weight, bias }, geometry);
  const { stride, padding, dilation, groups, transposed } = geometry;
  const out = runConvolution(batch, weight, bias, { stride, padding, dilation, groups, transposed, sizes });
  return batch === input ? out : out.squeeze(0);
}

function conv(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): Tensor {
  const options = named<ConvOptions>(op, NAMES, 1, args);
  const { weight, bias = null, padding: given = 0, groups = 1 } = options;
  checkOperands(op, { input, weight, bias });
  const [stride, dilation] = [
    sizesFor(op, "stride", options.stride ?? 1, dims),
    sizesFor(op, "dilation", options.dilation ?? 1, dims),
  ];
  const none = new Array<number>(dims).fill(0);
  const geometry = { stride, dilation, groups, transposed: false, outputPadding: none };
  if (typeof given !== "string") {
    const padding = sizesFor(op, "padding", given, dims);
    checkGeometry(op, { ...geometry, padding });
    checkDims(op, input, weight, dims);
    return convolveBatch(op, dims, input, weight, bias, { ...geometry, padding });
  }
  checkGeometry(op, { ...geometry, padding: none });
  checkDims(op, input, weight, dims);
  if (given === "valid") return convolveBatch(op, dims, input, weight, bias, { ...geometry, padding: none });
  if (given !== "same")
    throw new ValueError(`${op}: expected numbers, "same" or "valid" as padding, got ${describe(given)}`);
  if (stride.some((s) => s !== 1))
    throw new ValueError(`${op}: expected stride 1 with padding "same", got ${shapeText(stride)}`);
  if (weight.shape.slice(2).includes(0))
    throw new ShapeError(`${op}: expected kernel sizes of at least 1, got weight of shape ${shapeText(weight.shape)}`);
  const total = dilation.map((d, i) => d * ((weight.shape[2 + i] as number) - 1));
  // Where the total is odd, the side behind gets one more, which has to be there already.
  const more = total.map((n) => n % 2);
  const padded = more.includes(1) ? pad(input, more.flatMap((n) => [n, 0]).reverse()) : input;
  return convolveBatch(op, dims, padded, weight, bias, { ...geometry, padding: total.map((n) => Math.floor(n / 2)) });
}

/**
 * Convolves along the last dimension. PyTorch: `torch.nn.functional.conv1d`.
 *
 * @param input - [N, C, L] or [C, L]; any dtype but bool. Half types compute in float32 and round once
 * @param args - `weight` [O, C/groups, K]; `bias` [O], `stride` (1), `padding` (0, `"same"`, `"valid"`), `dilation` (1), `groups` (1)
 * @returns [N, O, L′] with L′ = ⌊(L + 2 · padding − dilation · (K − 1) − 1) / stride⌋ + 1; differentiable to any order
 * @throws ShapeError if the shapes do not fit, or the kernel is larger than the input
 * @throws DTypeError if input, weight and bias differ in dtype
 * @throws ValueError for a stride, padding or groups that cannot be
 * @example
 * F.conv1d(torch.tensor([[[1, 2, 3, 4.5]]]), torch.tensor([[[1, -1.0]]], { dtype: torch.float32 })) // tensor([[[-1.0000, -1.0000, -1.5000]]])
 */
export function conv1d(input: Tensor, ...args: ConvArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(conv1d, [input, ...args]);
  return conv("conv1d", 1, input, args);
}

/**
 * Convolves images. PyTorch: `torch.nn.functional.conv2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; any dtype but bool
 * @param args - `weight` [O, C/groups, KH, KW], and the options of `conv1d`, one number for both dimensions or an array
 * @returns [N, O, H′, W′], sizes as of `conv1d`
 * @throws ShapeError if the shapes do not fit, or the kernel is larger than the input
 * @example
 * F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(2, 1, 3, 3), { padding: 1 }).shape // [1, 2, 3, 3]
 */
export function conv2d(input: Tensor, ...args: ConvArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(conv2d, [input, ...args]);
  return conv("conv2d", 2, input, args);
}

/**
 * Convolves volumes. PyTorch: `torch.nn.functional.conv3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; any dtype but bool
 * @param args - `weight` [O, C/groups, KD, KH, KW], and the options of `conv1d`, one number for all dimensions or an array
 * @throws ShapeError if the shapes do not fit, or the kernel is larger than the input
 */
export function conv3d(input: Tensor, ...args: ConvArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(conv3d, [input, ...args]);
  return conv("conv3d", 3, input, args);
}
