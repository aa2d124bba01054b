import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "typetorch";
import { optim, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";
import { camelCase } from "../../src/format/python-names.ts";

type Numbers = number[] | null;

interface Case {
  optimizer: string;
  kwargs: Record<string, unknown>;
  dtype: "float32" | "float64" | "bfloat16" | "complex64" | "complex128";
  shapes: number[][];
  start: number[][];
  steps: { grads: Numbers[]; params: number[][] }[];
  state: Record<string, number | number[]>[];
}

interface ClosureCase {
  function: "rosenbrock" | "quadratic";
  kwargs: Record<string, unknown>;
  steps: { loss: number; params: number[][]; counts: [evaluations: number, iterations: number] }[];
}

const file = new URL("./optimizers.json.gz", import.meta.url);
const { cases, closures } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: Case[];
  closures: ClosureCase[];
};

/** How near PyTorch's numbers are met: a few roundings of numbers about 1. */
const TOLERANCE = { float32: 5e-6, float64: 5e-13, bfloat16: 5e-3, complex64: 5e-6, complex128: 5e-13 };

/** Muon's direction is computed in bfloat16, the expected one in float64: each step of 0.1 is off by up to 0.005. */
const within = (c: Case, step: number) => (c.optimizer === "Muon" ? 5e-3 * (step + 1) : TOLERANCE[c.dtype]);

type AnyOptimizer = new (params: Tensor[], options: object) => optim.Optimizer<object>;

function tensorOf(numbers: number[], shape: number[], dtype: Case["dtype"]): Tensor {
  const flat = torch.tensor(numbers, { dtype: torch.float64 });
  const { float32, float64, bfloat16, complex64, complex128 } = torch;
  const to = { float32, float64, bfloat16, complex64, complex128 }[dtype];
  return (to.isComplex ? torch.viewAsComplex(flat.reshape([...shape, 2])) : flat.reshape(shape)).to(to);
}

function numbersOf(t: Tensor): number[] {
  const real = t.dtype.isComplex ? torch.viewAsReal(t.detach()) : t.detach();
  return real.to(torch.float64).reshape(-1).tolist();
}

function expectClose(got: number[], expected: number[], tolerance: number, where: string): void {
  expect(got.length, where).toBe(expected.length);
  for (const [i, x] of expected.entries())
    expect(Math.abs((got[i] as number) - x), `${where}, element ${i}: ${got[i]}, not ${x}`).toBeLessThan(tolerance);
}

describe("optimizers move as PyTorch's", () => {
  const optionsOf = ({ kwargs }: Case) =>
    Object.fromEntries(Object.entries(kwargs).map(([name, value]) => [camelCase(name), value]));

  test.each(cases.map((c) => [`${c.optimizer} ${c.dtype} ${JSON.stringify(optionsOf(c))}`, c] as const))(
    "%s",
    (_, c) => {
      const { dtype, shapes } = c;
      const params = c.start.map((numbers, i) => tensorOf(numbers, shapes[i] as number[], dtype).requiresGrad_());
      const type = Reflect.get(optim, c.optimizer) as AnyOptimizer;
      const optimizer = new type(params, optionsOf(c));
      for (const [s, { grads, params: expected }] of c.steps.entries()) {
        for (const [i, p] of params.entries()) {
          const grad = grads[i];
          p.grad = grad ? tensorOf(grad, shapes[i] as number[], dtype) : null;
        }
        optimizer.step();
        for (const [i, p] of params.entries())
          expectClose(numbersOf(p), expected[i] as number[], within(c, s), `step ${s}, parameter ${i}`);
      }
      for (const [i, p] of params.entries()) {
        const state = (optimizer.state.get(p) ?? {}) as Record<string, Tensor>;
        for (const [key, expected] of Object.entries(c.state[i] as Case["state"][number])) {
          const got = numbersOf(state[key] as Tensor);
          expectClose(got, [expected].flat(), TOLERANCE[dtype], `state ${key} of parameter ${i}`);
        }
      }
    },
  );
});

describe("LBFGS finds PyTorch's way", () => {
  const functions = {
    rosenbrock: (x: Tensor, y: Tensor) =>
      x
        .at(":-1")
        .neg()
        .add(1)
        .pow(2)
        .add(x.at("1:").sub(x.at(":-1").pow(2)).pow(2).mul(100))
        .sum()
        .add(y.sub(2).pow(4).sum()),
    quadratic: (x: Tensor, y: Tensor) => {
      const scale = torch.arange(1, x.numel() + 1, { dtype: torch.float64 });
      return scale.mul(x.sub(1).pow(2)).sum().add(y.at(0, 0).mul(x.sum()).pow(2).mul(0.5));
    },
  };
  const optionsOf = (kwargs: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(kwargs).map(([name, value]) => [camelCase(name), value]));

  test.each(closures.map((c) => [`${c.function} ${JSON.stringify(c.kwargs)}`, c] as const))("%s", (_, c) => {
    const x = torch.tensor([-1.2, 1, 0.3, -0.5], { dtype: torch.float64, requiresGrad: true });
    const y = torch.tensor([[0.5, -0.25]], { dtype: torch.float64, requiresGrad: true });
    const o = new optim.LBFGS([x, y], optionsOf(c.kwargs));
    for (const [i, step] of c.steps.entries()) {
      const loss = o.step(() => {
        o.zeroGrad();
        const l = functions[c.function](x, y);
        l.backward();
        return l;
      });
      const { func_evals, n_iter } = o.state.get(x) as Record<string, unknown>;
      expect([func_evals, n_iter], `step ${i}`).toEqual(step.counts);
      // Rounding grows along the way, by the condition of the problem.
      expect(loss.item(), `loss of step ${i}`).toBeCloseTo(step.loss, 7);
      for (const [k, p] of [x, y].entries())
        expectClose(numbersOf(p), step.params[k] as number[], 5e-8, `step ${i}, parameter ${k}`);
    }
  });
});
