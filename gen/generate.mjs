/**
 * @file The generator: makes build/gen/ from the scalar language (src/expr). Its output is never committed.
 *
 *     node gen/generate.mjs
 *
 * A file whose content has not changed is left alone, so that a build compiles only what it must.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const output = join(root, "build/gen");
const kernels = join(output, "kernels");
mkdirSync(kernels, { recursive: true });

const bundle = join(output, `generator.${process.pid}.mjs`);
await build({
  absWorkingDir: root,
  entryPoints: ["gen/files.ts"],
  outfile: bundle,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "warning",
});
try {
  const { files } = await import(pathToFileURL(bundle).href);
  for (const [name, text] of Object.entries(files)) {
    const path = join(kernels, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
  for (const name of readdirSync(kernels)) if (!(name in files)) rmSync(join(kernels, name));
} finally {
  rmSync(bundle, { force: true });
}
