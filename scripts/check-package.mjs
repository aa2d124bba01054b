#!/usr/bin/env node
/**
 * @file Packs the library as it would be published, installs the tarball in an empty folder and uses it there as a stranger would:
 * every entry is imported, required (where Node can require ESM) and type-checked.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entries, manifest, root } from "./package.mjs";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const folder = mkdtempSync(join(tmpdir(), "typetorch-package-"));
const consumer = join(folder, "consumer");
mkdirSync(consumer);

const COMPUTATION = `
import * as torch from "${manifest.name}";
const x = torch.tensor([[1, 2], [3, 4]], { dtype: torch.float32, requiresGrad: true });
x.matmul(x).sum().backward();
if (String(x.grad.tolist()) !== "7,11,9,13") throw new Error("wrong gradient: " + x.grad);
`;

const WARNINGS = "let warnings = 0; console.warn = () => { warnings++; };";
const ON_PURPOSE = `${WARNINGS}${COMPUTATION.replace(`"${manifest.name}"`, `"${manifest.name}/wasm"`)}if (warnings !== 0) throw new Error("a warning");`;

/** Runs a command in the consumer's folder; what it prints is shown only if it fails. */
function run(title, command, args, options = {}) {
  try {
    const output = execFileSync(command, args, {
      cwd: consumer,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command === npm,
      maxBuffer: 2 ** 28,
      ...options,
    });
    console.log(`ok      ${title}`);
    return output;
  } catch (error) {
    console.error(`FAILED  ${title}\n${error.stdout ?? ""}${error.stderr ?? error.message}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** Says what the packed files are, and names those that are missing or have no business in a package. */
function checkFiles(files) {
  const paths = new Set(files.map(({ path }) => path));
  const expected = entries
    .flatMap(({ types, module, loose }) => [types, module, loose])
    .map((path) => path.replace("./", ""));
  const wanted = [
    ...expected,
    "LICENSE",
    "README.md",
    "package.json",
    "scripts/install.mjs",
    "scripts/build-native.mjs",
    "build/wasm/relaxed.wasm",
    "build/wasm/simd128.wasm",
  ];
  const missing = wanted.filter((path) => !paths.has(path));
  if (![...paths].some((path) => path.startsWith("build/gen/"))) missing.push("build/gen/, the generated C++");
  const stray = [...paths].filter((path) => /^(src|test|bench|examples|docs|node_modules)\/|\.node$|\.o$/.test(path));
  for (const path of missing) console.error(`FAILED  the package lacks ${path}`);
  for (const path of stray) console.error(`FAILED  the package holds ${path}`);
  if (missing.length + stray.length > 0) process.exitCode = 1;
}

try {
  const packed = run("npm pack", npm, ["pack", "--json", "--pack-destination", folder], { cwd: root });
  if (packed !== undefined) {
    // what `prepare` prints comes before the JSON
    const [{ filename, size, files }] = JSON.parse(packed.slice(packed.search(/^\[$/m)));
    console.log(`        ${filename}: ${files.length} files, ${(size / 1024).toFixed(0)} KB`);
    checkFiles(files);
    useIt(join(folder, filename));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function useIt(tarball) {
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  run("npm install of the tarball", npm, ["install", "--no-json", "--no-audit", "--no-fund", tarball]);

  for (const { specifier } of entries) {
    const time = `const t = performance.now(); await import("${specifier}"); console.log((performance.now() - t).toFixed(0))`;
    const ms = run(`import "${specifier}"`, process.execPath, ["--input-type=module", "--eval", time]);
    if (ms !== undefined) console.log(`        ${ms.trim()} ms`);
    if (process.features.require_module) {
      const same = `import("${specifier}").then((m) => require("node:assert").equal(require("${specifier}").Tensor, m.Tensor))`;
      run(`require("${specifier}")`, process.execPath, ["--no-warnings", "--input-type=commonjs", "--eval", same]);
    }
  }
  run("a computation", process.execPath, ["--input-type=module", "--eval", COMPUTATION]);

  // As where there is no compiler.
  rmSync(join(consumer, "node_modules", manifest.name, "build", "native"), { recursive: true });
  const fallback = run("a computation without the native engine", process.execPath, [
    "--input-type=module",
    "--eval",
    `${WARNINGS}${COMPUTATION}if (torch.backends.cpu.engine !== "wasm" || warnings !== 1) throw new Error("expected wasm and one warning");`,
  ]);
  if (fallback !== undefined) run("typetorch/wasm", process.execPath, ["--input-type=module", "--eval", ON_PURPOSE]);

  writeFileSync(
    join(consumer, "use.mts"),
    entries.map(({ specifier }, i) => `import * as m${i} from "${specifier}";\nm${i};\n`).join(""),
  );
  const tsc = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace("package.json", "bin/tsc");
  const flags = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable,dom", // URL and Blob come from the platform's types: the browser's here, @types/node's on Node
  ];
  run("types", process.execPath, [tsc, ...flags, "use.mts"]);
}
