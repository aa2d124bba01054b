/** @file What several pointwise ops check about their arguments. */
import { Category, type DType } from "../../core/dtype.ts";
import { DTypeError, ValueError } from "../../core/errors.ts";
import { type Scalar, scalarCategory } from "../../core/scalar.ts";
import { Tensor } from "../../core/tensor.ts";
import { resultType, type TensorOrScalar } from "../dtypes.ts";

/** Refuses tensors of several dtypes, where PyTorch does not promote. */
export function sameDTypes(op: string): (args: readonly TensorOrScalar[]) => void {
  return (args) => {
    const first = args.find((x) => x instanceof Tensor)?.dtype;
    for (const x of args)
      if (x instanceof Tensor && x.dtype !== first)
        throw new DTypeError(`${op}: expected tensors of one dtype, got ${first} and ${x.dtype}`);
  };
}

/** An integer has no fraction of itself. PyTorch checks so for `add` and `sub`. */
export function checkAlpha(op: string, args: readonly TensorOrScalar[], alpha: number): void {
  if (Number.isInteger(alpha)) return;
  const dtype = resultType(args);
  if (dtype.category < Category.Floating)
    throw new DTypeError(`${op}: expected a whole number as alpha for ${dtype}, got ${alpha}`);
}

/** Refuses a bool tensor or number among the operands, even where the result would not be bool. */
export function noBools(op: string, instead: string): (args: readonly TensorOrScalar[]) => void {
  return (args) => {
    for (const x of args) {
      const category = x instanceof Tensor ? x.dtype.category : typeof x === "boolean" ? Category.Bool : null;
      if (category === Category.Bool) throw new DTypeError(`${op}: expected numbers, got a bool (${instead})`);
    }
  };
}

/** Refuses a condition that is not bool. */
export function checkMask(op: string, name: string, mask: unknown): void {
  if (mask instanceof Tensor && mask.dtype.category !== Category.Bool)
    throw new DTypeError(`${op}: expected a bool tensor as ${name}, got one of ${mask.dtype}`);
}

/** Refuses a number that an element of `dtype` cannot hold; a fraction is cut off, as in PyTorch. */
export function fits(op: string, name: string, value: Scalar, dtype: DType): void {
  if (scalarCategory(value) === Category.Complex) {
    if (!dtype.isComplex)
      throw new DTypeError(`${op}: expected a real number as ${name} for ${dtype}, got a complex one`);
    return;
  }
  if (dtype.category !== Category.Integral) return;
  const bits = dtype.itemsize * 8;
  // As in PyTorch, a negative number counts from the end of an unsigned range.
  const low = dtype.isSigned ? -(2 ** (bits - 1)) : 1 - 2 ** bits;
  const high = dtype.isSigned ? 2 ** (bits - 1) : 2 ** bits;
  const number = typeof value === "bigint" ? value : Math.trunc(Number(value));
  if (!(number >= low && number < high))
    throw new ValueError(`${op}: expected a number that ${dtype} can hold as ${name}, got ${String(value)}`);
}

/** Refuses float16 and bfloat16, where PyTorch computes in float32 and float64 alone. */
export function noHalves(op: string): (args: readonly TensorOrScalar[]) => void {
  return (args) => {
    const dtype = resultType(args);
    if (dtype.isFloatingPoint && dtype.itemsize === 2)
      throw new DTypeError(`${op}: expected a dtype that is float32 or float64, or an integer one, got ${dtype}`);
  };
}
