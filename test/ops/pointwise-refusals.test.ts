/** @file What pointwise ops refuse and in which words; what they keep for backward; numbers beside tensors; the option `inplace`. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import * as F from "../../src/nn/functional/activations.ts";

const x = torch.tensor([1.5, -2]);
const ints = torch.tensor([1, 2]);
const bools = torch.tensor([true, false]);
const bytes = torch.tensor([1], { dtype: torch.uint8 });
const leaf = () => torch.tensor([1.5, 2.5]).requiresGrad_();
// What the types refuse, for users who have none.
const untyped = (f: unknown) => f as (...args: unknown[]) => torch.Tensor;

describe("refusals", () => {
  it.each<[string, () => unknown, typeof torch.TorchError, string]>([
    ["a number for a tensor", () => untyped(torch.exp)(2), torch.ValueError, "exp: expected a Tensor as input, got 2"],
    ["nothing", () => untyped(torch.exp)(), torch.ValueError, "exp: expected input, got no input"],
    [
      "a number in maximum",
      () => untyped(torch.maximum)(x, 2),
      torch.ValueError,
      "maximum: expected a Tensor as other, got 2",
    ],
    ["numbers alone", () => torch.pow(2, 3), torch.ValueError, "pow: expected a Tensor as input, got 2"],
    [
      "text",
      () => untyped(torch.add)(x, "1"),
      torch.ValueError,
      'add: expected a Tensor or a number as other, got "1"',
    ],
    [
      "shapes",
      () => x.add(torch.tensor([1, 2, 3])),
      torch.ShapeError,
      "add: expected shapes that broadcast, got [2] and [3]",
    ],
    ["a bool in sub", () => x.sub(bools), torch.DTypeError, "sub: expected numbers, got a bool"],
    ["true in sub", () => x.sub(true), torch.DTypeError, "sub: expected numbers, got a bool"],
    [
      "a bool in neg",
      () => bools.neg(),
      torch.DTypeError,
      "neg: expected a dtype that is integer or floating-point or complex, got torch.bool",
    ],
    [
      "a fraction as alpha",
      () => ints.add(ints, { alpha: 1.5 }),
      torch.DTypeError,
      "add: expected a whole number as alpha for torch.int64, got 1.5",
    ],
    ["addcdiv of ints", () => ints.addcdiv(ints, ints), torch.DTypeError, "(whole numbers make int64: pass a dtype)"],
    [
      "bits of floats",
      () => x.bitwiseAnd(1),
      torch.DTypeError,
      "bitwiseAnd: expected a dtype that is bool or integer, got torch.float32",
    ],
    [
      "an int to a negative int",
      () => ints.pow(-1),
      torch.ValueError,
      "pow: expected an exponent of at least 0 for integers, got -1",
    ],
    ["integer division by 0", () => ints.floorDivide(0), torch.ValueError, "floorDivide: ZeroDivisionError"],
    ["integer remainder by 0", () => ints.remainder(torch.tensor([0, 1])), torch.ValueError, "ZeroDivisionError"],
    [
      "a rounding mode",
      () => untyped(torch.div)(x, 2, { roundingMode: "up" }),
      torch.ValueError,
      'div: expected null, "trunc" or "floor" as roundingMode, got "up"',
    ],
    ["clamp without bounds", () => x.clamp(), torch.ValueError, "clamp: expected at least one of min and max"],
    [
      "a float result in an int",
      () => ints.div_(2),
      torch.DTypeError,
      "div_: expected a result that can be cast to torch.int64, got torch.float32",
    ],
    [
      "an int as condition",
      () => torch.where(ints, x, x),
      torch.DTypeError,
      "where: expected a bool tensor as condition, got one of torch.int64",
    ],
    [
      "inf in an int",
      () => ints.maskedFill(bools, Infinity),
      torch.ValueError,
      "maskedFill: expected a number that torch.int64 can hold as value, got Infinity",
    ],
    [
      "300 in a byte",
      () => bytes.maskedFill(torch.tensor([true]), 300),
      torch.ValueError,
      "can hold as value, got 300",
    ],
    [
      "a value with dimensions",
      () => x.maskedFill(bools, x),
      torch.ShapeError,
      "maskedFill: expected a value without dimensions, got shape [2]",
    ],
    [
      "dtypes in isclose",
      () => torch.isclose(x, ints),
      torch.DTypeError,
      "isclose: expected tensors of one dtype, got torch.float32 and torch.int64",
    ],
    [
      "a negative tolerance",
      () => torch.isclose(x, x, { rtol: -1 }),
      torch.ValueError,
      "isclose: expected rtol of at least 0, got -1",
    ],
    [
      "an unknown option",
      () => untyped(torch.isclose)(x, x, { tol: 1 }),
      torch.ValueError,
      'isclose: unknown option "tol"',
    ],
    [
      "dtypes in lerp",
      () => torch.lerp(x, x, x.to(torch.float64)),
      torch.DTypeError,
      "lerp: expected tensors of one dtype",
    ],
    [
      "dtypes in heaviside",
      () => torch.heaviside(x, ints),
      torch.DTypeError,
      "heaviside: expected tensors of one dtype",
    ],
    [
      "gelu of ints",
      () => F.gelu(ints),
      torch.DTypeError,
      "gelu: expected a dtype that is floating-point, got torch.int64 (whole",
    ],
    [
      "an approximation",
      () => untyped(F.gelu)(x, "fast"),
      torch.ValueError,
      'gelu: expected "none" or "tanh" as approximate, got "fast"',
    ],
    [
      "a negative lambd",
      () => F.softshrink(x, -1),
      torch.ValueError,
      "softshrink: expected lambd of at least 0, got -1",
    ],
    ["alpha 0", () => F.celu(x, 0), torch.ValueError, "celu: expected an alpha other than 0"],
    [
      "an option of another type",
      () => untyped(F.elu)(x, "1"),
      torch.ValueError,
      'elu: expected a number as alpha, got "1"',
    ],
    [
      "hardtanh of bytes",
      () => F.hardtanh(bytes),
      torch.DTypeError,
      "hardtanh: expected bounds that torch.uint8 can hold",
    ],
  ])("%s", (_, call, type, text) => {
    expect(call).toThrow(type);
    expect(call).toThrow(text);
  });
});

describe("numbers beside tensors", () => {
  it("promote by kind only", () => {
    expect(String(ints.add(2.5).dtype)).toBe("torch.float32");
    expect(String(bytes.add(300).dtype)).toBe("torch.uint8");
    expect(String(bools.add(1).dtype)).toBe("torch.int64");
    expect(String(torch.where(bools, 1, 2).dtype)).toBe("torch.int64");
    expect(String(torch.where(bools, 1, 2.5).dtype)).toBe("torch.float32");
    expect(String(torch.tensor([1n]).add(2n ** 62n))).toBe("tensor([4611686018427387905])");
  });
  it("may come by name", () => {
    expect(torch.clamp(x, { max: 1 }).tolist()).toEqual([1, -2]);
    expect(x.add({ other: 1 } as never).tolist()).toEqual([2.5, -1]);
    expect(torch.add(x, 1, { alpha: 2 }).tolist()).toEqual([3.5, 0]);
    expect(torch.round(torch.tensor([1.26]), { decimals: 1 }).item()).toBeCloseTo(1.3, 6);
  });
  it("saturate where an integer op takes an infinity", () => {
    expect(F.hardtanh(torch.tensor([-5, 5]), 0, Infinity).tolist()).toEqual([0, 5]);
  });
});

describe("what backward needs", () => {
  it.each(["exp", "tanh", "sigmoid", "sqrt", "relu", "reciprocal", "rsqrt", "expm1", "exp2", "tan"] as const)(
    "%s keeps its result",
    (name) => {
      const result = leaf()[name]();
      result.mul_(2);
      expect(() => result.sum().backward()).toThrow(/modified by an inplace operation/);
      const input = leaf();
      const copy = input.mul(1);
      const kept = copy[name]();
      copy.mul_(2); // what it was made of is not needed
      kept.sum().backward();
      expect(input.grad).not.toBeNull();
    },
  );
  it.each(["sin", "log", "abs", "erf", "atan"] as const)("%s keeps its input", (name) => {
    const copy = leaf().mul(1);
    const result = copy[name]();
    copy.mul_(2);
    expect(() => result.sum().backward()).toThrow(/modified by an inplace operation/);
    const again = leaf()[name]();
    again.mul_(2);
    expect(() => again.sum().backward()).not.toThrow();
  });
  it("div keeps its operands, not its quotient", () => {
    const quotient = leaf().div(leaf());
    quotient.mul_(2);
    expect(() => quotient.sum().backward()).not.toThrow();
  });
  it("add and sub keep nothing", () => {
    const copy = leaf().mul(1);
    const sum = copy.add(copy).sub(copy);
    copy.mul_(2);
    expect(() => sum.sum().backward()).not.toThrow();
  });
});

describe("what is made of other ops", () => {
  it("floatPower computes in float64", () => {
    expect(String(torch.floatPower(ints, 2))).toBe("tensor([1., 4.], dtype=torch.float64)");
    expect(() => x.clone().floatPower_(2)).toThrow(
      "floatPower_: expected a tensor of torch.float64, got torch.float32",
    );
    expect(x.to(torch.float64).floatPower_(2).tolist()).toEqual([2.25, 4]);
  });
  it("ldexp", () => {
    expect(torch.ldexp(x, torch.tensor([4, -1])).tolist()).toEqual([24, -1]);
    expect(x.clone().ldexp_(ints).tolist()).toEqual([3, -8]);
  });
  it("positive is the tensor itself", () => {
    expect(x.positive()).toBe(x);
    expect(() => bools.positive()).toThrow(torch.DTypeError);
  });
});

describe("results that are no numbers", () => {
  it("comparisons are outside of the graph", () => {
    expect(leaf().eq(1).requiresGrad).toBe(false);
    expect(leaf().mul(1).eq_(1.5).gradFn?.name()).toBe("EqBackward0");
  });
});

describe("half types", () => {
  it("nextafter takes a step of the dtype", () => {
    const half = (...values: number[]) => torch.tensor(values, { dtype: torch.float16 });
    const moved = torch.nextafter(half(1, 1, 0, 65504, Infinity, 2 ** -14), half(2, 0, 1, Infinity, 0, 0));
    expect(moved.tolist()).toEqual([1 + 2 ** -10, 1 - 2 ** -11, 2 ** -24, Infinity, 65504, 2 ** -14 - 2 ** -24]);
  });
  it("compute in float32 and round once", () => {
    const half = torch.tensor([0.1, 1.7, -2.3, 5.9], { dtype: torch.float16 });
    for (const name of ["exp", "sigmoid", "tanh", "erf", "sin", "log1p"] as const)
      expect(half[name]().tolist()).toEqual(half.float()[name]().half().tolist());
  });
});

describe("nn.functional", () => {
  const withInplace = [
    "relu",
    "relu6",
    "leakyRelu",
    "elu",
    "selu",
    "celu",
    "silu",
    "mish",
    "hardtanh",
    "hardsigmoid",
    "hardswish",
  ] as const;
  it.each(withInplace)("%s takes inplace", (name) => {
    const activation = untyped(Reflect.get(F, name));
    const input = torch.tensor([-1.5, 0.5, 7]);
    const want = activation(input);
    expect(want).not.toBe(input);
    expect(activation(input, { inplace: true })).toBe(input);
    expect(input.tolist()).toEqual(want.tolist());
  });
  it("takes parameters in PyTorch's order", () => {
    expect(F.leakyRelu(torch.tensor([-1.5]), 0.5, true).tolist()).toEqual([-0.75]);
    expect(F.threshold(x, 1, 9).tolist()).toEqual([1.5, 9]);
    expect(F.threshold(x, { threshold: 1, value: 9 }).tolist()).toEqual([1.5, 9]);
    expect(F.hardtanh(x, -0.5, 0.5).tolist()).toEqual([0.5, -0.5]);
    expect(() => untyped(F.relu)(x, { inPlace: true })).toThrow('relu: unknown option "inPlace"');
  });
});
