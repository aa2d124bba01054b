#!/usr/bin/env node
/**
 * @file What the library costs its users in bytes, held against limits: the scripts that Node reads to import it, the package
 * unpacked, and in a browser the quickstart's JavaScript and WASM, gzipped. Each bundle also trains one step, on Node, so that
 * nothing that matters was dropped from it.
 *
 *     node scripts/size.mjs [--modules]
 *
 * It needs dist/, modules/ and build/wasm/. `--modules` lists what the folders of the library add to the quickstart.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { build } from "vite";
import { manifest, root } from "./package.mjs";

/** In bytes. What is printed as a kilobyte is a thousand. */
const LIMITS = {
  "node: scripts that an import reads": 1_200_000,
  "package, unpacked, with one platform's engine": 12_000_000,
  "browser: WASM, gzipped": 500_000,
  "browser: quickstart by Vite, gzipped": 150_000,
  "browser: quickstart by esbuild, gzipped": 150_000,
  // esbuild keeps the whole of a namespace that another one holds, and so all layers, optimizers and schedulers
  "browser: quickstart by esbuild from torch.nn, gzipped": 200_000,
};

const WITH_SUBPATHS = `
import { init, manualSeed, rand, tensor } from "typetorch/wasm";
import * as nn from "typetorch/nn";
import * as optim from "typetorch/optim";
`;
const WITH_NAMESPACE = `
import * as torch from "typetorch/wasm";
import { init, manualSeed, rand, tensor } from "typetorch/wasm";
`;
const quickstart = (nn, optim) => `
class NeuralNetwork extends ${nn}.Module {
  flatten = new ${nn}.Flatten();
  linearReluStack = new ${nn}.Sequential(
    new ${nn}.Linear(28 * 28, 512), new ${nn}.ReLU(), new ${nn}.Linear(512, 512), new ${nn}.ReLU(), new ${nn}.Linear(512, 10),
  );
  forward(x) {
    return this.linearReluStack(this.flatten(x));
  }
}
await init();
manualSeed(0);
const model = new NeuralNetwork();
const lossFn = new ${nn}.CrossEntropyLoss();
const optimizer = new ${optim}.SGD(model.parameters(), { lr: 1e-2 });
const x = rand(8, 1, 28, 28);
const y = tensor([0, 1, 2, 3, 4, 5, 6, 7]);
for (let step = 0; step < 2; step++) {
  const loss = lossFn(model(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  console.log(loss.item().toFixed(5));
}
`;

const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);

function report(what, bytes) {
  const isTooMuch = !(bytes <= LIMITS[what]);
  if (isTooMuch) process.exitCode = 1;
  const limit = `${(LIMITS[what] / 1000).toFixed(0)} KB`;
  console.log(`${isTooMuch ? "FAILED " : "ok     "} ${what}: ${(bytes / 1000).toFixed(1)} KB of at most ${limit}`);
}

/** The file and all that it imports statically, of its own folder. */
function imported(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(file, "utf8");
  for (const [, path] of code.matchAll(/(?:^|[;}])(?:import|export)(?:[^"';]*from)?\s*"(\.[^"]+)"/gm))
    imported(join(dirname(file), path), seen);
  return seen;
}

function packageSize() {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ unpackedSize }] = JSON.parse(packed);
  const engine = join(root, "build/native/typetorch.node");
  return unpackedSize + (existsSync(engine) ? statSync(engine).size : 0);
}

/** A stranger's folder, in which `typetorch` is this package. */
const folder = join(root, "build", "size");

function write(name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function byVite(source) {
  const { output } = await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: {
      target: "es2022",
      outDir: "vite",
      assetsInlineLimit: 0,
      modulePreload: false,
      rollupOptions: { input: write("vite-entry.js", source) },
    },
  });
  const [{ fileName, code, modules }] = output;
  const assets = output.filter((file) => file.fileName.endsWith(".wasm"));
  if (assets.length !== 2) throw new Error(`expected two WASM modules among Vite's assets, got ${assets.length}`);
  return { file: join(folder, "vite", fileName), code, parts: lengths(modules, (module) => module.renderedLength) };
}

async function byEsbuild(source) {
  const outfile = join(folder, "esbuild.js");
  const { metafile } = await esbuild.build({
    absWorkingDir: folder,
    stdin: { contents: source, resolveDir: folder },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    metafile: true,
    logLevel: "error",
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const files = Object.fromEntries(Object.entries(inputs).map(([path, input]) => [join(folder, path), input]));
  return { file: outfile, code: readFileSync(outfile, "utf8"), parts: lengths(files, (input) => input.bytesInOutput) };
}

/** Bytes by folder of modules/. */
function lengths(files, lengthOf) {
  const parts = new Map();
  for (const [path, file] of Object.entries(files)) {
    const part = relative(join(root, "modules"), path).split(/[\\/]/).slice(0, 2).join("/");
    parts.set(part, (parts.get(part) ?? 0) + lengthOf(file));
  }
  return [...parts].sort(([, a], [, b]) => b - a);
}

async function checkBundle(what, bundler, source, expected) {
  const { file, code, parts } = await bundler(source);
  report(what, gzipped(code));
  if (process.argv.includes("--modules"))
    for (const [part, bytes] of parts.slice(0, 40)) console.log(`        ${String(bytes).padStart(7)}  ${part}`);
  const losses = execFileSync(process.execPath, ["--input-type=module", "--eval", `import "${file}"`], {
    cwd: folder,
    encoding: "utf8",
  });
  if (losses === expected) return;
  console.error(`FAILED  ${what}: expected the losses ${expected}, got ${losses}`);
  process.exitCode = 1;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "node_modules"), { recursive: true });
symlinkSync(root, join(folder, "node_modules", manifest.name), "junction");

report(
  "node: scripts that an import reads",
  sum([...imported(join(root, "dist/index.js"))].map((file) => statSync(file).size)),
);
report("package, unpacked, with one platform's engine", packageSize());
const binaries = ["relaxed", "simd128"].map((name) => readFileSync(join(root, `build/wasm/${name}.wasm`)));
report("browser: WASM, gzipped", Math.max(...binaries.map(gzipped)));

const whole = WITH_NAMESPACE + quickstart("torch.nn", "torch.optim");
const expected = execFileSync(process.execPath, [write("plain.mjs", whole)], { cwd: folder, encoding: "utf8" });
await checkBundle("browser: quickstart by Vite, gzipped", byVite, whole, expected);
const subpaths = WITH_SUBPATHS + quickstart("nn", "optim");
await checkBundle("browser: quickstart by esbuild, gzipped", byEsbuild, subpaths, expected);
await checkBundle("browser: quickstart by esbuild from torch.nn, gzipped", byEsbuild, whole, expected);
