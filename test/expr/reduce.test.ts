import { afterAll, describe, expect, it } from "vitest";
import { lift } from "../../src/expr/expr.ts";
import { evaluate, REDUCTIONS, type ReductionName, type RegisterType, scalar } from "../../src/expr/index.ts";
import { REDUCTION_NAMES, type Reduction } from "../../src/expr/reductions.ts";
import {
  contiguous,
  type DTypeName,
  engine,
  ISAS,
  Memory,
  type Operand,
  REGISTER_DTYPE,
  randoms,
  reduce,
} from "./machine.ts";

afterAll(() => engine.setIsa(ISAS.at(-1)!));

/** Plain definitions, which know nothing of the declarations. */
const PLAIN: { readonly [R in ReductionName]: (x: readonly number[], s: readonly number[]) => readonly number[] } = {
  sum: (x) => [total(x)],
  nansum: (x) => [total(x.filter((v) => !Number.isNaN(v)))],
  mean: (x) => [total(x) / x.length],
  nanmean: (x) => [total(x.filter((v) => !Number.isNaN(v))) / x.filter((v) => !Number.isNaN(v)).length],
  prod: (x) => [x.reduce((a, b) => a * b, 1)],
  amax: (x) => [Math.max(...x)],
  amin: (x) => [Math.min(...x)],
  aminmax: (x) => [Math.min(...x), Math.max(...x)],
  any: (x) => [x.some((v) => v !== 0) ? 1 : 0],
  all: (x) => [x.every((v) => v !== 0) ? 1 : 0],
  countNonzero: (x) => [x.filter((v) => v !== 0).length],
  sumOfSquares: (x) => [total(x.map((v) => v * v))],
  varMean: (x, [c]) => [variance(x, c!), total(x) / x.length],
  var: (x, [c]) => [variance(x, c!)],
  std: (x, [c]) => [Math.sqrt(variance(x, c!))],
  stdMean: (x, [c]) => [Math.sqrt(variance(x, c!)), total(x) / x.length],
  norm1: (x) => [total(x.map(Math.abs))],
  norm2: (x) => [Math.sqrt(total(x.map((v) => v * v)))],
  normP: (x, [p]) => [total(x.map((v) => Math.abs(v) ** p!)) ** (1 / p!)],
  normInf: (x) => [Math.max(...x.map(Math.abs))],
  normNegInf: (x) => [Math.min(...x.map(Math.abs))],
  logsumexp: (x) => {
    const top = Math.max(...x);
    return [Math.abs(top) === Infinity ? top : top + Math.log(total(x.map((v) => Math.exp(v - top))))];
  },
};
const total = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
function variance(x: readonly number[], correction: number): number {
  const mean = total(x) / x.length;
  return total(x.map((v) => (v - mean) ** 2)) / Math.max(0, x.length - correction);
}

const SCALARS: { readonly [R in ReductionName]?: readonly number[] } = {
  varMean: [1],
  var: [1],
  std: [0],
  stdMean: [1],
  normP: [3],
};

const declared = (name: ReductionName): Reduction => REDUCTIONS[name];
const resultsOf = (name: ReductionName) => {
  const { init, finish, scalars } = declared(name);
  return finish(
    init.map((_, i) => scalar(`a${i}`)),
    scalar("n"),
    scalars.map((s) => scalar(s)),
  ).length;
};

function positions(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const size of shape) all = all.flatMap((p) => Array.from({ length: size }, (_, i) => [...p, i]));
  return all;
}

/** Reduces on the engine and plainly, and compares. */
function expectReduction(
  name: ReductionName,
  type: RegisterType,
  input: Operand,
  shape: readonly number[],
  dims: readonly number[],
  outType: DTypeName = REGISTER_DTYPE[type],
  tolerance = type === "f32" ? 4e-6 : 1e-12,
) {
  const keptShape = shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const full = contiguous(keptShape);
  const strides = full.map((s, d) => (dims.includes(d) ? 0 : s));
  const count = keptShape.reduce((a, b) => a * b, 1);
  const outs = Array.from({ length: resultsOf(name) }, () => ({ memory: new Memory(outType, count), strides }));
  const scalars = SCALARS[name] ?? [];
  expect(reduce(name, type, outs, input, shape, scalars)).toBe(0);

  const groups = Array.from({ length: count }, (): number[] => []);
  for (const p of positions(shape)) {
    const to = p.reduce((sum, i, d) => sum + i * strides[d]!, 0);
    groups[to]!.push(input.memory.get(p.reduce((sum, i, d) => sum + i * input.strides[d]!, input.offset ?? 0)));
  }
  groups.forEach((values, g) => {
    PLAIN[name](values, scalars).forEach((exact, k) => {
      const got = outs[k]!.memory.get(g);
      const expected = Memory.of(outType, [exact]).get(0);
      const scale = Math.max(
        Math.abs(expected),
        name === "sum" || name === "mean" ? total(values.map(Math.abs)) / values.length : 0,
      );
      const isClose = Object.is(got, expected) || got === expected || Math.abs(got - expected) <= tolerance * scale;
      if (!isClose)
        expect.fail(
          `${name} of ${values.length} in ${type}, result ${k} of group ${g}: got ${got}, expected ${expected}`,
        );
    });
  });
}

function values(dtype: DTypeName, n: number, seed: number): Memory {
  const random = randoms(seed);
  const isWhole = !/float/.test(dtype);
  const one = () => (isWhole ? Math.floor(7 * random()) - (dtype === "uint8" ? 0 : 3) : 2.5 * random() - 1);
  return Memory.of(dtype, Array.from({ length: n }, one));
}

const LAYOUTS: readonly [string, readonly number[], readonly number[], readonly number[]][] = [
  ["all, 1", [1], [1], [0]],
  ["all, 5", [5], [1], [0]],
  ["all, 33", [33], [1], [0]],
  ["all, 1024", [1024], [1], [0]],
  ["all, 5000", [5000], [1], [0]],
  ["all, strided", [700], [3], [0]],
  ["rows", [7, 300], [300, 1], [1]],
  ["short rows", [40, 6], [6, 1], [1]],
  ["columns", [300, 7], [7, 1], [0]],
  ["many columns", [40, 150], [150, 1], [0]],
  ["columns, strided", [40, 70], [210, 3], [0]],
  ["transposed rows", [90, 70], [1, 90], [1]],
  ["middle", [3, 50, 20], [1000, 20, 1], [1]],
  ["channels", [4, 3, 6, 10], [180, 60, 10, 1], [0, 2, 3]],
  ["outer and inner", [5, 4, 30], [120, 30, 1], [0, 2]],
  ["permuted", [5, 4, 30], [4, 1, 20], [2, 0]],
  ["broadcast", [5, 40], [0, 1], [0]],
  ["broadcast within", [5, 40], [1, 0], [1]],
  ["nothing", [5, 40], [40, 1], []],
  ["no results", [0, 40], [40, 1], [1]],
];

describe.each(ISAS)("reductions on %s", (isa) => {
  it.each(LAYOUTS)("%s", (_, shape, strides, dims) => {
    engine.setIsa(isa);
    const extent = 4 + shape.reduce((sum, size, d) => sum + Math.max(0, size - 1) * strides[d]!, 0);
    for (const type of ["f32", "f64", "i64"] as const) {
      const input = { memory: values(REGISTER_DTYPE[type], extent, 3), offset: 2, strides };
      for (const name of REDUCTION_NAMES) {
        // Products of whole numbers leave the numbers that JavaScript adds exactly.
        if (!declared(name).accTypes.includes(type) || (name === "prod" && type === "i64")) continue;
        expectReduction(name, type, input, shape, dims);
      }
    }
  });

  it.each(["uint8", "int8", "int16", "int32", "int64", "bool", "float16", "bfloat16", "float32", "float64"] as const)(
    "%s elements",
    (dtype) => {
      engine.setIsa(isa);
      const input = { memory: values(dtype, 2000, 5), strides: [1] };
      const grid = { memory: input.memory, strides: [50, 1] };
      const type = /float/.test(dtype) ? "f32" : "i64";
      for (const name of ["sum", "amax", "any", "countNonzero"] as const) {
        expectReduction(name, type, input, [2000], [0]);
        expectReduction(name, type, grid, [40, 50], [0]);
        expectReduction(name, type, grid, [40, 50], [1]);
      }
      if (type === "f32") {
        expectReduction("mean", "f64", input, [2000], [0], dtype);
        expectReduction("var", "f64", grid, [40, 50], [1], dtype);
      }
    },
  );

  it("empty reductions give the identity", () => {
    engine.setIsa(isa);
    const input = { memory: new Memory("float32", 1), strides: [1, 1] };
    for (const name of ["sum", "prod", "mean", "any", "all", "var", "logsumexp", "norm2", "nansum"] as const) {
      for (const dims of [[1], [0]]) {
        const shape = dims[0] === 1 ? [70, 0] : [0, 70];
        expectReduction(name, "f32", input, shape, dims);
      }
    }
  });

  it("NaN and infinities", () => {
    engine.setIsa(isa);
    for (const n of [3, 40, 3000]) {
      for (const special of [NaN, Infinity, -Infinity]) {
        for (const where of [0, 1, n - 1]) {
          const memory = values("float32", n, 9);
          memory.set(where, special);
          for (const name of [
            "sum",
            "nansum",
            "mean",
            "nanmean",
            "amax",
            "amin",
            "any",
            "all",
            "logsumexp",
            "norm2",
          ] as const)
            expectReduction(name, "f32", { memory, strides: [1] }, [n], [0]);
        }
      }
      const memory = Memory.of(
        "float32",
        Array.from({ length: n }, () => -Infinity),
      );
      expectReduction("logsumexp", "f32", { memory, strides: [1] }, [n], [0]);
      expectReduction("amax", "f32", { memory, strides: [1] }, [n], [0]);
    }
  });

  it("int64 wraps and reaches the ends of its range", () => {
    engine.setIsa(isa);
    const memory = new Memory("int64", 3);
    [2n ** 63n - 1n, 5n, -(2n ** 63n)].forEach((v, i) => {
      memory.view.setBigInt64(8 * i, v, true);
    });
    const out = new Memory("int64", 1);
    const run = (name: ReductionName) => {
      expect(reduce(name, "i64", [{ memory: out, strides: [0] }], { memory, strides: [1] }, [3])).toBe(0);
      return out.view.getBigInt64(0, true);
    };
    expect(run("amax")).toBe(2n ** 63n - 1n);
    expect(run("amin")).toBe(-(2n ** 63n));
    expect(run("sum")).toBe(4n);
    expect(run("prod")).toBe(BigInt.asIntN(64, (2n ** 63n - 1n) * 5n * -(2n ** 63n)));
  });

  it("long sums are accurate, and the same on any number of threads", () => {
    engine.setIsa(isa);
    const n = 1_000_003;
    const memory = Memory.of(
      "float32",
      Array.from({ length: n }, (_, i) => 0.1 + (i % 7) * 1e-3),
    );
    const shapes: [number[], number[]][] = [
      [[n], [0]],
      [[(n - 3) / 10, 10], [0]],
      [[4, (n - 3) / 4], [1]],
      [[(n - 3) / 500, 500], [0]],
    ];
    for (const [shape, dims] of shapes) {
      for (const name of ["sum", "var", "logsumexp"] as const) {
        const kept = shape.map((size, d) => (dims.includes(d) ? 1 : size));
        const strides = contiguous(kept).map((s, d) => (dims.includes(d) ? 0 : s));
        const results = [1, 2, 3].map((threads) => {
          engine.setNumThreads(threads);
          const out = new Memory(
            "float32",
            kept.reduce((a, b) => a * b, 1),
          );
          expect(
            reduce(
              name,
              "f32",
              [{ memory: out, strides }],
              { memory, strides: contiguous(shape) },
              shape,
              SCALARS[name],
            ),
          ).toBe(0);
          return Buffer.from(out.bytes);
        });
        expect(results[1]!.equals(results[0]!) && results[2]!.equals(results[0]!), `${name} of ${shape}`).toBe(true);
      }
    }
    const out = new Memory("float32", 1);
    reduce("sum", "f32", [{ memory: out, strides: [0] }], { memory, strides: [1] }, [n]);
    let exact = 0;
    for (let i = 0; i < n; i++) exact += memory.get(i);
    expect(Math.abs(out.get(0) / exact - 1)).toBeLessThan(2e-7);
  });
});

describe("declarations", () => {
  it.each(REDUCTION_NAMES)("%s: fresh accumulators change nothing when joined", (name) => {
    const { init, step, combine, scalars } = declared(name);
    const s = scalars.map(() => lift(3));
    const part = (x: readonly number[]) =>
      x.reduce((acc, v) => step(acc, lift(v), s).map((e) => lift(evaluate(e, {}))), init.map(lift));
    const numbers = (acc: readonly { value: number }[]) => acc.map((e) => e.value);
    const some = part([1.5, -2, 0.25]);
    const fresh = init.map(lift);
    const joined = (a: typeof some, b: typeof some) => combine(a, b).map((e) => lift(evaluate(e, {})));
    expect(numbers(joined(some, fresh))).toEqual(numbers(some));
    expect(numbers(joined(fresh, some))).toEqual(numbers(some));
    expect(numbers(joined(fresh, fresh))).toEqual(numbers(fresh));
  });
});
