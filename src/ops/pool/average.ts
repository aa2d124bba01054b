/** @file Averages over sliding windows. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import type { AverageOptions } from "../../backends/pool-kernels.ts";
import { int64 } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkInt, type Named, named } from "../params.ts";
import { checkFloating, checkPlanes, type Dims, pooledShape, type Sizes, type Windows, windowsOf } from "./windows.ts";

interface Attrs extends AverageOptions {
  readonly windows: Windows;
  /** Of the averages. */
  readonly pooled: Shape;
}

const nodeName = ({ windows }: Attrs) => `AvgPool${windows.kernel.length}DBackward0`;

const avgPoolOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "avgPool",
  node: nodeName,
  forward: ([input], attrs) => {
    const x = input as Tensor;
    const out = allocate(attrs.pooled, x.dtype, x.device);
    backendOf(x.device).kernels.avgPool(out, x.contiguous(), attrs.windows, attrs);
    return out;
  },
  saves: () => [0],
  backward: ([grad], context) => [
    avgPoolBackwardOp.call([grad as Tensor, context.input(0)], { ...context.attrs, whole: context.shape(0) }),
  ],
});

/**
 * Linear, and the first op's transpose: its gradient is the average again. It names the input, on which it does not depend, as
 * PyTorch's does: the gradient of that is zero.
 */
const avgPoolBackwardOp: KernelOp<Attrs & { whole: Shape }> = kernelOp<Attrs & { whole: Shape }>({
  name: "avgPoolBackward",
  node: (attrs) => nodeName(attrs).replace("Backward", "BackwardBackward"),
  forward: ([grad], attrs) => {
    const g = grad as Tensor;
    const out = allocate(attrs.whole, g.dtype, g.device);
    backendOf(g.device).kernels.avgPoolBackward(out, g.contiguous(), attrs.windows, attrs);
    return out;
  },
  backward: ([gg], context) => [
    avgPoolOp.call([gg as Tensor], context.attrs),
    context.needs(1) ? (gg as Tensor).newZeros(context.shape(1)) : null,
  ],
});

export interface AvgPoolOptions {
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Zeros on both sides. */
  padding?: Sizes;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
  /** Whether padding counts in the average; the default. */
  countIncludePad?: boolean;
  /** What sums are divided by, instead of the size of the window. */
  divisorOverride?: number | null;
}
type AvgPool1dOptions = Omit<AvgPoolOptions, "divisorOverride">;

type AvgPool1dArgs = Named<
  [kernelSize: Sizes, stride: Sizes | null, padding: Sizes, ceilMode: boolean, countIncludePad: boolean],
  ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad"],
  AvgPool1dOptions
>;
type AvgPoolArgs = Named<
  [
    kernelSize: Sizes,
    stride: Sizes | null,
    padding: Sizes,
    ceilMode: boolean,
    countIncludePad: boolean,
    divisorOverride: number | null,
  ],
  ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"],
  AvgPoolOptions
>;
const NAMES = ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"] as const;

function avgPool(op: string, dims: Dims, input: Tensor, given: AvgPoolOptions): Tensor {
  const { ceilMode = false, countIncludePad = true, divisorOverride = null } = given;
  const windows = windowsOf(op, given, dims);
  if (divisorOverride !== null) {
    checkInt(op, "divisorOverride", divisorOverride);
    if (divisorOverride === 0) throw new ValueError(`${op}: expected a divisorOverride other than 0, got 0`);
  }
  checkPlanes(op, input, dims);
  if (input.dtype !== int64) checkFloating(op, input);
  const pooled = pooledShape(op, input.shape, windows, ceilMode);
  return avgPoolOp.call([input], { windows, pooled, countIncludePad, divisor: divisorOverride });
}

/**
 * Averages over windows that slide along the last dimension. PyTorch: `torch.nn.functional.avg_pool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating or int64
 * @param args - `kernelSize`, `stride` (the kernel's size), `padding` (0), `ceilMode` (false), `countIncludePad` (true)
 * @throws ShapeError if the input is smaller than the window
 * @example
 * F.avgPool1d(torch.tensor([[[1, 2, 3, 4, 5, 6, 7.5]]]), 3, 2) // tensor([[[2.0000, 4.0000, 6.1667]]])
 */
export function avgPool1d(input: Tensor, ...args: AvgPool1dArgs): Tensor {
  const given = named<AvgPool1dOptions>("avgPool1d", NAMES.slice(0, 5) as (keyof AvgPool1dOptions)[], 1, args);
  windowsOf("avgPool1d", given, 1);
  checkPlanes("avgPool1d", input, 1);
  const row = (value: Sizes, missing: number): Sizes => [missing, ...(Array.isArray(value) ? value : [value])];
  const { kernelSize, stride, padding = 0 } = given;
  // One row of an image, as in PyTorch.
  return avgPool("avgPool1d", 2, input.unsqueeze(-2), {
    ...given,
    kernelSize: row(kernelSize, 1),
    stride:
      stride === null || stride === undefined || (Array.isArray(stride) && stride.length === 0) ? null : row(stride, 1),
    padding: row(padding, 0),
  }).squeeze(-2);
}

/**
 * Averages over windows that slide over an image. PyTorch: `torch.nn.functional.avg_pool2d`.
 *
 * @param input - [N, C, H, W] or [C, H, W]; floating or int64
 * @param args - `kernelSize`, `stride` (the kernel's size), `padding` (0), `ceilMode` (false), `countIncludePad` (true),
 *   `divisorOverride`
 * @throws ShapeError if the input is smaller than the window
 */
export function avgPool2d(input: Tensor, ...args: AvgPoolArgs): Tensor {
  return avgPool("avgPool2d", 2, input, named<AvgPoolOptions>("avgPool2d", NAMES, 1, args));
}

/**
 * Averages over windows that slide over a volume. PyTorch: `torch.nn.functional.avg_pool3d`.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating or int64
 * @param args - as of `avgPool2d`
 * @throws ShapeError if the input is smaller than the window
 */
export function avgPool3d(input: Tensor, ...args: AvgPoolArgs): Tensor {
  if (isAutocasting()) return inFloat32(avgPool3d, [input, ...args]);
  return avgPool("avgPool3d", 3, input, named<AvgPoolOptions>("avgPool3d", NAMES, 1, args));
}
