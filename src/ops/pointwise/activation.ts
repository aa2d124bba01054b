/** @file Activation functions. `torch.relu` and its like come from here; `torch.nn.functional` adds the option `inplace`. */
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { constant, type Expr, where } from "../../expr/index.ts";
import type { Call } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import {
  FLOATING,
  INEXACT,
  NUMBERS,
  NUMERIC,
  type Pointwise,
  type PointwiseOnly,
  pointwise,
} from "../pointwise-form.ts";
import { fits } from "./checks.ts";
import type { Unary } from "./signatures.ts";

/**
 * `max(0, x)`; its derivative at 0 is 0. PyTorch: `torch.relu`.
 * @example
 * torch.relu(torch.tensor([-1, 0, 2])) // tensor([0, 0, 2])
 */
export const relu: Pointwise<Unary> = pointwise({
  name: "relu",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  expr: ({ input }) => input.max(0),
  derivative: { input: ({ grad, result }) => where(result.le(0), 0, grad) },
});

type HardtanhOptions = { minVal?: number; maxVal?: number };

function checkHardtanh([input]: readonly TensorOrScalar[], { minVal }: { readonly minVal: number }): void {
  if (input instanceof Tensor && !input.dtype.isSigned && minVal < 0)
    throw new DTypeError(`hardtanh: expected bounds that ${input.dtype} can hold, got minVal ${minVal}`);
}

/** The gradient passes strictly between the bounds. */
const insideOf = (grad: Expr, x: Expr, low: Expr, high: Expr) => where(x.le(low).or(x.ge(high)), 0, grad);

/** `x`, but at least `minVal` and at most `maxVal`. PyTorch: `torch.nn.functional.hardtanh`. */
export const hardtanh: Pointwise<
  (input: Tensor, ...args: Call<[minVal: number, maxVal: number], HardtanhOptions>) => Tensor
> = pointwise({
  name: "hardtanh",
  args: ["input"],
  options: { minVal: -1, maxVal: 1 },
  dtype: "same",
  accepts: NUMBERS,
  check: checkHardtanh,
  expr: ({ input }, { minVal, maxVal }) => input.max(minVal).min(maxVal),
  derivative: { input: ({ grad, input }, { minVal, maxVal }) => insideOf(grad, input, minVal, maxVal) },
});

/** `min(max(0, x), 6)`. PyTorch: `torch.nn.functional.relu6`. */
export const relu6: Pointwise<Unary> = pointwise({
  name: "relu6",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  node: "HardtanhBackward0",
  expr: ({ input }) => input.max(0).min(6),
  derivative: { input: ({ grad, input }) => insideOf(grad, input, constant(0), constant(6)) },
});

/** `x` above 0, `negativeSlope · x` elsewhere. PyTorch: `torch.nn.functional.leaky_relu`. */
export const leakyRelu: Pointwise<
  (input: Tensor, ...args: Call<[negativeSlope: number], { negativeSlope?: number }>) => Tensor
> = pointwise({
  name: "leakyRelu",
  args: ["input"],
  options: { negativeSlope: 0.01 },
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }, { negativeSlope }) => where(input.gt(0), input, input.mul(negativeSlope)),
});

type WithAlpha = (input: Tensor, ...args: Call<[alpha: number], { alpha?: number }>) => Tensor;

/**
 * `x` above 0, `alpha · (eˣ − 1)` elsewhere. PyTorch: `torch.nn.functional.elu`.
 * @see Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289
 */
export const elu: Pointwise<WithAlpha> = pointwise({
  name: "elu",
  args: ["input"],
  options: { alpha: 1 },
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }, { alpha }) => where(input.le(0), input.expm1().mul(alpha), input),
  derivative: { input: ({ grad, input }, { alpha }) => where(input.le(0), grad.mul(input.exp().mul(alpha)), grad) },
});

// The fixed point of mean 0 and variance 1, as the paper gives it.
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * `scale · x` above 0, `scale · alpha · (eˣ − 1)` elsewhere, with the constants that keep mean 0 and variance 1. PyTorch: `torch.selu`.
 * @see Klambauer et al. 2017, arXiv:1706.02515
 */
export const selu: Pointwise<Unary> = pointwise({
  name: "selu",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  node: "EluBackward0",
  expr: ({ input }) => where(input.le(0), input.expm1().mul(SELU_SCALE * SELU_ALPHA), input.mul(SELU_SCALE)),
  derivative: {
    input: ({ grad, input }) =>
      where(input.le(0), grad.mul(input.exp().mul(SELU_SCALE * SELU_ALPHA)), grad.mul(SELU_SCALE)),
  },
});

/**
 * `x` above 0, `alpha · (e^(x/alpha) − 1)` elsewhere. PyTorch: `torch.celu`.
 * @see Barron 2017, arXiv:1704.07483
 */
export const celu: Pointwise<WithAlpha> = pointwise({
  name: "celu",
  args: ["input"],
  options: { alpha: 1 },
  dtype: "same",
  accepts: FLOATING,
  check(_, { alpha }) {
    if (alpha === 0) throw new ValueError("celu: expected an alpha other than 0 (ZeroDivisionError), got 0");
  },
  expr: ({ input }, { alpha }) => where(input.le(0), input.div(alpha).expm1().mul(alpha), input),
  derivative: { input: ({ grad, input }, { alpha }) => where(input.le(0), grad.mul(input.div(alpha).exp()), grad) },
});

/** How `gelu` computes the normal distribution: exactly, or by `tanh`. */
export type GeluApproximation = "none" | "tanh";

/**
 * Gaussian error linear unit, `x · Φ(x)`. PyTorch: `torch.nn.functional.gelu`. Differs: far below 0 it keeps its digits (docs/accuracy.md).
 *
 * @param options.approximate - `"none"` (erf) or `"tanh"`
 * @see Hendrycks & Gimpel 2016, arXiv:1606.08415
 * @example
 * torch.nn.functional.gelu(torch.tensor([-1.5, 0, 0.5])) // tensor([-0.1002,  0.0000,  0.3457])
 */
export const gelu: PointwiseOnly<
  (input: Tensor, ...args: Call<[approximate: GeluApproximation], { approximate?: GeluApproximation }>) => Tensor
> = pointwise({
  name: "gelu",
  args: ["input"],
  options: { approximate: "none" as GeluApproximation },
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  check(_, { approximate }) {
    if (approximate !== "none" && approximate !== "tanh")
      throw new ValueError(`gelu: expected "none" or "tanh" as approximate, got ${describe(approximate)}`);
  },
  expr: ({ input }, { approximate }) => (approximate === "none" ? input.gelu() : input.geluTanh()),
});

/**
 * `x · sigmoid(x)`, also called swish. PyTorch: `torch.nn.functional.silu`.
 * @see Elfwing, Uchibe & Doya 2017, arXiv:1702.03118
 */
export const silu: Pointwise<Unary> = pointwise({
  name: "silu",
  args: ["input"],
  dtype: "same",
  accepts: INEXACT,
  expr: ({ input }) => input.silu(),
});

/**
 * `x · tanh(log(1 + eˣ))`. PyTorch: `torch.nn.functional.mish`.
 * @see Misra 2019, arXiv:1908.08681
 */
export const mish: Pointwise<Unary> = pointwise({
  name: "mish",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }) => input.mish(),
});

type SoftplusOptions = { beta?: number; threshold?: number };

/**
 * `log(1 + e^(beta·x)) / beta`, and `x` itself where `beta · x` is above `threshold`. PyTorch: `torch.nn.functional.softplus`.
 */
export const softplus: PointwiseOnly<
  (input: Tensor, ...args: Call<[beta: number, threshold: number], SoftplusOptions>) => Tensor
> = pointwise({
  name: "softplus",
  args: ["input"],
  options: { beta: 1, threshold: 20 },
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  expr({ input }, { beta, threshold }) {
    const scaled = input.mul(beta);
    return where(scaled.gt(threshold), input, scaled.exp().log1p().div(beta));
  },
  derivative: {
    input({ grad, input }, { beta, threshold }) {
      const scaled = input.mul(beta);
      return where(scaled.gt(threshold), grad, grad.mul(scaled.sigmoid()));
    },
  },
});

/** `min(max(0, x + 3), 6) / 6`. PyTorch: `torch.nn.functional.hardsigmoid`. */
export const hardsigmoid: Pointwise<Unary> = pointwise({
  name: "hardsigmoid",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }) => input.add(3).max(0).min(6).div(6),
  derivative: { input: ({ grad, input }) => where(input.gt(-3).and(input.lt(3)), grad.div(6), 0) },
});

/**
 * `x · hardsigmoid(x)`. PyTorch: `torch.nn.functional.hardswish`.
 * @see Howard et al. 2019, arXiv:1905.02244
 */
export const hardswish: Pointwise<Unary> = pointwise({
  name: "hardswish",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }) => input.mul(input.add(3).max(0).min(6)).div(6),
  derivative: {
    input: ({ grad, input }) => where(input.lt(-3), 0, where(input.lt(3), grad.mul(input.div(3).add(0.5)), grad)),
  },
});

type Shrink = (input: Tensor, ...args: Call<[lambd: number], { lambd?: number }>) => Tensor;

/** `x` outside of `[−lambd, lambd]`, 0 inside. PyTorch: `torch.hardshrink`. */
export const hardshrink: PointwiseOnly<Shrink> = pointwise({
  name: "hardshrink",
  args: ["input"],
  options: { lambd: 0.5 },
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  expr: ({ input }, { lambd }) => where(input.ge(lambd.neg()).and(input.le(lambd)), 0, input),
});

/** `x` moved by `lambd` towards 0, and 0 where it is not farther from it. PyTorch: `torch.nn.functional.softshrink`. */
export const softshrink: PointwiseOnly<Shrink> = pointwise({
  name: "softshrink",
  args: ["input"],
  options: { lambd: 0.5 },
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  check(_, { lambd }) {
    if (!(lambd >= 0)) throw new ValueError(`softshrink: expected lambd of at least 0, got ${lambd}`);
  },
  expr: ({ input: x }, { lambd }) =>
    where(x.gt(lambd), x.sub(lambd), where(x.lt(lambd.neg()), x.add(lambd), where(x.isnan(), x, 0))),
  derivative: { input: ({ grad, input }, { lambd }) => where(input.ge(lambd.neg()).and(input.le(lambd)), 0, grad) },
});

/** `x − tanh(x)`. PyTorch: `torch.nn.functional.tanhshrink`. */
export const tanhshrink: PointwiseOnly<Unary> = pointwise({
  name: "tanhshrink",
  args: ["input"],
  dtype: "float",
  accepts: NUMERIC,
  inplace: false,
  node: "SubBackward0",
  expr: ({ input }) => input.sub(input.tanh()),
});

/** `x / (1 + |x|)`. PyTorch: `torch.nn.functional.softsign`. */
export const softsign: PointwiseOnly<Unary> = pointwise({
  name: "softsign",
  args: ["input"],
  dtype: "float",
  accepts: NUMERIC,
  inplace: false,
  node: "DivBackward0",
  expr: ({ input }) => input.div(input.abs().add(1)),
});

/** `log(sigmoid(x))`, without overflow. PyTorch: `torch.nn.functional.logsigmoid`. */
export const logsigmoid: PointwiseOnly<Unary> = pointwise({
  name: "logsigmoid",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  node: "LogSigmoidBackward0",
  expr: ({ input }) => input.min(0).sub(input.abs().neg().exp().log1p()),
  derivative: { input: ({ grad, input }) => grad.mul(input.neg().sigmoid()) },
});

/** `x` above `threshold`, `value` elsewhere. PyTorch: `torch.threshold`. */
export const threshold: Pointwise<(input: Tensor, threshold: number, value: number) => Tensor> = pointwise({
  name: "threshold",
  args: ["input", "threshold", "value"],
  numbers: ["threshold", "value"],
  dtype: "same",
  accepts: NUMBERS,
  promotes: ["input"],
  check([input, , value]) {
    if (input instanceof Tensor && value !== undefined && !(value instanceof Tensor))
      fits("threshold", "value", value, input.dtype);
  },
  expr: ({ input, threshold, value }) => where(input.le(threshold), value, input),
});
