/** @file Sums, differences, products, and what is made of them. */
import { bool } from "../../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import type { Complex } from "../../core/scalar.ts";
import { Tensor } from "../../core/tensor.ts";
import { where } from "../../expr/index.ts";
import type { Call } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { ANY, INEXACT, NUMERIC, type Pointwise, pointwise } from "../pointwise-form.ts";
import { checkAlpha, noBools, sameDTypes } from "./checks.ts";
import type { Operator, Unary } from "./signatures.ts";

type Alpha = { alpha?: number | Complex };
type AddLike = (input: TensorOrScalar, other: TensorOrScalar, ...args: Call<[], Alpha>) => Tensor;

const noBoolDifference = noBools("sub", "logicalXor and logicalNot serve masks");

/**
 * `input + alpha · other`. PyTorch: `torch.add`.
 *
 * @param input - any shape
 * @param other - a tensor that broadcasts with it, or a number
 * @param options.alpha - multiplies `other`
 * @returns the broadcast shape, the promoted dtype
 * @throws ShapeError if the shapes do not broadcast
 * @example
 * torch.add(torch.tensor([1, 2]), 10) // tensor([11, 12])
 */
export const add: Pointwise<AddLike> = pointwise({
  name: "add",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  options: { alpha: 1 },
  dtype: "same",
  accepts: ANY,
  check: (args, { alpha }) => checkAlpha("add", args, alpha),
  expr: ({ input, other }, { alpha }) => input.add(other.mul(alpha)),
});

/**
 * `input − alpha · other`. PyTorch: `torch.sub`.
 * @throws DTypeError for bools, as in PyTorch
 * @example
 * torch.sub(torch.tensor([1, 2]), 10) // tensor([-9, -8])
 */
export const sub: Pointwise<AddLike> = pointwise({
  name: "sub",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  options: { alpha: 1 },
  dtype: "same",
  accepts: ANY,
  check(args, { alpha }) {
    noBoolDifference(args);
    checkAlpha("sub", args, alpha);
  },
  expr: ({ input, other }, { alpha }) => input.sub(other.mul(alpha)),
});

/**
 * `input · other`, element by element. PyTorch: `torch.mul`.
 * @example
 * torch.mul(torch.tensor([1, 2]), 10) // tensor([10, 20])
 */
export const mul: Pointwise<Operator> = pointwise({
  name: "mul",
  args: ["input", "other"],
  numbers: ["input", "other"],
  numbersAlone: true,
  dtype: "same",
  accepts: ANY,
  expr: ({ input, other }) => input.mul(other),
});

/**
 * `−input`. PyTorch: `torch.neg`.
 * @throws DTypeError for bools: `logicalNot` inverts a mask
 * @example
 * torch.neg(torch.tensor([1, -2])) // tensor([-1,  2])
 */
export const neg: Pointwise<Unary> = pointwise({
  name: "neg",
  args: ["input"],
  dtype: "same",
  accepts: NUMERIC,
  expr: ({ input }) => input.neg(),
});

/**
 * `+input`: the tensor itself. PyTorch: `torch.positive`.
 * @throws DTypeError for bools
 */
export const positive: Unary = (input) => {
  if (!(input instanceof Tensor)) throw new ValueError(`positive: expected a Tensor as input, got ${describe(input)}`);
  if (input.dtype === bool) throw new DTypeError("positive: expected numbers, got a bool tensor");
  return input;
};

/**
 * `|input|`; its derivative at 0 is 0. PyTorch: `torch.abs`.
 * @example
 * torch.abs(torch.tensor([1, -2])) // tensor([1, 2])
 */
export const abs: Pointwise<Unary> = pointwise({
  name: "abs",
  args: ["input"],
  dtype: "real",
  accepts: NUMERIC,
  expr: ({ input }) => input.abs(),
});

/**
 * −1, 0 or 1; 0 for NaN. PyTorch: `torch.sign`.
 * @example
 * torch.sign(torch.tensor([0.5, 0, -3])) // tensor([ 1.,  0., -1.])
 */
export const sign: Pointwise<Unary> = pointwise({
  name: "sign",
  args: ["input"],
  dtype: "same",
  expr: ({ input }) => input.sign(),
});

/** `sign`, for complex numbers too. PyTorch: `torch.sgn`. */
export const sgn: Pointwise<Unary> = pointwise({
  name: "sgn",
  args: ["input"],
  dtype: "same",
  accepts: ANY,
  expr: ({ input }) => input.sign(),
});

export type FusedArithmetic = (
  input: Tensor,
  tensor1: Tensor,
  tensor2: Tensor,
  ...args: Call<[], { value?: number | Complex }>
) => Tensor;

/**
 * `input + value · tensor1 · tensor2`. PyTorch: `torch.addcmul`.
 * @example
 * torch.addcmul(torch.ones(2), torch.tensor([1, 2]), torch.tensor([3, 4]), { value: 0.5 }) // tensor([2.5000, 5.0000])
 */
export const addcmul: Pointwise<FusedArithmetic> = pointwise({
  name: "addcmul",
  args: ["input", "tensor1", "tensor2"],
  options: { value: 1 },
  dtype: "same",
  accepts: NUMERIC,
  expr: ({ input, tensor1, tensor2 }, { value }) => input.add(tensor1.mul(tensor2).mul(value)),
});

/**
 * `input + value · tensor1 / tensor2`. PyTorch: `torch.addcdiv`.
 * @throws DTypeError for integers, as in PyTorch
 * @example
 * torch.addcdiv(torch.ones(2), torch.tensor([1, 2]), torch.tensor([4, 4]), { value: 2 }) // tensor([1.5000, 2.0000])
 */
export const addcdiv: Pointwise<FusedArithmetic> = pointwise({
  name: "addcdiv",
  args: ["input", "tensor1", "tensor2"],
  options: { value: 1 },
  dtype: "same",
  accepts: INEXACT,
  expr: ({ input, tensor1, tensor2 }, { value }) => input.add(tensor1.div(tensor2).mul(value)),
});

/**
 * From `input` to `end` by `weight`: `input + weight · (end − input)`. PyTorch: `torch.lerp`.
 *
 * @param end - a tensor of the same dtype
 * @param weight - a number, or a tensor of the same dtype
 * @throws DTypeError for integers, or if the dtypes differ
 * @example
 * torch.lerp(torch.zeros(2), torch.tensor([0.5, 10.5]), 0.5) // tensor([0.2500, 5.2500])
 */
export const lerp: Pointwise<(input: Tensor, end: Tensor, weight: TensorOrScalar) => Tensor> = pointwise({
  name: "lerp",
  args: ["input", "end", "weight"],
  numbers: ["weight"],
  dtype: "same",
  accepts: INEXACT,
  promotes: ["input", "end"],
  node: ({ weight }) => (weight ? "LerpBackward0" : "LerpBackward1"),
  check: sameDTypes("lerp"),
  // From the nearer end, so that a weight of 1 gives `end` itself.
  expr: ({ input, end, weight }) =>
    where(
      weight.abs().lt(0.5),
      input.add(weight.mul(end.sub(input))),
      end.sub(end.sub(input).mul(weight.neg().add(1))),
    ),
  derivative: {
    input: ({ grad, weight }) => grad.mul(weight.neg().add(1)),
    end: ({ grad, weight }) => grad.mul(weight),
    weight: ({ grad, input, end }) => grad.mul(end.sub(input)),
  },
});

export { abs as absolute, mul as multiply, neg as negative, sub as subtract };
