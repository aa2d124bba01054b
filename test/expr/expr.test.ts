import { describe, expect, it } from "vitest";
import { DTypeError, ValueError } from "../../src/core/errors.ts";
import { hotList } from "../../src/expr/hot-list.ts";
import {
  arg,
  compile,
  constant,
  differentiate,
  evaluate,
  exp,
  freeArgs,
  freeScalars,
  scalar,
  substitute,
  where,
} from "../../src/expr/index.ts";
import { encode } from "../../src/expr/program.ts";
import { renderCpp } from "../../src/expr/render/cpp.ts";
import { renderWgsl } from "../../src/expr/render/wgsl.ts";

const x = arg("x");
const y = arg("y");

describe("expressions", () => {
  it("are the same object when they are equal", () => {
    expect(x.add(1).mul(y)).toBe(arg("x").add(1).mul(arg("y")));
    expect(constant(0)).not.toBe(constant(-0));
    expect(constant(Number.NaN)).toBe(constant(Number.NaN));
    expect(arg("s")).not.toBe(scalar("s"));
  });

  it("simplify only what stays the same for every number", () => {
    expect(x.mul(1)).toBe(x);
    expect(x.mul(-1)).toBe(x.neg());
    expect(x.neg().neg()).toBe(x);
    expect(x.sub(0)).toBe(x);
    expect(x.div(1)).toBe(x);
    expect(x.pow(2)).toBe(x.mul(x));
    expect(where(y.gt(0), x, x)).toBe(x);
    // −0 + 0 is +0, inf · 0 is NaN, NaN ≠ NaN.
    expect(x.add(0)).not.toBe(x);
    expect(x.mul(0)).not.toBe(constant(0));
    expect(x.sub(x)).not.toBe(constant(0));
    expect(x.ne(x)).not.toBe(constant(0));
  });

  it("fold constants", () => {
    expect(constant(2).sqrt().mul(3)).toBe(constant(3 * Math.SQRT2));
    expect(where(constant(1), x, y)).toBe(x);
  });

  it("tell what they read, and can be rewritten", () => {
    const f = exp(x.mul(scalar("beta"))).add(y);
    expect(freeArgs(f)).toEqual(new Set(["x", "y"]));
    expect(freeScalars(f)).toEqual(new Set(["beta"]));
    const result = x.tanh();
    const saved = substitute(differentiate(result, "x", arg("grad")), result, arg("result"));
    expect(freeArgs(saved)).toEqual(new Set(["grad", "result"]));
    expect(evaluate(saved, { grad: 2, result: 0.5 })).toBe(1.5);
  });

  it("print as what was built", () => {
    expect(String(where(x.gt(0), x, y.exp()))).toBe("where(gt(x, 0), x, exp(y))");
  });
});

describe("programs", () => {
  it("have one key, whatever the arguments are called", () => {
    const a = compile([x.add(y)], ["x", "y"], [], "f32");
    const b = compile([arg("p").add(arg("q"))], ["p", "q"], [], "f32");
    expect(a.key).toBe(b.key);
    expect(compile([x.add(y)], ["y", "x"], [], "f32").key).not.toBe(a.key);
    expect(compile([x.add(y)], ["x", "y"], [], "f64").key).not.toBe(a.key);
    expect(compile([x.add(-0)], ["x"], [], "f32").key).not.toBe(compile([x.add(0)], ["x"], [], "f32").key);
  });

  it("reuse registers", () => {
    let f = x;
    for (let i = 1; i <= 20; i++) f = f.sin().add(i);
    const [, , nIn, nOut, nScalars, nConstants, nTemporaries] = compile([f], ["x"], [], "f32").code;
    // words: identity, type, inputs, outputs, scalars, constants, temporaries
    expect([nIn, nOut, nScalars, nConstants, nTemporaries]).toEqual([1, 1, 0, 20, 1]);
  });

  it("refuse what they cannot compute", () => {
    expect(() => compile([x.add(y)], ["x"], [], "f32")).toThrow(ValueError);
    expect(() => compile([x.add(y)], ["x"], [], "f32")).toThrow("compile: expected one of the arguments [x], got y");
    expect(() => compile([x.exp()], ["x"], [], "i64")).toThrow(DTypeError);
    expect(() => compile([x.bitand(y)], ["x", "y"], [], "f32")).toThrow("compile: bitand has no f32 form");
    expect(() => compile([x.add(0.5)], ["x"], [], "i64")).toThrow("compile: expected whole constants in i64, got 0.5");
  });

  it("find themselves in the hot list", () => {
    expect(compile([arg("a").mul(arg("b"))], ["a", "b"], [], "f32").code[8]).toBeGreaterThanOrEqual(0);
    expect(compile([x.mul(y).tanh().exp().cos()], ["x", "y"], [], "f32").code[8]).toBe(-1);
  });

  it("are in the hot list once", () => {
    const keys = hotList().map((source) => encode(source).key);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });
});

describe("rendered code", () => {
  const shared = x.mul(2).exp();
  const f = shared.add(shared.mul(y));

  it("computes a shared subexpression once", () => {
    const lines = renderCpp([f, shared], (text, i) => `out${i} = ${text};`);
    expect(lines).toEqual([
      "const T t0 = fn::exp(fn::mul(x, T(2.0)));",
      "out0 = fn::add(t0, fn::mul(t0, y));",
      "out1 = t0;",
    ]);
  });

  it("spells WGSL", () => {
    expect(renderWgsl([f], (text) => `return ${text};`)).toEqual([
      "let t0 = exp((x * 2f));",
      "return (t0 + (t0 * y));",
    ]);
    expect(renderWgsl([where(x.gt(0), Number.NEGATIVE_INFINITY, y)], (text) => text)).toEqual([
      "select(y, (-tt_inf()), f32(x > 0f) != 0.0)",
    ]);
  });
});
