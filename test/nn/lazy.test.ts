import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const UNKNOWN = "a lazy module that was not called yet";

describe("an uninitialised parameter", () => {
  test.each<[string, (p: nn.UninitializedParameter) => unknown]>([
    ["its shape", (p) => p.shape],
    ["its number of elements", (p) => p.numel()],
    ["arithmetic", (p) => p.add(1)],
    ["being an operand", (p) => torch.ones(2).mul(p)],
    ["init", (p) => nn.init.zeros_(p)],
  ])("refuses %s", (_, use) => {
    expect(() => use(new nn.UninitializedParameter())).toThrow(UNKNOWN);
  });

  test("has a dtype, a print and requiresGrad, and becomes a Parameter in place", () => {
    const p = new nn.UninitializedParameter({ dtype: torch.float64 });
    expect([String(p), p.dtype, p.requiresGrad]).toEqual(["<UninitializedParameter>", torch.float64, true]);
    p.materialize([2, 3]);
    expect(p).toBeInstanceOf(nn.Parameter);
    expect(nn.isUninitialized(p)).toBe(false);
    expect([p.shape, p.dtype, p.requiresGrad]).toEqual([[2, 3], torch.float64, true]);
    p.sum().backward();
    expect(p.grad?.shape).toEqual([2, 3]);
  });

  test("a buffer keeps whether it is saved", () => {
    const b = new nn.UninitializedBuffer({ persistent: false });
    expect(String(b)).toBe("<UninitializedBuffer>");
    b.materialize([2], { dtype: torch.int64 });
    expect(b).toBeInstanceOf(nn.Buffer);
    expect([b.shape, b.dtype, b.persistent]).toEqual([[2], torch.int64, false]);
  });
});

describe("LazyLinear", () => {
  test("is a Linear after its first call, with the weights of the same seed", () => {
    const lazy = new nn.LazyLinear(4);
    expect(String(lazy)).toBe("LazyLinear(in_features=0, out_features=4, bias=True)");
    const parameters = lazy.parameters();
    expect(lazy.hasUninitializedParams()).toBe(true);
    const x = torch.ones(3, 5);
    torch.manualSeed(7);
    const y = lazy(x);
    torch.manualSeed(7);
    const eager = new nn.Linear(5, 4);
    expect(y.tolist()).toEqual(eager(x).tolist());
    expect(String(lazy)).toBe("Linear(in_features=5, out_features=4, bias=True)");
    expect(lazy).toBeInstanceOf(nn.Linear);
    expect(lazy).not.toBeInstanceOf(nn.LazyLinear);
    // An optimizer that was made before the first call has the same parameters.
    expect(lazy.parameters()).toEqual(parameters);
    expect(lazy.parameters().every((p, i) => p === parameters[i])).toBe(true);
  });

  test("changes dtype before the first call", () => {
    const lazy = new nn.LazyLinear(2).double();
    expect(lazy(torch.ones([1, 3], { dtype: torch.float64 })).dtype).toBe(torch.float64);
    expect(lazy.weight.dtype).toBe(torch.float64);
  });

  test("loads a state_dict of an initialised module, and of an uninitialised one", () => {
    const eager = new nn.Linear(5, 4);
    const lazy = new nn.LazyLinear(4);
    lazy.loadStateDict(eager.stateDict());
    expect(lazy.weight.tolist()).toEqual(eager.weight.tolist());
    const x = torch.ones(2, 5);
    expect(lazy(x).tolist()).toEqual(eager(x).tolist());
    expect(String(lazy)).toBe("Linear(in_features=5, out_features=4, bias=True)");
    const other = new nn.LazyLinear(4);
    expect(String(other.loadStateDict(new nn.LazyLinear(4).stateDict()))).toBe("<All keys matched successfully>");
    expect(other.hasUninitializedParams()).toBe(true);
    expect(() => eager.loadStateDict(other.stateDict())).toThrow(UNKNOWN);
  });
});

describe("LazyModuleMixin", () => {
  class Scale extends nn.LazyModuleMixin(nn.Module) {
    scale = new nn.UninitializedParameter();
    done = true;
    override initializeParameters(input: Tensor): void {
      if (this.done) this.scale.materialize(input.shape);
    }
    override forward(input: Tensor): Tensor {
      return input.mul(this.scale.fill_(2));
    }
  }

  test("serves classes of one's own", () => {
    const m = new Scale().requiresGrad_(false);
    expect(m(torch.ones(2)).tolist()).toEqual([2, 2]);
    expect(m).toBeInstanceOf(Scale);
  });

  test("refuses a call that leaves a parameter without shape", () => {
    const m = new Scale();
    m.done = false;
    expect(() => m(torch.ones(2))).toThrow("Scale: expected initializeParameters to give every parameter its shape");
    class Bare extends nn.LazyModuleMixin(nn.Module) {
      override forward(): null {
        return null;
      }
    }
    expect(() => new Bare()()).toThrow("Bare: expected a method initializeParameters, got none");
  });
});
