/** @file A linear layer and the ReLU after it, which Sequential and transformer layers compute as one op. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

/** A hook that does nothing, so that both modules are called. */
function apart(model: nn.Module): nn.Module {
  for (const [, module] of model.namedModules()) if (module instanceof nn.ReLU) module.registerForwardHook(() => {});
  return model;
}

const bits = (t: Tensor) => t.detach().flatten().tolist();

const gradFnOf = (model: nn.Module, x: Tensor) => (model as nn.Sequential)(x).gradFn?.name();

describe("one op", () => {
  const shapes: [name: string, features: [number, number], input: number[]][] = [
    ["a vector of the batch", [33, 17], [1, 33]],
    ["a small batch", [20, 40], [5, 20]],
    ["tiles and what is left over", [100, 70], [64, 100]],
    ["blocks of k", [900, 130], [50, 900]],
    ["several dimensions", [8, 32], [2, 3, 5, 8]],
    ["nothing", [4, 3], [0, 4]],
  ];
  it.each(shapes)("%s: values and gradients are those of both modules", (_, [inFeatures, outFeatures], shape) => {
    torch.manualSeed(1);
    const model = new nn.Sequential(
      new nn.Linear(inFeatures, outFeatures),
      new nn.ReLU(),
      new nn.Linear(outFeatures, 3),
    );
    const of = (net: nn.Module, x: Tensor) => {
      net.zeroGrad();
      const out = (net as nn.Sequential)(x);
      out.sin().sum().backward();
      return [out, x.grad!, ...[...net.parameters()].map((p) => p.grad!)].map(bits);
    };
    const x = torch.randn(shape);
    const fused = of(model, x.clone().requiresGrad_());
    expect(fused).toEqual(of(apart(model), x.clone().requiresGrad_()));
  });

  it.each([torch.float64, torch.bfloat16, torch.float16])("%s", (dtype) => {
    torch.manualSeed(2);
    const model = new nn.Sequential(new nn.Linear(40, 24, { dtype }), new nn.ReLU());
    const x = torch.randn([6, 40], { dtype });
    const fused = torch.noGrad(() => model(x));
    expect(gradFnOf(model, x)).toBe("AddmmActivationBackward0");
    expect(bits(fused)).toEqual(bits(torch.noGrad(() => (apart(model) as typeof model)(x))));
  });

  it("keeps NaN, as relu does", () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU());
    const out = torch.noGrad(() => model(torch.tensor([[Number.NaN, 1]])));
    expect(out.isnan().all().item()).toBe(true);
  });

  it("can be differentiated twice", () => {
    torch.manualSeed(3);
    const linear = new nn.Linear(3, 4, { dtype: torch.float64 });
    const model = new nn.Sequential(linear, new nn.ReLU());
    const x = torch.randn([2, 3], { dtype: torch.float64, requiresGrad: true });
    expect(torch.autograd.gradgradcheck((t: Tensor) => model(t).pow(3), [x])).toBe(true);
  });
});

describe("two calls", () => {
  const model = () => new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  const x = torch.ones(1, 3);

  it("where a hook looks at what lies between", () => {
    const net = model();
    const seen: number[][] = [];
    net[0]!.registerForwardHook((_module, _inputs, output) => void seen.push((output as Tensor).shape as number[]));
    expect(gradFnOf(net, x)).toBe("ReluBackward0");
    expect(seen).toEqual([[1, 2]]);
  });

  it("where a class or an object has a forward of its own", () => {
    class Twice extends nn.Linear {
      override forward(input: Tensor): Tensor {
        return super.forward(input).mul(2);
      }
    }
    expect(gradFnOf(new nn.Sequential(new Twice(3, 2), new nn.ReLU()), x)).toBe("ReluBackward0");
    const net = model();
    Object.assign(net[1]!, { forward: (input: Tensor) => input.neg() });
    expect(gradFnOf(net, x)).toBe("NegBackward0");
  });

  it("without a bias, of a vector, under autocast", () => {
    expect(gradFnOf(new nn.Sequential(new nn.Linear(3, 2, { bias: false }), new nn.ReLU()), x)).toBe("ReluBackward0");
    expect(gradFnOf(model(), torch.ones(3))).toBe("ReluBackward0");
    torch.autocast("cpu", () => expect(gradFnOf(model(), x)).toBe("ReluBackward0"));
  });

  it("where the weight is none, so that the error says so", () => {
    const net = model();
    Object.assign(net[0]!, { weight: null });
    expect(() => net(x)).toThrow(/linear: expected a Tensor as weight/);
  });

  it("where the input does not fit, so that the error names the layer", () => {
    expect(() => model()(torch.ones(1, 4))).toThrow(/linear: expected an input of shape .* \(in 0 of Sequential\)/);
  });
});
