/** @file Expressions as a sequence of definitions, so that a shared subexpression is computed once in rendered code. */
import type { Expr } from "../expr.ts";
import { topologicalOrder } from "../walk.ts";

export interface LetForm {
  /** Subexpressions that are used more than once, in an order in which they can be defined. */
  readonly definitions: readonly { readonly name: string; readonly text: string }[];
  /** The outputs' texts, which use the definitions' names. */
  readonly results: readonly string[];
}

/**
 * Renders `outputs` with `leaf` for constants, arguments and scalars, and `node` for primitives applied to texts.
 * What is used once is written in place; what is used more often gets a name beginning with `prefix`.
 */
export function letForm(
  outputs: readonly Expr[],
  leaf: (e: Expr) => string,
  node: (e: Expr, operands: readonly string[]) => string,
  prefix = "t",
): LetForm {
  const order = topologicalOrder(outputs);
  const uses = new Map<Expr, number>();
  for (const e of [...order.flatMap((o) => o.src), ...outputs]) uses.set(e, (uses.get(e) ?? 0) + 1);
  const texts = new Map<Expr, string>();
  const definitions: { name: string; text: string }[] = [];
  for (const e of order) {
    if (e.src.length === 0) {
      texts.set(e, leaf(e));
      continue;
    }
    const text = node(
      e,
      e.src.map((s) => texts.get(s)!),
    );
    if (uses.get(e)! > 1) {
      const name = `${prefix}${definitions.length}`;
      definitions.push({ name, text });
      texts.set(e, name);
    } else texts.set(e, text);
  }
  return { definitions, results: outputs.map((e) => texts.get(e)!) };
}
