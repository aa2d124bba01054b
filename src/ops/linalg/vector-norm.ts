/** @file Norms of vectors: one reduction each, and PyTorch's subgradients where they have a kink. */
import { Category, DType, promoteTypes, toReal } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText, wrapDims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type ReductionName, reductionCode } from "../../expr/index.ts";
import { bind, type Call } from "../bind.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { checkTensor } from "../params.ts";
import { type Dims, type ReductionAttrs, reduceRaw, unsqueezeReduced } from "../reduction-form.ts";

export interface VectorNormOptions {
  /** Which norm: any number, ±Infinity, or 0 for the count of nonzero elements. */
  ord?: number;
  dim?: Dims;
  keepdim?: boolean;
  /** Converts the input to this dtype first. */
  dtype?: DType | null;
}

interface NormAttrs extends ReductionAttrs {
  readonly ord: number;
}

function accumulatorOf(ord: number): ReductionName {
  if (ord === 0) return "countNonzero";
  if (ord === 1) return "norm1";
  if (ord === 2) return "norm2";
  if (ord === Infinity) return "normInf";
  return ord === -Infinity ? "normNegInf" : "normP";
}

const vectorNormOp: KernelOp<NormAttrs> = kernelOp<NormAttrs>({
  name: "linalgVectorNorm",
  forward: ([input], attrs) => {
    const x = input as Tensor;
    return reduceRaw(reductionCode(accumulatorOf(attrs.ord)), x.dtype.isComplex ? x.abs() : x, attrs);
  },
  saves: (_, { ord }) => (ord === 0 ? [] : ord === 1 ? [0] : [0, ~0]),
  backward: ([grad], context) => {
    const { ord, dims, keepdim } = context.attrs;
    if (ord === 0) return [null];
    const up = (x: Tensor) => unsqueezeReduced(x, dims, keepdim);
    const norm = ord === 1 ? null : up(context.result(0));
    return [normGradient(up(grad as Tensor), context.input(0), norm, ord, dims)];
  },
});

/** @param grad, norm - with the reduced dimensions at size 1 */
function normGradient(grad: Tensor, x: Tensor, norm: Tensor | null, ord: number, dims: readonly number[]): Tensor {
  if (norm === null) return x.sgn().mul(grad); // ord 1
  if (ord === Infinity || ord === -Infinity) {
    // The extremes share the gradient; NaN counts as one.
    const size = x.abs();
    const mask = size.eq(norm).logicalOr(size.isnan());
    return x.sgn().mul(grad.div(mask.sum([...dims], true)).mul(mask));
  }
  const isZero = norm.eq(0); // the subgradient there is 0
  if (ord === 2) return x.div(norm).maskedFill(isZero, 0).mul(grad);
  const size = x.abs();
  if (ord < 1) {
    const slope = size.pow(ord - 1).maskedFill(x.eq(0), 0);
    return x
      .sgn()
      .mul(slope)
      .mul(grad)
      .mul(norm.pow(1 - ord));
  }
  const slope = ord < 2 ? x.sgn().mul(size.pow(ord - 1)) : x.mul(size.pow(ord - 2));
  return slope.mul(grad.div(norm.pow(ord - 1)).maskedFill(isZero, 0));
}

/**
 * The input as a norm computes it.
 * @throws DTypeError for integers and bools, and for a `dtype` that is of another kind or would lose digits
 */
export function inNormDType(op: string, x: Tensor, dtype: DType | null | undefined): Tensor {
  if (x.dtype.category < Category.Floating)
    throw new DTypeError(
      `${op}: expected a floating-point or complex dtype, got ${x.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (dtype === null || dtype === undefined || dtype === x.dtype) return x;
  if (!(dtype instanceof DType)) throw new ValueError(`${op}: expected a dtype as dtype, got ${describe(dtype)}`);
  if (dtype.category !== x.dtype.category)
    throw new DTypeError(
      `${op}: expected a ${x.dtype.isComplex ? "complex" : "real floating-point"} dtype for an input of ${x.dtype}, got ${dtype}`,
    );
  if (promoteTypes(x.dtype, dtype) !== dtype)
    throw new DTypeError(`${op}: expected a dtype that holds all values of ${x.dtype}, got ${dtype}`);
  return x.to(dtype);
}

/** The norm of `x` over `dim` for checked options; `op` is named in errors. */
export function normOver(op: string, x: Tensor, ord: number, dim: Dims | undefined, keepdim: boolean): Tensor {
  const given = Array.isArray(dim) && dim.length === 0 ? null : dim;
  const dims = wrapDims(op, given, x.ndim);
  if ((ord < 0 || ord === Infinity) && dims.some((d) => x.shape[d] === 0))
    throw new ShapeError(
      `${op}: expected at least one element to reduce for ord ${ord}, got shape ${shapeText(x.shape)}: the norm of nothing has no value`,
    );
  const result = toReal(x.dtype);
  const scalars = accumulatorOf(ord) === "normP" ? [ord] : [];
  return vectorNormOp.call([x], {
    ord,
    dims,
    keepdim,
    whole: given === null || given === undefined,
    scalars,
    compute: result,
    result,
  });
}

/**
 * The norm `(Σ |x|^ord)^(1/ord)` over dimensions, of `x` taken as a vector: the largest magnitude for `Infinity`, the smallest for
 * `-Infinity`, the number of nonzero elements for 0. Where the norm is 0, its gradient is 0. PyTorch: `torch.linalg.vector_norm`.
 *
 * @param x - any shape; floating or complex dtype
 * @param args - `ord` (2), `dim` (all), `keepdim` (false), `dtype`
 * @returns a real tensor without the reduced dimensions
 * @throws DTypeError if `x` is an integer or bool tensor
 * @throws ShapeError for a negative or infinite `ord` of no elements
 * @example
 * torch.linalg.vectorNorm(torch.tensor([[3, 4], [5, -12]], { dtype: torch.float32 }), { dim: 1 }) // tensor([ 5., 13.])
 */
export function vectorNorm(
  x: Tensor,
  ...args: Call<[ord: number, dim: Dims, keepdim: boolean], VectorNormOptions>
): Tensor {
  const op = "linalg.vectorNorm";
  const {
    ord = 2,
    dim,
    keepdim = false,
    dtype,
  } = bind<VectorNormOptions>(op, ["ord", "dim", "keepdim", "dtype"], args);
  checkTensor(op, x, "x");
  if (typeof ord !== "number") throw new ValueError(`${op}: expected a number as ord, got ${describe(ord)}`);
  return normOver(op, inNormDType(op, x, dtype), ord, dim, keepdim);
}
