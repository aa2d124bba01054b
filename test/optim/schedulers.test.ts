import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { optim } from "typetorch";
import { describe, expect, test } from "vitest";
import { camelCase } from "../../src/format/python-names.ts";

const { lrScheduler } = optim;

type Spec = [name: string, kwargs: Record<string, unknown>];

interface Case {
  optimizer: "SGD" | "Adam";
  initial: number | null;
  schedulers: Spec[];
  compose: Spec | null;
  steps: { step: number | null; lrs: number[]; momentums: number[] }[];
  states: Record<string, unknown>[];
}

const file = new URL("./schedulers.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

const FUNCTIONS: Record<string, (x: number) => number> = {
  halves: (e) => 0.5 ** e,
  inverse: (e) => 1 / (1 + 0.5 * e),
  constant: () => 0.9,
  wave: (x) => 0.5 + 0.25 * (-1) ** Math.trunc(x),
};

type Group = { lr: number; momentum?: number; betas?: readonly [number, number] };
type Scheduler = { step(x?: number): void; stateDict(): Record<string, unknown>; getLastLr(): number[] } & {
  loadStateDict(state: Record<string, unknown>): void;
};
type Make = new (...args: unknown[]) => Scheduler;

function called(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(called);
  return typeof value === "string" ? (FUNCTIONS[value] ?? value) : value;
}

const NAMES: Record<string, string> = { T_max: "tMax", T_0: "t0", T_mult: "tMult" };
const optionsOf = (kwargs: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(kwargs).map(([name, value]) => [NAMES[name] ?? camelCase(name), called(value)]));

function build(c: Case): { groups: Group[]; whole: Scheduler[]; optimizer: optim.Optimizer<{ lr: number }> } {
  const groups = [{ params: [torch.zeros(1)], lr: 0.2 }, { params: [torch.zeros(1)] }];
  const optimizer =
    c.optimizer === "SGD" ? new optim.SGD(groups, { lr: 1.5, momentum: 0.9 }) : new optim.Adam(groups, { lr: 1.5 });
  if (c.initial !== null) for (const group of optimizer.paramGroups) group.initialLr = c.initial;
  const make = (name: string) => Reflect.get({ ...lrScheduler, ...optim.swaUtils }, name) as Make;
  const made = c.schedulers.map(([name, kwargs]) => new (make(name))(optimizer, optionsOf(kwargs)));
  if (c.compose === null) return { groups: optimizer.paramGroups, whole: made, optimizer };
  const [name, kwargs] = c.compose;
  const whole = name === "SequentialLR" ? new (make(name))(optimizer, made, optionsOf(kwargs)) : new (make(name))(made);
  return { groups: optimizer.paramGroups, whole: [whole], optimizer };
}

const near = (x: number) => expect.closeTo(x, 13);

/** Expected states with numbers that may differ in rounding; without what PyTorch 2 no longer has, or needs not. */
function approximate(state: unknown): unknown {
  if (typeof state === "number") return near(state);
  if (Array.isArray(state)) return state.map(approximate);
  if (typeof state !== "object" || state === null) return state;
  const gone =
    /^(verbose|_get_lr_called_within_step|_reduce_lr_on_plateau|mode_worse|anneal_func|scale_fn|_scale_fn\w*|milestones)$/;
  return expect.objectContaining(
    Object.fromEntries(
      Object.entries(state).flatMap(([key, value]) => (gone.test(key) ? [] : [[key, approximate(value)]])),
    ),
  );
}

describe("schedulers set PyTorch's learning rates", () => {
  const title = (c: Case) =>
    `${c.compose?.[0] ?? ""} ${c.schedulers.map(([name, kwargs]) => `${name} ${JSON.stringify(kwargs)}`).join(", ")} on ${c.optimizer} ${c.steps.length}`;

  test.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
    const { groups, whole, optimizer } = build(c);
    const read = () => ({
      lrs: groups.map(({ lr }) => near(lr)),
      momentums: groups.map(({ momentum, betas }) => near(betas?.[0] ?? (momentum as number))),
    });
    for (const [i, { step, lrs, momentums }] of c.steps.entries()) {
      optimizer.step();
      if (i > 0) for (const s of whole) step === null ? s.step() : s.step(step);
      expect({ lrs, momentums }, `step ${i}`).toEqual(read());
      expect(whole.at(-1)?.getLastLr()).toEqual(groups.map(({ lr }) => lr));
    }
    for (const [i, s] of whole.entries()) expect(s.stateDict()).toEqual(approximate(c.states[i]));
  });

  test.each(cases.map((c) => [title(c), c] as const))("after a restart: %s", (_, c) => {
    const half = Math.floor(c.steps.length / 2);
    const [a, b] = [build(c), build(c)];
    const go = ({ whole }: typeof a, steps: Case["steps"]) => {
      for (const { step } of steps) for (const s of whole) step === null ? s.step() : s.step(step);
    };
    go(a, c.steps.slice(1, half));
    b.optimizer.loadStateDict(JSON.parse(JSON.stringify(a.optimizer.stateDict())));
    for (const [i, s] of b.whole.entries()) s.loadStateDict(structuredClone((a.whole[i] as Scheduler).stateDict()));
    for (const x of [a, b]) go(x, c.steps.slice(half));
    expect(b.groups.map(({ lr, momentum, betas }) => [lr, momentum, betas])).toEqual(
      a.groups.map(({ lr, momentum, betas }) => [lr, momentum, betas]),
    );
  });
});

describe("schedulers refuse", () => {
  const sgd = () => new optim.SGD([torch.zeros(1)], { lr: 1, momentum: 0.9 });
  const adagrad = () => new optim.Adagrad([torch.zeros(1)]);
  const {
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
  } = lrScheduler;
  class Early extends LRScheduler {
    factor = 0.5;
    override getLr() {
      return this.baseLrs.map((lr) => lr * this.factor);
    }
  }
  test.each<[string, () => unknown, string]>([
    ["no optimizer", () => new StepLR(3 as never, 1), "StepLR: expected an Optimizer as optimizer, got 3"],
    ["no step size", () => new StepLR(sgd(), {} as never), "StepLR: expected stepSize, got no stepSize"],
    ["a part of a step", () => new StepLR(sgd(), 1.5), "StepLR: expected a whole number as stepSize, got 1.5"],
    ["verbose", () => new StepLR(sgd(), 1, { verbose: true } as never), 'StepLR: unknown option "verbose"'],
    [
      "one milestone",
      () => new MultiStepLR(sgd(), 3 as never),
      "MultiStepLR: expected an array of epochs as milestones, got 3",
    ],
    ["factor", () => new ConstantLR(sgd(), 2), "ConstantLR: expected a number from 0 to 1 as factor, got 2"],
    ["start", () => new LinearLR(sgd(), 0), "LinearLR: expected a number above 0 and at most 1 as startFactor, got 0"],
    ["a number of functions", () => new LambdaLR(sgd(), []), "LambdaLR: expected 1 values for lrLambda"],
    [
      "resume",
      () => new ExponentialLR(sgd(), 0.5, 3),
      "param 'initialLr' is not specified in paramGroups[0] when resuming",
    ],
    ["t0", () => new CosineAnnealingWarmRestarts(sgd(), 0), "expected a positive number as t0, got 0"],
    [
      "a past epoch",
      () => new CosineAnnealingWarmRestarts(sgd(), 1).step(-1),
      "expected an epoch of at least 0, got -1",
    ],
    ["mode", () => new CyclicLR(sgd(), 1, 2, { mode: "square" as never }), 'CyclicLR: expected "triangular"'],
    ["no momentum", () => new CyclicLR(adagrad(), 1, 2), "CyclicLR: optimizer must support momentum or beta1"],
    ["no steps", () => new OneCycleLR(sgd(), 1), "OneCycleLR: expected either totalSteps, or epochs and stepsPerEpoch"],
    ["steps", () => new OneCycleLR(sgd(), 1, { totalSteps: -3 }), "expected a positive number as totalSteps, got -3"],
    [
      "too many steps",
      () => {
        const s = new OneCycleLR(sgd(), 1, { totalSteps: 2 });
        for (let i = 0; i < 3; i++) s.step();
      },
      "OneCycleLR: tried to step 3 times; the specified number of total steps is 2",
    ],
    ["plateau factor", () => new ReduceLROnPlateau(sgd(), { factor: 1 }), "expected a number below 1 as factor, got 1"],
    ["no metric", () => new ReduceLROnPlateau(sgd()).step(null as never), "expected a number as metrics, got null"],
    [
      "another optimizer",
      () => new ChainedScheduler([new StepLR(sgd(), 1), new StepLR(sgd(), 1)]),
      "the same optimizer, got another at index 1",
    ],
    [
      "plateau in chain",
      () => new ChainedScheduler([new ReduceLROnPlateau(sgd()) as never]),
      "does not support ReduceLROnPlateau",
    ],
    [
      "milestones",
      () => {
        const o = sgd();
        new SequentialLR(o, [new StepLR(o, 1)], [1]);
      },
      "expected one milestone less than schedulers, got 1 schedulers and 1 milestones",
    ],
    ["fields that are set too late", () => new Early(sgd()), "fields that it needs are passed to super"],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

test("CyclicLR cycles beta1 of Adam, as PyTorch 2 does", () => {
  const o = new optim.Adam([torch.zeros(1)], { betas: [0.5, 0.75] });
  const s = new lrScheduler.CyclicLR(o, 0.1, 0.2, { stepSizeUp: 2, baseMomentum: 0.25, maxMomentum: 0.75 });
  const seen = [o.paramGroups[0]?.betas];
  for (let i = 0; i < 3; i++) {
    s.step();
    seen.push(o.paramGroups[0]?.betas);
  }
  expect(seen).toEqual([
    [0.75, 0.75],
    [0.5, 0.75],
    [0.25, 0.75],
    [0.5, 0.75],
  ]);
});

test("a sequence of sequences takes one more step of the inner one, as in PyTorch 2.7", () => {
  const o = new optim.SGD([torch.zeros(1)], { lr: 1 });
  const { ConstantLR, ExponentialLR, SequentialLR } = lrScheduler;
  const warm = new ConstantLR(o, { factor: 0.5, totalIters: 4 });
  const inner = new SequentialLR(o, [warm, new ExponentialLR(o, 0.5)], [3]);
  const outer = new SequentialLR(o, [inner, new ExponentialLR(o, 0.1)], [5]);
  const rates = [outer.getLastLr()[0]];
  for (let i = 0; i < 6; i++) {
    outer.step();
    rates.push(outer.getLastLr()[0]);
  }
  expect(rates).toEqual([0.5, 0.5, 1, 0.5, 0.25, 1, 0.1]);
});
