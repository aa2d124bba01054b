/** @file Terms that the rules of many optimizers share. */
import { arg, type Expr, scalar } from "../expr/index.ts";

export const param: Expr = arg("param");

/** The gradient: negated to maximize, with the penalty `decay · p` where there is one. */
export function gradient({ maximize, decay }: { readonly maximize: boolean; readonly decay: boolean }): Expr {
  const g = maximize ? arg("grad").neg() : arg("grad");
  return decay ? scalar("decay").mul(param).add(g) : g;
}

/** A running average: `keep · average + rest · x`. */
export const averaged = (average: Expr, x: Expr, keep: Expr, rest: Expr): Expr => keep.mul(average).add(rest.mul(x));
