/** @file Tensors given another size in place, with more memory where it takes that. */
import { bumpVersion } from "../autograd/meta.ts";
import { backendOf } from "../backends/backend.ts";
import { AutogradError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { checkSizes, type Shape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { fillUninitialized } from "./creation.ts";
import { checkTensor, type Named, named, numbersArg } from "./params.ts";
import type { Sizes } from "./shape.ts";

function resizeTo(op: string, input: Tensor, shape: Shape): Tensor {
  checkTensor(op, input);
  if (input.requiresGrad)
    throw new AutogradError(`${op}: expected a tensor that does not require grad: its size cannot change; detach it`);
  const { offset } = input.layout;
  const fresh = Layout.contiguous(checkSizes(op, shape));
  const layout = new Layout(fresh.shape, fresh.strides, offset);
  const backend = backendOf(input.device);
  const needed = layout.numel === 0 ? 0 : (offset + layout.numel) * input.dtype.itemsize;
  let { storage } = input;
  if (needed > storage.nbytes) {
    storage = backend.allocate(needed);
    fillUninitialized(new Tensor(storage, Layout.contiguous([Math.floor(needed / input.dtype.itemsize)]), input.dtype));
    backend.bytes(storage).set(backend.bytes(input.storage));
  }
  Object.assign(input, { storage, layout });
  bumpVersion(input);
  return input;
}

/**
 * Gives the tensor itself another size, row-major over the memory that it has; elements beyond that have arbitrary content.
 * Differs: a tensor that grows leaves its memory to the views of it, which do not grow with it.
 * PyTorch: `Tensor.resize_`.
 *
 * @throws AutogradError for a tensor that requires grad
 * @example
 * torch.arange(6).resize_(2, 2) // tensor([[0, 1],
 *                               //         [2, 3]])
 */
export function resize_(input: Tensor, ...sizes: Sizes | [{ sizes: Shape }]): Tensor {
  return resizeTo("resize_", input, numbersArg("resize_", "sizes", sizes));
}

/** Gives the tensor itself the size of `other`. PyTorch: `Tensor.resize_as_`. */
export function resizeAs_(input: Tensor, ...args: Named<[other: Tensor], ["other"], { other: Tensor }>): Tensor {
  const { other } = named<{ other: Tensor }>("resizeAs_", ["other"], 1, args);
  checkTensor("resizeAs_", other, "other");
  return resizeTo("resizeAs_", input, other.shape);
}
