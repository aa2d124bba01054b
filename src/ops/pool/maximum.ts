/** @file Maxima over sliding windows, and where they were. */

import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { shouldRecord } from "../../autograd/graph.ts";
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { type Named, named } from "../params.ts";
import { addToPlacesOp } from "./places.ts";
import { checkFloating, checkPlanes, type Dims, pooledShape, type Sizes, type Windows, windowsOf } from "./windows.ts";

interface Attrs {
  readonly windows: Windows;
  /** Of the maxima. */
  readonly pooled: Shape;
  readonly withIndices: boolean;
}

const nodeOf = (dims: number) => `MaxPool${dims}DWithIndicesBackward0`;

const maxPoolOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "maxPool",
  node: ({ windows }) => nodeOf(windows.kernel.length),
  forward: ([input], { windows, pooled, withIndices }) => {
    const x = input as Tensor;
    const out = allocate(pooled, x.dtype, x.device);
    const indices = withIndices ? allocate(pooled, int64, x.device) : null;
    backendOf(x.device).kernels.maxPool(out, indices, x.contiguous(), windows);
    return indices === null ? out : [out, indices];
  },
  saves: () => [0, ~1],
  backward: ([grad], context) => {
    if (grad === null) return [null];
    const dims = context.attrs.windows.kernel.length;
    return [
      addToPlacesOp.call([grad as Tensor, context.result(1), context.input(0)], {
        dims,
        of: nodeOf(dims).replace("0", ""),
        shape: context.shape(0),
      }),
    ];
  },
});

export interface MaxPoolOptions {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Minus infinities on both sides. */
  padding?: Sizes;
  /** Steps between the elements of a window. */
  dilation?: Sizes;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: boolean;
}
type PlainOptions = Omit<MaxPoolOptions, "returnIndices">;

const NAMES = ["kernelSize", "stride", "padding", "dilation", "ceilMode", "returnIndices"] as const;
type Positional = [kernelSize: Sizes, stride: Sizes | null, padding: Sizes, dilation: Sizes, ceilMode: boolean];
type PositionalNames = ["kernelSize", "stride", "padding", "dilation", "ceilMode"];
type PlainArgs = Named<Positional, PositionalNames, PlainOptions>;
/** Arguments that ask for indices, and those that do not say so. */
type WithIndicesArgs = Named<
  [...Positional, returnIndices: true],
  [...PositionalNames, "returnIndices"],
  PlainOptions & { returnIndices: true }
>;
type MaxPoolArgs = Named<
  [...Positional, returnIndices: boolean],
  [...PositionalNames, "returnIndices"],
  MaxPoolOptions
>;

/** A maximum over windows as PyTorch's functions are called: alone, or with `returnIndices` and the indices. */
export interface MaxPool {
  (input: Tensor, ...args: WithIndicesArgs): [Tensor, Tensor];
  (input: Tensor, ...args: MaxPoolArgs): Tensor;
}

const isNone = (stride: Sizes | null | undefined) =>
  stride === null || stride === undefined || (Array.isArray(stride) && stride.length === 0);

function run(op: string, dims: Dims, input: Tensor, given: MaxPoolOptions, returnIndices: boolean): Tensor[] {
  const windows = windowsOf(op, given, dims);
  checkPlanes(op, input, dims);
  checkFloating(op, input);
  if (dims === 1) return runRow(op, input, given, returnIndices);
  const pooled = pooledShape(op, input.shape, windows, given.ceilMode ?? false);
  const withIndices = returnIndices || shouldRecord([input]);
  return maxPoolOp.results([input], { windows, pooled, withIndices });
}

/** One row of an image, as in PyTorch. */
function runRow(op: string, input: Tensor, given: MaxPoolOptions, returnIndices: boolean): Tensor[] {
  const row = (value: Sizes, missing: number): Sizes => [missing, ...(Array.isArray(value) ? value : [value])];
  const { kernelSize, stride, padding = 0, dilation = 1 } = given;
  const image: MaxPoolOptions = {
    ...given,
    kernelSize: row(kernelSize, 1),
    stride: isNone(stride) ? null : row(stride as Sizes, 1),
    padding: row(padding, 0),
    dilation: row(dilation, 1),
  };
  return run(op, 2, input.unsqueeze(-2), image, returnIndices).map((t) => t.squeeze(-2));
}

function maxPool(op: string, dims: Dims): MaxPool {
  const call = (input: Tensor, ...args: MaxPoolArgs): Tensor | [Tensor, Tensor] => {
    if (dims === 3 && isAutocasting()) return inFloat32(call, [input, ...args]);
    const given = named<MaxPoolOptions>(op, NAMES, 1, args);
    const { returnIndices = false } = given;
    const [values, indices] = run(op, dims, input, given, returnIndices) as [Tensor, Tensor];
    return returnIndices ? [values, indices] : values;
  };
  return call as MaxPool;
}

function withIndices(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): [Tensor, Tensor] {
  // (PyTorch takes returnIndices here as well, and leaves it.)
  return run(op, dims, input, named<MaxPoolOptions>(op, NAMES, 1, args), true) as [Tensor, Tensor];
}

/**
 * The largest element of windows that slide along the last dimension. PyTorch: `torch.nn.functional.max_pool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `kernelSize`, `stride` (the kernel's size), `padding` (0), `dilation` (1), `ceilMode` (false), `returnIndices` (false)
 * @returns the maxima, and with `returnIndices` where they are
 * @throws ShapeError if the input is smaller than the window
 * @example
 * F.maxPool1d(torch.tensor([[1.5, 3, 2, 5, 4, 6]]), 2) // tensor([[3., 5., 6.]])
 */
export const maxPool1d: MaxPool = maxPool("maxPool1d", 1);

/**
 * The largest element of windows that slide over an image. PyTorch: `torch.nn.functional.max_pool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - `kernelSize`, `stride` (the kernel's size), `padding` (0), `dilation` (1), `ceilMode` (false), `returnIndices` (false)
 * @returns the maxima, and with `returnIndices` where they are: positions in their plane, row by row
 * @throws ShapeError if the input is smaller than the window
 */
export const maxPool2d: MaxPool = maxPool("maxPool2d", 2);

/**
 * The largest element of windows that slide over a volume. PyTorch: `torch.nn.functional.max_pool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - as of `maxPool2d`
 * @throws ShapeError if the input is smaller than the window
 */
export const maxPool3d: MaxPool = maxPool("maxPool3d", 3);

/** `maxPool1d` with `returnIndices`. PyTorch: `torch.max_pool1d_with_indices`. */
export function maxPool1dWithIndices(input: Tensor, ...args: PlainArgs): [Tensor, Tensor] {
  return withIndices("maxPool1dWithIndices", 1, input, args);
}

/** `maxPool2d` with `returnIndices`. PyTorch: `torch.nn.functional.max_pool2d_with_indices`. */
export function maxPool2dWithIndices(input: Tensor, ...args: PlainArgs): [Tensor, Tensor] {
  return withIndices("maxPool2dWithIndices", 2, input, args);
}

/** `maxPool3d` with `returnIndices`. PyTorch: `torch.nn.functional.max_pool3d_with_indices`. */
export function maxPool3dWithIndices(input: Tensor, ...args: PlainArgs): [Tensor, Tensor] {
  if (isAutocasting()) return inFloat32(maxPool3dWithIndices, [input, ...args]);
  return withIndices("maxPool3dWithIndices", 3, input, args);
}
