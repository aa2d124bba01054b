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

const file = new URL("./optimizers.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] };

/** Decimal places that PyTorch's numbers are met to. */
const DIGITS = { float32: 5, float64: 12, bfloat16: 2, complex64: 5, complex128: 12 };

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

function expectClose(got: number[], expected: number[], digits: number, where: string): void {
  expect(got.length, where).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(got[i], `${where}, element ${i}`).toBeCloseTo(x, digits);
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
          expectClose(numbersOf(p), expected[i] as number[], DIGITS[dtype], `step ${s}, parameter ${i}`);
      }
      for (const [i, p] of params.entries()) {
        const state = (optimizer.state.get(p) ?? {}) as Record<string, Tensor>;
        for (const [key, expected] of Object.entries(c.state[i] as Case["state"][number])) {
          const got = numbersOf(state[key] as Tensor);
          expectClose(got, [expected].flat(), DIGITS[dtype], `state ${key} of parameter ${i}`);
        }
      }
    },
  );
});
