/** @file Walking and rewriting expressions. */
import { apply, type Expr, type ExprLike, lift } from "./expr.ts";

/** All nodes under `roots`, operands before what is made of them, each once. */
export function topologicalOrder(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (e: Expr) => {
    if (seen.has(e)) return;
    seen.add(e);
    e.src.forEach(visit);
    order.push(e);
  };
  roots.forEach(visit);
  return order;
}

/** Names of the arguments that `expr` reads; not of its scalars. */
export function freeArgs(expr: Expr): Set<string> {
  return new Set(topologicalOrder([expr]).flatMap((e) => (e.op === "arg" ? [e.name] : [])));
}

/** Names of the run-time scalars that `expr` reads. */
export function freeScalars(expr: Expr): Set<string> {
  return new Set(topologicalOrder([expr]).flatMap((e) => (e.op === "scalar" ? [e.name] : [])));
}

/** `expr` with every occurrence of `from` replaced by `to`. */
export function substitute(expr: Expr, from: Expr, to: ExprLike): Expr {
  return substituteAll(expr, new Map([[from, lift(to)]]));
}

/** `expr` with several subexpressions replaced at once. */
export function substituteAll(expr: Expr, replacements: ReadonlyMap<Expr, Expr>): Expr {
  const done = new Map<Expr, Expr>(replacements);
  const rewrite = (e: Expr): Expr => {
    let result = done.get(e);
    if (!result) {
      const src = e.src.map(rewrite);
      const isSame = src.every((s, i) => s === e.src[i]);
      result = isSame || e.op === "const" || e.op === "arg" || e.op === "scalar" ? e : apply(e.op, ...src);
      done.set(e, result);
    }
    return result;
  };
  return rewrite(expr);
}
