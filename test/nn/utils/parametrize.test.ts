import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { parametrize } = nn.utils;
const { cached, isParametrized, registerParametrization, removeParametrizations } = parametrize;

class Symmetric extends nn.Module {
  calls = 0;
  forward(x: Tensor): Tensor {
    this.calls++;
    return x.triu().add(x.triu(1).T);
  }
  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}

class Doubled extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
  rightInverse(x: Tensor): Tensor {
    return x.div(2);
  }
}

/** A matrix from two factors. */
class LowRank extends nn.Module {
  forward(a: Tensor, b: Tensor): Tensor {
    return a.matmul(b);
  }
  rightInverse(x: Tensor): Tensor[] {
    const { U, S, Vh } = torch.linalg.svd(x);
    return [U.narrow(1, 0, 2).mul(S.narrow(0, 0, 2)), Vh.narrow(0, 0, 2)];
  }
}

const layer = () => {
  torch.manualSeed(0);
  return new nn.Linear(3, 3);
};

describe("a parametrized tensor", () => {
  test("is computed, assigned to, trained, saved, and printed as in PyTorch", () => {
    const m = layer();
    const { weight } = m;
    expect(registerParametrization(m, "weight", new Symmetric())).toBe(m);
    expect([isParametrized(m), isParametrized(m, "weight"), isParametrized(m, "bias")]).toEqual([true, true, false]);
    expect(torch.equal(m.weight, m.weight.T)).toBe(true);
    expect(m.weight).not.toBeInstanceOf(nn.Parameter);
    expect(m.getParameter("parametrizations.weight.original")).toBe(weight); // for the optimizer that has it
    expect(m).toBeInstanceOf(nn.Linear);
    expect(parametrize.typeBeforeParametrizations(m)).toBe(nn.Linear);
    expect(String(m)).toBe(
      "ParametrizedLinear(\n  in_features=3, out_features=3, bias=True\n  (parametrizations): ModuleDict(\n" +
        "    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)",
    );
    m(torch.ones(1, 3)).sum().backward();
    expect(weight.grad?.tolist()).toEqual([
      [1, 2, 2],
      [0, 1, 2],
      [0, 0, 1],
    ]);
    m.weight = new nn.Parameter(torch.eye(3));
    expect(m.weight.tolist()).toEqual(torch.eye(3).tolist());
    const state = m.stateDict();
    expect(Object.keys(state)).toEqual(["bias", "parametrizations.weight.original"]);
    const other = registerParametrization(layer(), "weight", new Symmetric());
    other.loadStateDict(state);
    expect(other.weight.tolist()).toEqual(torch.eye(3).tolist());
    expect(m.double().weight.dtype).toBe(torch.float64);
  });

  test("may have several parametrizations, and be made of several tensors", () => {
    const m = layer();
    const rankTwo = m.weight.detach().clone();
    registerParametrization(m, "weight", new LowRank(), { unsafe: true });
    registerParametrization(m, "weight", new Doubled());
    const list = (m as unknown as { parametrizations: { weight: nn.utils.parametrize.ParametrizationList } })
      .parametrizations.weight;
    expect([list.length, list.isTensor, list.ntensors, list.unsafe]).toEqual([2, false, 2, true]);
    expect(list[1]).toBeInstanceOf(Doubled);
    expect(m.namedParameters().map(([name, p]) => `${name} ${p.shape}`)).toEqual([
      "bias 3",
      "parametrizations.weight.original0 3,2",
      "parametrizations.weight.original1 2,3",
    ]);
    m.weight = m.weight as nn.Parameter; // goes through both
    expect(torch.linalg.matrixRank(m.weight).item()).toBe(2);
    const { weight } = m;
    expect(() => removeParametrizations(m, "weight", false)).toThrow("expected leaveParametrized for a tensor made of");
    removeParametrizations(m, "weight");
    expect(m.weight).toBeInstanceOf(nn.Parameter);
    expect(torch.allclose(m.weight, weight)).toBe(true);
    expect(rankTwo.shape).toEqual([3, 3]);
  });

  test("can be a buffer, and stays one", () => {
    const m = new nn.Identity();
    m.registerBuffer("scale", torch.eye(2), { persistent: false });
    registerParametrization(m, "scale", new Symmetric());
    expect(m.namedBuffers().map(([name]) => name)).toEqual(["parametrizations.scale.original"]);
    expect(Object.keys(m.stateDict())).toEqual([]);
    removeParametrizations(m, "scale");
    expect(m.getBuffer("scale").persistent).toBe(false);
  });

  test("becomes a parameter again, with either value", () => {
    for (const leave of [true, false]) {
      const m = layer();
      const { weight } = m;
      registerParametrization(m, "weight", new Doubled());
      registerParametrization(m, "bias", new Doubled());
      torch.noGrad(() => weight.fill_(3));
      removeParametrizations(m, "weight", { leaveParametrized: leave });
      expect(m.weight).toBe(weight);
      expect(m.weight.at(0, 0).item()).toBe(leave ? 6 : 3);
      expect(m.constructor).not.toBe(nn.Linear); // the bias is parametrized still
      removeParametrizations(m, "bias");
      expect(m.constructor).toBe(nn.Linear);
      expect(Object.keys(m.stateDict()).sort()).toEqual(["bias", "weight"]);
      expect(() => removeParametrizations(m, "weight")).toThrow("a parametrization of weight in Linear, got none");
    }
  });

  test("has a state name in snake_case where its field has capitals", () => {
    class Net extends nn.Module {
      outWeight = new nn.Parameter(torch.ones(2, 2));
      forward(): Tensor {
        return this.outWeight;
      }
    }
    const m = registerParametrization(new Net(), "outWeight", new Symmetric());
    expect(Object.keys(m.stateDict())).toEqual(["parametrizations.out_weight.original"]);
    expect(m().shape).toEqual([2, 2]);
  });

  test("of a copy is the copy's own", () => {
    const m = registerParametrization(layer(), "weight", new Doubled());
    const copy = torch.utils.deepcopy(m);
    torch.noGrad(() => copy.getParameter("parametrizations.weight.original").zero_());
    expect(copy.weight.abs().sum().item()).toBe(0);
    expect(m.weight.abs().sum().item()).toBeGreaterThan(0);
    removeParametrizations(copy, "weight");
    expect([isParametrized(copy), isParametrized(m)]).toEqual([false, true]);
    expect(m.weight.shape).toEqual([3, 3]);
  });

  test("is computed once while a cache is on", async () => {
    const symmetric = new Symmetric();
    const m = registerParametrization(layer(), "weight", symmetric);
    const before = symmetric.calls;
    cached(() => cached(() => void m.weight) ?? m.weight);
    expect(symmetric.calls).toBe(before + 1);
    {
      using _ = cached();
      void m.weight;
      void m.weight;
    }
    void m.weight;
    expect(symmetric.calls).toBe(before + 3);
    await cached(async () => {
      void m.weight;
      await null;
      void m.weight;
    });
    expect(symmetric.calls).toBe(before + 4);
    expect(() =>
      cached(() => {
        throw new RangeError("mine");
      }),
    ).toThrow("mine");
    void m.weight;
    void m.weight;
    expect(symmetric.calls).toBe(before + 6);
    expect(() => cached(3 as never)).toThrow("cached: expected a function, got 3");
  });

  test("can be shared with another module", () => {
    const m = registerParametrization(layer(), "weight", new Doubled());
    const other = parametrize.transferParametrizationsAndParams(m, new nn.Linear(3, 3));
    expect(other.weight.tolist()).toEqual(m.weight.tolist());
    expect(other.getParameter("parametrizations.weight.original")).toBe(
      m.getParameter("parametrizations.weight.original"),
    );
  });
});

test("what cannot be a parametrization is refused, and the module stays as it was", () => {
  class Flat extends nn.Module {
    forward(x: Tensor): Tensor {
      return x.flatten();
    }
  }
  class Half extends nn.Module {
    forward(x: Tensor): Tensor {
      return x.half();
    }
  }
  class Wrong extends Doubled {
    override rightInverse(): Tensor {
      return 3 as never;
    }
  }
  const m = layer();
  expect(() => registerParametrization(m, "weight", new Flat())).toThrow(torch.ShapeError);
  expect(() => registerParametrization(m, "weight", new Flat())).toThrow(
    "to give shape [3, 3] (unless unsafe), got [9]",
  );
  expect(() => registerParametrization(m, "weight", new Half())).toThrow(torch.DTypeError);
  expect(() => registerParametrization(m, "weight", new Wrong())).toThrow("expected rightInverse to give a Tensor");
  expect(() => registerParametrization(m, "nothing", new Doubled())).toThrow(
    'name of a tensor in Linear, got "nothing"',
  );
  expect(() => registerParametrization(m, "weight", ((x: Tensor) => x) as never)).toThrow("expected a Module");
  expect(m.weight).toBeInstanceOf(nn.Parameter);
  expect(Object.keys(m.stateDict())).toEqual(["weight", "bias"]);
  registerParametrization(m, "weight", new Doubled());
  expect(() => registerParametrization(m, "weight", new Flat())).toThrow("(unless unsafe), got [9]");
  class OneWay extends nn.Module {
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  registerParametrization(m, "bias", new OneWay());
  expect(() => {
    m.bias = new nn.Parameter(torch.ones(3));
  }).toThrow("expected OneWay to have rightInverse, got none; it cannot be assigned to");
});
