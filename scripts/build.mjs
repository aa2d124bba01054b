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
const WHOLE = JSON.stringify(join(root, "src/index.ts"));

/**
 * Namespaces that are objects: those that are exported (`export * as nn`), and those that code enumerates (`{ ...convKernels }`), not
 * only looks into (`shared.add`).
 */
const isObject = (verb, name, text) =>
  verb === "export" || new RegExp(`(?:\\.\\.\\.|[(=] ?)${name}\\b(?!\\.)`).test(text);
const withNamespaceObjects = (text, found = () => {}) =>
  text.replace(/^(import|export) \* as (\w+) from "(\..+)";$/gm, (statement, verb, name, path) => {
    if (!isObject(verb, name, text)) return statement;
    found(path);
    return `${verb} { namespace as ${name} } from "#namespace:${path}";`;
  });

/**
 * The library as one chunk, in which a namespace is a frozen object of values. esbuild's own are objects of getters, because a module
 * may assign to what it exports: 1,100 functions, half of which an import calls, took a tenth of its time.
 */
const library = {
  name: "library",
  setup(build) {
    build.onLoad({ filter: /\.ts$/, namespace: "file" }, ({ path }) => {
      const text = withNamespaceObjects(readFileSync(path, "utf8"));
      const isUser = USERS.some((user) => path === join(root, user));
      return { contents: isUser ? `import ${WHOLE};\n${text}` : text, loader: "ts" };
    });
    build.onResolve({ filter: /^#namespace:/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("#namespace:", "")),
      namespace: "namespace",
    }));
    build.onLoad({ filter: /./, namespace: "namespace" }, ({ path }) => {
      const names = namesIn.get(path);
      const contents = `import { ${names.map((name, i) => `${name} as _${i}`)} } from ${JSON.stringify(path)};
        export const namespace = Object.freeze({ __proto__: null, ${names.map((name, i) => `${name}: _${i}`)} });`;
      return { contents, resolveDir: dirname(path) };
    });
  },
};

const present = entries.filter(({ source }) => existsSync(join(root, source)));
const missing = entries.filter((entry) => !present.includes(entry));
const sources = readdirSync(join(root, "src"), { recursive: true }).filter((path) => path.endsWith(".ts"));
const isNamespace = ({ source }) => NAMESPACES.some((path) => source === `./src/${path}/index.ts`);

rmSync(join(root, "dist"), { recursive: true, force: true });
const declared = declarations();
const namesIn = await namesInNamespaces();
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
  plugins: [library],
  packages: "external",
  // Small, but legible: names stay, and lines are short, so that a stack trace says enough without a source map.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  metafile: true,
  logLevel: "warning",
});

const { withMethods } = await import("./methods.mjs");
for (const path of Object.keys(metafile.outputs)) {
  const file = join(root, path);
  writeFileSync(file, withMethods(readFileSync(file, "utf8")));
}

const ordered = readFileSync(join(root, ORDERED), "utf8");
const { code } = await esbuild.transform(ordered, { loader: "ts", minifyWhitespace: true });
mkdirSync(join(root, "dist/wasm"), { recursive: true });
writeFileSync(join(root, "dist/wasm/index.js"), withJsImports(code));

writeNamespaces();
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

/** What the modules export that are namespaces: lists of names by file. */
async function namesInNamespaces() {
  const files = new Set();
  const variables = new Set();
  for (const path of sources) {
    const file = join(root, "src", path);
    const text = readFileSync(file, "utf8");
    withNamespaceObjects(text, (namespace) => files.add(join(dirname(file), namespace)));
    for (const [, name] of text.matchAll(/^export let (\w+)/gm)) variables.add(name);
  }
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [...files],
    outdir: "dist",
    bundle: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    metafile: true,
  });
  const modules = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  for (const { entryPoint, exports } of modules) {
    const variable = exports.find((name) => variables.has(name));
    if (variable) throw new Error(`build: ${entryPoint} is a namespace, and in dist/ its ${variable} would not change`);
  }
  return new Map(modules.map(({ entryPoint, exports }) => [join(root, entryPoint), exports]));
}

/** Writes dist/nn/index.js and the like. */
function writeNamespaces() {
  for (const { source } of present.filter(isNamespace)) {
    const [first, ...rest] = dirname(source).split("/").slice(2);
    const library = `${"../".repeat(rest.length + 1)}index.js`;
    const names = namesIn.get(join(root, source)).join(", ");
    const text = `import { ${first} } from "${library}";\nexport const { ${names} } = ${[first, ...rest].join(".")};\n`;
    const folder = join(root, "dist", first, ...rest);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), text);
  }
}

/** Writes modules/, a folder as deep as src/ so that `new URL("../../build/…", import.meta.url)` means the same. */
async function looseModules() {
  const out = join(root, "modules");
  rmSync(out, { recursive: true, force: true });
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
