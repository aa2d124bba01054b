/** @file Reads what golden.py beside this file has written, and compares with it. */
import { readFileSync } from "node:fs";
import type { Tensor } from "typetorch";
import { expect } from "vitest";

/** Numbers, nested as their tensor is; those that JSON lacks as Python writes them. */
export type Numbers = number | string | readonly Numbers[];

export const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8"));

export function numbersOf(x: Numbers): number[] {
  if (typeof x === "object") return x.flatMap(numbersOf);
  return [typeof x === "number" ? x : x === "nan" ? Number.NaN : x === "inf" ? Infinity : -Infinity];
}

/** The same, as `torch.tensor` takes it. */
export function nestedOf(x: Numbers): never {
  return (typeof x === "object" ? x.map(nestedOf) : numbersOf(x)[0]) as never;
}

/** Equal within a few roundings of float32. */
export function expectClose(got: Tensor | null | undefined, expected: Numbers, tolerance = 2e-6): void {
  const a = numbersOf(got?.detach().tolist() as Numbers);
  const b = numbersOf(expected);
  expect(a.length).toBe(b.length);
  for (const [i, x] of a.entries()) {
    const y = b[i] as number;
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * (1 + Math.abs(y));
    if (!close) expect(a, `element ${i}`).toEqual(b);
  }
}
