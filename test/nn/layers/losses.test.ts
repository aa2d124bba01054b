/** What golden values cannot say of the losses: refusals, identities of the adaptive softmax, distances that are modules. */
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const x = torch.ones(2, 3);

test.each<[string, () => unknown, string]>([
  [
    "a reduction",
    () => new nn.L1Loss("median" as never),
    'L1Loss: expected a reduction of "none", "mean" or "sum", got "m',
  ],
  ["a reduction", () => new nn.BCELoss({ reduction: "all" as never }), 'BCELoss: expected a reduction of "none"'],
  ["a reduction", () => new nn.KLDivLoss("batch" as never), 'KLDivLoss: expected a reduction of "none"'],
  [
    "an option",
    () => new nn.MSELoss({ reduce: true } as never),
    'MSELoss: unknown option "reduce"; it knows reduction',
  ],
  ["a weight", () => new nn.NLLLoss([1, 2] as never), "NLLLoss: expected a Tensor as weight, got Array"],
  [
    "smoothing",
    () => new nn.CrossEntropyLoss({ labelSmoothing: 2 }),
    "CrossEntropyLoss: expected a labelSmoothing betw",
  ],
  ["beta", () => new nn.SmoothL1Loss({ beta: -1 }), "SmoothL1Loss: expected a beta of at least 0, got -1"],
  ["delta", () => new nn.HuberLoss({ delta: 0 }), "HuberLoss: expected a delta above 0, got 0"],
  ["eps", () => new nn.GaussianNLLLoss({ eps: 0 }), "GaussianNLLLoss: expected an eps above 0, got 0"],
  ["p", () => new nn.MultiMarginLoss(3 as never), "MultiMarginLoss: expected 1 or 2 as p, got 3"],
  [
    "a weight",
    () => new nn.MultiMarginLoss({ weight: x }),
    "MultiMarginLoss: expected a weight of shape [C], got [2, 3]",
  ],
  ["a margin", () => new nn.TripletMarginLoss(0), "TripletMarginLoss: expected a margin above 0, got 0"],
  [
    "a distance",
    () => new nn.TripletMarginWithDistanceLoss({ distanceFunction: 3 as never }),
    "expected a function as",
  ],
  ["a blank", () => new nn.CTCLoss(0.5), "CTCLoss: expected a whole number as blank, got 0.5"],
  ["a target", () => new nn.CrossEntropyLoss()(x, torch.tensor([0, 3])), "is out of bounds"],
  ["no probability", () => new nn.BCELoss()(x.mul(2), x), "binaryCrossEntropy: expected probabilities within [0, 1]"],
  [
    "no cutoffs",
    () => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, []),
    "AdaptiveLogSoftmaxWithLoss: expected cutoffs that r",
  ],
  ["falling cutoffs", () => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2, 1]), "at most nClasses − 1, got [2, 1]"],
  ["high cutoffs", () => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [5]), "at most nClasses − 1, got [5]"],
  [
    "no class",
    () => new nn.AdaptiveLogSoftmaxWithLoss(3, 5, [2])(x, torch.tensor([0, 5])),
    "AdaptiveLogSoftmaxWithLoss: target 5 is out of bounds for 5 classes",
  ],
  [
    "shapes",
    () => new nn.AdaptiveLogSoftmaxWithLoss(3, 5, [2])(x, torch.tensor([0])),
    "AdaptiveLogSoftmaxWithLoss: expected an input [N, 3] with a target [N], or [3] with [], got [2, 3] and [1]",
  ],
])("refused: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});

describe("AdaptiveLogSoftmaxWithLoss", () => {
  const layer = () => {
    torch.manualSeed(0);
    return new nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7], { divValue: 2, dtype: torch.float64 });
  };

  test("logProb is a distribution, of which forward picks and predict takes the likeliest", () => {
    const model = layer();
    const input = torch.randn(40, 6, { dtype: torch.float64 }).mul(3);
    const all = model.logProb(input);
    for (const sum of all.exp().sum(1).tolist() as number[]) expect(sum).toBeCloseTo(1, 12);
    const target = torch.arange(40).remainder(12);
    const { output, loss } = model(input, target);
    const picked = all.gather(1, target.unsqueeze(1)).squeeze(1);
    expect(output.sub(picked).abs().amax().item()).toBeLessThan(1e-12);
    expect(loss.item()).toBeCloseTo(-Number(picked.mean().item()), 12);
    expect(model.predict(input).tolist()).toEqual(all.argmax(1).tolist());
    expect(new Set(model.predict(input).tolist() as number[]).size).toBeGreaterThan(3); // some in clusters
  });

  test("differentiates", () => {
    const model = layer();
    const input = torch.randn(4, 6, { dtype: torch.float64, requiresGrad: true });
    const f = (t: Tensor) => model(t, torch.tensor([0, 4, 11, 7])).loss;
    expect(torch.autograd.gradcheck(f, [input])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [input])).toBe(true);
  });

  test("resetParameters draws as the constructor did", () => {
    const model = layer();
    const before = Object.values(model.stateDict()).map((t) => t.tolist());
    torch.manualSeed(0);
    model.resetParameters();
    expect(Object.values(model.stateDict()).map((t) => t.tolist())).toEqual(before);
    expect(Object.keys(model.stateDict())).toEqual([
      "head.weight",
      "tail.0.0.weight",
      "tail.0.1.weight",
      "tail.1.0.weight",
      "tail.1.1.weight",
    ]);
  });
});

test("a distance that is a module belongs to the loss", () => {
  class Scaled extends nn.Module {
    scale = new nn.Parameter(torch.ones(1));
    forward(a: Tensor, b: Tensor) {
      return a.sub(b).abs().sum(-1).mul(this.scale);
    }
  }
  const loss = new nn.TripletMarginWithDistanceLoss({ distanceFunction: new Scaled() });
  expect(Object.keys(loss.stateDict())).toEqual(["distance_function.scale"]);
  expect(loss(x, x, x).item()).toBe(1);
  expect(String(new nn.TripletMarginWithDistanceLoss())).toBe(
    "TripletMarginWithDistanceLoss(\n  (distance_function): PairwiseDistance()\n)",
  );
});

test("factors are saved with their loss", () => {
  const loss = new nn.BCEWithLogitsLoss({ weight: torch.ones(3), posWeight: torch.ones(3) });
  expect(Object.keys(loss.stateDict())).toEqual(["weight", "pos_weight"]);
  expect(loss.double().weight?.dtype).toBe(torch.float64);
});
