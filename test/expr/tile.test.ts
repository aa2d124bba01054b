import { afterAll, describe, expect, it } from "vitest";
import { hotList } from "../../src/expr/hot-list.ts";
import {
  arg,
  compile,
  type Expr,
  evaluate,
  type Program,
  type RegisterType,
  scalar,
  where,
} from "../../src/expr/index.ts";
import { fromBFloat16, fromFloat16 } from "../native/half.ts";
import {
  contiguous,
  DTYPE_NAMES,
  type DTypeName,
  engine,
  ISAS,
  Memory,
  nearestHalf,
  type Operand,
  pointwise,
  REGISTER_DTYPE,
  randoms,
  ulps,
} from "./machine.ts";

const x = arg("x");
const y = arg("y");
const z = arg("z");

afterAll(() => engine.setIsa(ISAS.at(-1)!));

function positions(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const size of shape) all = all.flatMap((p) => Array.from({ length: size }, (_, i) => [...p, i]));
  return all;
}
const at = ({ offset = 0, strides }: Operand, position: readonly number[]) =>
  position.reduce((sum, i, d) => sum + i * strides[d]!, offset);

/** What the program gives where each operand is read and written by index, in float64. */
function expectProgram(
  outputs: readonly Expr[],
  type: RegisterType,
  outTypes: readonly DTypeName[],
  ins: readonly Operand[],
  shape: readonly number[],
  outStrides: readonly (readonly number[])[] = outTypes.map(() => contiguous(shape)),
  scalars: Readonly<Record<string, number>> = {},
) {
  const names = ["x", "y", "z"].slice(0, ins.length);
  const program = compile(outputs, names, Object.keys(scalars), type);
  const everywhere = positions(shape);
  const expected = everywhere.map((p) => {
    const values = { ...scalars, ...Object.fromEntries(ins.map((o, k) => [names[k]!, o.memory.get(at(o, p))])) };
    return outputs.map((e) => evaluate(e, values));
  });
  const outs = outTypes.map((dtype, k): Operand => {
    const strides = outStrides[k]!;
    const extent = 1 + shape.reduce((sum, size, d) => sum + Math.max(0, size - 1) * strides[d]!, 0);
    return { memory: new Memory(dtype, extent), strides };
  });
  expect(pointwise(program, outs, ins, shape, Object.values(scalars))).toBe(0);
  everywhere.forEach((p, i) => {
    outs.forEach((out, k) => {
      const cell = Memory.of(out.memory.dtype, [expected[i]![k]!]);
      const got = out.memory.get(at(out, p));
      if (!Object.is(got, cell.get(0)) && !(got === 0 && cell.get(0) === 0)) {
        expect.fail(`${outputs[k]} at [${p}]: got ${got}, expected ${cell.get(0)}`);
      }
    });
  });
}

/** Values that every dtype holds exactly, and whose small sums and products it does. */
function small(dtype: DTypeName, n: number, seed: number): Memory {
  const random = randoms(seed);
  const signed = dtype !== "uint8" && dtype !== "bool";
  return Memory.of(
    dtype,
    Array.from({ length: n }, () =>
      dtype === "bool" ? Math.floor(2 * random()) : Math.floor(8 * random()) - (signed ? 4 : 0),
    ),
  );
}

describe.each(ISAS)("the tile machine on %s", (isa) => {
  const begin = () => engine.setIsa(isa);
  const axpy = x.mul(y).add(z);

  it.each([0, 1, 2, 3, 4, 7, 31, 32, 33, 127, 255, 256, 257, 511, 1000, 4097])("%d contiguous elements", (n) => {
    begin();
    for (const type of ["f32", "f64", "i64"] as const) {
      const dtype = REGISTER_DTYPE[type];
      const ins = [1, 2, 3].map((seed) => ({ memory: small(dtype, n, seed), strides: [1] }));
      expectProgram([axpy], type, [dtype], ins, [n]);
      expectProgram([axpy.sub(x).mul(axpy)], type, [dtype], ins, [n]);
      expectProgram([x.add(y)], type, [dtype], ins.slice(0, 2), [n]);
    }
  });

  it.each([
    ["transposed", [5, 70], [1, 5], [70, 1], [1, 5]],
    ["transposed, long", [40, 300], [1, 40], [300, 1], [1, 40]],
    ["row broadcast", [6, 300], [0, 1], [300, 1], [0, 1]],
    ["column broadcast", [6, 300], [1, 0], [300, 1], [300, 1]],
    ["scalar broadcast", [6, 300], [0, 0], [300, 1], [0, 0]],
    ["short rows", [50, 3], [3, 1], [1, 0], [0, 1]],
    ["short rows, strided", [50, 3, 2], [30, 2, 7], [6, 2, 1], [0, 0, 1]],
    ["ones", [1, 4, 1, 5, 1], [9, 5, 9, 1, 9], [0, 1, 0, 4, 0], [0, 0, 0, 0, 0]],
    ["steps", [33, 40], [160, 4], [80, 2], [120, 3]],
    ["five dims", [3, 2, 4, 3, 5], [1, 3, 6, 24, 72], [120, 60, 15, 5, 1], [0, 5, 0, 1, 0]],
    ["no dims", [], [], [], []],
    ["empty", [4, 0, 3], [0, 3, 1], [0, 3, 1], [0, 3, 1]],
  ])("%s operands", (_, shape, a, b, c) => {
    begin();
    const extent = (s: readonly number[]) => 8 + shape.reduce((sum, size, d) => sum + Math.max(0, size - 1) * s[d]!, 0);
    for (const type of ["f32", "f64", "i64"] as const) {
      const dtype = REGISTER_DTYPE[type];
      const ins = [a, b, c].map((strides, k) => ({ memory: small(dtype, extent(strides), k + 1), offset: k, strides }));
      expectProgram([axpy], type, [dtype], ins, shape);
      expectProgram([x.add(y)], type, [dtype], ins.slice(0, 2), shape);
      // An output that is not row-major, and two outputs.
      const reversed = [...contiguous([...shape].reverse())].reverse().map((s) => 2 * s);
      expectProgram([axpy, x.sub(z)], type, [dtype, dtype], ins, shape, [reversed, contiguous(shape)]);
    }
  });

  it.each(DTYPE_NAMES)("%s operands", (dtype) => {
    begin();
    const type = dtype === "float64" ? "f64" : /float/.test(dtype) ? "f32" : "i64";
    for (const [shape, strides] of [
      [[300], [1]],
      [[70], [3]],
      [
        [20, 7],
        [1, 20],
      ],
      [
        [3, 50],
        [0, 1],
      ],
    ] as const) {
      const ins = [1, 2].map((seed) => ({ memory: small(dtype, 600, seed), strides }));
      expectProgram([x.add(y).mul(x)], type, [dtype], ins, shape);
      expectProgram([x.ge(y)], type, ["bool"], ins, shape);
      const condition = { memory: small("bool", 600, 9), strides };
      expectProgram([where(x, y, z)], type, [dtype], [condition, ...ins], shape);
    }
  });

  it("in place, with results that are read after an operand is overwritten", () => {
    begin();
    for (const n of [5, 300, 1000]) {
      // Adam's shape: new moments and a parameter that depends on both.
      const m = x.mul(0.5).add(y.mul(0.5));
      const program = compile([m, m.add(x), y.sub(m).mul(x)], ["x", "y", "z"], [], "f64");
      const memories = [1, 2, 3].map((seed) => small("float64", n, seed));
      const before = memories.map((memory) => Array.from({ length: n }, (_, i) => memory.get(i)));
      const operands = memories.map((memory) => ({ memory, strides: [1] }));
      expect(pointwise(program, operands, operands, [n])).toBe(0);
      for (let i = 0; i < n; i++) {
        const [a, b] = [before[0]![i]!, before[1]![i]!];
        const mean = 0.5 * a + 0.5 * b;
        expect(memories.map((memory) => memory.get(i))).toEqual([mean, mean + a, (b - mean) * a]);
      }
    }
  });

  it("run-time scalars of every type", () => {
    begin();
    const s = scalar("s");
    const t = scalar("t");
    for (const type of ["f32", "f64", "i64"] as const) {
      const ins = [{ memory: small(REGISTER_DTYPE[type], 300, 4), strides: [1] }];
      expectProgram([x.mul(s).sub(t)], type, [REGISTER_DTYPE[type]], ins, [300], undefined, { s: 3, t: -2 });
      expectProgram([s], type, [REGISTER_DTYPE[type]], [], [300], undefined, { s: 3 });
      expectProgram([x.mul(s)], type, [REGISTER_DTYPE[type]], ins, [300], undefined, { s: 3 });
    }
  });

  it("results do not depend on the number of threads", () => {
    begin();
    const n = 300001;
    const program = compile([x.mul(0.001).sin().mul(y).exp()], ["x", "y"], [], "f32");
    const ins = [1, 2].map((seed) => ({ memory: small("float32", n, seed), strides: [1] }));
    const results = [1, 2, 3].map((threads) => {
      engine.setNumThreads(threads);
      const out = new Memory("float32", n);
      expect(pointwise(program, [{ memory: out, strides: [1] }], ins, [n])).toBe(0);
      return Buffer.from(out.bytes);
    });
    expect(results[1]!.equals(results[0]!) && results[2]!.equals(results[0]!)).toBe(true);
  });

  it("refuses a program of another source", () => {
    begin();
    const program = compile([x.add(y)], ["x", "y"], [], "f32");
    const stale: Program = { ...program, code: program.code.slice() };
    stale.code[0]! ^= 1;
    const one = { memory: small("float32", 4, 1), strides: [1] };
    expect(pointwise(stale, [one], [one, one], [4])).not.toBe(0);
    // A hot loop of another source is not taken.
    const moved: Program = { ...program, code: program.code.slice() };
    moved.code[8] = 2;
    const out = new Memory("float32", 4);
    expect(pointwise(moved, [{ memory: out, strides: [1] }], [one, one], [4])).toBe(0);
    expect([0, 1, 2, 3].map((i) => out.get(i))).toEqual([0, 1, 2, 3].map((i) => 2 * one.memory.get(i)));
  });
});

describe.each(ISAS)("conversions on %s", (isa) => {
  const copy = (from: Memory, to: DTypeName, type: RegisterType, n: number, step = 1): Memory => {
    engine.setIsa(isa);
    const out = new Memory(to, n * step);
    const program = compile([x], ["x"], [], type);
    expect(pointwise(program, [{ memory: out, strides: [step] }], [{ memory: from, strides: [step] }], [n])).toBe(0);
    return out;
  };

  it("every half is read exactly", () => {
    for (const [dtype, decode] of [["float16", fromFloat16] as const, ["bfloat16", fromBFloat16] as const]) {
      const all = new Memory(dtype, 65536);
      for (let i = 0; i < 65536; i++) all.view.setUint16(2 * i, i, true);
      for (const type of ["f32", "f64"] as const) {
        const read = copy(all, REGISTER_DTYPE[type], type, 65536);
        const back = copy(read, dtype, type, 65536);
        for (let i = 0; i < 65536; i++) {
          if (!Object.is(read.get(i), decode(i))) expect.fail(`${dtype} ${i}: ${read.get(i)}`);
          if (!Number.isNaN(decode(i)) && back.view.getUint16(2 * i, true) !== i) expect.fail(`${dtype} ${i} and back`);
        }
      }
    }
  });

  it("halves are rounded once", () => {
    const random = randoms(11);
    const values: number[] = [
      0,
      -0,
      65504,
      65519.9,
      65520,
      1e6,
      1e39,
      6e-8,
      2.9e-8,
      2 ** -25,
      2 ** -24,
      Infinity,
      -Infinity,
      NaN,
    ];
    for (let i = 0; i < 3000; i++) {
      // Near the middle between two halves, where rounding twice goes wrong.
      const exponent = Math.floor(44 * random()) - 26;
      const middle = (1 + (2 * Math.floor(1024 * random()) + 1) / 2048) * 2 ** exponent;
      const middleB = (1 + (2 * Math.floor(128 * random()) + 1) / 256) * 2 ** exponent;
      for (const m of [middle, middleB]) values.push(m, -m, m * (1 + 2 ** -40), m * (1 - 2 ** -40), m * (1 + 2 ** -22));
    }
    const source = Memory.of("float64", values);
    for (const [dtype, decode, infinity] of [
      ["float16", fromFloat16, 0x7c00],
      ["bfloat16", fromBFloat16, 0x7f80],
    ] as const) {
      const out = copy(source, dtype, "f64", values.length);
      const narrow = copy(Memory.of("float32", values), dtype, "f32", values.length);
      values.forEach((v, i) => {
        const expected = decode(nearestHalf(v, decode, infinity));
        if (!Object.is(out.get(i), expected)) expect.fail(`${v} in ${dtype}: got ${out.get(i)}, expected ${expected}`);
        const fromFloat = decode(nearestHalf(Math.fround(v), decode, infinity));
        if (!Object.is(narrow.get(i), fromFloat))
          expect.fail(`${Math.fround(v)}: got ${narrow.get(i)}, expected ${fromFloat}`);
      });
    }
  });

  it("floats become integers by truncation, and what does not fit is defined", () => {
    const values = [
      0, -0, 0.9, -0.9, 1.5, -2.7, 127.9, 128, 255.5, 300, -1, -129, 32768, 65536.5, 2147483520, 2147483648,
    ];
    values.push(-2147483648, -2147483904, 3e9, -3e9, 9.2e18, 1e19, -1e19, 1e30, Infinity, -Infinity, NaN);
    for (const type of ["f32", "f64"] as const) {
      const source = Memory.of(REGISTER_DTYPE[type], values);
      for (const dtype of ["uint8", "int8", "int16", "int32", "int64", "bool"] as const) {
        for (const step of [1, 2]) {
          const spaced = new Memory(source.dtype, 2 * values.length);
          values.forEach((v, i) => {
            spaced.set(i * step, v);
          });
          const out = copy(spaced, dtype, type, values.length, step);
          values.forEach((_, i) => {
            const v = source.get(i);
            const fits = Math.abs(v) < 2 ** 63;
            const whole = fits ? BigInt(Math.trunc(v)) : -(2n ** 63n);
            const expected = {
              bool: v !== 0 ? 1 : 0,
              uint8: Number(BigInt.asUintN(8, whole)),
              int8: Number(BigInt.asIntN(8, whole)),
              int16: Number(BigInt.asIntN(16, whole)),
              int32: Math.trunc(v) >= -(2 ** 31) && Math.trunc(v) < 2 ** 31 ? Math.trunc(v) + 0 : -(2 ** 31),
              int64: Number(whole),
            }[dtype];
            expect(
              out.get(i * step) === expected,
              `${v} to ${dtype}: got ${out.get(i * step)}, expected ${expected}`,
            ).toBe(true);
          });
        }
      }
    }
  });

  it("int64 is exact, and rounds once into floats", () => {
    const source = new Memory("int64", 6);
    const values = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 16777217n, 2n ** 40n + 2n ** 16n + 1n, -3n];
    values.forEach((v, i) => {
      source.view.setBigInt64(8 * i, v, true);
    });
    const same = copy(source, "int64", "i64", 6);
    values.forEach((v, i) => {
      expect(same.view.getBigInt64(8 * i, true)).toBe(v);
    });
    const single = copy(source, "float32", "f32", 6);
    const double = copy(source, "float64", "f64", 6);
    // 2^40 + 2^16 + 1 is just above a tie of float32.
    expect([0, 1, 3, 4, 5].map((i) => single.get(i))).toEqual([2 ** 63, -(2 ** 63), 16777216, 2 ** 40 + 2 ** 17, -3]);
    expect([0, 1, 2, 5].map((i) => double.get(i))).toEqual([2 ** 63, -(2 ** 63), 2 ** 53, -3]);
  });

  it("any byte but 0 is true", () => {
    const source = new Memory("bool", 300);
    for (let i = 0; i < 300; i++) source.view.setUint8(i, i & 255);
    for (const type of ["f32", "f64", "i64"] as const) {
      const out = copy(source, "bool", type, 300);
      for (let i = 0; i < 300; i++) expect(out.get(i)).toBe(i & 255 ? 1 : 0);
    }
  });
});

describe.each(ISAS)("the hot list on %s", (isa) => {
  it.each(hotList().map((source) => [`${source.type} ${source.outputs.map(String).join("; ")}`, source] as const))(
    "%s",
    (_, { outputs, inputs, scalars = [], type, outputTypes, inputTypes }) => {
      engine.setIsa(isa);
      const program = compile(outputs, inputs, scalars, type);
      expect(program.code[8]).toBeGreaterThanOrEqual(0);
      const own = REGISTER_DTYPE[type];
      const dtypeOf = (t?: string): DTypeName => (t === "bool" ? "bool" : own);
      const values = scalars.map((_, i) => 3 - 2 * i);
      for (const [shape, strides] of [
        [[3], [1]],
        [[4100], [1]],
        [
          [4, 300],
          [400, 1],
        ],
        [[600], [0]],
      ] as const) {
        const ins = inputs.map((__, k) => ({ memory: small(dtypeOf(inputTypes?.[k]), 6000, k + 1), strides }));
        const outs = outputs.map((__, k) => ({
          memory: new Memory(dtypeOf(outputTypes?.[k]), 6000),
          strides: contiguous(shape),
        }));
        expect(pointwise(program, outs, ins, shape, values)).toBe(0);
        for (const p of positions(shape).filter((_, i) => i < 8 || i % 37 === 0)) {
          const env: Record<string, number> = Object.fromEntries(scalars.map((name, i) => [name, values[i]!]));
          inputs.forEach((name, k) => {
            env[name] = ins[k]!.memory.get(at(ins[k]!, p));
          });
          outputs.forEach((e, k) => {
            const got = outs[k]!.memory.get(at(outs[k]!, p));
            const exact = evaluate(e, env);
            if (type === "i64") expect(got === exact).toBe(true);
            else if (
              !(ulps(got, type === "f32" ? Math.fround(exact) : exact, type) <= 6) &&
              Math.abs(got - exact) > 1e-7
            ) {
              expect.fail(`${e} of ${JSON.stringify(env)}: got ${got}, expected ${exact}`);
            }
          });
        }
      }
    },
  );
});
