/** @file Bessel functions and the Airy function. As in PyTorch, only `i0`, `i1` and those scaled by `e^−|x|` are differentiable. */
import type { UnaryPrim } from "../../expr/index.ts";
import { where } from "../../expr/index.ts";
import { noHalves } from "../pointwise/checks.ts";
import type { Unary } from "../pointwise/signatures.ts";
import { type PointwiseOnly, pointwise } from "../pointwise-form.ts";

/** A primitive that PyTorch has no derivative of. */
const constantOp = (name: string, prim: UnaryPrim): PointwiseOnly<Unary> =>
  pointwise({
    name: `special.${name}`,
    args: ["input"],
    dtype: "float",
    inplace: false,
    check: noHalves(`special.${name}`),
    derivative: "none",
    expr: ({ input }) => input[prim](),
  });

/**
 * The modified Bessel function of the first kind of order 0, times `e^−|x|`. PyTorch: `torch.special.i0e`.
 * @example
 * torch.special.i0e(torch.tensor([0, 1, 100])) // tensor([1.0000, 0.4658, 0.0399])
 */
export const i0e: PointwiseOnly<Unary> = pointwise({
  name: "special.i0e",
  args: ["input"],
  dtype: "float",
  inplace: false,
  saves: "result",
  node: "SpecialI0EBackward0",
  expr: ({ input }) => input.i0e(),
});

/**
 * The modified Bessel function of the first kind of order 1. PyTorch: `torch.special.i1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.i1(torch.tensor([0, 1, 2])) // tensor([0.0000, 0.5652, 1.5906])
 */
export const i1: PointwiseOnly<Unary> = pointwise({
  name: "special.i1",
  args: ["input"],
  dtype: "float",
  inplace: false,
  saves: "result",
  node: "SpecialI1Backward0",
  check: noHalves("special.i1"),
  expr: ({ input }) => input.i1(),
});

/**
 * The modified Bessel function of the first kind of order 1, times `e^−|x|`. PyTorch: `torch.special.i1e`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.i1e(torch.tensor([0, 1, 100])) // tensor([0.0000, 0.2079, 0.0397])
 */
export const i1e: PointwiseOnly<Unary> = pointwise({
  name: "special.i1e",
  args: ["input"],
  dtype: "float",
  inplace: false,
  saves: "result",
  node: "SpecialI1EBackward0",
  check: noHalves("special.i1e"),
  expr: ({ input }) => input.i1e(),
});

/**
 * The Airy function Ai. PyTorch: `torch.special.airy_ai`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.airyAi(torch.tensor([0, 1, -2])) // tensor([0.3550, 0.1353, 0.2274])
 */
export const airyAi: PointwiseOnly<Unary> = constantOp("airyAi", "airyAi");

/**
 * The Bessel function of the first kind of order 0. PyTorch: `torch.special.bessel_j0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.besselJ0(torch.tensor([0, 1, 5])) // tensor([ 1.0000,  0.7652, -0.1776])
 */
export const besselJ0: PointwiseOnly<Unary> = constantOp("besselJ0", "besselJ0");

/**
 * The Bessel function of the first kind of order 1. PyTorch: `torch.special.bessel_j1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.besselJ1(torch.tensor([0, 1, 5])) // tensor([ 0.0000,  0.4401, -0.3276])
 */
export const besselJ1: PointwiseOnly<Unary> = constantOp("besselJ1", "besselJ1");

/**
 * The Bessel function of the second kind of order 0: −inf at 0, NaN below. PyTorch: `torch.special.bessel_y0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.besselY0(torch.tensor([0, 1, 5])) // tensor([   -inf,  0.0883, -0.3085])
 */
export const besselY0: PointwiseOnly<Unary> = constantOp("besselY0", "besselY0");

/**
 * The Bessel function of the second kind of order 1: −inf at 0, NaN below. PyTorch: `torch.special.bessel_y1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.besselY1(torch.tensor([0, 1, 5])) // tensor([   -inf, -0.7812,  0.1479])
 */
export const besselY1: PointwiseOnly<Unary> = constantOp("besselY1", "besselY1");

/**
 * The modified Bessel function of the first kind of order 0; `i0` is differentiable. PyTorch: `torch.special.modified_bessel_i0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.modifiedBesselI0(torch.tensor([0, 1, 2])) // tensor([1.0000, 1.2661, 2.2796])
 */
export const modifiedBesselI0: PointwiseOnly<Unary> = constantOp("modifiedBesselI0", "i0");

/**
 * The modified Bessel function of the first kind of order 1; `i1` is differentiable. PyTorch: `torch.special.modified_bessel_i1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.modifiedBesselI1(torch.tensor([0, 1, 2])) // tensor([0.0000, 0.5652, 1.5906])
 */
export const modifiedBesselI1: PointwiseOnly<Unary> = constantOp("modifiedBesselI1", "i1");

/**
 * The modified Bessel function of the second kind of order 0: inf at 0, NaN below. PyTorch: `torch.special.modified_bessel_k0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.modifiedBesselK0(torch.tensor([0, 1, 2])) // tensor([   inf, 0.4210, 0.1139])
 */
export const modifiedBesselK0: PointwiseOnly<Unary> = constantOp("modifiedBesselK0", "k0");

/**
 * The modified Bessel function of the second kind of order 1: inf at 0, NaN below. PyTorch: `torch.special.modified_bessel_k1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.modifiedBesselK1(torch.tensor([0, 1, 2])) // tensor([   inf, 0.6019, 0.1399])
 */
export const modifiedBesselK1: PointwiseOnly<Unary> = constantOp("modifiedBesselK1", "k1");

/**
 * `modifiedBesselK0(x) · eˣ`. PyTorch: `torch.special.scaled_modified_bessel_k0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.scaledModifiedBesselK0(torch.tensor([1, 100])) // tensor([1.1445, 0.1252])
 */
export const scaledModifiedBesselK0: PointwiseOnly<Unary> = constantOp("scaledModifiedBesselK0", "k0e");

/**
 * `modifiedBesselK1(x) · eˣ`. PyTorch: `torch.special.scaled_modified_bessel_k1`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.scaledModifiedBesselK1(torch.tensor([1, 100])) // tensor([1.6362, 0.1258])
 */
export const scaledModifiedBesselK1: PointwiseOnly<Unary> = constantOp("scaledModifiedBesselK1", "k1e");

/**
 * The spherical Bessel function of the first kind of order 0, `sin(x) / x`. PyTorch: `torch.special.spherical_bessel_j0`.
 * @throws DTypeError for float16, bfloat16 and complex tensors
 * @example
 * torch.special.sphericalBesselJ0(torch.tensor([0, 1, 5])) // tensor([ 1.0000,  0.8415, -0.1918])
 */
export const sphericalBesselJ0: PointwiseOnly<Unary> = pointwise({
  name: "special.sphericalBesselJ0",
  args: ["input"],
  dtype: "float",
  inplace: false,
  check: noHalves("special.sphericalBesselJ0"),
  derivative: "none",
  expr: ({ input }) => where(input.eq(0), 1, where(input.isinf(), 0, input.sin().div(input))),
});
