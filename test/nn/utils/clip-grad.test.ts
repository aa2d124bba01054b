import * as torch from "typetorch";
import { nn } from "typetorch";
import { describe, expect, test } from "vitest";
import { expectClose, golden, type Numbers, nestedOf, numbersOf } from "./golden.ts";

const f32 = { dtype: torch.float32 };
const { utils } = nn;

function withGrad(grad: Numbers): nn.Parameter {
  const data = torch.tensor(nestedOf(grad), f32);
  const p = new nn.Parameter(torch.zerosLike(data));
  p.grad = data;
  return p;
}

interface Case {
  norm_type: Numbers;
  max_norm: number;
  grads: Numbers[];
  norm: Numbers;
  clipped: Numbers[];
}

describe("clipGradNorm_", () => {
  test.each((golden.clip_grad as Case[]).map((c) => [c.norm_type, c.max_norm, c] as const))(
    "norm %s of at most %s is PyTorch's",
    (_, maxNorm, { norm_type, grads, norm, clipped }) => {
      const normType = numbersOf(norm_type)[0] as number;
      const whole = grads.map(withGrad);
      expectClose(utils.clipGradNorm_(whole, maxNorm, { normType }), norm);
      for (const [i, p] of whole.entries()) expectClose(p.grad, clipped[i] as Numbers);
      const halves = grads.map(withGrad);
      const total = utils.getTotalNorm(
        halves.map((p) => p.grad as torch.Tensor),
        normType,
      );
      utils.clipGradsWithNorm_(halves, maxNorm, total);
      for (const [i, p] of halves.entries()) expect(p.grad?.tolist()).toEqual(whole[i]?.grad?.tolist());
    },
  );

  test("takes one tensor, a generator, and parameters without a gradient", () => {
    const p = withGrad([3, 4]);
    expect(utils.clipGradNorm_(p, { maxNorm: 10 }).item()).toBe(5);
    expect(utils.clipGradNorm_(new Set([p, new nn.Parameter(torch.ones(1))]), 10).item()).toBe(5);
    expect(utils.clipGradNorm_([new nn.Parameter(torch.ones(1))], 1).item()).toBe(0);
    expect(utils.clipGradNorm_([], 1, 2, false, true).dtype).toBe(torch.float32);
    expect(p.grad?.tolist()).toEqual([3, 4]);
  });

  test("errorIfNonfinite throws before anything is changed", () => {
    const [p, q] = [withGrad([Infinity]), withGrad([3])];
    expect(() => utils.clipGradNorm_([p, q], 1, { errorIfNonfinite: true })).toThrow(
      "clipGradNorm_: expected a finite norm of order 2 of the gradients, got Infinity",
    );
    expect(q.grad?.tolist()).toEqual([3]);
  });

  test("the norm is not recorded, though the gradients are", () => {
    const x = torch.tensor([3.5], { requiresGrad: true });
    torch.autograd.backward(x.mul(x), null, { createGraph: true });
    expect(x.grad?.requiresGrad).toBe(true);
    expect(utils.clipGradNorm_(x, 1).requiresGrad).toBe(false);
  });

  test("what is no list of tensors is refused", () => {
    const { clipGradNorm_, clipGradValue_, clipGradsWithNorm_ } = utils;
    expect(() => clipGradNorm_(new nn.Linear(1, 1) as never, 1)).toThrow("got a module; pass model.parameters()");
    expect(() => clipGradNorm_([3] as never, 1)).toThrow("clipGradNorm_: expected a Tensor as parameters[0], got 3");
    expect(() => clipGradNorm_([], "1" as never)).toThrow('clipGradNorm_: expected a number as maxNorm, got "1"');
    expect(() => clipGradNorm_([], 1, "2" as never)).toThrow('clipGradNorm_: expected a number as normType, got "2"');
    expect(() => clipGradNorm_([], {} as never)).toThrow("clipGradNorm_: expected maxNorm, got no maxNorm");
    expect(() => clipGradValue_([], null as never)).toThrow("clipGradValue_: expected a number as clipValue, got null");
    expect(() => clipGradsWithNorm_([], 1, 2 as never)).toThrow("expected a Tensor as totalNorm, got 2");
  });
});

test("clipGradValue_ clamps each element", () => {
  const p = withGrad([
    [-3, 0.5],
    [2, Number.NaN],
  ]);
  utils.clipGradValue_([p, new nn.Parameter(torch.ones(1))], 1);
  expect(p.grad?.tolist()).toEqual([
    [-1, 0.5],
    [1, Number.NaN],
  ]);
});

describe("parameters as a vector", () => {
  test("there and back", () => {
    const layer = new nn.Linear(3, 2);
    const vec = utils.parametersToVector(layer.parameters());
    expect(vec.shape).toEqual([8]);
    expect(vec.requiresGrad).toBe(true);
    const other = torch.arange(8, f32);
    utils.vectorToParameters(other, layer.parameters());
    expect(layer.weight.tolist()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(layer.bias?.tolist()).toEqual([6, 7]);
    expect(layer.weight.requiresGrad && layer.weight.isLeaf).toBe(true);
    other.fill_(1); // the parameters are views of it, as in PyTorch
    expect(layer.bias?.tolist()).toEqual([1, 1]);
    expect(layer(torch.ones(3)).tolist()).toEqual([4, 4]);
  });

  test("a vector of another length is refused", () => {
    const p = [new nn.Parameter(torch.ones(2))];
    expect(() => utils.vectorToParameters(torch.ones(3), p)).toThrow(
      "vectorToParameters: expected a vector of 2 elements, got shape [3]",
    );
    expect(() => utils.vectorToParameters(3 as never, p)).toThrow(
      "vectorToParameters: expected a Tensor as vec, got 3",
    );
  });
});
