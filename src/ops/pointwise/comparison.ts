/** @file Comparisons, and tests for special values. They give bools. */
import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Call } from "../bind.ts";
import { ANY, type Pointwise, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import { sameDTypes } from "./checks.ts";
import type { Binary, Unary } from "./signatures.ts";

/**
 * `input == other`, element by element. PyTorch: `torch.eq`.
 * @example
 * torch.eq(torch.tensor([1, 2]), 2) // tensor([False,  True])
 */
export const eq: Pointwise<Binary> = pointwise({
  name: "eq",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input, other }) => input.eq(other),
});

/** `input != other`, element by element. PyTorch: `torch.ne`. */
export const ne: Pointwise<Binary> = pointwise({
  name: "ne",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input, other }) => input.ne(other),
});

/** `input < other`, element by element. PyTorch: `torch.lt`. */
export const lt: Pointwise<Binary> = pointwise({
  name: "lt",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  expr: ({ input, other }) => input.lt(other),
});

/** `input <= other`, element by element. PyTorch: `torch.le`. */
export const le: Pointwise<Binary> = pointwise({
  name: "le",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  expr: ({ input, other }) => input.le(other),
});

/** `input > other`, element by element. PyTorch: `torch.gt`. */
export const gt: Pointwise<Binary> = pointwise({
  name: "gt",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  expr: ({ input, other }) => input.gt(other),
});

/** `input >= other`, element by element. PyTorch: `torch.ge`. */
export const ge: Pointwise<Binary> = pointwise({
  name: "ge",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "bool",
  expr: ({ input, other }) => input.ge(other),
});

/** Whether an element is NaN. PyTorch: `torch.isnan`. */
export const isnan: PointwiseOnly<Unary> = pointwise({
  name: "isnan",
  args: ["input"],
  dtype: "bool",
  accepts: ANY,
  inplace: false,
  expr: ({ input }) => input.isnan(),
});

/** Whether an element is inf or −inf. PyTorch: `torch.isinf`. */
export const isinf: PointwiseOnly<Unary> = pointwise({
  name: "isinf",
  args: ["input"],
  dtype: "bool",
  accepts: ANY,
  inplace: false,
  expr: ({ input }) => input.isinf(),
});

/**
 * Whether an element is neither infinite nor NaN. PyTorch: `torch.isfinite`.
 * @example
 * torch.isfinite(torch.tensor([1, Infinity, NaN])) // tensor([ True, False, False])
 */
export const isfinite: PointwiseOnly<Unary> = pointwise({
  name: "isfinite",
  args: ["input"],
  dtype: "bool",
  accepts: ANY,
  inplace: false,
  expr: ({ input }) => input.isinf().or(input.isnan()).not(),
});

/** Whether an element is inf. PyTorch: `torch.isposinf`. */
export const isposinf: PointwiseOnly<Unary> = pointwise({
  name: "isposinf",
  args: ["input"],
  dtype: "bool",
  inplace: false,
  expr: ({ input }) => input.isinf().and(input.gt(0)),
});

/** Whether an element is −inf. PyTorch: `torch.isneginf`. */
export const isneginf: PointwiseOnly<Unary> = pointwise({
  name: "isneginf",
  args: ["input"],
  dtype: "bool",
  inplace: false,
  expr: ({ input }) => input.isinf().and(input.lt(0)),
});

type Closeness = { rtol?: number; atol?: number; equalNan?: boolean };
type IsClose = (
  input: Tensor,
  other: Tensor,
  ...args: Call<[rtol: number, atol: number, equalNan: boolean], Closeness>
) => Tensor;

/**
 * Whether `|input − other| ≤ atol + rtol · |other|`. PyTorch: `torch.isclose`.
 *
 * @param other - a tensor of the same dtype
 * @param options.equalNan - whether two NaNs count as close
 * @throws DTypeError if the dtypes differ
 * @throws ValueError for a negative tolerance
 * @example
 * torch.isclose(torch.tensor([1.5, 2]), torch.tensor([1.5 + 1e-7, 2.1])) // tensor([ True, False])
 */
export const isclose: PointwiseOnly<IsClose> = pointwise({
  name: "isclose",
  args: ["input", "other"],
  options: { rtol: 1e-5, atol: 1e-8, equalNan: false as boolean },
  dtype: "float to bool",
  accepts: ANY,
  inplace: false,
  check(args, { rtol, atol }) {
    sameDTypes("isclose")(args);
    if (!(rtol >= 0)) throw new ValueError(`isclose: expected rtol of at least 0, got ${rtol}`);
    if (!(atol >= 0)) throw new ValueError(`isclose: expected atol of at least 0, got ${atol}`);
  },
  expr({ input, other }, { rtol, atol, equalNan }) {
    const error = input.sub(other).abs();
    const isBounded = error.isinf().or(error.isnan()).not();
    const isNear = isBounded.and(error.le(other.mul(rtol).abs().add(atol)));
    const isSame = input.eq(other).or(isNear);
    return equalNan ? isSame.or(input.isnan().and(other.isnan())) : isSame;
  },
});

export { ge as greaterEqual, gt as greater, le as lessEqual, lt as less, ne as notEqual };
