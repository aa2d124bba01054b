/**
 * @file `npm run bench`: times the cases and prints a JSON line each, `{"name", "ms", "max"}`, to standard output.
 *
 *     npm run bench -- --only REGEX --threads N --seconds S --data ROOT --engine native|wasm
 *     npm run bench -- --against-pytorch [--pytorch PATH/pytorch.py]
 *     npm run bench -- --peer tfjs-cpu|tfjs-wasm|jax-js     (npm --prefix bench/peers install)
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    threads: { type: "string" },
    seconds: { type: "string", default: "1" },
    data: { type: "string" },
    engine: { type: "string", default: "native" },
    "against-pytorch": { type: "boolean", default: false },
    peer: { type: "string" },
    pytorch: { type: "string", default: "../shared/bench/pytorch.py" },
  },
});

// The entry that is imported first chooses the engine, so all that imports the library comes after.
const torch = values.engine === "wasm" ? await import("typetorch/wasm") : await import("typetorch");
const { compare } = await import("./against-pytorch.ts");
const { compareWithPeer } = await import("./against-peer.ts");
const { cases } = await import("./cases.ts");
const { epoch } = await import("./epoch.ts");
const { measure, measureLong } = await import("./measure.ts");

const only = new RegExp(values.only);
const seconds = Number(values.seconds);
const { data } = values;
const threads = values.threads === undefined ? undefined : Number(values.threads);
if (data !== undefined) cases.set("epoch.fashion_mnist_quickstart", () => epoch(data));
const names = [...cases.keys()].filter((name) => only.test(name));

if (values["against-pytorch"]) {
  if (!existsSync(values.pytorch))
    throw new Error(`bench: expected PyTorch's side at ${values.pytorch}; name it with --pytorch`);
  compare(names, { script: values.pytorch, seconds, data, threads, engine: values.engine });
} else if (values.peer !== undefined) {
  compareWithPeer(values.peer, names, { seconds, data, threads, engine: values.engine });
} else {
  if (threads !== undefined) torch.setNumThreads(threads);
  for (const name of names) {
    const step = (cases.get(name) as () => () => unknown)();
    console.log(JSON.stringify({ name, ...(name.startsWith("epoch") ? measureLong(step) : measure(step, seconds)) }));
  }
}
