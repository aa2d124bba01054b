/** Custom functions, and the checks against finite differences. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

type Context = torch.autograd.FunctionContext;
const leaf = (data: number | number[]) => torch.tensor(data, { dtype: torch.float64, requiresGrad: true });

class Cube extends torch.autograd.Function {
  static forward(ctx: Context, x: torch.Tensor, factor: number) {
    ctx.saveForBackward(x);
    ctx["factor"] = factor;
    return x.pow(3).mul(factor);
  }
  static backward(ctx: Context, grad: torch.Tensor) {
    const [x] = ctx.savedTensors;
    return [grad.mul(x!.pow(2).mul(3 * ctx["factor"])), null];
  }
}

test("a custom function is one node, differentiable again", () => {
  const x = leaf([1, 2]);
  const y = Cube.apply(x, 2);
  expect(y.gradFn?.name()).toBe("CubeBackward");
  const [g] = torch.autograd.grad(y.sum(), x, { createGraph: true });
  expect(g?.tolist()).toEqual([6, 24]);
  const [gg] = torch.autograd.grad(g!.sum(), x);
  expect(gg?.tolist()).toEqual([12, 24]);
  expect(torch.autograd.gradcheck((t) => Cube.apply(t, 2), [x])).toBe(true);
  expect(torch.autograd.gradgradcheck((t) => Cube.apply(t, 2), [x])).toBe(true);
});

test("gradcheck finds a wrong gradient and says where", () => {
  class Wrong extends torch.autograd.Function {
    static forward(_: Context, x: torch.Tensor) {
      return x.exp();
    }
    static backward(_: Context, grad: torch.Tensor) {
      return grad;
    }
  }
  const x = leaf([0, 1]);
  expect(() => torch.autograd.gradcheck((t) => Wrong.apply(t), [x])).toThrow(/input element 1 and output element 1/);
  expect(torch.autograd.gradcheck((t) => Wrong.apply(t), [x], { raiseException: false })).toBe(false);
});

test("several results, one of them without a gradient", () => {
  class Split extends torch.autograd.Function {
    static forward(ctx: Context, x: torch.Tensor): [torch.Tensor, torch.Tensor] {
      const sign = x.sign();
      ctx.markNonDifferentiable(sign);
      return [x.abs(), sign];
    }
    static backward(_: Context, g: torch.Tensor) {
      return g.mul(2);
    }
  }
  const x = leaf([-1, 2]);
  const [a, s] = Split.apply(x);
  expect(s.requiresGrad).toBe(false);
  a.sum().backward();
  expect(x.grad?.tolist()).toEqual([2, 2]);
});

test("a wrong number of gradients is an error", () => {
  class Two extends torch.autograd.Function {
    static forward(_: Context, x: torch.Tensor, y: torch.Tensor) {
      return x.add(y);
    }
    static backward(_: Context, g: torch.Tensor) {
      return g;
    }
  }
  const x = leaf([1]);
  expect(() => Two.apply(x, x).sum().backward()).toThrow(/expected 2 gradients/);
});

test("gradcheck and gradgradcheck over library ops", () => {
  const x = leaf([0.3, -0.7, 1.1]);
  for (const f of [
    (t: torch.Tensor) => t.tanh(),
    (t: torch.Tensor) => t.exp().sum(),
    (t: torch.Tensor) => t.mul(t).mean(),
  ]) {
    expect(torch.autograd.gradcheck(f, [x])).toBe(true);
    expect(torch.autograd.gradgradcheck(f, [x])).toBe(true);
  }
  const w = torch.tensor(
    [
      [0.5, -1],
      [2, 0.25],
    ],
    { dtype: torch.float64, requiresGrad: true },
  );
  expect(torch.autograd.gradcheck((a) => a.matmul(a.t()), [w])).toBe(true);
  expect(torch.autograd.gradgradcheck((a) => a.matmul(a.t()), [w])).toBe(true);
  expect(torch.autograd.gradcheck((a) => a.softmax(1), [w])).toBe(true);
  expect(torch.autograd.gradgradcheck((a) => a.logSoftmax(1), [w])).toBe(true);
  expect(torch.autograd.gradgradcheck((a) => a.std(0), [w])).toBe(true);
});

describe("what forward returns", () => {
  class Same extends torch.autograd.Function {
    static forward(_: Context, x: torch.Tensor) {
      return x;
    }
    static backward(_: Context, g: torch.Tensor) {
      return g.mul(3);
    }
  }
  class Flat extends torch.autograd.Function {
    static forward(ctx: Context, x: torch.Tensor) {
      ctx["shape"] = x.shape;
      return x.view(-1);
    }
    static backward(ctx: Context, g: torch.Tensor) {
      return g.reshape(ctx["shape"]);
    }
  }
  class Twice extends torch.autograd.Function {
    static forward(ctx: Context, x: torch.Tensor) {
      ctx.markDirty(x);
      return x.mul_(2);
    }
    static backward(_: Context, g: torch.Tensor) {
      return g.mul(2);
    }
  }

  test("an input, or a view of it, is a view that must not be changed in place", () => {
    const x = leaf([1, 2]);
    for (const y of [Same.apply(x), Flat.apply(x)]) {
      expect([y.isView, y.isLeaf]).toEqual([true, false]);
      expect(() => y.mul_(2)).toThrow(/custom Function/);
    }
    Same.apply(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([3, 3]);
    expect(torch.noGrad(() => Same.apply(x)).requiresGrad).toBe(false);
  });

  test("an input that forward changed is itself, with the new history; a view writes into its base", () => {
    const x = leaf([1, 2]);
    const h = x.mul(1);
    expect(Twice.apply(h)).toBe(h);
    expect(h.gradFn?.name()).toBe("TwiceBackward");
    const base = x.mul(1);
    Twice.apply(base.narrow(0, 0, 1));
    expect(base.gradFn?.name()).toBe("CopySlices");
    base.sum().add(h.sum()).backward();
    expect(x.grad?.tolist()).toEqual([4, 3]);
    expect(() => Twice.apply(leaf([1]))).toThrow(/leaf/);
  });
});

test("backward gets zeros where nothing flowed, even if nothing flowed at all", () => {
  const seen: (number[] | null)[] = [];
  class Nothing extends torch.autograd.Function {
    static forward(_: Context, x: torch.Tensor) {
      return x.mul(1);
    }
    static backward() {
      return null;
    }
  }
  class Pair extends torch.autograd.Function {
    static forward(_: Context, x: torch.Tensor): [torch.Tensor, torch.Tensor] {
      return [x.mul(1), x.mul(2)];
    }
    static backward(_: Context, a: torch.Tensor, b: torch.Tensor) {
      seen.push(a.tolist(), b.tolist());
      return a.add(b);
    }
  }
  const x = leaf([1, 2]);
  Nothing.apply(Pair.apply(x)[1]).sum().backward();
  expect(seen).toEqual([
    [0, 0],
    [0, 0],
  ]);
});
