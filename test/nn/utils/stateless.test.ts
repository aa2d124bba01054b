import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { fuseConvBnEval, fuseConvBnWeights, fuseLinearBnEval, fuseLinearBnWeights, skipInit } = nn.utils;
const { functionalCall } = nn.utils.stateless;

class Tied extends nn.Module {
  a = new nn.Linear(2, 2, { bias: false });
  layers = [new nn.Linear(2, 2, { bias: false })];
  shift = new nn.Buffer(torch.zeros(2));
  constructor() {
    super();
    (this.layers[0] as nn.Linear).weight = this.a.weight;
  }
  forward(x: Tensor, scale = 1): Tensor {
    return this.layers
      .reduce((y, layer) => layer(y), this.a(x))
      .mul(scale)
      .add(this.shift);
  }
}

describe("functionalCall", () => {
  const x = torch.ones(1, 2);

  test("computes with the given tensors, and leaves the module as it was", () => {
    const m = new Tied();
    const { a, shift } = m;
    const weight = torch.eye(2).mul(2).requiresGrad_();
    const y = functionalCall(m, { "a.weight": weight, shift: torch.ones(2) }, [x, 10]);
    expect(y.tolist()).toEqual([[41, 41]]); // the tied one, too
    y.sum().backward();
    expect(weight.grad?.tolist()).toEqual([
      [40, 40],
      [40, 40],
    ]);
    expect([m.a, m.a.weight, m.shift]).toEqual([a, a.weight, shift]);
    expect(m.layers[0]?.weight).toBe(m.a.weight);
    expect(m.a.weight.grad).toBeNull();
    const untied = functionalCall(m, new Map([["a.weight", torch.zeros(2, 2)]]), x, { tieWeights: false });
    expect(untied.tolist()).toEqual([[0, 0]]);
    expect(functionalCall(m, [{ "a.weight": torch.zeros(2, 2) }, { shift: torch.ones(2) }], x).tolist()).toEqual([
      [1, 1],
    ]);
  });

  test("restores also after an error, and after an asynchronous forward", async () => {
    class Later extends nn.Module {
      w = new nn.Parameter(torch.ones(1));
      async forward(): Promise<Tensor> {
        await null;
        return this.w.mul(2);
      }
    }
    const later = new Later();
    const { w } = later;
    expect((await functionalCall(later, { w: torch.tensor([3.5]) })).tolist()).toEqual([7]);
    expect(later.w).toBe(w);
    const m = new Tied();
    const { weight } = m.a;
    expect(() => functionalCall(m, { "a.weight": torch.zeros(3, 3) }, x)).toThrow(torch.ShapeError);
    expect(m.a.weight).toBe(weight);
  });

  test("refuses what does not fit", () => {
    const m = new Tied();
    const [one, two] = [torch.ones(2, 2), torch.zeros(2, 2)];
    expect(() => functionalCall(m, { "a.weight": one, "layers.0.weight": two }, x)).toThrow(
      "expected one tensor for tied parameters, got another one as layers.0.weight",
    );
    expect(() => functionalCall(m, { b: one }, x, { strict: true })).toThrow(
      "expected the names of Tied, got unexpected b; missing shift, a.weight, layers.0.weight",
    );
    expect(() => functionalCall(m, { shift: 3 as never }, x)).toThrow("expected a Tensor as shift, got 3");
    expect(() => functionalCall(m, [{ shift: one }, { shift: one }], x)).toThrow("got shift twice");
    expect(() => functionalCall(3 as never, {}, x)).toThrow("functionalCall: expected a Module, got 3");
    expect(functionalCall(m, { b: one }, x).shape).toEqual([1, 2]);
  });
});

describe("skipInit", () => {
  test("makes a module without drawing numbers", () => {
    torch.manualSeed(0);
    const m = skipInit(nn.Linear, 3, 2, { bias: false });
    expect([m.weight.shape, m.bias]).toEqual([[2, 3], null]);
    const drawn = torch.rand(1).item();
    torch.manualSeed(0);
    expect(torch.rand(1).item()).toBe(drawn);
    new nn.Linear(1, 1); // draws again
    expect(() => skipInit(nn.Linear, -1, 2)).toThrow("expected inFeatures of at least 0");
    torch.manualSeed(0);
    expect(new nn.Linear(1, 1).weight.item()).toBe(torch.manualSeed(0) && new nn.Linear(1, 1).weight.item());
    expect(() => skipInit(3 as never, ...([] as never))).toThrow("skipInit: expected a class of modules, got 3");
  });
});

describe("fusion with a batch norm", () => {
  function trained(n: number): nn.BatchNorm1d {
    const bn = new nn.BatchNorm1d(n);
    torch.noGrad(() => {
      for (const t of [bn.weight, bn.bias, bn.runningMean, bn.runningVar]) t?.uniform_(0.5, 2);
    });
    return bn.eval();
  }

  test("of a linear layer computes the same", () => {
    for (const bias of [true, false]) {
      const [linear, bn] = [new nn.Linear(4, 3, { bias }).eval(), trained(3)];
      const fused = fuseLinearBnEval(linear, bn);
      const x = torch.randn(5, 4);
      expect(torch.allclose(fused(x), bn(linear(x)), { atol: 1e-5 })).toBe(true);
      expect(fused).toBeInstanceOf(nn.Linear);
      expect(fused.bias).toBeInstanceOf(nn.Parameter);
      expect(linear.bias === null).toBe(!bias);
    }
  });

  test("of a convolution, and of a transposed one, computes the same", () => {
    for (const transpose of [false, true]) {
      const conv = (transpose ? new nn.ConvTranspose2d(2, 3, 2) : new nn.Conv2d(2, 3, 2)).eval();
      const bn = new nn.BatchNorm2d(3);
      torch.noGrad(() => {
        for (const t of [bn.weight, bn.bias, bn.runningMean, bn.runningVar]) t?.uniform_(0.5, 2);
      });
      const fused = fuseConvBnEval(conv as nn.Conv2d, bn.eval(), { transpose });
      const x = torch.randn(2, 2, 4, 4);
      expect(torch.allclose(fused(x), bn(conv(x)), { atol: 1e-5 })).toBe(true);
    }
  });

  test("of a kernel scales the dimension of its outputs", () => {
    const bn = trained(2);
    const args = [null, bn.runningMean as Tensor, bn.runningVar as Tensor, bn.eps, bn.weight, bn.bias] as const;
    const w = torch.randn(2, 3, 2, 2);
    const [plain] = fuseConvBnWeights(w, ...args);
    const [transposed, bias] = fuseConvBnWeights(w.transpose(0, 1), ...args, { transpose: true });
    const [matrix, same] = fuseLinearBnWeights(w.flatten(1), ...args);
    expect(torch.equal(plain, transposed.transpose(0, 1))).toBe(true);
    expect(torch.equal(plain.flatten(1), matrix)).toBe(true);
    expect(torch.equal(bias, same)).toBe(true);
    const [bare] = fuseLinearBnWeights(w.flatten(1), null, args[1], args[2], bn.eps, null, null);
    expect(torch.allclose(bare.mul((bn.weight as Tensor).unsqueeze(1)), matrix)).toBe(true);
  });

  test("asks for evaluation and running statistics", () => {
    const [linear, bn] = [new nn.Linear(4, 3), trained(3)];
    expect(() => fuseLinearBnEval(linear, bn)).toThrow("expected modules in evaluation, got Linear, which trains");
    const without = new nn.BatchNorm1d(3, { trackRunningStats: false }).eval();
    expect(() => fuseLinearBnEval(linear.eval(), without)).toThrow("expected a batch norm with running statistics");
  });
});
