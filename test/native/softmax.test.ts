/** @file Softmax and its derivatives against plain loops, in every layout. */
import { describe, expect, test } from "vitest";
import * as softmax from "../../src/backends/cpu/kernels/softmax.ts";
import type { Shape } from "../../src/core/shape.ts";
import { fill, integers, ORDERS, operand, valuesOf } from "./operands.ts";
import { alongDim, expectClose, floating, sum } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(floating)("softmax in %s", (dtype, tolerance) => {
    // Short and long rows, along a dense dimension and across.
    test.each<[Shape, number]>([
      [[7, 10], 1],
      [[10, 7], 0],
      [[3, 40, 5], 1],
      [[2, 300], 1],
      [[45, 150], 0],
      [[1], 0],
      [[70, 2, 3], 0],
    ])("%j along %i", (shape, dim) => {
      const next = integers(9);
      const x = operand(
        dtype,
        shape,
        fill(shape, () => next(-40, 40) / 8),
        order,
      );
      const values = valuesOf(x);
      const logRow = (row: number[]) => {
        const max = Math.max(...row);
        const log = max + Math.log(sum(row.map((v) => Math.exp(v - max))));
        return row.map((v) => v - log);
      };
      const logs = alongDim(values, shape, dim, logRow);
      const grad = operand(
        dtype,
        shape,
        fill(shape, () => next(-8, 8) / 4),
        order,
      );
      const grads = valuesOf(grad);

      const out = operand(dtype, shape, [], order);
      softmax.softmax(out, x, dim);
      expectClose(valuesOf(out), logs.map(Math.exp), tolerance);
      const result = valuesOf(out);
      const products = alongDim(
        grads.map((g, i) => g * (result[i] as number)),
        shape,
        dim,
        (row) => row.map(() => sum(row)),
      );
      softmax.softmaxBackward(out, grad, out, dim);
      expectClose(
        valuesOf(out),
        result.map((y, i) => y * ((grads[i] as number) - (products[i] as number))),
        4 * tolerance,
      );

      softmax.logSoftmax(out, x, dim);
      expectClose(valuesOf(out), logs, 4 * tolerance);
      const logResult = valuesOf(out);
      const sums = alongDim(grads, shape, dim, (row) => row.map(() => sum(row)));
      softmax.logSoftmaxBackward(out, grad, out, dim);
      expectClose(
        valuesOf(out),
        logResult.map((y, i) => (grads[i] as number) - Math.exp(y) * (sums[i] as number)),
        16 * tolerance,
      );
    });
  });

  test("softmax of infinities and NaN", () => {
    const { NaN: nan, NEGATIVE_INFINITY: low } = Number;
    const x = operand("float32", [4, 3], [low, 1, 1, low, low, low, nan, 1, 1, Infinity, 0, 0], order);
    const out = operand("float32", [4, 3], [], order);
    softmax.softmax(out, x, 1);
    // As PyTorch: inf - inf makes its whole row NaN.
    expect(valuesOf(out)).toEqual([0, 0.5, 0.5, ...new Array(9).fill(nan)]);
  });
});
