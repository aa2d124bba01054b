import * as torch from "typetorch";
import { nn, optim, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const f32 = { dtype: torch.float32 };

describe("named parameters", () => {
  test("are kept with the group, and not loaded", () => {
    const net = new nn.Linear(2, 1);
    const o = new optim.SGD(net.namedParameters(), { lr: 1 });
    expect(o.paramGroups[0]?.paramNames).toEqual(["weight", "bias"]);
    const state = o.stateDict();
    expect(state.param_groups[0]).toMatchObject({ param_names: ["weight", "bias"], params: [0, 1] });
    const other = new optim.SGD(
      [
        {
          params: [
            ["w", torch.zeros(1)],
            ["b", torch.zeros(1)],
          ],
        },
      ],
      { lr: 2 },
    );
    other.loadStateDict(state);
    expect(other.paramGroups[0]).toMatchObject({ lr: 1, paramNames: ["w", "b"] });
  });

  test("are all there, or none", () => {
    const [a, b] = [torch.zeros(1), torch.zeros(1)];
    expect(() => new optim.SGD([["a", a], b] as never)).toThrow("some names are missing");
    const o = new optim.SGD([["a", a]]);
    expect(() => o.addParamGroup({ params: [b] })).toThrow(
      "all optimizer param groups should be with names, or all without",
    );
  });
});

describe("hooks", () => {
  test("of a step get its arguments, and may replace them", () => {
    const w = torch.zeros(1, { requiresGrad: true });
    const o = new optim.SGD([w]);
    const seen: unknown[] = [];
    o.registerStepPreHook((optimizer, args) => {
      seen.push([optimizer === (o as unknown), args.length]);
      return [() => 7];
    });
    const all = optim.registerOptimizerStepPostHook((_, args) => void seen.push((args[0] as () => number)()));
    expect(o.step(() => 1)).toBe(7);
    all.remove();
    expect(seen).toEqual([[true, 1], 7]);
    o.registerStepPreHook(() => 3 as never);
    expect(() => o.step()).toThrow("step: expected an array of arguments, or nothing, from a hook, got 3");
  });

  test("stand around state_dicts", () => {
    const o = new optim.SGD([torch.zeros(1)], { lr: 1 });
    const order: string[] = [];
    o.registerStateDictPreHook(() => void order.push("b"));
    o.registerStateDictPreHook(() => void order.push("a"), { prepend: true });
    const post = o.registerStateDictPostHook((_, state) => ({ ...state, state: new Map([[0, { extra: 1 }]]) }));
    o.registerLoadStateDictPreHook((_, { param_groups }) => ({ state: {}, param_groups }));
    o.registerLoadStateDictPostHook(() => void order.push("loaded"));
    const state = o.stateDict();
    expect(state.state.get(0)).toEqual({ extra: 1 });
    o.loadStateDict(state);
    expect([order, o.state.size]).toEqual([["a", "b", "loaded"], 0]);
    post.remove();
    expect(o.stateDict().state.size).toBe(0);
    expect(() => o.registerStateDictPreHook(3 as never)).toThrow(
      "registerStateDictPreHook: expected a function as hook, got 3",
    );
  });
});

/** Every optimizer of gradients alone, with options that bring in more terms. */
const MAKERS: Record<string, (p: Tensor[]) => unknown> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
  Adam: (p) => new optim.Adam(p, { lr: 0.1, amsgrad: true, weightDecay: 0.1 }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.1 }),
  Adamax: (p) => new optim.Adamax(p, { lr: 0.1 }),
  NAdam: (p) => new optim.NAdam(p, { lr: 0.1 }),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.1, betas: [0.5, 0.5] }),
  Adagrad: (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p),
  RMSprop: (p) => new optim.RMSprop(p, { momentum: 0.9, centered: true }),
  Rprop: (p) => new optim.Rprop(p),
  ASGD: (p) => new optim.ASGD(p, { t0: 1 }),
  Adafactor: (p) => new optim.Adafactor(p),
  Muon: (p) => new optim.Muon(p.filter((x) => x.ndim === 2)),
};
// What they have in common is what is tested; their groups have different options.
const EVERY = Object.entries(MAKERS) as [string, (p: Tensor[]) => optim.Optimizer<object>][];

describe.each(EVERY)("%s", (name, make) => {
  const fresh = () => [
    torch
      .arange(6, { ...f32 })
      .reshape(2, 3)
      .requiresGrad_(),
    torch.tensor([[1], [-2]], { ...f32, requiresGrad: true }),
  ];
  const go = (params: Tensor[], o: optim.Optimizer<object>, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      for (const [k, p] of params.entries()) p.grad = torch.full(p.shape, Math.sin(i + k), f32);
      o.step();
    }
  };

  test("goes on where it was saved, through a file", async () => {
    const [a, b] = [fresh(), fresh()];
    const first = make(a);
    go(a, first, 0, 6);
    const bytes = (await torch.save(first.stateDict())) as Uint8Array<ArrayBuffer>;
    const second = make(b);
    second.loadStateDict((await torch.load(bytes.slice().buffer)) as optim.OptimizerStateDict);
    torch.noGrad(() => {
      for (const [i, p] of b.entries()) p.copy_(a[i] as Tensor);
    });
    go(a, first, 6, 9);
    go(b, second, 6, 9);
    expect(b.map((p) => p.tolist())).toEqual(a.map((p) => p.tolist()));
  });

  test("gives the same where gradients and parameters lie otherwise", () => {
    const a = fresh();
    const b = fresh().map((p) => p.detach().t().contiguous().t().requiresGrad_());
    const [first, second] = [make(a), make(b)];
    for (let i = 0; i < 3; i++) {
      for (const [k, p] of a.entries())
        p.grad = torch
          .arange(p.numel(), f32)
          .reshape(p.shape)
          .add(i + k);
      for (const [k, p] of b.entries()) p.grad = (a[k] as Tensor).grad?.t().contiguous().t() ?? null;
      first.step();
      second.step();
    }
    expect(b.map((p) => p.tolist())).toEqual(a.map((p) => p.tolist()));
  });

  test("takes empty and 0-dim parameters", () => {
    if (name === "Muon") return;
    const params = [torch.zeros(0, 3), torch.tensor(2.5)].map((p) => p.requiresGrad_());
    const o = make(params);
    for (const p of params) p.grad = torch.ones(p.shape);
    o.step();
    expect(params[1]?.item()).toBeLessThan(2.5);
  });
});

describe("options", () => {
  const w = () => [torch.zeros(1)];
  test.each<[string, () => unknown, string]>([
    ["lr", () => new optim.Adam(w(), { lr: -1 }), "Adam: expected a number of at least 0 as lr, got -1"],
    [
      "no number",
      () => new optim.Adam(w(), { lr: "1" as never }),
      'Adam: expected a number of at least 0 as lr, got "1"',
    ],
    [
      "betas",
      () => new optim.AdamW(w(), { betas: [0.9, 1] }),
      "AdamW: expected two numbers from 0 to below 1 as betas, got [0.9, 1]",
    ],
    [
      "one beta",
      () => new optim.Adam(w(), { betas: [0.9] as never }),
      "Adam: expected two numbers from 0 to below 1 as betas, got [0.9]",
    ],
    ["flag", () => new optim.Adam(w(), { amsgrad: 1 as never }), "Adam: expected true or false as amsgrad, got 1"],
    [
      "choice",
      () => new optim.Adam(w(), { fused: "yes" as never }),
      'Adam: expected true, false or null as fused, got "yes"',
    ],
    [
      "decoupled",
      () => new optim.AdamW(w(), { decoupledWeightDecay: false } as never),
      'AdamW: unknown option "decoupledWeightDecay"',
    ],
    [
      "in a group",
      () => new optim.Adam([{ params: w(), eps: -1 }]),
      "Adam: expected a number of at least 0 as eps, got -1",
    ],
    ["rho", () => new optim.Adadelta(w(), { rho: 2 }), "Adadelta: expected a number from 0 to 1 as rho, got 2"],
    [
      "etas",
      () => new optim.Rprop(w(), { etas: [1.5, 2] }),
      "Rprop: expected two numbers, from above 0 to below 1 and above 1, as etas",
    ],
    [
      "search",
      () => new optim.LBFGS(w(), { lineSearchFn: "wolfe" as never }),
      'LBFGS: expected "strong_wolfe" or null as lineSearchFn',
    ],
    [
      "groups",
      () => new optim.LBFGS([{ params: w() }, { params: w() }]),
      "LBFGS: doesn't support per-parameter options",
    ],
    [
      "no closure",
      () => new optim.LBFGS(w()).step(undefined as never),
      "LBFGS: expected a closure that computes the loss, got undefined",
    ],
    [
      "decay",
      () => new optim.Adafactor(w(), { beta2Decay: 1 }),
      "Adafactor: expected a number of at most 0 as beta2Decay, got 1",
    ],
    [
      "complex",
      () => new optim.Adafactor([torch.zeros(1, { dtype: torch.complex64 })]),
      "Adafactor: expected real parameters",
    ],
    ["no matrix", () => new optim.Muon(w()), "Muon: expected matrices as parameters, got shape [1]"],
    [
      "steps",
      () => new optim.Muon([torch.zeros(1, 1)], { nsSteps: 100 }),
      "Muon: expected a whole number below 100 as nsSteps",
    ],
  ])("out of their domain are refused: %s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("a gradient of another shape changes nothing", () => {
    const params = [torch.zeros(2), torch.zeros(3)].map((p) => p.requiresGrad_());
    const o = new optim.Adam(params);
    for (const p of params) p.grad = torch.ones(p.shape);
    o.step();
    const before = params.map((p) => p.tolist());
    const second = params[1] as Tensor;
    Object.assign(second.meta as object, { grad: torch.ones(2) });
    expect(() => o.step()).toThrow("Adam: expected gradient and state of shape [3], got [2]");
    expect(params.map((p) => p.tolist())).toEqual(before);
    expect(String(o.state.get(params[0] as Tensor)?.step)).toBe("tensor(1.)");
  });
});

describe("states of other versions", () => {
  test("a step that is a number becomes a tensor, as PyTorch does", () => {
    const w = torch.ones(1, { requiresGrad: true });
    const o = new optim.RMSprop([w]);
    o.loadStateDict({ state: { 0: { step: 3, square_avg: torch.ones(1) } }, param_groups: [{ lr: 0.5, params: [0] }] });
    w.grad = torch.ones(1);
    o.step();
    expect(String(o.state.get(w)?.step)).toBe("tensor(4.)");
  });

  test("AdamW stays decoupled", () => {
    const o = new optim.AdamW([torch.ones(1)]);
    o.loadStateDict(new optim.Adam([torch.ones(1)]).stateDict());
    expect(o.paramGroups[0]?.decoupledWeightDecay).toBe(true);
  });
});

test("a step reads and writes many parameters of every size, on several threads", () => {
  const threads = torch.getNumThreads();
  const run = (n: number) => {
    torch.setNumThreads(n);
    torch.manualSeed(0);
    const params = Array.from({ length: 500 }, (_, i) => torch.randn([(i * i) % 4001]).requiresGrad_());
    const o = new optim.AdamW(params, { lr: 0.1 });
    for (let step = 0; step < 2; step++) {
      for (const p of params) p.grad = torch.randn(p.shape);
      o.step();
    }
    return params.map((p) => p.detach());
  };
  try {
    const [one, three] = [run(1), run(3)];
    for (const [i, p] of one.entries()) expect(p.equal(three[i] as Tensor), `parameter ${i}`).toBe(true);
  } finally {
    torch.setNumThreads(threads);
  }
});
