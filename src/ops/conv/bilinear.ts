/**
 * @file The three products that a convolution is made of, for every dtype: backends have them in float32 and float64.
 * N batch, C channels in, O channels out, G groups.
 */
import { backendOf } from "../../backends/backend.ts";
import type { Slide } from "../../backends/conv-kernels.ts";
import { Category, float32, int64 } from "../../core/dtype.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { complex } from "../complex.ts";
import { allocate, fillRaw } from "../creation.ts";
import { planes } from "../operands.ts";
import { integerConvolution, integerInputGradient } from "./integer.ts";

/** A product of two tensors into a given shape, plus a bias along its channels. Not recorded. */
export type Bilinear = (a: Tensor, b: Tensor, bias: Tensor | null, shape: Shape, slide: Slide) => Tensor;

/** Half types compute in float32 and round once, complex numbers by their parts. */
function forAll(real: Bilinear, integer: Bilinear | null): Bilinear {
  const product: Bilinear = (a, b, bias, shape, slide) => {
    const { dtype } = a;
    if (dtype.isComplex) {
      const [[aRe, aIm], [bRe, bIm]] = [planes(a), planes(b)];
      const [biasRe, biasIm] = bias === null ? [null, null] : planes(bias);
      const re = product(aRe, bRe, biasRe, shape, slide).sub(product(aIm, bIm, null, shape, slide));
      const im = product(aRe, bIm, biasIm, shape, slide).add(product(aIm, bRe, null, shape, slide));
      return complex(re, im);
    }
    if (dtype.category !== Category.Floating && integer !== null)
      return integer(a.to(int64), b.to(int64), bias?.to(int64) ?? null, shape, slide).to(dtype);
    if (dtype.itemsize < 4)
      return product(a.to(float32), b.to(float32), bias?.to(float32) ?? null, shape, slide).to(dtype);
    return real(a.contiguous(), b.contiguous(), bias?.contiguous() ?? null, shape, slide);
  };
  return (a, b, bias, shape, slide) => {
    const empty = a.layout.numel === 0 || b.layout.numel === 0 || shape.includes(0);
    return empty ? fillRaw(allocate(shape, a.dtype, a.device), 0) : product(a, b, bias, shape, slide);
  };
}

/** Input [N, C, …] with weight [O, C/G, …]. */
export const convolve = forAll((input, weight, bias, shape, slide) => {
  const out = allocate(shape, input.dtype, input.device);
  backendOf(input.device).kernels.convolution(out, input, weight, bias, slide);
  return out;
}, integerConvolution);

/** The gradient of the input from that of the result [N, O, …], with weight [O, C/G, …]. */
export const convolveBack = forAll((grad, weight, bias, shape, slide) => {
  const out = allocate(shape, grad.dtype, grad.device);
  backendOf(grad.device).kernels.convolutionInputGradient(out, grad, weight, bias, slide);
  return out;
}, integerInputGradient);

/** The gradient of the weight, from input and the gradient of the result. */
export const correlate = forAll((input, grad, _, shape, slide) => {
  const out = allocate(shape, input.dtype, input.device);
  backendOf(input.device).kernels.convolutionWeightGradient(out, input, grad, slide);
  return out;
}, null);
