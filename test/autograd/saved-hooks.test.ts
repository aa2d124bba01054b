import type { Tensor } from "typetorch";
import * as torch from "typetorch";
import { expect, test } from "vitest";

const { savedTensorsHooks, saveOnCpu } = torch.autograd.graph;
const { gradcheck, gradgradcheck } = torch.autograd;

const x = () => torch.tensor([1.5, 2.5], { requiresGrad: true });

test("hooks see what PyTorch's see, with its history and without recording", () => {
  const log: [string, unknown, string | undefined, boolean][] = [];
  const note = (what: string) => (t: unknown) => {
    const tensor = t as Tensor;
    log.push([what, tensor.tolist(), tensor.gradFn?.name(), torch.isGradEnabled()]);
    return tensor;
  };
  const a = torch.ones(2, { requiresGrad: true });
  const b = torch.ones(2, { requiresGrad: true }).mul(2);
  const y = savedTensorsHooks(note("pack"), note("unpack"), () => a.mul(b).exp());
  const byName = () => log.splice(0).sort((p, q) => String(p[2]).localeCompare(String(q[2])));
  const seen = (what: string) => [
    [what, [Math.fround(Math.exp(2)), Math.fround(Math.exp(2))], "ExpBackward0", false],
    [what, [2, 2], "MulBackward0", false],
    [what, [1, 1], undefined, false],
  ];
  expect(byName()).toEqual(seen("pack"));
  y.sum().backward();
  expect(byName()).toEqual(seen("unpack"));
});

test("values may be kept in any form; gradients of any order are right", () => {
  const pack = (t: Tensor) => t.tolist();
  const unpack = (data: unknown) => torch.tensor(data as number[], { dtype: torch.float64 });
  const f = (t: Tensor) => savedTensorsHooks(pack, unpack, () => t.tanh().mul(t).pow(3).matmul(t.exp()));
  const at = torch.tensor([0.3, -0.7], { dtype: torch.float64, requiresGrad: true });
  expect(gradcheck(f, [at])).toBe(true);
  expect(gradgradcheck(f, [at])).toBe(true);
});

test("a scope lasts to the end of its block, and the innermost hooks work", () => {
  const log: string[] = [];
  const note = (name: string) => (t: Tensor) => {
    log.push(name);
    return t;
  };
  const hooks = (name: string) => [note(name), (t: unknown) => t as Tensor] as const;
  const t = x();
  {
    using _ = savedTensorsHooks(...hooks("outer"));
    t.exp();
    torch.noGrad(() => t.exp());
    torch.enableGrad(() => t.sin());
    savedTensorsHooks(...hooks("inner"), () => t.exp());
  }
  t.exp();
  expect(log).toEqual(["outer", "outer", "inner"]);
});

test("what unpack gives is checked", () => {
  const y = savedTensorsHooks(
    () => 1,
    () => 3 as never,
    () => x().exp(),
  );
  expect(() => y.sum().backward()).toThrow("expected a Tensor from the unpack hook (for exp), got 3");
  const z = savedTensorsHooks(
    () => 1,
    () => torch.ones(3),
    () => x().exp(),
  );
  expect(() => z.sum().backward()).toThrow(
    "expected torch.float32 of shape [2] from the unpack hook (for exp), got torch.float32 of [3]",
  );
  expect(() => savedTensorsHooks(3 as never, (t) => t as Tensor)).toThrow("expected a function as pack, got 3");
});

test("saveOnCpu changes nothing on the processor, and works with custom functions", () => {
  class Cube extends torch.autograd.Function {
    static forward(ctx: torch.autograd.FunctionContext, t: Tensor): Tensor {
      ctx.saveForBackward(t);
      return t.pow(3);
    }
    static backward(ctx: torch.autograd.FunctionContext, grad: Tensor): Tensor {
      return grad.mul((ctx.savedTensors[0] as Tensor).pow(2).mul(3));
    }
  }
  const t = x();
  saveOnCpu(() => Cube.apply(t))
    .sum()
    .backward();
  expect(t.grad?.tolist()).toEqual([6.75, 18.75]);
  {
    using _ = saveOnCpu({ pinMemory: true });
    t.exp();
  }
});
