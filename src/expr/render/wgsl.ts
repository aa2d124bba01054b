/** @file Expressions as WGSL, in f32. Functions that WGSL lacks are called `tt_…`; the WebGPU backend brings them. */
import type { Expr, Prim } from "../expr.ts";
import { PRIMITIVES } from "../primitives.ts";
import { letForm } from "./let-form.ts";

/** A number as a WGSL f32 expression. WGSL has no literals of infinities and NaN: they are private constants. */
export function wgslConstant(value: number): string {
  if (Number.isNaN(value)) return "tt_nan()";
  if (value === Infinity) return "tt_inf()";
  if (value === -Infinity) return "(-tt_inf())";
  // A value beyond f32 is an error in WGSL, and an infinity in f32 elsewhere.
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return wgslConstant(rounded);
  return Object.is(rounded, -0) ? "(-0.0f)" : rounded < 0 ? `(${rounded}f)` : `${rounded}f`;
}

/**
 * WGSL statements for `outputs`.
 *
 * @param assign - the statement that takes the text of output `i`
 * @param rename - the variable for an argument or scalar, its own name unless given
 */
export function renderWgsl(
  outputs: readonly Expr[],
  assign: (text: string, i: number) => string,
  rename: (name: string) => string = (name) => name,
): string[] {
  const { definitions, results } = letForm(
    outputs,
    (e) => (e.op === "const" ? wgslConstant(e.value) : rename(e.name)),
    (e, operands) => PRIMITIVES[e.op as Prim].wgsl(...operands),
  );
  return [...definitions.map(({ name, text }) => `let ${name} = ${text};`), ...results.map(assign)];
}
