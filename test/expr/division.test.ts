/**
 * @file `fmod`, `remainder` and `floordiv` of floats, whose vector code serves most quotients and leaves the others to the C
 * library. The references are exact: JavaScript's `%` is, and floors are divisions of BigInts.
 */
import { afterAll, describe, expect, it } from "vitest";
import { apply, arg, compile, type Program } from "../../src/expr/index.ts";
import { engine, ISAS, Memory, pointwise, randoms, ulps } from "./machine.ts";

const TYPES = {
  f32: { dtype: "float32", digits: 24, round: Math.fround, Floats: Float32Array },
  f64: { dtype: "float64", digits: 53, round: (x: number) => x, Floats: Float64Array },
} as const;
type Type = keyof typeof TYPES;
type Pair = readonly [a: number, b: number];

const random = randoms(29);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const integerBelow = (limit: number) => Math.floor(random() * limit);
const sign = () => (random() < 0.5 ? -1 : 1);

/** A number of any bits: of any size, infinite and NaN now and then. */
function anyBits(type: Type): number {
  const { Floats } = TYPES[type];
  const words = Uint32Array.from({ length: Floats.BYTES_PER_ELEMENT / 4 }, () => integerBelow(2 ** 32));
  return new Floats(words.buffer)[0]!;
}

/** The number that is `steps` units in the last place away from `x`, outwards. */
function beside(type: Type, x: number, steps: number): number {
  const floats = new TYPES[type].Floats([x]);
  if (type === "f32") new Int32Array(floats.buffer)[0]! += steps;
  else new BigInt64Array(floats.buffer)[0]! += BigInt(steps);
  return floats[0]!;
}

/** Zeros, infinities, NaN, subnormal numbers and the ends of the ranges, and ordinary ones that divide each other. */
const SPECIALS = {
  f32: [0, Infinity, NaN, 2 ** -149, 3 * 2 ** -149, 2 ** -126, 2 ** -127 + 2 ** -149, (2 - 2 ** -23) * 2 ** 127],
  f64: [0, Infinity, NaN, 5e-324, 1.5e-323, 2 ** -1022, 2 ** -1023 + 5e-324, Number.MAX_VALUE],
};
const ORDINARY = [
  0.1,
  0.5,
  1,
  1.5,
  2,
  3,
  10,
  2 ** 23 + 1,
  2 ** 24,
  2 ** 27,
  2 ** 28,
  2 ** 31,
  2 ** 51,
  2 ** 53,
  2 ** 60,
];

function specialPairs(type: Type): Pair[] {
  const all = [...SPECIALS[type], ...ORDINARY.map(TYPES[type].round)].flatMap((x) => [x, -x]);
  return all.flatMap((a) => all.map((b): Pair => [a, b]));
}

/** Quotients up to 2^bits, many of them whole numbers, or that but for a few units in the last place. */
function multiples(type: Type, bits: number, count: number): Pair[] {
  const { round } = TYPES[type];
  return Array.from({ length: count }, (_, i) => {
    const b = round((0.5 + random()) * 2 ** (integerBelow(40) - 20));
    const quotient = 2 ** (bits * random()) * (0.5 + random());
    const a = round(b * (i % 4 ? Math.floor(quotient) : quotient));
    return [sign() * beside(type, a, integerBelow(5) - 2), sign() * b];
  });
}

/** Quotients about as large as the vector code takes, and about the first that not all numbers count. */
function thresholds(type: Type, count: number): Pair[] {
  const { round, digits } = TYPES[type];
  return Array.from({ length: count }, () => {
    const b = round(1 + random());
    const a = round(b * 2 ** pick([26, 27, 28, 50, 51, 52, 53, 54, digits - 1, digits]));
    return [sign() * beside(type, a, integerBelow(7) - 3), sign() * b];
  });
}

const bySize = (pairs: Pair[]) => pairs.sort(([a, b], [c, d]) => Math.abs(a / b) - Math.abs(c / d));

/** A number as a whole one times a power of two. */
function split(x: number): [whole: bigint, exponent: number] {
  const bits = new BigUint64Array(new Float64Array([Math.abs(x)]).buffer)[0]!;
  const exponent = Number(bits >> 52n);
  const fraction = bits & (2n ** 52n - 1n);
  const size = exponent === 0 ? fraction : fraction + 2n ** 52n;
  return [x < 0 ? -size : size, Math.max(exponent, 1)];
}

/** ⌊a/b⌋ of finite numbers. */
function exactFloor(a: number, b: number): number {
  const [p, pExponent] = split(a);
  const [q, qExponent] = split(b);
  const dividend = p << BigInt(Math.max(0, pExponent - qExponent));
  const divisor = q << BigInt(Math.max(0, qExponent - pExponent));
  const quotient = dividend / divisor; // towards zero
  const isAbove = dividend % divisor !== 0n && dividend < 0n !== divisor < 0n;
  return Number(isAbove ? quotient - 1n : quotient);
}

const OPERATIONS = {
  fmod: (a: number, b: number) => a % b,
  /** Python's: what is not of b's sign is moved there. */
  remainder(a: number, b: number) {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  /** Where one is not finite, or b is 0, what PyTorch 1.13 gives. */
  floordiv(a: number, b: number) {
    if (b === 0) return a / b;
    if (!Number.isFinite(a) || Number.isNaN(b)) return NaN;
    const floor = Number.isFinite(b) ? exactFloor(a, b) : a !== 0 && a < 0 !== b < 0 ? -1 : 0;
    return floor === 0 ? 0 * Math.sign(1 / a) * Math.sign(b) : floor;
  },
};
type Operation = keyof typeof OPERATIONS;

interface Case {
  readonly pairs: readonly Pair[];
  readonly expected: { readonly [O in Operation]: readonly number[] };
}
function withResults(type: Type, pairs: readonly Pair[]): Case {
  const of = (operation: Operation) => pairs.map(([a, b]) => TYPES[type].round(OPERATIONS[operation](a, b)));
  return { pairs, expected: { fmod: of("fmod"), remainder: of("remainder"), floordiv: of("floordiv") } };
}

function casesOf(type: Type) {
  const { digits } = TYPES[type];
  const bits = Array.from({ length: 1500 }, (): Pair => [anyBits(type), anyBits(type)]);
  return {
    specials: withResults(type, specialPairs(type)),
    "random bits": withResults(type, bits),
    // All of them in vectors.
    "small quotients": withResults(type, multiples(type, 20, 3000)),
    // A part of a tile that has one too large is left to the C library whole: in order, as many parts as can be are not.
    "large quotients": withResults(type, bySize(multiples(type, 2 * digits, 1500))),
    "quotients at thresholds": withResults(type, bySize(thresholds(type, 1500))),
  };
}

function expectSame(type: Type, operation: Operation, got: number, want: number, [a, b]: Pair) {
  if (Object.is(got, want)) return;
  // PyTorch divides a less the rest by b: from here on either may have been rounded.
  const isRounded = operation === "floordiv" && Math.abs(want) >= 2 ** (TYPES[type].digits - 2);
  if (isRounded && ulps(got, want, type) <= 2) return;
  expect.fail(`${operation}(${a}, ${b}) in ${type}: got ${got}, expected ${want}`);
}

/** Steps between elements of the result, a and b; `null`: the result is written over a. */
const LAYOUTS = { contiguous: [1, 1, 1], strided: [3, 2, 5], "in place": null } as const;

function run(program: Program, type: Type, pairs: readonly Pair[], layout: keyof typeof LAYOUTS): number[] {
  const [outStep, aStep, bStep] = LAYOUTS[layout] ?? [1, 1, 1];
  const column = (which: 0 | 1, step: number) => {
    const memory = new Memory(TYPES[type].dtype, Math.max(1, pairs.length * step));
    pairs.forEach((pair, i) => {
      memory.set(i * step, pair[which]);
    });
    return { memory, strides: [step] };
  };
  const a = column(0, aStep);
  const out = LAYOUTS[layout] === null ? a : column(0, outStep);
  expect(pointwise(program, [out], [a, column(1, bStep)], [pairs.length])).toBe(0);
  return pairs.map((_, i) => out.memory.get(i * outStep));
}

afterAll(() => engine.setIsa(ISAS.at(-1)!));

describe.each(["f32", "f64"] as const)("%s", (type) => {
  const cases = casesOf(type);
  const programs = Object.keys(OPERATIONS).map((name) => {
    const operation = name as Operation;
    return { operation, program: compile([apply(operation, arg("a"), arg("b"))], ["a", "b"], [], type) };
  });

  describe.each(ISAS)("on %s", (isa) => {
    it.each(Object.keys(cases) as (keyof typeof cases)[])("%s", (name) => {
      engine.setIsa(isa);
      const { pairs, expected } = cases[name];
      for (const layout of ["contiguous", "strided", "in place"] as const)
        for (const { operation, program } of programs)
          run(program, type, pairs, layout).forEach((got, i) => {
            expectSame(type, operation, got, expected[operation][i]!, pairs[i]!);
          });
    });

    it("any number of elements, with and without a quotient that is too large for vectors", () => {
      engine.setIsa(isa);
      const small = cases["small quotients"].pairs;
      const far: Pair = [TYPES[type].round(1e30), TYPES[type].round(0.7)];
      for (let n = 1; n <= 70; n++) {
        const near = small.slice(n, 2 * n);
        for (const pairs of [near, near.with(n - 1, far), near.with(n >> 1, far)])
          for (const layout of ["contiguous", "strided", "in place"] as const)
            for (const { operation, program } of programs)
              run(program, type, pairs, layout).forEach((got, i) => {
                const want = TYPES[type].round(OPERATIONS[operation](...pairs[i]!));
                expectSame(type, operation, got, want, pairs[i]!);
              });
      }
    });
  });
});
