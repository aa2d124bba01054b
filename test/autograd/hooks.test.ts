/** Hooks of tensors and nodes, and what user code may do while backward runs. Numbers and rules are PyTorch 2's. */

import * as torch from "typetorch";
import { expect, test } from "vitest";

const leaf = (data: number | number[]) => torch.tensor(data, { dtype: torch.float64, requiresGrad: true });
const forget = (t: torch.Tensor) => {
  t.grad = null;
};

test("a hook registered twice runs twice", () => {
  const x = leaf([1, 2]);
  const double = (g: torch.Tensor) => g.mul(2);
  const first = x.registerHook(double);
  x.registerHook(double);
  x.sum().backward();
  expect(x.grad?.tolist()).toEqual([4, 4]);
  first.remove();
  forget(x);
  x.sum().backward();
  expect(x.grad?.tolist()).toEqual([2, 2]);
});

test("hooks removed during backward still run this once", () => {
  const x = leaf([1]);
  const seen: string[] = [];
  const handles = ["a", "b"].map((name) =>
    x.registerHook(() => {
      seen.push(name);
      for (const handle of handles) handle.remove();
    }),
  );
  x.mul(1).backward();
  x.mul(1).backward();
  expect(seen).toEqual(["a", "b"]);
});

test("what a hook returns must be a gradient of the same kind", () => {
  const x = leaf([1, 2]);
  for (const [hook, message] of [
    [(g: torch.Tensor) => g.sum(), /shape \[2\] from the hook/],
    [(g: torch.Tensor) => g.to(torch.float32), /torch\.float64 from the hook, got torch\.float32/],
    [() => 3 as unknown as torch.Tensor, /Tensor or nothing from the hook, got 3/],
  ] as const) {
    const handle = x.registerHook(hook);
    expect(() => x.sum().backward()).toThrow(message);
    handle.remove();
  }
  expect(x.grad).toBeNull();
});

test("a hook that throws leaves everything usable", () => {
  const x = leaf([3]);
  const h = x.mul(x);
  const handle = h.registerHook(() => {
    throw new RangeError("mine");
  });
  expect(() => h.backward({ retainGraph: true })).toThrow(RangeError);
  expect(torch.isGradEnabled()).toBe(true);
  expect(x.grad).toBeNull();
  handle.remove();
  h.backward();
  expect(x.grad?.tolist()).toEqual([6]);
});

test("hooks belong to the value that the tensor had, a retained gradient to the newest", () => {
  const x = leaf([1, 2]);
  const h = x.mul(1);
  const seen: number[][] = [];
  h.registerHook((g) => void seen.push(g.tolist()));
  h.retainGrad();
  h.mul_(3);
  h.registerHook((g) => void seen.push(g.tolist()));
  h.sum().backward();
  expect(seen).toEqual([
    [1, 1],
    [3, 3],
  ]);
  expect(h.grad?.tolist()).toEqual([1, 1]);
});

test("a retained gradient accumulates", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  h.retainGrad();
  h.sum().backward();
  h.sum().backward();
  expect(h.grad?.tolist()).toEqual([2, 2]);
  expect(h.retainsGrad).toBe(true);
});

test("grad runs the hooks of its inputs, but no node whose gradient nobody wants", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  let ran = 0;
  h.registerHook((g) => g.mul(10));
  h.gradFn?.registerHook(() => void ran++);
  h.gradFn?.registerPrehook(() => void ran++);
  const [g] = torch.autograd.grad(h.sum(), h);
  expect(g?.tolist()).toEqual([10, 10]);
  expect(ran).toBe(0);
});

test("hooks of nodes replace gradients before and after", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  h.gradFn?.registerPrehook((grads) => grads.map((g) => g?.mul(2) ?? null));
  const handle = h.gradFn?.registerHook(([g]) => [g?.add(1) ?? null]);
  h.sum().backward({ retainGraph: true });
  expect(x.grad?.tolist()).toEqual([7, 7]);
  handle?.remove();
  h.gradFn?.registerHook(() => []);
  expect(() => h.sum().backward()).toThrow(/expected 1 gradients/);
});

test("backward inside a hook, and inside a custom function", () => {
  const [x, w] = [leaf([1, 2]), leaf([5])];
  const h = x.mul(2);
  h.registerHook(() => torch.enableGrad(() => w.mul(w).backward()));
  h.sum().backward();
  expect([x.grad?.tolist(), w.grad?.tolist()]).toEqual([[2, 2], [10]]);

  class Inner extends torch.autograd.Function {
    static forward(ctx: torch.autograd.FunctionContext, t: torch.Tensor) {
      ctx.saveForBackward(t);
      return t.mul(t);
    }
    static backward(ctx: torch.autograd.FunctionContext, g: torch.Tensor) {
      const t = ctx.savedTensors[0]?.detach().requiresGrad_() as torch.Tensor;
      torch.enableGrad(() => t.mul(t).sum().backward());
      return g.mul(t.grad as torch.Tensor);
    }
  }
  forget(x);
  Inner.apply(x).sum().backward();
  expect(x.grad?.tolist()).toEqual([2, 4]);
});

test("the same graph may be run inside its own backward", () => {
  const x = leaf([2]);
  const h = x.mul(x);
  const y = h.mul(h);
  let depth = 0;
  h.registerHook(() => {
    if (depth++ < 2) y.backward({ retainGraph: true });
  });
  y.backward({ retainGraph: true });
  expect(x.grad?.tolist()).toEqual([96]);
});
