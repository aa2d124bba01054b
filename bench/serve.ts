/**
 * @file How the example server stands load: autocannon, in a process of its own, asks for predictions over the loopback address. A line of
 * JSON for each number of connections says requests a second, percentiles of their latency, by how much the server's event loop was late,
 * and how many cores the server and the load kept busy; times are in milliseconds.
 *
 *     npx tsx bench/serve.ts [--connections 16,64,128] [--seconds 5] [--workers N]
 *
 * Node reads the loop's delay with a timer of 1 ms, which is part of it: an idle loop reads 1.1.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { NeuralNetwork, SIDE } from "../examples/serve/model.ts";
import { LIMITS, serve } from "../examples/serve/server.ts";
import type { Load, Report } from "./load.ts";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "16,64,128" },
    seconds: { type: "string", default: "5" },
    workers: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
  },
});

const server = await serve(new NeuralNetwork(), {
  ...LIMITS,
  host: "127.0.0.1",
  port: 0,
  workers: Number(values.workers),
});
const image = Array.from({ length: SIDE }, (_, row) => Array.from({ length: SIDE }, (_, i) => ((row * i) % 256) / 255));

const asker = fork(new URL("load.ts", import.meta.url));
await once(asker, "message"); // it is ready

async function load(connections: number, duration: number): Promise<Report> {
  const url = `${server.url}/predict`;
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ image });
  asker.send({ url, connections, duration, method: "POST", headers, body } satisfies Load);
  const [report] = (await once(asker, "message")) as [Report];
  return report;
}

const delay = monitorEventLoopDelay({ resolution: 1 });
for (const connections of values.connections.split(",").map(Number)) {
  await load(connections, 1); // compiles
  const start = process.cpuUsage();
  delay.reset();
  delay.enable();
  const { requests, latency, errors, non2xx, cores } = await load(connections, Number(values.seconds));
  delay.disable();
  const { user, system } = process.cpuUsage(start);
  const { p50, p90, p99, max } = latency;
  console.log(
    JSON.stringify({
      name: "serve.quickstart",
      connections,
      requestsPerSecond: requests.average,
      p50,
      p90,
      p99,
      max,
      eventLoopP50: delay.percentile(50) / 1e6,
      eventLoopP99: delay.percentile(99) / 1e6,
      eventLoopMax: delay.max / 1e6,
      serverCores: (user + system) / 1e6 / Number(values.seconds),
      loadCores: cores,
      errors,
      non2xx,
    }),
  );
}
asker.disconnect();
await server.close();
