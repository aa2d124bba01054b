/**
 * @file How the example server stands load: autocannon, in a process of its own, asks for predictions over the loopback address, and a line
 * of JSON says requests a second, percentiles of the latency, and by how much the server's event loop was late.
 *
 *     npx tsx bench/serve.ts [--connections 64] [--seconds 5] [--workers N]
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { NeuralNetwork, SIDE } from "../examples/serve/model.ts";
import { serve } from "../examples/serve/server.ts";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "5" },
    workers: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
  },
});

/** The part of autocannon's report that is read here; times are in milliseconds. */
interface Report {
  readonly requests: { readonly average: number; readonly total: number };
  readonly latency: Readonly<Record<"p50" | "p90" | "p99" | "max", number>>;
  readonly errors: number;
  readonly non2xx: number;
}

const image = Array.from({ length: SIDE }, (_, row) => Array.from({ length: SIDE }, (_, i) => ((row * i) % 256) / 255));
const autocannon = createRequire(import.meta.url).resolve("autocannon");

async function load(url: string, seconds: number): Promise<Report> {
  const request = [
    "--method",
    "POST",
    "--headers",
    "content-type=application/json",
    "--body",
    JSON.stringify({ image }),
  ];
  const args = [
    autocannon,
    "--json",
    "--connections",
    values.connections,
    "--duration",
    String(seconds),
    ...request,
    url,
  ];
  const { stdout } = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(await text(stdout)) as Report;
}

const server = await serve(new NeuralNetwork(), {
  host: "127.0.0.1",
  port: 0,
  workers: Number(values.workers),
  maxBatch: 64,
  maxDelay: 2,
  maxQueue: 4096,
});
await load(`${server.url}/predict`, 1); // compiles
server.eventLoopDelay();
const { requests, latency, errors, non2xx } = await load(`${server.url}/predict`, Number(values.seconds));
const eventLoopP99 = server.eventLoopDelay();
await server.close();
const { p50, p90, p99, max } = latency;
console.log(
  JSON.stringify({
    name: "serve.quickstart",
    requestsPerSecond: requests.average,
    p50,
    p90,
    p99,
    max,
    eventLoopP99,
    errors,
    non2xx,
  }),
);
