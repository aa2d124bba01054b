/** @file Tensors by strides, shared data, and functions of JavaScript over elements. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";

describe("emptyStrided", () => {
  it("lies as it is told to", () => {
    const x = torch.emptyStrided([2, 3], [1, 2], { dtype: torch.float64 });
    expect([x.shape, x.stride(), x.dtype, x.storageOffset()]).toEqual([[2, 3], [1, 2], torch.float64, 0]);
    expect(x.fill_(2).sum().item()).toBe(12);
    const shared = torch.emptyStrided([3, 2], [0, 1]);
    shared.at(0).copy_(torch.tensor([1.5, 2.5]));
    expect(shared.at(2).tolist()).toEqual([1.5, 2.5]);
    expect(torch.emptyStrided([0, 3], [7, 1]).numel()).toBe(0);
    expect(torch.emptyStrided([], []).ndim).toBe(0);
    expect(torch.zeros(1, { dtype: torch.int8 }).newEmptyStrided([2], [3]).dtype).toBe(torch.int8);
  });

  it("refuses what makes no layout", () => {
    expect(() => torch.emptyStrided([2, 3], [1])).toThrow(
      "emptyStrided: expected as many strides as sizes, got [2, 3] and [1]",
    );
    expect(() => torch.emptyStrided([2], [-1])).toThrow(torch.ValueError);
    expect(() => torch.emptyStrided([-2], [1])).toThrow(torch.TorchError);
  });
});

it("asStrided_ changes the tensor itself, and its gradient finds back", () => {
  const x = torch.arange(6);
  expect(x.asStrided_([2, 2], [3, 1], 1)).toBe(x);
  expect(x.tolist()).toEqual([
    [1, 2],
    [4, 5],
  ]);
  expect(() => x.asStrided_([9], [1])).toThrow("asStrided_: expected elements within the storage of 6");
  const leaf = torch.arange(4, { dtype: torch.float32, requiresGrad: true });
  leaf.mul(2).asStrided_([3, 2], [1, 1]).sum().backward();
  expect(leaf.grad?.tolist()).toEqual([2, 4, 4, 2]);
});

describe("asarray", () => {
  it("shares what it can", () => {
    const data = new Float64Array([1, 2]);
    torch.asarray(data).mul_(3);
    expect([...data]).toEqual([3, 6]);
    torch.asarray(data, { copy: true }).zero_();
    expect([...data]).toEqual([3, 6]);
    const x = torch.ones(2, { requiresGrad: true });
    const y = torch.asarray(x);
    expect([y.requiresGrad, y.storage === x.storage]).toEqual([false, true]);
    expect(torch.asarray(x, { copy: true }).storage === x.storage).toBe(false);
    expect(torch.asarray(new Float32Array([1, 2]).buffer).tolist()).toEqual([1, 2]);
    expect(torch.asarray([1, 2], { dtype: torch.float32, requiresGrad: true }).requiresGrad).toBe(true);
  });

  it("refuses copies where none is wanted", () => {
    expect(() => torch.asarray([1, 2], { copy: false })).toThrow(torch.ValueError);
    expect(() => torch.asarray(new Float32Array(2), { copy: false, dtype: torch.float64 })).toThrow(torch.ValueError);
    expect(torch.asarray(new Float32Array(2), { copy: false }).shape).toEqual([2]);
  });
});

describe("apply_, map_, map2_", () => {
  /** What PyTorch 1.13 gives. */
  it("as PyTorch", () => {
    const a = () =>
      torch
        .tensor([
          [1, 2],
          [3, 4],
        ])
        .float();
    const times = (x: unknown, y: unknown) => Number(x) * Number(y);
    expect(a().apply_((x) => 2 * Number(x)).tolist()).toEqual([[2, 4], [6, 8]]); // biome-ignore format: a matrix
    expect(a().t().apply_((x) => 2 * Number(x)).tolist()).toEqual([[2, 6], [4, 8]]); // biome-ignore format: a matrix
    expect(a().map_(torch.tensor([1, 2]).float(), times).tolist()).toEqual([[1, 4], [3, 8]]); // biome-ignore format: a matrix
    const three = (x: unknown, y: unknown, z: unknown) => times(x, y) + Number(z);
    const got = a().map2_(torch.tensor([1, 2]).float(), torch.tensor(3).float(), three);
    expect(got.tolist()).toEqual([[4, 7], [6, 11]]); // biome-ignore format: a matrix
    expect(
      torch
        .tensor([1, 2])
        .apply_((x) => Number(x) * 1.5)
        .tolist(),
    ).toEqual([1, 3]);
    expect(
      torch
        .tensor([true, false])
        .apply_((x) => !x)
        .tolist(),
    ).toEqual([false, true]);
    const z = torch.tensor([{ re: 1, im: 2 }]).apply_((x) => ({ re: 0, im: (x as { im: number }).im * 2 }));
    expect(z.tolist()).toEqual([{ re: 0, im: 4 }]);
    expect(
      torch
        .tensor([2 ** 52])
        .apply_((x) => (x as bigint) * 3n + 1n)
        .itemBigInt(),
    ).toBe(3n * 2n ** 52n + 1n);
  });

  it("counts as one change", () => {
    const x = torch.ones(3);
    const before = x.version;
    x.apply_((v) => v);
    expect(x.version).toBe(before + 1);
  });

  it("refuses what has a gradient, another dtype or shape, and what is no number", () => {
    const x = torch.ones(2);
    expect(() => torch.ones(2, { requiresGrad: true }).apply_((v) => v)).toThrow(torch.AutogradError);
    expect(() => x.map_(torch.ones(2, { requiresGrad: true }), (v) => v)).toThrow(torch.AutogradError);
    expect(() => x.map_(torch.ones(2).double(), (v) => v)).toThrow("map_: expected tensors of one dtype");
    expect(() => x.map_(torch.ones(3, 2), (v) => v)).toThrow(
      "map_: expected a tensor that broadcasts to [2], got [3, 2]",
    );
    expect(() => x.apply_(() => "x" as unknown as number)).toThrow("apply_: expected a number from callable, got");
    expect(() => x.apply_(3 as unknown as () => number)).toThrow("apply_: expected a function as callable, got 3");
  });
});

it("isInference", () => {
  expect(torch.isInference(torch.ones(1))).toBe(false);
  expect(torch.isInference(torch.inferenceMode(() => torch.ones(1)))).toBe(true);
});
