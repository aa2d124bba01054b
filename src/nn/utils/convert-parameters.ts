/** @file Parameters as one vector, and back. */
import { ShapeError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { cat } from "../../ops/joining.ts";
import { checkTensor } from "../../ops/params.ts";
import { type Tensors, tensorList } from "./tensor-list.ts";

/**
 * All elements of `parameters`, one tensor after the other, in one vector. PyTorch: `torch.nn.utils.parameters_to_vector`.
 * @example
 * const layer = new nn.Linear(3, 2);
 * nn.utils.parametersToVector(layer.parameters()).shape // [8]
 */
export function parametersToVector(parameters: Tensors): Tensor {
  return cat(tensorList("parametersToVector", parameters, "parameters").map((p) => p.reshape(-1)));
}

/**
 * Gives `parameters` the elements of a vector as their values, by views of its memory. PyTorch: `torch.nn.utils.vector_to_parameters`.
 * Differs: a vector that is too short or too long is refused, where PyTorch ignores what is left over.
 *
 * @throws ShapeError for a vector that has another number of elements
 */
export function vectorToParameters(vec: Tensor, parameters: Tensors): void {
  const op = "vectorToParameters";
  checkTensor(op, vec, "vec");
  const params = tensorList(op, parameters, "parameters");
  const wanted = params.reduce((n, p) => n + p.numel(), 0);
  if (vec.ndim !== 1 || vec.numel() !== wanted)
    throw new ShapeError(`${op}: expected a vector of ${wanted} elements, got shape [${vec.shape.join(", ")}]`);
  let at = 0;
  for (const p of params) {
    p.data = vec.narrow(0, at, p.numel()).viewAs(p).data;
    at += p.numel();
  }
}
