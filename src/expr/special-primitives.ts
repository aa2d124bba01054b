/**
 * @file The rows of special functions that are computed element by element: a scalar routine of native/scalar that every
 * instruction set calls.
 *
 * Polynomials and the Airy function have no derivatives, as in PyTorch: the ops of them say that they are not differentiable.
 */
import * as bessel from "./bessel.ts";
import { apply, type Expr, type Prim, where } from "./expr.ts";
import { igamma, igammac } from "./incomplete-gamma.ts";
import { polynomials } from "./polynomials.ts";
import type { PrimRule, Pullback } from "./primitives.ts";
import { erfcx, frexp, ndtri } from "./special.ts";

type Eval = (...x: number[]) => number;

function row(name: string, cost: number, value: Eval, derivative: Pullback | null): PrimRule {
  return {
    types: "float",
    cost,
    eval: value,
    cpp: name,
    wgsl: (...x) => `tt_${name}(${x.join(", ")})`,
    derivative,
  };
}
const unary = (name: string, cost: number, value: (x: number) => number, derivative: Pullback | null = null) =>
  row(name, cost, (x) => value(x!), derivative);
const polynomial = (name: string, value: (x: number, n: number) => number) =>
  row(name, 30, (x, n) => value(x!, n!), null);
const inFloat64 = polynomials((x) => x, 512);

const f = (name: Prim, ...x: (Expr | undefined)[]) => apply(name, ...(x as Expr[]));
/** `y / x` in the derivative of a function that is `x/2` near 0. */
const overX = (y: Expr, x: Expr) => where(x.eq(0), 0.5, y.div(x));
/** The density `x^(a−1) e^(−x) / Γ(a)`. */
const gammaDensity = (a: Expr, x: Expr) => a.sub(1).mul(x.log()).sub(x).sub(a.lgamma()).exp();

export const SPECIAL_PRIMITIVES = {
  erfcx: unary("erfcx", 60, erfcx, (g, y, x) => [
    g.mul(
      x!
        .mul(2)
        .mul(y)
        .sub(2 / Math.sqrt(Math.PI)),
    ),
  ]),
  ndtri: unary("ndtri", 200, ndtri, (g, y) => [g.mul(y.mul(y).mul(0.5).exp()).mul(Math.sqrt(2 * Math.PI))]),

  besselJ0: unary("bessel_j0", 300, bessel.besselJ0, (g, _, x) => [g.mul(f("besselJ1", x)).neg()]),
  besselJ1: unary("bessel_j1", 300, bessel.besselJ1, (g, y, x) => [g.mul(f("besselJ0", x).sub(overX(y, x!)))]),
  besselY0: unary("bessel_y0", 300, bessel.besselY0, (g, _, x) => [g.mul(f("besselY1", x)).neg()]),
  besselY1: unary("bessel_y1", 300, bessel.besselY1, (g, y, x) => [g.mul(f("besselY0", x).sub(y.div(x!)))]),
  airyAi: unary("airy_ai", 200, bessel.airyAi),
  i0: unary("i0", 150, bessel.i0, (g, _, x) => [g.mul(f("i1", x))]),
  i1: unary("i1", 150, bessel.i1, (g, y, x) => [g.mul(f("i0", x).sub(overX(y, x!)))]),
  i0e: unary("i0e", 150, bessel.i0e, (g, y, x) => [g.mul(f("i1e", x).sub(x!.sign().mul(y)))]),
  i1e: unary("i1e", 150, bessel.i1e, (g, y, x) => [g.mul(f("i0e", x).sub(x!.sign().mul(y)).sub(overX(y, x!)))]),
  k0: unary("k0", 300, bessel.k0, (g, _, x) => [g.mul(f("k1", x)).neg()]),
  k1: unary("k1", 300, bessel.k1, (g, y, x) => [g.mul(f("k0", x).add(y.div(x!))).neg()]),
  k0e: unary("k0e", 300, bessel.k0e, (g, y, x) => [g.mul(y.sub(f("k1e", x)))]),
  k1e: unary("k1e", 300, bessel.k1e, (g, y, x) => [g.mul(y.sub(y.div(x!)).sub(f("k0e", x)))]),

  // PyTorch knows no derivative by the first argument either; the ops declare it missing.
  igamma: row(
    "igamma",
    400,
    (a, x) => igamma(a!, x!),
    (g, _, a, x) => [null, g.mul(gammaDensity(a!, x!))],
  ),
  igammac: row(
    "igammac",
    400,
    (a, x) => igammac(a!, x!),
    (g, _, a, x) => [null, g.mul(gammaDensity(a!, x!)).neg()],
  ),

  chebyshevT: polynomial("chebyshev_t", inFloat64.chebyshevT),
  chebyshevU: polynomial("chebyshev_u", inFloat64.chebyshevU),
  chebyshevV: polynomial("chebyshev_v", inFloat64.chebyshevV),
  chebyshevW: polynomial("chebyshev_w", inFloat64.chebyshevW),
  hermiteH: polynomial("hermite_h", inFloat64.hermiteH),
  hermiteHe: polynomial("hermite_he", inFloat64.hermiteHe),
  laguerreL: polynomial("laguerre_l", inFloat64.laguerreL),
  legendreP: polynomial("legendre_p", inFloat64.legendreP),

  mantissa: unary(
    "mantissa",
    2,
    (x) => frexp(x).mantissa,
    (g, _, x) => [g.div(f("exponent", x).exp2())],
  ),
  exponent: unary("exponent", 2, (x) => frexp(x).exponent),
} satisfies { readonly [P in Prim]?: PrimRule };

/** These functions over complex numbers: there are none. */
export const SPECIAL_OF_REALS = Object.fromEntries(Object.keys(SPECIAL_PRIMITIVES).map((name) => [name, null])) as {
  readonly [P in keyof typeof SPECIAL_PRIMITIVES]: null;
};
