/** @file Elements moved by the places that maxima came from: the gradients of every maximum over windows, and `maxUnpool`. */
import { backendOf } from "../../backends/backend.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";

interface Attrs {
  /** How many of the last dimensions make a plane. */
  readonly dims: number;
  /** PyTorch's node of the op whose gradient this is. */
  readonly of: string;
  /** The shape of the result. */
  readonly shape: Shape;
}

const node = ({ of }: Attrs) => `${of}Backward0`;

/**
 * Adds each element to where its index says, within its plane; on zeros. As a gradient it names what was pooled as a third input: it
 * does not depend on it, and in PyTorch says so by a gradient of zeros.
 */
export const addToPlacesOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "addToPlaces",
  node,
  forward: ([input, indices], { dims, shape }) => {
    const x = input as Tensor;
    const out = allocate(shape, x.dtype, x.device);
    backendOf(x.device).kernels.addToPlaces(out, x.contiguous(), (indices as Tensor).contiguous(), dims);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => [
    takeFromPlacesOp.call([grad as Tensor, context.input(1)], { ...context.attrs, shape: context.shape(0) }),
    null,
    context.needs(2) ? (grad as Tensor).newZeros(context.shape(2)) : null,
  ],
});

/** The element that each index names, within its plane. */
export const takeFromPlacesOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "takeFromPlaces",
  node,
  forward: ([input, indices], { dims, shape }) => {
    const x = input as Tensor;
    const out = allocate(shape, x.dtype, x.device);
    backendOf(x.device).kernels.takeFromPlaces(out, x.contiguous(), (indices as Tensor).contiguous(), dims);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => [
    addToPlacesOp.call([grad as Tensor, context.input(1)], { ...context.attrs, shape: context.shape(0) }),
    null,
  ],
});
