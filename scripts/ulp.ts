/**
 * @file Measures float32 functions over all 2^32 inputs, on every instruction set that this machine has, against exact values
 * (scripts/ulp/reference.cc, compiled with g++; Linux). Functions of two operands and slow references get a sample.
 *
 *     node --import tsx scripts/ulp.ts [--only REGEX] [--isa NAME] [--stride N] [--engine wasm]
 *
 * A few minutes for all of them on two cores. It fails where a limit of test/accuracy/functions.ts is exceeded.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Reference {
  exact(name: string, x: readonly Float32Array[], got: Float32Array, into: Float64Array): void;
  measure(got: Float32Array, exact: Float64Array, statistics: Float64Array): void;
  check(name: string, x: readonly number[], got: number): number;
}

const require = createRequire(import.meta.url);
const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

function reference(): Reference {
  const library = path("build/ulp-reference.node");
  mkdirSync(path("build"), { recursive: true });
  const flags = ["-std=gnu++20", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"];
  const source = ["-shared", "-fPIC", `-I${require("node-api-headers").include_dir}`, path("scripts/ulp/reference.cc")];
  execFileSync("g++", [...flags, ...source, "-o", library, "-lmvec", "-lquadmath", "-lm", "-pthread"]);
  return require(library);
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    isa: { type: "string" },
    stride: { type: "string", default: "1" },
    engine: { type: "string", default: "native" },
  },
});
if (options.engine === "wasm") await import("../src/wasm/choose.ts");
// The choice of the engine comes before the library.
const torch = await import("../src/index.ts");
const { engine } = await import("../src/backends/cpu/engine.ts");
const { FUNCTIONS } = await import("../test/accuracy/functions.ts");

const { exact, measure, check } = reference();
const isas = options.isa === undefined ? engine.info().isas : [options.isa];

const COUNT = 2 ** 20;
/** Pairs of operands that a function of two is measured on. */
const PAIRS = 2 ** 28;
const inputs = [0, 1].map(() => new Uint32Array(COUNT));
const floats = inputs.map(({ buffer }) => new Float32Array(buffer));
const values = new Float64Array(COUNT);

/** Marsaglia's xorshift: the same pairs in every run. */
let state = 2463534242;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** Fills the operands with the inputs from place `first` of the walk on. */
function fill(first: number, stride: number, binary: boolean): void {
  const [a, b] = inputs as [Uint32Array, Uint32Array];
  if (!binary) {
    for (let i = 0; i < COUNT; i++) a[i] = (first + i) * stride;
    return;
  }
  // Any bits; and, since most of those overflow, moderate sizes, of which half are near 1.
  const [x, y] = floats as [Float32Array, Float32Array];
  for (let i = 0; i < COUNT; i++) {
    a[i] = random();
    b[i] = random();
    if (i % 4 === 1) a[i] = (a[i]! & 0x00ffffff) | 0x3f000000;
    if (i % 4 === 2) x[i] = random() / 2 ** 24;
    if (i % 4 !== 0) y[i] = (random() / 2 ** 32 - 0.5) * (i % 8 < 4 ? 300 : 10);
    if (i % 16 === 15) y[i] = Math.round(y[i]!);
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
for (const [name, { f, limit, floor = 0, binary = false, stride: own = 1 }] of Object.entries(FUNCTIONS)) {
  if (!new RegExp(options.only).test(name)) continue;
  const stride = Number(options.stride) * own;
  const arity = binary ? 2 : 1;
  const count = binary ? PAIRS / stride : 2 ** 32 / stride;
  const tallies = isas.map(() => new Tally(floor));
  for (let first = 0; first < count; first += COUNT) {
    fill(first, stride, binary);
    const operands = floats.slice(0, arity);
    const tensors = operands.map((x) => torch.fromNumpy(x));
    isas.forEach((isa, k) => {
      engine.setIsa(isa);
      const got = f(...tensors).numpy() as Float32Array;
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
