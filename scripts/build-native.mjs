// Builds the native engine, build/native/typetorch.node, with whatever C++20 compiler the machine has. Nothing but Node is
// needed to run this, and nothing is downloaded.
//
//   node scripts/build-native.mjs [--required] [--keep-going] [--symbols]
//
// Without a compiler it says so and succeeds (the library then runs on WebAssembly); --required makes
// that a failure. --keep-going links what compiles, leaving out the kernels that do not.
// --symbols keeps the names of functions in the library, for profilers.
//
// native/*.cc and native/scalar/*.cc are compiled once, native/portable/*.cc once for the weakest instruction set, native/kernels/*.cc and
// build/gen/kernels/*.cc for each.
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { compileAll, link } from "./native/compile.mjs";
import { filesIn, generate, kernelSources } from "./native/sources.mjs";
import {
  compactFlags,
  compileFlags,
  findCompiler,
  ISAS,
  isCompact,
  isTileLoops,
  linkFlags,
  tileLoopFlags,
} from "./native/toolchain.mjs";
import { root } from "./package.mjs";

const buildDir = join(root, "build/native");

/**
 * Every object file of the library, with the command that makes it. Paths are relative, so builds are reproducible.
 * @param {{ command: string[] }} compiler
 * @param {{ directory?: string, isas?: string[], flags?: string[] }} options where objects go, for which instruction sets, with which flags more
 */
export function units(compiler, { directory = buildDir, isas = Object.keys(ISAS), flags = [] } = {}) {
  const unit = (path, isa) => ({
    source: join(root, path),
    isa,
    object: join(directory, isa ?? "common", `${basename(path, ".cc")}.o`),
    command: [
      ...compiler.command,
      ...compileFlags(root, isa),
      ...(isCompact(path) ? compactFlags(compiler) : []),
      ...(isTileLoops(path) ? tileLoopFlags(compiler) : []),
      ...flags,
    ],
  });
  const kernels = kernelSources();
  const [weakest] = Object.keys(ISAS);
  return [
    ...[...filesIn("native", ".cc"), ...filesIn("native/scalar", ".cc")].map((source) => unit(source, null)),
    ...filesIn("native/portable", ".cc").map((source) => unit(source, weakest)), // all processors run it
    ...isas.flatMap((isa) => kernels.map((source) => unit(source, isa))),
  ];
}

async function main(options) {
  const started = Date.now();
  const compiler = findCompiler();
  if (compiler === null) {
    console.warn(
      "typetorch: no C++ compiler found (looked for CXX, g++ and clang++), so the native engine was not built.\n" +
        "Install one and run: npm rebuild typetorch",
    );
    return options.has("--required") ? 1 : 0;
  }
  if (!generate()) {
    console.error("typetorch: gen/generate.mjs failed");
    return 1;
  }

  const all = units(compiler);
  const { compiled, failed } = await compileAll(all, 2);
  for (const { source, isa } of failed)
    console.error(`typetorch: did not compile: ${relative(root, source)} (${isa ?? "once"})`);
  // A kernel counts for all instruction sets or for none.
  const broken = new Set(failed.map(({ source }) => source));
  const objects = all.filter(({ source }) => !broken.has(source)).map(({ object }) => object);
  if (broken.size > 0 && !options.has("--keep-going")) return 1;

  const library = join(buildDir, "typetorch.node");
  const command = [...compiler.command, ...objects, ...linkFlags(buildDir, compiler, options.has("--symbols"))];
  if (!(await link(library, objects, command))) return 1;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `typetorch: ${relative(root, library)}: ${compiled} of ${all.length} files compiled in ${seconds} s (${compiler.version})`,
  );
  return broken.size > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(new Set(process.argv.slice(2)));
}
