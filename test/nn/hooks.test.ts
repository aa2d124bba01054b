import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { expect, test } from "vitest";

/** Two linear layers with all weights 0.5, as in the session of PyTorch that the numbers come from. */
class Net extends nn.Module {
  a = new nn.Linear(2, 2);
  b = new nn.Linear(2, 1);
  constructor() {
    super();
    for (const p of this.parameters()) nn.init.constant_(p, 0.5);
  }
  forward(x: Tensor): Tensor {
    return this.b(this.a(x));
  }
}

const values = (grads: readonly (Tensor | null)[]) => grads.map((g) => g?.tolist() ?? null);

test("hooks see and replace what passes, as in PyTorch", () => {
  const net = new Net();
  const log: unknown[] = [];
  net.a.registerForwardPreHook((_, [x]) => [(x as Tensor).mul(2)]);
  net.a.registerForwardHook((_, [x], output) => {
    log.push((x as Tensor).tolist(), (output as Tensor).tolist());
    return (output as Tensor).add(1);
  });
  net.a.registerFullBackwardHook((_, gradInput, gradOutput) => void log.push(values(gradInput), values(gradOutput)));
  const y = net(torch.tensor([[1.0, 2.0]], { dtype: torch.float32 }));
  expect(y.tolist()).toEqual([[5]]);
  y.sum().backward();
  expect(log).toEqual([[[2, 4]], [[3.5, 3.5]], [null], [[[0.5, 0.5]]]]);
  expect(net.a.weight.grad?.tolist()).toEqual([
    [1, 2],
    [1, 2],
  ]);
  net.zeroGrad();
  log.length = 0;
  const x = torch.tensor([[1.0, 2.0]], { dtype: torch.float32, requiresGrad: true });
  net.b.registerFullBackwardHook((_, gradInput) => [(gradInput[0] as Tensor).mul(10)]);
  net(x).sum().backward();
  expect(log.slice(2)).toEqual([[[[5, 5]]], [[[5, 5]]]]);
  expect(x.grad?.tolist()).toEqual([[10, 10]]);
  expect(net.b.weight.grad?.tolist()).toEqual([[4.5, 4.5]]);
});

test("backward pre-hooks replace the gradients of the outputs", () => {
  const net = new Net();
  net.b.registerFullBackwardPreHook((_, gradOutput) => [(gradOutput[0] as Tensor).mul(3)]);
  net(torch.ones(1, 2)).sum().backward();
  expect(net.b.bias?.grad?.tolist()).toEqual([3]);
  expect(net.a.bias?.grad?.tolist()).toEqual([1.5, 1.5]);
});

test("a handle takes its hook out, prepend puts one first", () => {
  const m = new nn.Identity();
  const order: number[] = [];
  const first = m.registerForwardHook(() => void order.push(1));
  m.registerForwardHook(() => void order.push(2), { prepend: true });
  m(torch.zeros(1));
  first.remove();
  m(torch.zeros(1));
  expect(order).toEqual([2, 1, 2]);
  expect(() => m.registerForwardHook(3 as never)).toThrow("registerForwardHook: expected a function as hook, got 3");
  expect(() => m.registerForwardHook(() => 1, { withKwargs: true } as never)).toThrow('unknown option "withKwargs"');
});

test("gradients that hooks saw stay as they were", () => {
  const net = new Net();
  const kept: Tensor[] = [];
  net.b.registerFullBackwardHook((_, gradInput) => void kept.push(gradInput[0] as Tensor));
  for (let i = 0; i < 3; i++) {
    net.zeroGrad();
    net(torch.full([1, 2], i + 1.5))
      .sum()
      .backward();
  }
  expect(kept.map((g) => g.tolist())).toEqual([[[0.5, 0.5]], [[0.5, 0.5]], [[0.5, 0.5]]]);
});

test("a wrong number of gradients is refused", () => {
  const net = new Net();
  net.b.registerFullBackwardHook(() => [null, null]);
  expect(() => net(torch.ones(1, 2)).sum().backward()).toThrow(
    "expected 1 gradients from the hook as gradInput, got 2",
  );
});

test("alwaysCall runs a hook where forward throws, and its own error becomes the cause", () => {
  const m = new nn.Linear(2, 2);
  const seen: unknown[] = [];
  m.registerForwardHook(() => void seen.push("usual"));
  m.registerForwardHook((_, [x], y) => void seen.push((x as Tensor).shape, y), { alwaysCall: true });
  const fail = () => {
    throw new Error("of the hook");
  };
  m.registerForwardHook(fail, { alwaysCall: true });
  let thrown: unknown;
  try {
    m(torch.zeros(1, 3));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(torch.ShapeError);
  expect((thrown as Error).cause).toEqual(new Error("of the hook"));
  expect(seen).toEqual([[1, 3], undefined]);
  expect(() => m(torch.zeros(1, 2))).toThrow("of the hook"); // in turn, and once
  expect(seen).toEqual([[1, 3], undefined, "usual", [1, 2], expect.anything()]);
});

test("global hooks run before a module's own, and see every module", () => {
  const { module } = nn.modules;
  const log: string[] = [];
  const note = (text: string) => (m: nn.Module) => void log.push(`${text} ${m.constructor.name}`);
  const handles = [
    module.registerModuleForwardPreHook(note("pre")),
    module.registerModuleForwardHook(note("post")),
    module.registerModuleFullBackwardPreHook(note("backward pre")),
    module.registerModuleFullBackwardHook(note("backward")),
  ];
  const m = new nn.Sequential(new nn.Linear(2, 2), new nn.Tanh());
  m[1]?.registerForwardHook(note("own"));
  m(torch.ones(1, 2, { requiresGrad: true }))
    .sum()
    .backward();
  for (const handle of handles) handle.remove();
  m(torch.ones(1, 2)).sum().backward();
  expect(log).toEqual([
    ...["pre Sequential", "pre Linear", "post Linear", "pre Tanh", "post Tanh", "own Tanh", "post Sequential"],
    ...["backward pre Sequential", "backward pre Tanh", "backward Tanh", "backward pre Linear", "backward Linear"],
    ...["backward Sequential", "own Tanh"],
  ]);
});
