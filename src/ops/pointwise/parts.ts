/** @file Complex numbers by their parts: angle, conjugate, polar form. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { Category } from "../../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { constant, where } from "../../expr/index.ts";
import { ANY, COMPLEX, family, type Pointwise, type PointwiseOnly, pointwise } from "../pointwise-form.ts";
import type { Pair, Unary } from "./signatures.ts";

const angleOfReal: PointwiseOnly<Unary> = pointwise({
  name: "angle",
  args: ["input"],
  dtype: "float",
  inplace: false,
  expr: ({ input }) => where(input.isnan(), input, where(input.lt(0), Math.PI, 0)),
  derivative: { input: () => constant(0) },
});

const angleOfComplex: PointwiseOnly<Unary> = pointwise({
  name: "angle",
  args: ["input"],
  dtype: "real",
  accepts: COMPLEX,
  inplace: false,
  expr: ({ input }) => input.imag().atan2(input.real()),
  derivative: {
    // d(arg z) = Im(dz / z); at 0 PyTorch takes 0.
    input: ({ grad, input }) => where(input.eq(0), 0, grad.real().mul(constant(0).complex(-1)).div(input)),
  },
});

/**
 * The angle of a number in the complex plane, from −π to π; of a real one 0, or π if it is negative. PyTorch: `torch.angle`.
 *
 * @param input - any shape and dtype
 * @returns the same shape, real
 * @example
 * torch.angle(torch.tensor([{ re: 1, im: 1 }, { re: -1, im: 0 }])) // tensor([0.7854, 3.1416])
 */
export const angle: PointwiseOnly<Unary> = family(angleOfReal, (given) => [
  given[0] instanceof Tensor && given[0].dtype.isComplex ? angleOfComplex : angleOfReal,
  given,
]);

/**
 * Whether an element has no imaginary part; true for all of a real tensor. PyTorch: `torch.isreal`.
 * @returns the same shape, bool
 * @example
 * torch.isreal(torch.tensor([{ re: 1, im: 1 }, { re: 1, im: 0 }])) // tensor([False,  True])
 */
export const isreal: PointwiseOnly<Unary> = pointwise({
  name: "isreal",
  args: ["input"],
  dtype: "bool",
  accepts: ANY,
  inplace: false,
  expr: ({ input }) => input.imag().eq(0),
});

const conjugate: Pointwise<Unary> = pointwise({
  name: "conjPhysical",
  args: ["input"],
  dtype: "same",
  accepts: ANY,
  expr: ({ input }) => input.conj(),
});

/**
 * The complex conjugate, written out; a real tensor as it is. PyTorch: `torch.conj_physical`.
 * @example
 * torch.conjPhysical(torch.tensor([{ re: 1, im: 2 }])) // tensor([1.-2.j])
 */
export const conjPhysical: Unary & { readonly inplace: Unary } = Object.assign(
  ((input) => (isRealTensor("conjPhysical", input) ? input : conjugate(input))) satisfies Unary,
  {
    inplace: ((input) => (isRealTensor("conjPhysical_", input) ? input : conjugate.inplace(input))) satisfies Unary,
  },
);

function isRealTensor(op: string, input: Tensor): boolean {
  if (!(input instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as input, got ${describe(input)}`);
  return !input.dtype.isComplex;
}

const fromPolar: PointwiseOnly<Pair> = pointwise({
  name: "polar",
  args: ["abs", "angle"],
  dtype: "complex",
  accepts: [Category.Floating],
  inplace: false,
  expr: ({ abs, angle }) => abs.mul(angle.cos()).complex(abs.mul(angle.sin())),
  check([abs, angle]) {
    if (!(abs instanceof Tensor && angle instanceof Tensor)) return;
    if (abs.dtype !== angle.dtype)
      throw new DTypeError(`polar: expected abs and angle in one dtype, got ${abs.dtype} and ${angle.dtype}`);
    if (abs.dtype.itemsize < 4) throw new DTypeError(`polar: expected float32 or float64, got ${abs.dtype}`);
  },
});

/**
 * Complex numbers from absolute values and angles, which broadcast. PyTorch: `torch.polar`.
 *
 * @param abs - float32 or float64
 * @param angle - in radians, of the same dtype
 * @returns complex64 or complex128
 * @throws DTypeError if the two are not of one of these dtypes
 * @example
 * torch.polar(torch.tensor([1.5, 2]), torch.tensor([0.5, 2.5])) // tensor([ 1.3164+0.7191j, -1.6023+1.1969j])
 */
export const polar: PointwiseOnly<Pair> = Object.assign(
  (...args: Parameters<Pair>) => (isAutocasting() ? inFloat32(fromPolar, args) : fromPolar(...args)),
  { op: fromPolar.op },
);
