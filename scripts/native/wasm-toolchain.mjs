// Which compiler makes the WASM modules, with which flags: the system's clang where it has a linker for WASM, else the one that
// comes as the npm package @yowasp/clang, itself compiled to WASM (a few times slower, and needs nothing but Node).
import { fork, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./compile.mjs";
import { COMMON_FLAGS } from "./toolchain.mjs";

/** The instruction sets of WASM that each kernel file is compiled for, weakest first; each makes a module. */
export const WASM_ISAS = { simd128: [], relaxed: ["-mrelaxed-simd"] };

const FEATURES = ["simd128", "atomics", "bulk-memory", "mutable-globals", "nontrapping-fptoint", "sign-ext"];

/** Relaxed SIMD has its intrinsics in clang 17 and newer. */
const OLDEST_CLANG = 17;
const NEWEST_CLANG = 30;

// Where things lie in the module's memory; src/backends/cpu/wasm/memory.ts knows it too. The stack comes first, so that
// one that overflows traps instead of writing over data.
const STACK_BYTES = 1 << 18;
const ARGS_BYTES = 1 << 15;

/** @returns {string[]} flags that compile a file; `isa` is null for those compiled once. Paths are relative to the package. */
export function wasmCompileFlags(isa) {
  const includes = ["-Inative", "-Ibuild/gen", "-isystem", "native/wasm/include"];
  const own = isa === null ? [] : [`-DTT_ISA=${isa}`, ...WASM_ISAS[isa]];
  return [
    "--target=wasm32",
    ...COMMON_FLAGS,
    ...FEATURES.map((feature) => `-m${feature}`),
    "-nostdlibinc",
    ...includes,
    ...own,
  ];
}

export const WASM_LINK_FLAGS = [
  "--target=wasm32",
  "-nostdlib",
  ...[
    "--no-entry",
    "--import-memory",
    // Threads share it; src/backends/cpu/wasm/module.ts makes a module for memory that is not shared of the same bytes.
    "--shared-memory",
    "--max-memory=4294901760",
    "--stack-first",
    `--global-base=${STACK_BYTES + ARGS_BYTES}`,
    "--export=__stack_pointer",
    "--export=__wasm_init_tls",
    "--export=__tls_size",
    "--gc-sections",
    "--strip-all",
  ].map((flag) => `-Wl,${flag}`),
  `-Wl,-z,stack-size=${STACK_BYTES}`,
];

/**
 * @typedef {{ command: string[], version: string, run: (command: string[]) => Promise<boolean>, close: () => void }} WasmCompiler
 * how its command line begins, what it says it is, and what runs a command line
 */

/** @returns {WasmCompiler | null} */
export function findWasmCompiler() {
  return systemCompiler() ?? packagedCompiler();
}

function systemCompiler() {
  const names = ["clang++"];
  for (let version = NEWEST_CLANG; version >= OLDEST_CLANG; version--) names.push(`clang++-${version}`);
  for (const name of names) {
    const version = spawnSync(name, ["--version"], { encoding: "utf8" });
    const number = Number(/version (\d+)/.exec(version.stdout ?? "")?.[1]);
    if (version.status !== 0 || !(number >= OLDEST_CLANG) || /Apple/.test(version.stdout)) continue;
    const targets = spawnSync(name, ["--print-targets"], { encoding: "utf8" });
    const linker = spawnSync(name, ["--target=wasm32", "-print-prog-name=wasm-ld"], { encoding: "utf8" });
    const versioned = `wasm-ld-${number}`;
    const found = existsSync(linker.stdout?.trim() ?? "")
      ? []
      : spawnSync(versioned, ["--version"]).status === 0
        ? [`--ld-path=${versioned}`]
        : null;
    if (!/\bwasm32\b/.test(targets.stdout ?? "") || found === null) continue;
    return { command: [name, ...found], version: version.stdout.split("\n")[0].trim(), run, close() {} };
  }
  return null;
}

/** Two processes that compile one file after the other: most of the first file's time is starting the compiler. */
function packagedCompiler() {
  let version;
  try {
    const main = createRequire(import.meta.url).resolve("@yowasp/clang"); // gen/bundle.js
    version = JSON.parse(readFileSync(join(dirname(main), "../package.json"), "utf8")).version;
  } catch {
    return null;
  }
  const program = fileURLToPath(new URL("packaged-clang.mjs", import.meta.url));
  const idle = [];
  const all = [];
  const runPackaged = (command) =>
    new Promise((resolve) => {
      const child = idle.pop() ?? fork(program);
      if (!all.includes(child)) all.push(child);
      child.removeAllListeners();
      child.once("exit", () => resolve(false));
      child.once("message", ({ ok, output }) => {
        if (output !== "") process.stderr.write(output);
        idle.push(child);
        resolve(ok);
      });
      child.send(command.slice(1));
    });
  const close = () => {
    for (const child of all) child.disconnect();
  };
  return { command: [`@yowasp/clang@${version}`], version: `@yowasp/clang ${version}`, run: runPackaged, close };
}
