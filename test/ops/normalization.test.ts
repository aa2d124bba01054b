import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import { checkGradients, leaf, numbers } from "./gradients.ts";

const F = torch.nn.functional;

describe("derivatives to second order", () => {
  const [weight, bias] = [leaf(4), leaf(4)];
  const runningMean = numbers(4);
  const runningVar = numbers(4).abs().add(0.5);
  it.each<[string, readonly number[], (x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) => torch.Tensor]>([
    ["batch norm", [3, 4, 5], (x, w, b) => F.batchNorm(x, null, null, w, b, true)],
    ["batch norm of columns", [6, 4], (x, w, b) => F.batchNorm(x, null, null, w, b, true)],
    ["batch norm by running statistics", [3, 4, 2], (x, w, b) => F.batchNorm(x, runningMean, runningVar, w, b)],
    ["columns by running statistics", [3, 4], (x, w, b) => F.batchNorm(x, runningMean, runningVar, w, b)],
    ["group norm", [2, 4, 3], (x, w, b) => F.groupNorm(x, 2, w, b)],
    ["instance norm", [2, 4, 3], (x, weight, bias) => F.instanceNorm(x, { weight, bias })],
    ["layer norm", [3, 2, 4], (x, w, b) => F.layerNorm(x, [4], w, b)],
    ["RMS norm", [3, 4], (x, w, b) => F.rmsNorm(x, [4], w, 0.01).add(b)],
  ])("%s", (_, shape, f) => {
    expect(checkGradients(f as never, leaf(...shape), weight, bias)).toBe(true);
    expect(checkGradients((x) => f(x, null as never, torch.zeros(4, { dtype: torch.float64 })), leaf(...shape))).toBe(
      true,
    );
  });
});

describe("sizes beyond one block of the kernels", () => {
  const close = (a: torch.Tensor, b: torch.Tensor) =>
    expect(a.double().sub(b.double()).abs().max().item()).toBeLessThan(2e-4);
  const both = (x: torch.Tensor, f: (x: torch.Tensor) => torch.Tensor) => {
    const leaves = [x.detach().requiresGrad_(), x.detach().double().requiresGrad_()] as const;
    const results = leaves.map(f) as [torch.Tensor, torch.Tensor];
    close(results[0], results[1]);
    const seeds = results.map((y) => numbers(...y.shape).to(y.dtype));
    const [a, b] = leaves.map(
      (leaf, i) => torch.autograd.grad([results[i] as torch.Tensor], [leaf], [seeds[i] as torch.Tensor])[0],
    );
    close(a as torch.Tensor, b as torch.Tensor);
  };
  it.each<[string, readonly number[], (x: torch.Tensor) => torch.Tensor]>([
    ["long rows", [5, 5000], (x) => F.layerNorm(x, [5000])],
    ["many rows", [3000, 37], (x) => F.layerNorm(x, [37])],
    ["long segments", [2, 3, 4999], (x) => F.batchNorm(x, null, null, { training: true })],
    ["many columns", [300, 131], (x) => F.batchNorm(x, null, null, { training: true })],
    ["groups", [2, 6, 2100], (x) => F.groupNorm(x, 2)],
  ])("%s: float32 agrees with float64, far from 0", (_, shape, f) =>
    both(
      numbers(...shape)
        .add(10)
        .float(),
      f,
    ),
  );

  it("float64 agrees with the formula", () => {
    const x = numbers(4, 3, 3000);
    const mean = x.mean([0, 2], true);
    const expected = x.sub(mean).div(x.sub(mean).square().mean([0, 2], true).add(1e-5).sqrt());
    close(F.batchNorm(x, null, null, { training: true }), expected);
    const rows = numbers(7, 4100);
    close(F.rmsNorm(rows, [4100], { eps: 0.1 }), rows.div(rows.square().mean(1, true).add(0.1).sqrt()));
  });
});

describe("batch norm", () => {
  it("follows mean and unbiased variance, as PyTorch does", () => {
    const [mean, variance] = [torch.zeros(2), torch.ones(2)];
    const x = torch.tensor([
      [1.5, -2],
      [2.5, 4],
      [6.5, 1],
    ]);
    F.batchNorm(x, mean, variance, { training: true, momentum: 0.5 });
    expect(mean.tolist()).toEqual([1.75, 0.5]);
    expect(variance.tolist()).toEqual([4, 5]);
    expect(mean.version).toBe(1);
  });

  it("says what does not fit", () => {
    const x = torch.ones(2, 3);
    expect(() => F.batchNorm(x, null, null)).toThrow("batchNorm: expected runningMean and runningVar");
    expect(() => F.batchNorm(x, torch.ones(2), torch.ones(3))).toThrow("runningMean of shape [3], got [2]");
    expect(() => F.batchNorm(torch.ones(1, 3), null, null, { training: true })).toThrow(
      "more than 1 value per channel",
    );
    expect(() => F.batchNorm(torch.ones([2, 3], { dtype: torch.int64 }), null, null, { training: true })).toThrow(
      torch.DTypeError,
    );
    expect(() => F.groupNorm(x, 2)).toThrow("groupNorm: expected a number of channels that numGroups divides");
    expect(() => F.layerNorm(x, [2])).toThrow(
      "layerNorm: expected an input of shape [*, 2] for normalizedShape, got [2, 3]",
    );
  });

  it("names its nodes as PyTorch", () => {
    const x = leaf(2, 4, 3);
    expect(F.batchNorm(x, null, null, { training: true }).gradFn?.name()).toBe("NativeBatchNormBackward0");
    expect(F.layerNorm(x, [3]).gradFn?.name()).toBe("NativeLayerNormBackward0");
    expect(F.groupNorm(x, 2).gradFn?.name()).toBe("NativeGroupNormBackward0");
    expect(F.mseLoss(x, numbers(2, 4, 3)).gradFn?.name()).toBe("MseLossBackward0");
  });
});
