/** @file Powers and roots. */
import { bool, Category, complex128, type DType, float64 } from "../../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import { isComplexScalar, scalarCategory } from "../../core/scalar.ts";
import { Tensor } from "../../core/tensor.ts";
import { constant, type Expr, where } from "../../expr/index.ts";
import { resultType, type TensorOrScalar } from "../dtypes.ts";
import { ANY, FLOATING, family, INEXACT, NUMERIC, type Pointwise, pointwise } from "../pointwise-form.ts";
import { mul } from "./arithmetic.ts";
import { exp2 } from "./exponential.ts";
import type { Pair, Unary } from "./signatures.ts";

type PowLike = (input: TensorOrScalar, exponent: TensorOrScalar) => Tensor;

/** An integer has no integer power below 0; in a tensor of exponents such a power is 0 (±1 for ±1), as in PyTorch. */
function checkExponent(args: readonly TensorOrScalar[]): void {
  const [input, exponent] = args;
  if (!(input instanceof Tensor) || exponent instanceof Tensor || exponent === undefined) return;
  if (
    scalarCategory(exponent) === Category.Integral &&
    (exponent as number) < 0 &&
    resultType(args).category < Category.Floating
  )
    throw new ValueError(
      `pow: expected an exponent of at least 0 for integers, got ${String(exponent)} (a float tensor has negative powers)`,
    );
}

const power: Pointwise<PowLike> = pointwise({
  name: "pow",
  args: ["input", "exponent"],
  numbers: ["input", "exponent"],
  dtype: "same",
  accepts: NUMERIC,
  saves: "result",
  node: ({ input, exponent }) => (exponent ? "PowBackward0" : input ? "PowBackward2" : "PowBackward1"),
  check: checkExponent,
  expr: ({ input, exponent }) => input.pow(exponent),
  derivative: {
    input: ({ grad, input, exponent }) => where(exponent.eq(0), 0, grad.mul(exponent.mul(input.pow(exponent.sub(1))))),
  },
});

/** `gradient` makes that of `x` from that of the power. */
const fixedPower = (expr: (x: Expr) => Expr, gradient: (grad: Expr, x: Expr) => Expr): Pointwise<Unary> =>
  pointwise({
    name: "pow",
    args: ["input"],
    dtype: "same",
    accepts: INEXACT,
    node: "PowBackward0",
    expr: ({ input }) => expr(input),
    derivative: { input: ({ grad, input }) => gradient(grad, input) },
  });

const zerothPower = fixedPower(
  () => constant(1),
  () => constant(0),
);
const sqrtPower = fixedPower(
  (x) => x.sqrt(),
  (grad, x) => grad.mul(x.rsqrt()).mul(0.5),
);
const squarePower = fixedPower(
  (x) => x.mul(x),
  (grad, x) => grad.mul(x).mul(2),
);
const cubePower = fixedPower(
  (x) => x.mul(x).mul(x),
  (grad, x) => grad.mul(x.mul(x)).mul(3),
);
const rsqrtPower = fixedPower(
  (x) => x.rsqrt(),
  (grad, x) => grad.mul(x.rsqrt().div(x)).mul(-0.5),
);
const reciprocalPower = fixedPower(
  (x) => x.reciprocal(),
  (grad, x) => grad.div(x.mul(x)).neg(),
);
const inverseSquarePower = fixedPower(
  (x) => x.mul(x).reciprocal(),
  (grad, x) => grad.div(x.mul(x).mul(x)).mul(-2),
);

/** Exponents whose powers of a float are much less work than `pow`. */
const FIXED_POWERS: ReadonlyMap<unknown, Pointwise<Unary>> = new Map([
  [0, zerothPower],
  [0.5, sqrtPower],
  [2, squarePower],
  [3, cubePower],
  [-0.5, rsqrtPower],
  [-1, reciprocalPower],
  [-2, inverseSquarePower],
]);

/**
 * `input` to the power of `exponent`. PyTorch: `torch.pow`.
 *
 * @param input - a tensor, or a number if `exponent` is a tensor
 * @param exponent - a tensor that broadcasts with it, or a number
 * @throws ValueError for a negative whole number as exponent of an integer tensor
 * @example
 * torch.pow(torch.tensor([1, 2, 3]), 2) // tensor([1, 4, 9])
 * torch.pow(2, torch.tensor([1, 2, 3])) // tensor([2, 4, 8])
 */
export const pow: Pointwise<PowLike> = family(power, (given) => {
  const [input, exponent] = given;
  const fixed = typeof exponent === "number" ? FIXED_POWERS.get(exponent) : undefined;
  if (fixed !== undefined && given.length === 2 && input instanceof Tensor && input.dtype.category >= Category.Floating)
    return [fixed, [input]];
  return [power, given];
});

/**
 * `pow`, computed in float64. PyTorch: `torch.float_power`.
 * @returns a float64 tensor; complex128 if one of the two is complex
 */
export const floatPower: PowLike & { readonly inplace: PowLike } = Object.assign(
  ((input, exponent) => {
    const dtype = widest(input, exponent);
    return pow(widen(input, dtype), widen(exponent, dtype));
  }) satisfies PowLike,
  {
    inplace: ((input, exponent) => {
      const dtype = widest(input, exponent);
      if (input instanceof Tensor && input.dtype !== dtype)
        throw new DTypeError(`floatPower_: expected a tensor of ${dtype}, got ${input.dtype}`);
      return pow.inplace(input, widen(exponent, dtype));
    }) satisfies PowLike,
  },
);

const isComplex = (x: TensorOrScalar) => (x instanceof Tensor ? x.dtype.isComplex : isComplexScalar(x));
const widest = (a: TensorOrScalar, b: TensorOrScalar) => (isComplex(a) || isComplex(b) ? complex128 : float64);

function widen(x: TensorOrScalar, dtype: DType): TensorOrScalar {
  return x instanceof Tensor ? x.to(dtype) : x;
}

const squareOfNumber: Pointwise<Unary> = pointwise({
  name: "square",
  args: ["input"],
  dtype: "same",
  accepts: NUMERIC,
  node: "PowBackward0",
  expr: ({ input }) => input.mul(input),
  derivative: { input: ({ grad, input }) => grad.mul(input).mul(2) },
});

/**
 * `input²`. PyTorch: `torch.square`.
 * @example
 * torch.square(torch.tensor([3, -4])) // tensor([ 9, 16])
 */
export const square: Pointwise<Unary> = family(squareOfNumber, (given) => {
  const [input] = given;
  // The square of a bool is an integer.
  return input instanceof Tensor && input.dtype === bool ? [power, [...given, 2]] : [squareOfNumber, given];
});

/**
 * `√input`; NaN below 0. PyTorch: `torch.sqrt`.
 * @example
 * torch.sqrt(torch.tensor([4, 2])) // tensor([2.0000, 1.4142])
 */
export const sqrt: Pointwise<Unary> = pointwise({
  name: "sqrt",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.sqrt(),
});

/**
 * `1 / √input`. PyTorch: `torch.rsqrt`.
 * @example
 * torch.rsqrt(torch.tensor([4, 16])) // tensor([0.5000, 0.2500])
 */
export const rsqrt: Pointwise<Unary> = pointwise({
  name: "rsqrt",
  args: ["input"],
  dtype: "float",
  accepts: ANY,
  saves: "result",
  expr: ({ input }) => input.rsqrt(),
});

/**
 * `√(input² + other²)`, without overflow. PyTorch: `torch.hypot`.
 * @example
 * torch.hypot(torch.tensor([1.5]), torch.tensor([2.5])) // tensor([2.9155])
 */
export const hypot: Pointwise<Pair> = pointwise({
  name: "hypot",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  saves: "result",
  expr: ({ input, other }) => input.hypot(other),
});

/**
 * `input · 2^other`. PyTorch: `torch.ldexp`.
 * @example
 * torch.ldexp(torch.tensor([1.5]), torch.tensor([4])) // tensor([24.])
 */
export const ldexp: Pair & { readonly inplace: Pair } = Object.assign(
  ((input, other) => mul(tensorForLdexp(input), exp2(other))) satisfies Pair,
  { inplace: ((input, other) => mul.inplace(input, exp2(other))) satisfies Pair },
);

function tensorForLdexp(input: Tensor): Tensor {
  if (!(input instanceof Tensor)) throw new ValueError(`ldexp: expected a Tensor as input, got ${describe(input)}`);
  return input;
}
