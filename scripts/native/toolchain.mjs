// Which compiler builds the engine, with which flags, for which instruction sets.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const require = createRequire(import.meta.url);

/** The instruction sets that each kernel file is compiled for, weakest first. */
export const ISAS =
  process.arch === "x64"
    ? {
        sse2: ["-Os"], // for processors of before 2013: they get by with code of a third of the size
        avx2: ["-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2"],
        avx512: ["-march=x86-64-v4", "-mprefer-vector-width=512"],
      }
    : { baseline: [] };

/** For every file. Only an explicit multiply_add is fused: results do not depend on a compiler's taste. */
export const COMMON_FLAGS = [
  "-std=c++20",
  "-O3",
  "-fno-exceptions",
  "-fno-rtti",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-ffp-contract=off",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  // Vector types wider than the baseline's registers are never passed between object files.
  "-Wno-psabi",
  // `a | b ? c : d` and `|` of comparisons are meant; g++ has pragmas of its own, clang says of each loop that stays as it is, and
  // g++ 12 warns of its own intrinsics. Neither knows all of these.
  "-Wno-unknown-warning-option",
  "-Wno-bitwise-conditional-parentheses",
  "-Wno-bitwise-instead-of-logical",
  "-Wno-unknown-pragmas",
  "-Wno-pass-failed",
  "-Wno-maybe-uninitialized",
];

/**
 * Files that wait for memory, decide element by element, or are float64's counterparts of the common ones: with what -O3 adds they
 * are half as large again, and hardly faster.
 */
export const isCompact = (source) =>
  isPortable(source) || /\/(linalg|fft|recurrence|conv_float64|matmul_float64)\.cc$/.test(source);

export const isPortable = (source) => /(^|\/)native\/portable\//.test(source);

/** What follows -O3 for them. g++'s -O2 vectorizes few loops unless told to. */
export const compactFlags = (compiler) =>
  /clang/.test(compiler.version) ? ["-O2"] : ["-O2", "-fvect-cost-model=dynamic"];

/** Loops that gen/ writes for the tile machine. */
export const isTileLoops = (source) => /build\/gen\/kernels\/(hot|primitives)/.test(source);

/**
 * They choose between values again and again, which g++ would make jumps of: one choice the cause of the next (thread-jumps), or a
 * condition kept from before (tree-pre), with which it does not vectorize.
 */
export const tileLoopFlags = (compiler) =>
  /clang/.test(compiler.version) ? [] : ["-fno-thread-jumps", "-fno-tree-pre"];

/** Static data and template instances without symbols that the dynamic linker could merge with another library's; no tables for exceptions. */
const ELF_FLAGS = ["-fPIC", "-fno-gnu-unique", "-fno-plt", "-fno-asynchronous-unwind-tables"];

/** @returns {{ command: string[], version: string } | null} a C++20 compiler, as its command line begins */
export function findCompiler() {
  const fromEnvironment = process.env.CXX?.trim().split(/\s+/);
  const candidates =
    process.platform === "win32"
      ? // clang-cl is clang under another name, and takes the usual flags when told to.
        [["clang++"], ["clang-cl", "--driver-mode=g++"]]
      : process.platform === "darwin"
        ? [["clang++"], ["g++"]]
        : [["g++"], ["clang++"]];
  for (const command of fromEnvironment ? [fromEnvironment] : candidates) {
    const answer = spawnSync(command[0], [...command.slice(1), "--version"], { encoding: "utf8" });
    if (answer.status === 0) return { command, version: answer.stdout.split("\n")[0].trim() };
  }
  return null;
}

/** @returns {string[]} flags that compile a file; `isa` is null for those compiled once, for the weakest processor */
export function compileFlags(root, isa) {
  const platform = process.platform === "linux" ? ELF_FLAGS : process.platform === "darwin" ? ["-fPIC"] : [];
  const includes = [`-I${join(root, "native")}`, `-I${join(root, "build/gen")}`];
  const own = isa === null ? [`-isystem${napiIncludeDir()}`] : [`-DTT_ISA=${isa}`, ...ISAS[isa]];
  return [...COMMON_FLAGS, ...platform, ...includes, ...own];
}

/** @returns {string[]} flags that link the addon; Node's own functions are found when it is loaded */
export function linkFlags(buildDir, compiler, withSymbols) {
  switch (process.platform) {
    case "darwin":
      return ["-dynamiclib", "-undefined", "dynamic_lookup"];
    case "win32":
      // Not tested.
      return ["-shared", windowsImportLibrary(buildDir, compiler), "-lsynchronization"];
    default:
      // The library is never unmapped (its threads outlive a worker that loaded it) and brings the C++ runtime's few
      // functions along, so that it loads beside any other version; these are not exported, and so only what is called stays.
      return [
        ...["-shared", "-Wl,-z,nodelete", "-Wl,--gc-sections", "-static-libstdc++", "-static-libgcc", "-pthread"],
        "-Wl,--exclude-libs,ALL",
        ...(withSymbols ? [] : ["-Wl,--strip-all"]),
      ];
  }
}

/** The headers of the npm package, or those that came with Node. */
function napiIncludeDir() {
  try {
    return require("node-api-headers").include_dir;
  } catch {
    const beside = resolve(dirname(process.execPath), "../include/node");
    if (existsSync(join(beside, "node_api.h"))) return beside;
    throw new Error("the package node-api-headers is not installed: run npm install");
  }
}

/** Windows links against a list of the functions that node.exe exports, made from the headers package. Not tested. */
function windowsImportLibrary(buildDir, compiler) {
  const { def_paths } = require("node-api-headers");
  const names = Object.values(def_paths).flatMap((path) =>
    readFileSync(path, "utf8")
      .split(/\r?\n/)
      .filter((line) => /^\s*\w+\s*$/.test(line) && !/^\s*EXPORTS\s*$/.test(line)),
  );
  mkdirSync(buildDir, { recursive: true });
  const definition = join(buildDir, "node.def");
  const library = join(buildDir, "node.lib");
  writeFileSync(definition, `NAME NODE.EXE\nEXPORTS\n${names.join("\n")}\n`);
  const machine = process.arch === "arm64" ? "arm64" : "i386:x86-64";
  const tool = join(dirname(compiler.command[0]), "llvm-dlltool");
  execFileSync(tool, ["-m", machine, "-d", definition, "-l", library]);
  return library;
}
