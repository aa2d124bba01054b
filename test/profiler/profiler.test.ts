/** @file What the profiler sees, and when. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "typetorch";
import { nn } from "typetorch";
import { afterEach, expect, test } from "vitest";
import { tracer } from "../../src/core/trace.ts";

const { profile, recordFunction, schedule, ProfilerAction, ProfilerActivity } = torch.profiler;
type Event = torch.profiler.FunctionEvent;

afterEach(() => expect(tracer).toBeNull());

/** Names as a tree, without what ran inside of ops. */
const tree = (events: readonly Event[], parent: Event | null = null): unknown[] =>
  events
    .filter((event) => event.cpuParent === parent)
    .map((event) => {
      const inside = event.name.startsWith("aten::") ? [] : tree(events, event);
      return inside.length === 0 ? event.name : [event.name, ...inside];
    });

test("a training step: ops, nodes of the graph, the optimizer", () => {
  torch.manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(8, 4), new nn.ReLU());
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
  const x = torch.randn(5, 8);
  const prof = profile({ activities: [ProfilerActivity.CPU], recordShapes: true }, () => {
    recordFunction("step", () => {
      optimizer.zeroGrad();
      model(x).sum().backward();
      optimizer.step();
    });
  });
  const nodes = (name: string, ...inside: string[]) => [
    `autograd::engine::evaluate_function: ${name}`,
    inside.length === 0 ? name : [name, ...inside],
  ];
  expect(tree(prof.events())).toEqual([
    [
      "step",
      "Optimizer.zero_grad#SGD.zero_grad",
      ...["aten::t", "aten::_addmm_activation", "aten::sum"],
      ...["aten::empty", "aten::fill_"], // the gradient of the loss
      nodes("SumBackward0", "aten::unsqueeze", "aten::unsqueeze", "aten::expand"),
      nodes("AddmmActivationBackward0", ...["aten::relu_backward", "aten::sum", "aten::view", "aten::t", "aten::mm"]),
      nodes("torch::autograd::AccumulateGrad"),
      nodes("TBackward0", "aten::t"),
      nodes("torch::autograd::AccumulateGrad"),
      "Optimizer.step#SGD.step",
    ],
  ]);
  const addmm = prof.keyAverages({ groupByInputShape: true }).find(({ key }) => key === "aten::_addmm_activation");
  expect(addmm?.inputShapes.slice(0, 3)).toEqual([[4], [5, 8], [8, 4]]);
  expect(prof.keyAverages().table({ sortBy: "cpu_time_total" })).toMatch(/^-+ {2}(-{12} {2}){6}\n +Name +Self CPU %/);
});

test("times: children lie inside, and what is left is one's own", () => {
  const prof = profile(() => {
    const x = torch.randn(64, 64);
    recordFunction("outer", () => recordFunction("inner", () => x.matmul(x).add_(1)));
  });
  const events = prof.events();
  for (const { cpuParent, cpuChildren, timeRange, cpuTimeTotal, selfCpuTimeTotal } of events) {
    expect(timeRange.start).toBeGreaterThanOrEqual(cpuParent?.timeRange.start ?? 0);
    if (cpuParent !== null) expect(timeRange.end).toBeLessThanOrEqual(cpuParent.timeRange.end);
    const inside = cpuChildren.reduce((sum, child) => sum + child.cpuTimeTotal, 0);
    expect(selfCpuTimeTotal).toBeCloseTo(cpuTimeTotal - inside, 6);
  }
  const names = events.map((event) => event.name);
  expect(names.indexOf("outer")).toBeLessThan(names.indexOf("inner"));
  expect(names).toContain("aten::add_");
  const total = events.filter((event) => event.cpuParent === null).reduce((sum, event) => sum + event.cpuTimeTotal, 0);
  expect(events.selfCpuTimeTotal).toBeCloseTo(total, 6);
});

test("memory is what ops were given", () => {
  const x = torch.randn(1000);
  const prof = profile({ profileMemory: true }, () => x.mul(2));
  const [mul] = prof.events();
  expect([mul?.name, mul?.cpuMemoryUsage, mul?.selfCpuMemoryUsage]).toEqual(["aten::mul", 4000, 4000]);
  expect(prof.keyAverages().table()).toContain("3.91 Kb");
});

test("asynchronous code, scopes, and errors", async () => {
  const x = torch.ones(2);
  const prof = await profile(async () => {
    await recordFunction("waits", async () => {
      await Promise.resolve();
      x.exp();
    });
    x.sin();
  });
  expect(tree(prof.events())).toEqual([["waits", "aten::exp"], "aten::sin"]);

  const scope = profile();
  {
    using _ = scope;
    using __ = recordFunction("block");
    x.cos();
  }
  x.cosh();
  expect(tree(scope.events())).toEqual([["block", "aten::cos"]]);

  expect(() => profile(() => x.add(torch.ones(3)))).toThrow("add: ");
  await expect(profile(async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(recordFunction("nobody listens", () => 3)).toBe(3);
  expect(() => recordFunction("fails", () => x.view(3))).toThrow("view: ");
});

test("a schedule records some steps, and hands each recording over", () => {
  const seen: string[][] = [];
  const x = torch.ones(1);
  const plan = schedule({ skipFirst: 1, wait: 1, warmup: 1, active: 2, repeat: 2 });
  const prof = profile({ schedule: plan, onTraceReady: (p) => seen.push(p.events().map(({ name }) => name)) }, (p) => {
    for (let i = 0; i < 12; i++) {
      x.neg();
      p.step();
    }
  });
  const steps = (...numbers: number[]) => numbers.flatMap((n) => [`ProfilerStep#${n}`, "aten::neg"]);
  expect(seen).toEqual([steps(3, 4), steps(7, 8)]);
  expect(prof.stepNum).toBe(12);
  expect(Array.from({ length: 6 }, (_, i) => plan(i))).toEqual([0, 0, 1, 2, 3, 0]);
  expect(ProfilerAction.RECORD_AND_SAVE).toBe(3);
});

test("a trace for chrome://tracing", async () => {
  const prof = profile({ recordShapes: true }, () => recordFunction('a "name"', () => torch.ones(2, 3).sum(0)));
  const path = join(mkdtempSync(join(tmpdir(), "typetorch-profiler-")), "trace.json");
  await prof.exportChromeTrace(path);
  const { traceEvents } = JSON.parse(readFileSync(path, "utf8")) as { traceEvents: Record<string, unknown>[] };
  const complete = traceEvents.filter(({ ph }) => ph === "X");
  expect(complete.map(({ name, cat }) => [name, cat])).toEqual([
    ['a "name"', "user_annotation"],
    ["aten::empty", "cpu_op"],
    ["aten::fill_", "cpu_op"],
    ["aten::sum", "cpu_op"],
  ]);
  expect(complete.at(-1)?.["args"]).toEqual({ "External id": 3, "Input Dims": ["[2, 3]"] });
  for (const { ts, dur } of complete) expect([(ts as number) >= 0, (dur as number) >= 0]).toEqual([true, true]);
});

test("refusals", () => {
  expect(() => profile({ withStack: true as never })).toThrow("profile: expected no withStack, which is not there");
  expect(() => profile({ activities: ["CUDA" as never] })).toThrow(
    'profile: expected ProfilerActivity.CPU as activities, got "CUDA"',
  );
  expect(() => profile({ useCuda: true } as never)).toThrow('profile: unknown option "useCuda"');
  expect(() => profile(3 as never)).toThrow("profile: expected options and a function, got 3");
  expect(() => recordFunction(3 as never)).toThrow("recordFunction: expected a string as name, got 3");
  expect(() => schedule({ wait: 0, warmup: 0, active: 0 })).toThrow(
    "schedule: expected a whole number of at least 1 as active, got 0",
  );
  const prof = profile();
  expect(() => profile()).toThrow("profile: expected one profile at a time, got another that is recording");
  expect(() => prof.events()).toThrow("events: expected a recording that is complete; call stop() before");
  prof.stop();
  prof.stop();
  expect(() => prof.step()).toThrow("step: expected a profile that goes on, got one that was stopped");
  const never = profile({ schedule: () => ProfilerAction.NONE }, () => {});
  expect(() => never.keyAverages()).toThrow("events: expected a profile that has recorded, got one that has not");
});
