import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";
import { expectClose, golden, type Numbers } from "./golden.ts";

const { prune } = nn.utils;

function linear(out = 4): nn.Linear {
  torch.manualSeed(3);
  const layer = new nn.Linear(6, out);
  torch.manualSeed(5);
  return layer;
}

function expectState(module: nn.Module, state: Record<string, Numbers>): void {
  expect(Object.keys(module.stateDict()).sort()).toEqual(Object.keys(state).sort());
  for (const [name, t] of Object.entries(module.stateDict())) expectClose(t, state[name] as Numbers);
}

const steps: Record<string, (m: nn.Linear) => nn.Linear> = {
  identity: (m) => prune.identity(m, "weight"),
  random_unstructured: (m) => prune.randomUnstructured(m, "weight", 0.3),
  l1_unstructured: (m) => prune.l1Unstructured(m, "weight", { amount: 0.3 }),
  "l1_unstructured 5": (m) => prune.l1Unstructured(m, "weight", 5),
  "l1_unstructured 0": (m) => prune.l1Unstructured(m, "bias", 0),
  "l1_unstructured scores": (m) =>
    prune.l1Unstructured(m, "weight", 0.5, { importanceScores: torch.arange(24).view(4, 6).float() }),
  random_structured: (m) => prune.randomStructured(m, "weight", 2, 1),
  ln_structured: (m) => prune.lnStructured(m, "weight", 0.5, 2, 1),
  "ln_structured 1": (m) => prune.lnStructured(m, "weight", { amount: 1, n: 1, dim: 0 }),
  "ln_structured inf": (m) => prune.lnStructured(m, "weight", 2, Infinity, { dim: -1 }),
  custom_from_mask: (m) => prune.customFromMask(m, "weight", torch.arange(24).view(4, 6).remainder(3).eq(0)),
};

interface Pruned {
  chain: string[];
  state: Record<string, Numbers>;
  weight: Numbers;
  grads: Record<string, Numbers>;
}

describe("masks, weights and gradients are PyTorch's", () => {
  test.each((golden.pruning as Pruned[]).map((c) => [c.chain.join(", then "), c] as const))("%s", (_, c) => {
    const m = linear();
    for (const name of c.chain) expect(steps[name]?.(m)).toBe(m);
    m(torch.linspace(-1, 1, 12).reshape(2, 6))
      .pow(2)
      .sum()
      .backward();
    expectState(m, c.state);
    expectClose(m.weight, c.weight);
    for (const [name, p] of m.namedParameters()) expectClose(p.grad, c.grads[name] as Numbers, 1e-5);
    expect(prune.isPruned(new nn.Sequential(m))).toBe(true);
  });

  test("globally", () => {
    const [a, b] = [linear(), linear(3)];
    const pairs = [
      [a, "weight"],
      [b, "weight"],
      [b, "bias"],
    ] as const;
    prune.l1Unstructured(b, "weight", 4);
    prune.globalUnstructured(pairs, prune.L1Unstructured, { amount: 0.4 });
    expectState(a, golden.global_pruning[0]);
    expectState(b, golden.global_pruning[1]);
    const importanceScores = [[b, "bias", torch.tensor([0, 9, 9]).float()]] as const;
    prune.globalUnstructured(pairs, prune.L1Unstructured, { amount: 3, importanceScores });
    expectState(a, golden.global_pruning[2]);
    expectState(b, golden.global_pruning[3]);
    const structured = () => prune.globalUnstructured(pairs, prune.LnStructured, { amount: 1, n: 2 });
    expect(structured).toThrow('expected a method of the type "unstructured", got LnStructured, which is structured');
  });
});

test("a parameter pruned again has a container of methods; removing leaves the zeros", () => {
  const m = linear();
  expect(prune.L1Unstructured.apply(m, "weight", 3)).toBeInstanceOf(prune.L1Unstructured);
  const orig = m.getParameter("weight_orig");
  const method = prune.LnStructured.apply(m, "weight", { amount: 1, n: 2, dim: 0 }) as nn.utils.prune.PruningContainer;
  expect(method).toBeInstanceOf(prune.PruningContainer);
  expect([method.length, method.at(-1)?.PRUNING_TYPE, method.tensorName]).toEqual([2, "structured", "weight"]);
  expect([...method].map((x) => x.constructor)).toEqual([prune.L1Unstructured, prune.LnStructured]);
  torch.noGrad(() => orig.add_(1));
  m(torch.ones(1, 6)); // computes the weight anew
  const pruned = m.weight.tolist();
  expect(prune.remove(m, "weight")).toBe(m);
  expect(m.weight).toBe(orig);
  expect(m.weight.tolist()).toEqual(pruned);
  expect(Object.keys(m.stateDict()).sort()).toEqual(["bias", "weight"]);
  expect(prune.isPruned(m)).toBe(false);
  expect(() => prune.remove(m, "weight")).toThrow("expected weight of Linear to be pruned, got one that is not");
  torch.noGrad(() => m.weight.fill_(1));
  expect(m(torch.zeros(1, 6)).tolist()).toEqual([m.bias?.tolist()]);
});

test("a method of one's own, and prune without a module", () => {
  class Positive extends prune.BasePruningMethod {
    readonly PRUNING_TYPE = "unstructured";
    readonly from: number;
    constructor(from: number) {
      super();
      this.from = from;
    }
    override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
      return defaultMask.mul(t.gt(this.from));
    }
  }
  const x = torch.tensor([-1, 0.5, 2]);
  expect(new Positive(0).prune(x).tolist()).toEqual([-0, 0.5, 2]);
  expect(new Positive(0).prune(x, { defaultMask: torch.tensor([1, 1, 0]).float() }).tolist()).toEqual([-0, 0.5, 0]);
  expect(new Positive(0).prune(x, { importanceScores: x.neg() }).tolist()).toEqual([-1, 0, 0]);
  const m = new nn.Linear(2, 2);
  Positive.apply(m, "bias", 0, { importanceScores: torch.tensor([1.5, -1]) });
  expect(m.getBuffer("bias_mask").tolist()).toEqual([1, 0]);
  Positive.apply(m, "bias", 100);
  expect(m.getBuffer("bias_mask").tolist()).toEqual([0, 0]);
  expect(() => new Positive(0).applyMask(m)).toThrow("Positive: expected to be applied to a module first");
});

test("copies of a pruned module are pruned by themselves", () => {
  const m = torch.noGrad(() => prune.l1Unstructured(linear(), "weight", 6));
  const copy = torch.utils.deepcopy(m);
  prune.remove(copy, "weight");
  expect([prune.isPruned(m), prune.isPruned(copy)]).toEqual([true, false]);
});

test("wrong amounts, names and masks are refused, and change nothing", () => {
  const m = linear();
  const { weight } = m;
  expect(() => prune.l1Unstructured(m, "weight", -1)).toThrow("(a part), as amount, got -1");
  expect(() => prune.l1Unstructured(m, "weight", 1.5)).toThrow("as amount, got 1.5");
  expect(() => prune.l1Unstructured(m, "weight", 25)).toThrow(
    "L1Unstructured: expected an amount of at most 24, got 25",
  );
  expect(() => prune.randomStructured(m, "weight", 2, 2)).toThrow("RandomStructured");
  expect(() => prune.randomStructured(m, "bias", 2, 0)).toThrow("expected a tensor of at least 2 dimensions");
  expect(() => prune.identity(m, "wait")).toThrow('Identity: expected the name of a tensor in Linear, got "wait"');
  expect(() => prune.customFromMask(m, "weight", torch.ones(2))).toThrow("expected a mask of shape [4, 6], got [2]");
  const scores = torch.ones(2);
  expect(() => prune.l1Unstructured(m, "weight", 1, scores)).toThrow("expected importanceScores of shape [4, 6]");
  expect(() => prune.globalUnstructured([], 3 as never, {} as never)).toThrow("expected a class of pruning methods");
  expect(m.weight).toBe(weight);
  expect(Object.keys(m.stateDict())).toEqual(["weight", "bias"]);
});
