/** @file Exponentials, logarithms, and the logistic function. */

import type { Tensor } from "../../core/tensor.ts";
import { constant, type Expr, where } from "../../expr/index.ts";
import { bind, type Call } from "../bind.ts";
import { ANY, FLOATING, family, type Pointwise, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import type { Operator, Pair, Unary } from "./signatures.ts";

/**
 * `eˣ`. PyTorch: `torch.exp`.
 * @example
 * torch.exp(torch.tensor([0, 1])) // tensor([1.0000, 2.7183])
 */
export const exp: Pointwise<Unary> = pointwise({
  name: "exp",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.exp(),
});

/** `2ˣ`. PyTorch: `torch.exp2`. */
export const exp2: Pointwise<Unary> = pointwise({
  name: "exp2",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.exp2(),
});

/** `eˣ − 1`, exact for small `x`. PyTorch: `torch.expm1`. */
export const expm1: Pointwise<Unary> = pointwise({
  name: "expm1",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.expm1(),
});

/**
 * Natural logarithm: −inf at 0, NaN below. PyTorch: `torch.log`.
 * @example
 * torch.log(torch.tensor([1, 10])) // tensor([0.0000, 2.3026])
 */
export const log: Pointwise<Unary> = pointwise({
  name: "log",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.log(),
});

/** Logarithm to base 2. PyTorch: `torch.log2`. */
export const log2: Pointwise<Unary> = pointwise({
  name: "log2",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.log2(),
});

/** Logarithm to base 10. PyTorch: `torch.log10`. */
export const log10: Pointwise<Unary> = pointwise({
  name: "log10",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.log10(),
});

/** `log(1 + x)`, exact for small `x`. PyTorch: `torch.log1p`. */
export const log1p: Pointwise<Unary> = pointwise({
  name: "log1p",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  expr: ({ input }) => input.log1p(),
});

/** `max(a, b)` plus something of their distance; two equal infinities stay themselves instead of giving NaN. */
const fromLarger = (a: Expr, b: Expr, distance: (d: Expr) => Expr) =>
  where(a.eq(b).and(a.isinf()), a, a.max(b).add(distance(a.sub(b).abs().neg())));

/**
 * `log(eᵃ + eᵇ)`, without overflow. PyTorch: `torch.logaddexp`.
 * @example
 * torch.logaddexp(torch.tensor([100.5]), torch.tensor([100.5])) // tensor([101.1931])
 */
export const logaddexp: PointwiseOnly<Pair> = pointwise({
  name: "logaddexp",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  expr: ({ input, other }) => fromLarger(input, other, (d) => d.exp().log1p()),
  derivative: {
    input: ({ grad, input, other }) => grad.mul(input.sub(other).sigmoid()),
    other: ({ grad, input, other }) => grad.mul(other.sub(input).sigmoid()),
  },
});

/** `log2(2ᵃ + 2ᵇ)`, without overflow. PyTorch: `torch.logaddexp2`. */
export const logaddexp2: PointwiseOnly<Pair> = pointwise({
  name: "logaddexp2",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  expr: ({ input, other }) => fromLarger(input, other, (d) => d.exp2().log1p().mul(Math.LOG2E)),
  derivative: {
    input: ({ grad, input, other }) => grad.mul(input.sub(other).mul(Math.LN2).sigmoid()),
    other: ({ grad, input, other }) => grad.mul(other.sub(input).mul(Math.LN2).sigmoid()),
  },
});

/** `x · log(y)`, 0 where `x` is, unless `y` is NaN. */
const xlogyOf = (x: Expr, y: Expr) => where(y.isnan(), constant(NaN), where(x.eq(0), 0, x.mul(y.log())));

/**
 * `input · log(other)`, 0 where `input` is 0. PyTorch: `torch.xlogy`.
 * @example
 * torch.xlogy(torch.tensor([0, 2]), torch.tensor([0, 3])) // tensor([0.0000, 2.1972])
 */
export const xlogy: Pointwise<Operator> = pointwise({
  name: "xlogy",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "float",
  node: ({ input, other }) => (input ? "XlogyBackward1" : other ? "XlogyBackward2" : "XlogyBackward0"),
  expr: ({ input, other }) => xlogyOf(input, other),
  derivative: {
    input: ({ grad, input, other }) => where(input.eq(0).and(other.le(0)), 0, xlogyOf(grad, other)),
    other: ({ grad, input, other }) => grad.mul(input).div(other),
  },
});

/**
 * The logistic function `1 / (1 + e⁻ˣ)`. PyTorch: `torch.sigmoid`.
 * @example
 * torch.sigmoid(torch.tensor([0, 2])) // tensor([0.5000, 0.8808])
 */
export const sigmoid: Pointwise<Unary> = pointwise({
  name: "sigmoid",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.sigmoid(),
});

const logOddsSlope = (grad: Expr, p: Expr) => grad.div(p.mul(p.neg().add(1)));

const plainLogit: Pointwise<Unary> = pointwise({
  name: "logit",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.logit(),
  derivative: {
    input: ({ grad, input }) => where(input.lt(0).or(input.gt(1)), constant(NaN), logOddsSlope(grad, input)),
  },
});

const clampedLogit: Pointwise<(input: Tensor, options: { eps: number }) => Tensor> = pointwise({
  name: "logit",
  args: ["input"],
  options: { eps: 0 },
  dtype: "float",
  expr({ input: x }, { eps }) {
    const high = eps.neg().add(1);
    return where(x.lt(eps), eps, where(x.gt(high), high, x)).logit();
  },
  derivative: {
    input: ({ grad, input: x }, { eps }) => where(x.lt(eps).or(x.gt(eps.neg().add(1))), 0, logOddsSlope(grad, x)),
  },
});

/**
 * `log(x / (1 − x))`, the inverse of `sigmoid`. PyTorch: `torch.logit`.
 *
 * @param options.eps - if given, `x` is first clamped to `[eps, 1 − eps]`; otherwise NaN outside of `[0, 1]`
 * @example
 * torch.logit(torch.tensor([0.5, 0.8808])) // tensor([0.0000, 2.0000])
 */
export const logit: Pointwise<(input: Tensor, ...args: Call<[eps: number | null], { eps?: number | null }>) => Tensor> =
  family(plainLogit, (given) => {
    if (given.length === 1) return [plainLogit, given];
    const { input, eps } = bind<{ input: unknown; eps: unknown }>("logit", ["input", "eps"], given);
    return eps === null || eps === undefined ? [plainLogit, [input]] : [clampedLogit, [input, { eps }]];
  });
