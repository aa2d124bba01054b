/**
 * @file What an expression is simplified to while it is built.
 *
 * Every rule keeps the IEEE result for all operands, ±0, infinities and NaN included; that is why `x·0` is not 0 and
 * `x + 0` is not `x` (−0 + 0 is +0). Derivatives need no such rules: a zero derivative is absent there, not a constant.
 * Constants fold in float64, once, which is never less accurate than folding in the tensor's type.
 */
import { type ComplexPrim, constant, type Expr, isComplexPrim, type Prim } from "./expr.ts";
import { PRIMITIVES } from "./primitives.ts";

const is = (e: Expr, value: number) => e.op === "const" && Object.is(e.value, value);

const RULES: { readonly [P in Prim | ComplexPrim]?: (...x: Expr[]) => Expr | undefined } = {
  neg: (x) => (x!.op === "neg" ? x!.src[0] : undefined),
  add: (a, b) => (b!.op === "neg" ? a!.sub(b!.src[0]!) : a!.op === "neg" ? b!.sub(a!.src[0]!) : undefined),
  sub: (a, b) => (is(b!, 0) ? a : b!.op === "neg" ? a!.add(b!.src[0]!) : undefined),
  mul: (a, b) => timesOne(a!, b!) ?? timesOne(b!, a!),
  div: (a, b) => (is(b!, 1) ? a : is(b!, -1) ? a!.neg() : is(a!, 1) ? b!.reciprocal() : undefined),
  // pow(x, 2) is correctly rounded as x·x; pow(x, 0) is 1 for NaN too.
  pow: (a, b) =>
    is(b!, 1) ? a : is(b!, 2) ? a!.mul(a!) : is(b!, 0) || is(b!, -0) || is(a!, 1) ? constant(1) : undefined,
  conj: (x) => (x!.op === "conj" ? x!.src[0] : x!.op === "const" ? x : undefined),
  real: (x) => (x!.op === "real" || x!.op === "const" ? x : x!.op === "conj" ? x!.src[0]!.real() : undefined),
  where: (c, a, b) => (a === b ? a : c!.op === "const" ? (c!.value !== 0 ? a : b) : undefined),
};

function timesOne(one: Expr, x: Expr): Expr | undefined {
  return is(one, 1) ? x : is(one, -1) ? x.neg() : undefined;
}

/** A simpler expression equal to `prim` of `src`, or `undefined`. */
export function simplify(prim: Prim | ComplexPrim, src: readonly Expr[]): Expr | undefined {
  if (isComplexPrim(prim)) return RULES[prim]?.(...src);
  const rule = PRIMITIVES[prim];
  if (rule.types !== "integer" && src.every((s) => s.op === "const"))
    return constant(rule.eval(...src.map((s) => s.value)));
  return RULES[prim]?.(...src);
}
