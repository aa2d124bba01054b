/** @file The normal distribution, the error function scaled, entropy, and the zeta function. */
import { constant, log1p, erfcx as scaledErfc, where, zeta as zetaOf } from "../../expr/index.ts";
import { noHalves } from "../pointwise/checks.ts";
import type { Operator, Unary } from "../pointwise/signatures.ts";
import { type PointwiseOnly, pointwise } from "../pointwise-form.ts";

/**
 * `−x · log(x)`: 0 at 0, −inf below. PyTorch: `torch.special.entr`.
 * @example
 * torch.special.entr(torch.tensor([-0.5, 0, 0.5])) // tensor([  -inf, 0.0000, 0.3466])
 */
export const entr: PointwiseOnly<Unary> = pointwise({
  name: "special.entr",
  args: ["input"],
  dtype: "float",
  inplace: false,
  node: "SpecialEntrBackward0",
  expr: ({ input: x }) =>
    where(x.isnan(), x, where(x.gt(0), x.mul(x.log()).neg(), where(x.eq(0), 0, constant(-Infinity)))),
  derivative: { input: ({ grad, input }) => grad.mul(input.log().add(1).neg()) },
});

/**
 * `e^(x²) · erfc(x)`, finite where `erfc` is too small. PyTorch: `torch.special.erfcx`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.erfcx(torch.tensor([0, -1, 10])) // tensor([1.0000, 5.0090, 0.0561])
 */
export const erfcx: PointwiseOnly<Unary> = pointwise({
  name: "special.erfcx",
  args: ["input"],
  dtype: "float",
  inplace: false,
  saves: "result",
  node: "SpecialErfcxBackward0",
  check: noHalves("special.erfcx"),
  expr: ({ input }) => input.erfcx(),
});

/**
 * The distribution function of the normal distribution, `Φ(x)`. PyTorch: `torch.special.ndtr`.
 * @example
 * torch.special.ndtr(torch.tensor([-3, 0, 1])) // tensor([0.0013, 0.5000, 0.8413])
 */
export const ndtr: PointwiseOnly<Unary> = pointwise({
  name: "special.ndtr",
  args: ["input"],
  dtype: "float",
  inplace: false,
  node: "MulBackward1",
  expr: ({ input }) => input.ndtr(),
});

/**
 * Where the distribution function of the normal distribution is `p`, the inverse of `ndtr`. PyTorch: `torch.special.ndtri`.
 *
 * @param input - probabilities; NaN outside of `[0, 1]`
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.ndtri(torch.tensor([0, 0.25, 0.5])) // tensor([   -inf, -0.6745,  0.0000])
 */
export const ndtri: PointwiseOnly<Unary> = pointwise({
  name: "special.ndtri",
  args: ["input"],
  dtype: "float",
  inplace: false,
  saves: "result",
  node: "SpecialNdtriBackward0",
  check: noHalves("special.ndtri"),
  expr: ({ input }) => input.ndtri(),
});

/**
 * The logarithm of `ndtr`, exact far below 0. PyTorch: `torch.special.log_ndtr`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.logNdtr(torch.tensor([-30, 0, 1])) // tensor([-4.5432e+02, -6.9315e-01, -1.7275e-01])
 */
export const logNdtr: PointwiseOnly<Unary> = pointwise({
  name: "special.logNdtr",
  args: ["input"],
  dtype: "float",
  inplace: false,
  node: "SpecialLogNdtrBackward0",
  check: noHalves("special.logNdtr"),
  expr({ input: x }) {
    // Where Φ(x) is too small for a number of its own; elsewhere its logarithm, or from what is missing to 1.
    const farBelow = scaledErfc(x.mul(-Math.SQRT1_2)).mul(0.5).log().sub(x.mul(0.5).mul(x));
    return where(x.lt(-10), farBelow, where(x.lt(0), x.ndtr().log(), log1p(x.neg().ndtr().neg())));
  },
  derivative: {
    input: ({ grad, input }) => grad.div(scaledErfc(input.mul(-Math.SQRT1_2))).mul(Math.sqrt(2 / Math.PI)),
  },
});

/**
 * `input · log(1 + other)`, 0 where `input` is 0. PyTorch: `torch.special.xlog1py`.
 * @example
 * torch.special.xlog1py(torch.tensor([0, 2]), torch.tensor([-1, 3])) // tensor([0.0000, 2.7726])
 */
export const xlog1py: PointwiseOnly<Operator> = pointwise({
  name: "special.xlog1py",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "float",
  inplace: false,
  node: ({ input, other }) => `SpecialXlog1PyBackward${input ? 1 : other ? 2 : 0}`,
  expr: ({ input, other }) => where(other.isnan(), NaN, where(input.eq(0), 0, input.mul(other.log1p()))),
  derivative: {
    input: ({ grad, input, other }) => where(input.eq(0).and(other.le(-1)), 0, grad.mul(other.log1p())),
    other: ({ grad, input, other }) => grad.mul(input).div(other.add(1)),
  },
});

/**
 * The Hurwitz zeta function `Σ (other + k)^−input`. PyTorch: `torch.special.zeta`.
 *
 * @param input - the exponent: inf at 1, NaN below
 * @param other - inf at the integers up to 0
 * @returns as in PyTorch, differentiable by `other` only
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.zeta(torch.tensor([2, 4]), 1) // tensor([1.6449, 1.0823])
 */
export const zeta: PointwiseOnly<Operator> = pointwise({
  name: "special.zeta",
  args: ["input", "other"],
  numbers: ["input", "other"],
  dtype: "float",
  inplace: false,
  node: ({ input, other }) => `SpecialZetaBackward${input ? 1 : other ? 2 : 0}`,
  check: noHalves("special.zeta"),
  expr: ({ input, other }) => zetaOf(input, other),
  derivative: { input: "missing" },
});
