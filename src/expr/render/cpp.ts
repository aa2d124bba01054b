/** @file Expressions as C++: the bodies of dedicated loops and of reductions. */
import type { Expr, Prim } from "../expr.ts";
import { PRIMITIVES } from "../primitives.ts";
import type { RegisterType } from "../program.ts";
import { letForm } from "./let-form.ts";

/** The C++ type of a register. */
export const CPP_TYPE: { readonly [T in RegisterType]: string } = { f32: "float", f64: "double", i64: "int64_t" };

/** A number as a C++ expression of the type `T`, exactly; ±inf become the ends of an integer's range. */
export function cppConstant(value: number): string {
  if (Number.isNaN(value)) return "fn::not_a_number<T>()";
  if (value === Infinity) return "fn::highest<T>()";
  if (value === -Infinity) return "fn::lowest<T>()";
  if (Object.is(value, -0)) return "T(-0.0)";
  // With a point or an exponent the literal is a double, exact even where it would not fit an int.
  const text = String(value);
  return `T(${/[.e]/.test(text) ? text : `${text}.0`})`;
}

/**
 * C++ statements for `outputs`, in a scope where `T` is the register type and arguments and scalars are variables.
 *
 * @param assign - the statement that takes the text of output `i`
 * @param rename - the variable for an argument or scalar, its own name unless given
 */
export function renderCpp(
  outputs: readonly Expr[],
  assign: (text: string, i: number) => string,
  rename: (name: string) => string = (name) => name,
): string[] {
  const { definitions, results } = letForm(
    outputs,
    (e) => (e.op === "const" ? cppConstant(e.value) : rename(e.name)),
    (e, operands) => `fn::${PRIMITIVES[e.op as Prim].cpp}(${operands.join(", ")})`,
  );
  return [...definitions.map(({ name, text }) => `const T ${name} = ${text};`), ...results.map(assign)];
}
