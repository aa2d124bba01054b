/**
 * @file Serves the quickstart's network over HTTP. The event loop only passes bytes on, in batches; worker threads parse and predict, all
 * with the same parameters in shared memory. So the loop stays free under load, and what is too much is refused at once.
 *
 *     npx tsx examples/serve.ts [--model model.pth] [--port 8080] [--host 127.0.0.1] [--workers N]
 *         [--queue 1024] [--grace 10000]
 *     curl localhost:8080/health
 *     curl localhost:8080/predict --json '{"image": [[0, 0.5, …], …]}'
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import { NeuralNetwork } from "./serve/model.ts";
import { LIMITS, serve } from "./serve/server.ts";

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: "model.pth" },
    port: { type: "string", default: "8080" },
    host: { type: "string", default: "127.0.0.1" },
    workers: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
    queue: { type: "string", default: String(LIMITS.maxQueue) },
    grace: { type: "string", default: String(LIMITS.grace) },
  },
});

const model = new NeuralNetwork();
if (existsSync(options.model)) {
  model.loadStateDict(await torch.load<ReturnType<typeof model.stateDict>>(options.model));
  console.log(`Loaded ${options.model}`);
} else console.log(`There is no ${options.model} (npm run quickstart makes one): serving random weights`);

const server = await serve(model, {
  ...LIMITS,
  host: options.host,
  port: Number(options.port),
  workers: Number(options.workers),
  maxQueue: Number(options.queue),
  grace: Number(options.grace),
});
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, async () => {
    console.log(`${signal}: finishing what was asked`);
    await server.close();
    console.log("Bye");
  });
console.log(`Serving on ${server.url}`);
