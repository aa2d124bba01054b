// Times another library on the cases that it can run, and prints JSON lines like those of `npm run bench`, with a field `peer`.
//
//   npm --prefix bench/peers install
//   node bench/peers/run.mjs --peer tfjs-cpu|tfjs-wasm|jax-js [--only REGEX] [--seconds S] [--list]
import { parseArgs } from "node:util";
import { measure } from "./measure.mjs";

const { values } = parseArgs({
  options: {
    peer: { type: "string", default: "" },
    only: { type: "string", default: "" },
    seconds: { type: "string", default: "1" },
    list: { type: "boolean", default: false },
  },
});

const PEERS = {
  "tfjs-cpu": async () => (await import("./tfjs.mjs")).cases("cpu"),
  "tfjs-wasm": async () => (await import("./tfjs.mjs")).cases("wasm"),
  "jax-js": async () => (await import("./jax.mjs")).cases(),
};
const { peer } = values;
const load = PEERS[peer];
if (load === undefined)
  throw new Error(`bench: expected --peer to be one of ${Object.keys(PEERS).join(", ")}, got "${peer}"`);

// They say hello, and warn of what they would rather do; standard output is for the results.
for (const level of ["log", "info", "warn"]) console[level] = () => {};
const only = new RegExp(values.only);
for (const [name, make] of await load()) {
  if (!only.test(name)) continue;
  if (values.list) process.stdout.write(`${JSON.stringify({ name, peer })}\n`);
  else
    try {
      process.stdout.write(`${JSON.stringify({ name, ...(await measure(make(), Number(values.seconds))), peer })}\n`);
    } catch (error) {
      console.error(
        `bench: ${peer} cannot run ${name}: ${String(error.message ?? error)
          .split("\n")[0]
          .slice(0, 160)}`,
      );
    }
}
