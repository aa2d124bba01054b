import { afterAll, describe, expect, it } from "vitest";
import { BINARY, PRIMS, type Prim, UNARY } from "../../src/expr/expr.ts";
import { apply, arg, compile, type RegisterType } from "../../src/expr/index.ts";
import { polynomials } from "../../src/expr/polynomials.ts";
import { PRIMITIVES } from "../../src/expr/primitives.ts";
import { nextafter } from "../../src/expr/special.ts";
import { engine, ISAS, Memory, pointwise, REGISTER_DTYPE, randoms, ulps } from "./machine.ts";

const NAMES = ["a", "b", "c"];
const arity = (prim: Prim) =>
  (UNARY as readonly Prim[]).includes(prim) ? 1 : (BINARY as readonly Prim[]).includes(prim) ? 2 : 3;

/** Runs one primitive on the engine, contiguously; `columns` are its operands. */
function run(prim: Prim, type: RegisterType, columns: readonly (readonly number[])[]): number[] {
  const names = NAMES.slice(0, arity(prim));
  const program = compile([apply(prim, ...names.map(arg))], names, [], type);
  const n = columns[0]!.length;
  const dtype = REGISTER_DTYPE[type];
  const out = new Memory(dtype, n);
  const ins = columns.map((values) => ({ memory: Memory.of(dtype, values), strides: [1] }));
  expect(pointwise(program, [{ memory: out, strides: [1] }], ins, [n])).toBe(0);
  return Array.from({ length: n }, (_, i) => out.get(i));
}

const SIZES = [
  ...[
    1e-45,
    1e-40,
    2 ** -126,
    1e-30,
    1e-20,
    1e-10,
    1e-8,
    3e-7,
    1e-5,
    2e-4,
    1e-3,
    0.004,
    0.01,
    0.1,
    0.3,
    0.5,
    0.62,
    0.7,
  ],
  ...[
    0.9, 0.99, 0.9999, 1, 1.0000001, 1.001, 1.5, 2, 2.5, 3, 3.5, 4.5, 5, 7.5, 8.5, 9.9, 10, 10.6, 13, 17, 20.5, 33, 64,
  ],
  ...[80, 87, 88.5, 88.8, 89, 100, 103, 103.9, 104.5, 110, 127, 128, 150, 200, 1e3, 12345, 1e5, 1e6, 8388609, 16777216],
  ...[2 ** 28 - 16, 2 ** 28, 1e10, 1e15, 1e20, 1e30, 1e37, 3e38],
];
const EXTREMES = [0, -0, Infinity, -Infinity, NaN];
const BIG = {
  f32: [3.4028234663852886e38],
  f64: [1e100, 1e200, 709, 710, 745, 746, 1e308, 1.7976931348623157e308, 5e-324, 1e-310],
};

function points(type: "f32" | "f64"): number[] {
  const random = randoms(7);
  const spread = Array.from({ length: 3000 }, (_, i) => {
    const size = i % 2 ? 10 ** (12 * random() - 8) : 12 * random();
    return random() < 0.5 ? size : -size;
  });
  const all = [...SIZES, ...BIG[type]].flatMap((v) => [v, -v]);
  const values = [...EXTREMES, ...all, ...spread];
  return type === "f32" ? values.map(Math.fround) : values;
}
const FEW = [
  ...EXTREMES,
  ...[1e-40, 1e-5, 0.3, 0.5, 1, 1.5, 2, 3, 7, 10.25, 100, 1e5, 16777217, 1e10, 1e30].flatMap((v) => [v, -v]),
];

/** Units in the last place that a result may be off; most are correctly rounded but for the last bit. */
const LIMIT_F32: { readonly [P in Prim]?: number } = {
  exp: 2,
  log: 2,
  tanh: 2,
  sigmoid: 2,
  silu: 2,
  gelu: 2,
  rsqrt: 2,
};
/** Functions whose float64 values here and in the engine are computed in different ways, to this relative error. */
const RELATIVE_F64: { readonly [P in Prim]?: number } = {
  erf: 1e-14,
  erfc: 1e-13,
  erfinv: 1e-14,
  ndtr: 1e-13,
  silu: 1e-15,
  mish: 1e-14,
  gelu: 1e-13,
  geluTanh: 1e-13,
  lgamma: 1e-13,
  digamma: 1e-13,
  zeta: 1e-13,
  pow: 1e-14,
  erfcx: 1e-13,
  ndtri: 1e-13,
  besselJ0: 1e-13,
  besselJ1: 1e-13,
  besselY0: 1e-13,
  besselY1: 1e-13,
  airyAi: 1e-13,
  i0: 1e-14,
  i1: 1e-14,
  i0e: 1e-14,
  i1e: 1e-14,
  k0: 1e-14,
  k1: 1e-14,
  k0e: 1e-14,
  k1e: 1e-14,
  igamma: 1e-12,
  igammac: 1e-12,
  hermiteH: 1e-13,
  hermiteHe: 1e-13,
  laguerreL: 1e-13,
  legendreP: 1e-13,
  hypot: 1e-15,
  sigmoid: 1e-15,
};

/** Absolute error counts below this size: log Γ and ψ have zeros where they are differences; erfc goes far down. */
const FLOOR_F64: { readonly [P in Prim]?: number } = { erfc: 0, ndtr: 0, gelu: 0, geluTanh: 0, lgamma: 1, digamma: 1 };

const ulp = (x: number) => nextafter(Math.abs(x), Infinity) - Math.abs(x);

/**
 * What a function may be off because its own argument, or a phase computed from it, is rounded: units in the last place of the
 * argument, times the slope.
 */
const CONDITIONING: { readonly [P in Prim]?: (...x: number[]) => number } = {
  // It oscillates below zero with the phase ζ = ⅔|x|^1.5, which both sides round three times by at most half a unit: less than
  // three units of x. |Ai′| ≤ |x|^¼/√π. Where the phase is lost entirely there remains the amplitude.
  airyAi: (x) => (x! < 0 ? Math.min(3 * ulp(x!) * (-x!) ** 0.25, 2 * (-x!) ** -0.25) / Math.sqrt(Math.PI) : 0),
  // For odd s and negative q, terms of both signs cancel; dζ/dq = −s ζ(s + 1, q).
  zeta: (s, q) => (q! < 0 ? 2 * ulp(q!) * Math.abs(s! * PRIMITIVES.zeta.eval(s! + 1, q!)) : 0),
};

function expectClose(prim: Prim, type: "f32" | "f64", got: number, exact: number, operands: readonly number[]) {
  const label = `${prim}(${operands}) in ${type}: got ${got}, expected ${exact}`;
  if (Math.abs(got - exact) <= (CONDITIONING[prim]?.(...operands) ?? 0)) return;
  if (type === "f32") {
    // Near its zeros (1, 2, and between the negative integers) log Γ is a difference; so is digamma.
    if ((prim === "lgamma" || prim === "digamma") && Math.abs(got - exact) < 1e-6) return;
    const limit = LIMIT_F32[prim] ?? 1;
    if (!(ulps(got, Math.fround(exact), "f32") <= limit)) expect.fail(label);
    // Signs of zeros matter to copysign, atan2 and division.
    if (got === 0 && exact === 0 && !["min", "max", "fmin", "fmax"].includes(prim))
      expect(Object.is(got, exact), label).toBe(true);
    return;
  }
  const relative = RELATIVE_F64[prim];
  if (relative !== undefined && Math.abs(got - exact) <= relative * Math.max(Math.abs(exact), FLOOR_F64[prim] ?? 1e-2))
    return;
  if (relative !== undefined && Math.abs(exact) < 1e-300 && Math.abs(got - exact) < 1e-300) return;
  if (!(ulps(got, exact, "f64") <= 3)) expect.fail(label);
}

/** Polynomials, whose second operand is a degree, as the engine computes them in float32. */
const POLYNOMIALS: { readonly [P in Prim]?: (x: number, n: number) => number } = polynomials(Math.fround, 128);

const floats = PRIMS.filter((p) => PRIMITIVES[p].types !== "integer");
const integers = PRIMS.filter((p) => PRIMITIVES[p].types !== "float");

afterAll(() => engine.setIsa(ISAS.at(-1)!));

describe.each(ISAS)("the engine agrees with the evaluation, on %s", (isa) => {
  describe.each(["f32", "f64"] as const)("%s", (type) => {
    it.each(floats)("%s", (prim) => {
      engine.setIsa(isa);
      let columns: number[][];
      if (arity(prim) === 1) columns = [points(type)];
      else {
        const pairs = FEW.flatMap((a) => FEW.map((b) => [a, b].map(type === "f32" ? Math.fround : (v) => v)));
        columns = [pairs.map(([a]) => a!), pairs.map(([, b]) => b!), pairs.map((_, i) => FEW[i % FEW.length]!)].slice(
          0,
          arity(prim),
        );
        if (type === "f32") columns = columns.map((c) => c.map(Math.fround));
      }
      // Degrees and parameters that the evaluation would take long for.
      if (POLYNOMIALS[prim] !== undefined)
        columns = columns.map((c, i) => (i === 1 ? c.map((n) => (Math.abs(n) < 2 ** 63 ? n % 12 : n)) : c));
      // Beyond this the poles of Γ are closer than the argument's precision.
      if (prim === "lgamma" || prim === "digamma") columns = keep(columns, ([v]) => !(v! < -50 && v! > -Infinity));
      const got = run(prim, type, columns);
      got.forEach((value, i) => {
        const operands = columns.map((c) => c[i]!);
        let exact = PRIMITIVES[prim].eval(...operands);
        if (type === "f32") exact = POLYNOMIALS[prim]?.(operands[0]!, operands[1]!) ?? exact;
        if (prim === "nextafter" && type === "f32") exact = nextFloat(operands[0]!, operands[1]!);
        // The quotient is rounded in the register type before it is truncated.
        const isQuotient = (prim === "truncdiv" || prim === "floordiv") && type === "f32";
        if (isQuotient) expectQuotient(prim, value, operands);
        else expectClose(prim, type, value, exact, operands);
      });
    });
  });

  it.each(integers)("i64 %s", (prim) => {
    engine.setIsa(isa);
    const few = [0, 1, -1, 2, -2, 3, -3, 5, 7, -7, 10, 12, 62, 63, 64, 65, -64, 100, -100, 1000];
    const pairs = few.flatMap((a) => few.map((b) => [a, b]));
    let columns = [pairs.map(([a]) => a!), pairs.map(([, b]) => b!), pairs.map((_, i) => few[(3 * i) % few.length]!)];
    columns = columns.slice(0, arity(prim));
    if (PRIMITIVES[prim].failsOnZero) columns = keep(columns, ([, b]) => b !== 0);
    if (prim === "pow") columns = keep(columns, ([a, b]) => Math.abs(a! ** b!) < 2 ** 53);
    const got = run(prim, "i64", columns);
    got.forEach((value, i) => {
      const operands = columns.map((c) => c[i]!);
      const exact = Math.trunc(PRIMITIVES[prim].eval(...operands));
      expect(value === exact, `${prim}(${operands}): got ${value}, expected ${exact}`).toBe(true);
    });
  });

  it.each(integers.filter((p) => PRIMITIVES[p].failsOnZero))("i64 %s reports a zero divisor", (prim) => {
    engine.setIsa(isa);
    const [a, b] = [arg("a"), arg("b")];
    const program = compile([apply(prim, a, b)], ["a", "b"], [], "i64");
    const memory = Memory.of("int64", [1, 2, 3, 0, 5]);
    const one = { memory, strides: [1] };
    expect(pointwise(program, [{ memory: new Memory("int64", 5), strides: [1] }], [one, one], [5])).toBe(5);
  });

  it("i64 wraps, and does not trap", () => {
    engine.setIsa(isa);
    const least = -(2 ** 63);
    expect(run("truncdiv", "i64", [[least], [-1]])).toEqual([least]);
    expect(run("floordiv", "i64", [[least], [-1]])).toEqual([least]);
    expect(run("remainder", "i64", [[least], [-1]])).toEqual([0]);
    expect(run("fmod", "i64", [[least], [-1]])).toEqual([0]);
    expect(run("neg", "i64", [[least]])).toEqual([least]);
    expect(run("sub", "i64", [[least], [least]])).toEqual([0]);
    expect(run("pow", "i64", [[3], [41]])).toEqual([Number(BigInt.asIntN(64, 3n ** 41n))]);
  });
});

/** Rows whose operands pass. */
function keep(columns: readonly (readonly number[])[], test: (row: readonly number[]) => boolean): number[][] {
  const rows = columns[0]!.map((_, i) => columns.map((c) => c[i]!)).filter(test);
  return columns.map((_, k) => rows.map((row) => row[k]!));
}

function nextFloat(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
  if (a === b) return b;
  if (a === 0) return Math.sign(b) * 2 ** -149;
  const bits = new Int32Array(new Float32Array([a]).buffer);
  bits[0]! += b > a === a > 0 ? 1 : -1;
  return new Float32Array(bits.buffer)[0]!;
}

function expectQuotient(prim: Prim, got: number, [a, b]: readonly number[]) {
  const exact = PRIMITIVES[prim].eval(a!, b!);
  const close = Math.abs(got - exact) <= Math.max(1, Math.abs(exact) * 2 ** -22);
  expect(
    Object.is(got, exact) || got === exact || close || Math.fround(exact) === got,
    `${prim}(${a}, ${b}): ${got}, ${exact}`,
  ).toBe(true);
}
