/** @file gather, scatter, indexing, nonzero and masks against plain loops, in every dtype size and layout. */
import { describe, expect, test } from "vitest";
import * as kernels from "../../src/backends/cpu/kernels/index.ts";
import type { DTypeName } from "../../src/core/dtype.ts";
import { IndexError, ValueError } from "../../src/core/errors.ts";
import { numelOf } from "../../src/core/shape.ts";
import { fill, integers, numberOf, ORDERS, operand, positionsOf, valuesOf } from "./operands.ts";

const DTYPES: readonly DTypeName[] = [
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

describe.each(DTYPES)("%s", (dtype) => {
  describe.each(ORDERS)("%s", (order) => {
    const next = integers(5);
    const small = () => next(0, 9);

    test.each([0, 1, 2])("gather along %i", (dim) => {
      const shape = [3, 4, 5];
      const indexShape = shape.map((n, d) => (d === dim ? 6 : n - 1));
      const values = fill(shape, small);
      const places = fill(indexShape, () => next(0, shape[dim] as number));
      const input = operand(dtype, shape, values, order);
      const expected = positionsOf(indexShape).map((p, i) => values[numberOf(p.with(dim, places[i] as number), shape)]);
      for (const indexType of ["int64", "int32"] as const) {
        const out = operand(dtype, indexShape, [], order);
        kernels.gather(out, input, dim, operand(indexType, indexShape, places, "columns"));
        expect(valuesOf(out)).toEqual(expected);
      }
    });

    test.each(["set", "add", "multiply", "amin", "amax"] as const)("scatter, %s", (mode) => {
      const shape = [4, 3];
      const indexShape = [6, 2];
      const values = fill(shape, () => next(1, 4));
      const places = fill(indexShape, () => next(0, 4));
      const source = fill(indexShape, () => next(1, 4));
      const combine = {
        set: (_: number, b: number) => b,
        add: (a: number, b: number) => a + b,
        multiply: (a: number, b: number) => a * b,
        amin: Math.min,
        amax: Math.max,
      }[mode];
      for (const includeSelf of [true, false]) {
        const expected = [...values];
        const seen = new Set<number>();
        positionsOf(indexShape).forEach((p, i) => {
          const at = numberOf(p.with(0, places[i] as number), shape);
          const first = !includeSelf && !seen.has(at);
          seen.add(at);
          expected[at] = first ? (source[i] as number) : combine(expected[at] as number, source[i] as number);
        });
        const self = operand(dtype, shape, values, order);
        kernels.scatter(
          self,
          0,
          operand("int64", indexShape, places),
          operand(dtype, indexShape, source, order),
          mode,
          includeSelf,
        );
        expect(valuesOf(self)).toEqual(expected);
      }
    });

    test("scatter of one element", () => {
      const self = operand(dtype, [2, 3], [], order);
      kernels.scatter(self, 1, operand("int64", [2, 1], [2, 0]), operand(dtype, [], [7]), "set");
      expect(valuesOf(self)).toEqual([0, 0, 7, 7, 0, 0]);
    });

    // Which dimensions are indexed, by tensors of which shapes.
    test.each<[indexed: Record<number, number[]>, shape: number[]]>([
      [{ 0: [4] }, [4, 3, 2, 4]],
      [{ 1: [2, 2] }, [5, 2, 2, 2, 4]],
      [{ 3: [] }, [5, 3, 2]],
      [{ 0: [4], 1: [4] }, [4, 2, 4]],
      [{ 1: [3, 1], 2: [1, 2] }, [5, 3, 2, 4]],
      [{ 0: [2], 2: [2] }, [2, 3, 4]],
      [{ 0: [1], 1: [6], 2: [6], 3: [6] }, [6]],
      [{ 1: [0] }, [5, 0, 2, 4]],
    ])("index %j", (indexed, shape) => {
      const selfShape = [5, 3, 2, 4];
      const values = fill(selfShape, small);
      const indices = selfShape.map((size, d) => {
        const indexShape = indexed[d];
        return indexShape ? { shape: indexShape, values: fill(indexShape, () => next(-size, size)) } : null;
      });
      const operands = indices.map((x) => x && operand("int64", x.shape, x.values, order));
      expect(kernels.indexedShape("index", selfShape, operands)).toEqual(shape);

      const dims = indices.flatMap((x, d) => (x ? [d] : []));
      const adjacent = dims.every((d, i) => d === (dims[0] as number) + i);
      const start = adjacent ? (dims[0] as number) : 0;
      const broadcastRank = Math.max(...indices.map((x) => x?.shape.length ?? 0));
      /** Where in self a position of the result lies. */
      const source = (p: readonly number[]): number => {
        const within = p.slice(start, start + broadcastRank);
        const rest = [...p.slice(0, start), ...p.slice(start + broadcastRank)];
        const at = indices.map((x, d) => {
          if (x === null) return rest.shift() as number;
          const inner = within.slice(broadcastRank - x.shape.length).map((i, k) => (x.shape[k] === 1 ? 0 : i));
          const place = x.values[numberOf(inner, x.shape)] as number;
          return place < 0 ? place + (selfShape[d] as number) : place;
        });
        return numberOf(at, selfShape);
      };
      const out = operand(dtype, shape, [], order);
      kernels.index(out, operand(dtype, selfShape, values, order), operands);
      expect(valuesOf(out)).toEqual(positionsOf(shape).map((p) => values[source(p)]));

      const written = fill(shape, () => next(0, 3));
      for (const accumulate of [false, true]) {
        const expected = [...values];
        positionsOf(shape).forEach((p, i) => {
          const at = source(p);
          expected[at] = (accumulate ? (expected[at] as number) : 0) + (written[i] as number);
        });
        const self = operand(dtype, selfShape, values, order);
        kernels.indexPut(self, operands, operand(dtype, shape, written, order), accumulate);
        expect(valuesOf(self)).toEqual(expected);
      }
      const self = operand(dtype, selfShape, values, order);
      kernels.indexPut(self, operands, operand(dtype, [1], [3]), false);
      const touched = new Set(positionsOf(shape).map(source));
      expect(valuesOf(self)).toEqual(values.map((v, i) => (touched.has(i) ? 3 : v)));
    });

    test("indexSelect, indexAdd and indexCopy", () => {
      const values = fill([4, 3], small);
      const row = (i: number) => values.slice(3 * i, 3 * i + 3);
      const self = operand(dtype, [4, 3], values, order);
      const places = operand("int64", [3], [2, 0, 2]);
      const out = operand(dtype, [3, 3], [], order);
      kernels.indexSelect(out, self, 0, places);
      expect(valuesOf(out)).toEqual([...row(2), ...row(0), ...row(2)]);
      const source = operand(dtype, [3, 3], [1, 1, 1, 2, 2, 2, 3, 3, 3], order);
      kernels.indexAdd(self, 0, places, source);
      expect(valuesOf(self)).toEqual([...row(0).map((v) => v + 2), ...row(1), ...row(2).map((v) => v + 4), ...row(3)]);
      kernels.indexCopy(self, 0, places, source);
      expect(valuesOf(self)).toEqual([2, 2, 2, ...row(1), 3, 3, 3, ...row(3)]);
    });

    test("nonzero and masks", () => {
      const shape = [3, 2, 4];
      const values = fill(shape, () => next(0, 2) * next(1, 5));
      const x = operand(dtype, shape, values, order);
      const positions = positionsOf(shape).filter((_, i) => values[i] !== 0);
      expect(kernels.countNonzero(x)).toBe(positions.length);
      const out = operand("int64", [positions.length, 3], [], "columns");
      kernels.nonzero(out, x);
      expect(valuesOf(out)).toEqual(positions.flat());

      const mask = fill([2, 4], () => next(0, 2));
      const on = operand("bool", [2, 4], mask, order);
      const picked = positionsOf(shape).flatMap((p, i) => (mask[numberOf(p.slice(1), [2, 4])] ? [i] : []));
      expect(kernels.countNonzero(on, shape)).toBe(picked.length);
      const selected = operand(dtype, [picked.length]);
      kernels.maskedSelect(selected, x, on, shape);
      expect(valuesOf(selected)).toEqual(picked.map((i) => values[i]));

      const source = fill([picked.length], small);
      kernels.maskedScatter(x, on, operand(dtype, [picked.length], source));
      const expected = [...values];
      picked.forEach((at, i) => {
        expected[at] = source[i] as number;
      });
      expect(valuesOf(x)).toEqual(expected);
      if (picked.length > 0) expect(() => kernels.maskedScatter(x, on, operand(dtype, [0]))).toThrow(ValueError);
    });
  });
});

test("NaN is not zero, and wins in amin and amax", () => {
  expect(kernels.countNonzero(operand("float32", [3], [0, Number.NaN, -0]))).toBe(1);
  const self = operand("float32", [2], [1, 2]);
  kernels.scatter(self, 0, operand("int64", [3], [0, 0, 1]), operand("float32", [3], [Number.NaN, 5, 7]), "amax");
  expect(valuesOf(self)).toEqual([Number.NaN, 7]);
});

test("large tensors go in pieces", () => {
  const n = 40_000;
  const places = Array.from({ length: n }, (_, i) => (i * 7919) % n);
  const x = operand(
    "int32",
    [n],
    Array.from({ length: n }, (_, i) => i),
  );
  const index = operand("int64", [n], places);
  for (const run of [
    (out: typeof x) => kernels.gather(out, x, 0, index),
    (out: typeof x) => kernels.index(out, x, [index]),
  ]) {
    const out = operand("int32", [n]);
    run(out);
    expect(valuesOf(out)).toEqual(places);
  }
});

describe("an index out of range", () => {
  const x = operand("float32", [10, 2]);
  const one = (value: number) => operand("int64", [1], [value]);

  test("of gather and scatter, where negative ones are too", () => {
    const index = operand("int64", [1, 1], [12]);
    const out = operand("float32", [1, 1]);
    expect(() => kernels.gather(out, x, 0, index)).toThrow(
      new IndexError("gather: index 12 is out of bounds for dimension 0 with size 10"),
    );
    expect(() => kernels.scatter(x, 1, operand("int64", [1, 1], [-1]), out, "add")).toThrow(
      new IndexError("scatter: index -1 is out of bounds for dimension 1 with size 2"),
    );
  });

  test("of index and indexPut, naming the dimension", () => {
    expect(() => kernels.index(operand("float32", [1, 10]), x, [null, one(2)])).toThrow(
      new IndexError("index: index 2 is out of bounds for dimension 1 with size 2"),
    );
    expect(() => kernels.indexPut(x, [one(9), one(-3)], operand("float32", [1]), true)).toThrow(
      new IndexError("indexPut: index -3 is out of bounds for dimension 1 with size 2"),
    );
    expect(() => kernels.indexSelect(operand("float32", [1, 2]), x, 0, one(-1))).toThrow(
      new IndexError("indexSelect: index -1 is out of bounds for dimension 0 with size 10"),
    );
  });
});

test("empty index tensors touch nothing", () => {
  const x = operand("float32", [0, 4]);
  expect(kernels.countNonzero(x)).toBe(0);
  kernels.gather(operand("float32", [0, 4]), x, 0, operand("int64", [0, 4]));
  expect(numelOf(kernels.indexedShape("index", [0, 4], [operand("int64", [0])]))).toBe(0);
});
