/** @file What only integers have: common divisors and multiples. */
import { INTEGRAL, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Pair } from "./signatures.ts";

/**
 * The greatest common divisor; `gcd(0, 0)` is 0. PyTorch: `torch.gcd`.
 * @throws DTypeError for other than integers
 * @example
 * torch.gcd(torch.tensor([5, 10, -15]), torch.tensor([3, 4, 5])) // tensor([1, 2, 5])
 */
export const gcd: Pointwise<Pair> = pointwise({
  name: "gcd",
  args: ["input", "other"],
  dtype: "same",
  accepts: INTEGRAL,
  expr: ({ input, other }) => input.gcd(other),
});

/**
 * The least common multiple; `lcm(0, x)` is 0. PyTorch: `torch.lcm`.
 * @throws DTypeError for other than integers
 * @example
 * torch.lcm(torch.tensor([5, 10, 15]), torch.tensor([3, 4, 5])) // tensor([15, 20, 15])
 */
export const lcm: Pointwise<Pair> = pointwise({
  name: "lcm",
  args: ["input", "other"],
  dtype: "same",
  accepts: INTEGRAL,
  expr: ({ input, other }) => input.lcm(other),
});
