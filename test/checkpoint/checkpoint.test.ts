import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { checkpoint, checkpointSequential } = torch.utils.checkpoint;

function block(): nn.Sequential {
  torch.manualSeed(1);
  return new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Dropout(0.5), new nn.Linear(8, 4), new nn.GELU());
}

const input = () => torch.linspace(-1, 1, 8).reshape(2, 4).requiresGrad_();

/** Loss, gradients and the next random number, of a model that is called by `call`. */
function trained(call: (m: nn.Sequential, x: Tensor) => Tensor): unknown {
  const [m, x] = [block(), input()];
  torch.manualSeed(7);
  const loss = call(m, x).pow(2).sum();
  const between = torch.rand(1).item();
  loss.backward();
  return [loss.item(), x.grad?.tolist(), ...m.parameters().map((p) => p.grad?.tolist()), between, torch.rand(1).item()];
}

describe.each([true, false])("useReentrant: %s", (useReentrant) => {
  test("gives the same loss, gradients and random numbers as without", () => {
    const plain = trained((m, x) => m(x));
    expect(trained((m, x) => checkpoint(m, x, { useReentrant }))).toEqual(plain);
    expect(trained((m, x) => checkpointSequential(m, 2, x, { useReentrant }))).toEqual(plain);
    expect(trained((m, x) => checkpointSequential([...m], 5, x, useReentrant))).toEqual(plain);
    // Another dropout the second time, where the state is not kept.
    expect(trained((m, x) => checkpoint(m, x, { useReentrant, preserveRngState: false }))).not.toEqual(plain);
  });

  test("calls the function twice in all, once without recording", () => {
    let calls = 0;
    const f = (x: Tensor, factor: number, options: { shift: number }): Tensor => {
      calls++;
      return x.mul(factor).exp().add(options.shift);
    };
    const x = input();
    const y = checkpoint(f, x, 2, { shift: 1 }, { useReentrant });
    expect([y.gradFn === null, calls]).toEqual([false, 1]);
    y.sum().backward();
    expect(calls).toBe(2);
    expect(torch.noGrad(() => checkpoint(f, x, 2, { shift: 1 }, { useReentrant })).requiresGrad).toBe(false);
    expect(calls).toBe(3);
  });

  test("gives several results, and lets an error of the function pass", () => {
    const x = input();
    const [a, b] = checkpoint((t: Tensor) => [t.exp(), t.sin()] as [Tensor, Tensor], x, { useReentrant });
    a.sum().add(b.sum()).backward();
    expect(torch.allclose(x.grad as Tensor, x.exp().add(x.cos()))).toBe(true);
    const fail = (): Tensor => {
      throw new RangeError("mine");
    };
    expect(() => checkpoint(fail as (t: Tensor) => Tensor, x, { useReentrant })).toThrow("mine");
  });
});

describe("without reentrance", () => {
  test("works with autograd.grad, with inputs, and where no argument requires grad", () => {
    const m = block().eval();
    const x = input();
    const [expected] = torch.autograd.grad(m(x).sum(), x);
    const [got] = torch.autograd.grad(checkpoint(m, x).sum(), x);
    expect(got?.tolist()).toEqual(expected?.tolist());
    checkpoint(m, x.detach()).sum().backward();
    expect(m.parameters().every((p) => p.grad !== null)).toBe(true);
    const f = (t: Tensor) => checkpoint((u: Tensor) => u.tanh().mul(u.exp()), t);
    const at = torch.tensor([0.3, -0.7], { dtype: torch.float64, requiresGrad: true });
    expect(torch.autograd.gradgradcheck(f, [at])).toBe(true);
  });

  test("can be nested, and go backward again with retainGraph", () => {
    let calls = 0;
    const inner = (t: Tensor) => {
      calls++;
      return t.exp().sin();
    };
    const outer = (t: Tensor) => checkpoint(inner, t.tanh()).mul(t);
    const [x, y] = [input(), input()];
    const loss = checkpoint(outer, x).sum();
    loss.backward({ retainGraph: true });
    y.tanh().exp().sin().mul(y).sum().backward();
    expect(x.grad?.tolist()).toEqual(y.grad?.tolist());
    expect(calls).toBe(3); // forward, again in the outer, again in the inner
    loss.backward();
    expect(torch.allclose(x.grad as Tensor, (y.grad as Tensor).mul(2))).toBe(true);
  });

  test("keeps none of the intermediate results", () => {
    const big = (t: Tensor): Tensor => t.sin().exp().tanh().cos();
    const packed: Tensor[] = [];
    // An outer hook sees what is really kept: the argument only.
    torch.autograd.graph.savedTensorsHooks(
      (t) => packed.push(t) && t,
      (t) => t as Tensor,
      () => checkpoint(big, input()),
    );
    expect(packed.map((t) => t.shape)).toEqual([[2, 4]]);
  });

  test("stops early, unless told not to", () => {
    for (const earlyStop of [true, false]) {
      let ends = 0;
      const f = (t: Tensor) => {
        const y = t.exp();
        y.add(1);
        ends++;
        return y;
      };
      checkpoint(f, input(), { earlyStop }).sum().backward();
      expect(ends).toBe(earlyStop ? 1 : 2);
    }
  });

  test("finds out that something else is computed again, or an argument changed", () => {
    let wide = false;
    const f = (t: Tensor) => {
      const y = wide ? torch.cat([t, t]).exp() : t.exp();
      wide = true;
      return y.sum();
    };
    expect(() => checkpoint(f, input()).backward()).toThrow(
      "checkpoint: expected the function to compute the same again, torch.float32 [2, 4] as tensor 0 saved for backward, got torch.float32 [4, 4]",
    );
    const x = input().mul(1);
    const y = checkpoint((t: Tensor) => t.exp(), x);
    torch.noGrad(() => x.add_(1));
    expect(() => y.sum().backward()).toThrow("has been modified by an inplace operation");
    let more = false;
    const grows = (t: Tensor) => {
      const z = t.exp();
      if (more) z.sin();
      more = true;
      return z;
    };
    expect(() => checkpoint(grows, input(), { earlyStop: false }).sum().backward()).toThrow("more the second time");
    more = false;
    checkpoint(grows, input(), { earlyStop: false, determinismCheck: "none" }).sum().backward();
  });

  test("runs in the modes of contextFn", () => {
    const order: string[] = [];
    const context =
      (name: string) =>
      <R>(body: () => R): R => {
        order.push(name);
        return body();
      };
    const contextFn = () => [context("forward"), context("recompute")] as const;
    checkpoint((t: Tensor) => t.exp(), input(), { contextFn })
      .sum()
      .backward();
    expect(order).toEqual(["forward", "recompute"]);
    expect(() => checkpoint((t: Tensor) => t, input(), { contextFn, useReentrant: true })).toThrow("got both");
  });
});

test("with reentrance, what cannot work is refused", () => {
  const [m, x] = [block(), input()];
  const refused = "checkpoint: expected backward() without inputs for a checkpoint with useReentrant";
  const loss = () => checkpoint(m, x, { useReentrant: true }).sum();
  expect(() => torch.autograd.grad(loss(), x)).toThrow(refused);
  expect(() => loss().backward({ inputs: [x] })).toThrow(refused);
  expect(() => checkpoint(m, x.detach(), { useReentrant: true })).toThrow("expected an argument that requires grad");
  expect(() => checkpoint(3 as never)).toThrow("checkpoint: expected a function, got 3");
  expect(() => checkpoint(m, x, { determinismCheck: "all" as never })).toThrow('as determinismCheck, got "all"');
  expect(() => checkpoint((async () => x) as never, x)).toThrow("expected a synchronous function");
  expect(() => checkpointSequential(m, 6, x)).toThrow("expected between 1 and 5 segments, got 6");
});
