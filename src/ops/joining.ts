/** @file Several tensors made one: cat, stack and their like. */
import { inWidest, isAutocasting } from "../autograd/autocast.ts";
import { backendOf } from "../backends/backend.ts";
import { type DType, promoteTypes } from "../core/dtype.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { type Shape, sameShape, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { otherDevice } from "./fused.ts";
import { kernelOp } from "./kernel-form.ts";
import { checkTensors } from "./params.ts";
import { atleast1d, atleast2d, atleast3d } from "./shape.ts";

type Dim = Call<[dim: number], { dim?: number }>;

/** Until PyTorch had empty tensors of any shape, `[0]` stood for nothing; such inputs of cat are passed over. */
function isNothing(t: Tensor): boolean {
  return t.ndim === 1 && t.shape[0] === 0;
}

function checkList(op: string, tensors: unknown): asserts tensors is readonly [Tensor, ...Tensor[]] {
  checkTensors(op, tensors);
  const [first] = tensors;
  if (first === undefined) throw new ValueError(`${op}: expected at least one tensor, got an empty array`);
  for (const t of tensors) if (t.storage.device !== first.storage.device) throw otherDevice(op, first, t);
}

function commonDType(tensors: readonly Tensor[]): DType {
  let dtype = (tensors[0] as Tensor).dtype;
  for (let i = 1; i < tensors.length; i++) dtype = promoteTypes(dtype, (tensors[i] as Tensor).dtype);
  return dtype;
}

/** The gradient in the dtype of an input; of a real input that met complex ones, the real part. */
function inDType(grad: Tensor, dtype: DType): Tensor {
  return grad.dtype === dtype ? grad : grad.to(dtype);
}

const catOp = kernelOp<{ dim: number; shape: Shape; dtype: DType; count: number }>({
  name: "cat",
  forward: (tensors, { dim, shape, dtype }) => {
    const out = allocate(shape, dtype, (tensors[0] as Tensor).device);
    const parts = tensors.filter((t) => !isNothing(t));
    if (parts.length > 0) backendOf(out.device).kernels.cat(out, parts, dim);
    return out;
  },
  backward: ([g], context) => {
    const grad = g as Tensor;
    const { dim, shape, count } = context.attrs;
    let start = 0;
    return Array.from({ length: count }, (_, i) => {
      const own = context.shape(i);
      const length = own.length === shape.length ? (own[dim] as number) : 0;
      start += length;
      if (!context.needs(i)) return null;
      if (own.length !== shape.length) return grad.newZeros(own, { dtype: context.dtype(i) });
      return inDType(grad.narrow(dim, start - length, length), context.dtype(i));
    });
  },
});

/**
 * Tensors joined along a dimension that they have; in the others they agree. PyTorch: `torch.cat`.
 *
 * @param tensors - at least one; dtypes are promoted
 * @param args - `dim` (0)
 * @throws ShapeError if they do not agree in the other dimensions
 * @example
 * torch.cat([torch.tensor([1, 2]), torch.tensor([3])]) // tensor([1, 2, 3])
 */
export function cat(tensors: readonly Tensor[], ...args: Dim): Tensor {
  if (isAutocasting()) return inWidest(cat, [tensors, ...args]);
  return catAlong("cat", tensors, bind<{ dim?: number }>("cat", ["dim"], args).dim ?? 0);
}

function catAlong(op: string, tensors: readonly Tensor[], along: number): Tensor {
  checkList(op, tensors);
  const parts = tensors.filter((t) => !isNothing(t));
  const first = parts[0] ?? (tensors[0] as Tensor);
  if (tensors.some((t) => t.ndim === 0))
    throw new ShapeError(`${op}: expected tensors with at least 1 dimension, got one of shape []; use stack`);
  const dim = wrapDim(op, along, first.ndim);
  let size = 0;
  for (const t of parts) {
    if (t.ndim !== first.ndim || t.shape.some((n, i) => i !== dim && n !== first.shape[i]))
      throw new ShapeError(
        `${op}: expected shapes that are the same but for dimension ${dim}, got ${shapeText(first.shape)} and ${shapeText(t.shape)} (number ${tensors.indexOf(t)})`,
      );
    size += t.shape[dim] as number;
  }
  return catOp.call(tensors, {
    dim,
    shape: first.shape.with(dim, size),
    dtype: commonDType(tensors),
    count: tensors.length,
  });
}

/** Another name of `cat`. PyTorch: `torch.concat`. */
export const concat: typeof cat = cat;
/** Another name of `cat`. PyTorch: `torch.concatenate`. */
export const concatenate: typeof cat = cat;

const stackOp = kernelOp<{ dim: number; dtype: DType }>({
  name: "stack",
  forward: (tensors, { dim, dtype }) => {
    const first = tensors[0] as Tensor;
    const out = allocate(first.shape.toSpliced(dim, 0, tensors.length), dtype, first.device);
    backendOf(out.device).kernels.stack(out, tensors, dim);
    return out;
  },
  backward: ([g], context) =>
    (g as Tensor)
      .unbind(context.attrs.dim)
      .map((grad, i) => (context.needs(i) ? inDType(grad, context.dtype(i)) : null)),
});

/**
 * Tensors of one shape joined along a new dimension. PyTorch: `torch.stack`.
 * @throws ShapeError if the shapes differ
 * @example
 * torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])]) // tensor([[1, 2],
 *                                                           //         [3, 4]])
 */
export function stack(tensors: readonly Tensor[], ...args: Dim): Tensor {
  if (isAutocasting()) return inWidest(stack, [tensors, ...args]);
  const { dim = 0 } = bind<{ dim?: number }>("stack", ["dim"], args);
  checkList("stack", tensors);
  const { shape } = tensors[0];
  for (const [i, t] of tensors.entries())
    if (!sameShape(t.shape, shape))
      throw new ShapeError(
        `stack: expected tensors of one shape, got ${shapeText(shape)} and ${shapeText(t.shape)} (number ${i})`,
      );
  return stackOp.call(tensors, { dim: wrapDim("stack", dim, shape.length + 1), dtype: commonDType(tensors) });
}

/**
 * Tensors side by side: along dimension 1, vectors along 0. PyTorch: `torch.hstack`.
 * @example
 * torch.hstack([torch.tensor([1, 2]), torch.tensor([3])]) // tensor([1, 2, 3])
 */
export function hstack(tensors: readonly Tensor[]): Tensor {
  checkList("hstack", tensors);
  const parts = tensors.map((t) => atleast1d(t));
  return catAlong("hstack", parts, (parts[0] as Tensor).ndim === 1 ? 0 : 1);
}

/** Tensors one below the other: along dimension 0, vectors as rows. PyTorch: `torch.vstack`. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  checkList("vstack", tensors);
  return catAlong(
    "vstack",
    tensors.map((t) => atleast2d(t)),
    0,
  );
}

/** Another name of `vstack`. PyTorch: `torch.row_stack`. */
export const rowStack: typeof vstack = vstack;

/** Tensors one behind the other, along dimension 2. PyTorch: `torch.dstack`. */
export function dstack(tensors: readonly Tensor[]): Tensor {
  checkList("dstack", tensors);
  return catAlong(
    "dstack",
    tensors.map((t) => atleast3d(t)),
    2,
  );
}

/** Tensors side by side, vectors as columns. PyTorch: `torch.column_stack`. */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  checkList("columnStack", tensors);
  return catAlong(
    "columnStack",
    tensors.map((t) => (t.ndim <= 1 ? t.reshape(-1, 1) : t)),
    1,
  );
}
