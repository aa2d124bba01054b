import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const F = nn.functional;
const { linalg } = torch;
const { bfloat16, float32, float64 } = torch;

const of =
  (dtype: torch.DType) =>
  (...shape: number[]): Tensor =>
    torch.rand(shape, { dtype: float32 }).add(0.1).to(dtype);
const single = of(float32);
const half = of(bfloat16);
const labels = torch.tensor([0, 1]);
const square = () => torch.eye(3).add(0.1).to(bfloat16);

const lower: Record<string, () => Tensor> = {
  mm: () => single(2, 3).mm(half(3, 2)),
  bmm: () => torch.bmm(half(2, 2, 3), single(2, 3, 2)),
  matmul: () => torch.matmul(single(2, 3), single(3)),
  addmm: () => torch.addmm(single(2), half(2, 3), single(3, 2)),
  addbmm: () => torch.addbmm(single(2, 2), single(2, 2, 3), single(2, 3, 2)),
  baddbmm: () => torch.baddbmm(single(2, 2, 2), single(2, 2, 3), half(2, 3, 2)),
  vecdot: () => linalg.vecdot(single(2, 3), single(2, 3)),
  linear: () => F.linear(half(2, 3), single(4, 3), single(4)),
  prelu: () => torch.prelu(single(2, 3), half(1)),
  scaledDotProductAttention: () => F.scaledDotProductAttention(single(1, 2, 3), half(1, 2, 3), single(1, 2, 3)),
  conv1d: () => F.conv1d(single(1, 2, 3), half(4, 2, 2), single(4)),
  conv2d: () => F.conv2d(half(1, 2, 3, 3), single(4, 2, 2, 2)),
  conv3d: () => F.conv3d(single(1, 2, 3, 3, 3), single(4, 2, 2, 2, 2)),
  convTranspose1d: () => F.convTranspose1d(single(1, 2, 3), half(2, 4, 2)),
  convTranspose2d: () => F.convTranspose2d(single(1, 2, 3, 3), half(2, 4, 2, 2)),
  convTranspose3d: () => F.convTranspose3d(half(1, 2, 3, 3, 3), single(2, 4, 2, 2, 2)),
  "the layer Linear": () => new nn.Linear(3, 2)(single(2, 3)),
};

const inFloat32: Record<string, () => Tensor> = {
  avgPool3d: () => F.avgPool3d(half(1, 2, 2, 2), 2),
  maxPool3d: () => F.maxPool3d(half(1, 2, 2, 2), 2),
  adaptiveAvgPool3d: () => F.adaptiveAvgPool3d(half(1, 2, 2, 2), 1),
  adaptiveMaxPool3d: () => F.adaptiveMaxPool3d(half(1, 2, 2, 2), 1),
  fractionalMaxPool2d: () => F.fractionalMaxPool2d(half(1, 4, 4), 2, { outputSize: 2 }),
  maxUnpool2d: () => F.maxUnpool2d(half(1, 1, 1), torch.tensor([[[0]]]), 2),
  gridSample: () => F.gridSample(half(1, 1, 2, 2), half(1, 1, 1, 2), { alignCorners: false }),
  "pad with reflect": () => F.pad(half(1, 1, 3), [1, 1], "reflect"),
  "pad with replicate": () => F.pad(half(1, 1, 3), [1, 1], "replicate"),
  binaryCrossEntropy: () => F.binaryCrossEntropy(half(2).mul(0.5), half(2).mul(0.5)),
  binaryCrossEntropyWithLogits: () => F.binaryCrossEntropyWithLogits(half(2), half(2)),
  mseLoss: () => F.mseLoss(half(2), single(2)),
  l1Loss: () => F.l1Loss(half(2), single(2)),
  smoothL1Loss: () => F.smoothL1Loss(half(2), half(2)),
  huberLoss: () => F.huberLoss(half(2), half(2)),
  nllLoss: () => F.nllLoss(half(2, 3), labels),
  crossEntropy: () => F.crossEntropy(half(2, 3), labels),
  klDiv: () => F.klDiv(half(2, 3), half(2, 3), { reduction: "sum" }),
  poissonNllLoss: () => F.poissonNllLoss(half(2), half(2)),
  hingeEmbeddingLoss: () => F.hingeEmbeddingLoss(half(2), half(2)),
  cosineEmbeddingLoss: () => F.cosineEmbeddingLoss(half(2, 3), half(2, 3), torch.ones(2)),
  marginRankingLoss: () => F.marginRankingLoss(half(2), half(2), torch.ones(2)),
  softMarginLoss: () => F.softMarginLoss(half(2), half(2)),
  tripletMarginLoss: () => F.tripletMarginLoss(half(2, 3), half(2, 3), half(2, 3)),
  multiMarginLoss: () => F.multiMarginLoss(half(2, 3), labels),
  prod: () => half(3).prod(),
  quantile: () => torch.quantile(half(3), 0.5),
  nanquantile: () => torch.nanquantile(half(3), 0.5),
  cdist: () => torch.cdist(half(2, 3), half(2, 3)),
  trace: () => half(2, 2).trace(),
  inverse: () => square().inverse(),
  pinverse: () => square().pinverse(),
  "linalg.solve": () => linalg.solve(square(), half(3)),
  "linalg.inv": () => linalg.inv(square()),
  "linalg.svdvals": () => linalg.svdvals(half(3, 2)),
  "linalg.cond": () => linalg.cond(square()),
  "linalg.cholesky": () => linalg.cholesky(square()),
  "fft.rfft": () => torch.fft.rfft(half(4)).real,
  polar: () => torch.polar(half(2), half(2)).real,
};

const inWidest: Record<string, () => [Tensor, torch.DType]> = {
  cat: () => [torch.cat([half(2), single(2)]), float32],
  "cat of halves": () => [torch.cat([half(2), half(2)]), bfloat16],
  "cat with doubles": () => [torch.cat([half(2), of(float64)(2)]), float64],
  stack: () => [torch.stack([single(2), half(2)]), float32],
  indexCopy: () => [half(3).indexCopy(0, labels, single(2)), float32],
};

const others: Record<string, () => [Tensor, torch.DType]> = {
  "float64 stays": () => [torch.mm(of(float64)(2, 2), of(float64)(2, 2)), float64],
  "whole numbers stay": () => [torch.matmul(labels, labels).float(), float32],
  "add promotes as ever": () => [single(2).add(half(2)), float32],
  "exp has the dtype of its input": () => [half(2).exp(), bfloat16],
};

const cast = <R>(body: () => R): R => torch.autocast("cpu", body);

describe("autocast", () => {
  test.each(Object.entries(lower))("%s computes in the smaller dtype", (_, op) => {
    expect(cast(op).dtype).toBe(bfloat16);
    expect(torch.autocast("cpu", { dtype: torch.float16 }, () => op()).dtype).toBe(torch.float16);
  });

  test.each(Object.entries(inFloat32))("%s computes in float32", (_, op) => {
    expect(cast(op).dtype).toBe(float32);
  });

  test.each([...Object.entries(inWidest), ...Object.entries(others)])("%s", (_, op) => {
    const [y, dtype] = cast(op);
    expect(y.dtype).toBe(dtype);
  });

  test("a value is that of the op in the smaller dtype", () => {
    const [a, b] = [torch.randn(3, 4), torch.randn(4, 5)];
    expect(
      torch.equal(
        cast(() => a.matmul(b)),
        a.to(bfloat16).matmul(b.to(bfloat16)),
      ),
    ).toBe(true);
  });

  test("opens as a scope, nests, is switched off, and follows async code", async () => {
    const [a, b] = [single(2, 2), single(2, 2)];
    const seen = () => [torch.isAutocastEnabled("cpu"), a.mm(b).dtype];
    {
      using _ = torch.autocast("cpu", { dtype: torch.float16 });
      expect(torch.getAutocastDtype("cpu")).toBe(torch.float16);
      expect(seen()).toEqual([true, torch.float16]);
      expect(torch.noGrad(seen)).toEqual([true, torch.float16]);
      expect(torch.autocast("cpu", { enabled: false }, seen)).toEqual([false, float32]);
    }
    expect(seen()).toEqual([false, float32]);
    const later = await torch.amp.autocast("cpu", async () => {
      await null;
      return seen();
    });
    expect(later).toEqual([true, bfloat16]);
    expect(seen()).toEqual([false, float32]);
    expect(torch.getAutocastDtype("cpu")).toBe(bfloat16);
    expect(torch.amp.isAutocastAvailable("cuda")).toBe(false);
  });

  test("gradients are float32 where parameters are, and equal those without by bfloat16's digits", () => {
    const model = new nn.Sequential(new nn.Linear(8, 8), new nn.Tanh(), new nn.Linear(8, 3));
    const x = torch.randn(4, 8);
    const y = torch.tensor([0, 1, 2, 0]);
    F.crossEntropy(model(x), y).backward();
    const expected = model.parameters().map((p) => p.grad as Tensor);
    model.zeroGrad();
    const loss = cast(() => F.crossEntropy(model(x), y));
    expect(loss.dtype).toBe(float32);
    loss.backward();
    for (const [i, p] of model.parameters().entries()) {
      expect(p.grad?.dtype).toBe(float32);
      expect(torch.allclose(p.grad as Tensor, expected[i] as Tensor, { atol: 2e-2 })).toBe(true);
    }
  });

  test("a parameter is cast once, and one cast without recording is cast again", () => {
    const w = new nn.Parameter(torch.ones(2, 2));
    const x = torch.ones(2, 2, { dtype: bfloat16 });
    const casts = () => {
      const [y, z] = [x.mm(w), x.mm(w)];
      const node = (t: Tensor) => t.gradFn?.nextFunctions[1]?.[0];
      return [node(y)?.name(), node(y) === node(z)];
    };
    expect(cast(casts)).toEqual(["ToCopyBackward0", true]);
    expect(torch.autocast("cpu", { cacheEnabled: false }, casts)).toEqual(["ToCopyBackward0", false]);
    const y = cast(() => {
      torch.noGrad(() => x.mm(w));
      return x.mm(w);
    });
    y.sum().backward();
    expect(w.grad?.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  test("a custom function says how it goes with autocast", () => {
    const dtypes: (torch.DType | boolean)[] = [];
    class Product extends torch.autograd.Function {
      static forward = torch.amp.customFwd(
        (ctx, a: Tensor, b: Tensor) => {
          ctx.saveForBackward(a, b);
          const y = a.mm(b);
          dtypes.push(a.dtype, y.dtype);
          return y;
        },
        { deviceType: "cpu" },
      );
      static backward = torch.amp.customBwd(
        (ctx, grad: Tensor) => {
          const [a, b] = ctx.savedTensors as [Tensor, Tensor];
          dtypes.push(torch.isAutocastEnabled(), grad.mm(b.t()).dtype);
          return [grad.mm(b.t()).to(a.dtype), a.t().mm(grad).to(b.dtype)];
        },
        { deviceType: "cpu" },
      );
    }
    const [a, b] = [torch.ones(2, 2, { requiresGrad: true }), torch.ones(2, 2)];
    cast(() => Product.apply(a, b))
      .float()
      .sum()
      .backward();
    expect(dtypes.splice(0)).toEqual([float32, bfloat16, true, bfloat16]);
    Product.apply(a, b).sum().backward();
    expect(dtypes).toEqual([float32, float32, false, float32]);
  });

  test("refuses dtypes and devices that it does not know", () => {
    expect(() => torch.autocast("cpu", { dtype: float64 })).toThrow(
      "autocast: expected torch.bfloat16 or torch.float16",
    );
    expect(() => torch.autocast("cuda" as never)).toThrow('autocast: expected cpu as deviceType, got "cuda"');
    expect(() => torch.autocast("cpu", { dtyp: bfloat16 } as never)).toThrow('unknown option "dtyp"');
    expect(() => torch.autocast("cpu", {}, 3 as never)).toThrow("autocast: expected a function, got number");
  });
});
