/** @file The native matrix product on every instruction set, against a plain loop in float64 (or BigInt). */
import { afterAll, describe, expect, test } from "vitest";
import { addressOf, call, code, engine } from "./engine.ts";
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16 } from "./half.ts";

type Dtype = Exclude<keyof typeof code, "bool">;
type Elements =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  bfloat16: Uint16Array,
};

/** Relative to the sum of the products' magnitudes; a half result is rounded once, at the end (to a subnormal, perhaps). */
const tolerance: Partial<Record<Dtype, { relative: number; absolute: number }>> = {
  float32: { relative: 3e-7, absolute: 0 },
  float64: { relative: 1e-15, absolute: 0 },
  float16: { relative: 2 ** -11 + 1e-6, absolute: 2 ** -25 },
  bfloat16: { relative: 2 ** -8 + 1e-6, absolute: 0 },
};

function read(dtype: Dtype, array: Elements, index: number): number {
  const value = Number(array[index]);
  return dtype === "float16" ? fromFloat16(value) : dtype === "bfloat16" ? fromBFloat16(value) : value;
}

function write(dtype: Dtype, array: Elements, index: number, value: number): void {
  if (array instanceof BigInt64Array) array[index] = BigInt(Math.trunc(value));
  else array[index] = dtype === "float16" ? toFloat16(value) : dtype === "bfloat16" ? toBFloat16(value) : value;
}

type Values = Float64Array<ArrayBuffer>;

/** A batch of matrices somewhere inside a larger array, whose other elements nobody may touch. */
interface Operand {
  data: Elements;
  offset: number;
  strides: [batch: number, row: number, col: number];
}

type Order = "rows" | "columns" | "gaps";

function operand(dtype: Dtype, batch: number, rows: number, cols: number, order: Order, random: () => number): Operand {
  const strides: [number, number, number] =
    order === "rows"
      ? [rows * cols, cols, 1]
      : order === "columns"
        ? [rows * cols, 1, rows]
        : [rows * (2 * cols + 3) + 5, 2 * cols + 3, 2];
  const offset = 3;
  const data = new arrays[dtype](offset + batch * strides[0] + 16);
  for (let i = 0; i < data.length; i++) write(dtype, data, i, random());
  return { data, offset, strides };
}

const describeOperand = ({ data, offset, strides }: Operand) => [
  addressOf(data) + offset * data.BYTES_PER_ELEMENT,
  strides[1],
  strides[2],
  strides[0],
];

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
};

interface Case {
  dtype: Dtype;
  size: [m: number, n: number, k: number];
  batch?: number;
  orders?: [a: Order, b: Order, c: Order];
  alpha?: number;
  beta?: number;
  bias?: "full" | "row" | "column";
  relu?: boolean;
}

function check({
  dtype,
  size,
  batch = 1,
  orders = ["rows", "rows", "rows"],
  alpha = 1,
  beta = 1,
  bias,
  relu = false,
}: Case) {
  const [m, n, k] = size;
  const isFloat = dtype in tolerance;
  const random = isFloat ? uniform : () => Math.trunc(uniform() * 20);
  const a = operand(dtype, batch, m, k, orders[0], random);
  const b = operand(dtype, batch, k, n, orders[1], random);
  const c = operand(dtype, batch, m, n, orders[2], random);
  const d = operand(dtype, batch, m, n, "rows", random);
  if (bias === "row") d.strides = [0, 0, 1];
  if (bias === "column") d.strides = [0, 1, 0];
  const before = c.data.slice();
  const status = call(engine.matmul, [
    ...[code[dtype], m, n, k, 1, batch],
    ...[...describeOperand(a), ...describeOperand(b), ...describeOperand(c)],
    ...[(bias ? 1 : 0) | (relu ? 2 : 0), alpha, beta],
    ...describeOperand(d),
  ]);
  expect(status).toBe(0);

  const valuesOf = ({ data }: Operand) => Float64Array.from({ length: data.length }, (_, i) => read(dtype, data, i));
  const [aValues, bValues, cValues, dValues] = [a, b, c, d].map(valuesOf) as [Values, Values, Values, Values];
  const at = ({ offset, strides }: Operand, i: number, j: number, l: number) =>
    offset + i * strides[0] + j * strides[1] + l * strides[2];
  const written = new Uint8Array(before.length);
  for (let i = 0; i < batch; i++) {
    for (let row = 0; row < m; row++) {
      for (let col = 0; col < n; col++) {
        let sum = 0;
        let magnitude = 0;
        const [firstA, firstB] = [at(a, i, row, 0), at(b, i, 0, col)];
        for (let p = 0; p < k; p++) {
          const product =
            (aValues[firstA + p * a.strides[2]] as number) * (bValues[firstB + p * b.strides[1]] as number);
          sum += product;
          magnitude += Math.abs(product);
        }
        const added = bias ? beta * (dValues[at(d, i, row, col)] as number) : 0;
        const index = at(c, i, row, col);
        written[index] = 1;
        const got = cValues[index] as number;
        const allowed = tolerance[dtype];
        let expected = alpha * sum + added;
        if (!allowed) {
          const wrapped = new arrays[dtype](1);
          write(dtype, wrapped, 0, expected);
          expected = read(dtype, wrapped, 0);
        }
        if (relu) expected = Math.max(expected, 0);
        const error = Math.abs(got - expected);
        const limit = allowed
          ? allowed.relative * (Math.abs(alpha) * magnitude + Math.abs(added)) + allowed.absolute
          : 0;
        if (!(error <= limit)) expect.fail(`[${i}, ${row}, ${col}] of ${m}x${n}x${k}: ${got} is not ${expected}`);
      }
    }
  }
  for (let i = 0; i < before.length; i++) {
    if (!written[i] && !Object.is(c.data[i], before[i])) expect.fail(`element ${i} around C was overwritten`);
  }
}

const { isas, threads } = engine.info();
afterAll(() => {
  engine.setIsa(isas.at(-1) as string);
  engine.setNumThreads(threads);
});

const floats = ["float32", "float64", "float16", "bfloat16"] as const;
const integers = ["uint8", "int8", "int16", "int32", "int64"] as const;
const orders = ["rows", "columns", "gaps"] as const;

describe.each(isas)("matmul on %s", (isa) => {
  const run = (cases: readonly Case[], counts = [1]) => {
    engine.setIsa(isa);
    for (const count of counts) {
      engine.setNumThreads(count);
      for (const each of cases) check(each);
    }
  };

  test.each([...floats, ...integers])("%s: every layout", (dtype) => {
    run(
      orders.flatMap((a) =>
        orders.flatMap((b) => orders.map((c): Case => ({ dtype, size: [19, 37, 23], orders: [a, b, c], batch: 2 }))),
      ),
    );
  });

  test.each([...floats, "int32" as const])("%s: odd sizes", (dtype) => {
    const sizes = [1, 2, 4, 7, 15, 17, 33, 65];
    run(
      sizes.flatMap((m) =>
        sizes.flatMap((n) =>
          [3, 34].map((k): Case => ({ dtype, size: [m, n, k], orders: ["rows", "columns", "rows"] })),
        ),
      ),
    );
  });

  test.each([...floats, ...integers])("%s: epilogues", (dtype) => {
    const fraction = floats.some((name) => name === dtype);
    const cases: Case[] = [];
    for (const bias of ["full", "row", "column"] as const) {
      for (const c of orders) {
        for (const [m, n] of [
          [18, 40],
          [1, 40],
          [18, 1],
          [3, 35],
        ] as const) {
          const layout = ["rows", "columns", c] as [Order, Order, Order];
          cases.push({ dtype, size: [m, n, 9], orders: layout, bias });
          cases.push({
            dtype,
            size: [m, n, 9],
            orders: layout,
            bias,
            relu: true,
            alpha: fraction ? -1.5 : 2,
            beta: fraction ? 0.5 : 3,
          });
          cases.push({ dtype, size: [m, n, 0], orders: layout, bias, beta: 2 });
        }
      }
    }
    cases.push({ dtype, size: [5, 6, 0] });
    run(cases);
  });

  test("k in several blocks", () => {
    const cases: Case[] = floats.flatMap((dtype) =>
      orders.flatMap((order): Case[] => [
        { dtype, size: [20, 41, 700], orders: [order, order, order], bias: "row" },
        { dtype, size: [33, 40, 350], orders: [order, "columns", "rows"] },
      ]),
    );
    run([...cases, { dtype: "int64", size: [5, 70, 300] }], [1, 3]);
  });

  test("larger than a task, and batches shared out over threads", () => {
    const cases: Case[] = [
      { dtype: "float32", size: [300, 300, 40] },
      { dtype: "float64", size: [130, 530, 33], orders: ["columns", "rows", "columns"] },
      { dtype: "float32", size: [33, 34, 35], batch: 40, orders: ["rows", "columns", "rows"] },
      { dtype: "float16", size: [33, 34, 35], batch: 20, bias: "row" },
      { dtype: "float32", size: [1, 600, 500], orders: ["rows", "columns", "rows"], bias: "row" },
      { dtype: "float32", size: [3, 600, 500], orders: ["rows", "columns", "columns"] },
      { dtype: "float64", size: [1, 600, 500] },
      { dtype: "int32", size: [40, 300, 20] },
      // B is much larger than C: the threads share out k
      { dtype: "float32", size: [17, 131, 520], bias: "row", relu: true, alpha: -1.5, beta: 0.5 },
      { dtype: "float64", size: [9, 130, 300], orders: ["columns", "rows", "columns"], bias: "full" },
    ];
    run(cases, [1, 2, 3]);
  });

  test("NaN and infinity reach the sums they belong to, even times zero", () => {
    engine.setIsa(isa);
    for (const [m, n] of [
      [1, 20],
      [20, 1],
      [20, 40],
    ] as const) {
      const a = new Float32Array(m * 8).fill(1);
      const b = new Float32Array(8 * n).fill(1);
      const c = new Float32Array(m * n);
      b[3 * n] = Number.NaN;
      if (n > 1) b[3 * n + 1] = Infinity;
      // 0 · inf is NaN: an engine that skips zeros would give a number.
      if (n > 2) b[4 * n + 2] = Infinity;
      for (let row = 0; row < m; row++) a[row * 8 + 4] = 0;
      const status = call(engine.matmul, [
        6,
        m,
        n,
        8,
        0,
        addressOf(a),
        8,
        1,
        addressOf(b),
        n,
        1,
        addressOf(c),
        n,
        1,
        2,
        1,
        0,
      ]);
      expect(status).toBe(0);
      for (let row = 0; row < m; row++) {
        expect([...c.subarray(row * n, (row + 1) * n)].slice(0, 3)).toEqual(
          n > 1 ? [Number.NaN, Infinity, Number.NaN] : [Number.NaN],
        );
      }
    }
  });
});

test("matmul refuses bool", () => {
  expect(call(engine.matmul, [code.bool, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])).toBe(2);
});
