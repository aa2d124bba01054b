/** @file Trigonometric and hyperbolic functions, and angles. */
import { where } from "../../expr/index.ts";
import { ANY, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Pair, Unary } from "./signatures.ts";

/**
 * Sine of an angle in radians. PyTorch: `torch.sin`.
 * @example
 * torch.sin(torch.tensor([0, Math.PI / 2])) // tensor([0., 1.])
 */
export const sin: Pointwise<Unary> = pointwise({
  name: "sin",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.sin(),
});

/** Cosine of an angle in radians. PyTorch: `torch.cos`. */
export const cos: Pointwise<Unary> = pointwise({
  name: "cos",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.cos(),
});

/** Tangent of an angle in radians. PyTorch: `torch.tan`. */
export const tan: Pointwise<Unary> = pointwise({
  name: "tan",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.tan(),
});

/** Arcsine, from −π/2 to π/2; NaN outside of `[−1, 1]`. PyTorch: `torch.asin`. */
export const asin: Pointwise<Unary> = pointwise({
  name: "asin",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.asin(),
});

/** Arccosine, from 0 to π; NaN outside of `[−1, 1]`. PyTorch: `torch.acos`. */
export const acos: Pointwise<Unary> = pointwise({
  name: "acos",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.acos(),
});

/** Arctangent, from −π/2 to π/2. PyTorch: `torch.atan`. */
export const atan: Pointwise<Unary> = pointwise({
  name: "atan",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.atan(),
});

/**
 * The angle of the point `(other, input)`, from −π to π. PyTorch: `torch.atan2`.
 * @example
 * torch.atan2(torch.tensor([1, -1]), torch.tensor([-1, -1])) // tensor([ 2.3562, -2.3562])
 */
export const atan2: Pointwise<Pair> = pointwise({
  name: "atan2",
  args: ["input", "other"],
  dtype: "float",
  expr: ({ input, other }) => input.atan2(other),
});

/** Hyperbolic sine. PyTorch: `torch.sinh`. */
export const sinh: Pointwise<Unary> = pointwise({
  name: "sinh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.sinh(),
});

/** Hyperbolic cosine. PyTorch: `torch.cosh`. */
export const cosh: Pointwise<Unary> = pointwise({
  name: "cosh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.cosh(),
});

/**
 * Hyperbolic tangent. PyTorch: `torch.tanh`.
 * @example
 * torch.tanh(torch.tensor([-1, 0, 1])) // tensor([-0.7616,  0.0000,  0.7616])
 */
export const tanh: Pointwise<Unary> = pointwise({
  name: "tanh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.tanh(),
});

/** Inverse hyperbolic sine. PyTorch: `torch.asinh`. */
export const asinh: Pointwise<Unary> = pointwise({
  name: "asinh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.asinh(),
});

/** Inverse hyperbolic cosine; NaN below 1. PyTorch: `torch.acosh`. */
export const acosh: Pointwise<Unary> = pointwise({
  name: "acosh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.acosh(),
});

/** Inverse hyperbolic tangent; NaN outside of `[−1, 1]`. PyTorch: `torch.atanh`. */
export const atanh: Pointwise<Unary> = pointwise({
  name: "atanh",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.atanh(),
});

/**
 * `sin(πx) / (πx)`, 1 at 0. PyTorch: `torch.sinc`.
 * @example
 * torch.sinc(torch.tensor([0, 0.5])) // tensor([1.0000, 0.6366])
 */
export const sinc: Pointwise<Unary> = pointwise({
  name: "sinc",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr({ input }) {
    const angle = input.mul(Math.PI);
    return where(input.eq(0), 1, angle.sin().div(angle));
  },
  derivative: {
    input({ grad, input }) {
      const angle = input.mul(Math.PI);
      const square = input.mul(input).mul(Math.PI);
      return where(square.eq(0), 0, grad.mul(angle.mul(angle.cos()).sub(angle.sin()).div(square)));
    },
  },
});

/** Degrees to radians. PyTorch: `torch.deg2rad`. */
export const deg2rad: Pointwise<Unary> = pointwise({
  name: "deg2rad",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.mul(Math.PI / 180),
});

/** Radians to degrees. PyTorch: `torch.rad2deg`. */
export const rad2deg: Pointwise<Unary> = pointwise({
  name: "rad2deg",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.mul(180 / Math.PI),
});

export {
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atan2 as arctan2,
  atanh as arctanh,
};
