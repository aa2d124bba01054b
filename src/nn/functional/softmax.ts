/** @file Softmax and its like. */
import type { Tensor } from "../../core/tensor.ts";
import { softmax } from "../../ops/softmax.ts";

export { logSoftmax, softmax } from "../../ops/softmax.ts";

/** `softmax(−x)` along a dimension. PyTorch: `torch.nn.functional.softmin`. */
export function softmin(
  input: Tensor,
  ...args: Parameters<typeof softmax> extends [Tensor, ...infer Rest] ? Rest : never
): Tensor {
  return softmax(input.neg(), ...args);
}
