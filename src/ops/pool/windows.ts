/** @file Windows that slide over an input: their sizes as users give them, and what PyTorch asks of them. */
import type { Windows } from "../../backends/pool-kernels.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkTensor } from "../params.ts";

export type { Windows };

/** One number for all dimensions, or one for each. */
export type Sizes = number | readonly number[];

/** 1, 2 or 3: how many dimensions are pooled, or convolved. */
export type Dims = 1 | 2 | 3;

/**
 * A parameter as one whole number for each dimension.
 * @throws ValueError if it is neither one number nor as many as there are dimensions
 */
export function sizesFor(op: string, name: string, value: unknown, dims: number): readonly number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if ((list.length !== 1 && list.length !== dims) || !list.every((n) => Number.isSafeInteger(n)))
    throw new ValueError(
      `${op}: expected a whole number${dims > 1 ? ` or ${dims} of them` : ""} as ${name}, got ${Array.isArray(value) ? `[${list.map(describe).join(", ")}]` : describe(value)}`,
    );
  return list.length === dims ? (list as number[]) : new Array<number>(dims).fill(list[0] as number);
}

export function checkAbove(op: string, name: string, sizes: readonly number[], least: number): void {
  if (sizes.some((n) => n < least))
    throw new ValueError(`${op}: expected ${name} of at least ${least}, got ${shapeText(sizes)}`);
}

export interface WindowOptions {
  kernelSize: Sizes;
  stride?: Sizes | null;
  padding?: Sizes;
  dilation?: Sizes;
}

/** Checks and fills in the sizes of a window; without a stride, windows lie side by side. */
export function windowsOf(op: string, options: WindowOptions, dims: Dims): Windows {
  const { kernelSize, stride, padding = 0, dilation = 1 } = options;
  const kernel = sizesFor(op, "kernelSize", kernelSize, dims);
  const given = stride !== null && stride !== undefined && !(Array.isArray(stride) && stride.length === 0);
  const windows = {
    kernel,
    stride: given ? sizesFor(op, "stride", stride, dims) : kernel,
    padding: sizesFor(op, "padding", padding, dims),
    dilation: sizesFor(op, "dilation", dilation, dims),
  };
  checkAbove(op, "kernelSize", windows.kernel, 1);
  checkAbove(op, "stride", windows.stride, 1);
  checkAbove(op, "dilation", windows.dilation, 1);
  checkAbove(op, "padding", windows.padding, 0);
  for (const [i, pad] of windows.padding.entries()) {
    const reach = ((kernel[i] as number) - 1) * (windows.dilation[i] as number) + 1;
    if (pad > Math.floor(reach / 2))
      throw new ValueError(
        `${op}: expected padding of at most half the kernel size, got padding ${shapeText(windows.padding)} and kernelSize ${shapeText(kernel)}`,
      );
  }
  return windows;
}

/**
 * Checks that an input is one sample or a batch of them. A batch may be empty, other dimensions may not (`channels` says whether
 * that of channels may).
 */
export function checkPlanes(
  op: string,
  x: unknown,
  dims: Dims,
  channels: "some" | "any" = "some",
): asserts x is Tensor {
  checkTensor(op, x);
  const from = x.ndim - dims - (channels === "some" ? 1 : 0);
  if (
    (x.ndim !== dims + 1 && x.ndim !== dims + 2) ||
    x.shape.some((n, i) => n === 0 && i > 0 && i >= from) ||
    (x.ndim === dims + 1 && channels === "some" && x.shape[0] === 0)
  )
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, of which only the batch may be empty, got shape ${shapeText(x.shape)}`,
    );
}

/** @throws DTypeError if the input is not of a floating dtype */
export function checkFloating(op: string, x: Tensor): void {
  if (!x.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point dtype, got ${x.dtype}${x.dtype.isComplex ? "" : " (whole numbers make int64: pass a dtype)"}`,
    );
}

/**
 * The shape of what windows give, one element a window. With `ceilMode` the last window may reach beyond the padding, but not begin there.
 * @throws ShapeError if there is no room for a window
 */
export function pooledShape(op: string, shape: Shape, windows: Windows, ceilMode: boolean): Shape {
  const lead = shape.length - windows.kernel.length;
  const sizes = windows.kernel.map((kernel, i) => {
    const [size, stride, padding, dilation] = [
      shape[lead + i] as number,
      windows.stride[i] as number,
      windows.padding[i] as number,
      windows.dilation[i] as number,
    ];
    const room = size + 2 * padding - dilation * (kernel - 1) - 1;
    const count = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    return ceilMode && (count - 1) * stride >= size + padding ? count - 1 : count;
  });
  if (sizes.some((n) => n < 1))
    throw new ShapeError(
      `${op}: expected an input at least as large as the kernel of ${shapeText(windows.kernel)}, got shape ${shapeText(shape)} (which gives ${shapeText(sizes)})`,
    );
  return [...shape.slice(0, lead), ...sizes];
}
