/** @file What kernels want of their operands. */
import type { Tensor } from "../core/tensor.ts";

/** A number as a vector of one element, others as they are: kernels that work along a dimension need one. Not recorded. */
export function vector(t: Tensor): Tensor {
  return t.ndim === 0 ? t.detach().unsqueeze(0) : t;
}

/** `t`, or a copy if it shares the memory of `into`, which is about to be written. */
export function apart(t: Tensor, into: Tensor): Tensor {
  return t.storage === into.storage ? t.clone() : t;
}
