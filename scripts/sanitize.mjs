#!/usr/bin/env node
/**
 * @file Compiles the native engine with a sanitizer into build/sanitize/ and runs the conformance cases over it.
 *
 *     node scripts/sanitize.mjs [--with address|undefined|thread] [--isa avx512] [--suite opinfo,…] [--ops REGEX]
 *                               [--dtypes float32,…] [--cases DIR] [--large]
 *
 * Linux and g++ only. Node itself is not compiled with it: the sanitizer's run-time library is loaded before it (LD_PRELOAD), which
 * for `address` also guards every ArrayBuffer, as V8 takes them from the C library. (An engine compiled so says `guarded`, and then
 * each storage has a buffer of its own, to the byte.) The first finding ends the run, with its stack. `--large` runs the ops of
 * test/threads/large-ops.mjs instead of the cases: these are large enough for several threads. What is not seen: loads and stores
 * that are intrinsics of the processor (masked ones).
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { units } from "./build-native.mjs";
import { compileAll, link } from "./native/compile.mjs";
import { generate } from "./native/sources.mjs";
import { findCompiler, ISAS, linkFlags } from "./native/toolchain.mjs";
import { root } from "./package.mjs";

/** The status of a process that a sanitizer ended. (The runner of the cases has its own, which are no concern here.) */
const FOUND = 66;
const SANITIZERS = {
  // What V8 keeps until the end is no leak.
  address: { runtime: "libasan.so", env: { ASAN_OPTIONS: `detect_leaks=0:exitcode=${FOUND}` } },
  undefined: {
    runtime: "libubsan.so",
    env: { UBSAN_OPTIONS: `print_stacktrace=1:exitcode=${FOUND}` },
    flags: ["-fno-sanitize-recover=all"],
  },
  // What is not compiled with it (Node) is not looked at; personality(2) without randomisation, as its shadow needs.
  thread: {
    runtime: "libtsan.so",
    env: { TSAN_OPTIONS: `halt_on_error=1:exitcode=${FOUND}:report_signal_unsafe=0:ignore_noninstrumented_modules=1` },
    before: ["setarch", "-R"],
  },
};
const names = Object.keys(ISAS);
const { values: options } = parseArgs({
  options: {
    with: { type: "string", default: "address" },
    isa: { type: "string", default: names.at(-1) },
    suite: { type: "string", default: "opinfo,modules,optimizers,rng" },
    ops: { type: "string" },
    dtypes: { type: "string" },
    cases: { type: "string", default: join(root, "..", "shared", "conformance") },
    large: { type: "boolean", default: false },
  },
});

const sanitizer = SANITIZERS[options.with];
if (sanitizer === undefined || !names.includes(options.isa))
  throw new Error(`sanitize: expected --with ${Object.keys(SANITIZERS).join("|")} and --isa ${names.join("|")}`);
const directory = join(root, "build/sanitize", options.with);
const stage = join(directory, "package");

/** The engine, in a copy of the package that has no other. */
async function build() {
  const compiler = findCompiler();
  if (compiler === null || !generate()) throw new Error("sanitize: expected a C++ compiler");
  if (!existsSync(join(root, "dist/index.js"))) throw new Error("sanitize: expected dist/ (npm run build)");
  const own = [`-fsanitize=${options.with}`, ...(sanitizer.flags ?? [])];
  const flags = ["-O1", "-g1", "-fno-omit-frame-pointer", `-DTT_MOST_ISAS=${names.indexOf(options.isa) + 1}`, ...own];
  const all = units(compiler, { directory, isas: [options.isa], flags });
  const { compiled, failed } = await compileAll(all, 2);
  if (failed.length > 0) throw new Error(`sanitize: did not compile: ${failed.map(({ source }) => source).join(", ")}`);
  mkdirSync(join(stage, "build/native"), { recursive: true });
  const objects = all.map(({ object }) => object);
  const command = [...compiler.command, ...objects, ...linkFlags(directory, compiler), ...own];
  if (!(await link(join(stage, "build/native/typetorch.node"), objects, command)))
    throw new Error("sanitize: did not link");
  for (const part of ["dist", "package.json"]) {
    rmSync(join(stage, part), { recursive: true, force: true });
    cpSync(join(root, part), join(stage, part), { recursive: true });
  }
  console.log(`sanitize: ${options.with}, ${options.isa}: ${compiled} of ${all.length} files compiled`);
  return spawnSync(compiler.command.at(-1), [`-print-file-name=${sanitizer.runtime}`], {
    encoding: "utf8",
  }).stdout.trim();
}

const runtime = await build();
const library = join(stage, "dist/index.js");
const chosen = ["ops", "dtypes"].flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
const program = options.large
  ? [join(root, "test/threads/run-large-ops.mjs"), library, ...(options.ops === undefined ? [] : [options.ops])]
  : [resolve(options.cases, "run.mjs"), "--lib", library, "--suite", options.suite, ...chosen];
const folder = mkdtempSync(join(tmpdir(), "typetorch-sanitize-")); // cases may write files
try {
  const { before = [], env } = sanitizer;
  const [command, ...args] = [...before, process.execPath, ...program];
  const { status, signal } = spawnSync(command, args, {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, ...env, LD_PRELOAD: runtime },
  });
  console.log(
    `sanitize: ${options.with}: ${status === FOUND || signal ? "something was FOUND, see above" : "nothing found"}`,
  );
  process.exitCode = status === FOUND || signal ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
