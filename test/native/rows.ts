/** @file What the tests of kernels that work along a dimension share. */
import { expect } from "vitest";
import type { DTypeName } from "../../src/core/dtype.ts";
import type { Shape } from "../../src/core/shape.ts";
import { fill, numberOf, positionsOf } from "./operands.ts";

export const REAL: readonly DTypeName[] = [
  "uint8",
  "int8",
  "int16",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
];
/** A result is rounded once from what was computed in at least float32. */
export const FLOATING = { float32: 2e-6, float64: 1e-13, float16: 2 ** -10, bfloat16: 2 ** -7 } as const;
export const floating = Object.entries(FLOATING) as [keyof typeof FLOATING, number][];

export function expectClose(got: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(got.length).toBe(expected.length);
  const isClose = (x: number, y: number) =>
    Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * (1 + Math.abs(y));
  const wrong = got.findIndex((x, i) => !isClose(x, expected[i] as number));
  if (wrong >= 0) expect.fail(`element ${wrong}: expected ${expected[wrong]}, got ${got[wrong]}`);
}

/** Applies `f` to the rows along `dim`; each gives as many numbers as the result has along it. */
export function alongDim(
  values: readonly number[],
  shape: Shape,
  dim: number,
  f: (row: number[]) => number[],
): number[] {
  const size = shape[dim] as number;
  const rows = positionsOf(shape.with(dim, 1)).map((p) => {
    const row = Array.from({ length: size }, (_, i) => values[numberOf(p.with(dim, i), shape)] as number);
    return { p, result: f(row) };
  });
  const outShape = shape.with(dim, rows[0]?.result.length ?? size);
  const out: number[] = [];
  for (const { p, result } of rows) {
    result.forEach((v, i) => {
      out[numberOf(p.with(dim, i), outShape)] = v;
    });
  }
  return out;
}

export const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);

/** Short and long rows, along a dense dimension and across. */
export const shapes: [Shape, number][] = [
  [[6], 0],
  [[5, 7], 1],
  [[5, 7], 0],
  [[3, 4, 2], 1],
  [[2, 600], 1],
  [[600, 2], 0],
];

/** Numbers of which few are equal, and for floating dtypes some special ones. */
export function some(dtype: DTypeName, shape: Shape, next: (low: number, high: number) => number): number[] {
  const special = [Number.NaN, Infinity, -Infinity, -0];
  return fill(shape, () =>
    dtype.includes("float") && next(0, 20) === 0 ? (special[next(0, 4)] as number) : next(0, 50),
  );
}
