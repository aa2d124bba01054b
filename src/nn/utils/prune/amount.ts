/** @file How much to prune: whole numbers count entries or slices, others are parts of what there is. */
import { describe, ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText, wrapDim } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";

/** @throws ValueError for an amount that is neither a count nor a part */
export function checkAmount(op: string, amount: unknown): asserts amount is number {
  const isAmount = typeof amount === "number" && amount >= 0 && (Number.isInteger(amount) || amount <= 1);
  if (!isAmount)
    throw new ValueError(
      `${op}: expected a whole number of at least 0 (a count), or a number between 0 and 1 (a part), as amount, got ${describe(amount)}`,
    );
}

/** Python's `round`: halves go to the even number. */
function round(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + (below % 2) : Math.round(x);
}

/**
 * The number to prune of `size`.
 * @throws ValueError if there are not so many
 */
export function countOf(op: string, amount: number, size: number): number {
  const count = Number.isInteger(amount) ? amount : round(amount * size);
  if (count > size) throw new ValueError(`${op}: expected an amount of at most ${size}, got ${amount}`);
  return count;
}

/** The number of slices along a dimension. */
export function slices(op: string, t: Tensor, dim: number): { dim: number; size: number } {
  if (t.ndim < 2)
    throw new ShapeError(`${op}: expected a tensor of at least 2 dimensions, got shape ${shapeText(t.shape)}`);
  const at = wrapDim(op, dim, t.ndim);
  return { dim: at, size: t.shape[at] as number };
}
