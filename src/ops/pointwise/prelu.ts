/** @file The rectifier whose slope below 0 is learned. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { where } from "../../expr/index.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { FLOATING, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import type { Pair } from "./signatures.ts";

const kernel: PointwiseOnly<Pair> = pointwise({
  name: "prelu",
  args: ["input", "weight"],
  dtype: "same",
  accepts: FLOATING,
  inplace: false,
  node: "PreluKernelBackward0",
  expr: ({ input, weight }) => where(input.gt(0), input, weight.mul(input)),
});

/**
 * `x` above 0, `weight · x` elsewhere, with a weight for each channel (dimension 1) or one for all. PyTorch: `torch.prelu`.
 *
 * @param input - floating dtype
 * @param weight - of the same dtype, without dimensions or with one
 * @throws ShapeError if there are neither one weight nor as many as channels
 * @throws DTypeError for integers, or if the dtypes differ
 * @see He et al. 2015, arXiv:1502.01852
 * @example
 * torch.prelu(torch.tensor([-2, 4.5]), torch.tensor([0.25])) // tensor([-0.5000,  4.5000])
 */
export function prelu(input: Tensor, ...args: Named<[weight: Tensor], ["weight"], { weight: Tensor }>): Tensor {
  if (isAutocasting()) return inLowerPrecision(prelu, [input, ...args]);
  const { weight } = named<{ weight: Tensor }>("prelu", ["weight"], 1, args);
  checkTensor("prelu", input);
  checkTensor("prelu", weight, "weight");
  if (weight.dtype !== input.dtype)
    throw new DTypeError(`prelu: expected a weight of ${input.dtype}, got ${weight.dtype}`);
  if (weight.ndim > 1)
    throw new ShapeError(`prelu: expected a weight of at most one dimension, got shape ${shapeText(weight.shape)}`);
  const count = weight.numel();
  if (count === 1) return kernel(input, weight.reshape(input.shape.map(() => 1)));
  if (input.ndim === 0)
    throw new ShapeError(`prelu: expected one weight for an input without dimensions, got ${count}`);
  const channels = input.ndim > 1 ? (input.shape[1] as number) : 1;
  if (count !== channels)
    throw new ShapeError(`prelu: expected one weight or as many as channels, ${channels}, got ${count}`);
  return kernel(input, weight.reshape(input.shape.map((_, d) => (d === 1 ? count : 1))));
}
