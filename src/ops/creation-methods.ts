/** @file `x.newZeros(…)` and its like: new tensors of the dtype and device of another. */
import type { DType } from "../core/dtype.ts";
import type { Scalar } from "../core/scalar.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import {
  checkOptions,
  empty,
  emptyStrided,
  full,
  type SizesAndOptions,
  splitSizes,
  type TensorOptions,
} from "./creation.ts";
import { type TensorData, tensor } from "./from-data.ts";

function inherit<O extends TensorOptions>(op: string, input: Tensor, options: O): O & { dtype: DType } {
  checkOptions(op, options);
  return { ...options, dtype: options.dtype ?? input.dtype, device: options.device ?? input.device };
}

/** Zeros of the dtype and device of `input`. PyTorch: `Tensor.new_zeros`. */
export function newZeros(input: Tensor, ...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("newZeros", args);
  return full(shape, 0, inherit("newZeros", input, options));
}

/** Ones of the dtype and device of `input`. PyTorch: `Tensor.new_ones`. */
export function newOnes(input: Tensor, ...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("newOnes", args);
  return full(shape, 1, inherit("newOnes", input, options));
}

/** Arbitrary content of the dtype and device of `input`. PyTorch: `Tensor.new_empty`. */
export function newEmpty(input: Tensor, ...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("newEmpty", args);
  return empty(shape, inherit("newEmpty", input, options));
}

/** Arbitrary content laid out by strides, of the dtype and device of `input`. PyTorch: `Tensor.new_empty_strided`. */
export function newEmptyStrided(
  input: Tensor,
  size: Shape,
  stride: readonly number[],
  options: TensorOptions = {},
): Tensor {
  return emptyStrided(size, stride, inherit("newEmptyStrided", input, options));
}

/** One number everywhere, of the dtype and device of `input`. PyTorch: `Tensor.new_full`. */
export function newFull(input: Tensor, sizes: Shape, fillValue: Scalar, options: TensorOptions = {}): Tensor {
  return full(sizes, fillValue, inherit("newFull", input, options));
}

/** A tensor from data, of the dtype and device of `input`. PyTorch: `Tensor.new_tensor`. */
export function newTensor(input: Tensor, data: TensorData, options: TensorOptions = {}): Tensor {
  return tensor(data, inherit("newTensor", input, options));
}
