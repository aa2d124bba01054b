import type { Tensor } from "typetorch";
import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const F = torch.autograd.functional;
const f64 = (data: number | number[]) => torch.tensor(data, { dtype: torch.float64 });
const [x, y] = [f64([0.5, -1.5]), f64([2, 3])];
const f = (a: Tensor, b: Tensor) => a.pow(2).mul(b).sum();

function expectClose(got: Tensor, expected: Tensor): void {
  expect(got.shape).toEqual(expected.shape);
  expect(torch.allclose(got, expected, { rtol: 1e-10, atol: 1e-12 })).toBe(true);
}

describe("torch.autograd.functional", () => {
  test("jacobian, by either strategy", () => {
    for (const strategy of ["reverse-mode", "forward-mode"] as const) {
      const one = F.jacobian((a: Tensor) => a.exp(), x, { strategy, vectorize: true });
      expectClose(one, torch.diag(x.exp()));
      const two = F.jacobian((a: Tensor, b: Tensor) => [a.mul(b), a.sum()] as Tensor[], [x, y] as const, {
        strategy,
      }) as unknown as Tensor[][];
      expectClose(two[0]?.[1] as Tensor, torch.diag(x));
      expectClose(two[1]?.[0] as Tensor, torch.ones(2, { dtype: torch.float64 }));
      expectClose(two[1]?.[1] as Tensor, torch.zeros(2, { dtype: torch.float64 }));
    }
  });

  test("hessian and its products", () => {
    const h = F.hessian(f, [x, y] as const);
    expectClose(h[0]?.[0] as Tensor, torch.diag(y.mul(2)));
    expectClose(h[0]?.[1] as Tensor, torch.diag(x.mul(2)));
    expectClose(h[1]?.[1] as Tensor, torch.zeros(2, 2, { dtype: torch.float64 }));
    const cubes = (a: Tensor) => a.pow(3).sum();
    expectClose(F.hessian(cubes, x), torch.diag(x.mul(6)));
    const v = f64([1, 10]);
    for (const product of [F.vhp, F.hvp]) {
      const [value, p] = product(cubes, x, v);
      expectClose(value, x.pow(3).sum());
      expectClose(p, x.mul(6).mul(v));
      const [, [a, b]] = product(f as never, [x, y] as never, [v, v] as never) as unknown as [Tensor, Tensor[]];
      expectClose(a as Tensor, y.mul(2).mul(v).add(x.mul(2).mul(v)));
      expectClose(b as Tensor, x.mul(2).mul(v));
    }
  });

  test("vjp and jvp", () => {
    const v = f64([1, 10]);
    const [out, product] = F.vjp((a: Tensor) => a.sin(), x, v);
    expectClose(out, x.sin());
    expectClose(product, x.cos().mul(v));
    expectClose(F.jvp((a: Tensor) => a.sin(), x, v)[1], x.cos().mul(v));
    expectClose(F.vjp((a: Tensor) => a.sin().sum(), x)[1], x.cos());
    expect(() => F.vjp((a: Tensor) => a.sin(), x)).toThrow(
      "vjp: expected v where there is more than one element in the output",
    );
    expect(() => F.jvp((a: Tensor) => a.sin(), x, f64([1]))).toThrow("jvp: expected v of shape [2], got [1]");
  });

  test("createGraph records, and nothing else does", () => {
    const leaf = x.clone().requiresGrad_();
    expect(F.jacobian((a: Tensor) => a.exp(), leaf).requiresGrad).toBe(false);
    F.jacobian((a: Tensor) => a.exp(), leaf, { createGraph: true })
      .sum()
      .backward();
    expectClose(leaf.grad as Tensor, x.exp());
  });

  test("strict refuses outputs that do not depend on an input", () => {
    const strict = { strict: true } as const;
    expect(() => F.jacobian((a: Tensor) => a.detach(), x, strict)).toThrow(torch.AutogradError);
    const onlyFirst = (a: Tensor, b: Tensor) => a.sum().add(b.detach().sum());
    expect(() => F.jacobian(onlyFirst, [x, y] as const, strict)).toThrow("got output 0, which does not on input 1");
    expect(() => F.vjp(onlyFirst, [x, y] as const, strict)).toThrow("got none that depends on input 1");
    expect(() => F.hessian((a: Tensor) => a, x)).toThrow("hessian: expected the function to give a single number");
    expect(() => F.jacobian(3 as never, x)).toThrow("jacobian: expected a function, got 3");
    expect(() => F.jacobian((a: Tensor) => a, 3 as never)).toThrow(
      "jacobian: expected a Tensor or an array of them as inputs",
    );
  });
});
