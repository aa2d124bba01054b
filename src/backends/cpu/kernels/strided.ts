/** @file What the kernel wrappers share: writing operands with their own strides, and the error of an index. */
import { IndexError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args } from "../engine.ts";

export const INDEX_OUT_OF_RANGE = 4;

/** Writes address, dtype and the operand's own strides; gives the next free slot. */
export function putStrided(at: number, x: Operand): number {
  return putWithStrides(at, x, x.layout.strides);
}

/** Writes address, dtype and the strides given. */
export function putWithStrides(at: number, x: Operand, strides: readonly number[]): number {
  args[at] = operandAddress(x);
  args[at + 1] = x.dtype.code;
  return putAll(at + 2, strides);
}

/** The strides of an operand that has size 1 in `dim`, as those of one that has none of that dimension. */
export function stridesWithout(x: Operand, dim: number): number[] {
  return x.layout.strides.map((stride, i) => (i === dim ? 0 : stride));
}

/** As `check`; a kernel that met an index out of range has left it in slot 0, and the size in slot 1. */
export function checkIndices(op: string, status: number, dim: number): void {
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(`${op}: index ${args[0]} is out of bounds for dimension ${dim} with size ${args[1]}`);
  check(op, status);
}
