/** @file Masks of the masked ops: elements that are left out count as what changes nothing. */
import { bool, iinfo } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkTensor } from "../params.ts";

/** What an element counts as that is left out. */
export type Identity = "zero" | "one" | "lowest" | "highest" | "nan";

function identityOf(op: string, identity: Identity, { dtype }: Tensor): number | bigint {
  if (identity === "zero") return 0;
  if (identity === "one") return 1;
  if (identity === "nan") return Number.NaN;
  if (dtype.isFloatingPoint) return identity === "lowest" ? -Infinity : Infinity;
  if (dtype.isComplex || dtype === bool)
    throw new DTypeError(`${op}: expected an integer or floating-point dtype, got ${dtype}`);
  const { min, max } = iinfo(dtype);
  return identity === "lowest" ? min : max;
}

/**
 * A mask as a bool tensor of the shape of `input`.
 * @throws ShapeError if it does not broadcast to that
 */
export function checkMask(op: string, input: Tensor, mask: Tensor): Tensor {
  checkTensor(op, mask, "mask");
  const lead = input.ndim - mask.ndim;
  if (lead < 0 || mask.shape.some((n, i) => n !== 1 && n !== input.shape[i + lead]))
    throw new ShapeError(
      `${op}: expected a mask that broadcasts to ${shapeText(input.shape)}, got shape ${shapeText(mask.shape)}`,
    );
  return mask.detach().to(bool).expand(input.shape);
}

/** `input` with the identity where `mask` is false. */
export function applyMask(op: string, input: Tensor, mask: Tensor | null, identity: Identity): Tensor {
  if (mask === null) return input;
  return input.where(checkMask(op, input, mask), input.newFull([], identityOf(op, identity, input)));
}

/** `dim` and the rest of a reduction's parameters, with an empty list standing for all dimensions. */
export function checkDims(op: string, dim: unknown): number | readonly number[] | null {
  if (dim === undefined || dim === null || (Array.isArray(dim) && dim.length === 0)) return null;
  if (typeof dim === "number" || Array.isArray(dim)) return dim;
  throw new ValueError(`${op}: expected a number or an array as dim, got ${String(dim)}`);
}
