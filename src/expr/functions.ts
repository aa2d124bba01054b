/** @file Primitives as functions, for formulas that read better so: `exp(x.neg())`, `atan2(y, x)`. */
import { apply, BINARY, type BinaryPrim, type Expr, type ExprLike, type Prim, UNARY, type UnaryPrim } from "./expr.ts";

type Functions = { readonly [P in UnaryPrim]: (x: ExprLike) => Expr } & {
  readonly [P in BinaryPrim]: (a: ExprLike, b: ExprLike) => Expr;
};

const primitive =
  (prim: Prim) =>
  (...x: ExprLike[]) =>
    apply(prim, ...x);
// The names come from the language's lists, one function each; Object.fromEntries cannot say so.
const functions = Object.fromEntries([...UNARY, ...BINARY].map((prim) => [prim, primitive(prim)])) as Functions;

export const { neg, abs, sign, floor, ceil, round, trunc } = functions;
export const { exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, reciprocal, sigmoid, logit } = functions;
export const { sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh } = functions;
export const { erf, erfc, erfinv, erfcx, ndtr, ndtri, lgamma, digamma, zeta, igamma, igammac } = functions;
export const { silu, mish, gelu, geluTanh } = functions;
export const { besselJ0, besselJ1, besselY0, besselY1, airyAi } = functions;
export const { i0, i1, i0e, i1e, k0, k1, k0e, k1e } = functions;
export const { chebyshevT, chebyshevU, chebyshevV, chebyshevW } = functions;
export const { hermiteH, hermiteHe, laguerreL, legendreP } = functions;
export const { mantissa, exponent } = functions;
export const { not, isnan, isinf, bitnot } = functions;
export const { add, sub, mul, div, pow, floordiv, truncdiv, remainder, fmod } = functions;
export const { min, max, fmin, fmax, atan2, hypot, copysign, nextafter } = functions;
export const { eq, ne, lt, le, gt, ge, and, or, xor } = functions;
export const { bitand, bitor, bitxor, shl, shr, gcd, lcm } = functions;
