/** In-place changes, views and versions, as PyTorch treats them. */
import { describe, expect, test } from "vitest";
import * as torch from "typetorch";

const leaf = (data: number | number[] | number[][]) => torch.tensor(data, { dtype: torch.float64, requiresGrad: true });
const plain = (data: number | number[]) => torch.tensor(data, { dtype: torch.float64 });
const { AutogradError } = torch;

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
    base.mul(plain([1, 10, 100])).sum().backward();
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
    const x = leaf([[1, 2], [3, 4]]);
    const h = x.mul(1);
    h.t().select(0, 1).mul_(10);
    h.mul(h).sum().backward();
    expect(h.tolist()).toEqual([[1, 20], [3, 40]]);
    expect(x.grad?.tolist()).toEqual([[2, 400], [6, 800]]);
  });

  test("one of several results cannot be changed in place", () => {
    const h = leaf([[1, 2], [3, 4]]).mul(1);
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
