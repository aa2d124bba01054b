import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const F = nn.functional;
const f32 = (data: number[] | number[][]) => torch.tensor(data, { dtype: torch.float32 });

function expectClose(got: Tensor, expected: unknown): void {
  const [a, b] = [[got.tolist()].flat(Infinity) as number[], [expected].flat(Infinity) as number[]];
  expect(a.length).toBe(b.length);
  for (const [i, x] of a.entries())
    expect(Math.abs(x - (b[i] as number))).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(x)));
}

describe("Linear", () => {
  const weight = f32([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const bias = f32([1, 0, -1]);
  test.each<[string, Tensor, unknown]>([
    ["a vector", f32([1, 1]), [4, 7, 10]],
    [
      "a batch",
      f32([
        [1, 0],
        [0, 1],
      ]),
      [
        [2, 3, 4],
        [3, 4, 5],
      ],
    ],
    [
      "a batch of batches",
      f32([
        [1, 0],
        [0, 1],
      ]).view(1, 2, 2),
      [
        [
          [2, 3, 4],
          [3, 4, 5],
        ],
      ],
    ],
    ["nothing", torch.zeros(0, 2), []],
  ])("of %s", (_, x, y) => {
    expectClose(F.linear(x, weight, bias), y);
    expectClose(F.linear(x, weight).add(bias), y);
  });

  test("its node is PyTorch's", () => {
    const layer = new nn.Linear(2, 3);
    expect(layer(torch.ones(1, 2)).gradFn?.name()).toBe("AddmmBackward0");
    expect(layer(torch.ones(2)).gradFn?.name()).toBe("AddBackward0");
    expect(layer(torch.ones(2, 2, 2)).gradFn?.name()).toBe("ViewBackward0");
  });

  test("gradients of weight and bias have their layout", () => {
    const layer = new nn.Linear(3, 2);
    layer(
      f32([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    )
      .sum()
      .backward();
    expect(layer.weight.grad?.tolist()).toEqual([
      [5, 7, 9],
      [5, 7, 9],
    ]);
    expect(layer.weight.grad?.isContiguous()).toBe(true);
    expect(layer.bias?.grad?.tolist()).toEqual([2, 2]);
  });

  test("errors", () => {
    expect(() => new nn.Linear(2, 3)(torch.ones(1, 4))).toThrow(
      "linear: expected an input of shape [*, 2] for a weight of shape [3, 2], got [1, 4]",
    );
    expect(() => new nn.Linear(2, 3)(3 as never)).toThrow("linear: expected a Tensor as input, got 3");
    expect(() => new nn.Linear(2 as number, undefined as never)).toThrow(
      "Linear: expected inFeatures, outFeatures, got no outFeatures",
    );
    expect(() => new nn.Linear(2, 3, { biass: false } as never)).toThrow('Linear: unknown option "biass"');
    expect(() => new nn.Linear(-1, 3)).toThrow("Linear: expected inFeatures of at least 0, got -1");
    expect(new nn.Linear(2, 3, { dtype: torch.float64 }).weight.dtype).toBe(torch.float64);
  });
});

describe("losses", () => {
  const x = torch.tensor([1, 2, 4], { dtype: torch.float64, requiresGrad: true });
  const y = torch.tensor([1, 0, 1], { dtype: torch.float64 });

  test("mseLoss", () => {
    expect(F.mseLoss(x, y).item()).toBeCloseTo(13 / 3, 12);
    expect(F.mseLoss(x, y, "sum").item()).toBe(13);
    expect(F.mseLoss(x, y, { reduction: "none" }).tolist()).toEqual([0, 4, 9]);
    expect(F.mseLoss(x, y).gradFn?.name()).toBe("MseLossBackward0");
    expect(() => F.mseLoss(x, y, "median" as never)).toThrow(
      'mseLoss: expected a reduction of "none", "mean" or "sum", got "median"',
    );
  });

  test("l1Loss", () => {
    expect(F.l1Loss(x, y).item()).toBeCloseTo(5 / 3, 12);
    expect(new nn.L1Loss({ reduction: "sum" })(x, y).item()).toBe(5);
  });

  test.each(["none", "mean", "sum"] as const)("mseLoss differentiates to second order (%s)", (reduction) => {
    const target = torch.tensor([[1], [2]], { dtype: torch.float64, requiresGrad: true });
    const f = (a: Tensor, b: Tensor) => F.mseLoss(a, b, { reduction });
    expect(torch.autograd.gradcheck(f, [x, target])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [x, target])).toBe(true);
  });

  test("class weights are in the state_dict, as in PyTorch", () => {
    expect(Object.keys(new nn.CrossEntropyLoss({ weight: torch.ones(3) }).stateDict())).toEqual(["weight"]);
    expect(Object.keys(new nn.CrossEntropyLoss().stateDict())).toEqual([]);
  });
});

describe("dropout", () => {
  test("does nothing in evaluation", () => {
    const x = torch.ones(4);
    expect(new nn.Dropout(0.5).eval()(x)).toBe(x);
    expect(F.dropout(x, { p: 0 })).toBe(x);
    expect(F.dropout(x, 1).tolist()).toEqual([0, 0, 0, 0]);
    expect(() => new nn.Dropout(1.5)).toThrow("Dropout: expected a probability within [0, 1] as p, got 1.5");
  });

  test("gradients pass where values did", () => {
    const x = torch.ones(100, { requiresGrad: true });
    const y = new nn.Dropout(0.25)(x);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual(y.tolist());
  });
});

describe("oneHot", () => {
  test("values and errors", () => {
    expect(F.oneHot(torch.tensor([[0], [2]]), 4).tolist()).toEqual([[[1, 0, 0, 0]], [[0, 0, 1, 0]]]);
    expect(F.oneHot(torch.zeros(0, { dtype: torch.int64 }), 3).shape).toEqual([0, 3]);
    expect(() => F.oneHot(torch.tensor([3]), 3)).toThrow("oneHot: expected class indices below 3, got 3");
    expect(() => F.oneHot(torch.tensor([-1]))).toThrow("oneHot: expected class indices of at least 0, got -1");
    expect(() => F.oneHot(torch.tensor([1.5]))).toThrow(
      "oneHot: expected class indices in torch.int64, got torch.float32",
    );
  });
});

describe("init", () => {
  test("streams are PyTorch's", () => {
    const seeded = (f: () => Tensor) => {
      torch.manualSeed(7);
      return f();
    };
    expectClose(
      seeded(() => nn.init.sparse_(torch.empty(4, 2), 0.5)),
      [
        [0, 0.007861413061618805],
        [0.009468216449022293, 0],
        [0, 0],
        [-0.003556250361725688, 0.01232385728508234],
      ],
    );
    expectClose(
      seeded(() => nn.init.truncNormal_(torch.empty(4), 1, 2, -1, 1.5)),
      [0.4624348282814026, -0.3733813762664795, 0.7423197031021118, 0.7371549010276794],
    );
  });

  test("fixed values", () => {
    expect(nn.init.eye_(torch.empty(2, 3)).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(nn.init.dirac_(torch.empty(4, 2, 3), 2).tolist()).toEqual([
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 1, 0],
      ],
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 1, 0],
      ],
    ]);
    const p = new nn.Parameter(torch.empty(2));
    expect(nn.init.ones_(p)).toBe(p);
    expect(nn.init.constant_(p, 2.5).tolist()).toEqual([2.5, 2.5]);
    expect(p.requiresGrad).toBe(true);
    expect(nn.init.kaimingUniform_(torch.empty(0, 3)).shape).toEqual([0, 3]);
  });

  test("gains and errors", () => {
    expect(nn.init.calculateGain("leaky_relu", 2)).toBeCloseTo(Math.sqrt(2 / 5), 12);
    expect(nn.init.calculateGain("tanh")).toBe(5 / 3);
    expect(() => nn.init.calculateGain("gelu" as never)).toThrow("calculateGain: expected one of linear, conv1d");
    expect(() => nn.init.xavierUniform_(torch.empty(3))).toThrow(
      "xavierUniform_: expected a tensor of at least 2 dimensions, got shape [3]",
    );
    expect(() => nn.init.kaimingNormal_(torch.empty(3, 3), { mode: "fan" as never })).toThrow(
      'kaimingNormal_: expected a mode of "fan_in" or "fan_out"',
    );
  });
});

describe("containers", () => {
  test("Sequential", () => {
    const [a, b, c] = [new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 1)];
    const s = new nn.Sequential(a, b);
    expect([s.length, s[0], s.at(-1), [...s]]).toEqual([2, a, b, [a, b]]);
    expect(s.append(c)).toBe(s);
    s.insert(1, new nn.Tanh());
    expect(s.namedParameters().map(([n]) => n)).toEqual(["0.weight", "0.bias", "3.weight", "3.bias"]);
    expect(s.pop(1)).toBeInstanceOf(nn.Tanh);
    expect([...s.slice(1)]).toEqual([b, c]);
    expect(() => s.at(3)).toThrow("Sequential: expected an index within [-3, 2], got 3");
    expect(() => new nn.Sequential([a, b] as never)).toThrow("spread an array: new nn.Sequential(...layers)");
    expect(() => new nn.Sequential(a, 3 as never)).toThrow("Sequential: expected a Module as 1, got 3");
    const named = new nn.Sequential({ hiddenLayer: a, act: b });
    expect(Object.keys(named.stateDict())).toEqual(["hiddenLayer.weight", "hiddenLayer.bias"]);
    expect(() => new nn.Sequential({ forward: a })).toThrow('expected a name that is free, got "forward"');
    expect(new nn.Sequential()(f32([1])).tolist()).toEqual([1]);
  });

  test("ModuleList and ModuleDict", () => {
    const [a, b] = [new nn.Linear(1, 1), new nn.Linear(1, 2)];
    const list = new nn.ModuleList([a]);
    list.append(b);
    list.insert(0, b);
    expect([[...list], list.length, list.at(-1)]).toEqual([[b, a, b], 3, b]);
    list[0] = a;
    expect(list.map((m) => m.outFeatures)).toEqual([1, 1, 2]);
    expect(list.pop(0)).toBe(a);
    expect(String(list)).toBe(
      "ModuleList(\n  (0): Linear(in_features=1, out_features=1, bias=True)\n  (1): Linear(in_features=1, out_features=2, bias=True)\n)",
    );
    expect(() => (list as unknown as (x: number) => void)(1)).toThrow(
      "ModuleList: expected calls of the modules in it",
    );
    const dict = new nn.ModuleDict({ convOne: a, b });
    expect([dict.keys(), dict.get("b"), dict.has("c"), dict.length, [...dict]]).toEqual([
      ["convOne", "b"],
      b,
      false,
      2,
      ["convOne", "b"],
    ]);
    expect(Object.keys(dict.stateDict())[0]).toBe("convOne.weight");
    expect(dict.pop("b")).toBe(b);
    expect(() => dict.get("b")).toThrow('ModuleDict: expected one of the keys convOne, got "b"');
    dict.clear();
    expect(dict.length).toBe(0);
  });

  test("ParameterList and ParameterDict print as in PyTorch", () => {
    const list = new nn.ParameterList([torch.ones(2, 3), new nn.Parameter(torch.ones([]))]);
    expect(String(list)).toBe(
      "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Parameter containing: [torch.float32 of size ]\n)",
    );
    expect([list.length, list[0]?.shape, Object.keys(list.stateDict())]).toEqual([2, [2, 3], ["0", "1"]]);
    const dict = new nn.ParameterDict({ a: torch.ones(2, 3) });
    expect(String(dict)).toBe("ParameterDict(  (a): Parameter containing: [torch.FloatTensor of size 2x3])");
    expect(dict.get("a").requiresGrad).toBe(true);
  });

  test("Flatten and Unflatten", () => {
    expect(new nn.Flatten(1, 2)(torch.zeros(2, 3, 4, 5)).shape).toEqual([2, 12, 5]);
    expect(new nn.Unflatten(-1, [2, -1])(torch.zeros(3, 10)).shape).toEqual([3, 2, 5]);
  });
});
