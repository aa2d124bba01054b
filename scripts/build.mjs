#!/usr/bin/env node
/**
 * @file Builds the library twice. dist/ is for Node: the library in one chunk, from which each entry of package.json's exports
 * hands on its part (so that all have the same classes), and declarations; loose modules would take several times as long to
 * import. modules/ is for bundlers: a module for each source file, so that what a program does not use falls away.
 *
 *     node scripts/build.mjs [--if-possible]
 *
 * `--if-possible` is for `npm install`: without the development dependencies it says so and leaves dist/ as it is.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { entries, root } from "./package.mjs";

const esbuild = await import("esbuild").catch((error) => {
  if (!process.argv.includes("--if-possible")) throw error;
  console.log("typetorch: dist/ is not built, because the development dependencies are not installed");
  process.exit(0);
});

/** Entries that are namespaces of the library: for Node they hand those on, so that it loads one bundle whichever is imported. */
const NAMESPACES = ["nn", "nn/functional", "optim"];

/** An entry that puts others in order, which bundles with common chunks do not keep: it is written as it stands. */
const ORDERED = "./src/wasm/index.ts";

/** What else uses parts of the library: all of it is loaded with them, so that it is one chunk and not one for every set of users. */
const USERS = ["src/vision/index.ts", "src/wasm/init.ts"];

const loadWholeLibrary = {
  name: "load-whole-library",
  setup(build) {
    const library = JSON.stringify(join(root, "src/index.ts"));
    build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
      USERS.some((user) => path === join(root, user))
        ? { contents: `import ${library};\n${readFileSync(path, "utf8")}`, loader: "ts" }
        : undefined,
    );
  },
};

const present = entries.filter(({ source }) => existsSync(join(root, source)));
const missing = entries.filter((entry) => !present.includes(entry));
const isNamespace = ({ source }) => NAMESPACES.some((path) => source === `./src/${path}/index.ts`);

rmSync(join(root, "dist"), { recursive: true, force: true });
const declared = declarations();
const { metafile } = await esbuild.build({
  absWorkingDir: root,
  entryPoints: present
    .filter((entry) => !isNamespace(entry))
    .flatMap(({ source }) => (source === ORDERED ? importsOf(source) : [source]))
    .map((source) => normalize(source)) // of two spellings esbuild would make two entries
    .filter((source, i, all) => all.indexOf(source) === i),
  outdir: "dist",
  outbase: "src",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20", // lowers `using`
  plugins: [loadWholeLibrary],
  packages: "external",
  // Small, but legible: names stay, and lines are short, so that a stack trace says enough without a source map.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  metafile: true,
  logLevel: "warning",
});

const ordered = readFileSync(join(root, ORDERED), "utf8");
const { code } = await esbuild.transform(ordered, { loader: "ts", minifyWhitespace: true });
mkdirSync(join(root, "dist/wasm"), { recursive: true });
writeFileSync(join(root, "dist/wasm/index.js"), withJsImports(code));

await namespaces();
await looseModules();

for (const [path, { bytes, entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) console.log(`${path}  ${(bytes / 1024).toFixed(0)} KB`);
}
for (const { specifier, source } of missing) {
  console.error(`build: package.json exports ${specifier}, but there is no ${source}`);
}
process.exitCode = (await declared) || missing.length > 0 ? 1 : 0;
dropInternalTypes();

/** Files of src/ that a file imports, as entry points. */
function importsOf(source) {
  const text = readFileSync(join(root, source), "utf8");
  return [...text.matchAll(/(?:import|from) "(\.[^"]+)"/g)].map(([, path]) => join(dirname(source), path));
}

/** Writes dist/nn/index.js and the like. */
async function namespaces() {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: present.filter(isNamespace).map(({ source }) => source),
    outdir: "dist",
    outbase: "src",
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    metafile: true,
  });
  for (const [path, { exports }] of Object.entries(metafile.outputs)) {
    const [first, ...rest] = dirname(path).split("/").slice(1);
    const library = `${"../".repeat(rest.length + 1)}index.js`;
    const text = `import { ${first} } from "${library}";\nexport const { ${exports.join(", ")} } = ${[first, ...rest].join(".")};\n`;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Writes modules/, a folder as deep as src/ so that `new URL("../../build/…", import.meta.url)` means the same. */
async function looseModules() {
  const out = join(root, "modules");
  rmSync(out, { recursive: true, force: true });
  const sources = readdirSync(join(root, "src"), { recursive: true }).filter((path) => path.endsWith(".ts"));
  await Promise.all(
    sources.map(async (path) => {
      const target = join(out, path.replace(/\.ts$/, ".js"));
      const source = readFileSync(join(root, "src", path), "utf8");
      const { code } = await esbuild.transform(source, {
        loader: "ts",
        target: "es2022",
        sourcefile: path,
        minifyWhitespace: true,
        minifySyntax: true,
      });
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, withJsImports(code));
    }),
  );
}

function withJsImports(code) {
  return code.replace(/((?:from|import) ?\(?"\.[^"]+)\.ts"/g, '$1.js"');
}

/** Removes the declarations that none of the entries reaches. */
function dropInternalTypes() {
  const reached = new Set();
  const visit = (file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import |import\()"(\.[^"]+)\.[jt]s"/g))
      visit(join(dirname(file), `${path}.d.ts`));
  };
  for (const { types } of entries) visit(join(root, types));
  for (const path of readdirSync(join(root, "dist"), { recursive: true })) {
    const file = join(root, "dist", path);
    if (path.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}

/** Runs the compiler beside esbuild, which needs no types; resolves to its exit status. */
function declarations() {
  const tsc = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace("package.json", "bin/tsc");
  const child = spawn(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (status) => resolve(status ?? 1)));
}
