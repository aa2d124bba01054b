/** @file float64 functions that are computed in vectors against values of many digits (float64-golden.py). */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { engine } from "../../src/backends/cpu/engine.ts";
import * as torch from "../../src/index.ts";

const ISAS = engine.info().isas;

interface Golden {
  readonly x: string;
  readonly value: string;
  readonly rest: string;
}
const path = new URL("float64-golden.json", import.meta.url);
const GOLDEN: Readonly<Record<string, Golden>> = JSON.parse(readFileSync(path, "utf8"));

interface Measured {
  readonly f: (x: torch.Tensor) => torch.Tensor;
  /** Units in the last place of the exact value (docs/accuracy.md). */
  readonly limit: number;
  /** Arguments and results where the function is exact, or has none. */
  readonly exact: readonly (readonly [x: number, result: number])[];
}

const FUNCTIONS: Readonly<Record<string, Measured>> = {
  exp: {
    f: torch.exp,
    limit: 0.9,
    exact: [
      [0, 1],
      [-0, 1],
      [-Infinity, 0],
      [-746, 0],
      [-1e300, 0],
      [709.79, Infinity],
      [1e300, Infinity],
      [Infinity, Infinity],
    ],
  },
  log: {
    f: torch.log,
    limit: 0.9,
    exact: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-5e-324, NaN],
      [-1, NaN],
      [-Infinity, NaN],
    ],
  },
  sin: {
    f: torch.sin,
    limit: 0.8,
    exact: [
      [0, 0],
      [-0, -0],
      [5e-324, 5e-324],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
  },
  cos: {
    f: torch.cos,
    limit: 0.8,
    exact: [
      [0, 1],
      [-0, 1],
      [5e-324, 1],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
  },
  tanh: {
    f: torch.tanh,
    limit: 1.3,
    exact: [
      [0, 0],
      [-0, -0],
      [5e-324, 5e-324],
      [-1e-310, -1e-310],
      [20, 1],
      [-1e300, -1],
      [Infinity, 1],
      [-Infinity, -1],
    ],
  },
  sigmoid: {
    f: torch.sigmoid,
    limit: 2.3,
    exact: [
      [0, 0.5],
      [-0, 0.5],
      [40, 1],
      [-746, 0],
      [Infinity, 1],
      [-Infinity, 0],
    ],
  },
  logit: {
    f: (x) => torch.logit(x),
    limit: 2,
    exact: [
      [0.5, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [1, Infinity],
      [-5e-324, NaN],
      [1 + 2 ** -52, NaN],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
  },
};

const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64")).buffer;

/** The distance to the number that is next to x, outwards. */
function unit(x: number): number {
  const bits = new BigInt64Array(new Float64Array([Math.abs(x)]).buffer);
  bits[0]! += 1n;
  return new Float64Array(bits.buffer)[0]! - Math.abs(x);
}

afterAll(() => engine.setIsa(ISAS.at(-1)!));

describe.each(ISAS)("%s", (isa) => {
  const values = (f: Measured["f"], x: Float64Array) => {
    engine.setIsa(isa);
    return f(torch.tensor(x)).numpy() as Float64Array;
  };

  it.each(Object.entries(FUNCTIONS))("%s", (name, { f, limit }) => {
    const golden = GOLDEN[name]!;
    const x = new Float64Array(bytes(golden.x));
    const nearest = new Float64Array(bytes(golden.value));
    const rest = new Float32Array(bytes(golden.rest));
    let most = 0;
    let at = "";
    values(f, x).forEach((got, i) => {
      const want = nearest[i]!;
      const off = Math.abs((got - want) / unit(want) - rest[i]!);
      if (off <= most) return;
      most = off;
      at = `${name}(${x[i]}) is ${got}, not ${want}`;
    });
    expect(most, at).toBeLessThanOrEqual(limit);
  });

  it.each(Object.entries(FUNCTIONS))("%s where it is exact, and where it has no value", (name, { f, exact }) => {
    const rows = [...exact, [NaN, NaN] as const];
    values(
      f,
      Float64Array.from(rows, ([x]) => x),
    ).forEach((got, i) => {
      const [x, want] = rows[i]!;
      expect(Object.is(got, want), `${name}(${x}) is ${got}, not ${want}`).toBe(true);
    });
  });
});
