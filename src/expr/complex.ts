/**
 * @file Expressions over complex numbers: what each primitive is as a pair of real expressions, and how gradients pass it.
 *
 * A complex argument `z` is two real ones, `z.re` and `z.im`; an expression becomes one real expression for each part of its
 * result. So machines, simplifier and renderers know real numbers only. Derivatives are taken before that: a gradient in
 * PyTorch's sense, ∂L/∂x + i·∂L/∂y, is the conjugate of what passes a holomorphic primitive as it does over real numbers. So
 * `differentiate` carries conjugates and uses the real rules; the table has rules of its own only where a primitive is not
 * holomorphic, or where the real rule takes another branch.
 */
import { DTypeError } from "../core/errors.ts";
import * as c from "./complex-functions.ts";
import { apply, type ComplexPrim, constant, type Expr, isComplexPrim, type Prim, where } from "./expr.ts";
import { type Choice, PRIMITIVES, type Pullback } from "./primitives.ts";
import { SPECIAL_OF_REALS } from "./special-primitives.ts";
import { freeArgs, topologicalOrder } from "./walk.ts";

export type { Pair } from "./complex-functions.ts";

type Pair = c.Pair;

interface ComplexRule {
  /** The parts of the result. Over numbers that are all real by kind the real primitive serves, and this is not asked. */
  readonly lower: (...x: Pair[]) => Pair;
  /** Where the rule over real numbers does not hold. `g` is the conjugate of the result's gradient. */
  readonly derivative?: Pullback | Choice | null;
}

/** A function of numbers whose parts both count. */
const of =
  (f: (z: c.Full) => Pair) =>
  (z?: Pair): Pair =>
    f(c.full(z as Pair));
const scaled = (f: (z: c.Full) => c.Full, by: number) => of((z) => c.scale(f(z), by));

/** Whether a number is not 0; NaN is not. */
const truth = ({ re, im }: Pair): Expr => (im === null ? re : re.or(im));
const either =
  (test: (part: Expr) => Expr) =>
  (z?: Pair): Pair => {
    const { re, im } = z as Pair;
    return c.realPair(im === null ? test(re) : test(re).or(test(im)));
  };
const logic = (prim: "and" | "or" | "xor") => (a?: Pair, b?: Pair) =>
  c.realPair(truth(a as Pair)[prim](truth(b as Pair)));
const parts = (a?: Pair, b?: Pair) => [c.full(a as Pair), c.full(b as Pair)] as const;

/** Every primitive over complex numbers; `null`: there is none (they have no order, and do not round). */
const COMPLEX: { readonly [P in Prim | ComplexPrim]: ComplexRule | null } = {
  // Parts.
  conj: { lower: (z) => c.conjugate(z as Pair), derivative: (g) => [g.conj()] },
  real: { lower: (z) => c.realPair((z as Pair).re), derivative: (g) => [g.real()] },
  imag: {
    lower: (z) => c.realPair((z as Pair).im ?? constant(0)),
    derivative: (g) => [constant(0).complex(g.real().neg())],
  },
  complex: {
    lower: (re, im) => c.pair((re as Pair).re, (im as Pair).re),
    derivative: (g) => [g.real(), g.imag().neg()],
  },

  // Sign and rounding.
  neg: { lower: of(c.negate) },
  abs: {
    lower: (z) => c.realPair(c.absolute(z as Pair)),
    derivative: (g, _, z) => [g.real().mul(z!.sign().conj())],
  },
  sign: {
    lower: of(c.direction),
    // Only what goes around the circle passes.
    derivative: (g, y, z) => [where(z!.eq(0), 0, g.sub(g.mul(y).real().mul(y.conj())).div(z!.abs()))],
  },
  floor: null,
  ceil: null,
  round: null,
  trunc: null,

  // Exponentials, logarithms, roots.
  exp: { lower: of(c.exponential) },
  exp2: { lower: of((z) => c.exponential(c.scale(z, Math.LN2))) },
  expm1: { lower: of(c.exponentialMinusOne) },
  log: { lower: of(c.logarithm) },
  log2: { lower: scaled(c.logarithm, Math.LOG2E) },
  log10: { lower: scaled(c.logarithm, Math.LOG10E) },
  log1p: { lower: of(c.logarithmOfOnePlus) },
  sqrt: { lower: of(c.squareRoot) },
  rsqrt: { lower: of((z) => c.reciprocal(c.squareRoot(z))) },
  reciprocal: { lower: of(c.reciprocal) },
  sigmoid: { lower: of(c.sigmoid) },
  logit: null,

  // Trigonometric and hyperbolic functions.
  sin: { lower: of(c.sine) },
  cos: { lower: of(c.cosine) },
  tan: { lower: of(c.tangent) },
  asin: { lower: of(c.arcSine) },
  acos: { lower: of(c.arcCosine) },
  atan: { lower: of(c.arcTangent) },
  sinh: { lower: of(c.hyperbolicSine) },
  cosh: { lower: of(c.hyperbolicCosine) },
  tanh: { lower: of(c.hyperbolicTangent) },
  asinh: { lower: of(c.hyperbolicArcSine) },
  acosh: {
    lower: of(c.hyperbolicArcCosine),
    // The root of the product is on the other branch in the left half plane.
    derivative: (g, _, z) => [g.mul(apply("rsqrt", z!.add(1)).mul(apply("rsqrt", z!.sub(1))))],
  },
  atanh: { lower: of(c.hyperbolicArcTangent) },

  // Error functions and the Gamma family.
  erf: null,
  erfc: null,
  erfinv: null,
  ndtr: null,
  lgamma: null,
  digamma: null,
  zeta: null,
  ...SPECIAL_OF_REALS,

  // Activations.
  silu: { lower: of((z) => c.multiply(z, c.sigmoid(z))) },
  mish: null,
  gelu: null,
  geluTanh: null,

  // Predicates and logic.
  not: { lower: (z) => c.realPair(truth(z as Pair).not()) },
  isnan: { lower: either((part) => part.isnan()) },
  isinf: { lower: either((part) => part.isinf()) },
  bitnot: null,

  // Arithmetic.
  add: { lower: (a, b) => c.add(a as Pair, b as Pair) },
  sub: { lower: (a, b) => c.subtract(a as Pair, b as Pair) },
  mul: { lower: (a, b) => c.multiply(a as Pair, b as Pair) },
  div: { lower: (a, b) => c.divide(a as Pair, b as Pair) },
  pow: {
    lower: (a, b) => {
      const [base, exponent] = parts(a, b);
      // As in PyTorch, only a number as exponent makes 1 of 0 to the 0.
      const isNumber = freeArgs(exponent.re).size === 0 && freeArgs(exponent.im).size === 0;
      return c.power(base, exponent, isNumber);
    },
    derivative: (g, y, a, b) => [
      where(b!.eq(0), 0, g.mul(b!.mul(a!.pow(b!.sub(1))))),
      where(a!.eq(0).and(b!.imag().eq(0)).and(b!.real().ge(0)), 0, g.mul(y.mul(a!.log()))),
    ],
  },
  floordiv: null,
  truncdiv: null,
  remainder: null,
  fmod: null,

  // Picking and measuring.
  min: null,
  max: null,
  fmin: null,
  fmax: null,
  atan2: null,
  hypot: null,
  copysign: null,
  nextafter: null,
  gcd: null,
  lcm: null,

  // Comparisons and logic.
  eq: {
    lower: (a, b) => {
      const [x, y] = parts(a, b);
      return c.realPair(x.re.eq(y.re).and(x.im.eq(y.im)));
    },
  },
  ne: {
    lower: (a, b) => {
      const [x, y] = parts(a, b);
      return c.realPair(x.re.ne(y.re).or(x.im.ne(y.im)));
    },
  },
  lt: null,
  le: null,
  gt: null,
  ge: null,
  and: { lower: logic("and") },
  or: { lower: logic("or") },
  xor: { lower: logic("xor") },

  // Bits.
  bitand: null,
  bitor: null,
  bitxor: null,
  shl: null,
  shr: null,

  where: {
    lower: (condition, a, b) => {
      const chosen = truth(condition as Pair);
      const [x, y] = [a as Pair, b as Pair];
      const re = where(chosen, x.re, y.re);
      return { re, im: x.im === null && y.im === null ? null : where(chosen, c.full(x).im, c.full(y).im) };
    },
  },
};

/** How the conjugate of a gradient passes a primitive over complex numbers. */
export function complexDerivative(prim: Prim | ComplexPrim): Pullback | Choice | null {
  const rule = COMPLEX[prim];
  if (rule?.derivative !== undefined) return rule.derivative;
  return isComplexPrim(prim) ? null : PRIMITIVES[prim].derivative;
}

/** Whether an expression does without primitives that only `lower` knows. */
export function isReal(expr: Expr): boolean {
  return topologicalOrder([expr]).every((e) => !isComplexPrim(e.op));
}

/**
 * `expr` as the real expressions that its parts are.
 * @param leaf - the parts of an argument or scalar
 * @throws DTypeError for a primitive that complex numbers have not
 */
export function lower(expr: Expr, leaf: (e: Expr) => Pair): Pair {
  const done = new Map<Expr, Pair>();
  const visit = (e: Expr): Pair => {
    let found = done.get(e);
    if (found === undefined) {
      found = lowerOne(e);
      done.set(e, found);
    }
    return found;
  };
  const lowerOne = (e: Expr): Pair => {
    if (e.op === "const") return c.realPair(e);
    if (e.op === "arg" || e.op === "scalar") return leaf(e);
    const operands = e.src.map(visit);
    if (!isComplexPrim(e.op) && operands.every(({ im }) => im === null))
      return c.realPair(apply(e.op, ...operands.map(({ re }) => re)));
    const rule = COMPLEX[e.op];
    if (rule !== null) return rule.lower(...operands);
    if (!isComplexPrim(e.op) && operands.every(({ im }) => c.isZero(im)))
      return c.realPair(apply(e.op, ...operands.map(({ re }) => re)));
    throw new DTypeError(`${e.op}: expected real numbers, got complex ones`);
  };
  return visit(expr);
}
