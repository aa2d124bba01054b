/** @file Maxima over windows that are spread at random, so that images shrink by any factor. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkSameDType, checkTensor, type Named, named } from "../params.ts";
import { rand } from "../random/creation.ts";
import { addToPlacesOp } from "./places.ts";
import { checkAbove, checkFloating, type Dims, type Sizes, sizesFor } from "./windows.ts";

interface Attrs {
  readonly kernel: readonly number[];
  /** Of the results. */
  readonly pooled: Shape;
}

const fractionalOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "fractionalMaxPool",
  node: ({ kernel }) => `FractionalMaxPool${kernel.length}DBackward0`,
  forward: ([input, samples], { kernel, pooled }) => {
    const x = input as Tensor;
    const out = allocate(pooled, x.dtype, x.device);
    const indices = allocate(pooled, int64, x.device);
    const { kernels } = backendOf(x.device);
    kernels.fractionalMaxPool(out, indices, x.contiguous(), kernel, (samples as Tensor).contiguous());
    return [out, indices];
  },
  saves: () => [0, ~1],
  backward: ([grad], context) => {
    if (grad === null) return [null, null];
    const dims = context.attrs.kernel.length;
    const of = `FractionalMaxPool${dims}DBackward`;
    const places = { dims, of, shape: context.shape(0) };
    return [addToPlacesOp.call([grad as Tensor, context.result(1), context.input(0)], places), null];
  },
});

export interface FractionalMaxPoolOptions {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Size of the result; this or `outputRatio`. */
  outputSize?: Sizes | null;
  /** Size of the result as a part of the input's, above 0 and below 1. */
  outputRatio?: number | readonly number[] | null;
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: boolean;
  /** The random numbers to use, [N, C, 2 or 3] of the input's dtype, instead of fresh ones. */
  randomSamples?: Tensor | null;
}
const NAMES = ["kernelSize", "outputSize", "outputRatio", "returnIndices", "randomSamples"] as const;
type Before = [kernelSize: Sizes, outputSize: Sizes | null, outputRatio: number | readonly number[] | null];
type BeforeNames = ["kernelSize", "outputSize", "outputRatio"];
type WithIndicesArgs = Named<
  [...Before, returnIndices: true, randomSamples: Tensor | null],
  [...BeforeNames, "returnIndices", "randomSamples"],
  Omit<FractionalMaxPoolOptions, "returnIndices"> & { returnIndices: true }
>;
type FractionalArgs = Named<
  [...Before, returnIndices: boolean, randomSamples: Tensor | null],
  [...BeforeNames, "returnIndices", "randomSamples"],
  FractionalMaxPoolOptions
>;

/** As PyTorch's functions are called: the maxima alone, or with `returnIndices` and the indices. */
export interface FractionalMaxPool {
  (input: Tensor, ...args: WithIndicesArgs): [Tensor, Tensor];
  (input: Tensor, ...args: FractionalArgs): Tensor;
}

function ratiosFor(op: string, value: unknown, dims: number): number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : new Array<unknown>(dims).fill(value);
  if (list.length !== dims || !list.every((r) => typeof r === "number"))
    throw new ValueError(`${op}: expected a number or ${dims} of them as outputRatio, got ${describe(value)}`);
  return list as number[];
}

function run(op: string, dims: Dims, input: Tensor, given: FractionalMaxPoolOptions): [Tensor, Tensor] {
  const { kernelSize, outputSize = null, outputRatio = null, randomSamples = null } = given;
  checkTensor(op, input);
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, got shape ${shapeText(input.shape)}`,
    );
  if (outputSize === null && outputRatio === null)
    throw new ValueError(`${op}: expected an outputSize or an outputRatio, got neither`);
  const kernel = sizesFor(op, "kernelSize", kernelSize, dims);
  const spatial = input.shape.slice(-dims);
  const sizes =
    outputSize !== null
      ? sizesFor(op, "outputSize", outputSize, dims)
      : ratiosFor(op, outputRatio, dims).map((ratio, i) => Math.trunc((spatial[i] as number) * ratio));
  checkAbove(op, "kernelSize", kernel, 1);
  checkAbove(op, "outputSize", sizes, 0);
  checkFloating(op, input);
  if (input.shape.some((n, i) => n === 0 && (i > 0 || input.ndim === dims + 1)))
    throw new ShapeError(
      `${op}: expected no empty dimension but that of the batch, got shape ${shapeText(input.shape)}`,
    );
  for (let i = 0; i < dims; i++)
    if ((sizes[i] as number) + (kernel[i] as number) - 1 > (spatial[i] as number))
      throw new ShapeError(
        `${op}: expected outputSize + kernelSize - 1 of at most the input's size, got outputSize ${shapeText(sizes)} and kernelSize ${shapeText(kernel)} for shape ${shapeText(input.shape)}`,
      );
  const lead = input.shape.slice(0, -dims);
  const planes = [lead.length === 1 ? 1 : (lead[0] as number), lead[lead.length - 1] as number, dims];
  const samples = randomSamples ?? rand(planes, { dtype: input.dtype, device: input.device });
  checkTensor(op, samples, "randomSamples");
  checkSameDType(op, input, samples, "input and randomSamples");
  if (samples.ndim !== 3 || samples.shape.some((n, i) => n !== planes[i]))
    throw new ShapeError(
      `${op}: expected randomSamples of shape ${shapeText(planes)}, got ${shapeText(samples.shape)}`,
    );
  return fractionalOp.results([input, samples.detach()], { kernel, pooled: [...lead, ...sizes] }) as [Tensor, Tensor];
}

function fractionalMaxPool(op: string, dims: Dims): FractionalMaxPool {
  const call = (input: Tensor, ...args: FractionalArgs): Tensor | [Tensor, Tensor] => {
    if (isAutocasting()) return inFloat32(call, [input, ...args]);
    const given = named<FractionalMaxPoolOptions>(op, NAMES, 1, args);
    const both = run(op, dims, input, given);
    return given.returnIndices ? both : both[0];
  };
  return call as FractionalMaxPool;
}

/**
 * The largest element of windows that a random number for each axis spreads over an image.
 * PyTorch: `torch.nn.functional.fractional_max_pool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - `kernelSize`, `outputSize` or `outputRatio`, `returnIndices` (false), `randomSamples` [N, C, 2]
 * @returns the maxima, and with `returnIndices` where they are
 * @throws ShapeError if the windows do not fit
 * @see Graham 2014, arXiv:1412.6071
 */
export const fractionalMaxPool2d: FractionalMaxPool = fractionalMaxPool("fractionalMaxPool2d", 2);

/**
 * The largest element of windows that a random number for each axis spreads over a volume.
 * PyTorch: `torch.nn.functional.fractional_max_pool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - `kernelSize`, `outputSize` or `outputRatio`, `returnIndices` (false), `randomSamples` [N, C, 3]
 * @throws ShapeError if the windows do not fit
 */
export const fractionalMaxPool3d: FractionalMaxPool = fractionalMaxPool("fractionalMaxPool3d", 3);

/** `fractionalMaxPool2d` with `returnIndices`. PyTorch: `torch.nn.functional.fractional_max_pool2d_with_indices`. */
export function fractionalMaxPool2dWithIndices(input: Tensor, ...args: FractionalArgs): [Tensor, Tensor] {
  if (isAutocasting()) return inFloat32(fractionalMaxPool2dWithIndices, [input, ...args]);
  const op = "fractionalMaxPool2dWithIndices";
  return run(op, 2, input, named<FractionalMaxPoolOptions>(op, NAMES, 1, args));
}

/** `fractionalMaxPool3d` with `returnIndices`. PyTorch: `torch.nn.functional.fractional_max_pool3d_with_indices`. */
export function fractionalMaxPool3dWithIndices(input: Tensor, ...args: FractionalArgs): [Tensor, Tensor] {
  if (isAutocasting()) return inFloat32(fractionalMaxPool3dWithIndices, [input, ...args]);
  const op = "fractionalMaxPool3dWithIndices";
  return run(op, 3, input, named<FractionalMaxPoolOptions>(op, NAMES, 1, args));
}
