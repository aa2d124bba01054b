/**
 * @file Whether memory stays flat: the quickstart's step, 20,000 times in one synchronous loop, with no call that frees anything.
 * Prints a JSON line: resident megabytes after step 1,000, at the end, and the peak in between.
 *
 *     npx tsx bench/memory.ts --steps 20000 --keep --engine native|wasm
 *
 * `--keep` keeps each step's loss.
 */
import { parseArgs } from "node:util";
import type { Tensor } from "typetorch";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "20000" },
    keep: { type: "boolean", default: false },
    engine: { type: "string", default: "native" },
  },
});

// The entry that is imported first chooses the engine, so all that imports the library comes after.
const torch = values.engine === "wasm" ? await import("typetorch/wasm") : await import("typetorch");
const { mlp } = await import("./models.ts");

const steps = Number(values.steps);

torch.manualSeed(0);
const model = mlp();
const optimizer = new torch.optim.SGD(model.parameters(), { lr: 1e-3 });
const lossFn = new torch.nn.CrossEntropyLoss();
const X = torch.randn([64, 1, 28, 28]);
const y = torch.randint(0, 10, [64]);
const kept: Tensor[] = [];

const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
let early = 0;
let peak = 0;
for (let i = 1; i <= steps; i++) {
  optimizer.zeroGrad();
  const loss = lossFn(model(X), y);
  loss.backward();
  optimizer.step();
  if (values.keep) kept.push(loss.detach());
  if (i === 1000) early = megabytes();
  if (i >= 1000 && i % 100 === 0) peak = Math.max(peak, megabytes());
}
const end = megabytes();
console.log(
  JSON.stringify({
    engine: values.engine,
    steps,
    kept: kept.length,
    after1000: Math.round(early),
    end: Math.round(end),
    peak: Math.round(peak),
    growth: Math.round((end - early) * 10) / 10,
  }),
);
