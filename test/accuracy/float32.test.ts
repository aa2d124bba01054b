/** @file A sample of what scripts/ulp.ts measures over all floats: every 65,537th, and the worst that it found. */
import { afterAll, describe, expect, it } from "vitest";
import { engine } from "../../src/backends/cpu/engine.ts";
import * as torch from "../../src/index.ts";
import { randoms } from "../expr/machine.ts";
import { FUNCTIONS } from "./functions.ts";

const ISAS = engine.info().isas;
const STRIDE = 65_537;
/** What an odd stride misses. */
const ENDS = [-0, 1, -1, Infinity, -Infinity, 2 ** -149, -(2 ** -149), 2 ** -126, -(2 ** -126)];

function everySoMany(stride: number): Float32Array {
  const bits = Uint32Array.from({ length: Math.floor(2 ** 32 / stride) }, (_, i) => i * stride);
  return new Float32Array(bits.buffer);
}

/** Operands of moderate size, half of them near 1. */
function pairs(count: number): [Float32Array, Float32Array] {
  const random = randoms(11);
  const a = Float32Array.from({ length: count }, (_, i) => (i % 2 ? 0.5 + random() : 200 * random() - 100));
  const b = Float32Array.from({ length: count }, (_, i) =>
    i % 3 ? 300 * random() - 150 : Math.round(20 * random()) - 10,
  );
  return [a, b];
}

const exponentOf = (x: number) => ((new BigInt64Array(new Float64Array([x]).buffer)[0]! >> 52n) & 0x7ffn) - 1023n;

/** In units in the last place of the exact value; 2^128 stands for infinity. */
function error(got: number, exact: number): number {
  const most = 2 ** 128;
  const clamp = (x: number) => Math.max(-most, Math.min(most, x));
  const size = Math.abs(clamp(exact));
  const unit = 2 ** (Number(exponentOf(Math.max(2 ** -126, Math.min(size, 2 ** 127)))) - 23);
  return Math.abs(clamp(got) - clamp(exact)) / unit;
}

const rows = Object.entries(FUNCTIONS).filter(([, { exact }]) => exact !== undefined);

afterAll(() => engine.setIsa(ISAS.at(-1)!));

describe.each(ISAS)("%s", (isa) => {
  it.each(rows)("%s", (name, { f, exact, limit, floor = 0, binary, worst = [] }) => {
    engine.setIsa(isa);
    const operands = binary ? pairs(40_000) : [Float32Array.from([...ENDS, ...worst, ...everySoMany(STRIDE)])];
    const got = f(...operands.map((x) => torch.tensor(x))).numpy() as Float32Array;
    let most = 0;
    let at = "";
    got.forEach((value, i) => {
      const x = operands.map((operand) => operand[i]!);
      const want = exact!(...x);
      const off = Number.isNaN(want) && Number.isNaN(value) ? 0 : error(value, want);
      const isRight = off <= most || Math.abs(value - want) <= floor;
      if (value === 0 && want === 0 && !Object.is(value, want))
        expect.fail(`${name}(${x}) is zero with the wrong sign`);
      if (isRight) return;
      most = off;
      at = `${name}(${x}) is ${value}, not ${want}`;
    });
    // The references above are not correctly rounded themselves, in float64.
    expect(most, at).toBeLessThanOrEqual(limit + 1e-4);
  });
});
