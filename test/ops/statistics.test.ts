/** @file Statistics: options, refusals and edges that the operator database does not show. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const { tensor } = torch;
const NaN_ = Number.NaN;
const floats = { dtype: torch.float32 };

describe("median", () => {
  test("NaN wins, and says where it is", () => {
    const [value, index] = tensor([3, NaN_, 1, NaN_]).median(0);
    expect([value.item(), index.item()]).toEqual([NaN_, 1]);
    expect(tensor([3, NaN_, 1]).median().item()).toBeNaN();
    expect(tensor([NaN_, 3, 1, 2, NaN_]).nanmedian().item()).toBe(2);
    expect(tensor([NaN_, NaN_]).nanmedian(0).indices.item()).toBe(0);
  });
  test("of nothing", () => {
    expect(torch.zeros(0).median().item()).toBeNaN();
    expect(() => torch.zeros(2, 0).median(1)).toThrow("median: expected at least one element along dim 1");
  });
  test("the first of equal ones in the middle; the whole shares its gradient", () => {
    expect(tensor([5, 3, 0, 3, 0]).median(0).indices.item()).toBe(1);
    const x = tensor([2, 1, 2, 7], { ...floats, requiresGrad: true });
    x.median().backward();
    expect(x.grad?.tolist()).toEqual([0.5, 0, 0.5, 0]);
    const y = tensor([NaN_, 1, NaN_], { requiresGrad: true });
    y.max().backward();
    expect(y.grad?.tolist()).toEqual([0.5, 0, 0.5]);
  });
  test.each([torch.bool, torch.complex64])("refuses %s", (dtype) => {
    expect(() => torch.zeros(2, { dtype }).median()).toThrow(torch.DTypeError);
    expect(() => torch.zeros(2, { dtype }).topk(1)).toThrow(torch.DTypeError);
  });
});

test("sort keeps the order of equal elements if asked; topk and sort without it follow PyTorch", () => {
  const x = torch.arange(40).remainder(3);
  const stable = x.sort({ stable: true }).indices.tolist();
  expect(stable).toEqual([0, 1, 2].flatMap((r) => [...new Array(40).keys()].filter((i) => i % 3 === r)));
  // Of PyTorch 1.13.1.
  expect(tensor([1, 1, 1, 1, 1]).topk(3).indices.tolist()).toEqual([2, 4, 3]);
});

describe("quantile", () => {
  const x = tensor(
    [
      [3, 1, 2],
      [NaN_, 5, 4],
    ],
    floats,
  );
  test("interpolations", () => {
    const at = (interpolation: "lower" | "higher" | "nearest" | "midpoint" | "linear") =>
      tensor([0, 1, 2, 4], floats).quantile(0.6, { interpolation }).item();
    expect([at("lower"), at("higher"), at("nearest"), at("midpoint")]).toEqual([1, 2, 2, 1.5]);
    expect(at("linear")).toBeCloseTo(1.8);
  });
  test("NaN, and q as a vector with dim kept", () => {
    expect(x.quantile(0.5, 1).tolist()).toEqual([2, NaN_]);
    expect(x.nanquantile(0.5, 1).tolist()).toEqual([2, 4.5]);
    expect(x.quantile(tensor([0, 1], floats), { dim: 1, keepdim: true }).shape).toEqual([2, 2, 1]);
  });
  test("the gradient of q is the slope between neighbours", () => {
    const q = tensor(0.6, { requiresGrad: true });
    tensor([0, 1, 2, 4], floats).quantile(q).backward();
    expect(q.grad?.item()).toBeCloseTo(3);
  });
  test("refusals", () => {
    expect(() => x.quantile(1.5)).toThrow("quantile: expected q in the range [0, 1], got 1.5");
    expect(() => x.quantile(tensor([0.5], { dtype: torch.float64 }))).toThrow(torch.DTypeError);
    expect(() => torch.zeros(0).quantile(0.5)).toThrow(torch.ShapeError);
    expect(() => torch.arange(3).quantile(0.5)).toThrow(torch.DTypeError);
    expect(() => x.quantile(0.5, { interpolation: "cubic" as "linear" })).toThrow("expected linear, lower, higher");
  });
});

describe("counting", () => {
  test("bincount", () => {
    expect(torch.bincount(tensor([1, 2]), tensor([1, 2])).dtype).toBe(torch.float64);
    expect(torch.bincount(torch.zeros(0, { dtype: torch.int64 }), { minlength: 3 }).tolist()).toEqual([0, 0, 0]);
    expect(() => torch.bincount(tensor([1, -2]))).toThrow("bincount: expected integers of at least 0, got -2");
    expect(() => torch.bincount(tensor([[1, 2]]))).toThrow(torch.ShapeError);
    expect(() => torch.bincount(tensor([1.5]))).toThrow(torch.DTypeError);
  });
  test("histc leaves out what is outside, NaN too, and needs a finite range", () => {
    expect(torch.histc(tensor([1, 2, NaN_, 9], floats), 3, 0, 3).tolist()).toEqual([0, 1, 1]);
    expect(torch.histc(tensor([1, 1], floats), 2).tolist()).toEqual([0, 2]);
    expect(torch.histc(torch.zeros(0), 2).tolist()).toEqual([0, 0]);
    expect(() => torch.histc(tensor([1, NaN_]))).toThrow("histc: expected a finite range, got [NaN, NaN]");
    expect(() => torch.histc(tensor([1, 2.5]), { min: 3, max: 1 })).toThrow(torch.ValueError);
  });
  test("histogram and histogramdd", () => {
    const { hist, binEdges } = torch.histogram(tensor([1, 1], floats), 3);
    expect([hist.tolist(), binEdges.tolist().map((e: number) => e.toFixed(3))]).toEqual([
      [0, 2, 0],
      ["0.500", "0.833", "1.167", "1.500"],
    ]);
    expect(() => torch.histogram(tensor([1, 1], floats), 2, { range: [3, 1] })).toThrow(torch.ValueError);
    expect(() => torch.histogram(tensor([1, 1], floats), tensor([0, 1]))).toThrow(torch.DTypeError);
    const [cells, edges] = torch.histogramdd(torch.rand(5, 2), [2, 3]);
    expect([cells.shape, edges.map((e) => e.numel())]).toEqual([
      [2, 3],
      [3, 4],
    ]);
    expect(() => torch.histogramdd(torch.rand(5, 2), [2])).toThrow("expected bins for each of 2 dimensions");
  });
});

describe("unique", () => {
  test("each NaN is one of its own", () => {
    const [values, inverse, counts] = tensor([3, NaN_, 1, NaN_, 3]).unique({ returnInverse: true, returnCounts: true });
    expect(values.tolist()).toEqual([1, 3, NaN_, NaN_]);
    expect([inverse.tolist(), counts.tolist()]).toEqual([
      [1, 2, 0, 3, 1],
      [1, 2, 1, 1],
    ]);
  });
  test("nothing", () => {
    const [values, counts] = torch.zeros(0, 3).unique({ returnCounts: true });
    expect([values.shape, counts.shape]).toEqual([[0], [0]]);
    expect(torch.zeros(0, 3).unique({ dim: 0 }).shape).toEqual([0, 3]);
    expect(() => torch.zeros(0, 3).unique({ dim: 1 })).toThrow(torch.ShapeError);
    expect(() => tensor(3).unique({ dim: 0 })).toThrow(torch.IndexError);
  });
  test("slices, with -0 like 0", () => {
    const rows = tensor(
      [
        [1, 0],
        [0, 2],
        [1, -0],
        [0, 2],
      ],
      floats,
    );
    const [values, inverse, counts] = rows.unique(true, true, true, 0);
    expect(values.tolist()).toEqual([
      [0, 2],
      [1, 0],
    ]);
    expect([inverse.tolist(), counts.tolist()]).toEqual([
      [1, 0, 1, 0],
      [2, 2],
    ]);
  });
  test("isin", () => {
    expect(torch.isin(tensor([1, 2]), 1, { invert: true }).tolist()).toEqual([false, true]);
    expect(torch.isin(1, tensor([1, 2])).item()).toBe(true);
    expect(torch.isin(tensor([NaN_, 1, 2]), tensor([NaN_, 2, NaN_])).tolist()).toEqual([false, false, true]);
    expect(() => torch.isin(1, 2)).toThrow(torch.ValueError);
  });
});

describe("views in place", () => {
  test("change the tensor itself", () => {
    const x = torch.arange(6).reshape(2, 3).clone();
    expect(x.t_()).toBe(x);
    expect(x.tolist()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(x.unsqueeze_(1).shape).toEqual([3, 1, 2]);
    expect(x.squeeze_().swapaxes_(0, 1).shape).toEqual([2, 3]);
  });
  test("are part of the graph", () => {
    const w = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { ...floats, requiresGrad: true },
    );
    const y = w.mul(2);
    y.transpose_(0, 1);
    expect(String(y.gradFn?.name())).toBe("TransposeBackward0");
    y.mul(torch.arange(6).reshape(3, 2)).sum().backward();
    expect(w.grad?.tolist()).toEqual([
      [0, 4, 8],
      [2, 6, 10],
    ]);
    const base = w.detach().clone().requiresGrad_().mul(1);
    const part = base.at(0);
    part.unsqueeze_(0).mul_(2);
    expect(part.shape).toEqual([1, 3]);
    expect(base.at(0).tolist()).toEqual([2, 4, 6]);
    expect(() => w.t_()).toThrow(torch.AutogradError);
  });
});

test("resize_ keeps what fits and refuses tensors in the graph", () => {
  const x = torch.arange(4);
  expect(x.resize_(2, 1).tolist()).toEqual([[0], [1]]);
  expect(x.resize_([8]).narrow(0, 0, 4).tolist()).toEqual([0, 1, 2, 3]);
  expect(torch.zeros(2).resizeAs_(torch.zeros(3, 2)).shape).toEqual([3, 2]);
  expect(() => torch.zeros(2, { requiresGrad: true }).resize_(3)).toThrow(torch.AutogradError);
});

test("masked ops refuse masks that do not broadcast, and count what is masked as nothing", () => {
  const x = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    floats,
  );
  const mask = tensor([
    [true, false],
    [false, false],
  ]);
  expect(torch.masked.mean(x, 1, { mask }).tolist()).toEqual([1, NaN_]);
  expect(torch.masked.amax(x, 1, { mask }).tolist()).toEqual([1, -Infinity]);
  expect(() => torch.masked.sum(x, { mask: tensor([true, false, true]) })).toThrow(
    "masked.sum: expected a mask that broadcasts to [2, 2], got shape [3]",
  );
  expect(() => torch.masked.median(torch.arange(2), 0, { mask: tensor([false, false]) })).toThrow(torch.ValueError);
});

test("gradient, trapezoid and cov refuse what does not go together", () => {
  const y = torch.arange(9).reshape(3, 3);
  expect(() => torch.gradient(y, { spacing: [1] })).toThrow(
    "gradient: expected a number as spacing, or one for each of 2",
  );
  expect(() => torch.gradient(torch.arange(2), { edgeOrder: 2 })).toThrow(torch.ShapeError);
  expect(() => torch.trapezoid(y, torch.arange(2))).toThrow("trapezoid: expected one x for each of 3 points, got 2");
  expect(() => torch.trapezoid(y, torch.arange(3), { dx: 2 })).toThrow("trapezoid: expected x or dx, got both");
  expect(torch.trapezoid(torch.zeros(2, 0)).tolist()).toEqual([0, 0]);
  expect(() => torch.cov(torch.zeros(2, 2, 2))).toThrow(torch.ShapeError);
  expect(torch.logspace(0, 4, 5, 2, { dtype: torch.int64 }).tolist()).toEqual([1, 2, 4, 8, 16]);
  expect(torch.linspace(3, 9, 1).tolist()).toEqual([3]);
});
