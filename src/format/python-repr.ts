/** @file Python's `repr` of plain values, as they appear in printed modules and errors. */
import { pyFloat } from "./python-number.ts";

/** What `pyRepr` prints. An array is a tuple; an object with a `toString` of its own (a dtype, a device) prints as that. */
export type Printable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | readonly Printable[]
  | { toString(): string };

/**
 * Python's `repr(value)`: `None`, `True`, `3`, `0.5`, `'mean'`, `(3, 3)`, `(1,)`.
 *
 * A safe integer other than −0 prints as an int, any other number as a float; a number in a parameter that Python
 * declares as float goes through {@link pyFloat}.
 *
 * @param value - the value to print
 */
export function pyRepr(value: Printable): string {
  switch (typeof value) {
    case "undefined":
      return "None";
    case "boolean":
      return value ? "True" : "False";
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : pyFloat(value);
    case "bigint":
      return String(value);
    case "string":
      return pyString(value);
    default:
      if (value === null) return "None";
      return isTuple(value) ? pyTuple(value) : value.toString();
  }
}

// Array.isArray does not narrow readonly arrays.
const isTuple = (value: object): value is readonly Printable[] => Array.isArray(value);

/** Python's `repr` of a tuple: `()`, `(1,)`, `(2, 3)`. */
export function pyTuple(values: readonly Printable[]): string {
  const inner = values.map(pyRepr).join(", ");
  return values.length === 1 ? `(${inner},)` : `(${inner})`;
}

const shortEscapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

// What Python's str.isprintable refuses: controls, format, surrogates, unassigned, separators, except the space itself.
const escaped = /[\\\p{C}\p{Z}]/gu;

/** Python's `repr` of a string: single quotes, unless only those occur inside. */
export function pyString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(escaped, (char) => {
    if (char === " ") return char;
    const short = shortEscapes[char];
    if (short !== undefined) return short;
    const code = char.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote;
}
