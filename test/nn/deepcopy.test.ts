import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { expect, test } from "vitest";

const { deepcopy } = torch.utils;

class Tied extends nn.Module {
  embed = new nn.Linear(3, 2, { bias: false });
  layers = [new nn.Linear(2, 3), this.embed];
  mean = new nn.Buffer(torch.zeros(2), false);
  scale = 2;
  sizes = { a: [1, 2] };
  constructor() {
    super();
    this.layers[0]?.registerParameter("weight", new nn.Parameter(torch.ones(3, 2)));
  }
  forward(x: Tensor): Tensor {
    return this.embed(x).mul(this.scale).add(this.mean);
  }
}

test("a copy of a module shares nothing, and keeps what was shared inside", () => {
  const model = new Tied().eval();
  const copy = deepcopy(model);
  expect(copy).toBeInstanceOf(Tied);
  expect(copy.training).toBe(false);
  expect(copy.layers[1]).toBe(copy.embed);
  expect(copy.layers[0]).not.toBe(model.layers[0]);
  expect(copy.parameters().length).toBe(model.parameters().length);
  expect([copy.mean instanceof nn.Buffer, copy.mean.persistent]).toEqual([true, false]);
  expect(copy.embed.weight).toBeInstanceOf(nn.Parameter);
  const x = torch.ones(1, 3);
  const before = copy(x).tolist();
  expect(before).toEqual(model(x).tolist());
  torch.noGrad(() => model.embed.weight.zero_());
  model.sizes.a.push(3);
  expect(copy(x).tolist()).toEqual(before);
  expect(copy.sizes.a).toEqual([1, 2]);
  expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
  expect(String(copy)).toBe(String(model));
  const frozen = deepcopy(model.requiresGrad_(false));
  expect(frozen.parameters().some((p) => p.requiresGrad)).toBe(false);
});

test("hooks go along", () => {
  const model = new nn.Identity();
  const handle = model.registerForwardHook((_, __, y) => (y as Tensor).add(1));
  const copy = deepcopy(model);
  handle.remove();
  expect(copy(torch.zeros(1)).tolist()).toEqual([1]);
  expect(model(torch.zeros(1)).tolist()).toEqual([0]);
});

test("a state_dict, an optimizer with its model, and whatever else", () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  model(torch.ones(2)).sum().backward();
  optimizer.step();
  const both = deepcopy({ model, optimizer, when: new Date(0), list: Object.freeze([1]), dtype: torch.float32 });
  expect(both.optimizer.paramGroups[0]?.params[0]).toBe(both.model.weight);
  expect(both.dtype).toBe(torch.float32);
  expect(Object.isFrozen(both.list)).toBe(true);
  const before = model.weight.tolist();
  both.model(torch.ones(2)).sum().backward();
  both.optimizer.step();
  expect(model.weight.tolist()).toEqual(before);
  expect(both.model.weight.tolist()).not.toEqual(before);
  const saved = deepcopy(model.stateDict());
  torch.noGrad(() => model.weight.fill_(7));
  expect(saved.weight?.tolist()).toEqual(before);
});

test("views of one memory stay that; leaves keep their grad, parameters do not", () => {
  const x = torch.arange(4, { dtype: torch.float32 });
  const [base, tail] = deepcopy([x, x.narrow(0, 2, 2)] as const);
  base.fill_(9);
  expect(tail.tolist()).toEqual([9, 9]);
  expect(x.tolist()).toEqual([0, 1, 2, 3]);
  const leaf = torch.ones(2, { requiresGrad: true });
  leaf.sum().backward();
  expect(deepcopy(leaf).grad?.tolist()).toEqual([1, 1]);
  const p = new nn.Parameter(torch.ones(2));
  p.sum().backward();
  expect(deepcopy(p).grad).toBeNull(); // as in PyTorch
  expect(() => deepcopy(leaf.mul(2))).toThrow(
    "deepcopy: expected a leaf of the graph, got a result of MulBackward0; copy x.detach()",
  );
});

test("a class with private names is refused", () => {
  class Hidden extends nn.Module {
    #count = 0;
    forward(): number {
      return this.#count;
    }
  }
  expect(() => deepcopy(new Hidden())).toThrow("got Hidden, whose class has #private names");
});
