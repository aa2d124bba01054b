import * as torch from "typetorch";
import { nn, optim, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const f64 = { dtype: torch.float64 };

/** The update of PyTorch's documentation, on plain numbers. */
function reference(p: number[], grads: number[][], o: Partial<optim.SgdOptions>): number[] {
  const { lr = 0.001, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = o;
  const buffers: number[] = [];
  return p.map((start, i) => {
    let x = start;
    for (const grad of grads) {
      let g = maximize ? -(grad[i] as number) : (grad[i] as number);
      g += weightDecay * x;
      if (momentum !== 0) {
        const before = buffers[i];
        buffers[i] = before === undefined ? g : momentum * before + (1 - dampening) * g;
        g = nesterov ? g + momentum * (buffers[i] as number) : (buffers[i] as number);
      }
      x -= lr * g;
    }
    return x;
  });
}

describe("SGD moves as PyTorch's", () => {
  const start = [1, -2, 3.5, 0];
  const grads = [
    [0.5, 1, -1, 2],
    [0.25, -1, 0, 1],
    [1, 2, 3, 4],
  ];
  const choices: Partial<optim.SgdOptions>[] = [];
  for (const momentum of [0, 0.9])
    for (const dampening of [0, 0.3])
      for (const weightDecay of [0, 0.1])
        for (const nesterov of [false, true])
          for (const maximize of [false, true])
            if (!nesterov || (momentum > 0 && dampening === 0))
              choices.push({ lr: 0.1, momentum, dampening, weightDecay, nesterov, maximize });
  test.each(choices)("%o", (options) => {
    for (const dtype of [torch.float64, torch.float32]) {
      const p = torch.tensor(start, { dtype, requiresGrad: true });
      const o = new optim.SGD([p], options);
      for (const g of grads) {
        p.grad = torch.tensor(g, { dtype });
        o.step();
      }
      const expected = reference(start, grads, options);
      for (const [i, x] of (p.tolist() as number[]).entries())
        expect(x).toBeCloseTo(expected[i] as number, dtype === torch.float64 ? 12 : 5);
    }
  });

  test("also where gradients lie otherwise, in half precision, and for complex parameters", () => {
    const p = torch.zeros(2, 3, { requiresGrad: true });
    p.grad = torch
      .tensor(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        { dtype: torch.float32 },
      )
      .t();
    new optim.SGD([p], { lr: 1, momentum: 0.9 }).step();
    expect(p.tolist()).toEqual([
      [-1, -3, -5],
      [-2, -4, -6],
    ]);
    const h = torch.ones(3, { dtype: torch.bfloat16, requiresGrad: true });
    h.grad = torch.ones(3, { dtype: torch.bfloat16 });
    new optim.SGD([h], { lr: 0.5 }).step();
    expect(h.tolist()).toEqual([0.5, 0.5, 0.5]);
    const z = torch.ones(1, { dtype: torch.complex64, requiresGrad: true });
    z.grad = torch.full([1], { re: 1, im: -2 }, { dtype: torch.complex64 });
    new optim.SGD([z], { lr: 0.5 }).step();
    expect(z.tolist()).toEqual([{ re: 0.5, im: 1 }]);
  });

  test("a step is an in-place change of a saved tensor", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const loss = w.mul(w).sum();
    w.grad = torch.ones(2);
    new optim.SGD([w], { lr: 1 }).step();
    expect(w.version).toBe(1);
    expect(() => loss.backward()).toThrow("modified by an inplace operation");
  });
});

describe("groups", () => {
  test("have options of their own", () => {
    const [a, b, c] = [0, 0, 0].map(() => torch.zeros(1, { requiresGrad: true })) as [Tensor, Tensor, Tensor];
    const o = new optim.SGD([{ params: a, lr: 0.5 }, { params: [b] }], { lr: 0.25 });
    o.addParamGroup({ params: [c], lr: 1 });
    for (const p of [a, b]) p.grad = torch.ones(1);
    o.step();
    expect([a, b, c].map((p) => p.item())).toEqual([-0.5, -0.25, 0]);
    (o.paramGroups[1] as { lr: number }).lr = 4;
    o.step();
    expect(b.item()).toBe(-4.25);
  });

  test.each<[string, () => unknown, string]>([
    ["nothing", () => new optim.SGD([]), "SGD: optimizer got an empty parameter list"],
    [
      "a module",
      () => new optim.SGD(new nn.Linear(1, 1) as never),
      "SGD: expected parameters, got a module; pass model.parameters()",
    ],
    [
      "a tensor",
      () => new optim.SGD(torch.ones(1) as never),
      "params argument given to the optimizer should be an iterable",
    ],
    [
      "no tensor",
      () => new optim.SGD([3 as never]),
      "SGD: optimizer can only optimize Tensors, but one of the params is 3",
    ],
    [
      "no leaf",
      () => new optim.SGD([torch.ones(1, { requiresGrad: true }).mul(2)]),
      "SGD: can't optimize a non-leaf Tensor",
    ],
    [
      "option",
      () => new optim.SGD([torch.ones(1)], { learningRate: 1 } as never),
      'SGD: unknown option "learningRate"',
    ],
    [
      "group option",
      () => new optim.SGD([{ params: [torch.ones(1)], lrate: 1 } as never]),
      'SGD: unknown option "lrate" in a parameter group',
    ],
    ["lr", () => new optim.SGD([torch.ones(1)], { lr: -1 }), "SGD: expected a number of at least 0 as lr, got -1"],
    [
      "nesterov",
      () => new optim.SGD([torch.ones(1)], { nesterov: true }),
      "SGD: Nesterov momentum requires a momentum and zero dampening",
    ],
  ])("refuse %s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("refuse a parameter twice", () => {
    const p = torch.ones(1);
    expect(() => new optim.SGD([p, p])).toThrow(
      "some parameters appear in more than one parameter group, or twice in one",
    );
    expect(() => new optim.SGD([{ params: [p] }, { params: [p] }])).toThrow("some parameters appear in more than one");
  });
});

describe("state", () => {
  function trained(steps: number): { p: Tensor; o: optim.SGD } {
    const p = torch.tensor([1, 2], { ...f64, requiresGrad: true });
    const o = new optim.SGD([p], { lr: 0.1, momentum: 0.9, weightDecay: 0.5 });
    for (let i = 0; i < steps; i++) {
      p.grad = torch.tensor([1, i], f64);
      o.step();
    }
    return { p, o };
  }

  test("has Python's keys and numbers", () => {
    const { state, param_groups } = trained(1).o.stateDict();
    expect([...state.keys()]).toEqual([0]);
    expect(Object.keys(state.get(0) as object)).toEqual(["momentum_buffer"]);
    expect(param_groups).toEqual([
      {
        lr: 0.1,
        momentum: 0.9,
        dampening: 0,
        weight_decay: 0.5,
        nesterov: false,
        maximize: false,
        foreach: null,
        differentiable: false,
        fused: null,
        params: [0],
      },
    ]);
  });

  test("goes on where it was saved", () => {
    const a = trained(2);
    const b = trained(0);
    torch.noGrad(() => b.p.copy_(a.p));
    const saved = a.o.stateDict();
    // As it comes from JSON or a checkpoint: numbers have become names.
    b.o.loadStateDict({ state: Object.fromEntries(saved.state), param_groups: saved.param_groups });
    for (const { p, o } of [a, b]) {
      p.grad = torch.tensor([3, 4], f64);
      o.step();
    }
    expect(b.p.tolist()).toEqual(a.p.tolist());
    expect(() => b.o.loadStateDict({ state: {}, param_groups: [] })).toThrow("different number of parameter groups");
    expect(() => b.o.loadStateDict({ state: {}, param_groups: [{ params: [0, 1] }] })).toThrow(
      "doesn't match the size of optimizer's group",
    );
    expect(() => b.o.loadStateDict(3 as never)).toThrow("loadStateDict: expected a state_dict of SGD");
  });
});

describe("step and zeroGrad", () => {
  test("a closure computes with recording on", () => {
    const w = torch.ones(1, { requiresGrad: true });
    const o = new optim.SGD([w], { lr: 0.5 });
    const loss = torch.noGrad(() =>
      o.step(() => {
        o.zeroGrad();
        const l = w.mul(2).sum();
        l.backward();
        return l;
      }),
    );
    expect([loss.item(), w.item()]).toEqual([2, 0]);
    expect(o.step()).toBeNull();
  });

  test("hooks run around a step", () => {
    const o = new optim.SGD([torch.ones(1)]);
    const order: string[] = [];
    o.registerStepPreHook(() => void order.push("pre"));
    const post = o.registerStepPostHook(() => void order.push("post"));
    o.step();
    post.remove();
    o.step();
    expect(order).toEqual(["pre", "post", "pre"]);
  });

  test("an optimizer of the user's own", () => {
    class Descent extends optim.Optimizer<{ lr: number }> {
      constructor(params: Iterable<Tensor>, lr: number) {
        super(params, { lr });
      }
      protected update({ params, lr }: optim.ParamGroup<{ lr: number }>): void {
        for (const p of params) if (p.grad) p.sub_(p.grad, { alpha: lr });
      }
    }
    const w = torch.ones(1, { requiresGrad: true });
    const o = new Descent([w], 0.25);
    w.sum().backward();
    o.step();
    expect(w.item()).toBe(0.75);
    expect(String(o)).toBe("Descent (\nParameter Group 0\n    lr: 0.25\n)");
  });

  test("zeroGrad can keep the memory", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const o = new optim.SGD([w]);
    w.sum().backward();
    const { grad } = w;
    o.zeroGrad({ setToNone: false });
    expect(w.grad).toBe(grad);
    expect(grad?.tolist()).toEqual([0, 0]);
    o.zeroGrad();
    expect(w.grad).toBeNull();
  });
});

describe("the memory of gradients", () => {
  const n = 4096; // above the small sizes, which are never recycled

  function gradStorage(w: Tensor): unknown {
    return w.meta?.grad?.storage.block;
  }

  test("is used again when nobody has seen it", () => {
    const w = torch.ones(n, { requiresGrad: true });
    const o = new optim.SGD([w]);
    w.mul(w).sum().backward();
    const block = gradStorage(w);
    o.zeroGrad();
    expect(torch.empty(n).storage.block).toBe(block);
    expect(torch.empty(n).storage.block).not.toBe(block);
  });

  test("stays with those who hold it", () => {
    const w = torch.ones(n, { requiresGrad: true });
    const o = new optim.SGD([w]);
    const kept: Tensor[] = [];
    const add = (g: Tensor | null | undefined) => void kept.push(g as Tensor);
    const scenes: ((loss: () => Tensor) => void)[] = [
      (loss) => {
        loss().backward();
        add(w.grad);
      },
      (loss) => {
        const hook = w.registerHook(add);
        loss().backward();
        hook.remove();
      },
      (loss) => add(torch.autograd.grad(loss(), w)[0]),
      (loss) => {
        const g = torch.ones([]);
        loss().backward(g);
        add(w.grad);
      },
      (loss) => {
        const y = w.add(0);
        y.retainGrad();
        y.mul(loss().detach()).sum().backward();
        add(y.grad);
      },
    ];
    const before: unknown[] = [];
    for (const scene of scenes) {
      o.zeroGrad();
      scene(() => w.mul(w).sum());
      before.push((kept.at(-1) as Tensor).sum().item());
    }
    for (let i = 0; i < 20; i++) {
      o.zeroGrad();
      w.mul(i + 7)
        .sum()
        .backward();
      torch.full([n], -1);
    }
    expect(kept.map((g) => g.sum().item())).toEqual(before);
  });
});
