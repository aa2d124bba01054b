/** What golden values cannot say of embedding and embeddingBag: second derivatives, refusals, shared memory. */
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const F = nn.functional;
const doubles = (...shape: number[]) => torch.randn(shape, { dtype: torch.float64, requiresGrad: true });
const indices = torch.tensor([
  [0, 2, 2],
  [1, 4, 2],
]);

describe("derivatives to second order", () => {
  test.each([
    ["plain", {}],
    ["a row that learns nothing", { paddingIdx: 2 }],
    ["by frequency", { scaleGradByFreq: true }],
    ["both", { paddingIdx: -1, scaleGradByFreq: true }],
  ])("embedding: %s", (_, options) => {
    torch.manualSeed(0);
    const weight = doubles(5, 3);
    const plain = Object.keys(options).length === 0;
    const f = (w: Tensor) => F.embedding(indices, w, options);
    if (plain) expect(torch.autograd.gradcheck(f, [weight])).toBe(true);
    // What the options leave out of the gradient is no derivative; the gradient itself has one.
    const gradient = (g: Tensor) => {
      const w = weight.detach().requiresGrad_();
      const result = torch.enableGrad(() => f(w));
      return torch.autograd.grad([result], [w], [g], { createGraph: true })[0] as Tensor;
    };
    expect(torch.autograd.gradcheck(gradient, [doubles(2, 3, 3)])).toBe(true);
    expect(torch.autograd.gradgradcheck(gradient, [doubles(2, 3, 3)])).toBe(true);
  });

  test.each([
    ["sum", null],
    ["mean", null],
    ["max", null],
    ["sum", 2],
    ["mean", 2],
    ["max", 2],
  ] as const)("embeddingBag: %s, paddingIdx %s", (mode, paddingIdx) => {
    torch.manualSeed(0);
    const weight = doubles(5, 3);
    const present = torch.tensor([0, 1, 0, 3, 4]); // neither row 2, whose gradient is left out, nor equals in a bag
    const f = (w: Tensor) => F.embeddingBag(present, w, torch.tensor([0, 2, 2]), { mode, paddingIdx });
    expect(torch.autograd.gradcheck(f, [weight])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [weight])).toBe(true);
  });

  test("embeddingBag with a factor for each index", () => {
    torch.manualSeed(0);
    const f = (w: Tensor, perSampleWeights: Tensor) => F.embeddingBag(indices, w, { mode: "sum", perSampleWeights });
    expect(torch.autograd.gradcheck(f, [doubles(5, 3), doubles(2, 3)])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [doubles(5, 3), doubles(2, 3)])).toBe(true);
  });
});

test("nodes are PyTorch's", () => {
  const layer = new nn.Embedding(5, 2);
  expect(layer(indices).gradFn?.name()).toBe("EmbeddingBackward0");
  expect(new nn.EmbeddingBag(5, 2)(indices).gradFn?.name()).toBe("EmbeddingBagBackward0");
});

test("fromPretrained shares memory, and freezes unless told not to", () => {
  const table = torch.zeros(3, 2);
  const layer = nn.Embedding.fromPretrained(table, { paddingIdx: 1 });
  table.fill_(1);
  expect(layer(torch.tensor(2)).tolist()).toEqual([1, 1]);
  expect(layer.weight.requiresGrad).toBe(false);
  expect(nn.Embedding.fromPretrained(table, false).weight.requiresGrad).toBe(true);
  expect(String(layer)).toBe("Embedding(3, 2, padding_idx=1)");
  expect(nn.EmbeddingBag.fromPretrained(table, { mode: "max" }).mode).toBe("max");
});

test("maxNorm changes the table that is looked up, and only the rows that are", () => {
  const weight = torch
    .tensor([
      [3, 4],
      [0.5, 0],
      [6, 8],
    ])
    .requiresGrad_();
  F.embedding(torch.tensor([0, 1]), weight, { maxNorm: 1 });
  const [first, ...others] = weight.tolist() as number[][];
  expect(first?.[0]).toBeCloseTo(0.6, 6);
  expect(others).toEqual([
    [0.5, 0],
    [6, 8],
  ]);
});

const weight = torch.zeros(5, 3);
const flat = torch.tensor([0, 1, 2]);
test.each<[string, () => unknown, string]>([
  ["an index beyond the table", () => F.embedding(torch.tensor([5]), weight), "embedding: index 5 is out of bounds"],
  ["a negative index", () => F.embedding(torch.tensor([-1]), weight), "embedding: index -1 is out of bounds"],
  ["indices of floats", () => F.embedding(weight, weight), "embedding: expected input in torch.int64 or torch.int32"],
  ["a table that is none", () => F.embedding(flat, flat), "embedding: expected weight of shape [rows, width], got [3]"],
  ["no table", () => F.embedding(flat, undefined as never), "embedding: expected weight, got no weight"],
  ["paddingIdx beyond", () => F.embedding(flat, weight, 5), "embedding: expected a paddingIdx within [-5, 4], got 5"],
  ["sparse", () => F.embedding(flat, weight, { sparse: true as never }), "embedding: expected sparse to be false"],
  [
    "the layer: sparse",
    () => new nn.Embedding(3, 2, { sparse: true as never }),
    "Embedding: expected sparse to be fal",
  ],
  ["the layer: sizes", () => new nn.Embedding(-3, 2), "Embedding: expected numEmbeddings of at least 0, got -3"],
  ["the layer: padding", () => new nn.Embedding(3, 2, 3), "Embedding: expected a paddingIdx within [-3, 2], got 3"],
  [
    "the layer: a mode",
    () => new nn.EmbeddingBag(3, 2, { mode: "min" as never }),
    'EmbeddingBag: expected a mode of "s',
  ],
  ["bags: no offsets", () => F.embeddingBag(flat, weight), "embeddingBag: expected offsets for a vector of indices"],
  ["bags: offsets too many", () => F.embeddingBag(indices, weight, flat), "embeddingBag: expected no offsets for a ma"],
  [
    "bags: offsets from 1",
    () => F.embeddingBag(flat, weight, torch.tensor([1])),
    "embeddingBag: expected offsets that",
  ],
  [
    "bags: falling offsets",
    () => F.embeddingBag(flat, weight, torch.tensor([0, 2, 1])),
    "rise from 0, at most to the nu",
  ],
  [
    "bags: a last offset too small",
    () => F.embeddingBag(flat, weight, torch.tensor([0, 2]), { includeLastOffset: true }),
    "rise from 0 to the number of indices, 3, got [0, 2]",
  ],
  [
    "bags: factors of a mean",
    () => F.embeddingBag(indices, weight, { perSampleWeights: torch.ones(2, 3) }),
    'embeddingBag: expected perSampleWeights only with mode "sum", got them with "mean"',
  ],
  [
    "bags: factors of another shape",
    () => F.embeddingBag(indices, weight, { mode: "sum", perSampleWeights: torch.ones(3) }),
    "embeddingBag: expected perSampleWeights of the input's shape [2, 3], got [3]",
  ],
  [
    "bags: frequencies of maxima",
    () => F.embeddingBag(indices, weight, { mode: "max", scaleGradByFreq: true }),
    "embeddingBag: expected scaleGradByFreq to be false",
  ],
  ["bags: an index beyond", () => F.embeddingBag(torch.tensor([[7]]), weight), "index 7 is out of bounds"],
])("refused: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});

test.each<[string, () => unknown, string]>([
  ["no probability", () => F.dropout(weight, 1.5), "dropout: expected a probability within [0, 1] as p, got 1.5"],
  ["whole numbers", () => F.dropout(flat, 0.5), "dropout: expected a floating-point dtype, got torch.int64 (whole"],
  ["dimensions", () => F.dropout1d(torch.ones(2)), "dropout1d: expected an input of 2 or 3 dimensions, got shape [2]"],
  ["dimensions", () => F.dropout2d(torch.ones(2, 2)), "dropout2d: expected an input of 3 or 4 dimensions, got shape"],
  ["features", () => F.featureAlphaDropout(torch.ones(2), { training: true }), "expected an input of shape [N, C, …]"],
  ["the layer", () => new nn.Dropout2d(-1), "Dropout2d: expected a probability within [0, 1] as p, got -1"],
  ["the layer's options", () => new nn.Dropout({ q: 1 } as never), 'Dropout: unknown option "q"; it knows p, inplace'],
])("dropout refuses: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});
