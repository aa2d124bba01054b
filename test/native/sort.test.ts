/** @file Sorting, selecting and searching against plain loops, in every dtype and layout. */
import { describe, expect, test } from "vitest";
import { kthvalue, searchsorted, sort, topk } from "../../src/backends/cpu/kernels/sort.ts";
import { IndexError } from "../../src/core/errors.ts";
import { integers, ORDERS, operand, valuesOf } from "./operands.ts";
import { alongDim, expectClose, REAL, shapes, some } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(REAL)("%s", (dtype) => {
    const next = integers(3);

    test.each(shapes)("sort, topk and kthvalue of %j along %i", (shape, dim) => {
      const values = some(dtype, shape, next);
      const x = operand(dtype, shape, values, order);
      const rank = (v: number) => (Number.isNaN(v) ? 1 : 0);
      const compare = (a: number, b: number) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
      for (const descending of [false, true]) {
        const orderOf = (row: readonly number[]) =>
          row.map((_, i) => i).sort((i, j) => compare(row[i] as number, row[j] as number) * (descending ? -1 : 1));
        const sorted = operand(dtype, shape, [], order);
        const places = operand("int64", shape, [], order);
        sort(sorted, places, x, dim, descending, true);
        expect(valuesOf(places)).toEqual(alongDim(values, shape, dim, orderOf));
        expectClose(
          valuesOf(sorted),
          alongDim(values, shape, dim, (row) => orderOf(row).map((i) => row[i] as number)),
          0,
        );

        const k = Math.ceil((shape[dim] as number) / 2);
        const topShape = shape.with(dim, k);
        const top = operand(dtype, topShape, [], order);
        const topPlaces = operand("int64", topShape, [], order);
        topk(top, topPlaces, x, k, dim, descending, true);
        const best = alongDim(values, shape, dim, (row) =>
          orderOf(row)
            .slice(0, k)
            .map((i) => row[i] as number),
        );
        expectClose(valuesOf(top), best, 0);
        if (!descending) {
          const one = shape.with(dim, 1);
          const kth = operand(dtype, one, [], order);
          kthvalue(kth, operand("int64", one, [], order), x, k, dim);
          expectClose(
            valuesOf(kth),
            alongDim(values, shape, dim, (row) => [row[orderOf(row)[k - 1] as number] as number]),
            0,
          );
        }
      }
    });
  });
});

test("searchsorted", () => {
  const sequence = operand("float32", [2, 4], [1, 3, 3, 5, 0, 1, 2, 3], "columns");
  const values = operand("float32", [2, 3], [3, 0, 9, 1.5, 3, -1]);
  const out = operand("int64", [2, 3]);
  searchsorted(out, sequence, values, false, null);
  expect(valuesOf(out)).toEqual([1, 0, 4, 2, 3, 0]);
  searchsorted(out, sequence, values, true, null);
  expect(valuesOf(out)).toEqual([3, 0, 4, 2, 4, 0]);
  const shuffled = operand("float32", [2, 4], [5, 3, 1, 3, 3, 2, 1, 0]);
  searchsorted(out, shuffled, values, true, operand("int64", [2, 4], [2, 1, 3, 0, 3, 2, 1, 0]));
  expect(valuesOf(out)).toEqual([3, 0, 4, 2, 4, 0]);
  expect(() => searchsorted(out, shuffled, values, true, operand("int64", [2, 4], [2, 1, 3, 0, 3, 2, 1, 4]))).toThrow(
    IndexError,
  );
});
