/** @file Running sums, products and extremes against plain loops, in every dtype and layout. */
import { describe, expect, test } from "vitest";
import * as scan from "../../src/backends/cpu/kernels/scan.ts";
import { fill, integers, ORDERS, operand, valuesOf } from "./operands.ts";
import { alongDim, expectClose, FLOATING, REAL, shapes } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(REAL)("%s", (dtype) => {
    const isFloat = dtype.includes("float");
    const next = integers(3);

    test.each(shapes.slice(0, 4))("scans of %j along %i", (shape, dim) => {
      const values = fill(shape, () => next(0, 3));
      const x = operand(dtype, shape, values, order);
      const out = operand(dtype, shape, [], order);
      const running = (f: (a: number, b: number) => number) => (row: number[]) => {
        let total: number | null = null;
        return row.map((v) => {
          total = total === null ? v : f(total, v);
          return total;
        });
      };
      scan.cumsum(out, x, dim);
      expect(valuesOf(out)).toEqual(
        alongDim(
          values,
          shape,
          dim,
          running((a, b) => a + b),
        ),
      );
      scan.cumprod(out, x, dim);
      expect(valuesOf(out)).toEqual(
        alongDim(
          values,
          shape,
          dim,
          running((a, b) => a * b),
        ),
      );
      const places = operand("int64", shape, [], order);
      for (const [cumulative, f] of [
        [scan.cummax, Math.max],
        [scan.cummin, Math.min],
      ] as const) {
        cumulative(out, places, x, dim);
        const best = (row: number[]) => running((a, b) => f(a, b))(row);
        expect(valuesOf(out)).toEqual(alongDim(values, shape, dim, best));
        expect(valuesOf(places)).toEqual(
          alongDim(values, shape, dim, (row) => best(row).map((v, i) => row.slice(0, i + 1).lastIndexOf(v))),
        );
      }
      if (!isFloat) return;
      scan.logcumsumexp(out, x, dim);
      const tolerance = 2 * (FLOATING[dtype as keyof typeof FLOATING] as number);
      expectClose(
        valuesOf(out),
        alongDim(
          values,
          shape,
          dim,
          running((a, b) => Math.log(Math.exp(a) + Math.exp(b))),
        ),
        tolerance,
      );
    });
  });
});

test("NaN stays in cummax and logcumsumexp", () => {
  const { NaN: nan } = Number;
  const x = operand("float32", [4], [1, nan, 3, nan]);
  const out = operand("float32", [4]);
  const places = operand("int64", [4]);
  scan.cummax(out, places, x, 0);
  expect(valuesOf(out)).toEqual([1, nan, nan, nan]);
  expect(valuesOf(places)).toEqual([0, 1, 1, 3]);
  scan.logcumsumexp(out, x, 0);
  expect(valuesOf(out)).toEqual([1, nan, nan, nan]);
  scan.logcumsumexp(out, operand("float32", [4], [-Infinity, -Infinity, 0, Infinity]), 0);
  expect(valuesOf(out)).toEqual([-Infinity, -Infinity, 0, Infinity]);
});
