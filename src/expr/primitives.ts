/**
 * @file The scalar primitives: one row each, and nowhere else.
 *
 * A row says what the primitive computes (in float64, for tests), how each target spells it, what it costs, and how a
 * gradient passes through it. Approximations live behind the C++ and WGSL spellings, so a polynomial is never
 * differentiated. A primitive without a row does not compile.
 */
import { ACTIVATION_PRIMITIVES } from "./activation-primitives.ts";
import { apply, type Expr, PRIMS, type Prim, where } from "./expr.ts";
import * as special from "./special.ts";
import { SPECIAL_PRIMITIVES } from "./special-primitives.ts";
import { trigamma } from "./trigamma.ts";

/**
 * How the gradient `g` of the result `y` passes to each operand: `g` times the local derivative, `null` where that is
 * zero everywhere it exists.
 */
export type Pullback = (g: Expr, y: Expr, ...x: Expr[]) => readonly (Expr | null)[];

/**
 * The derivative of a primitive that picks one of its operands: given the finished derivative of each operand (the first
 * is passed as `null` where the operand is a condition), picks in the same way. So a branch that was not taken
 * contributes nothing, even where its own derivative is infinite.
 */
export interface Choice {
  readonly choose: (x: readonly Expr[], dx: readonly Expr[]) => Expr;
}

export interface PrimRule {
  /** Register types that have it: all, f32 and f64, or i64. */
  readonly types: "all" | "float" | "integer";
  /** The value in float64. */
  readonly eval: (...x: number[]) => number;
  /** The C++ function in `native/math`, overloaded for the register types. */
  readonly cpp: string;
  /** A WGSL expression for f32 operands (i32 for integer primitives); `tt_` functions come with the backend. */
  readonly wgsl: (...x: string[]) => string;
  /** How the gradient passes; `null`: the derivative is zero, or there is none. */
  readonly derivative: Pullback | Choice | null;
  /** Rough time for one element, where an addition takes 1: decides what is worth several threads. */
  readonly cost: number;
  /** In i64, a zero among the second operands is an error (PyTorch's ZeroDivisionError). */
  readonly failsOnZero?: true;
}

const call =
  (name: string) =>
  (...x: string[]) =>
    `${name}(${x.join(", ")})`;
const infix = (operator: string) => (a?: string, b?: string) => `(${a} ${operator} ${b})`;
const test = (operator: string) => (a?: string, b?: string) => `f32(${a} ${operator} ${b})`;
const logical = (operator: string) => (a?: string, b?: string) => `f32((${a} != 0.0) ${operator} (${b} != 0.0))`;
const truth = (value: boolean) => (value ? 1 : 0);
/** Bit operations on the two's complement of 64 bits. */
const bits = (f: (a: bigint, b: bigint) => bigint) => (a: number, b: number) =>
  Number(BigInt.asIntN(64, f(BigInt(a), BigInt(b))));
/** A shift by less than 0 or more than 63 places shifts everything out, as PyTorch 2 defines. */
const shifts = (f: (a: bigint, b: bigint) => bigint) => bits((a, b) => f(a, b < 0n || b > 63n ? 64n : b));

/** `a` where it wins, `b` where that wins, their mean where they are equal. */
const betterOf = (wins: "gt" | "lt"): Choice => ({
  choose: ([a, b], [da, db]) => where(a![wins](b!), da!, where(a!.eq(b!), da!.add(db!).mul(0.5), db!)),
});
/** As PyTorch's `fmax` and `fmin`: `a` where it is as good or `b` is NaN. */
const betterNumber = (wins: "ge" | "le"): Choice => ({
  choose: ([a, b], [da, db]) => where(a![wins](b!).or(b!.isnan()), da!, db!),
});
const f = (name: Prim, ...x: (Expr | undefined)[]) => apply(name, ...(x as Expr[]));

/** The table. */
export const PRIMITIVES: { readonly [P in Prim]: PrimRule } = {
  // Sign and rounding.
  neg: { types: "all", cost: 1, eval: (x) => -x!, cpp: "neg", wgsl: (x) => `(-${x})`, derivative: (g) => [g.neg()] },
  abs: {
    types: "all",
    cost: 1,
    eval: (x) => Math.abs(x!),
    cpp: "abs",
    wgsl: call("abs"),
    derivative: (g, _, x) => [g.mul(x!.sign())],
  },
  sign: { types: "all", cost: 1, eval: (x) => special.sign(x!), cpp: "sign", wgsl: call("sign"), derivative: null },
  floor: { types: "all", cost: 1, eval: (x) => Math.floor(x!), cpp: "floor", wgsl: call("floor"), derivative: null },
  ceil: { types: "all", cost: 1, eval: (x) => Math.ceil(x!), cpp: "ceil", wgsl: call("ceil"), derivative: null },
  round: {
    types: "all",
    cost: 1,
    eval: (x) => special.roundEven(x!),
    cpp: "round",
    wgsl: call("round"),
    derivative: null,
  },
  trunc: { types: "all", cost: 1, eval: (x) => Math.trunc(x!), cpp: "trunc", wgsl: call("trunc"), derivative: null },

  // Exponentials, logarithms, roots.
  exp: {
    types: "float",
    cost: 6,
    eval: (x) => Math.exp(x!),
    cpp: "exp",
    wgsl: call("exp"),
    derivative: (g, y) => [g.mul(y)],
  },
  exp2: {
    types: "float",
    cost: 6,
    eval: (x) => 2 ** x!,
    cpp: "exp2",
    wgsl: call("exp2"),
    derivative: (g, y) => [g.mul(y).mul(Math.LN2)],
  },
  expm1: {
    types: "float",
    cost: 8,
    eval: (x) => Math.expm1(x!),
    cpp: "expm1",
    wgsl: call("tt_expm1"),
    derivative: (g, y) => [g.mul(y.add(1))],
  },
  log: {
    types: "float",
    cost: 6,
    eval: (x) => Math.log(x!),
    cpp: "log",
    wgsl: call("log"),
    derivative: (g, _, x) => [g.div(x!)],
  },
  log2: {
    types: "float",
    cost: 10,
    eval: (x) => Math.log2(x!),
    cpp: "log2",
    wgsl: call("log2"),
    derivative: (g, _, x) => [g.div(x!.mul(Math.LN2))],
  },
  log10: {
    types: "float",
    cost: 10,
    eval: (x) => Math.log10(x!),
    cpp: "log10",
    wgsl: (x) => `(log(${x}) * ${Math.LOG10E})`,
    derivative: (g, _, x) => [g.div(x!.mul(Math.LN10))],
  },
  log1p: {
    types: "float",
    cost: 10,
    eval: (x) => Math.log1p(x!),
    cpp: "log1p",
    wgsl: call("tt_log1p"),
    derivative: (g, _, x) => [g.div(x!.add(1))],
  },
  sqrt: {
    types: "float",
    cost: 3,
    eval: (x) => Math.sqrt(x!),
    cpp: "sqrt",
    wgsl: call("sqrt"),
    derivative: (g, y) => [g.div(y.mul(2))],
  },
  rsqrt: {
    types: "float",
    cost: 5,
    eval: (x) => 1 / Math.sqrt(x!),
    cpp: "rsqrt",
    wgsl: call("inverseSqrt"),
    derivative: (g, y) => [g.mul(y.mul(y).mul(y)).mul(-0.5)],
  },
  reciprocal: {
    types: "float",
    cost: 3,
    eval: (x) => 1 / x!,
    cpp: "reciprocal",
    wgsl: (x) => `(1.0 / ${x})`,
    derivative: (g, y) => [g.mul(y.mul(y)).neg()],
  },
  sigmoid: {
    types: "float",
    cost: 9,
    eval: (x) => (x! >= 0 ? 1 / (1 + Math.exp(-x!)) : Math.exp(x!) / (1 + Math.exp(x!))),
    cpp: "sigmoid",
    wgsl: (x) => `(1.0 / (1.0 + exp(-${x})))`,
    derivative: (g, y) => [g.mul(y.mul(y.neg().add(1)))],
  },
  // log(p / (1 − p)). Composed of `log`, the quotient would be rounded, which near ½ is all that counts.
  logit: {
    types: "float",
    cost: 12,
    eval(p) {
      const rest = 1 - p!;
      if (p! < 0.25 || p! > 0.75) return Math.log(p! / rest);
      return p! < 0.5 ? -Math.log1p((1 - 2 * p!) / p!) : Math.log1p((2 * p! - 1) / rest);
    },
    cpp: "logit",
    wgsl: call("tt_logit"),
    derivative: (g, _, p) => [g.div(p!.mul(p!.neg().add(1)))],
  },

  // Trigonometric and hyperbolic functions.
  sin: {
    types: "float",
    cost: 12,
    eval: (x) => Math.sin(x!),
    cpp: "sin",
    wgsl: call("sin"),
    derivative: (g, _, x) => [g.mul(f("cos", x))],
  },
  cos: {
    types: "float",
    cost: 12,
    eval: (x) => Math.cos(x!),
    cpp: "cos",
    wgsl: call("cos"),
    derivative: (g, _, x) => [g.mul(f("sin", x)).neg()],
  },
  tan: {
    types: "float",
    cost: 14,
    eval: (x) => Math.tan(x!),
    cpp: "tan",
    wgsl: call("tan"),
    derivative: (g, y) => [g.mul(y.mul(y).add(1))],
  },
  asin: {
    types: "float",
    cost: 14,
    eval: (x) => Math.asin(x!),
    cpp: "asin",
    wgsl: call("asin"),
    derivative: (g, _, x) => [g.mul(f("rsqrt", x!.mul(x!).neg().add(1)))],
  },
  acos: {
    types: "float",
    cost: 14,
    eval: (x) => Math.acos(x!),
    cpp: "acos",
    wgsl: call("acos"),
    derivative: (g, _, x) => [g.mul(f("rsqrt", x!.mul(x!).neg().add(1))).neg()],
  },
  atan: {
    types: "float",
    cost: 12,
    eval: (x) => Math.atan(x!),
    cpp: "atan",
    wgsl: call("atan"),
    derivative: (g, _, x) => [g.div(x!.mul(x!).add(1))],
  },
  sinh: {
    types: "float",
    cost: 12,
    eval: (x) => Math.sinh(x!),
    cpp: "sinh",
    wgsl: call("sinh"),
    derivative: (g, _, x) => [g.mul(f("cosh", x))],
  },
  cosh: {
    types: "float",
    cost: 12,
    eval: (x) => Math.cosh(x!),
    cpp: "cosh",
    wgsl: call("cosh"),
    derivative: (g, _, x) => [g.mul(f("sinh", x))],
  },
  tanh: {
    types: "float",
    cost: 9,
    eval: (x) => Math.tanh(x!),
    cpp: "tanh",
    wgsl: call("tanh"),
    derivative: (g, y) => [g.mul(y.mul(y).neg().add(1))],
  },
  asinh: {
    types: "float",
    cost: 14,
    eval: (x) => Math.asinh(x!),
    cpp: "asinh",
    wgsl: call("asinh"),
    derivative: (g, _, x) => [g.mul(f("rsqrt", x!.mul(x!).add(1)))],
  },
  acosh: {
    types: "float",
    cost: 14,
    eval: (x) => Math.acosh(x!),
    cpp: "acosh",
    wgsl: call("acosh"),
    derivative: (g, _, x) => [g.mul(f("rsqrt", x!.mul(x!).sub(1)))],
  },
  atanh: {
    types: "float",
    cost: 14,
    eval: (x) => Math.atanh(x!),
    cpp: "atanh",
    wgsl: call("atanh"),
    derivative: (g, _, x) => [g.div(x!.mul(x!).neg().add(1))],
  },

  // Error functions and the Gamma family.
  erf: {
    types: "float",
    cost: 14,
    eval: (x) => special.erf(x!),
    cpp: "erf",
    wgsl: call("tt_erf"),
    derivative: (g, _, x) => [g.mul(f("exp", x!.mul(x!).neg()).mul(2 / Math.sqrt(Math.PI)))],
  },
  erfc: {
    types: "float",
    cost: 14,
    eval: (x) => special.erfc(x!),
    cpp: "erfc",
    wgsl: call("tt_erfc"),
    derivative: (g, _, x) => [g.mul(f("exp", x!.mul(x!).neg()).mul(-2 / Math.sqrt(Math.PI)))],
  },
  erfinv: {
    types: "float",
    cost: 60,
    eval: (x) => special.erfinv(x!),
    cpp: "erfinv",
    wgsl: call("tt_erfinv"),
    derivative: (g, y) => [g.mul(f("exp", y.mul(y)).mul(Math.sqrt(Math.PI) / 2))],
  },
  // Φ(x). Composed of `erfc` in float32, x/√2 would be rounded, which far below 0 counts for much.
  ndtr: {
    types: "float",
    cost: 16,
    eval: (x) => 0.5 * special.erfc(x! * -Math.SQRT1_2),
    cpp: "ndtr",
    wgsl: call("tt_ndtr"),
    derivative: (g, _, x) => [g.mul(f("exp", x!.mul(x!).mul(-0.5)).mul(1 / Math.sqrt(2 * Math.PI)))],
  },
  lgamma: {
    types: "float",
    cost: 60,
    eval: (x) => special.lgamma(x!),
    cpp: "lgamma",
    wgsl: call("tt_lgamma"),
    derivative: (g, _, x) => [g.mul(f("digamma", x))],
  },
  digamma: {
    types: "float",
    cost: 60,
    eval: (x) => special.digamma(x!),
    cpp: "digamma",
    wgsl: call("tt_digamma"),
    derivative: (g, _, x) => [g.mul(trigamma(x!))],
  },
  zeta: {
    types: "float",
    cost: 200,
    eval: (s, q) => special.zeta(s!, q!),
    cpp: "zeta",
    wgsl: call("tt_zeta"),
    derivative: (g, _, s, q) => [null, g.mul(f("zeta", s!.add(1), q).mul(s!)).neg()],
  },

  ...ACTIVATION_PRIMITIVES,
  ...SPECIAL_PRIMITIVES,

  // Predicates and logic of one operand.
  not: {
    types: "all",
    cost: 1,
    eval: (x) => truth(x === 0),
    cpp: "logical_not",
    wgsl: (x) => `f32(${x} == 0.0)`,
    derivative: null,
  },
  isnan: {
    types: "all",
    cost: 1,
    eval: (x) => truth(Number.isNaN(x)),
    cpp: "isnan",
    wgsl: call("tt_isnan"),
    derivative: null,
  },
  isinf: {
    types: "all",
    cost: 1,
    eval: (x) => truth(Math.abs(x!) === Infinity),
    cpp: "isinf",
    wgsl: call("tt_isinf"),
    derivative: null,
  },
  bitnot: { types: "integer", cost: 1, eval: (x) => -1 - x!, cpp: "bit_not", wgsl: (x) => `(~${x})`, derivative: null },

  // Arithmetic.
  add: { types: "all", cost: 1, eval: (a, b) => a! + b!, cpp: "add", wgsl: infix("+"), derivative: (g) => [g, g] },
  sub: {
    types: "all",
    cost: 1,
    eval: (a, b) => a! - b!,
    cpp: "sub",
    wgsl: infix("-"),
    derivative: (g) => [g, g.neg()],
  },
  mul: {
    types: "all",
    cost: 1,
    eval: (a, b) => a! * b!,
    cpp: "mul",
    wgsl: infix("*"),
    derivative: (g, _, a, b) => [g.mul(b!), g.mul(a!)],
  },
  div: {
    types: "float",
    cost: 3,
    eval: (a, b) => a! / b!,
    cpp: "div",
    wgsl: infix("/"),
    derivative: (g, y, _, b) => [g.div(b!), g.neg().mul(y.div(b!))],
  },
  pow: {
    types: "all",
    cost: 24,
    // In C and PyTorch, unlike JavaScript, 1 to the NaN and −1 to the ±inf are 1.
    eval: (a, b) => (a === 1 || (a === -1 && Math.abs(b!) === Infinity) ? 1 : a! ** b!),
    cpp: "pow",
    wgsl: call("tt_pow"),
    derivative: (g, y, a, b) => [
      where(b!.eq(0), 0, g.mul(b!.mul(f("pow", a, b!.sub(1))))),
      where(a!.eq(0).and(b!.ge(0)), 0, g.mul(y.mul(f("log", a)))),
    ],
  },
  floordiv: {
    types: "all",
    failsOnZero: true,
    cost: 20,
    eval: (a, b) => special.floordiv(a!, b!),
    cpp: "floordiv",
    wgsl: call("tt_floordiv"),
    derivative: null,
  },
  truncdiv: {
    types: "all",
    failsOnZero: true,
    cost: 8,
    eval: (a, b) => Math.trunc(a! / b!),
    cpp: "truncdiv",
    wgsl: (a, b) => `trunc(${a} / ${b})`,
    derivative: null,
  },
  remainder: {
    types: "all",
    failsOnZero: true,
    cost: 20,
    eval: (a, b) => special.remainder(a!, b!),
    cpp: "remainder",
    wgsl: call("tt_remainder"),
    derivative: (g, _, a, b) => [g, g.mul(f("floordiv", a, b)).neg()],
  },
  fmod: {
    types: "all",
    failsOnZero: true,
    cost: 20,
    eval: (a, b) => a! % b!,
    cpp: "fmod",
    wgsl: infix("%"),
    derivative: (g, _, a, b) => [g, g.mul(f("truncdiv", a, b)).neg()],
  },

  // Picking and measuring.
  min: {
    types: "all",
    cost: 1,
    eval: (a, b) => Math.min(a!, b!),
    cpp: "min",
    wgsl: call("tt_min"),
    derivative: betterOf("lt"),
  },
  max: {
    types: "all",
    cost: 1,
    eval: (a, b) => Math.max(a!, b!),
    cpp: "max",
    wgsl: call("tt_max"),
    derivative: betterOf("gt"),
  },
  fmin: {
    types: "all",
    cost: 1,
    eval: (a, b) => (Number.isNaN(a) ? b! : Number.isNaN(b) ? a! : Math.min(a!, b!)),
    cpp: "fmin",
    wgsl: call("tt_fmin"),
    derivative: betterNumber("le"),
  },
  fmax: {
    types: "all",
    cost: 1,
    eval: (a, b) => (Number.isNaN(a) ? b! : Number.isNaN(b) ? a! : Math.max(a!, b!)),
    cpp: "fmax",
    wgsl: call("tt_fmax"),
    derivative: betterNumber("ge"),
  },
  atan2: {
    types: "float",
    cost: 16,
    eval: (a, b) => Math.atan2(a!, b!),
    cpp: "atan2",
    wgsl: call("atan2"),
    derivative: (g, _, a, b) => {
      const scale = f("reciprocal", a!.mul(a!).add(b!.mul(b!)));
      return [g.mul(b!.mul(scale)), g.mul(a!.mul(scale)).neg()];
    },
  },
  hypot: {
    types: "float",
    cost: 6,
    eval: (a, b) => Math.hypot(a!, b!),
    cpp: "hypot",
    wgsl: (a, b) => `length(vec2<f32>(${a}, ${b}))`,
    derivative: (g, y, a, b) => [g.mul(a!.div(y)), g.mul(b!.div(y))],
  },
  copysign: {
    types: "float",
    cost: 1,
    eval: (a, b) => special.copysign(a!, b!),
    cpp: "copysign",
    wgsl: call("tt_copysign"),
    derivative: (g, y, a) => [where(a!.eq(0), 0, g.mul(y.div(a!))), null],
  },
  nextafter: {
    types: "float",
    cost: 2,
    eval: (a, b) => special.nextafter(a!, b!),
    cpp: "nextafter",
    wgsl: call("tt_nextafter"),
    derivative: null,
  },

  // Comparisons and logic.
  eq: { types: "all", cost: 1, eval: (a, b) => truth(a === b), cpp: "eq", wgsl: test("=="), derivative: null },
  ne: { types: "all", cost: 1, eval: (a, b) => truth(a !== b), cpp: "ne", wgsl: test("!="), derivative: null },
  lt: { types: "all", cost: 1, eval: (a, b) => truth(a! < b!), cpp: "lt", wgsl: test("<"), derivative: null },
  le: { types: "all", cost: 1, eval: (a, b) => truth(a! <= b!), cpp: "le", wgsl: test("<="), derivative: null },
  gt: { types: "all", cost: 1, eval: (a, b) => truth(a! > b!), cpp: "gt", wgsl: test(">"), derivative: null },
  ge: { types: "all", cost: 1, eval: (a, b) => truth(a! >= b!), cpp: "ge", wgsl: test(">="), derivative: null },
  and: {
    types: "all",
    cost: 1,
    eval: (a, b) => truth(a !== 0 && b !== 0),
    cpp: "logical_and",
    wgsl: logical("&&"),
    derivative: null,
  },
  or: {
    types: "all",
    cost: 1,
    eval: (a, b) => truth(a !== 0 || b !== 0),
    cpp: "logical_or",
    wgsl: logical("||"),
    derivative: null,
  },
  xor: {
    types: "all",
    cost: 1,
    eval: (a, b) => truth((a !== 0) !== (b !== 0)),
    cpp: "logical_xor",
    wgsl: logical("!="),
    derivative: null,
  },

  // Bits.
  bitand: {
    types: "integer",
    cost: 1,
    eval: bits((a, b) => a & b),
    cpp: "bit_and",
    wgsl: infix("&"),
    derivative: null,
  },
  bitor: { types: "integer", cost: 1, eval: bits((a, b) => a | b), cpp: "bit_or", wgsl: infix("|"), derivative: null },
  bitxor: {
    types: "integer",
    cost: 1,
    eval: bits((a, b) => a ^ b),
    cpp: "bit_xor",
    wgsl: infix("^"),
    derivative: null,
  },
  shl: {
    types: "integer",
    cost: 1,
    eval: shifts((a, b) => a << b),
    cpp: "shift_left",
    wgsl: (a, b) => `(${a} << u32(${b}))`,
    derivative: null,
  },
  shr: {
    types: "integer",
    cost: 1,
    eval: shifts((a, b) => a >> b),
    cpp: "shift_right",
    wgsl: (a, b) => `(${a} >> u32(${b}))`,
    derivative: null,
  },

  gcd: {
    types: "integer",
    cost: 60,
    eval: (a, b) => special.gcd(a!, b!),
    cpp: "gcd",
    wgsl: call("tt_gcd"),
    derivative: null,
  },
  lcm: {
    types: "integer",
    cost: 70,
    eval: (a, b) => special.lcm(a!, b!),
    cpp: "lcm",
    wgsl: call("tt_lcm"),
    derivative: null,
  },

  where: {
    types: "all",
    cost: 1,
    eval: (c, a, b) => (c !== 0 ? a! : b!),
    cpp: "where",
    wgsl: (c, a, b) => `select(${b}, ${a}, ${c} != 0.0)`,
    derivative: { choose: ([c], [, da, db]) => where(c!, da!, db!) },
  },
};

/** A primitive's number on the tile machine: 1 and up (0 copies), in the order of the language's list. */
export const primCode = (prim: Prim): number => 1 + PRIMS.indexOf(prim);
