/** @file The commonest signatures of pointwise ops. */
import type { Tensor } from "../../core/tensor.ts";
import type { TensorOrScalar } from "../dtypes.ts";

/** One tensor in, one of the same shape out. */
export type Unary = (input: Tensor) => Tensor;
/** Two tensors that broadcast. */
export type Pair = (input: Tensor, other: Tensor) => Tensor;
/** The second operand may be a number. */
export type Binary = (input: Tensor, other: TensorOrScalar) => Tensor;
/** Either operand may be a number, but not both. */
export type Operator = (input: TensorOrScalar, other: TensorOrScalar) => Tensor;
