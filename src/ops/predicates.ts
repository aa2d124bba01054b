/** @file Questions about tensors that have short answers. */
import type { DType } from "../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar } from "../core/scalar.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { resultType as meet, type TensorOrScalar } from "./dtypes.ts";
import { checkTensor } from "./params.ts";

/** Whether a value is a tensor. PyTorch: `torch.is_tensor`. */
export function isTensor(obj: unknown): obj is Tensor {
  return obj instanceof Tensor;
}

/** Whether a tensor was made in inference mode. PyTorch: `torch.is_inference`. */
export function isInference(input: Tensor): boolean {
  checkTensor("isInference", input);
  return input.isInference;
}

/** Whether the dtype has negative numbers. PyTorch: `torch.is_signed`. */
export function isSigned(input: Tensor): boolean {
  checkTensor("isSigned", input);
  return input.dtype.isSigned;
}

/**
 * Whether the one element of a tensor is not 0. PyTorch: `torch.is_nonzero`.
 * @throws ShapeError if there is not exactly one element
 * @example
 * torch.isNonzero(torch.tensor([0.5])) // true
 */
export function isNonzero(input: Tensor): boolean {
  checkTensor("isNonzero", input);
  if (input.numel() !== 1)
    throw new ShapeError(`isNonzero: expected a tensor with one element, got shape ${shapeText(input.shape)}`);
  return Boolean(input.detach().ne(0).item());
}

/** Whether two tensors have the same shape. PyTorch: `torch.is_same_size`. */
export function isSameSize(input: Tensor, other: Tensor): boolean {
  checkTensor("isSameSize", input);
  checkTensor("isSameSize", other, "other");
  return sameShape(input.shape, other.shape);
}

/** Whether two tensors are the same elements of the same memory. PyTorch: `Tensor.is_set_to`. */
export function isSetTo(input: Tensor, tensor: Tensor): boolean {
  checkTensor("isSetTo", tensor, "tensor");
  const [a, b] = [input.layout, tensor.layout];
  return (
    input.storage === tensor.storage &&
    a.offset === b.offset &&
    sameShape(a.shape, b.shape) &&
    sameShape(a.strides, b.strides)
  );
}

/** Whether conjugation is still to be done: never, as `conj()` computes. PyTorch: `torch.is_conj`. */
export function isConj(input: Tensor): boolean {
  checkTensor("isConj", input);
  return false;
}

/** Whether negation is still to be done: never. PyTorch: `torch.is_neg`. */
export function isNeg(input: Tensor): boolean {
  checkTensor("isNeg", input);
  return false;
}

/**
 * The dtype in which arithmetic of two tensors or numbers gives its result. PyTorch: `torch.result_type`.
 * @example
 * torch.resultType(torch.tensor([1, 2]), 1.5) // torch.float32
 */
export function resultType(tensor1: TensorOrScalar, tensor2: TensorOrScalar): DType {
  for (const x of [tensor1, tensor2])
    if (!(x instanceof Tensor) && !isScalar(x))
      throw new ValueError(`resultType: expected tensors or numbers, got ${describe(x)}`);
  return meet([tensor1, tensor2]);
}

/** Number of dimensions. PyTorch: `Tensor.ndimension`. */
export function ndimension(input: Tensor): number {
  return input.ndim;
}

/** Number of elements. PyTorch: `Tensor.nelement`. */
export function nelement(input: Tensor): number {
  return input.layout.numel;
}

/** Number of the device, −1 for `cpu`. PyTorch: `Tensor.get_device`. */
export function getDevice(input: Tensor): number {
  return input.device.type === "cpu" ? -1 : (input.device.index ?? 0);
}
