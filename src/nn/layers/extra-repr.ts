/** @file What layers say of themselves in print. */

import { snakeCase } from "../../format/python-names.ts";
import { pyFloat } from "../../format/python-number.ts";
import { type Printable, pyRepr } from "../../format/python-repr.ts";

/** A number in a parameter that is a float in Python: it prints as one, `p=0.0`. */
export class PyFloat {
  private readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    return pyFloat(this.value);
  }
}

/** `in_features=2, bias=True`: names in snake_case, values as Python writes them; what is `undefined` is left out. */
export function extra(values: Readonly<Record<string, Printable>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${snakeCase(name)}=${pyRepr(value)}`)
    .join(", ");
}

/** A float as Python writes it; `null` is `None`. */
export function py(x: number): PyFloat;
export function py(x: number | null): PyFloat | null;
export function py(x: number | null): PyFloat | null {
  return x === null ? null : new PyFloat(x);
}

/** `4, eps=1e-05`: values without names, then those with one. */
export function extraAfter(values: readonly Printable[], rest: Readonly<Record<string, Printable>>): string {
  return [...values.map(pyRepr), extra(rest)].filter((text) => text !== "").join(", ");
}
