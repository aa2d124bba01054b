/** @file Random numbers against PyTorch's, bit by bit, on every instruction set. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Operand } from "../../src/backends/backend.ts";
import { engine } from "../../src/backends/cpu/engine.ts";
import * as random from "../../src/backends/cpu/kernels/random.ts";
import { RandomState } from "../../src/backends/cpu/random-state.ts";
import type { DTypeName } from "../../src/core/dtype.ts";
import { ValueError } from "../../src/core/errors.ts";
import { Layout } from "../../src/core/layout.ts";
import { bytesOf, operand, operandIn, valuesOf } from "./operands.ts";

interface Case {
  readonly seed: string;
  readonly call: keyof typeof calls;
  readonly dtype: DTypeName;
  readonly arguments: readonly string[];
  readonly steps: readonly { base: number; shape: number[]; strides: number[]; data: string }[];
  readonly state: string;
}

interface Golden {
  readonly cases: readonly Case[];
  readonly permutations: readonly (readonly number[])[];
  readonly probabilities: readonly (readonly number[])[];
  readonly samples: readonly (readonly number[])[];
  readonly state: string;
}

const golden: Golden = JSON.parse(readFileSync(new URL("random-golden.json", import.meta.url), "utf8"));

const calls = {
  uniform: (x: Operand, s: RandomState, a: string, b: string) => random.uniform(x, s, Number(a), Number(b)),
  normal: (x: Operand, s: RandomState, a: string, b: string) => random.normal(x, s, Number(a), Number(b)),
  exponential: (x: Operand, s: RandomState, a: string) => random.exponential(x, s, Number(a)),
  cauchy: (x: Operand, s: RandomState, a: string, b: string) => random.cauchy(x, s, Number(a), Number(b)),
  logNormal: (x: Operand, s: RandomState, a: string, b: string) => random.logNormal(x, s, Number(a), Number(b)),
  geometric: (x: Operand, s: RandomState, a: string) => random.geometric(x, s, Number(a)),
  bernoulli: (x: Operand, s: RandomState, a: string) => random.bernoulli(x, s, Number(a)),
  fromTo: (x: Operand, s: RandomState, a: string, b: string) =>
    random.randomFromTo("random_", x, s, BigInt(a), BigInt(b)),
  ofDtype: (x: Operand, s: RandomState) => random.randomOfDtype(x, s),
  all64Bits: (x: Operand, s: RandomState) => random.randomAll64Bits(x, s),
} satisfies Record<string, (x: Operand, s: RandomState, a: string, b: string) => void>;

/** Logarithms and sines of float64 are JavaScript's there, whose last bit may differ. */
function expectSameToRounding(got: Buffer, expected: Buffer): void {
  for (let i = 0; i < expected.length; i += 8) {
    const exact = expected.readDoubleLE(i);
    expect(Math.abs(got.readDoubleLE(i) - exact)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(exact));
  }
}

const { isa, isas } = engine.info();
afterAll(() => engine.setIsa(isa));

describe.each(isas)("random on %s", (name) => {
  test(`${golden.cases.length} streams`, () => {
    engine.setIsa(name);
    for (const { seed, call, dtype, arguments: given, steps, state } of golden.cases) {
      const label = `${call} ${dtype} seed ${seed}`;
      const generator = new RandomState(BigInt(seed));
      for (const { base, shape, strides, data } of steps) {
        const x = operandIn(dtype, base, new Layout(shape, strides, 0));
        (calls[call] as (x: Operand, s: RandomState, ...a: readonly string[]) => void)(x, generator, ...given);
        const got = Buffer.from(bytesOf(x));
        if (engine.name === "wasm" && dtype === "float64") expectSameToRounding(got, Buffer.from(data, "base64"));
        else expect(got.toString("base64"), `${label} ${shape}`).toBe(data);
      }
      expect(createHash("sha256").update(generator.getState()).digest("hex"), `${label} state`).toBe(state);
    }
  });

  test("permutations and multinomial samples", () => {
    engine.setIsa(name);
    const generator = new RandomState(3n);
    for (const expected of golden.permutations) {
      const x = operand("int64", [expected.length]);
      random.randperm(x, generator);
      expect(valuesOf(x)).toEqual(expected);
    }
    const probabilities = operand("float32", [2, 4], golden.probabilities.flat());
    const samples = operand("int64", [2, 12]);
    random.multinomial(samples, probabilities, generator);
    expect(valuesOf(samples)).toEqual(golden.samples.flat());
    expect(Buffer.from(generator.getState()).toString("base64")).toBe(golden.state);
  });
});

test("probabilities of single elements", () => {
  const chances = operand("float64", [3, 4], [0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1], "columns");
  const x = operand("bool", [3, 4]);
  random.bernoulli(x, new RandomState(0n), chances);
  expect(valuesOf(x)).toEqual(valuesOf(chances));
});

describe("RandomState", () => {
  test("a state that was taken goes on where it was, the waiting normal sample included", () => {
    const first = new RandomState(7n);
    const draw = (s: RandomState) => {
      const x = operand("float64", [3]);
      random.normal(x, s, 0, 1);
      return valuesOf(x);
    };
    draw(first);
    const second = new RandomState();
    second.setState(first.getState());
    expect(second.initialSeed).toBe(7n);
    expect(draw(second)).toEqual(draw(first));
  });

  test("what is no state is refused", () => {
    const state = new RandomState();
    expect(() => state.setState(new Uint8Array(10))).toThrow(ValueError);
    const bytes = state.getState();
    new DataView(bytes.buffer).setUint32(16, 5000, true);
    expect(() => state.setState(bytes)).toThrow(
      new ValueError("setState: expected the state of a CPU generator, got left = 1, next = 5000"),
    );
  });
});

test("errors", () => {
  const state = new RandomState();
  const x = operand("float16", [4]);
  expect(() => random.randomFromTo("randint", x, state, 5n, 5n)).toThrow(
    new ValueError("randint: expected from < to, got from = 5 and to = 5"),
  );
  const sample = (row: number[]) => () =>
    random.multinomial(operand("int64", [1, 1]), operand("float32", [1, row.length], row), state);
  expect(sample([1, -1])).toThrow("expected probabilities of at least 0");
  expect(sample([1, Number.NaN])).toThrow("expected finite probabilities");
  expect(sample([0, 0])).toThrow("expected rows with a positive sum");
});
