/** The backward engine: accumulation, freeing, higher orders, depth, hooks. Numbers are PyTorch's. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const leaf = (data: number | number[] | number[][]) => torch.tensor(data, { dtype: torch.float64, requiresGrad: true });
const { AutogradError, ShapeError, DTypeError } = torch;
const forget = (t: torch.Tensor) => {
  t.grad = null;
};

test("gradients of a product accumulate into both leaves", () => {
  const a = leaf([2, 3]);
  const b = leaf([6, 4]);
  const q = a.pow(3).mul(3).sub(b.mul(b));
  q.backward(torch.tensor([1, 1], { dtype: torch.float64 }));
  expect(a.grad?.tolist()).toEqual([36, 81]);
  expect(b.grad?.tolist()).toEqual([-12, -8]);
  b.mul(2).sum().backward();
  expect(b.grad?.tolist()).toEqual([-10, -6]);
});

test("a tensor used twice gets the sum", () => {
  const x = leaf([1, 2]);
  x.add(x).sum().backward();
  expect(x.grad?.tolist()).toEqual([2, 2]);
});

test("two leaves that get one gradient do not share its memory", () => {
  const [x, y] = [leaf([1, 2]), leaf([3, 4])];
  x.add(y).sum().backward();
  torch.noGrad(() => x.grad?.zero_());
  expect(y.grad?.tolist()).toEqual([1, 1]);
});

test("the caller's gradient is not taken over", () => {
  const x = leaf([1, 2]);
  const seed = torch.ones([2], { dtype: torch.float64 });
  x.mul(1).add(0).backward(seed);
  x.grad?.mul_(5);
  expect(seed.tolist()).toEqual([1, 1]);
});

test("broadcasting is summed back", () => {
  const x = leaf([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const b = leaf([1, 1, 1]);
  x.mul(b).sum().backward();
  expect(b.grad?.tolist()).toEqual([5, 7, 9]);
});

test("backward twice is an error unless the graph is retained", () => {
  const x = leaf([1, 2]);
  const y = x.exp().sum();
  y.backward({ retainGraph: true });
  y.backward();
  expect(() => y.backward()).toThrow(AutogradError);
  expect(() => y.backward()).toThrow(/second time/);
});

test("ops that save nothing may be run again", () => {
  const x = leaf([1, 2]);
  const y = x.add(1).sum();
  y.backward();
  y.backward();
  expect(x.grad?.tolist()).toEqual([2, 2]);
});

test("createGraph gives second and third derivatives", () => {
  const x = leaf(3);
  const y = x.pow(4);
  const [d1] = torch.autograd.grad(y, x, { createGraph: true });
  const [d2] = torch.autograd.grad(d1!, x, { createGraph: true });
  const [d3] = torch.autograd.grad(d2!, x);
  expect([d1!.item(), d2!.item(), d3!.item()]).toEqual([108, 108, 72]);
});

test("grad leaves .grad alone, and says which input was unused", () => {
  const [x, z] = [leaf([1]), leaf([2])];
  const y = x.mul(2);
  expect(() => torch.autograd.grad(y, [x, z], { retainGraph: true })).toThrow(/unused|not have been used/);
  const [gx, gz] = torch.autograd.grad(y, [x, z], { allowUnused: true, retainGraph: true });
  expect(gx?.tolist()).toEqual([2]);
  expect(gz).toBeNull();
  const [, zeros] = torch.autograd.grad(y, [x, z], { allowUnused: true, materializeGrads: true });
  expect(zeros?.tolist()).toEqual([0]);
  expect(x.grad).toBeNull();
});

test("grad of a tensor inside the graph", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  const [gh] = torch.autograd.grad(h.mul(h).sum(), h);
  expect(gh?.tolist()).toEqual([6, 12]);
});

test("backward with inputs touches only those", () => {
  const [x, z] = [leaf([1]), leaf([2])];
  x.mul(z).backward({ inputs: [x] });
  expect(x.grad?.tolist()).toEqual([2]);
  expect(z.grad).toBeNull();
});

test("a chain of 100,000 nodes does not overflow the stack", () => {
  const x = leaf([1]);
  let y: torch.Tensor = x;
  for (let i = 0; i < 100_000; i++) y = y.add(1);
  y.backward();
  expect(x.grad?.tolist()).toEqual([1]);
});

test("node names and edges are PyTorch's", () => {
  const x = leaf([1, 2]);
  const y = x.mul(2).sum();
  expect(y.gradFn?.name()).toBe("SumBackward0");
  const [[mul]] = y.gradFn!.nextFunctions as [[torch.autograd.Node, number]];
  expect(mul.name()).toBe("MulBackward0");
  expect(mul.nextFunctions[0]?.[0]?.name()).toBe("AccumulateGrad");
  expect(String(mul)).toMatch(/^<MulBackward0 object at 0x[0-9a-f]+>$/);
  expect(x.isLeaf && x.gradFn === null).toBe(true);
});

test("hooks see and replace gradients", () => {
  const x = leaf([1, 2]);
  const h = x.mul(2);
  const seen: number[][] = [];
  const hook = h.registerHook((g) => {
    seen.push(g.tolist());
    return g.mul(10);
  });
  x.registerHook((g) => void seen.push(g.tolist()));
  h.sum().backward();
  expect(seen).toEqual([
    [1, 1],
    [20, 20],
  ]);
  expect(x.grad?.tolist()).toEqual([20, 20]);
  hook.remove();
  h.retainGrad();
  x.mul(2).sum().backward();
  expect(x.grad?.tolist()).toEqual([22, 22]);
});

test("retainGrad keeps the gradient inside the graph", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  h.retainGrad();
  h.mul(h).sum().backward();
  expect(h.grad?.tolist()).toEqual([6, 12]);
});

test("detach and data share memory, and cut the graph", () => {
  const x = leaf([1, 2]);
  const y = x.mul(2);
  const d = y.detach();
  expect(d.requiresGrad).toBe(false);
  torch.noGrad(() => d.zero_());
  expect(y.tolist()).toEqual([0, 0]);
});

test("errors name what is wrong", () => {
  const x = leaf([1, 2]);
  expect(() => x.mul(2).backward()).toThrow("grad can be implicitly created only for scalar outputs");
  expect(() => torch.ones(2).sum().backward()).toThrow("does not require grad");
  expect(() => x.mul(2).backward(torch.ones([3], { dtype: torch.float64 }))).toThrow(ShapeError);
  expect(() => torch.tensor([1, 2], { dtype: torch.int64 }).requiresGrad_()).toThrow(DTypeError);
  expect(() => {
    x.mul(2).requiresGrad = false;
  }).toThrow(AutogradError);
});

test("noGrad, enableGrad and setGradEnabled", () => {
  const x = leaf([1]);
  expect(torch.noGrad(() => x.mul(2).requiresGrad)).toBe(false);
  expect(torch.noGrad(() => torch.enableGrad(() => x.mul(2).requiresGrad))).toBe(true);
  expect(torch.setGradEnabled(false, () => x.mul(2).requiresGrad)).toBe(false);
  {
    using _ = torch.noGrad();
    expect(x.mul(2).requiresGrad).toBe(false);
  }
  expect(x.mul(2).requiresGrad).toBe(true);
});

test("asynchronous noGrad follows its callback and nothing else", async () => {
  const x = leaf([1]);
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const inside = torch.noGrad(async () => {
    const before = x.mul(2).requiresGrad;
    await gate;
    return [before, x.mul(2).requiresGrad];
  });
  expect(x.mul(2).requiresGrad).toBe(true);
  release();
  expect(await inside).toEqual([false, false]);
  expect(x.mul(2).requiresGrad).toBe(true);
});

test("a scope that reaches an await is cancelled and says so", async () => {
  const x = leaf([1]);
  const misuse = async () => {
    using _ = torch.noGrad();
    await Promise.resolve();
    return x.mul(2).requiresGrad;
  };
  await expect(misuse()).rejects.toThrow(/await/);
  expect(x.mul(2).requiresGrad).toBe(true);
});

test("inference tensors cannot be saved for backward or changed outside", () => {
  const t = torch.inferenceMode(() => torch.ones(2));
  const x = torch.ones([2], { requiresGrad: true });
  expect(t.isInference).toBe(true);
  expect(() => x.mul(t)).toThrow(/[Ii]nference/);
  expect(() => t.add_(1)).toThrow(/inference/);
});

describe("what lands in grad", () => {
  test("createGraph: a copy that is part of the graph, then sums", () => {
    const x = leaf([2]);
    x.pow(3).backward({ createGraph: true });
    const first = x.grad as torch.Tensor;
    expect(first.gradFn?.name()).toBe("CopyBackwards");
    x.pow(3).backward({ createGraph: true });
    expect(x.grad).not.toBe(first);
    expect(x.grad?.gradFn?.name()).toBe("AddBackward0");
    expect(torch.autograd.grad(x.grad as torch.Tensor, x)[0]?.tolist()).toEqual([24]);
  });

  test("without createGraph it is added to in place, whatever its history", () => {
    const x = leaf([2]);
    x.pow(2).backward({ createGraph: true });
    const kept = x.grad as torch.Tensor;
    x.mul(1).backward();
    expect(x.grad).toBe(kept);
    expect(kept.tolist()).toEqual([5]);
    expect(kept.requiresGrad).toBe(true);
  });

  test("an assigned gradient is added to in place", () => {
    const x = leaf([2, 3]);
    const mine = torch.ones([2], { dtype: torch.float64 });
    x.grad = mine;
    x.sum().backward();
    expect(mine.tolist()).toEqual([2, 2]);
    expect(x.grad).toBe(mine);
  });

  test("it lies in memory as its leaf does", () => {
    const w = torch.ones([3, 2], { dtype: torch.float64 }).t().detach().requiresGrad_();
    w.mul(2).sum().backward();
    expect([w.stride(), w.grad?.stride()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    forget(w);
    w.contiguous()
      .mul(2)
      .backward(torch.ones([2, 3], { dtype: torch.float64 }), { createGraph: true });
    expect(w.grad?.stride()).toEqual([1, 2]);
    expect(w.grad?.isView).toBe(false);
  });

  test("none for a leaf that was detached since", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    x.requiresGrad = false;
    y.backward();
    expect(x.grad).toBeNull();
  });

  test("the caller's gradient is cast to the dtype of the root", () => {
    const x = leaf([1, 2]);
    const seen: string[] = [];
    const h = x.mul(2);
    h.registerHook((g) => void seen.push(String(g.dtype)));
    h.backward(torch.ones(2));
    expect(seen).toEqual(["torch.float64"]);
    expect(x.grad?.tolist()).toEqual([2, 2]);
  });
});

test("several roots, one behind the other, through a leaf that is used several times", () => {
  const x = leaf([1, 2]);
  const h = x.mul(x);
  const y = h.mul(x).sum();
  torch.autograd.backward(
    [y, h, x],
    [null, torch.ones([2], { dtype: torch.float64 }), torch.ones([2], { dtype: torch.float64 })],
  );
  expect(x.grad?.tolist()).toEqual([3 + 2 + 1, 12 + 4 + 1]);
});

test("backward with inputs inside the graph keeps their gradients, and runs them", () => {
  const x = leaf([3]);
  const h = x.mul(x);
  const y = h.mul(2);
  y.backward({ inputs: [h], retainGraph: true });
  expect([h.grad?.tolist(), h.retainsGrad, x.grad]).toEqual([[2], true, null]);
  y.backward();
  expect([h.grad?.tolist(), x.grad?.tolist()]).toEqual([[4], [12]]);
});

test("views made in noGrad require grad like their base, and pass none on", () => {
  const x = leaf([1, 2]);
  const v = torch.noGrad(() => x.view(2, 1));
  expect([v.requiresGrad, v.isLeaf, v.gradFn]).toEqual([true, true, null]);
  const y = v.mul(2).sum();
  expect(y.requiresGrad).toBe(true);
  y.backward();
  expect(x.grad).toBeNull();
  expect(() => v.sum({ dim: 0 }).add(v.detach()).detach().backward()).toThrow(AutogradError);
});

test("requiresGrad can be set on leaves only", () => {
  const y = leaf([1]).mul(2);
  expect(() => {
    y.requiresGrad = true;
  }).toThrow(/leaf/);
  expect(y.requiresGrad_()).toBe(y);
  expect(() => y.requiresGrad_(false)).toThrow(/leaf/);
  expect(() => y.view(1).detach_()).toThrow(/views cannot be detached/);
  y.detach_();
  expect([y.requiresGrad, y.isLeaf, y.gradFn]).toEqual([false, true, null]);
});

describe("node names", () => {
  const graph = (node: torch.autograd.Node | null): string => {
    if (node === null) return "";
    const next = node.nextFunctions.flatMap(([n]) => (n === null ? [] : [graph(n)]));
    return next.length === 0 ? node.name() : `${node.name()}(${next.join(", ")})`;
  };

  test("of a classifier", () => {
    const model = new torch.nn.Linear(4, 3);
    const loss = torch.nn.functional.crossEntropy(model(torch.ones(2, 4)).relu(), torch.tensor([0, 1]));
    expect(graph(loss.gradFn)).toBe(
      "NllLossBackward0(LogSoftmaxBackward0(ReluBackward0(AddmmBackward0(AccumulateGrad, TBackward0(AccumulateGrad)))))",
    );
    expect(graph(torch.nn.functional.linear(torch.ones(2, 2, 4), model.weight).gradFn)).toBe(
      "UnsafeViewBackward0(MmBackward0(TBackward0(AccumulateGrad)))",
    );
  });

  test("letters after digits are capitals; calls with and without a dimension differ", () => {
    const x = torch.ones([2, 3], { requiresGrad: true });
    const results = [
      x.log1p(),
      x.expm1(),
      x.deg2rad(),
      x.atan2(x),
      x.to(torch.float64),
      x.double(),
      x.clone(),
      x.t().contiguous(),
      x.t().reshape(-1),
      x.flatten(),
      x.at(0),
      x.at(":1"),
      x.sum(),
      x.sum(0),
      x.mean(),
      x.mean(0),
      x.squeeze(),
      x.squeeze(0),
      x.clone().fill_(1),
      x.clone().zero_(),
      torch.ones([2, 2, 3], { requiresGrad: true }).matmul(torch.ones([3])),
      torch.ones([2, 2, 3], { requiresGrad: true }).matmul(torch.ones([2, 3, 1])),
    ];
    expect(results.map((t) => t.gradFn?.name().replace("Backward", " "))).toEqual([
      "Log1P 0",
      "Expm1 0",
      "Deg2Rad 0",
      "Atan2 0",
      "ToCopy 0",
      "ToCopy 0",
      "Clone 0",
      "Clone 0",
      "UnsafeView 0",
      "View 0",
      "Select 0",
      "Slice 0",
      "Sum 0",
      "Sum 1",
      "Mean 0",
      "Mean 1",
      "Squeeze 0",
      "Squeeze 1",
      "Fill 2",
      "Zero 0",
      "UnsafeView 0",
      "UnsafeView 0",
    ]);
  });
});

test("what was saved is let go after backward", () => {
  const x = leaf([1, 2]);
  const before = x.mul(2).exp();
  const after = before.mul(before).sum();
  after.backward();
  expect(() => torch.autograd.grad(before, x, torch.ones([2], { dtype: torch.float64 }))).toThrow(/second time/);
});

test("a node takes little memory, and a kept detached loss none of its graph", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const x = leaf([1, 2, 3]);
  const step = () => {
    const h = x.mul(2);
    const loss = h.mul(h).sum();
    loss.backward();
    forget(x);
    return loss.detach();
  };
  const chain = () => {
    let y: torch.Tensor = x;
    for (let i = 0; i < 4000; i++) y = y.add(1);
    return y;
  };
  // What the compiler makes of the code at its first runs counts neither for losses nor for nodes.
  for (let i = 0; i < 4000; i++) step();
  chain();
  const empty = used();
  const losses = Array.from({ length: 4000 }, step);
  expect((used() - empty) / losses.length).toBeLessThan(500);
  const between = used();
  const y = chain();
  expect((used() - between) / 4000).toBeLessThan(700);
  expect([losses[3999]?.item(), y.requiresGrad]).toEqual([56, true]);
});
