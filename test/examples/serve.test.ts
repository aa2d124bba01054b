/** @file The example server: what it answers, and that it goes down with everything answered. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as torch from "typetorch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLASSES, NeuralNetwork, PIXELS } from "../../examples/serve/model.ts";

const example = fileURLToPath(new URL("../../examples/serve.ts", import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** All that it printed, to its end. */
  readonly printed: Promise<string>;
  readonly exit: Promise<unknown[]>;
}

async function start(cwd: string): Promise<Served> {
  const node = ["--conditions=@typetorch/source", "--import", loader, example, "--port", "0", "--workers", "1"];
  const child = spawn(process.execPath, node, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const found = /Serving on (\S+)\n/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it served: ${printed}`)));
  });
  return { child, url, exit, printed: once(child.stdout, "close").then(() => printed) };
}

const model = new NeuralNetwork().eval();
let served: Served;

beforeAll(async () => {
  const cwd = mkdtempSync(join(tmpdir(), "typetorch-serve-"));
  await torch.save(model.stateDict(), join(cwd, "model.pth"));
  served = await start(cwd);
});
afterAll(() => void served.child.kill("SIGKILL"));

interface Prediction {
  readonly class: string;
  readonly probabilities: Record<string, number>;
}

const post = (body: string) => fetch(`${served.url}/predict`, { method: "POST", body });

test("each of many requests at once gets the prediction for its picture", async () => {
  const images = torch.rand([100, PIXELS]);
  const wanted = torch.noGrad(() => model(images).softmax(1));
  const rows = images.tolist() as number[][];
  const answers = await Promise.all(
    rows.map(async (image) => (await (await post(JSON.stringify({ image }))).json()) as Prediction),
  );
  for (const [i, { class: name, probabilities }] of answers.entries()) {
    expect(Object.keys(probabilities)).toEqual(CLASSES);
    const got = torch.tensor(Object.values(probabilities), { dtype: torch.float32 });
    expect(torch.allclose(got, wanted.at(i), { rtol: 1e-4, atol: 1e-6 })).toBe(true);
    expect(name).toBe(CLASSES[wanted.at(i).argmax(0).item()]);
  }
});

test("health", async () => {
  const answer = await fetch(`${served.url}/health`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: "ok", workers: 1, waiting: 0 }]);
});

test.each<[string, string, string | undefined, number, string]>([
  ["GET", "/nowhere", undefined, 404, "expected one of /health, /predict, got /nowhere"],
  ["GET", "/predict", undefined, 405, "/predict: expected POST, got GET"],
  ["POST", "/predict", "{", 400, 'expected JSON such as {"image": [[0, 0.5, …], …]}, got a SyntaxError: '],
  ["POST", "/predict", "null", 400, "image: expected 28 rows of 28 numbers, got nothing"],
  ["POST", "/predict", '{"image": [[1, 2]]}', 400, "image: expected 28 rows of 28 numbers, got 2 numbers"],
  [
    "POST",
    "/predict",
    JSON.stringify({ image: Array(PIXELS).fill(300) }),
    400,
    "image: expected numbers from 0 to 1, got 300 as pixel 0",
  ],
  ["POST", "/predict", " ".repeat(70_000), 413, "expected at most 65536 bytes, got more"],
])("%s %s is refused (%#)", async (method, path, body, status, text) => {
  const answer = await fetch(served.url + path, { method, ...(body === undefined ? {} : { body }) });
  const { error } = (await answer.json()) as { error: { status: number; message: string } };
  expect([answer.status, error.status]).toEqual([status, status]);
  expect(error.message.slice(0, text.length)).toBe(text);
});

test("SIGTERM: what was asked is answered, nothing new is taken, and the process ends", async () => {
  const body = JSON.stringify({ image: Array(PIXELS).fill(0.5) });
  const half = request(`${served.url}/predict`, {
    method: "POST",
    headers: { "Content-Length": body.length, Expect: "100-continue" },
  });
  half.flushHeaders();
  await once(half, "continue"); // the server has begun with it
  served.child.kill("SIGTERM");
  await refused();
  half.end(body);
  const [response] = await once(half, "response");
  expect([response.statusCode, response.headers.connection]).toEqual([200, "close"]);
  expect(await json(response)).toHaveProperty("probabilities");
  expect(await served.exit).toEqual([0, null]);
  expect(await served.printed).toBe(
    `Loaded model.pth\nServing on ${served.url}\nSIGTERM: finishing what was asked\nBye\n`,
  );
});

/** Until the server takes no more connections. */
async function refused(): Promise<void> {
  for (;;) {
    try {
      await (await fetch(`${served.url}/health`, { headers: { Connection: "close" } })).text();
    } catch {
      return;
    }
  }
}

test("without a model.pth it says that the weights are random", async () => {
  const { child, exit, printed } = await start(mkdtempSync(join(tmpdir(), "typetorch-serve-")));
  child.kill("SIGINT");
  expect(await exit).toEqual([0, null]);
  expect(await printed).toMatch(
    /^There is no model\.pth \(npm run quickstart makes one\): serving random weights\nServing on /,
  );
});
