/** In-place changes, views and versions, as PyTorch treats them. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const leaf = (data: number | number[] | number[][]) => torch.tensor(data, { dtype: torch.float64, requiresGrad: true });
const plain = (data: number | number[]) => torch.tensor(data, { dtype: torch.float64 });
const { AutogradError } = torch;
const forget = (t: torch.Tensor) => {
  t.grad = null;
};

describe("versions", () => {
  test("an in-place change of a saved tensor is an error at backward", () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const z = y.mul(y).sum();
    y.add_(1);
    expect(() => z.backward()).toThrow(/modified by an inplace operation.*is at version 1; expected version 0/);
  });

  test("a change of what was not saved is fine", () => {
    const x = leaf([1, 2]);
    const y = x.add(1);
    const z = y.mul(2);
    y.add_(1);
    z.sum().backward();
    expect(x.grad?.tolist()).toEqual([2, 2]);
  });

  test("relu saves its result, so that its input may change", () => {
    const x = leaf([-1, 2]);
    const h = x.mul(1);
    const y = h.relu();
    h.zero_();
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([0, 1]);
  });

  test("detach shares the version counter, data has its own", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.exp();
    torch.noGrad(() => z.detach().add_(1));
    expect(() => z.sum().backward()).toThrow(AutogradError);
    const w = y.exp();
    w.data.add_(1);
    w.sum().backward();
    expect(x.grad).not.toBeNull();
  });

  test("in-place multiplication keeps the old value for the other's gradient", () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const h = x.mul(1);
    h.mul_(w);
    h.sum().backward();
    expect(w.grad?.tolist()).toEqual([1, 2]);
    expect(x.grad?.tolist()).toEqual([3, 4]);
  });
});

describe("leaves", () => {
  test("a leaf that requires grad cannot be changed, nor a view of it", () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(/leaf Variable that requires grad/);
    expect(() => x.view(1, 2).add_(1)).toThrow(/view of a leaf/);
    torch.noGrad(() => x.add_(1));
    expect(x.tolist()).toEqual([2, 3]);
    expect(x.requiresGrad).toBe(true);
  });
});

describe("views", () => {
  test("writing into a view gives the base a history", () => {
    const x = leaf([1, 2, 3]);
    const base = torch.zeros([2, 3], { dtype: torch.float64 });
    const row = base.select(0, 1);
    row.copy_(x.mul(2));
    expect(base.requiresGrad).toBe(true);
    expect(base.gradFn?.name()).toBe("CopySlices");
    base
      .mul(plain([1, 10, 100]))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([2, 20, 200]);
  });

  test("other views see the change", () => {
    const x = leaf([5]);
    const base = torch.zeros([3], { dtype: torch.float64 });
    const [a, b] = [base.narrow(0, 0, 2), base.narrow(0, 1, 2)];
    a.copy_(x.mul(3));
    expect(b.requiresGrad).toBe(true);
    b.sum().backward();
    expect(x.grad?.tolist()).toEqual([3]);
  });

  test("the overwritten part of the base passes no gradient", () => {
    const x = leaf([1, 2, 3]);
    const h = x.mul(1);
    h.narrow(0, 0, 1).zero_();
    h.sum().backward();
    expect(x.grad?.tolist()).toEqual([0, 1, 1]);
  });

  test("chains of views and in-place arithmetic", () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const h = x.mul(1);
    h.t().select(0, 1).mul_(10);
    h.mul(h).sum().backward();
    expect(h.tolist()).toEqual([
      [1, 20],
      [3, 40],
    ]);
    expect(x.grad?.tolist()).toEqual([
      [2, 400],
      [6, 800],
    ]);
  });

  test("one of several results cannot be changed in place", () => {
    const h = leaf([
      [1, 2],
      [3, 4],
    ]).mul(1);
    const [first] = h.unbind(0);
    expect(() => first?.mul_(2)).toThrow(/several results/);
  });

  test("a view made in noGrad cannot be changed outside when that is recorded", () => {
    const h = leaf([1, 2]).mul(1);
    const v = torch.noGrad(() => h.view(2, 1));
    expect(() => v.mul_(leaf([[1], [1]]))).toThrow(/noGrad/);
  });

  test("an expanded tensor cannot be written", () => {
    const e = torch.zeros([1, 3]).expand(2, 3);
    expect(() => e.add_(1)).toThrow(torch.ShapeError);
  });
});

test("second derivatives through in-place writes", () => {
  const x = leaf([1, 2]);
  const base = torch.zeros([3], { dtype: torch.float64 });
  base.narrow(0, 1, 2).copy_(x.mul(x));
  const [g] = torch.autograd.grad(base.mul(base).sum(), x, { createGraph: true });
  expect(g?.tolist()).toEqual([4, 32]);
  const [gg] = torch.autograd.grad(g!.sum(), x);
  expect(gg?.tolist()).toEqual([12, 48]);
});

describe("views of what was written since", () => {
  test("chains of in-place operations on views of views, with others alive", () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const h = x.mul(1);
    const [flat, row, column] = [h.view(-1), h.select(0, 1), h.t().select(0, 2)];
    h.t().narrow(0, 1, 2).select(0, 0).mul_(10);
    column.add_(1);
    expect([flat, row, column].map((v) => v.gradFn?.name())).toEqual([
      "AsStridedBackward0",
      "AsStridedBackward0",
      "AsStridedBackward0",
    ]);
    expect(h.gradFn?.name()).toBe("CopySlices");
    expect(flat.tolist()).toEqual([1, 20, 4, 4, 50, 7]);
    flat.mul(flat).sum().add(row.sum()).add(column.mul(2).sum()).backward();
    expect(x.grad?.tolist()).toEqual([
      [2, 400, 10],
      [9, 1010, 17],
    ]);
  });

  test("chains on a flat view", () => {
    const x = leaf([[1, 2]]);
    const h = x.mul(0);
    h.view(-1).mul_(3).add_(1).exp_();
    h.sum().backward();
    expect(h.tolist()).toEqual([[Math.E, Math.E]]);
    expect(x.grad?.tolist()).toEqual([[0, 0]]);
    const twice = x.mul(0);
    twice.view(-1).exp_().exp_(); // the first result is needed, and was overwritten
    expect(() => twice.sum().backward()).toThrow(/modified by an inplace operation/);
  });

  test("a base whose memory begins elsewhere, and one that is transposed", () => {
    const x = leaf([1, 2]);
    const inner = torch.zeros([4, 2], { dtype: torch.float64 }).narrow(0, 2, 2).detach();
    inner.select(0, 1).copy_(x);
    inner.mul(inner).sum().backward();
    expect(x.grad?.tolist()).toEqual([2, 4]);
    const w = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const t = w.t().mul(1);
    t.select(0, 0).mul_(5);
    t.mul(t).sum().backward();
    expect(w.grad?.tolist()).toEqual([
      [50, 4, 6],
      [200, 10, 12],
    ]);
  });

  test("a view of a plain base follows when that gets a history", () => {
    const x = leaf([2]);
    const base = torch.zeros([2], { dtype: torch.float64 });
    const v = base.narrow(0, 0, 1);
    v.copy_(x);
    v.mul_(3);
    expect([v.requiresGrad, v.isLeaf]).toEqual([true, false]);
    v.sum().backward();
    expect(x.grad?.tolist()).toEqual([3]);
  });

  test("one of several views, and a view made in noGrad, do not know their gradient any more", () => {
    const h = leaf([
      [1, 2],
      [3, 4],
    ]).mul(1);
    const [row] = h.unbind(0) as [torch.Tensor];
    const quiet = torch.noGrad(() => h.view(-1));
    expect([quiet.requiresGrad, quiet.gradFn]).toEqual([true, null]);
    h.mul_(2);
    expect(() => row.gradFn).toThrow(/one of several results.*modified in place since/);
    expect(() => row.sum()).toThrow(AutogradError);
    expect(() => quiet.gradFn).toThrow(/made in noGrad/);
    expect(String(quiet)).toMatch(/grad_fn=<Invalid>/);
  });

  test("a view of a dtype of its own follows its base too", () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const base = torch.viewAsComplex(x.mul(1));
    const imag = torch.viewAsReal(base).select(1, 1);
    imag.mul_(10);
    expect(torch.viewAsReal(base).tolist()).toEqual([
      [1, 20],
      [3, 40],
    ]);
    const real = torch.viewAsReal(base);
    real.mul(real).sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [2, 400],
      [6, 800],
    ]);
  });
});

describe("x.data = y", () => {
  test("keeps the version, and what was saved of a result", () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const expected = y.tolist();
    const other = plain([7, 7]).add_(1).add_(1);
    y.data = other;
    expect([y.version, y.tolist()]).toEqual([0, [9, 9]]);
    other.add_(1);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual(expected);
  });

  test("of a leaf gives gradients of the new kind", () => {
    const x = leaf([1, 2]);
    x.sum().backward();
    x.data = plain([1, 2, 3]);
    forget(x);
    x.mul(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([2, 4, 6]);
    expect(() => {
      x.data = torch.tensor([1, 2]);
    }).toThrow(torch.DTypeError);
  });
});

test("an operand that overlaps what is written is read as it was", () => {
  const h = leaf([1, 2, 3]).mul(1);
  const shifted = h.narrow(0, 0, 2);
  h.narrow(0, 1, 2).add_(shifted);
  expect(h.tolist()).toEqual([1, 3, 5]);
  const m = torch.tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(m.add_(m.t()).tolist()).toEqual([
    [2, 5],
    [5, 8],
  ]);
});

test("an operand that is the tensor itself was changed, says backward", () => {
  const h = leaf([1, 2]).mul(1);
  h.mul_(h);
  expect(h.tolist()).toEqual([1, 4]);
  expect(() => h.sum().backward()).toThrow(/modified by an inplace operation/);
});

test("copy_ of a tensor to itself counts as a change", () => {
  const x = leaf([1, 2]);
  const h = x.mul(1);
  h.copy_(h);
  expect([h.version, h.gradFn?.name()]).toEqual([1, "CopyBackwards"]);
  h.sum().backward();
  expect(x.grad?.tolist()).toEqual([1, 1]);
});

test("whole numbers that take values of a graph do not join it", () => {
  const counts = torch.tensor([1, 2]);
  counts.copy_(leaf([3.7, 4.2]));
  expect([counts.tolist(), counts.requiresGrad]).toEqual([[3, 4], false]);
});
