#!/usr/bin/env node
/**
 * @file Builds dist/: one bundle an entry of package.json's exports, the code they share in chunks (so that all entries
 * have the same classes), source maps and declarations. Loose modules would take several times as long to import.
 *
 *     node scripts/build.mjs [--if-possible]
 *
 * `--if-possible` is for `npm install`: without the development dependencies it says so and leaves dist/ as it is.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { entries, root } from "./package.mjs";

const esbuild = await import("esbuild").catch((error) => {
  if (!process.argv.includes("--if-possible")) throw error;
  console.log("typetorch: dist/ is not built, because the development dependencies are not installed");
  process.exit(0);
});

/** An entry that puts others in order, which bundles with common chunks do not keep: it is written as it stands. */
const ORDERED = "./src/wasm/index.ts";

const present = entries.filter(({ source }) => existsSync(join(root, source)));
const missing = entries.filter((entry) => !present.includes(entry));

rmSync(join(root, "dist"), { recursive: true, force: true });
const declared = declarations();
const { metafile } = await esbuild.build({
  absWorkingDir: root,
  entryPoints: present.flatMap(({ source }) => (source === ORDERED ? importsOf(source) : [source])),
  outdir: "dist",
  outbase: "src",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20", // lowers `using`
  packages: "external",
  // Less to parse at every import; names stay, for errors and profiles.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
});

const ordered = readFileSync(join(root, ORDERED), "utf8");
const { code } = await esbuild.transform(ordered, { loader: "ts", minifyWhitespace: true });
mkdirSync(join(root, "dist/wasm"), { recursive: true });
writeFileSync(join(root, "dist/wasm/index.js"), code.replace(/\.ts"/g, '.js"'));

for (const [path, { bytes, entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) console.log(`${path}  ${(bytes / 1024).toFixed(0)} KB`);
}
for (const { specifier, source } of missing) {
  console.error(`build: package.json exports ${specifier}, but there is no ${source}`);
}
process.exitCode = (await declared) || missing.length > 0 ? 1 : 0;

/** Files of src/ that a file imports, as entry points. */
function importsOf(source) {
  const text = readFileSync(join(root, source), "utf8");
  return [...text.matchAll(/(?:import|from) "(\.[^"]+)"/g)].map(([, path]) => join(dirname(source), path));
}

/** Runs the compiler beside esbuild, which needs no types; resolves to its exit status. */
function declarations() {
  const tsc = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace("package.json", "bin/tsc");
  const child = spawn(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (status) => resolve(status ?? 1)));
}
