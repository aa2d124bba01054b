/** @file Complex tensors and their parts. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { Category, type DType, toComplex, toReal } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { broadcastShapes, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { allocate } from "./creation.ts";
import { kernelOp } from "./kernel-form.ts";
import { checkSameDType, checkTensor } from "./params.ts";
import { viewOp } from "./view-form.ts";

const viewAsRealOp = viewOp({
  name: "viewAsReal",
  dtype: toReal,
  layout: ({ shape, strides, offset }) => new Layout([...shape, 2], [...strides.map((s) => 2 * s), 1], 2 * offset),
  backward: (grad) => viewAsComplex(grad.contiguous()),
});

/**
 * Complex numbers as pairs of real ones, in a new last dimension; a view. PyTorch: `torch.view_as_real`.
 * @throws DTypeError if `input` is real
 */
export function viewAsReal(input: Tensor): Tensor {
  checkTensor("viewAsReal", input);
  if (!input.dtype.isComplex) throw new DTypeError(`viewAsReal: expected a complex tensor, got ${input.dtype}`);
  return viewAsRealOp.call(input, undefined);
}

const viewAsComplexOp = viewOp({
  name: "viewAsComplex",
  dtype: toComplex,
  layout: ({ shape, strides, offset }) =>
    new Layout(
      shape.slice(0, -1),
      strides.slice(0, -1).map((s) => s / 2),
      offset / 2,
    ),
  backward: (grad) => viewAsReal(grad),
});

/**
 * Pairs of real numbers in the last dimension as complex ones; a view. PyTorch: `torch.view_as_complex`.
 * @throws ShapeError if the last dimension is no pair, or the pairs do not lie one after the other
 */
export function viewAsComplex(input: Tensor): Tensor {
  if (isAutocasting()) return inFloat32(viewAsComplex, [input]);
  checkTensor("viewAsComplex", input);
  const { dtype, layout } = input;
  if (dtype.category !== Category.Floating || dtype.itemsize < 4)
    throw new DTypeError(`viewAsComplex: expected a float32 or float64 tensor, got ${dtype}`);
  const last = layout.ndim - 1;
  if (layout.shape[last] !== 2)
    throw new ShapeError(`viewAsComplex: expected a last dimension of size 2, got shape ${shapeText(layout.shape)}`);
  if (layout.strides[last] !== 1 || [layout.offset, ...layout.strides.slice(0, -1)].some((n) => n % 2 !== 0))
    throw new ShapeError(
      `viewAsComplex: expected pairs that lie one after the other, got strides ${shapeText(layout.strides)} and offset ${layout.offset}; use contiguous()`,
    );
  return viewAsComplexOp.call(input, undefined);
}

/** The real parts, as a view; a real tensor as it is. PyTorch: `torch.real`. */
export function real(input: Tensor): Tensor {
  checkTensor("real", input);
  return input.dtype.isComplex ? viewAsReal(input).select(-1, 0) : input;
}

/**
 * The imaginary parts, as a view. PyTorch: `torch.imag`.
 * @throws DTypeError if `input` is real
 */
export function imag(input: Tensor): Tensor {
  checkTensor("imag", input);
  if (!input.dtype.isComplex) throw new DTypeError(`imag: expected a complex tensor, got ${input.dtype}`);
  return viewAsReal(input).select(-1, 1);
}

const complexOp = kernelOp<{ dtype: DType }>({
  name: "complex",
  forward: ([re, im], { dtype }) => {
    const [a, b] = [re as Tensor, im as Tensor];
    const out = allocate(broadcastShapes("complex", a.shape, b.shape), dtype, a.device);
    real(out).copy_(a);
    imag(out).copy_(b);
    return out;
  },
  backward: ([g], context) => {
    const grad = g as Tensor;
    const part = (i: number, of: (t: Tensor) => Tensor) =>
      context.needs(i) ? of(grad).sumToSize(context.shape(i)) : null;
    return [part(0, real), part(1, imag)];
  },
});

/** Complex numbers from their parts, which broadcast. PyTorch: `torch.complex`. */
export function complex(input: Tensor, imaginary: Tensor): Tensor {
  checkTensor("complex", input, "real");
  checkTensor("complex", imaginary, "imag");
  checkSameDType("complex", input, imaginary, "real and imag");
  if (input.dtype.category !== Category.Floating || input.dtype.itemsize < 4)
    throw new DTypeError(`complex: expected float32 or float64 parts, got ${input.dtype}`);
  return complexOp.call([input, imaginary], { dtype: toComplex(input.dtype) });
}

const conjOp = kernelOp({
  name: "conj",
  forward: ([input]) => {
    const out = (input as Tensor).clone();
    imag(out).mul_(-1);
    return out;
  },
  backward: ([grad]) => [(grad as Tensor).conj()],
});

/** The complex conjugate, as a copy; a real tensor as it is. PyTorch: `torch.conj`. */
export function conj(input: Tensor): Tensor {
  checkTensor("conj", input);
  return input.dtype.isComplex ? conjOp.call([input], undefined) : input;
}

/** Whether the dtype is complex. PyTorch: `torch.is_complex`. */
export function isComplex(input: Tensor): boolean {
  checkTensor("isComplex", input);
  return input.dtype.isComplex;
}

/** Whether the dtype is a floating-point one. PyTorch: `torch.is_floating_point`. */
export function isFloatingPoint(input: Tensor): boolean {
  checkTensor("isFloatingPoint", input);
  return input.dtype.isFloatingPoint;
}

/** The tensor itself: `conj` has already written the conjugates out. PyTorch: `torch.resolve_conj`. */
export function resolveConj(input: Tensor): Tensor {
  checkTensor("resolveConj", input);
  return input;
}

/** The tensor itself: negation is always written out. PyTorch: `torch.resolve_neg`. */
export function resolveNeg(input: Tensor): Tensor {
  checkTensor("resolveNeg", input);
  return input;
}
