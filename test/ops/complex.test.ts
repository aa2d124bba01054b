/** @file Complex numbers through pointwise ops, reductions, scans and products: gradients, branches, special values, refusals. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import { arg, PRIMS } from "../../src/expr/expr.ts";
import { evaluate, lower } from "../../src/expr/index.ts";

const complex128 = { dtype: torch.complex128 };
type C = { re: number; im: number };
const c = (re: number, im = 0): C => ({ re, im });
/** Distinct complex numbers away from 0 and from the axes, where cuts lie. */
const numbers = (...shape: number[]): torch.Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  const at = (i: number) => c(Math.sin(3 * i + 1) * 1.4 + 0.1, Math.cos(5 * i + 2) * 1.2 + 0.07);
  return torch
    .tensor(
      Array.from({ length: n }, (_, i) => at(i)),
      complex128,
    )
    .reshape(shape);
};
const leaf = (...shape: number[]): torch.Tensor => numbers(...shape).requiresGrad_();
const realLeaf = (...shape: number[]): torch.Tensor =>
  numbers(...shape)
    .real.clone()
    .requiresGrad_();

/** First and second derivatives against differences of all parts. */
function check(f: (...xs: torch.Tensor[]) => torch.Tensor, ...inputs: torch.Tensor[]): void {
  expect(torch.autograd.gradcheck(f as never, inputs)).toBe(true);
  expect(torch.autograd.gradgradcheck(f as never, inputs)).toBe(true);
}

const UNARY = [
  ..."abs sgn angle conjPhysical exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal square sigmoid".split(" "),
  ..."sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sinc neg conj".split(" "),
];
const ops = torch as unknown as Readonly<Record<string, (x: torch.Tensor) => torch.Tensor>>;
const apply = (name: string, x: torch.Tensor) => (ops[name] as (x: torch.Tensor) => torch.Tensor)(x);

describe("gradients of any order", () => {
  it.each(UNARY)("%s", (name) => check((x) => apply(name, x), leaf(4)));

  it.each<[string, (a: torch.Tensor, b: torch.Tensor) => torch.Tensor]>([
    ["add", (a, b) => a.add(b, { alpha: c(0.5, -1) })],
    ["sub", (a, b) => a.sub(b)],
    ["mul", (a, b) => a.mul(b)],
    ["div", (a, b) => a.div(b)],
    ["pow", (a, b) => a.pow(b)],
    ["addcmul", (a, b) => a.addcmul(a, b, { value: c(2, 1) })],
    ["addcdiv", (a, b) => a.addcdiv(a, b, { value: 0.5 })],
    ["where", (a, b) => torch.where(torch.tensor([true, false, true]), a, b)],
    ["lerp", (a, b) => a.lerp(b, 0.3)],
    ["lerp from the end", (a, b) => torch.lerp(a, b, c(0.9, 0.2))],
  ])("%s", (_, f) => {
    check(f, leaf(3), leaf(2, 1).mul(0.7).detach().requiresGrad_());
  });

  it.each<[string, (a: torch.Tensor, b: torch.Tensor) => torch.Tensor]>([
    ["add", (a, b) => a.add(b)],
    ["mul", (a, b) => a.mul(b)],
    ["div", (a, b) => a.div(b)],
    ["pow", (a, b) => a.pow(b)],
    ["div by the real one", (a, b) => b.div(a)],
    ["pow of the complex one", (a, b) => b.pow(a)],
  ])("a real input of %s takes the real part", (_, f) => {
    check(f, realLeaf(3), leaf(3));
  });

  it("numbers beside tensors", () => {
    check((x) => x.mul(c(1, 2)).add(c(0, 1)).pow(c(1.5, 0.5)), leaf(3));
    check((x) => torch.pow(c(2, 1), x), leaf(3));
    check((x) => x.mul(c(1, 2)), realLeaf(3));
    for (const exponent of [0.5, 2, 3, -0.5, -1, -2, 1.3]) check((x) => x.pow(exponent), leaf(3));
  });

  it("parts", () => {
    check((x) => x.real.mul(x.imag), leaf(3));
    check((a, b) => torch.complex(a, b), realLeaf(3), realLeaf(3));
    check((a, b) => torch.polar(a, b), realLeaf(3).abs().detach().requiresGrad_(), realLeaf(3));
    check((x) => x.to(torch.float64), leaf(3));
    check((x) => x.to(torch.complex128), realLeaf(3));
  });

  it("activations", () => {
    for (const f of [torch.nn.functional.silu, torch.nn.functional.tanhshrink, torch.nn.functional.softsign])
      check((x) => f(x), leaf(3));
  });

  it("reductions and scans", () => {
    check((x) => x.sum(), leaf(2, 3));
    check((x) => x.sum(1), leaf(2, 3));
    check((x) => x.mean(0), leaf(2, 3));
    check((x) => x.prod(), leaf(2, 2));
    check((x) => x.prod(1), leaf(2, 3));
    check((x) => x.var(), leaf(2, 3));
    check((x) => x.std(1), leaf(2, 3));
    check((x) => x.cumsum(1), leaf(2, 3));
    check((x) => x.cumprod(1), leaf(2, 3));
  });

  it("products at zeros", () => {
    const x = torch.tensor([c(1, 2), c(0), c(0.5, -1)], complex128).requiresGrad_();
    check((t) => t.prod(), x);
    check((t) => t.cumprod(0), x);
    const twice = torch.tensor([c(0), c(1, 2), c(0)], complex128).requiresGrad_();
    check((t) => t.prod(), twice);
    check((t) => t.cumprod(0), twice);
  });

  it("matrix products", () => {
    check((a, b) => a.mm(b), leaf(2, 3), leaf(3, 2));
    check((a, b) => a.bmm(b), leaf(2, 2, 3), leaf(2, 3, 1));
    check((a, b) => a.mv(b), leaf(2, 3), leaf(3));
    check((a, b) => a.dot(b), leaf(3), leaf(3));
    check((a, b) => a.matmul(b), leaf(2, 1, 2, 3), leaf(2, 3, 2));
  });
});

describe("values", () => {
  it("of every primitive are those of real numbers on the real axis", () => {
    const real = { z: 0.3 };
    for (const prim of PRIMS) {
      if (prim === "where") continue;
      const z = arg("z");
      let lowered: ReturnType<typeof lower>;
      const operands = [z, z];
      const expr = (z[prim as "add"] as (...x: unknown[]) => typeof z).call(...(operands as [typeof z, typeof z]));
      try {
        lowered = lower(expr, () => ({ re: arg("re"), im: arg("im") }));
      } catch (error) {
        expect(error, prim).toBeInstanceOf(torch.DTypeError);
        continue;
      }
      const outside = prim === "acosh"; // leaves the axis
      if (outside) continue;
      expect(evaluate(lowered.re, { re: 0.3, im: 0 }), prim).toBeCloseTo(evaluate(expr, real), 12);
      if (lowered.im) expect(evaluate(lowered.im, { re: 0.3, im: 0 }), prim).toBeCloseTo(0, 12);
    }
  });

  it("follow C99 at the cuts: the sign of a zero chooses the side", () => {
    const at = (f: string, re: number, im: number) =>
      (apply(f, torch.tensor([c(re, im)], complex128)).tolist() as C[])[0] as C;
    expect(at("sqrt", -4, 0)).toEqual(c(0, 2));
    expect(at("sqrt", -4, -0)).toEqual(c(0, -2));
    expect(at("log", -1, -0).im).toBe(-Math.PI);
    expect(at("acos", 2, 0).im).toBeCloseTo(-Math.acosh(2), 14);
    expect(at("acos", 2, -0).im).toBeCloseTo(Math.acosh(2), 14);
    expect(at("asin", -2, 0).re).toBeCloseTo(-Math.PI / 2, 14);
    expect(at("asin", -2, 0).im).toBeCloseTo(Math.acosh(2), 14);
    expect(at("atanh", 2, 0)).toEqual(c(expect.closeTo(Math.atanh(0.5), 14) as never, Math.PI / 2));
    expect(at("acosh", -2, 0)).toEqual(c(expect.closeTo(Math.acosh(2), 14) as never, Math.PI));
  });

  it("do not overflow on the way", () => {
    const x = torch.tensor([c(1e200, 1e200), c(-3e-200, 4e-200)], complex128);
    expect(x.div(x).tolist()).toEqual([c(1), c(1)]);
    expect((x.abs().tolist() as number[]).map((v) => v.toPrecision(8))).toEqual(["1.4142136e+200", "5.0000000e-200"]);
    expect((x.sqrt().abs().tolist() as number[])[0]).toBeCloseTo(Math.sqrt(Math.SQRT2) * 1e100, -88);
    const far = torch.tensor([c(400, 1), c(-400, 1)], complex128);
    expect((far.tanh().real.tolist() as number[]).map(Math.round)).toEqual([1, -1]);
  });

  it("powers of 0", () => {
    const zero = torch.tensor([c(0)], complex128);
    expect(zero.pow(0).tolist()).toEqual([c(1)]);
    expect(zero.pow(torch.tensor([c(1, 1)], complex128)).tolist()).toEqual([c(0)]);
    expect(zero.pow(2.5).tolist()).toEqual([c(0)]);
  });

  it("meet in PyTorch's dtypes", () => {
    const z = torch.tensor([c(1, 2)]);
    expect(torch.ones(1).add(c(0, 1)).dtype).toBe(torch.complex64);
    expect(torch.ones(1, { dtype: torch.float64 }).mul(c(0, 1)).dtype).toBe(torch.complex128);
    expect(torch.tensor([1]).add(c(0, 1)).dtype).toBe(torch.complex64);
    expect(z.mul(torch.ones(1, { dtype: torch.float64 })).dtype).toBe(torch.complex128);
    expect(z.abs().dtype).toBe(torch.float32);
    expect(z.var({ correction: 0 }).dtype).toBe(torch.float32);
    expect(torch.floatPower(z, 2).dtype).toBe(torch.complex128);
  });

  it("convert: to complex with 0, to real without the imaginary part, to bool by both", () => {
    const z = torch.tensor([c(0, 1), c(2.7, 0)]);
    expect(z.to(torch.int64).tolist()).toEqual([0, 2]);
    expect(z.to(torch.bool).tolist()).toEqual([true, true]);
    expect(torch.zeros(2).copy_(z).tolist()).toEqual([0, Math.fround(2.7)]);
    expect(torch.tensor([true, false]).to(torch.complex64).tolist()).toEqual([c(1), c(0)]);
  });
});

describe("in place", () => {
  it("writes both parts, of strided tensors too", () => {
    const z = numbers(3, 2);
    const expected = z.t().mul(z.t()).tolist();
    z.t().mul_(z.t());
    expect(z.t().tolist()).toEqual(expected);
    z.at(":", 0).fill_(c(1, -1));
    expect((z.at(1, 0).item() as unknown as C).im).toBe(-1);
  });

  it("keeps history", () => {
    const x = leaf(3);
    const y = x.mul(1);
    y.sin_().conjPhysical_();
    const [grad] = torch.autograd.grad(y.abs().sum(), x) as [torch.Tensor];
    const [same] = torch.autograd.grad(x.sin().conj().abs().sum(), x) as [torch.Tensor];
    expect(grad.sub(same).abs().max().item()).toBeLessThan(1e-12);
  });
});

describe("singular points, as PyTorch has them", () => {
  const gradAt = (f: (x: torch.Tensor) => torch.Tensor, ...values: C[]) => {
    const x = torch.tensor(values, complex128).requiresGrad_();
    const y = f(x);
    y.backward(torch.onesLike(y));
    return ((x.grad as torch.Tensor).tolist() as C[]).map(({ re, im }) => c(re + 0, im + 0));
  };
  it("abs, sgn and angle at 0", () => {
    expect(gradAt(torch.abs, c(0), c(0, 2))).toEqual([c(0), c(0, 1)]);
    expect(gradAt(torch.sgn, c(0), c(0, 1))).toEqual([c(0), c(1)]);
    expect(gradAt(torch.angle, c(0), c(1))).toEqual([c(0), c(0, 1)]);
  });
  it("powers at 0", () => {
    expect(gradAt((x) => x.pow(1), c(0))).toEqual([c(1)]);
    expect(gradAt((x) => x.pow(0), c(0))).toEqual([c(0)]);
    expect(gradAt((x) => x.pow(2), c(0))).toEqual([c(0)]);
  });
});

describe("refusals", () => {
  const z = torch.ones(3, { dtype: torch.complex64 });
  it.each<[string, () => unknown, string]>([
    ["order", () => z.lt(z), "lt: expected a dtype that is bool or integer or floating-point, got torch.complex64"],
    ["max", () => z.max(), "max: expected a real dtype, got torch.complex64"],
    ["amax", () => z.amax(), "amax: expected a real dtype, got torch.complex64"],
    ["sort", () => z.sort(), "sort: expected a real dtype"],
    ["floor", () => z.floor(), "floor: expected a dtype that is integer or floating-point"],
    ["sign", () => z.sign(), "sign: expected"],
    ["abs in place", () => z.clone().abs_(), "abs_: expected a real tensor"],
    ["a complex number into a real tensor", () => torch.zeros(2).add_(c(0, 1)), "add_: expected a result"],
    ["filling with one", () => torch.zeros(2).fill_(c(0, 1)), "fill: expected a real number for torch.float32"],
    ["a complex range", () => torch.arange(3, { dtype: torch.complex64 }), "arange: expected a real dtype"],
    [
      "polar of two dtypes",
      () => torch.polar(torch.ones(1), torch.ones(1, { dtype: torch.float64 })),
      "polar: expected",
    ],
  ])("%s", (_, call, text) => {
    expect(call).toThrow(torch.DTypeError);
    expect(call).toThrow(text);
  });
});
