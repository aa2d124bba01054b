/** @file PyTorch's promotion among the inputs of one op: tensors with dimensions first, then 0-dim tensors, then numbers. */
import {
  Category,
  type DType,
  defaultComplex,
  getDefaultDtype,
  promoteTypes,
  toComplex,
  toReal,
} from "../core/dtype.ts";
import { type Scalar, scalarCategory, scalarDType } from "../core/scalar.ts";
import { Tensor } from "../core/tensor.ts";

export type TensorOrScalar = Tensor | Scalar;

/**
 * The dtype that the inputs of an op meet in. PyTorch: `torch.result_type`.
 * A 0-dim tensor, and after it a number, counts only where it is of a higher category than what came before.
 */
export function resultType(inputs: readonly TensorOrScalar[]): DType {
  const first = inputs[0];
  if (inputs.length === 1 && first instanceof Tensor) return first.dtype;
  let dimmed: DType | null = null;
  let zeroDim: DType | null = null;
  let number: DType | null = null;
  for (const x of inputs) {
    if (!(x instanceof Tensor)) number = number === null ? scalarDType(x) : promoteTypes(number, scalarDType(x));
    else if (x.layout.shape.length > 0)
      dimmed = dimmed === null || dimmed === x.dtype ? x.dtype : promoteTypes(dimmed, x.dtype);
    else zeroDim = zeroDim === null || zeroDim === x.dtype ? x.dtype : promoteTypes(zeroDim, x.dtype);
  }
  return combine(combine(dimmed, zeroDim), number) as DType;
}

function combine(higher: DType | null, lower: DType | null): DType | null {
  if (higher === null) return lower;
  if (lower === null || lower.category <= higher.category) return higher;
  // A complex number beside a real float tensor takes the tensor's precision.
  if (lower.category === Category.Complex && higher.category === Category.Floating)
    return promoteTypes(toComplex(higher), higher);
  return lower;
}

/** The dtype for an op whose results are floating: integers and bools become the default dtype. */
export function toFloat(dtype: DType): DType {
  return dtype.category < Category.Floating ? getDefaultDtype() : dtype;
}

/** The dtype of a full tensor made from a number alone: ints give int64, floats the default dtype. */
export function dtypeOfFill(value: Scalar): DType {
  return scalarCategory(value) === Category.Complex ? defaultComplex() : scalarDType(value);
}

/** The register type in which a program computes values of `dtype`, or their parts. */
export function registerType(dtype: DType): "f32" | "f64" | "i64" {
  if (dtype.category < Category.Floating) return "i64";
  return toReal(dtype).itemsize === 8 ? "f64" : "f32";
}
