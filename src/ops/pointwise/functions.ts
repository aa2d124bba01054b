/** @file Pointwise ops that are functions of `torch`, and no methods of `Tensor`. */
import { ValueError } from "../../core/errors.ts";
import type { Complex } from "../../core/scalar.ts";
import type { Tensor } from "../../core/tensor.ts";
import { constant, where } from "../../expr/index.ts";
import type { Call } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import type { Named } from "../params.ts";
import { ANY, FLOATING, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
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

type FakeQuantize = (
  input: Tensor,
  ...args: Named<
    [scale: TensorOrScalar, zeroPoint: TensorOrScalar, quantMin: number, quantMax: number],
    ["scale", "zeroPoint", "quantMin", "quantMax"],
    { scale: TensorOrScalar; zeroPoint: TensorOrScalar; quantMin: number; quantMax: number }
  >
) => Tensor;

/**
 * What is left of numbers after they were quantised to whole ones from `quantMin` to `quantMax` and back: `input / scale`, rounded. Gradients
 * pass where the whole number lies in that range. PyTorch: `torch.fake_quantize_per_tensor_affine`.
 *
 * @param input - any shape; floating dtype
 * @param args - `scale`, `zeroPoint` (the whole number that stands for 0), both numbers or tensors of one element; `quantMin`, `quantMax`
 * @throws ValueError if `quantMin` is greater than `quantMax`, or `zeroPoint` outside of them
 * @example
 * torch.fakeQuantizePerTensorAffine(torch.tensor([-1.5, 0.24, 3]), 0.1, 3, 0, 20) // tensor([-0.3000,  0.2000,  1.7000])
 */
export const fakeQuantizePerTensorAffine: PointwiseOnly<FakeQuantize> = pointwise({
  name: "fakeQuantizePerTensorAffine",
  args: ["input", "scale", "zeroPoint", "quantMin", "quantMax"],
  numbers: ["scale", "zeroPoint", "quantMin", "quantMax"],
  promotes: ["input"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  node: "FakeQuantizePerTensorAffineCachemaskBackward0",
  check([, , zeroPoint, low, high]) {
    const [least, greatest] = [Number(low), Number(high)];
    if (!(least <= greatest))
      throw new ValueError(
        `fakeQuantizePerTensorAffine: expected quantMin of at most quantMax, got ${least} and ${greatest}`,
      );
    if (typeof zeroPoint === "number" && !(zeroPoint >= least && zeroPoint <= greatest))
      throw new ValueError(
        `fakeQuantizePerTensorAffine: expected zeroPoint from quantMin to quantMax, got ${zeroPoint} for [${least}, ${greatest}]`,
      );
  },
  expr: ({ input, scale, zeroPoint, quantMin, quantMax }) =>
    input.mul(constant(1).div(scale)).round().add(zeroPoint).fmax(quantMin).fmin(quantMax).sub(zeroPoint).mul(scale),
  derivative: {
    input: ({ grad, input, scale, zeroPoint, quantMin, quantMax }) => {
      const whole = input.mul(constant(1).div(scale)).round().add(zeroPoint);
      return where(whole.ge(quantMin).and(whole.le(quantMax)), grad, 0);
    },
    scale: "missing",
    zeroPoint: "missing",
  },
});
