/** @file Maxima and minima with their positions against plain loops, in every dtype and layout. */
import { describe, expect, test } from "vitest";
import { argReduce } from "../../src/backends/cpu/kernels/arg-reduce.ts";
import { integers, ORDERS, operand, valuesOf } from "./operands.ts";
import { alongDim, expectClose, REAL, shapes, some } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(REAL)("%s", (dtype) => {
    const next = integers(3);

    test.each(shapes)("argReduce of %j along %i", (shape, dim) => {
      const values = some(dtype, shape, next);
      const x = operand(dtype, shape, values, order);
      for (const kind of ["max", "min"] as const) {
        const first = (row: readonly number[]) => {
          const nan = row.findIndex(Number.isNaN);
          return nan >= 0 ? nan : row.indexOf(Math[kind](...row) + 0);
        };
        const outShape = shape.with(dim, 1);
        const best = operand(dtype, outShape, [], order);
        const places = operand("int64", outShape, [], order);
        argReduce(kind, best, places, x, dim);
        expect(valuesOf(places)).toEqual(alongDim(values, shape, dim, (row) => [first(row)]));
        expectClose(
          valuesOf(best),
          alongDim(values, shape, dim, (row) => [row[first(row)] as number]),
          0,
        );
        const one = operand("int64", []);
        argReduce(kind, null, one, x, null);
        expect(valuesOf(one)).toEqual([first(values)]);
      }
    });
  });
});
