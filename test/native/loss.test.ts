/** @file Losses against plain loops, in every layout. */
import { describe, expect, test } from "vitest";
import { nllLoss, nllLossBackward } from "../../src/backends/cpu/kernels/loss.ts";
import { IndexError } from "../../src/core/errors.ts";
import type { Shape } from "../../src/core/shape.ts";
import { fill, integers, numberOf, ORDERS, operand, positionsOf, valuesOf } from "./operands.ts";
import { expectClose, floating, sum } from "./rows.ts";

describe.each(ORDERS)("%s", (order) => {
  describe.each(floating)("nllLoss in %s", (dtype, tolerance) => {
    test.each<[Shape]>([[[3]], [[5, 3]], [[2, 3, 4]], [[2, 3, 2, 2]]])("of %j", (shape) => {
      const next = integers(4);
      const classDim = shape.length === 1 ? 0 : 1;
      const targetShape = shape.filter((_, d) => d !== classDim);
      const x = operand(
        dtype,
        shape,
        fill(shape, () => -next(0, 64) / 16),
        order,
      );
      const values = valuesOf(x);
      const targets = fill(targetShape, () => next(0, 3));
      if (targets.length > 2) targets[1] = -100;
      const target = operand("int64", targetShape, targets, order);
      const weights = [0.5, 1, 2];
      for (const weight of [null, operand(dtype, [3], weights)]) {
        const weightOf = (t: number) => (t < 0 ? 0 : weight ? (weights[t] as number) : 1);
        const places = positionsOf(targetShape).map((p, i) =>
          p.toSpliced(classDim, 0, Math.max(targets[i] as number, 0)),
        );
        const losses = places.map((p, i) => -weightOf(targets[i] as number) * (values[numberOf(p, shape)] as number));
        const total = sum(targets.map(weightOf));
        for (const reduction of ["none", "mean", "sum"] as const) {
          const expected = reduction === "none" ? losses : [reduction === "mean" ? sum(losses) / total : sum(losses)];
          const outShape = reduction === "none" ? targetShape : [];
          const out = operand(dtype, outShape, [], order);
          const totalOut = operand(dtype, []);
          const options = { weight, reduction, ignoreIndex: -100 };
          nllLoss(out, totalOut, x, target, options);
          expectClose(
            valuesOf(out),
            expected.map((v) => v + 0),
            2 * tolerance,
          );

          const grad = operand(
            dtype,
            outShape,
            fill(outShape, () => next(1, 5)),
            order,
          );
          const grads = valuesOf(grad);
          const gradInput = operand(
            dtype,
            shape,
            fill(shape, () => 9),
            order,
          );
          nllLossBackward(gradInput, grad, totalOut, target, options);
          const expectedGrad = fill(shape, () => 0);
          places.forEach((p, i) => {
            const g = grads[reduction === "none" ? i : 0] as number;
            expectedGrad[numberOf(p, shape)] =
              (-weightOf(targets[i] as number) * g) / (reduction === "mean" ? total : 1) + 0;
          });
          expectClose(valuesOf(gradInput), expectedGrad, 2 * tolerance);
        }
      }
    });
  });
});

test("a target that is no class", () => {
  const x = operand("float32", [2, 3]);
  const run = (target: number) => () =>
    nllLoss(operand("float32", []), operand("float32", []), x, operand("int64", [2], [0, target]), {
      weight: null,
      reduction: "mean",
      ignoreIndex: -100,
    });
  expect(run(3)).toThrow(new IndexError("nllLoss: target 3 is out of bounds for 3 classes"));
  expect(run(-1)).toThrow(new IndexError("nllLoss: target -1 is out of bounds for 3 classes"));
});
