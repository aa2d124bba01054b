/** @file Rounding, signs, and steps between floating-point numbers. Their derivatives are 0 wherever there is one. */
import { finfo, promoteTypes } from "../../core/dtype.ts";
import { Tensor } from "../../core/tensor.ts";
import { copysign as copysignOf, where } from "../../expr/index.ts";
import { bind, type Call } from "../bind.ts";
import { checkInt } from "../params.ts";
import { FLOATING, family, NUMBERS, type Pointwise, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import { sameDTypes } from "./checks.ts";
import type { Binary, Pair, Unary } from "./signatures.ts";

/** The next whole number below. PyTorch: `torch.floor`. */
export const floor: Pointwise<Unary> = pointwise({
  name: "floor",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  expr: ({ input }) => input.floor(),
});

/** The next whole number above. PyTorch: `torch.ceil`. */
export const ceil: Pointwise<Unary> = pointwise({
  name: "ceil",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  expr: ({ input }) => input.ceil(),
});

/** The next whole number towards zero. PyTorch: `torch.trunc`. */
export const trunc: Pointwise<Unary> = pointwise({
  name: "trunc",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  expr: ({ input }) => input.trunc(),
});

const roundToWhole: Pointwise<Unary> = pointwise({
  name: "round",
  args: ["input"],
  dtype: "same",
  accepts: NUMBERS,
  expr: ({ input }) => input.round(),
});

type Scaled = (input: Tensor, options: { scale: number }) => Tensor;

const roundToFraction: Pointwise<Scaled> = pointwise({
  name: "round",
  args: ["input"],
  options: { scale: 1 },
  dtype: "same",
  accepts: FLOATING,
  node: "RoundBackward1",
  expr: ({ input }, { scale }) => input.mul(scale).round().div(scale),
});

const roundToMultiple: Pointwise<Scaled> = pointwise({
  name: "round",
  args: ["input"],
  options: { scale: 1 },
  dtype: "same",
  accepts: FLOATING,
  node: "RoundBackward1",
  expr: ({ input }, { scale }) => input.div(scale).round().mul(scale),
});

/**
 * The nearest whole number, the even one of two. PyTorch: `torch.round`.
 *
 * @param options.decimals - places after the point to keep; negative ones count before it
 * @example
 * torch.round(torch.tensor([0.5, 1.5, 2.6])) // tensor([0., 2., 3.])
 * torch.round(torch.tensor([1.2345]), { decimals: 2 }) // tensor([1.2300])
 */
export const round: Pointwise<(input: Tensor, ...args: Call<[], { decimals?: number }>) => Tensor> = family(
  roundToWhole,
  (given) => {
    if (given.length === 1) return [roundToWhole, given];
    const { input, decimals = 0 } = bind<{ input: unknown; decimals: number }>("round", ["input", "decimals"], given);
    checkInt("round", "decimals", decimals);
    if (decimals === 0) return [roundToWhole, [input]];
    return [decimals > 0 ? roundToFraction : roundToMultiple, [input, { scale: 10 ** Math.abs(decimals) }]];
  },
);

/**
 * What is after the point, with the sign of the number. PyTorch: `torch.frac`.
 * @example
 * torch.frac(torch.tensor([1.5, -2.25])) // tensor([ 0.5000, -0.2500])
 */
export const frac: Pointwise<Unary> = pointwise({
  name: "frac",
  args: ["input"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input }) => input.sub(input.trunc()),
});

/**
 * The magnitude of `input` with the sign of `other`, that of −0 too. PyTorch: `torch.copysign`.
 * @example
 * torch.copysign(torch.tensor([1, -2]), -0) // tensor([-1., -2.])
 */
export const copysign: Pointwise<Binary> = pointwise({
  name: "copysign",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "float",
  saves: "result",
  node: ({ other }) => (other ? "CopysignBackward1" : "CopysignBackward0"),
  expr: ({ input, other }) => input.copysign(other),
});

const isBelowZero: PointwiseOnly<Unary> = pointwise({
  name: "signbit",
  args: ["input"],
  dtype: "bool",
  inplace: false,
  expr: ({ input }) => input.lt(0),
});

const hasSignBit: PointwiseOnly<Unary> = pointwise({
  name: "signbit",
  args: ["input"],
  dtype: "bool",
  accepts: FLOATING,
  inplace: false,
  expr: ({ input }) => copysignOf(1, input).lt(0),
});

/** Whether the sign is negative, that of −0 too. PyTorch: `torch.signbit`. */
export const signbit: PointwiseOnly<Unary> = family(isBelowZero, (given) => [
  given[0] instanceof Tensor && given[0].dtype.isFloatingPoint ? hasSignBit : isBelowZero,
  given,
]);

const nextFloat: Pointwise<Pair> = pointwise({
  name: "nextafter",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  derivative: "missing",
  expr: ({ input, other }) => input.nextafter(other),
});

type HalfSteps = { steps: number; smallest: number; largest: number };

/** Half types compute in float32, whose step at a number is `steps` times smaller, but for the `smallest` of all steps. */
const nextHalf: Pointwise<(input: Tensor, other: Tensor, options: HalfSteps) => Tensor> = pointwise({
  name: "nextafter",
  args: ["input", "other"],
  options: { steps: 1, smallest: 0, largest: 0 },
  dtype: "same",
  accepts: FLOATING,
  derivative: "missing",
  expr({ input, other }, { steps, smallest, largest }) {
    const step = input.nextafter(other).sub(input);
    const moved = input.add(step.abs().mul(steps).max(smallest).copysign(step));
    const leavesInfinity = input.isinf().and(input.ne(other)).and(other.isnan().not());
    return where(leavesInfinity, largest.copysign(input), where(input.eq(other), other, moved));
  },
});

/**
 * `input` moved by one step of its dtype towards `other`; without a derivative, as in PyTorch. PyTorch: `torch.nextafter`.
 */
export const nextafter: Pointwise<Pair> = family(nextFloat, (given) => {
  const [input, other] = given;
  const isHalf =
    given.length === 2 && input instanceof Tensor && input.dtype.isFloatingPoint && input.dtype.itemsize === 2;
  if (!isHalf || !(other instanceof Tensor) || promoteTypes(input.dtype, other.dtype) !== input.dtype)
    return [nextFloat, given];
  const { eps, tiny, max } = finfo(input.dtype);
  return [nextHalf, [input, other, { steps: eps * 2 ** 23, smallest: tiny * eps, largest: max }]];
});

/**
 * 0 below 0, 1 above, `values` at 0; without a derivative, as in PyTorch. PyTorch: `torch.heaviside`.
 *
 * @param values - a tensor of the same dtype
 * @example
 * torch.heaviside(torch.tensor([-1.5, 0, 2]), torch.tensor([0.5])) // tensor([0.0000, 0.5000, 1.0000])
 */
export const heaviside: Pointwise<(input: Tensor, values: Tensor) => Tensor> = pointwise({
  name: "heaviside",
  args: ["input", "values"],
  dtype: "same",
  node: "NotImplemented",
  derivative: "missing",
  check: sameDTypes("heaviside"),
  expr: ({ input, values }) => where(input.eq(0), values, input.gt(0)),
});

export { trunc as fix };
