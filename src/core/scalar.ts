/** @file Numbers that stand beside tensors in an op, and what dtype they ask for. */
import { bool, Category, type DType, defaultComplex, getDefaultDtype, int64 } from "./dtype.ts";

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

export type Scalar = number | bigint | boolean | Complex;

export function isComplexScalar(x: unknown): x is Complex {
  return (
    typeof x === "object" &&
    x !== null &&
    typeof (x as Complex).re === "number" &&
    typeof (x as Complex).im === "number"
  );
}

export function isScalar(x: unknown): x is Scalar {
  return typeof x === "number" || typeof x === "bigint" || typeof x === "boolean" || isComplexScalar(x);
}

/** Whether a number counts as a Python int: a safe integer other than −0. */
export function isIntLike(x: number): boolean {
  return Number.isSafeInteger(x) && !Object.is(x, -0);
}

export function scalarCategory(x: Scalar): Category {
  if (typeof x === "number") return isIntLike(x) ? Category.Integral : Category.Floating;
  if (typeof x === "bigint") return Category.Integral;
  return typeof x === "boolean" ? Category.Bool : Category.Complex;
}

/** The dtype of a tensor made from this scalar alone. */
export function scalarDType(x: Scalar): DType {
  const category = scalarCategory(x);
  if (category === Category.Floating) return getDefaultDtype();
  if (category === Category.Complex) return defaultComplex();
  return category === Category.Bool ? bool : int64;
}

/** A scalar as Python prints it. */
export function scalarToString(x: Scalar): string {
  if (typeof x === "object") return `(${x.re}${x.im < 0 ? "-" : "+"}${Math.abs(x.im)}j)`;
  return String(x);
}
