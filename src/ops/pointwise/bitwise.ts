/** @file Operations on the bits of integers; on bools they are logic. */
import { bool } from "../../core/dtype.ts";
import { Tensor } from "../../core/tensor.ts";
import { BITS, family, INTEGRAL, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Operator, Unary } from "./signatures.ts";

/**
 * The bits that both have. PyTorch: `torch.bitwise_and`.
 * @throws DTypeError for floating dtypes
 * @example
 * torch.bitwiseAnd(torch.tensor([12, 10]), 6) // tensor([4, 2])
 */
export const bitwiseAnd: Pointwise<Operator> = pointwise({
  name: "bitwiseAnd",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: BITS,
  expr: ({ input, other }) => input.bitand(other),
});

/** The bits that either has. PyTorch: `torch.bitwise_or`. */
export const bitwiseOr: Pointwise<Operator> = pointwise({
  name: "bitwiseOr",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: BITS,
  expr: ({ input, other }) => input.bitor(other),
});

/** The bits that one of them has. PyTorch: `torch.bitwise_xor`. */
export const bitwiseXor: Pointwise<Operator> = pointwise({
  name: "bitwiseXor",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: BITS,
  expr: ({ input, other }) => input.bitxor(other),
});

const invertBits: Pointwise<Unary> = pointwise({
  name: "bitwiseNot",
  args: ["input"],
  dtype: "same",
  accepts: INTEGRAL,
  expr: ({ input }) => input.bitnot(),
});

const invertBool: Pointwise<Unary> = pointwise({
  name: "bitwiseNot",
  args: ["input"],
  dtype: "same",
  expr: ({ input }) => input.not(),
});

/**
 * All bits inverted. PyTorch: `torch.bitwise_not`.
 * @example
 * torch.bitwiseNot(torch.tensor([0, 5])) // tensor([-1, -6])
 */
export const bitwiseNot: Pointwise<Unary> = family(invertBits, (given) => [
  given[0] instanceof Tensor && given[0].dtype === bool ? invertBool : invertBits,
  given,
]);

/**
 * `input << other`. By less than 0 places, or more than there are, everything is shifted out. PyTorch: `torch.bitwise_left_shift`.
 * @example
 * torch.bitwiseLeftShift(torch.tensor([1, 3]), 2) // tensor([ 4, 12])
 */
export const bitwiseLeftShift: Pointwise<Operator> = pointwise({
  name: "bitwiseLeftShift",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: INTEGRAL,
  expr: ({ input, other }) => input.shl(other),
});

/** `input >> other`; the sign stays. PyTorch: `torch.bitwise_right_shift`. */
export const bitwiseRightShift: Pointwise<Operator> = pointwise({
  name: "bitwiseRightShift",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: INTEGRAL,
  expr: ({ input, other }) => input.shr(other),
});
