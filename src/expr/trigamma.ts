/** @file The derivative of `digamma`, as PyTorch has it. */
import { apply, constant, type Expr, where } from "./expr.ts";

/** `ζ(2, x)`; at its poles π²/sin²(πx) with the sine of a rounded πx, large but finite; 0 at ∞. */
export function trigamma(x: Expr): Expr {
  const sine = x.mul(Math.PI).sin();
  const isPole = x.le(0).and(x.eq(x.floor()));
  return where(isPole, constant(Math.PI ** 2).div(sine.mul(sine)), where(x.eq(Infinity), 0, apply("zeta", 2, x)));
}
