// Builds the native engine, build/native/typetorch.node, with whatever C++20 compiler the machine has. Nothing but Node is
// needed to run this, and nothing is downloaded.
//
//   node scripts/build-native.mjs [--required] [--keep-going] [--verbose]
//
// Without a compiler it says so and succeeds (the library then works, slowly, through another engine); --required makes
// that a failure. --keep-going links what compiles, leaving out the kernels that do not.
//
// native/*.cc and native/scalar/*.cc are compiled once, native/portable/*.cc once for the weakest instruction set, native/kernels/*.cc and
// build/gen/kernels/*.cc for each.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileAll, run } from "./native/compile.mjs";
import { compileFlags, findCompiler, ISAS, linkFlags } from "./native/toolchain.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const buildDir = join(root, "build/native");

function filesIn(directory, ending) {
  const path = join(root, directory);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(path, name));
}

/** Every object file of the library, with the command that makes it. Paths are relative, so builds are reproducible. */
export function units(compiler) {
  const unit = (source, isa) => ({
    source,
    isa,
    object: join(buildDir, isa ?? "common", `${basename(source, ".cc")}.o`),
    command: [...compiler.command, ...compileFlags(root, isa)],
  });
  const kernels = [...filesIn("native/kernels", ".cc"), ...filesIn("build/gen/kernels", ".cc")];
  const [weakest] = Object.keys(ISAS);
  return [
    ...[...filesIn("native", ".cc"), ...filesIn("native/scalar", ".cc")].map((source) => unit(source, null)),
    ...filesIn("native/portable", ".cc").map((source) => unit(source, weakest)),
    ...Object.keys(ISAS).flatMap((isa) => kernels.map((source) => unit(source, isa))),
  ];
}

/**
 * Runs the generator when anything it could read (gen/ and the scalar language in src/expr/) is newer than its output.
 * A package as published brings the output along, and none of the tools.
 */
function generate() {
  const generator = join(root, "gen/generate.mjs");
  if (!existsSync(generator)) return true;
  const stamp = join(root, "build/gen/.stamp");
  const newest = (directory) =>
    existsSync(directory)
      ? Math.max(
          0,
          ...readdirSync(directory, { recursive: true }).map((name) => {
            const found = statSync(join(directory, name));
            return found.isFile() ? found.mtimeMs : 0;
          }),
        )
      : 0;
  const inputs = Math.max(newest(join(root, "gen")), newest(join(root, "src/expr")));
  if (existsSync(stamp) && Number(readFileSync(stamp, "utf8")) === inputs) return true;
  if (!existsSync(join(root, "node_modules/esbuild")) && existsSync(join(root, "build/gen"))) return true;
  const answer = spawnSync(process.execPath, [generator], { cwd: root, stdio: "inherit" });
  if (answer.status !== 0) return false;
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, String(inputs));
  return true;
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
  if (compiled > 0 || !isNewest(library, objects)) {
    const partial = join(buildDir, `typetorch.${process.pid}.node`);
    try {
      if (!(await run([...compiler.command, ...objects, ...linkFlags(buildDir, compiler), "-o", partial]))) return 1;
      // A library in use is replaced, not written into.
      renameSync(partial, library);
      writeFileSync(`${library}.objects`, objects.join("\n"));
    } finally {
      rmSync(partial, { force: true });
    }
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `typetorch: ${relative(root, library)}: ${compiled} of ${all.length} files compiled in ${seconds} s (${compiler.version})`,
  );
  return broken.size > 0 ? 1 : 0;
}

/** Whether the library was linked from these objects as they are. */
function isNewest(library, objects) {
  if (!existsSync(library) || !existsSync(`${library}.objects`)) return false;
  if (readFileSync(`${library}.objects`, "utf8") !== objects.join("\n")) return false;
  const linked = statSync(library).mtimeMs;
  return objects.every((object) => statSync(object).mtimeMs <= linked);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(new Set(process.argv.slice(2)));
}
