/**
 * @file Calls the library's ops at random: whatever is passed, a call gives a result or throws a TorchError, and neither crashes, hangs
 * nor leaks. The list of ops is the library's own exports.
 *
 *     npm run fuzz -- --calls 200000 --seed 1 [--from CALL] [--ops REGEX]
 *
 * The calls run in one process; this one watches it, and says which call it was if it dies or stands still.
 */
import { fork } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import * as functional from "../../src/nn/functional/index.ts";
import * as functions from "../../src/ops/functions.ts";
import * as methods from "../../src/ops/methods.ts";
import * as shared from "../../src/ops/shared.ts";
import { callOf, records, run, tensorsOf } from "../ops/database.ts";
import { changedSample, randomArgument, randomShape, randomTensor } from "./arguments.ts";
import { Random } from "./random.ts";

const { values: flags } = parseArgs({
  options: {
    calls: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    ops: { type: "string", default: "" },
    from: { type: "string", default: "0" },
    journal: { type: "string" },
  },
});
const [FROM, CALLS, SEED] = [Number(flags.from), Number(flags.calls), Number(flags.seed)];
const WANTED = new RegExp(flags.ops);
const STILL_SECONDS = 60;
const MOST_BYTES = 2 * 2 ** 30;

type AnyFunction = (...args: unknown[]) => unknown;

interface Target {
  readonly name: string;
  readonly call: AnyFunction;
}

/** Every function of the namespaces of ops, and every in-place method. */
function targets(): Target[] {
  const spaces = { "": { ...functions, ...shared, ...methods }, "nn.functional.": functional, "linalg.": torch.linalg };
  const more = { "fft.": torch.fft, "special.": torch.special, "masked.": torch.masked };
  const found: Target[] = [];
  for (const [space, members] of Object.entries({ ...spaces, ...more }))
    for (const [name, f] of Object.entries(members)) {
      if (typeof f !== "function" || /^class\b/.test(String(f))) continue;
      found.push({ name: space + name, call: f as AnyFunction });
      const { inplace } = f as { inplace?: AnyFunction };
      if (inplace !== undefined) found.push({ name: `${space}${name}_`, call: inplace });
    }
  return found.filter(({ name }) => WANTED.test(name));
}

/** One random call: of a sample of the database, changed, or of an op of the library with arguments that may not fit. */
function randomCall(
  random: Random,
  ops: readonly Target[],
  samples: typeof records,
): { name: string; call: () => unknown } {
  if (samples.length > 0 && random.chance(0.6)) {
    const record = random.pick(samples);
    const call = callOf(record) as NonNullable<ReturnType<typeof callOf>>;
    const given = changedSample(random, random.pick(record.cases));
    return { name: `${record.op} of a sample`, call: () => run(call, given) };
  }
  const { name, call } = random.pick(ops);
  const shape = randomShape(random);
  const dtype = random.pick([torch.float32, torch.float64, torch.int64, undefined]);
  const args = Array.from({ length: random.below(4) }, () => randomArgument(random, shape));
  return { name, call: () => call(randomTensor(random, shape, dtype), ...args) };
}

/** Goes backward where it can. */
function differentiate(result: unknown): void {
  const roots = tensorsOf(result).filter((t) => t.requiresGrad);
  if (roots.length === 0) return;
  torch.autograd.backward(
    roots,
    roots.map((t) => torch.onesLike(t.detach())),
  );
}

function work(journal: string): void {
  const ops = targets();
  const samples = records.filter((record) => WANTED.test(record.op) && callOf(record) !== undefined);
  const file = openSync(journal, "w");
  const count = { results: 0, refusals: 0 };
  const bad = new Map<string, string>();
  const start = performance.now();
  let most = 0;
  for (let i = FROM; i < FROM + CALLS; i++) {
    const random = new Random(SEED * 1_000_003 + i);
    const { name, call } = randomCall(random, ops, samples);
    writeSync(file, `call ${i} of seed ${SEED}: ${name}`.padEnd(120), 0);
    try {
      differentiate(call());
      count.results++;
    } catch (error) {
      count.refusals++;
      if (error instanceof torch.TorchError) continue;
      const { message, stack = "" } = error as Error;
      const key = `${name}: ${message}`.replace(/\d+/g, "N");
      if (!bad.has(key)) bad.set(key, `call ${i}, ${name}: ${stack.split("\n").slice(0, 4).join(" ")}`);
    }
    if (i % 1000 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  for (const line of bad.values()) console.error(line);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const memory = `${Math.round(most / 2 ** 20)} MB at most`;
  console.log(
    `${CALLS} calls of ${ops.length} ops in ${seconds} s: ${count.results} results, ${count.refusals} refusals, ${bad.size} of them no TorchError; ${memory}`,
  );
  process.exitCode = bad.size === 0 && most < MOST_BYTES ? 0 : 1;
}

function watch(): void {
  const folder = mkdtempSync(join(tmpdir(), "typetorch-fuzz-"));
  const journal = join(folder, "call");
  const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), "--journal", journal]);
  let [last, still] = ["", 0];
  const timer = setInterval(() => {
    const now = readJournal(journal);
    still = now === last ? still + 1 : 0;
    last = now;
    if (still < STILL_SECONDS) return;
    console.error(`no progress for ${STILL_SECONDS} s in ${now}`);
    child.kill("SIGKILL");
  }, 1000);
  child.on("exit", (code, signal) => {
    clearInterval(timer);
    if (signal !== null) console.error(`died of ${signal} in ${readJournal(journal)}`);
    rmSync(folder, { recursive: true });
    process.exitCode = code ?? 1;
  });
}

function readJournal(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

if (flags.journal === undefined) watch();
else work(flags.journal);
