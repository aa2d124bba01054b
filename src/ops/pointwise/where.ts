/** @file The choice by a condition. */
import type { Tensor } from "../../core/tensor.ts";
import { where as select } from "../../expr/index.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { ANY, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import { checkMask } from "./checks.ts";

/**
 * `input` where `condition` holds, `other` elsewhere. PyTorch: `torch.where`.
 *
 * @param condition - a bool tensor; the three broadcast
 * @returns the dtype that `input` and `other` meet in
 * @throws DTypeError if `condition` is not bool
 * @example
 * torch.where(torch.tensor([true, false]), torch.tensor([1, 2]), 0) // tensor([1, 0])
 */
export const where: PointwiseOnly<(condition: Tensor, input: TensorOrScalar, other: TensorOrScalar) => Tensor> =
  pointwise({
    name: "where",
    args: ["condition", "input", "other"],
    numbers: ["input", "other"],
    dtype: "same",
    accepts: ANY,
    promotes: ["input", "other"],
    inplace: false,
    check: ([condition]) => checkMask("where", "condition", condition),
    expr: ({ condition, input, other }) => select(condition, input, other),
  });

/** The elements of this tensor where `condition` holds, those of `other` elsewhere. PyTorch: `Tensor.where`. */
export const whereMethod = (input: Tensor, condition: Tensor, other: TensorOrScalar): Tensor =>
  where(condition, input, other);
