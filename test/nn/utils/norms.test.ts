import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";
import { expectClose, golden, type Numbers } from "./golden.ts";

const { utils } = nn;
const { orthogonal, spectralNorm, weightNorm } = utils.parametrizations;
type Map = nn.utils.parametrizations.OrthogonalMap | null;

/** What golden.py notes of a module that was used. */
interface Used {
  outputs: Numbers[];
  grads: Record<string, Numbers>;
  state: Record<string, Numbers>;
  weight: Numbers;
}

function linear(out = 4): nn.Linear {
  torch.manualSeed(3);
  const layer = new nn.Linear(6, out);
  torch.manualSeed(5);
  return layer;
}

function expectUsed(module: nn.Linear, { outputs, grads, state, weight }: Used): void {
  const x = torch.linspace(-1, 1, 12).reshape(2, 6);
  const got = outputs.slice(1).map(() => module(x));
  (got[0] as Tensor)
    .mul(got.at(-1) as Tensor)
    .sum()
    .backward();
  expect(module.namedParameters().map(([name]) => name)).toEqual(Object.keys(grads));
  for (const [name, p] of module.namedParameters()) expectClose(p.grad, grads[name] as Numbers, 2e-5);
  got.push(module.eval()(x));
  for (const [i, y] of got.entries()) expectClose(y, outputs[i] as Numbers, 1e-5);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(state));
  for (const [name, t] of Object.entries(module.stateDict())) expectClose(t, state[name] as Numbers, 1e-5);
  expectClose(module.weight, weight, 1e-5);
}

const old: Record<string, (m: nn.Linear) => nn.Linear> = {
  weight_norm: (m) => utils.weightNorm(m),
  weight_norm_1: (m) => utils.weightNorm(m, { dim: 1 }),
  weight_norm_all: (m) => utils.weightNorm(m, "weight", null),
  spectral_norm: (m) => utils.spectralNorm(m),
  spectral_norm_1: (m) => utils.spectralNorm(m, "weight", 3, { dim: 1, eps: 1e-6 }),
};

describe("the older forms give PyTorch's weights, gradients and states", () => {
  test.each(Object.keys(golden.old_norms))("%s", (name) => {
    expectUsed((old[name] as (m: nn.Linear) => nn.Linear)(linear()), golden.old_norms[name]);
  });

  test("removing leaves the value as one parameter", () => {
    for (const make of Object.values(old)) {
      const m = make(linear());
      const x = torch.ones(1, 6);
      const [before, value] = [m.eval()(x).tolist(), m.weight.tolist()];
      ("weightG" in m ? utils.removeWeightNorm : utils.removeSpectralNorm)(m);
      expect(m.weight).toBeInstanceOf(nn.Parameter);
      expect(m.weight.tolist()).toEqual(value);
      expect(m(x).tolist()).toEqual(before);
      expect(Object.keys(m.stateDict()).sort()).toEqual(["bias", "weight"]);
      expect(m.loadStateDict(linear().stateDict()).missingKeys).toEqual([]);
      expect(() => utils.removeWeightNorm(m)).toThrow("expected weightNorm on weight of Linear, which has none");
      expect(() => utils.removeSpectralNorm(m)).toThrow("expected spectralNorm on weight of Linear, which has none");
    }
  });

  test("twice, on nothing, or with options out of their domain is refused", () => {
    expect(() => utils.weightNorm(utils.weightNorm(linear()))).toThrow("to have no weightNorm yet");
    expect(() => utils.spectralNorm(utils.spectralNorm(linear()))).toThrow("to have no spectralNorm yet");
    expect(() => utils.weightNorm(linear(), "nothing")).toThrow(
      'expected the name of a tensor in Linear, got "nothing"',
    );
    expect(() => utils.weightNorm(linear(), { dim: 2 })).toThrow(
      "expected a dimension within [0, 1], -1 or null, got 2",
    );
    expect(() => utils.spectralNorm(linear(), { dim: 2 })).toThrow("expected a dimension within [-2, 1] as dim, got 2");
    expect(() => spectralNorm(linear(), { nPowerIterations: 0 })).toThrow("expected nPowerIterations of at least 1");
    expect(() => utils.spectralNorm(3 as never)).toThrow();
  });

  test("copies of a module have norms of their own", () => {
    const copy = torch.utils.deepcopy(torch.noGrad(() => utils.weightNorm(linear())));
    const m = utils.removeWeightNorm(copy);
    expect(Object.keys(m.stateDict())).toEqual(["bias", "weight"]);
  });

  test("spectralNorm upgrades a state_dict of PyTorch before 1.0", () => {
    const m = utils.spectralNorm(linear());
    m(torch.ones(1, 6));
    m.eval()(torch.ones(1, 6));
    const { weight_v: v, ...rest } = torch.utils.deepcopy(m.stateDict());
    const other = utils.spectralNorm(linear());
    other.loadStateDict({ ...rest, weight: m.weight.detach() });
    expectClose(other.eval()(torch.ones(1, 6)), m(torch.ones(1, 6)).tolist(), 1e-5);
    expect(v?.shape).toEqual([6]);
  });
});

describe("parametrizations give PyTorch's weights, gradients and states", () => {
  const names = Object.keys(golden.parametrizations as object);
  test.each(names)("%s", (name) => {
    const used: Used = golden.parametrizations[name];
    if (name === "spectral_norm") expectUsed(spectralNorm(linear()), used);
    else if (name === "spectral_norm_1") expectUsed(spectralNorm(linear(), "weight", 3, 1e-6, 1), used);
    else if (name === "spectral_norm_bias") expectUsed(spectralNorm(linear(), "bias"), used);
    else {
      const [, out, map, trivial] = name.split(" ") as [string, string, string, string];
      const orthogonalMap = map === "None" ? null : (map as Map);
      expectUsed(orthogonal(linear(Number(out)), { orthogonalMap, useTrivialization: trivial === "True" }), used);
    }
  });

  test("weightNorm is the older one under other names, and loads its state", () => {
    for (const [name, dim] of [
      ["weight_norm", 0],
      ["weight_norm_1", 1],
      ["weight_norm_all", null],
    ] as const) {
      const { weight_g, weight_v, bias } = golden.old_norms[name].grads;
      const grads = {
        bias,
        "parametrizations.weight.original0": weight_g,
        "parametrizations.weight.original1": weight_v,
      };
      const { state, ...used } = golden.old_norms[name] as Used;
      const renamed = Object.fromEntries(
        Object.entries(state).map(([key, value]) => [
          key
            .replace("weight_g", "parametrizations.weight.original0")
            .replace("weight_v", "parametrizations.weight.original1"),
          value,
        ]),
      );
      expectUsed(weightNorm(linear(), { dim }), { ...used, state: renamed, grads });
    }
    const [before, after] = [utils.weightNorm(linear()), weightNorm(new nn.Linear(6, 4))];
    after.loadStateDict(before.stateDict());
    expectClose(after.weight, before.weight.tolist());
  });

  test("an orthogonal weight can be assigned to", () => {
    for (const orthogonalMap of ["matrix_exp", "cayley", "householder"] as const) {
      const m = orthogonal(linear(4), { orthogonalMap });
      const { Q } = torch.linalg.qr(torch.randn(6, 4));
      m.weight = Q.T as nn.Parameter;
      expectClose(m.weight, Q.T.tolist(), 1e-5);
      expectClose(m.weight.matmul(m.weight.T), torch.eye(4).tolist(), 1e-5);
    }
    const m = orthogonal(linear(4), { orthogonalMap: "cayley", useTrivialization: false });
    expect(() => {
      m.weight = new nn.Parameter(torch.ones(4, 6));
    }).toThrow("expected _Orthogonal to have rightInverse, got none; it cannot be assigned to");
    expect(() => orthogonal(linear(), "bias")).toThrow("expected a matrix or a batch of matrices, got shape [4]");
    expect(() => orthogonal(linear(), { orthogonalMap: "qr" as never })).toThrow('as orthogonalMap, got "qr"');
  });

  test("of complex matrices, unitary", () => {
    const m = new nn.Identity() as nn.Identity & { u: Tensor };
    m.registerParameter("u", new nn.Parameter(torch.randn(2, 3, 3, { dtype: torch.complex64 })));
    orthogonal(m, "u");
    expectClose(
      torch
        .viewAsReal(m.u.mH.matmul(m.u).sub(torch.eye(3)))
        .abs()
        .max(),
      0,
      1e-5,
    );
    const real = () => orthogonal(m, "u", "householder");
    expect(real).toThrow("expected a real matrix for the householder map, got torch.complex64");
  });
});
