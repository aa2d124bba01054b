/**
 * @file Elementary functions of complex numbers as pairs of real expressions, on the branches of C99's Annex G.
 *
 * A part computes what its formula says also where the other is infinite or zero, so signed zeros choose the side of a
 * branch cut. Inverse functions follow W. Kahan, "Branch cuts for complex elementary functions" (1987).
 */
import { constant, type Expr, type ExprLike, where } from "./expr.ts";
import { atan2 } from "./functions.ts";

/** A number by its parts; `im` is `null` where it is real by kind (an absolute value, a condition, a constant). */
export interface Pair {
  readonly re: Expr;
  readonly im: Expr | null;
}

/** A real number as the complex one that it is cast to. */
export type Full = { readonly re: Expr; readonly im: Expr };

const ZERO = constant(0);

export const pair = (re: Expr, im: Expr): Full => ({ re, im });
export const realPair = (re: Expr): Pair => ({ re, im: null });
export const full = ({ re, im }: Pair): Full => ({ re, im: im ?? ZERO });
/** Whether an imaginary part is 0 whatever the arguments are. */
export const isZero = (e: Expr | null): boolean => e === null || (e.op === "const" && e.value === 0);

export const negate = ({ re, im }: Full): Full => pair(re.neg(), im.neg());
export const conjugate = ({ re, im }: Pair): Pair => (im === null ? { re, im } : pair(re, im.neg()));
export const scale = ({ re, im }: Full, by: ExprLike): Full => pair(re.mul(by), im.mul(by));
/** i · z and −i · z. */
const timesI = ({ re, im }: Full): Full => pair(im.neg(), re);
const timesMinusI = ({ re, im }: Full): Full => pair(im, re.neg());

export function add(a: Pair, b: Pair): Pair {
  return { re: a.re.add(b.re), im: a.im === null ? b.im : b.im === null ? a.im : a.im.add(b.im) };
}

export function subtract(a: Pair, b: Pair): Pair {
  return { re: a.re.sub(b.re), im: b.im === null ? a.im : a.im === null ? b.im.neg() : a.im.sub(b.im) };
}

export function multiply(a: Pair, b: Pair): Pair {
  if (b.im === null) return { re: a.re.mul(b.re), im: a.im === null ? null : a.im.mul(b.re) };
  if (a.im === null) return multiply(b, a);
  return pair(a.re.mul(b.re).sub(a.im.mul(b.im)), a.re.mul(b.im).add(a.im.mul(b.re)));
}

/** Smith's quotient: the divisor's smaller part is measured in its larger, so that no square overflows. By 0 it is NaN. */
export function divide(a: Pair, b: Pair): Pair {
  if (b.im === null) return { re: a.re.div(b.re), im: a.im === null ? null : a.im.div(b.re) };
  const { re: c, im: d } = b;
  const isSteep = c.abs().lt(d.abs());
  const larger = where(isSteep, d, c);
  const smaller = where(isSteep, c, d);
  const ratio = smaller.div(larger);
  const size = larger.add(smaller.mul(ratio));
  const im = a.im ?? ZERO;
  return pair(
    where(isSteep, a.re.mul(ratio).add(im), a.re.add(im.mul(ratio))).div(size),
    where(isSteep, im.mul(ratio).sub(a.re), im.sub(a.re.mul(ratio))).div(size),
  );
}

export const reciprocal = (z: Full): Full => full(divide(realPair(constant(1)), z));
export const absolute = ({ re, im }: Pair): Expr => (isZero(im) ? re.abs() : re.hypot(im as Expr));

/** z / |z|, 0 at 0. */
export function direction(z: Full): Full {
  const size = absolute(z);
  const isOrigin = size.eq(0);
  return pair(where(isOrigin, 0, z.re.div(size)), where(isOrigin, 0, z.im.div(size)));
}

/** Of a real exponent the power is real, also where it is infinite. */
export function exponential({ re, im }: Full): Full {
  const size = re.exp();
  return pair(where(im.eq(0), size, size.mul(im.cos())), where(im.eq(0), im, size.mul(im.sin())));
}

/** 1 / (1 + e^−z). */
export function sigmoid(z: Full): Full {
  const { re, im } = exponential(negate(z));
  return reciprocal(pair(re.add(1), im));
}

/** e^z − 1, without cancellation near 0. */
export function exponentialMinusOne({ re, im }: Full): Full {
  const half = im.mul(0.5).sin();
  const turned = re.expm1().mul(im.cos()).sub(half.mul(half).mul(2));
  return pair(where(im.eq(0), re.expm1(), turned), where(im.eq(0), im, re.exp().mul(im.sin())));
}

/** log |z|: where |z| is near 1, from its distance to 1. */
function logOfSize({ re, im }: Full): Expr {
  const size = re.hypot(im);
  const larger = re.abs().max(im.abs());
  const smaller = re.abs().min(im.abs());
  const near = larger.sub(1).mul(larger.add(1)).add(smaller.mul(smaller)).log1p().mul(0.5);
  return where(size.gt(0.5).and(size.lt(2)), near, size.log());
}

export const logarithm = (z: Full): Full => pair(logOfSize(z), atan2(z.im, z.re));

export function logarithmOfOnePlus({ re, im }: Full): Full {
  const moved = pair(re.add(1), im);
  const near = re.mul(re.add(2)).add(im.mul(im)).log1p().mul(0.5);
  const isNear = re.abs().lt(0.5).and(im.abs().lt(0.5));
  return pair(where(isNear, near, logOfSize(moved)), atan2(moved.im, moved.re));
}

/** With a real part of at least 0, and the sign of the imaginary part. */
export function squareRoot({ re, im }: Full): Full {
  // Halves before they are added, so that the sum does not overflow.
  const large = re.abs().mul(0.5).add(re.hypot(im).mul(0.5)).sqrt();
  const small = im.abs().div(large.mul(2));
  const isRight = re.ge(0);
  const isOrigin = large.eq(0);
  const isTall = im.isinf();
  return pair(
    where(isTall, im.abs(), where(isOrigin, 0, where(isRight, large, small))),
    where(isTall.or(isOrigin), im, where(isRight, small, large).copysign(im)),
  );
}

export const sine = ({ re, im }: Full): Full => pair(re.sin().mul(im.cosh()), re.cos().mul(im.sinh()));
export const cosine = ({ re, im }: Full): Full => pair(re.cos().mul(im.cosh()), re.sin().mul(im.sinh()).neg());
export const hyperbolicSine = ({ re, im }: Full): Full => pair(re.sinh().mul(im.cos()), re.cosh().mul(im.sin()));
export const hyperbolicCosine = ({ re, im }: Full): Full => pair(re.cosh().mul(im.cos()), re.sinh().mul(im.sin()));

export function hyperbolicTangent({ re, im }: Full): Full {
  // Kahan's: with t = tan y and s = sinh x. Beyond 20 the real part is ±1 to all digits, and s would overflow.
  const t = im.tan();
  const s = re.sinh();
  const slope = t.mul(t).add(1);
  const size = slope.mul(s).mul(s).add(1);
  const isFar = re.abs().gt(20);
  const farIm = im.sin().mul(im.cos()).mul(4).mul(re.abs().mul(-2).exp());
  const farther = where(re.isinf(), constant(0).copysign(im), farIm);
  return pair(
    where(isFar, constant(1).copysign(re), slope.mul(s.mul(s).add(1).sqrt()).mul(s).div(size)),
    where(isFar, farther, t.div(size)),
  );
}

export const tangent = (z: Full): Full => timesMinusI(hyperbolicTangent(timesI(z)));

const onePlus = ({ re, im }: Full): Full => pair(re.add(1), im);
const oneMinus = ({ re, im }: Full): Full => pair(constant(1).sub(re), im.neg());
/** The real and the imaginary part of conj(a) · b. */
const conjRe = (a: Full, b: Full) => a.re.mul(b.re).add(a.im.mul(b.im));
const conjIm = (a: Full, b: Full) => a.re.mul(b.im).sub(a.im.mul(b.re));

export function arcSine(z: Full): Full {
  const [below, above] = [squareRoot(oneMinus(z)), squareRoot(onePlus(z))];
  return pair(atan2(z.re, below.re.mul(above.re).sub(below.im.mul(above.im))), conjIm(below, above).asinh());
}

export function arcCosine(z: Full): Full {
  const [below, above] = [squareRoot(oneMinus(z)), squareRoot(onePlus(z))];
  return pair(atan2(below.re, above.re).mul(2), conjIm(above, below).asinh());
}

export function hyperbolicArcCosine(z: Full): Full {
  const [below, above] = [squareRoot(pair(z.re.sub(1), z.im)), squareRoot(onePlus(z))];
  return pair(conjRe(below, above).asinh(), atan2(below.im, above.re).mul(2));
}

export function hyperbolicArcTangent({ re, im }: Full): Full {
  const off = constant(1).sub(re.abs());
  // 0.25 · log(|1 + z|² / |1 − z|²), on the side of positive parts.
  const distance = off.mul(off).add(im.mul(im));
  const size = re.abs().mul(4).div(distance).log1p().mul(0.25);
  const across = off.mul(re.abs().add(1)).sub(im.mul(im));
  return pair(where(distance.isinf(), 0, size).copysign(re), atan2(im.mul(2), across).mul(0.5));
}

export const hyperbolicArcSine = (z: Full): Full => timesMinusI(arcSine(timesI(z)));
export const arcTangent = (z: Full): Full => timesMinusI(hyperbolicArcTangent(timesI(z)));

/** e^(b log a), 0 to powers with a positive real part is 0. `unit`: to the 0 everything is 1. */
export function power(a: Full, b: Full, unit: boolean): Full {
  const { re, im } = exponential(full(multiply(b, logarithm(a))));
  const isZero = a.re.eq(0).and(a.im.eq(0)).and(b.re.gt(0));
  const value = pair(where(isZero, 0, re), where(isZero, 0, im));
  if (!unit) return value;
  const isUnit = b.re.eq(0).and(b.im.eq(0));
  return pair(where(isUnit, 1, value.re), where(isUnit, 0, value.im));
}
