/**
 * @file The derivative of an expression, of any order: reverse accumulation over the shared graph.
 *
 * A zero derivative is absent (`null`) while the derivative is built, so `0·inf` cannot appear. A primitive that picks
 * one of its operands (`where`, `max`) picks among the finished derivatives of its operands: d where(c, a, b) is
 * where(c, da, db), never a product with a mask, and a branch that was not taken cannot spoil the result.
 */
import { type ComplexPrim, constant, type Expr, type ExprLike, isComplexPrim, lift, type Prim } from "./expr.ts";
import { type Choice, PRIMITIVES, type Pullback } from "./primitives.ts";
import { topologicalOrder } from "./walk.ts";

/** How a gradient passes a primitive; `null`: it does not. */
export type DerivativeRules = (prim: Prim | ComplexPrim) => Pullback | Choice | null;

const realDerivative: DerivativeRules = (prim) => (isComplexPrim(prim) ? null : PRIMITIVES[prim].derivative);

/**
 * `grad · ∂y/∂wrt`.
 *
 * @param y - the expression
 * @param wrt - an argument's name, or any subexpression of `y` (what is below it then counts as fixed by it)
 * @param grad - the gradient of `y`, 1 unless given
 * @param rules - how a gradient passes each primitive; over real numbers unless given
 * @returns the constant 0 where `y` does not depend on `wrt`
 */
export function differentiate(
  y: Expr,
  wrt: string | Expr,
  grad: ExprLike = 1,
  rules: DerivativeRules = realDerivative,
): Expr {
  const isTarget = typeof wrt === "string" ? (e: Expr) => e.op === "arg" && e.name === wrt : (e: Expr) => e === wrt;
  const depends = new Set<Expr>();
  for (const e of topologicalOrder([y])) if (isTarget(e) || e.src.some((s) => depends.has(s))) depends.add(e);

  /** The derivative through `root`, or `null` for zero. */
  function pull(root: Expr, seed: Expr): Expr | null {
    const gradients = new Map<Expr, Expr>([[root, seed]]);
    let total: Expr | null = null;
    // An operand is older than what is made of it, so the youngest first is an order in which gradients are complete.
    for (const e of topologicalOrder([root]).reverse()) {
      const g = gradients.get(e);
      if (!g || !depends.has(e)) continue;
      if (isTarget(e)) {
        total = total ? total.add(g) : g;
        continue;
      }
      if (e.op === "const" || e.op === "arg" || e.op === "scalar") continue;
      const derivative = rules(e.op);
      if (derivative === null) continue;
      if ("choose" in derivative) {
        const parts = e.src.map((s) => pull(s, g));
        if (parts.every((p) => p === null)) continue;
        const chosen = derivative.choose(
          e.src,
          parts.map((p) => p ?? constant(0)),
        );
        total = total ? total.add(chosen) : chosen;
        continue;
      }
      derivative(g, e, ...e.src).forEach((part, i) => {
        const source = e.src[i]!;
        if (part === null || !depends.has(source)) return;
        const sum = gradients.get(source);
        gradients.set(source, sum ? sum.add(part) : part);
      });
    }
    return total;
  }
  return pull(y, lift(grad)) ?? constant(0);
}
