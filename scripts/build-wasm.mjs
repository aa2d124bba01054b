// Builds the WASM engine from the same sources as the native one: build/wasm/simd128.wasm and relaxed.wasm, the second for
// platforms that have relaxed SIMD. Either runs with and without threads.
//
//   node scripts/build-wasm.mjs [--required]
//
// Without a compiler for WASM (clang with wasm-ld, or the npm package @yowasp/clang) it says so and succeeds; --required makes
// that a failure.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { compileAll, link } from "./native/compile.mjs";
import { filesIn, generate, kernelSources } from "./native/sources.mjs";
import { isPortable } from "./native/toolchain.mjs";
import { findWasmCompiler, WASM_ISAS, WASM_LINK_FLAGS, wasmCompileFlags } from "./native/wasm-toolchain.mjs";
import { root } from "./package.mjs";

/** Of native/ itself; the rest of it is Node's and the operating systems'. */
const SHARED = ["native/linalg_kernels.cc", "native/move.cc", "native/threads.cc"];
const isas = Object.keys(WASM_ISAS);

/** Every object file, with the command that makes it and the instruction set whose module wants it (null: all). */
function units(compiler) {
  const unit = (source, isa, module) => ({
    source,
    module,
    object: `build/wasm/${isa ?? "common"}/${basename(source, ".cc")}.o`,
    // clang's -Os is what gcc's -O2 is: without copies of loops.
    command: [...compiler.command, ...wasmCompileFlags(isa), ...(isPortable(source) ? ["-Os"] : [])],
  });
  const once = [...SHARED, ...filesIn("native/wasm", ".cc"), ...filesIn("native/scalar", ".cc")];
  return [
    ...once.filter((source) => source !== "native/wasm/module.cc").map((source) => unit(source, null, null)),
    ...filesIn("native/portable", ".cc").map((source) => unit(source, isas[0], null)),
    ...isas.flatMap((isa) => [...kernelSources(), "native/wasm/module.cc"].map((source) => unit(source, isa, isa))),
  ];
}

async function main(options) {
  const started = Date.now();
  const compiler = findWasmCompiler();
  if (compiler === null) {
    console.warn(
      "typetorch: no compiler for WASM found (looked for clang++ with wasm-ld and the npm package @yowasp/clang)," +
        " so the WASM engine was not built",
    );
    return options.has("--required") ? 1 : 0;
  }
  if (!generate()) {
    console.error("typetorch: gen/generate.mjs failed");
    return 1;
  }
  try {
    const all = units(compiler);
    const { compiled, failed } = await compileAll(all, 2, compiler.run);
    for (const { source, object } of failed) console.error(`typetorch: did not compile: ${source} (${object})`);
    if (failed.length > 0) return 1;
    for (const isa of isas) {
      const objects = all.filter(({ module }) => module === null || module === isa).map(({ object }) => object);
      const output = `build/wasm/${isa}.wasm`;
      if (!(await link(output, objects, [...compiler.command, ...objects, ...WASM_LINK_FLAGS], compiler.run))) return 1;
      const bytes = readFileSync(output);
      const [size, zipped] = [bytes, gzipSync(bytes)].map(({ length }) => (length / 1024).toFixed(0));
      console.log(`typetorch: ${output}: ${size} KB, ${zipped} KB gzipped`);
    }
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(
      `typetorch: ${compiled} of ${all.length} files compiled for WASM in ${seconds} s (${compiler.version})`,
    );
    return 0;
  } finally {
    compiler.close();
  }
}

process.chdir(root);
process.exitCode = await main(new Set(process.argv.slice(2)));
