/** @file Choosing between values: masks, bounds, the larger and the smaller. */
import { finfo } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { type Expr, where as select } from "../../expr/index.ts";
import { bind, type Call, isOptions } from "../bind.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { ANY, type Choice, family, NUMBERS, type Pointwise, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import { checkMask, fits } from "./checks.ts";
import type { Pair } from "./signatures.ts";

type MaskedFill = (input: Tensor, mask: Tensor, value: TensorOrScalar) => Tensor;

const fill: Pointwise<MaskedFill> = pointwise({
  name: "maskedFill",
  args: ["input", "mask", "value"],
  numbers: ["value"],
  dtype: "same",
  accepts: ANY,
  promotes: ["input"],
  node: ({ value }) => (value ? "MaskedFillBackward0" : "MaskedFillBackward1"),
  check([input, mask, value]) {
    checkMask("maskedFill", "mask", mask);
    if (input instanceof Tensor && value !== undefined && !(value instanceof Tensor))
      fits("maskedFill", "value", value, input.dtype);
  },
  expr: ({ input, mask, value }) => select(mask, value, input),
});

/**
 * `value` where `mask` holds, `input` elsewhere. PyTorch: `Tensor.masked_fill`.
 *
 * @param mask - a bool tensor that broadcasts with `input`
 * @param value - a number, or a tensor without dimensions
 * @returns the dtype of `input`
 * @throws ShapeError for a value with dimensions; ValueError for one that the dtype cannot hold
 * @example
 * torch.maskedFill(torch.tensor([1.5, 2.5]), torch.tensor([true, false]), -Infinity) // tensor([  -inf, 2.5000])
 */
export const maskedFill: Pointwise<MaskedFill> = family(fill, (given) => {
  const { input, mask, value } = bind<{ input: unknown; mask: unknown; value: unknown }>(
    "maskedFill",
    ["input", "mask", "value"],
    given,
  );
  if (!(value instanceof Tensor) || !(input instanceof Tensor)) return [fill, [input, mask, value]];
  if (value.ndim > 0)
    throw new ShapeError(`maskedFill: expected a value without dimensions, got shape ${shapeText(value.shape)}`);
  if (value.dtype.isComplex && !input.dtype.isComplex)
    throw new DTypeError(`maskedFill: expected a real value for ${input.dtype}, got ${value.dtype}`);
  return [fill, [input, mask, value.dtype === input.dtype ? value : value.to(input.dtype)]];
});

type Bound = (input: Tensor, bound: TensorOrScalar) => Tensor;
type Bounds = (input: Tensor, min: TensorOrScalar, max: TensorOrScalar) => Tensor;
/** PyTorch's nodes tell bounds that are numbers from those that are tensors. */
const clampNode = ({ min, max }: { min?: boolean; max?: boolean }) =>
  min || max ? "ClampBackward1" : "ClampBackward0";

const clampBoth: Pointwise<Bounds> = pointwise({
  name: "clamp",
  args: ["input", "min", "max"],
  numbers: ["min", "max"],
  dtype: "same",
  accepts: NUMBERS,
  node: clampNode,
  expr: ({ input, min, max }) => input.max(min).min(max),
  derivative: {
    input: ({ grad, input, min, max }) => select(input.ge(min).and(input.le(max)), grad, 0),
    min: ({ grad, input, min, max }) => select(min.lt(max).and(input.lt(min)), grad, 0),
    max: ({ grad, input, min, max }) => select(input.gt(max).or(max.lt(min)), grad, 0),
  },
});

const clampBelow = (name: string, node: (isNumber: { min: boolean }) => string): Pointwise<Bound> =>
  pointwise({
    name,
    args: ["input", "min"],
    numbers: ["min"],
    dtype: "same",
    node,
    expr: ({ input, min }) => input.max(min),
    derivative: {
      input: ({ grad, input, min }) => select(input.ge(min), grad, 0),
      min: ({ grad, input, min }) => select(input.lt(min), grad, 0),
    },
  });

const clampAbove = (name: string, node: (isNumber: { max: boolean }) => string): Pointwise<Bound> =>
  pointwise({
    name,
    args: ["input", "max"],
    numbers: ["max"],
    dtype: "same",
    node,
    expr: ({ input, max }) => input.min(max),
    derivative: {
      input: ({ grad, input, max }) => select(input.le(max), grad, 0),
      max: ({ grad, input, max }) => select(input.gt(max), grad, 0),
    },
  });

/**
 * What is below `min` becomes `min`. The gradient passes at the bound. PyTorch: `torch.clamp_min`.
 * @example
 * torch.clampMin(torch.tensor([-1, 2]), 0) // tensor([0, 2])
 */
export const clampMin: Pointwise<(input: Tensor, min: TensorOrScalar) => Tensor> = clampBelow("clampMin", ({ min }) =>
  min ? "ClampMinBackward0" : "ClampMinBackward1",
);

/** What is above `max` becomes `max`. The gradient passes at the bound. PyTorch: `torch.clamp_max`. */
export const clampMax: Pointwise<(input: Tensor, max: TensorOrScalar) => Tensor> = clampAbove("clampMax", ({ max }) =>
  max ? "ClampMaxBackward0" : "ClampMaxBackward1",
);

const clampOnlyBelow = clampBelow("clamp", clampNode);
const clampOnlyAbove = clampAbove("clamp", clampNode);

type BoundOrNone = TensorOrScalar | null;
type ClampOptions = { min?: BoundOrNone; max?: BoundOrNone };

/**
 * What is below `min` becomes `min`, what is above `max` becomes `max`. PyTorch: `torch.clamp`.
 *
 * @param options.min - a number, a tensor, or `null` for no bound
 * @param options.max - the same; it wins where it is below `min`
 * @returns NaN where the input or a bound is; the gradient passes at the bounds
 * @throws ValueError without any bound
 * @example
 * torch.clamp(torch.tensor([-1, 0.5, 2]), 0, 1) // tensor([0.0000, 0.5000, 1.0000])
 * torch.tensor([-1, 2]).clamp({ min: 0 }) // tensor([0, 2])
 */
export const clamp: Pointwise<
  (input: Tensor, ...args: Call<[min: BoundOrNone, max: BoundOrNone], ClampOptions>) => Tensor
> = family(clampBoth, (given): Choice => {
  const [, low, high] = given;
  if (given.length === 3 && low !== null && high !== null && !isOptions(high)) return [clampBoth, given];
  const {
    input,
    min = null,
    max = null,
  } = bind<ClampOptions & { input?: unknown }>("clamp", ["input", "min", "max"], given);
  if (min !== null && max !== null) return [clampBoth, [input, min, max]];
  if (min !== null) return [clampOnlyBelow, [input, min]];
  if (max !== null) return [clampOnlyAbove, [input, max]];
  throw new ValueError("clamp: expected at least one of min and max");
});

/** The gradient of an operand: none if the other won, half if they are equal, all of it else (beside NaN, too). */
const unlessLost = (grad: Expr, lost: Expr, tied: Expr) => select(lost, 0, select(tied, grad.mul(0.5), grad));

/**
 * The larger of two elements; NaN if one is NaN. At ties both get half of the gradient. PyTorch: `torch.maximum`.
 * @example
 * torch.maximum(torch.tensor([1, 5]), torch.tensor([3, 2])) // tensor([3, 5])
 */
export const maximum: PointwiseOnly<Pair> = pointwise({
  name: "maximum",
  args: ["input", "other"],
  dtype: "same",
  inplace: false,
  expr: ({ input, other }) => input.max(other),
  derivative: {
    input: ({ grad, input, other }) => unlessLost(grad, input.lt(other), input.eq(other)),
    other: ({ grad, input, other }) => unlessLost(grad, input.gt(other), input.eq(other)),
  },
});

/** The smaller of two elements; NaN if one is NaN. At ties both get half of the gradient. PyTorch: `torch.minimum`. */
export const minimum: PointwiseOnly<Pair> = pointwise({
  name: "minimum",
  args: ["input", "other"],
  dtype: "same",
  inplace: false,
  expr: ({ input, other }) => input.min(other),
  derivative: {
    input: ({ grad, input, other }) => unlessLost(grad, input.gt(other), input.eq(other)),
    other: ({ grad, input, other }) => unlessLost(grad, input.lt(other), input.eq(other)),
  },
});

/** The larger of two elements; the number if one is NaN. At ties the first gets the gradient. PyTorch: `torch.fmax`. */
export const fmax: PointwiseOnly<Pair> = pointwise({
  name: "fmax",
  args: ["input", "other"],
  dtype: "same",
  inplace: false,
  expr: ({ input, other }) => input.fmax(other),
});

/** The smaller of two elements; the number if one is NaN. At ties the first gets the gradient. PyTorch: `torch.fmin`. */
export const fmin: PointwiseOnly<Pair> = pointwise({
  name: "fmin",
  args: ["input", "other"],
  dtype: "same",
  inplace: false,
  expr: ({ input, other }) => input.fmin(other),
});

type Replacements = { nan?: number; posinf?: number | null; neginf?: number | null };

const replace: Pointwise<(input: Tensor, nan: number, posinf: number, neginf: number) => Tensor> = pointwise({
  name: "nanToNum",
  args: ["input"],
  options: { nan: 0, posinf: 0, neginf: 0 },
  dtype: "same",
  expr: ({ input }, { nan, posinf, neginf }) =>
    select(input.isnan(), nan, select(input.isinf(), select(input.gt(0), posinf, neginf), input)),
});

/**
 * NaN and infinities replaced by numbers. PyTorch: `torch.nan_to_num`.
 *
 * @param options.posinf - for inf; `null` stands for the largest number of the dtype
 * @param options.neginf - for −inf; `null` stands for the lowest
 * @example
 * torch.nanToNum(torch.tensor([NaN, Infinity, 1]), { posinf: 9 }) // tensor([0., 9., 1.])
 */
export const nanToNum: Pointwise<
  (input: Tensor, ...args: Call<[nan: number, posinf: number | null, neginf: number | null], Replacements>) => Tensor
> = family(replace, (given) => {
  const { input, nan, posinf, neginf } = bind<Replacements & { input?: unknown }>(
    "nanToNum",
    ["input", "nan", "posinf", "neginf"],
    given,
  );
  if (!(input instanceof Tensor)) throw new ValueError(`nanToNum: expected a Tensor as input, got ${describe(input)}`);
  const isFloating = input.dtype.isFloatingPoint;
  const max = isFloating ? finfo(input.dtype).max : 0; // integers have no infinities
  return [replace, [input, isFloating ? (nan ?? 0) : 0, posinf ?? max, neginf ?? -max]];
});

export { clamp as clip };
