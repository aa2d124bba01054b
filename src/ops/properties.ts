/** @file What a tensor says about itself. */
import { backendOf } from "../backends/backend.ts";
import { wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";

/** Number of elements. PyTorch: `Tensor.numel`. */
export function numel(input: Tensor): number {
  return input.layout.numel;
}

/** Number of dimensions. PyTorch: `Tensor.dim`. */
export function dim(input: Tensor): number {
  return input.ndim;
}

/** The sizes, or that of one dimension. PyTorch: `Tensor.size`. */
export function size(input: Tensor): readonly number[];
export function size(input: Tensor, dim: number): number;
export function size(input: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? input.shape : (input.shape[wrapDim("size", dim, input.ndim)] as number);
}

/** The strides in elements, or that of one dimension. PyTorch: `Tensor.stride`. */
export function stride(input: Tensor): readonly number[];
export function stride(input: Tensor, dim: number): number;
export function stride(input: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined
    ? input.layout.strides
    : (input.layout.strides[wrapDim("stride", dim, input.ndim)] as number);
}

/** Elements before the first one in the storage. PyTorch: `Tensor.storage_offset`. */
export function storageOffset(input: Tensor): number {
  return input.layout.offset;
}

/** Whether the elements lie row-major without gaps. PyTorch: `Tensor.is_contiguous`. */
export function isContiguous(input: Tensor): boolean {
  return input.layout.isContiguous;
}

/** Bytes an element. PyTorch: `Tensor.element_size`. */
export function elementSize(input: Tensor): number {
  return input.dtype.itemsize;
}

/**
 * Moves the memory into a `SharedArrayBuffer`, where worker threads can be given it; all tensors of the same storage move along.
 * PyTorch: `Tensor.share_memory_`. Differs: memory that `numpy()` gave before stays behind.
 * @example
 * const x = torch.zeros(2).shareMemory_();
 * x.isShared() // true
 */
export function shareMemory_(input: Tensor): Tensor {
  backendOf(input.device).share(input.storage);
  return input;
}

/** Whether the memory lies in a `SharedArrayBuffer`. PyTorch: `Tensor.is_shared`. */
export function isShared(input: Tensor): boolean {
  return backendOf(input.device).isShared(input.storage);
}
