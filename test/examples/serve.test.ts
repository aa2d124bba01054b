/** @file The example server: what it answers, and that it goes down with everything answered. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
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

async function start(cwd: string, ...options: string[]): Promise<Served> {
  const node = [
    "--conditions=@typetorch/source",
    "--import",
    loader,
    example,
    "--port",
    "0",
    "--workers",
    "1",
    ...options,
  ];
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
const emptyFolder = () => mkdtempSync(join(tmpdir(), "typetorch-serve-"));
let served: Served;
/** Without a model.pth, with little room and little patience. */
let small: Served;

beforeAll(async () => {
  const cwd = emptyFolder();
  await torch.save(model.stateDict(), join(cwd, "model.pth"));
  served = await start(cwd, "--grace", "60000");
  small = await start(emptyFolder(), "--queue", "1", "--grace", "100");
});
afterAll(() => {
  for (const { child } of [served, small]) child.kill("SIGKILL");
});

interface Prediction {
  readonly class: string;
  readonly probabilities: Record<string, number>;
}

const post = (body: string) => fetch(`${served.url}/predict`, { method: "POST", body });
const GRAY = JSON.stringify({ image: Array(PIXELS).fill(0.5) });

/** A request that the server has begun with, and whose body it waits for. */
async function half(url: string, body: string): Promise<ClientRequest> {
  const headers = { "Content-Length": body.length, Expect: "100-continue" };
  const begun = request(`${url}/predict`, { method: "POST", headers, agent: false });
  begun.flushHeaders();
  await once(begun, "continue");
  return begun;
}

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

test("a body that cannot be read does not spoil the batch it comes in", async () => {
  const image = Array(28).fill(Array(28).fill(0.25));
  const bodies = [GRAY, "{", JSON.stringify({ image }), "é".repeat(PIXELS), JSON.stringify({ image: [[]] }), GRAY];
  const answers = await Promise.all([...bodies, ...bodies].map(post));
  const statuses = [200, 400, 200, 400, 400, 200];
  expect(answers.map(({ status }) => status)).toEqual([...statuses, ...statuses]);
  const [gray, , light, , , alsoGray] = await Promise.all(
    answers.map((answer) => answer.json() as Promise<Prediction>),
  );
  const wanted = torch.noGrad(() =>
    model(torch.full([1, PIXELS], 0.25))
      .softmax(1)
      .at(0),
  );
  const got = torch.tensor(Object.values(light?.probabilities ?? {}), { dtype: torch.float32 });
  expect(torch.allclose(got, wanted, { rtol: 1e-4, atol: 1e-6 })).toBe(true);
  expect(Object.values(gray?.probabilities ?? {})).not.toEqual(Object.values(light?.probabilities ?? {}));
  expect(alsoGray?.class).toBe(gray?.class);
});

test("a body that comes in many pieces is read as one", async () => {
  const [whole, pieces] = await Promise.all([post(GRAY), half(served.url, GRAY)]);
  for (let at = 0; at < GRAY.length; at += 1000) {
    pieces.write(GRAY.slice(at, at + 1000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  pieces.end();
  const [response] = (await once(pieces, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(((await json(response)) as Prediction).class).toBe(((await whole.json()) as Prediction).class);
});

test("what is too much is refused with 503, and later requests are answered", async () => {
  const ask = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
  const socket = connect(Number(new URL(small.url).port), "127.0.0.1"); // all in one piece, so that they arrive at once
  socket.write(`${`${ask}\r\n{}`.repeat(9)}${ask}Connection: close\r\n\r\n{}`);
  const printed = await text(socket);
  expect(printed.match(/(?<=^HTTP\/1\.1 )\d+/gm)).toEqual(["400", ...Array(9).fill("503")]);
  expect(printed.match(/^Retry-After: 1\r$/gm)).toHaveLength(9);
  expect(printed).toContain('{"error":{"status":503,"message":"too many requests are waiting"}}');
  expect((await fetch(`${small.url}/predict`, { method: "POST", body: GRAY })).status).toBe(200);
});

test("SIGTERM: what was asked is answered, nothing new is taken, and the process ends", async () => {
  const begun = await Promise.all(Array.from({ length: 40 }, () => half(served.url, GRAY)));
  const [first, ...others] = begun as [ClientRequest, ...ClientRequest[]];
  const answers = begun.map(async (each) => ((await once(each, "response")) as [IncomingMessage])[0]);
  for (const each of others) each.end(GRAY);
  served.child.kill("SIGTERM");
  await refused();
  first.end(GRAY);
  for (const [i, response] of (await Promise.all(answers)).entries()) {
    expect(response.statusCode).toBe(200);
    if (i === 0) expect(response.headers.connection).toBe("close");
    expect(await json(response)).toHaveProperty("probabilities");
  }
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

test("a client that stops in the middle of its request is waited for no longer than the grace", async () => {
  const begun = await half(small.url, GRAY);
  const cut = once(begun, "error");
  small.child.kill("SIGINT");
  expect(await small.exit).toEqual([0, null]);
  expect((await cut)[0]).toHaveProperty("code", "ECONNRESET");
  expect(await small.printed).toBe(
    `There is no model.pth (npm run quickstart makes one): serving random weights\nServing on ${small.url}\nSIGINT: finishing what was asked\nBye\n`,
  );
});
