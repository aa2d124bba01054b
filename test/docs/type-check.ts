/** @file Asks the compiler what it says about texts of TypeScript. */
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./doc-comments.ts";

const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

/** The errors in modules, given by name, that import from `typetorch` as if it were installed; "" if there are none. */
export function typeErrors(modules: ReadonlyMap<string, string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "typetorch-types-"));
  const paths = { typetorch: [`${root}src/index.ts`], "typetorch/vision": [`${root}src/vision/index.ts`] };
  const typeRoots = [`${root}node_modules/@types`];
  // Absolute paths to sources, which nobody emits; and what users need not switch on.
  const unlike = {
    rewriteRelativeImportExtensions: false,
    noImplicitOverride: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const compilerOptions = { paths, typeRoots, ...unlike };
  const config = { extends: `${root}tsconfig.json`, compilerOptions, include: ["*.mts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const [name, text] of modules) writeFileSync(join(folder, `${name}.mts`), text);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [tsc, "-p", "."], { cwd: folder }, (error, stdout, stderr) =>
      error && !stdout ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
    );
  });
}
