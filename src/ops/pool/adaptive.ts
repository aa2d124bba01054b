/** @file Averages and maxima over windows that divide the input evenly into a given number of results. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { shouldRecord } from "../../autograd/graph.ts";
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { addToPlacesOp } from "./places.ts";
import { checkAbove, checkFloating, type Dims } from "./windows.ts";

interface Attrs {
  readonly dims: number;
  /** Of the results. */
  readonly pooled: Shape;
}

const averageNode = ({ dims }: Attrs) => `AdaptiveAvgPool${dims}DBackward0`;

const averageOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "adaptiveAvgPool",
  node: averageNode,
  forward: ([input], { dims, pooled }) => {
    const x = input as Tensor;
    const out = allocate(pooled, x.dtype, x.device);
    backendOf(x.device).kernels.adaptiveAvgPool(out, x.contiguous(), dims);
    return out;
  },
  saves: () => [0],
  backward: ([grad], context) => [
    averageBackwardOp.call([grad as Tensor, context.input(0)], { ...context.attrs, whole: context.shape(0) }),
  ],
});

/**
 * Linear, and the first op's transpose: its gradient is the average again. It names the input, on which it does not depend, as
 * PyTorch's does: the gradient of that is zero.
 */
const averageBackwardOp: KernelOp<Attrs & { whole: Shape }> = kernelOp<Attrs & { whole: Shape }>({
  name: "adaptiveAvgPoolBackward",
  node: (attrs) => averageNode(attrs).replace("Backward", "BackwardBackward"),
  forward: ([grad], { dims, whole }) => {
    const g = grad as Tensor;
    const out = allocate(whole, g.dtype, g.device);
    backendOf(g.device).kernels.adaptiveAvgPoolBackward(out, g.contiguous(), dims);
    return out;
  },
  backward: ([gg], context) => [
    averageOp.call([gg as Tensor], context.attrs),
    context.needs(1) ? (gg as Tensor).newZeros(context.shape(1)) : null,
  ],
});

const maximumOp: KernelOp<Attrs & { withIndices: boolean }> = kernelOp<Attrs & { withIndices: boolean }>({
  name: "adaptiveMaxPool",
  node: ({ dims }) => `AdaptiveMaxPool${dims}DBackward0`,
  forward: ([input], { dims, pooled, withIndices }) => {
    const x = input as Tensor;
    const out = allocate(pooled, x.dtype, x.device);
    const indices = withIndices ? allocate(pooled, int64, x.device) : null;
    backendOf(x.device).kernels.adaptiveMaxPool(out, indices, x.contiguous(), dims);
    return indices === null ? out : [out, indices];
  },
  saves: () => [0, ~1],
  backward: ([grad], context) => {
    if (grad === null) return [null];
    const { dims } = context.attrs;
    return [
      addToPlacesOp.call([grad as Tensor, context.result(1), context.input(0)], {
        dims,
        of: `AdaptiveMaxPool${dims}DBackward`,
        shape: context.shape(0),
      }),
    ];
  },
});

/** One size for all dimensions, or one for each; `null` keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

/** @throws ShapeError for a wrong number of dimensions, or one without elements other than those `empty` allows */
function checkInput(op: string, x: unknown, dims: Dims, mayBeEmpty: (i: number, ndim: number) => boolean): void {
  checkTensor(op, x);
  if (x.ndim !== dims + 1 && x.ndim !== dims + 2)
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, got shape ${shapeText(x.shape)}`,
    );
  for (const [i, n] of x.shape.entries())
    if (n === 0 && !mayBeEmpty(i, x.ndim))
      throw new ShapeError(`${op}: expected no empty dimension but that of the batch, got shape ${shapeText(x.shape)}`);
}

function pooledShape(op: string, shape: Shape, outputSize: OutputSize, dims: Dims): Shape {
  const list = Array.isArray(outputSize) ? (outputSize as unknown[]) : new Array<unknown>(dims).fill(outputSize);
  if (list.length !== dims || !list.every((n) => n === null || Number.isSafeInteger(n)))
    throw new ValueError(
      `${op}: expected a whole number or ${dims} of them as outputSize, got ${Array.isArray(outputSize) ? `[${list.map(describe).join(", ")}]` : describe(outputSize)}`,
    );
  const lead = shape.length - dims;
  const sizes = list.map((n, i) => (n ?? shape[lead + i]) as number);
  checkAbove(op, "outputSize", sizes, 0);
  return [...shape.slice(0, lead), ...sizes];
}

interface AdaptiveAvgPoolOptions {
  outputSize: OutputSize;
}
type AdaptiveAvgPoolArgs = Named<[outputSize: OutputSize], ["outputSize"], AdaptiveAvgPoolOptions>;

function adaptiveAvgPool(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): Tensor {
  const { outputSize } = named<AdaptiveAvgPoolOptions>(op, ["outputSize"], 1, args);
  checkInput(op, input, dims, (i, ndim) => i < ndim - dims);
  const pooled = pooledShape(op, input.shape, outputSize, dims);
  if (dims > 1 && pooled.slice(-dims).every((n) => n === 1))
    return input.mean(
      Array.from({ length: dims }, (_, i) => i - dims),
      true,
    );
  checkFloating(op, input);
  if (dims > 1) return averageOp.call([input], { dims, pooled });
  // One row of an image, as in PyTorch.
  return averageOp.call([input.unsqueeze(-2)], { dims: 2, pooled: pooled.toSpliced(-1, 0, 1) }).squeeze(-2);
}

/**
 * Averages over `outputSize` windows that divide the last dimension evenly. PyTorch: `torch.nn.functional.adaptive_avg_pool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `outputSize`
 * @example
 * F.adaptiveAvgPool1d(torch.tensor([[1.5, 2.5, 3, 4]]), 2) // tensor([[2.0000, 3.5000]])
 */
export function adaptiveAvgPool1d(input: Tensor, ...args: AdaptiveAvgPoolArgs): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool1d", 1, input, args);
}

/**
 * Averages over windows that divide an image evenly. PyTorch: `torch.nn.functional.adaptive_avg_pool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - `outputSize`: H and W of the result, one number for both; `null` keeps the input's
 */
export function adaptiveAvgPool2d(input: Tensor, ...args: AdaptiveAvgPoolArgs): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool2d", 2, input, args);
}

/**
 * Averages over windows that divide a volume evenly. PyTorch: `torch.nn.functional.adaptive_avg_pool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - `outputSize`: D, H and W of the result, one number for all; `null` keeps the input's
 */
export function adaptiveAvgPool3d(input: Tensor, ...args: AdaptiveAvgPoolArgs): Tensor {
  if (isAutocasting()) return inFloat32(adaptiveAvgPool3d, [input, ...args]);
  return adaptiveAvgPool("adaptiveAvgPool3d", 3, input, args);
}

interface AdaptiveMaxPoolOptions extends AdaptiveAvgPoolOptions {
  /** Whether to give also where the maxima are: positions in their plane. */
  returnIndices?: boolean;
}
type WithIndicesArgs = Named<
  [outputSize: OutputSize, returnIndices: true],
  ["outputSize", "returnIndices"],
  AdaptiveAvgPoolOptions & { returnIndices: true }
>;
type AdaptiveMaxPoolArgs = Named<
  [outputSize: OutputSize, returnIndices: boolean],
  ["outputSize", "returnIndices"],
  AdaptiveMaxPoolOptions
>;

/** A maximum over even windows as PyTorch's functions are called: alone, or with `returnIndices` and the indices. */
export interface AdaptiveMaxPool {
  (input: Tensor, ...args: WithIndicesArgs): [Tensor, Tensor];
  (input: Tensor, ...args: AdaptiveMaxPoolArgs): Tensor;
}

function runMax(op: string, dims: Dims, input: Tensor, outputSize: OutputSize, returnIndices: boolean): Tensor[] {
  checkInput(op, input, dims, (i, ndim) => i === 0 && ndim === dims + 2);
  checkFloating(op, input);
  const pooled = pooledShape(op, input.shape, outputSize, dims);
  const withIndices = returnIndices || shouldRecord([input]);
  if (dims > 1) return maximumOp.results([input], { dims, pooled, withIndices });
  return maximumOp
    .results([input.unsqueeze(-2)], { dims: 2, pooled: pooled.toSpliced(-1, 0, 1), withIndices })
    .map((t) => t.squeeze(-2));
}

function adaptiveMaxPool(op: string, dims: Dims): AdaptiveMaxPool {
  const call = (input: Tensor, ...args: AdaptiveMaxPoolArgs): Tensor | [Tensor, Tensor] => {
    if (dims === 3 && isAutocasting()) return inFloat32(call, [input, ...args]);
    const { outputSize, returnIndices = false } = named<AdaptiveMaxPoolOptions>(
      op,
      ["outputSize", "returnIndices"],
      1,
      args,
    );
    const [values, indices] = runMax(op, dims, input, outputSize, returnIndices) as [Tensor, Tensor];
    return returnIndices ? [values, indices] : values;
  };
  return call as AdaptiveMaxPool;
}

function withIndices(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): [Tensor, Tensor] {
  const { outputSize } = named<AdaptiveMaxPoolOptions>(op, ["outputSize", "returnIndices"], 1, args);
  return runMax(op, dims, input, outputSize, true) as [Tensor, Tensor];
}

/**
 * The largest element of `outputSize` windows that divide the last dimension evenly.
 * PyTorch: `torch.nn.functional.adaptive_max_pool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `outputSize`, `returnIndices` (false)
 * @returns the maxima, and with `returnIndices` where they are
 * @example
 * F.adaptiveMaxPool1d(torch.tensor([[1.5, 2.5, 4, 3]]), 2) // tensor([[2.5000, 4.0000]])
 */
export const adaptiveMaxPool1d: AdaptiveMaxPool = adaptiveMaxPool("adaptiveMaxPool1d", 1);

/**
 * The largest element of windows that divide an image evenly. PyTorch: `torch.nn.functional.adaptive_max_pool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - `outputSize`: H and W of the result, one number for both, `null` keeps the input's; `returnIndices` (false)
 */
export const adaptiveMaxPool2d: AdaptiveMaxPool = adaptiveMaxPool("adaptiveMaxPool2d", 2);

/**
 * The largest element of windows that divide a volume evenly. PyTorch: `torch.nn.functional.adaptive_max_pool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - `outputSize`: D, H and W of the result, one number for all, `null` keeps the input's; `returnIndices` (false)
 */
export const adaptiveMaxPool3d: AdaptiveMaxPool = adaptiveMaxPool("adaptiveMaxPool3d", 3);

/** `adaptiveMaxPool1d` with `returnIndices`. PyTorch: `torch.nn.functional.adaptive_max_pool1d_with_indices`. */
export function adaptiveMaxPool1dWithIndices(input: Tensor, ...args: AdaptiveAvgPoolArgs): [Tensor, Tensor] {
  return withIndices("adaptiveMaxPool1dWithIndices", 1, input, args);
}

/** `adaptiveMaxPool2d` with `returnIndices`. PyTorch: `torch.nn.functional.adaptive_max_pool2d_with_indices`. */
export function adaptiveMaxPool2dWithIndices(input: Tensor, ...args: AdaptiveAvgPoolArgs): [Tensor, Tensor] {
  return withIndices("adaptiveMaxPool2dWithIndices", 2, input, args);
}

/** `adaptiveMaxPool3d` with `returnIndices`. PyTorch: `torch.nn.functional.adaptive_max_pool3d_with_indices`. */
export function adaptiveMaxPool3dWithIndices(input: Tensor, ...args: AdaptiveAvgPoolArgs): [Tensor, Tensor] {
  if (isAutocasting()) return inFloat32(adaptiveMaxPool3dWithIndices, [input, ...args]);
  return withIndices("adaptiveMaxPool3dWithIndices", 3, input, args);
}
