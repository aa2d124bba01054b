/** @file Every public symbol has a doc comment, and the examples in doc comments and README give what stands beside them. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "typetorch";
import * as vision from "typetorch/vision";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import * as methods from "../../src/ops/methods.ts";
import { idx, labels, pixels } from "../vision/idx-files.ts";
import { docComments, type Example, examplesOf, root, sourceFiles } from "./doc-comments.ts";
import { runExample } from "./run-example.ts";
import { typeErrors } from "./type-check.ts";

/** What every example knows; besides, what it is about. */
const { nn, optim } = torch;
const known = { torch, nn, F: nn.functional, optim, ...vision };

/** The same for the compiler. */
const IMPORTS = `import * as torch from "typetorch";
import type { Tensor } from "typetorch";
import { datasets, Image, transforms } from "typetorch/vision";
const { nn, optim } = torch;
const F = nn.functional;
`;

/** The README's program, and the batch that it takes for granted. */
const README = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync(`${root}README.md`, "utf8"))?.[1] ?? "";
const BATCH = { X: torch.zeros(4, 1, 28, 28), y: torch.tensor([0, 1, 2, 3]) };

const comments = sourceFiles().flatMap(docComments);
const examples = comments.flatMap(examplesOf);

const load = (file: string): Promise<Record<string, unknown>> => import(/* @vite-ignore */ root + file);

async function scopeOf({ file, name }: Example) {
  const subject = name === undefined ? undefined : (await load(file))[name];
  return name === undefined || subject === undefined ? known : { ...known, [name]: subject };
}

/** A folder to work in, with the files that the data sets would download. */
beforeAll(() => {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "typetorch-docs-"));
  for (const name of ["MNIST", "FashionMNIST"]) {
    const raw = join(folder, "data", name, "raw");
    mkdirSync(raw, { recursive: true });
    for (const part of ["train", "t10k"]) {
      writeFileSync(join(raw, `${part}-images-idx3-ubyte`), idx([10, 28, 28], pixels(10)));
      writeFileSync(join(raw, `${part}-labels-idx1-ubyte`), idx([10], labels(10)));
    }
  }
  process.chdir(folder);
  return () => process.chdir(before);
});

afterEach(() => {
  torch.setPrintoptions({ profile: "default" });
  torch.setDefaultDtype(torch.float32);
});

describe("examples", () => {
  for (const example of examples) {
    const { title, steps, notRun } = example;
    if (notRun !== undefined) {
      it.skip(`${title} (skipped: ${notRun})`);
      continue;
    }
    it(title, async () => {
      const expected = steps.flatMap((step) => step.expected ?? []);
      expect(await runExample(steps, await scopeOf(example))).toEqual(expected);
    });
  }

  it("are all found", () => {
    const written = sourceFiles().map((file) => readFileSync(root + file, "utf8").split("@example").length - 1);
    expect(written.reduce((a, b) => a + b)).toBe(examples.length);
    expect(examples.length).toBeGreaterThan(150);
  });
});

/** The namespaces, by the names that users write. */
const NAMESPACES: Readonly<Record<string, object>> = {
  torch,
  "torch.accelerator": torch.accelerator,
  "torch.amp": torch.amp,
  "torch.autograd": torch.autograd,
  "torch.autograd.functional": torch.autograd.functional,
  "torch.autograd.graph": torch.autograd.graph,
  "torch.backends": torch.backends,
  "torch.cuda": torch.cuda,
  "torch.func": torch.func,
  "torch.multiprocessing": torch.multiprocessing,
  "torch.nn": nn,
  "torch.nn.functional": nn.functional,
  "torch.nn.init": nn.init,
  "torch.nn.modules.module": nn.modules.module,
  "torch.nn.utils": nn.utils,
  "torch.nn.utils.parametrizations": nn.utils.parametrizations,
  "torch.nn.utils.parametrize": nn.utils.parametrize,
  "torch.nn.utils.prune": nn.utils.prune,
  "torch.nn.utils.stateless": nn.utils.stateless,
  "torch.optim": optim,
  "torch.optim.lrScheduler": optim.lrScheduler,
  "torch.optim.swaUtils": optim.swaUtils,
  "torch.profiler": torch.profiler,
  "torch.random": torch.random,
  "torch.safetensors": torch.safetensors,
  "torch.utils": torch.utils,
  "torch.utils.checkpoint": torch.utils.checkpoint,
  "torch.utils.data": torch.utils.data,
  "torch.Tensor": methods,
  vision,
  "vision.datasets": vision.datasets,
  "vision.transforms": vision.transforms,
};

it("everything public has a doc comment", async () => {
  const documented = new Set<unknown>();
  for (const { file, name = "" } of comments) {
    if (file.startsWith("src/wasm/")) continue; // the same library, for another engine: it refuses to be loaded beside this one
    const module = await load(file);
    if (name in module) documented.add(module[name]);
  }
  const bare = Object.entries(NAMESPACES).flatMap(([space, names]) =>
    Object.entries(names).flatMap(([name, value]) =>
      documented.has(value) || value?.[Symbol.toStringTag] === "Module" ? [] : `${space}.${name}`,
    ),
  );
  expect(bare).toEqual([]);
});

it("the README's program runs", async () => {
  const program = [{ code: README.replace(/^import .*\n/, "") }, { code: "loss", expected: "PyTorch's" }];
  expect(await runExample(program, { torch, ...BATCH })).toEqual(["tensor(2.2680, grad_fn=<NllLossBackward0>)"]);
});

it("the compiler accepts the examples and the README's program", { timeout: 120_000 }, async () => {
  const modules = new Map([["README", `${README}\ndeclare const X: torch.Tensor, y: torch.Tensor;`]]);
  for (const { title, file, name, code, notRun } of examples) {
    if (notRun !== undefined) continue;
    const subject = name !== undefined && name in (await load(file)) && !(name in known);
    const imports = subject ? `import { ${name} } from "${root}${file}";\n` : "";
    modules.set(title.replace(/\W+/g, "-"), `${IMPORTS}${imports}export async function example() {\n${code}\n}\n`);
  }
  expect(await typeErrors(modules)).toBe("");
});
