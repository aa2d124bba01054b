/** @file Pointwise ops that are functions of `torch`, and no methods of `Tensor`. */
import type { Complex } from "../../core/scalar.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Call } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { ANY, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import { checkAlpha, noBools } from "./checks.ts";

const noBoolDifference = noBools("rsub", "logicalXor and logicalNot serve masks");

/**
 * `other − alpha · input`: `sub` with its operands exchanged. PyTorch: `torch.rsub`.
 * @example
 * torch.rsub(torch.tensor([1, 2]), 10) // tensor([9, 8])
 */
export const rsub: PointwiseOnly<
  (input: Tensor, other: TensorOrScalar, ...args: Call<[], { alpha?: number | Complex }>) => Tensor
> = pointwise({
  name: "rsub",
  args: ["input", "other"],
  numbers: ["other"],
  options: { alpha: 1 },
  dtype: "same",
  accepts: ANY,
  inplace: false,
  node: ({ other }) => (other ? "RsubBackward1" : "RsubBackward0"),
  check(args, { alpha }) {
    noBoolDifference(args);
    checkAlpha("rsub", args, alpha);
  },
  expr: ({ input, other }, { alpha }) => other.sub(input.mul(alpha)),
});
