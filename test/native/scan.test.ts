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

/** Rows that are long enough to be added up in segments, by several threads. */
describe.each(REAL.filter((dtype) => dtype !== "uint8"))("long sums of %s", (dtype) => {
  const long = (n: number) => Array.from({ length: n }, (_, i) => ((i * i) % 7) - 2);
  const running = (row: readonly number[]) => {
    let total = 0;
    return row.map((v) => {
      total += v;
      return total;
    });
  };

  test.each([63, 64, 67, 2047, 2048, 5003, 70_001])("%i elements", (n) => {
    const values = long(n);
    const x = operand(dtype, [n], values);
    const out = operand(dtype, [n]);
    scan.cumsum(out, x, 0);
    expect(valuesOf(out)).toEqual(running(values));
    scan.cumsum(x, x, 0);
    expect(valuesOf(x)).toEqual(running(values));
  });
});

test("a long sum is as exact as one in float64", () => {
  const n = 100_000;
  const values = Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i) * 10 ** (i % 5)));
  const out = operand("float32", [n]);
  scan.cumsum(out, operand("float32", [n], values), 0);
  let total = 0;
  const off = valuesOf(out).map((sum, i) => {
    total += values[i]!;
    return Math.abs(sum - total) / Math.max(Math.abs(total), 1e-3);
  });
  expect(Math.max(...off.slice(0, 50_000), ...off.slice(50_000))).toBeLessThan(2 ** -24 * 1.01);
});

test("infinities and NaN in a long sum stay from where they are", () => {
  const values = new Array<number>(5000).fill(1);
  values[1000] = Infinity;
  values[3000] = -Infinity;
  const out = operand("float32", [5000]);
  scan.cumsum(out, operand("float32", [5000], values), 0);
  const sums = valuesOf(out);
  expect([sums[999], sums[1000], sums[2999], sums[3000], sums[4999]]).toEqual([1000, Infinity, Infinity, NaN, NaN]);
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
