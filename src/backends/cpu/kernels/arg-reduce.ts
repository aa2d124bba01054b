/** @file Maxima and minima with their positions. The first NaN wins, then the first of equal elements. */
import type { Operand } from "../../backend.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { putStrided, putWithStrides, stridesWithout } from "./strided.ts";

const argReduceKernel = kernel("arg_reduce");

/**
 * @param values - of the input's dtype, or null if not wanted
 * @param indices - int64. Both have the input's dimensions with size 1 in `dim`; one element if `dim` is null
 * @param input - real; not empty along what is reduced
 * @param dim - null reduces everything: the index then counts in row-major order
 */
export function argReduce(
  kind: "max" | "min",
  values: Operand | null,
  indices: Operand,
  input: Operand,
  dim: number | null,
): void {
  const { shape } = input.layout;
  const stridesOf = (x: Operand) => (dim === null ? shape.map(() => 0) : stridesWithout(x, dim));
  putAll(0, [kind === "max" ? 0 : 1, shape.length, dim ?? -1]);
  let at = putStrided(putAll(3, shape), input);
  at = putWithStrides(at, values ?? indices, stridesOf(values ?? indices));
  if (values === null) args[at - shape.length - 2] = 0;
  args[at++] = operandAddress(indices);
  args[at++] = indices.dtype.code;
  putAll(at, stridesOf(indices));
  check(kind, argReduceKernel());
}
