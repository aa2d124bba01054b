import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const { grad, gradAndValue, hessian, jacfwd, jacrev, jvp, linearize, stackModuleState, vjp, vmap } = torch.func;
const f64 = (data: number | number[] | number[][]) => torch.tensor(data, { dtype: torch.float64 });

function expectClose(got: Tensor, expected: Tensor | number[] | number): void {
  const want = expected instanceof torch.Tensor ? expected : f64(expected as number[]);
  expect(got.shape).toEqual(want.shape);
  expect(torch.allclose(got, want, { rtol: 1e-10, atol: 1e-10 })).toBe(true);
}

describe("grad", () => {
  test("of any order, of the argument that is asked for", () => {
    const f = (x: Tensor, y: Tensor) => x.pow(3).mul(y).sum();
    const [x, y] = [f64([1.5, -2]), f64([0.5, 3])];
    expectClose(grad(f)(x, y), x.pow(2).mul(3).mul(y));
    expectClose(grad(f, 1)(x, y), x.pow(3));
    expectClose(grad(f, -1)(x, y), x.pow(3));
    const [gx, gy] = grad(f, [0, 1] as const)(x, y);
    expectClose(gx, x.pow(2).mul(3).mul(y));
    expectClose(gy, x.pow(3));
    const g = (t: Tensor) => t.sin();
    expectClose(grad(grad(grad(g)))(f64(0.7)), -Math.cos(0.7));
    const [d, [value, aux]] = gradAndValue<[Tensor], Tensor, 0, true>(
      (t: Tensor) => [t.exp(), t.mul(2)] as [Tensor, Tensor],
      { hasAux: true },
    )(f64(1));
    expect([d.item(), value.item(), aux.item()]).toEqual([Math.E, Math.E, 2]);
  });

  test("of records of tensors, such as the parameters of a module", () => {
    const model = new nn.Linear(3, 1).double();
    const params = Object.fromEntries(model.namedParameters().map(([name, p]) => [name, p.detach()]));
    const x = torch.randn(4, 3, { dtype: torch.float64 });
    const loss = (p: Record<string, Tensor>) => torch.func.functionalCall(model, p, x).pow(2).sum();
    const grads = grad(loss)(params);
    model(x).pow(2).sum().backward();
    expectClose(grads.weight as Tensor, model.weight.grad as Tensor);
    expectClose(grads.bias as Tensor, model.bias?.grad as Tensor);
    expect(grads.weight?.requiresGrad).toBe(false);
  });

  test("is part of a graph outside where there is one, and of none otherwise", () => {
    const w = torch.tensor(3, { dtype: torch.float64, requiresGrad: true });
    const f = (x: Tensor) => x.pow(2).mul(w);
    const g = grad(f)(f64(2));
    expect(g.requiresGrad).toBe(true);
    g.backward();
    expect(w.grad?.item()).toBe(4);
    expect(torch.noGrad(() => grad(f)(f64(2))).requiresGrad).toBe(false);
    expect(torch.noGrad(() => grad(f)(f64(2))).item()).toBe(12);
    const x = torch.tensor(2, { dtype: torch.float64, requiresGrad: true });
    grad((t: Tensor) => t.pow(3))(x).backward();
    expect(x.grad?.item()).toBe(12);
    expect(grad((t: Tensor) => t.detach().mul(2))(f64(1)).item()).toBe(0);
    expect(grad((t: Tensor) => t.pow(3))(f64(2)).requiresGrad).toBe(false);
  });

  test("refuses what has no gradient", () => {
    expect(() => grad((x: Tensor) => x)(f64([1, 2]))).toThrow(
      "expected the function to give a tensor without dimensions, got shape [2]",
    );
    expect(() => grad((x: Tensor) => x.sum())(torch.tensor([1]))).toThrow("got torch.int64");
    expect(() => grad((x: Tensor) => x.sum(), 1)(f64(1))).toThrow(
      "expected argnums within the 1 arguments of the call, got 1",
    );
    expect(() => grad(3 as never)).toThrow("grad: expected a function, got 3");
    expect(() => grad((x: Tensor) => x.sum() as never, { hasAux: true })(f64(1))).toThrow("expected [output, aux]");
  });
});

describe("products with the Jacobian", () => {
  const f = (x: Tensor, y: Tensor) => ({ a: x.mul(y), b: x.sin().sum() });
  const [x, y] = [f64([0.5, 1.5]), f64([2, -1])];

  test("vjp and jvp agree with the formulas, and with each other", () => {
    const [out, vjpFn] = vjp(f, x, y);
    expectClose(out.a, x.mul(y));
    const cotangent = { a: f64([1, 10]), b: f64(100) };
    const [gx, gy] = vjpFn(cotangent);
    expectClose(gx, y.mul(cotangent.a).add(x.cos().mul(100)));
    expectClose(gy, x.mul(cotangent.a));
    const tangents = [f64([3, 4]), f64([5, 6])] as const;
    const [same, along] = jvp(f, [x, y], tangents);
    expectClose(same.a, out.a);
    expectClose(along.a, tangents[0].mul(y).add(x.mul(tangents[1])));
    expectClose(along.b, x.cos().dot(tangents[0]));
    const left = cotangent.a.dot(along.a).add(cotangent.b.mul(along.b));
    expectClose(left, gx.dot(tangents[0]).add(gy.dot(tangents[1])));
    const [, jvpFn] = linearize(f, x, y);
    for (let i = 0; i < 2; i++) expectClose(jvpFn(...tangents).a, along.a);
  });

  test("zeros where there is no dependence; aux passes", () => {
    const [, along] = jvp((t: Tensor) => [t.detach(), t.mul(2)] as [Tensor, Tensor], [x], [y]);
    expectClose(along[0], [0, 0]);
    expectClose(along[1], y.mul(2));
    expect(() => jvp((t: Tensor) => t.detach(), [x], [y], { strict: true })).toThrow("got output 0, which does not");
    const [, , aux] = vjp((t: Tensor) => [t.exp(), 7] as [Tensor, number], x, { hasAux: true });
    expect(aux).toBe(7);
    expect(() => jvp((t: Tensor) => t, [x], [f64([1])])).toThrow("expected a tangent of shape [2], got [1]");
    expect(() => vjp((t: Tensor) => t, x)[1]([] as never)).toThrow("expected 1 tensors as cotangents, got 0");
  });
});

describe("Jacobians", () => {
  const x = f64([0.5, -1.5, 2]);
  const f = (t: Tensor) => torch.stack([t.prod(), t.mul(t).sum()]);

  test("jacrev, jacfwd and the formula agree; hessian is the Jacobian of the gradient", () => {
    const expected = torch.stack([x.prod().div(x), x.mul(2)]);
    expectClose(jacrev(f)(x), expected);
    expectClose(jacfwd(f)(x), expected);
    const cubes = (t: Tensor) => t.pow(3).sum().add(t.prod());
    const want = jacfwd(grad(cubes))(x);
    expectClose(hessian(cubes)(x), want);
    expectClose(jacfwd(jacfwd(cubes))(x), want);
    expectClose(
      want,
      torch.diag(x.mul(6)).add(
        x
          .prod()
          .div(torch.outer(x, x))
          .mul(f64(1).sub(torch.eye(3, { dtype: torch.float64 }))),
      ),
    );
  });

  test("of several arguments and outputs, matrices, and empty tensors", () => {
    const g = (a: Tensor, b: Tensor) => ({ product: a.matmul(b), constant: f64([1, 2]) });
    const [a, b] = [torch.randn(2, 3, { dtype: torch.float64 }), torch.randn(3, { dtype: torch.float64 })];
    for (const by of [jacrev, jacfwd]) {
      const j = by(g, [0, 1] as const)(a, b) as { product: Tensor[]; constant: Tensor[] };
      expect(j.product[0]?.shape).toEqual([2, 2, 3]);
      expectClose(j.product[1] as Tensor, a);
      expectClose(j.constant[1] as Tensor, torch.zeros(2, 3, { dtype: torch.float64 }));
      expect((by((t: Tensor) => t.mul(2))(f64([])) as Tensor).shape).toEqual([0, 0]);
    }
    const [j, aux] = jacrev((t: Tensor) => [t.exp(), 3] as never, { hasAux: true })(x) as unknown as [Tensor, number];
    expectClose(j, torch.diag(x.exp()));
    expect(aux).toBe(3);
  });
});

describe("vmap", () => {
  test("maps over dimensions, and puts the new one where it is asked to", () => {
    const a = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3);
    const rows = vmap((t: Tensor) => t.sum());
    expect(rows(a).tolist()).toEqual([3, 12]);
    expect(vmap((t: Tensor) => t.sum(), 1)(a).tolist()).toEqual([3, 5, 7]);
    expect(vmap((t: Tensor) => t.mul(2), 0, 1)(a).tolist()).toEqual(a.mul(2).T.tolist());
    expect(vmap((t: Tensor) => t.mul(2), { inDims: -1, outDims: -1 })(a).tolist()).toEqual(a.mul(2).tolist());
    const both = vmap((p: { x: Tensor; y: Tensor }) => [p.x.add(p.y), p.y] as const, {
      inDims: [{ x: 0, y: null }],
      outDims: [0, null],
    });
    const [sum, y] = both({ x: a, y: torch.ones(3) });
    expect([sum.shape, y.shape]).toEqual([[2, 3], [3]]);
    expect(vmap(vmap((t: Tensor) => t.mul(2)))(a).tolist()).toEqual(a.mul(2).tolist());
  });

  test("gives gradients of each example", () => {
    const w = f64([1, 2]);
    const x = f64([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const each = vmap(
      grad((p: Tensor, t: Tensor) => p.dot(t).pow(2)),
      { inDims: [null, 0] },
    )(w, x);
    expectClose(each, x.mul(x.matmul(w).mul(2).unsqueeze(1)));
    const leaf = x.clone().requiresGrad_();
    vmap((t: Tensor) => t.exp().sum())(leaf)
      .sum()
      .backward();
    expectClose(leaf.grad as Tensor, x.exp());
  });

  test("randomness is refused, or as it is asked for", () => {
    const noisy = (t: Tensor) => t.add(torch.rand(1));
    const x = torch.zeros(2);
    expect(() => vmap(noisy)(x)).toThrow("expected a function that draws no random numbers, got one that does");
    const [same, different] = [vmap(noisy, { randomness: "same" })(x), vmap(noisy, { randomness: "different" })(x)];
    expect(new Set(same.flatten().tolist()).size).toBe(1);
    expect(new Set(different.flatten().tolist()).size).toBe(2);
  });

  test("refuses dimensions that do not fit", () => {
    const f = (a: Tensor, b: Tensor) => a.add(b);
    expect(() => vmap(f)(torch.ones(2), torch.ones(3))).toThrow("expected one number of examples, got 2, 3");
    expect(() => vmap(f, { inDims: null })(torch.ones(2), torch.ones(2))).toThrow("in at least one argument, got none");
    expect(() => vmap(f)(torch.ones([]), torch.ones(2))).toThrow("got one without dimensions");
    expect(() => vmap(f)(torch.ones(0), torch.ones(0))).toThrow("expected at least one example, got none");
    expect(() => vmap(f, { inDims: [0] })(torch.ones(2), torch.ones(2))).toThrow("inDims of the form");
    expect(() => vmap(f, 0, 0, "some" as never)).toThrow('as randomness, got "some"');
  });

  test("runs an ensemble of models", () => {
    const models = [new nn.Linear(3, 2), new nn.Linear(3, 2)] as const;
    const [params, buffers] = stackModuleState(models);
    expect([params.weight?.shape, params.weight?.requiresGrad, Object.keys(buffers)]).toEqual([[2, 2, 3], true, []]);
    const x = torch.randn(4, 3);
    const call = (p: Record<string, Tensor>, t: Tensor) => torch.func.functionalCall(models[0], p, t);
    const out = torch.vmap(call, { inDims: [0, null] })(params, x);
    for (const [i, m] of models.entries()) expect(out.at(i).tolist()).toEqual(m(x).tolist());
    expect(() => stackModuleState([models[0], new nn.ReLU()])).toThrow(
      "expected models of one class, got Linear and ReLU",
    );
    expect(() => stackModuleState([])).toThrow("expected at least one model");
  });
});
