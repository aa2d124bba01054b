#!/usr/bin/env node
/**
 * @file Trains a few steps of the quickstart in Chromium, with and without threads, and holds the losses against those of Node.
 *
 *     node test/wasm/browser.mjs [--chromium PATH] [--required]
 *
 * It needs dist/ and build/wasm/, and skips, saying why, where there is no Chromium.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../scripts/package.mjs";

const { values: options } = parseArgs({
  options: {
    chromium: { type: "string", default: "/usr/bin/chromium" },
    required: { type: "boolean", default: false },
  },
});

function skip(reason) {
  console.log(`browser: SKIPPED, ${reason}`);
  process.exit(options.required ? 1 : 0);
}
if (!existsSync(options.chromium)) skip(`there is no ${options.chromium} (Debian: apt install chromium)`);
for (const path of ["dist/wasm/index.js", "build/wasm/simd128.wasm"])
  if (!existsSync(join(root, path))) skip(`there is no ${path}`);
const { chromium } = await import("playwright-core").catch(() => skip("the package playwright-core is not installed"));

/** Runs in the page and here: a small quickstart on made-up pictures. */
async function train(torch) {
  await torch.init();
  torch.manualSeed(0);
  const { nn } = torch;
  const model = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, 10),
  );
  const lossFn = new nn.CrossEntropyLoss();
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 1e-2 });
  const x = torch.rand([64, 1, 28, 28]);
  const y = torch.randint(0, 10, [64]);
  const losses = [];
  for (let step = 0; step < 5; step++) {
    const loss = lossFn(model(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    losses.push(loss.item());
  }
  const { engine, instructionSet, threads } = torch.backends.cpu;
  return { engine, instructionSet, threads, losses };
}

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

/** Serves the package; pages under /isolated/ get what SharedArrayBuffer asks for. */
const server = createServer(({ url }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const isIsolated = pathname.startsWith("/isolated/");
  const path = pathname.replace(/^\/(isolated|plain)\//, "/");
  const headers = isIsolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const file = join(root, normalize(path));
  if (pathname === "/favicon.ico") return response.writeHead(204).end();
  if (path !== "/page.html" && !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain", ...headers });
  response.end(path === "/page.html" ? "<!doctype html><title>typetorch</title>" : readFileSync(file));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${server.address().port}`;

const expected = await train(await import("../../dist/wasm/index.js"));
console.log(`browser: Node, for comparison: ${JSON.stringify(expected)}`);

const browser = await chromium.launch({ executablePath: options.chromium, headless: true, args: ["--no-sandbox"] });
try {
  for (const folder of ["isolated", "plain"]) {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => problems.push(message.text()));
    await page.goto(`${address}/${folder}/page.html`);
    const source = `import(${JSON.stringify(`/${folder}/dist/wasm/index.js`)}).then(${train})`;
    const result = await page.evaluate(source);
    const isClose = result.losses.every((loss, i) => Math.abs(loss - expected.losses[i]) < 1e-5);
    const ok =
      isClose && result.engine === "wasm" && problems.length === 0 && (folder === "isolated" || result.threads === 1);
    console.log(`browser: ${folder} page: ${ok ? "ok" : "FAILED"} ${JSON.stringify({ ...result, problems })}`);
    if (!ok) process.exitCode = 1;
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
