/**
 * @file Measures float32 functions over all 2^32 inputs, on every instruction set that this machine has, against exact values
 * (scripts/ulp/reference.cc, compiled with g++; Linux). Functions of two operands get 2^30 pairs.
 *
 *     node --import tsx scripts/ulp.ts [--only REGEX] [--isa NAME,…] [--stride N] [--engine wasm] [--threads N]
 *
 * A function takes 15 to 30 s on one core for each instruction set, lgamma and digamma some ten minutes. It fails where a
 * limit of test/accuracy/functions.ts is exceeded.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Reference {
  exact(name: string, x: readonly Float32Array[], got: Float32Array, into: Float64Array): void;
  measure(got: Float32Array, exact: Float64Array, statistics: Float64Array): void;
  check(name: string, x: readonly number[], got: number): number;
  setThreads(count: number): void;
  walk(first: number, stride: number, into: Uint32Array): void;
}

const require = createRequire(import.meta.url);
const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

function reference(): Reference {
  const library = path("build/ulp-reference.node");
  const source = path("scripts/ulp/reference.cc");
  if ((statSync(library, { throwIfNoEntry: false })?.mtimeMs ?? 0) > statSync(source).mtimeMs) return require(library);
  mkdirSync(path("build"), { recursive: true });
  const flags = ["-std=gnu++20", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"];
  const output = ["-shared", "-fPIC", `-I${require("node-api-headers").include_dir}`, source, "-o", library];
  execFileSync("g++", [...flags, ...output, "-lmvec", "-lquadmath", "-lm", "-pthread"]);
  return require(library);
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    isa: { type: "string" },
    stride: { type: "string", default: "1" },
    engine: { type: "string", default: "native" },
    threads: { type: "string" },
  },
});
if (options.engine === "wasm") await import("../src/wasm/choose.ts");
// The choice of the engine comes before the library.
const torch = await import("../src/index.ts");
const { engine } = await import("../src/backends/cpu/engine.ts");
const { FUNCTIONS } = await import("../test/accuracy/functions.ts");

const { exact, measure, check, setThreads, walk } = reference();
if (options.threads !== undefined) torch.setNumThreads(Number(options.threads));
setThreads(torch.getNumThreads());
const isas = options.isa?.split(",") ?? engine.info().isas;

const COUNT = 2 ** 18;
/** Pairs of operands that a function of two is measured on. */
const PAIRS = 2 ** 30;
const inputs = [0, 1].map(() => new Uint32Array(COUNT));
const floats = inputs.map(({ buffer }) => new Float32Array(buffer));
const values = new Float64Array(COUNT);
// One buffer for all results: a new one each time would be collected as often.
const got = new Float32Array(COUNT);
const result = torch.fromNumpy(got);

/** Marsaglia's xorshift: the same pairs in every run. */
let state = 2463534242;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Zeros, infinities, NaN, the ends of the ranges, small whole numbers, their halves and thirds; and the floats beside them. */
const MARKS = new Float32Array([
  0,
  Infinity,
  NaN,
  2 ** -149,
  2 ** -126,
  2 ** 24,
  2 ** 127,
  3.4028234663852886e38,
  1,
  2,
  3,
  4,
  5,
]);
const SPECIAL = new Float32Array(
  [...MARKS, ...MARKS.map((x) => x / 2), ...MARKS.map((x) => x / 3)].flatMap((x) => [x, -x]),
);
const special = () => {
  const bits = new Uint32Array(SPECIAL.buffer)[random() % SPECIAL.length]!;
  return bits + (random() % 4 === 0 ? (random() % 3) - 1 : 0);
};

/** Fills the operands with the inputs from place `first` of the walk on. */
function fill(first: number, stride: number, binary: boolean): void {
  const [a, b] = inputs as [Uint32Array, Uint32Array];
  if (!binary) {
    walk(first * stride, stride, a);
    return;
  }
  // Any bits; since most of those overflow, moderate sizes, of which half are near 1; and what is special.
  const [x, y] = floats as [Float32Array, Float32Array];
  for (let i = 0; i < COUNT; i++) {
    a[i] = random();
    b[i] = random();
    if (i % 4 === 1) a[i] = (a[i]! & 0x00ffffff) | 0x3f000000;
    if (i % 4 === 2) x[i] = random() / 2 ** 24;
    if (i % 4 !== 0) y[i] = (random() / 2 ** 32 - 0.5) * (i % 8 < 4 ? 300 : 10);
    if (i % 16 === 15) y[i] = Math.round(y[i]!);
    if (i % 64 === 8 || i % 64 === 24) a[i] = special();
    if (i % 64 === 8 || i % 64 === 40) b[i] = special();
    if (i % 64 === 56) {
      // A power of a number very near 1 that is not itself near 1.
      a[i] = 0x3f800000 + (random() % 8192) - 4096;
      y[i] = (100 * (random() / 2 ** 31 - 1)) / (x[i]! - 1);
    }
  }
}

/** What reference.cc counts, and the inputs behind its indices. */
class Tally {
  readonly statistics: Float64Array;
  worst: { x: number[]; got: number } | null = null;
  wrong: { x: number[]; got: number } | null = null;

  constructor(floor: number) {
    this.statistics = new Float64Array([0, -1, 0, -1, 0, floor]);
  }

  add(got: Float32Array, arity: number): void {
    measure(got, values, this.statistics);
    const at = (i: number) => ({ x: floats.slice(0, arity).map((x) => x[i]!), got: got[i]! });
    const [, worst, , wrong] = this.statistics as unknown as [number, number, number, number];
    if (worst >= 0) this.worst = at(worst);
    if (wrong >= 0) this.wrong = at(wrong);
  }
}

console.log("function     engine    max ulp  at                                  not nearest  wrong in kind");
let failed = false;
for (const [name, { f, limit, floor = 0, binary = false }] of Object.entries(FUNCTIONS)) {
  if (!new RegExp(options.only).test(name)) continue;
  const stride = Number(options.stride);
  const arity = binary ? 2 : 1;
  const count = binary ? PAIRS / stride : 2 ** 32 / stride;
  const tallies = isas.map(() => new Tally(floor));
  for (let first = 0; first < count; first += COUNT) {
    fill(first, stride, binary);
    const operands = floats.slice(0, arity);
    const tensors = operands.map((x) => torch.fromNumpy(x));
    isas.forEach((isa, k) => {
      engine.setIsa(isa);
      result.copy_(f(...tensors));
      if (k === 0) exact(name, operands, got, values);
      tallies[k]!.add(got, arity);
    });
  }
  tallies.forEach(({ statistics, worst, wrong }, k) => {
    // The worst is computed anew: it must not be the reference's own error.
    const most = worst === null ? 0 : check(name, worst.x, worst.got);
    const nearest = `${((100 * statistics[4]!) / count).toFixed(2)} %`;
    const place = `${worst?.x} -> ${worst?.got}`;
    const kind = wrong === null ? "0" : `${statistics[2]}, first ${wrong.x} -> ${wrong.got}`;
    if (most > limit || statistics[2]! > 0) failed = true;
    console.log(
      `${name.padEnd(12)} ${isas[k]!.padEnd(9)} ${most.toFixed(3).padStart(7)}  ${place.padEnd(34)} ${nearest.padStart(11)}  ${kind}` +
        (most > limit ? `  OVER ${limit}` : ""),
    );
  });
}
process.exitCode = failed ? 1 : 0;
