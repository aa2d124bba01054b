/** @file The value of an expression in float64: the oracle that every engine is tested against. */
import { ValueError } from "../core/errors.ts";
import { type Expr, isComplexPrim } from "./expr.ts";
import { PRIMITIVES } from "./primitives.ts";

/** Evaluates `expr` with the given values of its arguments and scalars. */
export function evaluate(expr: Expr, values: Readonly<Record<string, number>>): number {
  const done = new Map<Expr, number>();
  const visit = (e: Expr): number => {
    const known = done.get(e);
    if (known !== undefined) return known;
    const value = compute(e);
    done.set(e, value);
    return value;
  };
  const compute = (e: Expr): number => {
    if (e.op === "const") return e.value;
    if (isComplexPrim(e.op)) throw new ValueError(`evaluate: expected real expressions, got ${e.op}; lower it first`);
    if (e.op !== "arg" && e.op !== "scalar") return PRIMITIVES[e.op].eval(...e.src.map(visit));
    const value = values[e.name];
    if (value === undefined) throw new ValueError(`evaluate: no value for ${JSON.stringify(e.name)}`);
    return value;
  };
  return visit(expr);
}
