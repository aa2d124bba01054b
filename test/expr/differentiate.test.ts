import { describe, expect, it } from "vitest";
import { BINARY, PRIMS, type Prim, UNARY } from "../../src/expr/expr.ts";
import {
  apply,
  arg,
  constant,
  differentiate,
  type Expr,
  erf,
  evaluate,
  exp,
  log,
  tanh,
  where,
} from "../../src/expr/index.ts";
import { PRIMITIVES } from "../../src/expr/primitives.ts";

const x = arg("x");
const y = arg("y");

/** Central difference of the fourth order. */
function slope(f: (v: number) => number, at: number, h = 1e-3 * Math.max(1, Math.abs(at))): number {
  return (8 * (f(at + h) - f(at - h)) - (f(at + 2 * h) - f(at - 2 * h))) / (12 * h);
}

function expectSlopes(f: Expr, wrt: "x" | "y", points: readonly { x: number; y: number }[], tolerance: number) {
  const derivative = differentiate(f, wrt);
  for (const point of points) {
    const expected = slope((v) => evaluate(f, { ...point, [wrt]: v }), point[wrt]);
    const got = evaluate(derivative, point);
    expect(Math.abs(got - expected), `${f} by ${wrt} at ${JSON.stringify(point)}: ${got}, ${expected}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(expected)),
    );
  }
}

/** Where each function is smooth, away from kinks and poles; the interval (−2.9, 2.9) unless said otherwise. */
const DOMAIN: { readonly [P in Prim]?: readonly [number, number] } = {
  log: [0.3, 4],
  log2: [0.3, 4],
  log10: [0.3, 4],
  log1p: [-0.6, 4],
  sqrt: [0.3, 4],
  rsqrt: [0.3, 4],
  reciprocal: [0.3, 4],
  tan: [-1.3, 1.3],
  asin: [-0.8, 0.8],
  acos: [-0.8, 0.8],
  acosh: [1.3, 4],
  atanh: [-0.8, 0.8],
  erfinv: [-0.8, 0.8],
  lgamma: [0.3, 4],
  digamma: [0.3, 4],
  pow: [0.3, 3],
  div: [0.3, 4],
  hypot: [0.3, 4],
  zeta: [1.4, 4],
  logit: [0.1, 0.9],
  ndtri: [0.1, 0.9],
  besselY0: [0.3, 4],
  besselY1: [0.3, 4],
  k0: [0.3, 4],
  k1: [0.3, 4],
  k0e: [0.3, 4],
  k1e: [0.3, 4],
  igamma: [0.3, 4],
  igammac: [0.3, 4],
  mantissa: [1.05, 1.95],
};
/** They have a derivative by their second operand only, as in PyTorch: the ops declare the other missing. */
const BY_SECOND: ReadonlySet<Prim> = new Set<Prim>(["zeta", "igamma", "igammac"]);
const irregular = (low: number, high: number) =>
  Array.from({ length: 9 }, (_, i) => low + (high - low) * ((i * 0.618034 + 0.137) % 1));

describe("the derivative of each primitive is the slope of its evaluation", () => {
  const smooth = PRIMS.filter((p) => PRIMITIVES[p].derivative !== null && p !== "where");
  it.each(smooth)("%s", (prim) => {
    const [low, high] = DOMAIN[prim] ?? [-2.9, 2.9];
    const xs = irregular(low, high);
    const points = xs.map((v, i) => ({ x: v, y: xs[(i + 4) % xs.length]! }));
    const isUnary = (UNARY as readonly Prim[]).includes(prim);
    const f = isUnary ? apply(prim, x) : apply(prim, x, y);
    // A step must not cross a jump or a kink.
    const clear = points.filter(
      (p) =>
        Math.abs(p.x) > 0.02 &&
        Math.abs(p.x - p.y) > 0.02 &&
        Math.abs(p.x / p.y - Math.round(p.x / p.y)) > 0.02 &&
        Math.abs(p.y) > 0.2,
    );
    expect(clear.length).toBeGreaterThan(4);
    if (!BY_SECOND.has(prim)) expectSlopes(f, "x", clear, 1e-7);
    if (!isUnary) expectSlopes(f, "y", clear, 1e-7);
  });

  it("covers the primitives of one and two operands", () => {
    expect(UNARY.length + BINARY.length + 1).toBe(PRIMS.length);
  });
});

describe("higher derivatives", () => {
  const gelu = x.mul(0.5).mul(erf(x.mul(Math.SQRT1_2)).add(1));
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  const geluTanh = x.mul(0.5).mul(tanh(inner).add(1));
  const softplus = where(x.gt(1.5), x, log(exp(x).add(1)));
  const silu = x.mul(x.sigmoid());
  const mish = x.mul(tanh(log(exp(x).add(1))));
  const points = Array.from({ length: 60 }, (_, i) => ({ x: -4 + 0.133 * i, y: 0 }));

  it.each([
    ["gelu", gelu],
    ["gelu, tanh form", geluTanh],
    ["softplus", softplus],
    ["silu", silu],
    ["mish", mish],
    ["pow", x.mul(x).add(1).pow(1.7)],
    ["lgamma", x.mul(x).add(0.5).lgamma()],
  ])("%s: first, second and third", (_, f) => {
    const smooth = points.filter((p) => Math.abs(p.x - 1.5) > 0.02);
    let derivative = f;
    for (let order = 1; order <= 3; order++) {
      expectSlopes(derivative, "x", smooth, 2e-8);
      derivative = differentiate(derivative, "x");
    }
  });

  it("takes the gradient of the result along", () => {
    const f = x.mul(y).sin();
    const g = arg("grad");
    const values = { x: 0.7, y: 1.3, grad: -2.5 };
    const expected = values.grad * evaluate(differentiate(f, "x"), values);
    expect(evaluate(differentiate(f, "x", g), values)).toBeCloseTo(expected, 14);
  });

  it("differentiates by a subexpression", () => {
    const inside = x.exp();
    expect(differentiate(inside.mul(inside), inside)).toBe(inside.add(inside));
  });
});

describe("kinks, ties and branches not taken", () => {
  it("does not multiply an infinite slope by a mask", () => {
    const f = where(x.gt(0), x.sqrt(), 0);
    expect(evaluate(differentiate(f, "x"), { x: 0 })).toBe(0);
    expect(evaluate(differentiate(f.mul(f), "x", arg("g")), { x: -1, g: Infinity })).not.toBe(Infinity);
    const safe = where(x.eq(0), 1, x.sin().div(x));
    expect(evaluate(differentiate(safe, "x"), { x: 0 })).toBe(0);
    const second = differentiate(differentiate(safe, "x"), "x");
    expect(evaluate(second, { x: 0 })).toBe(0);
  });

  it("shares ties evenly", () => {
    expect(evaluate(differentiate(x.max(y), "x"), { x: 2, y: 2 })).toBe(0.5);
    expect(evaluate(differentiate(x.min(y), "y"), { x: 2, y: 2 })).toBe(0.5);
    expect(evaluate(differentiate(x.abs(), "x"), { x: 0 })).toBe(0);
  });

  it("is PyTorch's for powers at the edges", () => {
    const f = x.pow(y);
    expect(evaluate(differentiate(f, "x"), { x: 0, y: 0 })).toBe(0);
    expect(evaluate(differentiate(f, "y"), { x: 0, y: 2 })).toBe(0);
    expect(evaluate(differentiate(x.pow(2), "x"), { x: 0 })).toBe(0);
  });

  it("is the constant 0 where nothing depends", () => {
    expect(differentiate(y.exp(), "x")).toBe(constant(0));
    expect(differentiate(x.floor(), "x")).toBe(constant(0));
    expect(differentiate(x.gt(y), "x")).toBe(constant(0));
  });
});
