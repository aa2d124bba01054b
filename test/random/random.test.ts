import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

/** What PyTorch 1.13.1 gives after `torch.manual_seed(7)`. */
const streams: [name: string, draw: () => torch.Tensor, values: unknown][] = [
  [
    "cauchy_",
    () => torch.empty(4).cauchy_(1, 2),
    [-0.6611115336418152, -0.7224060893058777, 5.323784351348877, 2.0725667476654053],
  ],
  [
    "logNormal_",
    () => torch.empty(4).logNormal_(0.5, 0.25),
    [1.589311957359314, 2.0067877769470215, 2.0890417098999023, 1.2478399276733398],
  ],
  ["geometric_", () => torch.empty(6, { dtype: torch.int64 }).geometric_(0.3), [4, 4, 1, 2, 1, 1]],
  ["random_(to)", () => torch.empty(5).random_(100), [15, 92, 21, 86, 83]],
  ["random_(from, null)", () => torch.empty(3, { dtype: torch.uint8 }).random_(250, null), [253, 254, 251]],
  [
    "bernoulli_(tensor)",
    () => torch.empty(6, { dtype: torch.int64 }).bernoulli_(torch.tensor([0, 1, 0.5, 0.5, 0.5, 0.5])),
    [0, 1, 0, 0, 1, 1],
  ],
  ["bernoulli(p)", () => torch.bernoulli(torch.zeros(6), 0.5), [1, 1, 0, 0, 0, 0]],
  [
    "normal(mean tensor)",
    () => torch.normal(torch.tensor([0.0, 100.0], { dtype: torch.float32 }), 2),
    [-0.2935901880264282, 101.57228088378906],
  ],
  [
    "normal(std tensor)",
    () => torch.normal(5, torch.tensor([0.0, 10.0], { dtype: torch.float32 })),
    [5, 12.86141300201416],
  ],
  ["normal(size)", () => torch.normal(5, 2, [3]), [4.706409931182861, 6.572282791137695, 6.893643379211426]],
  [
    "normal_ of a transposed tensor",
    () => torch.empty(3, 4).t().normal_(),
    [
      [-0.1467950940132141, 1.6907901763916016, 0.13817265629768372],
      [0.7861412763595581, -0.8948279023170471, -1.6821985244750977],
      [0.9468216300010681, -0.3556250333786011, 0.317678302526474],
      [-1.1143440008163452, 1.2323857545852661, 0.13280697166919708],
    ],
  ],
  [
    "multinomial of rows",
    () =>
      torch.multinomial(
        torch.tensor([
          [0.1, 0.2, 0.7],
          [0.5, 0.5, 0],
        ]),
        2,
      ),
    [
      [1, 2],
      [0, 1],
    ],
  ],
  ["randintLike", () => torch.randintLike(torch.zeros(3), 2, 9), [7, 8, 8]],
  [
    "dropout",
    () => torch.nn.functional.dropout(torch.ones(6), 0.3),
    [1.4285714626312256, 1.4285714626312256, 0, 1.4285714626312256, 0, 0],
  ],
];

function expectClose(got: unknown, expected: unknown): void {
  const [a, b] = [[got].flat(Infinity) as number[], [expected].flat(Infinity) as number[]];
  expect(a.length).toBe(b.length);
  for (const [i, x] of a.entries())
    expect(Math.abs(x - (b[i] as number))).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(x)));
}

describe("streams are PyTorch's", () => {
  for (const [name, draw, values] of streams)
    test(name, () => {
      torch.manualSeed(7);
      expectClose(draw().tolist(), values);
    });

  test("random_() and all 64 bits", () => {
    torch.manualSeed(7);
    expect(torch.empty(1, { dtype: torch.int64 }).random_().itemBigInt()).toBe(1407639518939636932n);
    torch.manualSeed(7);
    const all = torch.empty(2, { dtype: torch.int64 }).random_(-(2n ** 63n), null);
    expect(all.narrow(0, 1, 1).itemBigInt()).toBe(-4059781650074555914n);
  });

  test("complex numbers have half of the variance in each part", () => {
    torch.manualSeed(7);
    const z = torch.randn(2, { dtype: torch.complex64 });
    expectClose(
      (z.tolist() as unknown as { re: number; im: number }[]).flatMap(({ re, im }) => [re, im]),
      [-0.10379981249570847, 0.5558858513832092, 0.6695039868354797, -0.7879602313041687],
    );
  });

  test("a generator draws its own stream", () => {
    const generator = new torch.Generator().manualSeed(0);
    torch.manualSeed(123);
    torch.rand(5);
    expectClose(torch.rand(2, { generator }).tolist(), [0.4962565898895264, 0.7682217955589294]);
  });
});

describe("Generator", () => {
  test("seeds and states", () => {
    const g = new torch.Generator();
    expect(g.initialSeed()).toBe(67280421310721);
    expect(g.manualSeed(-1).initialSeed()).toBe(18446744073709551615n);
    expect(() => g.manualSeed(2n ** 64n)).toThrow("manualSeed: expected a seed of 64 bits");
    expect(() => g.manualSeed(1.5)).toThrow("manualSeed: expected a whole number as seed, got 1.5");
    const seed = g.seed();
    expect(seed).toBe(g.initialSeed());
    expect(seed).not.toBe(g.seed());
  });

  test("a state goes on where it was taken", () => {
    torch.manualSeed(3);
    torch.randn(5);
    const state = torch.getRngState();
    expect(state.shape).toEqual([5056]);
    const a = torch.randn(7).tolist();
    torch.setRngState(state);
    expect(torch.randn(7).tolist()).toEqual(a);
    const copy = torch.defaultGenerator.cloneState();
    expect(torch.rand(3, { generator: copy }).tolist()).toEqual(torch.rand(3).tolist());
    expect(() => torch.setRngState(torch.zeros(3))).toThrow("expected a uint8 tensor");
  });
});

test("forkRng leaves the stream as it was", async () => {
  torch.manualSeed(0);
  const first = torch.random.forkRng(() => torch.rand(1).item());
  {
    using _ = torch.random.forkRng();
    torch.manualSeed(9);
  }
  await torch.random.forkRng(async () => torch.rand(3));
  expect(() =>
    torch.random.forkRng(() => {
      torch.rand(1);
      throw new Error("stop");
    }),
  ).toThrow("stop");
  expect(torch.rand(1).item()).toBe(first);
});

describe("in-place rules", () => {
  test("a leaf that requires grad is refused", () => {
    const w = torch.ones(2, { requiresGrad: true });
    expect(() => w.normal_()).toThrow("normal_: a leaf Variable that requires grad");
    torch.noGrad(() => w.normal_());
    expect(w.version).toBe(1);
  });

  test("nothing flows back through what was overwritten", () => {
    const w = torch.ones(3, { requiresGrad: true });
    const y = w.mul(2);
    y.uniform_();
    expect(String(y.gradFn)).toContain("UniformBackward0");
    y.sum().backward();
    expect(w.grad?.tolist()).toEqual([0, 0, 0]);
    const p = torch.full([3], 0.5, { requiresGrad: true });
    torch.bernoulli(p).sum().backward();
    expect(p.grad?.tolist()).toEqual([0, 0, 0]);
  });

  test("an expanded tensor is refused", () => {
    expect(() => torch.zeros(1).expand(3).normal_()).toThrow(
      "normal_: expected a tensor whose elements are apart in memory",
    );
  });
});

describe("arguments", () => {
  test.each<[string, () => unknown, string]>([
    ["uniform_", () => torch.empty(2).uniform_(2, 1), "uniform_: expected from <= to, got from = 2 and to = 1"],
    [
      "uniform_ int",
      () => torch.empty(2, { dtype: torch.int64 }).uniform_(),
      "uniform_: expected a tensor of a floating-point dtype, got torch.int64",
    ],
    ["normal_", () => torch.empty(2).normal_(0, -1), "normal_: expected std >= 0, got -1"],
    ["bernoulli_", () => torch.empty(2).bernoulli_(2), "bernoulli_: expected p in [0, 1], got 2"],
    [
      "bernoulli",
      () => torch.bernoulli(torch.tensor([0.5, 2])),
      "bernoulli: expected probabilities within [0, 1], got 2",
    ],
    [
      "bernoulli nan",
      () => torch.bernoulli(torch.tensor([0.5, NaN])),
      "bernoulli: expected probabilities within [0, 1], got NaN",
    ],
    ["geometric_", () => torch.empty(2).geometric_(1), "geometric_: expected p in (0, 1), got 1"],
    [
      "random_",
      () => torch.empty(2, { dtype: torch.uint8 }).random_(0, 300),
      "random_: expected to of at most 256 for torch.uint8, got 300",
    ],
    ["randint", () => torch.randint(0, [2]), "randint: expected from < to, got from = 0 and to = 0"],
    ["randint size", () => torch.randint(3, {} as never), "randint: expected an array as size, got undefined"],
    [
      "randn int",
      () => torch.randn(2, { dtype: torch.int64 }),
      "normal_: expected a tensor of a floating-point dtype, got torch.int64",
    ],
    ["randperm", () => torch.randperm(-1), "randperm: expected a whole number of at least 0, got -1"],
    [
      "randperm uint8",
      () => torch.randperm(300, { dtype: torch.uint8 }),
      "randperm: expected an n whose numbers fit torch.uint8, got 300",
    ],
    [
      "multinomial",
      () => torch.multinomial(torch.ones(3), 4),
      "multinomial: expected at most 3 samples without replacement, got 4",
    ],
    [
      "multinomial negative",
      () => torch.multinomial(torch.tensor([1, -1.5]), 1),
      "multinomial: expected finite weights of at least 0, got -1.5",
    ],
    [
      "multinomial zero",
      () => torch.multinomial(torch.zeros(2), 1),
      "multinomial: expected rows with a positive sum, got one that sums to 0",
    ],
    [
      "normal",
      () => torch.normal(torch.zeros(2), torch.tensor([1, -1.5])),
      "normal: expected a std of at least 0 everywhere, got a negative one",
    ],
    ["generator", () => torch.rand(2, { generator: 3 as never }), "rand: expected a Generator as generator, got 3"],
    ["option", () => torch.rand(2, { dtpe: torch.float64 } as never), 'rand: unknown option "dtpe"'],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("a refused call draws nothing", () => {
    torch.manualSeed(0);
    expect(() => torch.rand(2, { dtype: torch.int64 })).toThrow();
    expect(torch.rand(1).item()).toBeCloseTo(0.4962566, 6);
  });

  test("forms", () => {
    const forms = [
      () => torch.randint(10, [2, 3]),
      () => torch.randint(0, 10, [2, 3]),
      () => torch.randint(10, { size: [2, 3] }),
      () => torch.randint({ low: 0, high: 10, size: [2, 3] }),
    ];
    const drawn = forms.map((f) => {
      torch.manualSeed(1);
      return f().tolist();
    });
    for (const values of drawn) expect(values).toEqual(drawn[0]);
    expect(torch.randint(2, [3], { dtype: torch.bool }).dtype).toBe(torch.bool);
    expect(torch.rand([2, 0]).shape).toEqual([2, 0]);
    expect(torch.randn(2, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(torch.randnLike(torch.zeros(2, 3, { dtype: torch.float64 })).dtype).toBe(torch.float64);
    expect(torch.randperm(0).shape).toEqual([0]);
  });
});
