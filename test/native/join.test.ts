/** @file cat and stack against plain loops, in every dtype and layout. */
import { describe, expect, test } from "vitest";
import { cat, stack } from "../../src/backends/cpu/kernels/join.ts";
import { fill, integers, numberOf, ORDERS, operand, positionsOf, valuesOf } from "./operands.ts";
import { REAL } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(REAL)("%s", (dtype) => {
    const next = integers(3);

    test.each([0, 1, 2])("cat along %i", (dim) => {
      const shapes = [2, 0, 3, 1].map((n) => [2, 3, 4].with(dim, n));
      const parts = shapes.map((shape) => fill(shape, () => next(0, 9)));
      const inputs = shapes.map((shape, i) => operand(i === 2 ? "int32" : dtype, shape, parts[i], ORDERS[i % 3]));
      const outShape = [2, 3, 4].with(dim, 6);
      const out = operand(dtype, outShape, [], order);
      cat(out, inputs, dim);
      const expected: number[] = [];
      let start = 0;
      shapes.forEach((shape, k) => {
        positionsOf(shape).forEach((p, i) => {
          expected[numberOf(p.with(dim, (p[dim] as number) + start), outShape)] = (parts[k] as number[])[i] as number;
        });
        start += shape[dim] as number;
      });
      expect(valuesOf(out)).toEqual(expected);
    });
  });
});

test("stack, and more inputs than one call has room for", () => {
  const inputs = Array.from({ length: 2000 }, (_, i) => operand("float32", [3], [i, -i, 1]));
  const out = operand("float32", [2000, 3]);
  stack(out, inputs, 0);
  expect(valuesOf(out)).toEqual(inputs.flatMap(valuesOf));
  const across = operand("float32", [3, 2000]);
  stack(across, inputs, 1);
  expect(valuesOf(across).slice(0, 3)).toEqual([0, 1, 2]);
  expect(valuesOf(across).slice(-2)).toEqual([1, 1]);
});
