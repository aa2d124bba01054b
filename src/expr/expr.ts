/**
 * @file Scalar expressions: the one language in which every pointwise op and reduction is written.
 *
 * An expression is an immutable tree over the primitives named here; `primitives.ts` says what each means. Equal
 * expressions are the same object (hash-consing), so common subexpressions are shared by identity. Expressions come from
 * declarations of ops, never from data, so the table that interns them stays small: a number that changes from call to
 * call is a run-time scalar (`scalar("beta")`), not a constant.
 */
import { simplify } from "./simplify.ts";

type Words<S extends string> = S extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : S;
const words = <const S extends string>(...lines: S[]) => lines.flatMap((line) => line.split(" ")) as Words<S>[];

/** Primitives of one operand. Logical results are 1 and 0; `round` goes to even; `not` is logical. */
export const UNARY = words(
  "neg abs sign floor ceil round trunc",
  "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sigmoid logit",
  "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh",
  "erf erfc erfinv erfcx ndtr ndtri lgamma digamma",
  "silu mish gelu geluTanh",
  "besselJ0 besselJ1 besselY0 besselY1 airyAi",
  "i0 i1 i0e i1e k0 k1 k0e k1e",
  "mantissa exponent",
  "not isnan isinf bitnot",
);

/**
 * Primitives of two operands. `min` and `max` propagate NaN, `fmin` and `fmax` ignore it. `remainder` and `floordiv` are
 * Python's `%` and `//`, `fmod` and `truncdiv` C's. `zeta(s, q)` is Hurwitz's, `igamma(a, x)` and `igammac` are the regularized
 * incomplete gamma functions, and the polynomials take their degree second. `and`, `or`, `xor` are logical.
 */
export const BINARY = words(
  "add sub mul div pow floordiv truncdiv remainder fmod",
  "min max fmin fmax atan2 hypot copysign nextafter zeta",
  "igamma igammac",
  "chebyshevT chebyshevU chebyshevV chebyshevW hermiteH hermiteHe laguerreL legendreP",
  "eq ne lt le gt ge and or xor",
  "bitand bitor bitxor shl shr gcd lcm",
);

/** Primitives of three operands: `where(condition, a, b)`. */
export const TERNARY = words("where");

/**
 * Primitives about the parts of a complex number. No machine has them: `complex.ts` lowers an expression over complex
 * arguments to a pair of real ones. `complex(re, im)` is the number with these parts.
 */
export const COMPLEX_UNARY = words("conj real imag");
export const COMPLEX_BINARY = words("complex");

export type ComplexPrim = (typeof COMPLEX_UNARY)[number] | (typeof COMPLEX_BINARY)[number];
export type UnaryPrim = (typeof UNARY)[number];
export type BinaryPrim = (typeof BINARY)[number];
export type TernaryPrim = (typeof TERNARY)[number];
/** The name of a primitive. */
export type Prim = UnaryPrim | BinaryPrim | TernaryPrim;

/** All primitives; the position in this list is the primitive's number on the tile machine, less one. */
export const PRIMS: readonly Prim[] = [...UNARY, ...BINARY, ...TERNARY];

/** An expression, or a number that stands for a constant. */
export type ExprLike = Expr | number;

type Methods = { [P in UnaryPrim | (typeof COMPLEX_UNARY)[number]]: () => Expr } & {
  [P in BinaryPrim | (typeof COMPLEX_BINARY)[number]]: (other: ExprLike) => Expr;
};
/** Every primitive of one or two operands is a method: `x.mul(0.5).exp()`. */
export interface Expr extends Methods {}

/** A node of a scalar expression. Made by `arg`, `scalar`, `constant` and the primitives, never by `new`. */
export class Expr {
  /** A primitive, or one of the three kinds of leaf. */
  readonly op: Prim | ComplexPrim | "const" | "arg" | "scalar";
  readonly src: readonly Expr[];
  /** A constant's value. */
  readonly value: number;
  /** An argument's or scalar's name. */
  readonly name: string;
  /** Serial number: operands have smaller ones than what is made of them. */
  readonly id: number;

  constructor(op: Expr["op"], src: readonly Expr[], value: number, name: string, id: number) {
    this.op = op;
    this.src = src;
    this.value = value;
    this.name = name;
    this.id = id;
  }

  /** `mul(x, add(erf(x), 1))`: what was built, for error texts and debugging. */
  toString(): string {
    if (this.op === "const") return String(this.value);
    if (this.op === "arg" || this.op === "scalar") return this.name;
    return `${this.op}(${this.src.join(", ")})`;
  }
}

const interned = new Map<string, Expr>();

function intern(op: Expr["op"], src: readonly Expr[], value: number, name: string): Expr {
  const spelledValue = Object.is(value, -0) ? "-0" : value;
  const key = `${op} ${src.map((s) => s.id)} ${spelledValue} ${name}`;
  let expr = interned.get(key);
  if (!expr) {
    expr = new Expr(op, src, value, name, interned.size);
    interned.set(key, expr);
  }
  return expr;
}

/** A tensor argument: one element of it, at each position. */
export const arg = (name: string): Expr => intern("arg", [], 0, name);
/** A run-time scalar: one number a call (`beta`, `negativeSlope`, a learning rate). */
export const scalar = (name: string): Expr => intern("scalar", [], 0, name);
/** A number that is part of the op. */
export const constant = (value: number): Expr => intern("const", [], value, "");
/** An expression as it is, a number as a constant. */
export const lift = (x: ExprLike): Expr => (typeof x === "number" ? constant(x) : x);

/** Applies a primitive; the result may be a simpler expression of the same value. */
export function apply(prim: Prim | ComplexPrim, ...operands: ExprLike[]): Expr {
  const src = operands.map(lift);
  return simplify(prim, src) ?? intern(prim, src, 0, "");
}

/** `a` where `condition` is not zero (NaN is not zero), `b` elsewhere. */
export const where = (condition: Expr, a: ExprLike, b: ExprLike): Expr => apply("where", condition, a, b);

for (const prim of [...UNARY, ...COMPLEX_UNARY]) {
  Expr.prototype[prim] = function (this: Expr) {
    return apply(prim, this);
  };
}
for (const prim of [...BINARY, ...COMPLEX_BINARY]) {
  Expr.prototype[prim] = function (this: Expr, other: ExprLike) {
    return apply(prim, this, other);
  };
}

const PARTS: ReadonlySet<string> = new Set([...COMPLEX_UNARY, ...COMPLEX_BINARY]);
/** Whether a node's operation is one about the parts of a complex number. */
export const isComplexPrim = (op: Expr["op"]): op is ComplexPrim => PARTS.has(op);
