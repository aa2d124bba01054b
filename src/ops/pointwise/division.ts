/** @file Quotients and remainders. A zero among integer divisors is an error, as in PyTorch. */
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call, isOptions } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { ANY, family, NUMBERS, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Binary, Operator, Unary } from "./signatures.ts";

/** How `div` rounds: not at all, towards zero, or down. */
export type RoundingMode = "trunc" | "floor" | null;
type DivLike = (
  input: TensorOrScalar,
  other: TensorOrScalar,
  ...args: Call<[], { roundingMode?: RoundingMode }>
) => Tensor;

const divide: Pointwise<Operator> = pointwise({
  name: "div",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  dtype: "float",
  accepts: ANY,
  expr: ({ input, other }) => input.div(other),
});

const divideTruncating: Pointwise<Operator> = pointwise({
  name: "div",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  dtype: "same",
  accepts: NUMBERS,
  node: "DivBackward2",
  expr: ({ input, other }) => input.truncdiv(other),
});

const divideFlooring: Pointwise<Operator> = pointwise({
  name: "div",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  dtype: "same",
  accepts: NUMBERS,
  node: "DivBackward2",
  expr: ({ input, other }) => input.floordiv(other),
});

/**
 * `input / other`. PyTorch: `torch.div`.
 *
 * @param options.roundingMode - `null` divides truly, integers too; `"trunc"` rounds towards zero (C), `"floor"` down (Python's `//`)
 * @returns the broadcast shape; a true quotient is floating
 * @throws ValueError for an integer division by zero
 * @example
 * torch.div(torch.tensor([7, -7]), 2) // tensor([ 3.5000, -3.5000])
 * torch.div(torch.tensor([7, -7]), 2, { roundingMode: "floor" }) // tensor([ 3, -4])
 */
export const div: Pointwise<DivLike> = family(divide, (given) => {
  const last = given[given.length - 1];
  if (given.length === 2 && !isOptions(last)) return [divide, given];
  const { input, other, roundingMode } = bind<{ input: unknown; other: unknown; roundingMode: unknown }>(
    "div",
    ["input", "other", "roundingMode"],
    given,
  );
  const operands = [input, other];
  if (roundingMode === null || roundingMode === undefined) return [divide, operands];
  if (roundingMode === "trunc") return [divideTruncating, operands];
  if (roundingMode === "floor") return [divideFlooring, operands];
  throw new ValueError(`div: expected null, "trunc" or "floor" as roundingMode, got ${describe(roundingMode)}`);
});

/** `div` without rounding. PyTorch: `torch.true_divide`. */
export const trueDivide: Pointwise<Operator> = divide;

/**
 * `input / other`, rounded down; without a derivative, as in PyTorch. PyTorch: `torch.floor_divide`.
 * @example
 * torch.floorDivide(torch.tensor([7, -7]), 2) // tensor([ 3, -4])
 */
export const floorDivide: Pointwise<Operator> = pointwise({
  name: "floorDivide",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  dtype: "same",
  accepts: NUMBERS,
  node: "NotImplemented",
  derivative: "missing",
  expr: ({ input, other }) => input.floordiv(other),
});

/**
 * Python's `input % other`: the remainder has the sign of `other`. PyTorch: `torch.remainder`.
 * @example
 * torch.remainder(torch.tensor([7, -7]), 3) // tensor([1, 2])
 */
export const remainder: Pointwise<Operator> = pointwise({
  name: "remainder",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "same",
  accepts: NUMBERS,
  node: ({ other }) => (other ? "RemainderBackward0" : "RemainderBackward1"),
  expr: ({ input, other }) => input.remainder(other),
});

/**
 * C's `fmod`: the remainder has the sign of `input`. PyTorch: `torch.fmod`.
 * @example
 * torch.fmod(torch.tensor([7, -7]), 3) // tensor([ 1, -1])
 */
export const fmod: Pointwise<Binary> = pointwise({
  name: "fmod",
  args: ["input", "other"],
  numbers: ["other"],
  dtype: "same",
  accepts: NUMBERS,
  node: ({ other }) => (other ? "FmodBackward0" : "FmodBackward1"),
  expr: ({ input, other }) => input.fmod(other),
});

/**
 * `1 / input`. PyTorch: `torch.reciprocal`.
 * @example
 * torch.reciprocal(torch.tensor([2, -4])) // tensor([ 0.5000, -0.2500])
 */
export const reciprocal: Pointwise<Unary> = pointwise({
  name: "reciprocal",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.reciprocal(),
});

export { div as divide };
