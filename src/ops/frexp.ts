/** @file Floats taken apart into fraction and exponent. */
import { Category, int32 } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { kernelOp } from "./kernel-form.ts";
import { type NamedTuple, namedTuple } from "./named-tuple.ts";
import { checkTensor } from "./params.ts";
import type { Unary } from "./pointwise/signatures.ts";
import { FLOATING, type PointwiseOnly, pointwise } from "./pointwise-form.ts";

const part = (name: "mantissa" | "exponent"): PointwiseOnly<Unary> =>
  pointwise({
    name: "frexp",
    args: ["input"],
    dtype: "same",
    accepts: FLOATING,
    inplace: false,
    expr: ({ input }) => input[name](),
  });
const mantissaOf = part("mantissa");
const exponentOf = part("exponent");

const frexpOp = kernelOp({
  name: "frexp",
  forward: ([input]) => {
    const x = input as Tensor;
    return [mantissaOf(x), exponentOf(x).to(int32)];
  },
  saves: () => [~1],
  backward: ([grad], context) => [grad ? grad.div(context.result(1).exp2()) : null],
});

/**
 * The fraction and the exponent of `x = mantissa · 2^exponent` with `0.5 ≤ |mantissa| < 1`. PyTorch: `torch.frexp`.
 *
 * @param input - floating dtype
 * @returns `mantissa`, of the dtype of `input`, and `exponent`, int32; 0, infinities and NaN have the exponent 0
 * @throws DTypeError for other than floats
 * @example
 * torch.frexp(torch.tensor([6.5, -0.25])).mantissa // tensor([ 0.8125, -0.5000])
 * torch.frexp(torch.tensor([6.5, -0.25])).exponent // tensor([ 3, -1], dtype=torch.int32)
 */
export function frexp(input: Tensor): NamedTuple<{ mantissa: Tensor; exponent: Tensor }> {
  checkTensor("frexp", input);
  if (input.dtype.category !== Category.Floating)
    throw new DTypeError(`frexp: expected a floating-point dtype, got ${input.dtype}`);
  const [mantissa, exponent] = frexpOp.results([input], undefined) as [Tensor, Tensor];
  return namedTuple({ mantissa, exponent }, "frexp");
}
