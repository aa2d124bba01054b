// Checks what the linker must not be given a chance to get wrong: code for one instruction set must never be called for
// another. Every symbol that a kernel's object file offers to others bears its instruction set's name, and it calls nothing
// but its own instruction set's code, the engine's runtime, and the C library. A shared inline function or template (a
// "weak" symbol, of which the linker keeps any one copy) would crash older processors.
//
//   node scripts/check-symbols.mjs
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { units } from "./build-native.mjs";
import { findCompiler, ISAS } from "./native/toolchain.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Everything that kernels may call outside their instruction set. */
const runtime = new Set(
  ["linalg_kernels.h", "move.h", "platform.h", "threads.h", "scalar/scalar.h"].flatMap((header) =>
    [...readFileSync(join(root, "native", header), "utf8").matchAll(/^[\w ]+[ *]+(tt_\w+)\(/gm)].map(
      (match) => match[1],
    ),
  ),
);
const cLibrary =
  /^(mem(cpy|move|set|cmp)|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|(sincos|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|exp|exp2|expm1|log|log2|log10|log1p|pow|fmod|remainder|erf|erfc|lgamma|tgamma|lgamma_r|cbrt|hypot|floor|ceil|trunc|rint|nearbyint|round|fma|ldexp|frexp|sqrt|nextafter)f?)$/;

/** @returns {string[]} what is wrong with the objects as built; empty if nothing */
export function checkSymbols() {
  const problems = [];
  const compiler = findCompiler();
  const kernels = units(compiler).filter(({ isa }) => isa !== null);
  const entries = new Map(Object.keys(ISAS).map((isa) => [isa, new Set()]));
  for (const { object, isa } of kernels) {
    if (!existsSync(object)) {
      problems.push(`${relative(root, object)}: not built`);
      continue;
    }
    const mine = (name) => name.endsWith(`_${isa}`);
    for (const { type, name } of symbolsOf(object)) {
      if (type === "U" || type === "w" || type === "v") {
        if (mine(name) || runtime.has(name) || cLibrary.test(name)) continue;
        problems.push(`${relative(root, object)}: calls ${name}, which is not of ${isa}`);
      } else if (mine(name) && "TDRB".includes(type)) {
        entries.get(isa).add(name);
      } else {
        problems.push(`${relative(root, object)}: offers ${name} (${type}), which is not named for ${isa} alone`);
      }
    }
  }
  const header = readFileSync(join(root, "native/entries.h"), "utf8");
  const declared = (list) =>
    [...(header.split(`#define ${list}(X)`)[1] ?? "").split("// end")[0].matchAll(/X\((\w+)\)/g)].map(
      (match) => match[1],
    );
  for (const [i, [isa, names]] of [...entries].entries()) {
    for (const entry of [...declared("TT_ENTRIES"), ...(i === 0 ? declared("TT_PORTABLE_ENTRIES") : [])]) {
      if (!names.has(`tt_${entry}_${isa}`))
        problems.push(`entries.h declares ${entry}, which no kernel file defines (${isa})`);
    }
  }
  return problems;
}

/** The external symbols of an object file, as nm tells them. */
function symbolsOf(object) {
  const lines = execFileSync("nm", ["--extern-only", "--format=posix", object], { encoding: "utf8" })
    .trim()
    .split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [name, type] = line.split(" ");
      // Mach-O puts an underscore before every name.
      return { name: process.platform === "darwin" ? name.replace(/^_/, "") : name, type };
    });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problems = checkSymbols();
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? "symbols: every instruction set keeps to itself" : `symbols: ${problems.length} problems`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
