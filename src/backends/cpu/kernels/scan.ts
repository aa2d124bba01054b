/** @file Running sums, products, maxima and minima along one dimension. Input and result have one shape and one dtype. */
import type { Operand } from "../../backend.ts";
import { check, putAll } from "../call.ts";
import { kernel } from "../engine.ts";
import { putStrided } from "./strided.ts";

const scanKernel = kernel("scan");

function run(op: string, kind: number, input: Operand, out: Operand, indices: Operand | null, dim: number): void {
  const { shape } = input.layout;
  putAll(0, [kind, shape.length, dim]);
  const at = putStrided(putStrided(putAll(3, shape), input), out);
  if (indices !== null) putStrided(at, indices);
  check(op, scanKernel());
}

export function cumsum(out: Operand, input: Operand, dim: number): void {
  run("cumsum", 0, input, out, null, dim);
}

export function cumprod(out: Operand, input: Operand, dim: number): void {
  run("cumprod", 1, input, out, null, dim);
}

/** `indices` (int64) point at the last of equal maxima so far. */
export function cummax(values: Operand, indices: Operand, input: Operand, dim: number): void {
  run("cummax", 2, input, values, indices, dim);
}

/** `indices` (int64) point at the last of equal minima so far. */
export function cummin(values: Operand, indices: Operand, input: Operand, dim: number): void {
  run("cummin", 3, input, values, indices, dim);
}

/** Floating dtypes only. */
export function logcumsumexp(out: Operand, input: Operand, dim: number): void {
  run("logcumsumexp", 4, input, out, null, dim);
}
