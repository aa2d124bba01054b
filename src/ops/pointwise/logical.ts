/** @file Logic: 0 counts as false, everything else as true. */
import { ANY, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Pair, Unary } from "./signatures.ts";

/**
 * Whether both are true. PyTorch: `torch.logical_and`.
 * @example
 * torch.logicalAnd(torch.tensor([1, 2, 0]), torch.tensor([true, false, true])) // tensor([ True, False, False])
 */
export const logicalAnd: Pointwise<Pair> = pointwise({
  name: "logicalAnd",
  args: ["input", "other"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input, other }) => input.and(other),
});

/** Whether either is true. PyTorch: `torch.logical_or`. */
export const logicalOr: Pointwise<Pair> = pointwise({
  name: "logicalOr",
  args: ["input", "other"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input, other }) => input.or(other),
});

/** Whether one is true and the other is not. PyTorch: `torch.logical_xor`. */
export const logicalXor: Pointwise<Pair> = pointwise({
  name: "logicalXor",
  args: ["input", "other"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input, other }) => input.xor(other),
});

/**
 * Whether it is false. PyTorch: `torch.logical_not`.
 * @example
 * torch.logicalNot(torch.tensor([0, 1, 2])) // tensor([ True, False, False])
 */
export const logicalNot: Pointwise<Unary> = pointwise({
  name: "logicalNot",
  args: ["input"],
  dtype: "bool",
  accepts: ANY,
  expr: ({ input }) => input.not(),
});
