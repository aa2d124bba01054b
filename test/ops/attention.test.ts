import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { attentionWeights } from "../../src/ops/attention.ts";

const F = torch.nn.functional;
const { gradcheck, gradgradcheck } = torch.autograd;

interface Sizes {
  readonly batch: number[];
  readonly L: number;
  readonly S: number;
  readonly E: number;
  readonly Ev: number;
}
// One block of queries and several, few queries, odd widths, single elements, no batch and two dimensions of it.
const SIZES: Sizes[] = [
  { batch: [2, 3], L: 5, S: 7, E: 4, Ev: 6 },
  { batch: [], L: 1, S: 1, E: 1, Ev: 1 },
  { batch: [2], L: 130, S: 70, E: 16, Ev: 16 },
  { batch: [1, 2], L: 64, S: 64, E: 32, Ev: 32 },
  { batch: [3], L: 65, S: 129, E: 33, Ev: 17 },
  { batch: [2], L: 4, S: 40, E: 8, Ev: 8 },
  { batch: [1], L: 100, S: 31, E: 20, Ev: 70 },
];

describe.each([true, false])("heads that are parts of one projection, side by side: %s", (together) => {
  it.each([
    ["split", (x: torch.Tensor) => x.split(8, 2)],
    ["chunk", (x: torch.Tensor) => x.chunk(3, -1)],
    ["split with sizes", (x: torch.Tensor) => x.split([8, 8, 8], 2)],
  ] as const)("%s: the projection's gradient is that of parts in memory of their own", (_, cut) => {
    torch.manualSeed(2);
    const projection = torch.randn([2, 40, 24], { requiresGrad: true });
    const grad = torch.randn([2, 2, 40, 4]);
    const gradientBy = (own: boolean) => {
      const heads = cut(projection).map((part) => {
        const head = part.view(2, 40, 2, 4).transpose(1, 2);
        return own ? head.clone() : head;
      });
      const [query, key, value] = heads as [torch.Tensor, torch.Tensor, torch.Tensor];
      const [q, k, v] = together ? [query, key, value] : [value, query, key];
      const out = F.scaledDotProductAttention(q, k, v, { isCausal: true });
      // Uses of the parts besides attention add to what it gives.
      return torch.autograd.grad([out.mul(grad).sum().add(key.pow(2).sum())], [projection])[0]!;
    };
    const [inPlace, apart] = [gradientBy(false), gradientBy(true)];
    expect(torch.allclose(inPlace, apart, { rtol: 1e-5, atol: 1e-6 })).toBe(true);
    expect(inPlace.stride()).toEqual(projection.stride());
  });
});

it("gradients of heads that share memory can be kept, added to and differentiated again", () => {
  torch.manualSeed(3);
  const qkv = torch.randn([1, 5, 6], { dtype: torch.float64, requiresGrad: true });
  const attend = (x: torch.Tensor) => {
    const [q, k, v] = x.chunk(3, 2) as [torch.Tensor, torch.Tensor, torch.Tensor];
    q.retainGrad();
    return { q, y: F.scaledDotProductAttention(q, k, v) };
  };
  const first = attend(qkv);
  first.y.sum().backward();
  const once = qkv.grad!.clone();
  const kept = first.q.grad!.clone();
  attend(qkv).y.sum().backward();
  expect(torch.allclose(qkv.grad!, once.mul(2))).toBe(true);
  expect(first.q.grad!.equal(kept)).toBe(true);
  expect(kept.equal(once.chunk(3, 2)[0]!)).toBe(true);
  expect(gradgradcheck((x: torch.Tensor) => attend(x).y, [qkv])).toBe(true);
});
const MASKS = ["none", "causal", "bool", "float", "one row"] as const;
const LIMIT = { "torch.float32": 2e-5, "torch.float64": 1e-12 } as Record<string, number>;

function maskOf(kind: (typeof MASKS)[number], { batch, L, S }: Sizes, dtype: torch.DType): torch.Tensor | null {
  if (kind === "bool") {
    const mask = torch.rand([...batch, L, S]).gt(0.3);
    mask.setAt(["...", 0], true);
    return mask;
  }
  if (kind === "float") return torch.randn([L, S], { dtype });
  return kind === "one row" ? torch.randn([S], { dtype }) : null;
}

describe.each([torch.float32, torch.float64])("the kernel of attention agrees with its decomposition, %s", (dtype) => {
  describe.each(MASKS)("mask: %s", (kind) => {
    it.each(SIZES)("$batch, $L x $S, $E and $Ev wide", (sizes) => {
      torch.manualSeed(1);
      const make = (rows: number, columns: number) =>
        torch.randn([...sizes.batch, rows, columns], { dtype, requiresGrad: true });
      const inputs = [make(sizes.L, sizes.E), make(sizes.S, sizes.E), make(sizes.S, sizes.Ev)] as const;
      const [query, key, value] = inputs;
      const attnMask = maskOf(kind, sizes, dtype);
      const causal = kind === "causal";
      const out = F.scaledDotProductAttention(query, key, value, { attnMask, isCausal: causal });
      const added =
        attnMask?.dtype === torch.bool
          ? torch.zeros(attnMask.shape, { dtype }).maskedFill(attnMask.logicalNot(), -Infinity)
          : attnMask;
      const weights = attentionWeights(query, key, added, { scale: 1 / Math.sqrt(sizes.E), causal });
      const expected = weights.matmul(value);
      const grad = torch.randn(out.shape, { dtype });
      const got = [out, ...torch.autograd.grad([out], [...inputs], [grad])];
      const wanted = [expected, ...torch.autograd.grad([expected], [...inputs], [grad])];
      for (const [i, x] of got.entries())
        expect(x!.sub(wanted[i]!).abs().max().item()).toBeLessThan(LIMIT[String(dtype)]!);
    });
  });
});

it("a query that no key is open to gives zeros, and no gradient", () => {
  const x = torch.ones([2, 2], { requiresGrad: true });
  const attnMask = torch.tensor([
    [true, false],
    [false, false],
  ]);
  const out = F.scaledDotProductAttention(x, torch.ones(2, 2), torch.ones(2, 2), { attnMask });
  expect(out.tolist()).toEqual([
    [1, 1],
    [0, 0],
  ]);
  out.sum().backward();
  expect(x.grad!.tolist()).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

it("NaN in a query or a mask comes through", () => {
  const x = torch.ones(2, 3);
  x.setAt([0, 0], NaN);
  const rows = F.scaledDotProductAttention(x, torch.ones(4, 3), torch.ones(4, 3)).isnan().tolist();
  expect(rows).toEqual([
    [true, true, true],
    [false, false, false],
  ]);
});

it("heads made by a transposition are so in the result", () => {
  const x = torch.randn(2, 5, 3, 4).transpose(1, 2);
  expect(F.scaledDotProductAttention(x, x, x).transpose(1, 2).isContiguous()).toBe(true);
});

it("keys and values broadcast over the batch", () => {
  torch.manualSeed(2);
  const query = torch.randn([2, 3, 5, 4], { dtype: torch.float64 });
  const key = torch.randn([3, 6, 4], { dtype: torch.float64 });
  const out = F.scaledDotProductAttention(query, key, key);
  const each = F.scaledDotProductAttention(query.at(1), key, key);
  expect(torch.allclose(out.at(1), each)).toBe(true);
});

it.each([false, true])("derivatives of first and second order, causal: %s", (isCausal) => {
  torch.manualSeed(3);
  const make = (...shape: number[]) => torch.randn(shape, { dtype: torch.float64, requiresGrad: true });
  const inputs = [make(2, 5, 3), make(2, 5, 3), make(2, 5, 4)] as const;
  const f = (...[q, k, v]: torch.Tensor[]) => F.scaledDotProductAttention(q!, k!, v!, { isCausal });
  expect(gradcheck(f, [...inputs])).toBe(true);
  expect(gradgradcheck(f, [...inputs])).toBe(true);
});
