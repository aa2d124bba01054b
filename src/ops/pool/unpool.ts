/** @file What undoes a maximum over windows: each element back to its place, zeros elsewhere. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkTensor, type Named, named, numbersArg } from "../params.ts";
import { takeFromPlacesOp } from "./places.ts";
import { checkAbove, checkFloating, type Dims, type Sizes, sizesFor } from "./windows.ts";

interface Attrs {
  readonly op: string;
  readonly dims: number;
  readonly shape: Shape;
}

const unpoolOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "maxUnpool",
  node: ({ dims }) => `MaxUnpool${dims}DBackward0`,
  forward: ([input, indices], { op, dims, shape }) => {
    const x = input as Tensor;
    const out = allocate(shape, x.dtype, x.device);
    backendOf(x.device).kernels.putToPlaces(op, out, x.contiguous(), (indices as Tensor).contiguous(), dims);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => {
    const { dims } = context.attrs;
    const places = { dims, of: `MaxUnpool${dims}DBackward`, shape: context.shape(0) };
    return [takeFromPlacesOp.call([grad as Tensor, context.input(1)], places), null];
  },
});

export interface MaxUnpoolOptions {
  /** Where each element goes: positions in its plane, as `returnIndices` gives them. */
  indices: Tensor;
  /** What the maximum was taken with: size of the window, steps between windows (`kernelSize` if not given), and padding. */
  kernelSize: Sizes;
  stride?: Sizes | null;
  padding?: Sizes;
  /** Size of the result, where several inputs give the same size of maxima; with or without batch and channels. */
  outputSize?: readonly number[] | null;
}
const NAMES = ["indices", "kernelSize", "stride", "padding", "outputSize"] as const;
type MaxUnpoolArgs = Named<
  [indices: Tensor, kernelSize: Sizes, stride: Sizes | null, padding: Sizes, outputSize: readonly number[] | null],
  ["indices", "kernelSize", "stride", "padding", "outputSize"],
  MaxUnpoolOptions
>;

/** The size that the windows give, or the one asked for if it is less than a step away from it. */
function outputSizes(op: string, input: Tensor, given: MaxUnpoolOptions, dims: Dims): readonly number[] {
  const kernel = sizesFor(op, "kernelSize", given.kernelSize, dims);
  const stride = sizesFor(op, "stride", given.stride ?? kernel, dims);
  const padding = sizesFor(op, "padding", given.padding ?? 0, dims);
  const lead = input.ndim - dims;
  const sizes = kernel.map(
    (k, i) => ((input.shape[lead + i] as number) - 1) * (stride[i] as number) + k - 2 * (padding[i] as number),
  );
  if (given.outputSize === null || given.outputSize === undefined) {
    checkAbove(op, "sizes of the result", sizes, 1);
    return sizes;
  }
  const asked = numbersArg(op, "outputSize", [given.outputSize]);
  const wanted = asked.length === dims + 2 ? asked.slice(2) : asked;
  if (wanted.length !== dims)
    throw new ValueError(`${op}: expected an outputSize of ${dims} or ${dims + 2} numbers, got ${shapeText(asked)}`);
  for (const [i, n] of wanted.entries()) {
    const [size, step] = [sizes[i] as number, stride[i] as number];
    if (n <= size - step || n >= size + step)
      throw new ValueError(
        `${op}: expected outputSize[${i}] between ${size - step} and ${size + step}, both excluded, got ${shapeText(wanted)}`,
      );
  }
  return wanted;
}

function maxUnpool(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): Tensor {
  const given = named<MaxUnpoolOptions>(op, NAMES, 2, args);
  const { indices } = given;
  checkTensor(op, input);
  checkTensor(op, indices, "indices");
  if (indices.dtype !== int64) throw new DTypeError(`${op}: expected int64 indices, got ${indices.dtype}`);
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, got shape ${shapeText(input.shape)}`,
    );
  if (!sameShape(indices.shape, input.shape))
    throw new ShapeError(
      `${op}: expected indices of the input's shape ${shapeText(input.shape)}, got ${shapeText(indices.shape)}`,
    );
  if (input.shape.some((n, i) => n === 0 && (i > 0 || input.ndim === dims + 1)))
    throw new ShapeError(
      `${op}: expected no empty dimension but that of the batch, got shape ${shapeText(input.shape)}`,
    );
  checkFloating(op, input);
  const sizes = outputSizes(op, input, given, dims);
  const shape = [...input.shape.slice(0, -dims), ...sizes];
  if (dims > 1) return unpoolOp.call([input, indices], { op, dims, shape });
  // A column of an image, as in PyTorch.
  return unpoolOp.call([input.unsqueeze(-1), indices.unsqueeze(-1)], { op, dims: 2, shape: [...shape, 1] }).squeeze(-1);
}

/**
 * Puts maxima back where `maxPool1d` found them, with zeros elsewhere. PyTorch: `torch.nn.functional.max_unpool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `indices` (of the input's shape, int64), `kernelSize`, `stride` (the kernel's size), `padding` (0), `outputSize`
 * @throws IndexError for an index beyond the result
 * @example
 * const [values, indices] = F.maxPool1d(torch.tensor([[1.5, 3, 2, 5]]), 2, { returnIndices: true });
 * F.maxUnpool1d(values, indices, 2) // tensor([[0., 3., 0., 5.]])
 */
export function maxUnpool1d(input: Tensor, ...args: MaxUnpoolArgs): Tensor {
  return maxUnpool("maxUnpool1d", 1, input, args);
}

/**
 * Puts maxima back where `maxPool2d` found them, with zeros elsewhere. PyTorch: `torch.nn.functional.max_unpool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - as of `maxUnpool1d`
 * @throws IndexError for an index beyond the result
 */
export function maxUnpool2d(input: Tensor, ...args: MaxUnpoolArgs): Tensor {
  if (isAutocasting()) return inFloat32(maxUnpool2d, [input, ...args]);
  return maxUnpool("maxUnpool2d", 2, input, args);
}

/**
 * Puts maxima back where `maxPool3d` found them, with zeros elsewhere. PyTorch: `torch.nn.functional.max_unpool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - as of `maxUnpool1d`
 * @throws IndexError for an index beyond the result
 */
export function maxUnpool3d(input: Tensor, ...args: MaxUnpoolArgs): Tensor {
  if (isAutocasting()) return inFloat32(maxUnpool3d, [input, ...args]);
  return maxUnpool("maxUnpool3d", 3, input, args);
}
