/** @file What the transforms ask of their arguments: dimensions, sizes, norms and dtypes. */
import { toComplex } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText, wrapDim, wrapDims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { toFloat } from "../dtypes.ts";
import { constantPadNd } from "../pad.ts";
import { checkInt } from "../params.ts";

/** Which direction is divided by the number of elements: the inverse, the forward one, or each by its root. */
export type FftNorm = "backward" | "forward" | "ortho";

/** The factor of a transform of `sizes`. */
export function scaleOf(op: string, norm: FftNorm | null, forward: boolean, sizes: readonly number[]): number {
  const mode = norm ?? "backward";
  if (mode !== "backward" && mode !== "forward" && mode !== "ortho")
    throw new ValueError(`${op}: expected a norm of "backward", "forward" or "ortho", got ${describe(mode)}`);
  const n = sizes.reduce((a, b) => a * b, 1);
  if (mode === "ortho") return 1 / Math.sqrt(n);
  return (mode === "forward") === forward ? 1 / n : 1;
}

/** The input with floating or complex numbers: integers in the default dtype. */
export function floating(op: string, input: Tensor): Tensor {
  const dtype = toFloat(input.dtype);
  if (dtype.isFloatingPoint && dtype.itemsize < 4)
    throw new DTypeError(`${op}: expected float32, float64, a complex or an integer dtype, got ${input.dtype}`);
  return input.to(dtype);
}

/** The same for a transform that takes real numbers only. */
export function realInput(op: string, input: Tensor): Tensor {
  if (input.dtype.isComplex) throw new DTypeError(`${op}: expected a real tensor, got ${input.dtype}`);
  return floating(op, input);
}

/** The same for one that wants complex numbers. */
export function complexInput(op: string, input: Tensor): Tensor {
  const x = floating(op, input);
  return x.to(toComplex(x.dtype));
}

function checkSize(op: string, name: string, n: number): void {
  checkInt(op, name, n);
  if (n < 1) throw new ShapeError(`${op}: expected at least 1 element to transform, got ${n}`);
}

/** The one dimension, and the size that the transform is to have there. */
export function oneDim(
  op: string,
  input: Tensor,
  dim: number,
  n: number | null,
  implied: (size: number) => number = (size) => size,
): { dims: readonly number[]; sizes: readonly number[] } {
  if (input.ndim === 0) throw new ShapeError(`${op}: expected a tensor with at least 1 dimension, got shape []`);
  const wrapped = wrapDim(op, dim, input.ndim);
  const size = n ?? implied(input.shape[wrapped] as number);
  checkSize(op, "n", size);
  return { dims: [wrapped], sizes: [size] };
}

/** The dimensions, and the sizes that the transform is to have there; −1 stands for the input's own. */
export function severalDims(
  op: string,
  input: Tensor,
  dim: number | readonly number[] | null,
  s: number | readonly number[] | null,
  implied: (size: number) => number = (size) => size,
): { dims: readonly number[]; sizes: readonly number[] } {
  const { ndim } = input;
  const given = typeof s === "number" ? [s] : s;
  if (given !== null && !Array.isArray(given))
    throw new ValueError(`${op}: expected an array of sizes as s, got ${describe(given)}`);
  if (given !== null && dim === null && given.length > ndim)
    throw new ShapeError(
      `${op}: expected at most ${ndim} sizes for shape ${shapeText(input.shape)}, got ${given.length}`,
    );
  const dims =
    dim === null && given !== null
      ? given.map((_, i) => ndim - given.length + i)
      : ndim === 0 && dim === null
        ? []
        : wrapDims(op, dim, ndim);
  if (given !== null && given.length !== dims.length)
    throw new ShapeError(`${op}: expected as many sizes as dims, got ${given.length} and ${dims.length}`);
  if (ndim === 0) throw new ShapeError(`${op}: expected a tensor with at least 1 dimension, got shape []`);
  const sizes = dims.map((d, i) => {
    const own = input.shape[d] as number;
    const asked = given?.[i] ?? -1;
    const n = asked === -1 ? (i === dims.length - 1 ? implied(own) : own) : asked;
    checkSize(op, "s", n);
    return n;
  });
  return { dims, sizes };
}

/** For transforms that need a last dimension. */
export function checkSomeDim(op: string, dims: readonly number[]): void {
  if (dims.length === 0) throw new ShapeError(`${op}: expected at least one dimension to transform, got none`);
}

/** The input cut off, or filled up with zeros, at the end of some dimensions. */
export function resized(input: Tensor, dims: readonly number[], sizes: Shape): Tensor {
  const change = new Array<number>(2 * input.ndim).fill(0);
  for (const [i, d] of dims.entries())
    change[2 * (input.ndim - 1 - d) + 1] = (sizes[i] as number) - (input.shape[d] as number);
  return change.every((n) => n === 0) ? input : constantPadNd(input, change);
}

/** Numbers that stand for `n` real ones. */
export function halfOf(n: number): number {
  return Math.floor(n / 2) + 1;
}
