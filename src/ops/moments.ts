/** @file Variance and standard deviation, by Welford's accumulators. */
import { Category, type DType, toReal } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import { numelOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call, isOptions } from "./bind.ts";
import type { Context } from "./kernel-form.ts";
import { type NamedTuple, namedTuple } from "./named-tuple.ts";
import { planes } from "./operands.ts";
import { type Dims, type ReductionAttrs, reductionOp, unsqueezeReduced } from "./reduction-form.ts";

export interface VarOptions {
  dim?: Dims;
  /** What is taken off the count in the denominator: 1 gives the unbiased estimate. */
  correction?: number;
  /** `true` stands for a correction of 1, `false` for 0. */
  unbiased?: boolean;
  keepdim?: boolean;
}
type VarArgs = Call<[dim: Dims], VarOptions> | [unbiased: boolean] | [dim: Dims, unbiased: boolean, keepdim?: boolean];

const floating = (op: string) => (input: DType) => {
  if (input.category < Category.Floating)
    throw new DTypeError(
      `${op}: expected a floating-point or complex dtype, got ${input} (whole numbers make int64: pass a dtype)`,
    );
  return { compute: input, result: toReal(input) };
};

/** The variance of complex numbers is that of their real parts plus that of their imaginary parts. */
function complexVariance(input: Tensor, { dims, scalars }: ReductionAttrs): Tensor {
  const [re, im] = planes(input).map((part) => varOp.call(part, dims, true, null, scalars)) as [Tensor, Tensor];
  return re.add(im);
}

/** `2 (x − mean) / max(0, n − correction)`, times the gradient of the variance. */
function varianceBackward(gradOfVariance: Tensor, context: Context<ReductionAttrs>): Tensor {
  const { dims, scalars } = context.attrs;
  const input = context.input(0);
  const n = numelOf(dims.map((d) => context.shape(0)[d] as number));
  const scale = 2 / Math.max(0, n - (scalars[0] as number));
  return gradOfVariance.mul(scale).mul(input.sub(input.mean([...dims], true)));
}

const varOp = reductionOp({
  name: "var",
  dtype: floating("var"),
  empty: "identity",
  complex: complexVariance,
  saves: [0],
  backward: (grad, context) =>
    varianceBackward(unsqueezeReduced(grad, context.attrs.dims, context.attrs.keepdim), context),
});

const stdOp = reductionOp({
  name: "std",
  dtype: floating("std"),
  empty: "identity",
  complex: (input, attrs) => complexVariance(input, attrs).sqrt(),
  saves: [0, ~0],
  backward: (grad, context) => {
    const { dims, keepdim } = context.attrs;
    const result = context.result(0);
    // At 0 the root has no slope: PyTorch takes 0.
    const gradOfVariance = grad.div(result.mul(2)).maskedFill(result.eq(0), 0);
    return varianceBackward(unsqueezeReduced(gradOfVariance, dims, keepdim), context);
  },
});

function sortArgs(
  op: string,
  args: readonly unknown[],
): { dim: Dims | undefined; keepdim: boolean; correction: number } {
  const isFlag = typeof args[0] === "boolean";
  const named = isFlag ? [undefined, ...args] : [...args];
  const options = isOptions(named.at(-1)) ? (named.pop() as VarOptions) : undefined;
  const given = bind<VarOptions>(
    op,
    ["dim", "unbiased", "keepdim", "correction"],
    options === undefined ? named : [...named, options],
  );
  const correction = given.correction ?? (given.unbiased === false ? 0 : 1);
  if (typeof correction !== "number")
    throw new ValueError(`${op}: expected a number as correction, got ${describe(correction)}`);
  return { dim: given.dim, keepdim: given.keepdim ?? false, correction };
}

/**
 * Variance over dimensions. PyTorch: `torch.var`.
 *
 * @param args - `dim`, `correction` (1), `keepdim`; `unbiased: false` stands for a correction of 0
 * @example
 * torch.tensor([1, 2, 3, 4.5]).var() // tensor(2.2292)
 */
export function variance(input: Tensor, ...args: VarArgs): Tensor {
  const { dim, keepdim, correction } = sortArgs("var", args);
  return varOp.call(input, dim, keepdim, null, [correction]);
}

/** Standard deviation over dimensions. PyTorch: `torch.std`. */
export function std(input: Tensor, ...args: VarArgs): Tensor {
  const { dim, keepdim, correction } = sortArgs("std", args);
  return stdOp.call(input, dim, keepdim, null, [correction]);
}

/** Variance and mean. PyTorch: `torch.var_mean`. */
export function varMean(input: Tensor, ...args: VarArgs): NamedTuple<{ var: Tensor; mean: Tensor }> {
  const { dim, keepdim } = sortArgs("varMean", args);
  return namedTuple({ var: variance(input, ...args), mean: input.mean({ dim: dim ?? null, keepdim }) }, "var_mean");
}

/** Standard deviation and mean. PyTorch: `torch.std_mean`. */
export function stdMean(input: Tensor, ...args: VarArgs): NamedTuple<{ std: Tensor; mean: Tensor }> {
  const { dim, keepdim } = sortArgs("stdMean", args);
  return namedTuple({ std: std(input, ...args), mean: input.mean({ dim: dim ?? null, keepdim }) }, "std_mean");
}
