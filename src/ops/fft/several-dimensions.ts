/** @file Transforms along two, several or all dimensions. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { checkTensor } from "../params.ts";
import {
  checkSomeDim,
  complexInput,
  type FftNorm,
  floating,
  halfOf,
  realInput,
  resized,
  scaleOf,
  severalDims,
} from "./arguments.ts";
import { complexToComplex, complexToReal, realToComplex } from "./transform.ts";

export interface FftnOptions {
  /** The sizes to transform; −1 stands for the input's own. */
  s?: number | readonly number[] | null;
  /** The dimensions: all, or the last ones of `s`, if not given; the last two for the forms in two dimensions. */
  dim?: number | readonly number[] | null;
  /** Which direction is divided by the number of elements: `"backward"` (the inverse), `"forward"`, or `"ortho"`: each by its root. */
  norm?: FftNorm | null;
}
export type FftnArgs = Call<
  [s: number | readonly number[] | null, dim: number | readonly number[] | null, norm: FftNorm | null],
  FftnOptions
>;

type Dims = readonly number[] | null;
const LAST_TWO: Dims = [-2, -1];

function options(op: string, input: Tensor, args: readonly unknown[], dims: Dims) {
  checkTensor(op, input);
  const { s = null, dim = dims, norm = null } = bind<FftnOptions>(op, ["s", "dim", "norm"], args);
  return { s, dim, norm };
}

function full(op: string, input: Tensor, args: readonly unknown[], forward: boolean, all: Dims): Tensor {
  const { s, dim, norm } = options(op, input, args, all);
  const given = floating(op, input);
  const { dims, sizes } = severalDims(op, given, dim, s);
  const x = resized(given, dims, sizes);
  const attrs = { dims, forward, scale: scaleOf(op, norm, forward, sizes) };
  if (x.dtype.isComplex || dims.length === 0) return complexToComplex(complexInput(op, x), attrs);
  return realToComplex(x, { ...attrs, full: true });
}

function fromReal(op: string, input: Tensor, args: readonly unknown[], forward: boolean, all: Dims): Tensor {
  const { s, dim, norm } = options(op, input, args, all);
  const given = realInput(op, input);
  const { dims, sizes } = severalDims(op, given, dim, s);
  checkSomeDim(op, dims);
  return realToComplex(resized(given, dims, sizes), { dims, forward, scale: scaleOf(op, norm, forward, sizes) });
}

function toReal(op: string, input: Tensor, args: readonly unknown[], forward: boolean, all: Dims): Tensor {
  const { s, dim, norm } = options(op, input, args, all);
  const given = complexInput(op, input);
  const { dims, sizes } = severalDims(op, given, dim, s, (size) => 2 * (size - 1));
  checkSomeDim(op, dims);
  const n = sizes.at(-1) as number;
  const scale = scaleOf(op, norm, forward, sizes);
  return complexToReal(resized(given, dims, [...sizes.slice(0, -1), halfOf(n)]), { dims, forward, scale, n });
}

/**
 * Fourier transform along several dimensions. PyTorch: `torch.fft.fftn`.
 *
 * @param input - any shape with a dimension; float32, float64, complex, or integers, which become floats
 * @param args - `s`, the sizes to transform; `dim` (all, or the last ones of `s`); `norm` (`"backward"`)
 * @returns complex; differentiable to any order
 * @throws DTypeError for half types
 * @example
 * torch.fft.fftn(torch.tensor([[1, 2], [3, 4]])).real // tensor([[10., -2.],
 *                                                     //         [-4.,  0.]])
 */
export function fftn(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(fftn, [input, ...args]);
  return full("fftn", input, args, true, null);
}

/** The inverse of `fftn`. PyTorch: `torch.fft.ifftn`. */
export function ifftn(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(ifftn, [input, ...args]);
  return full("ifftn", input, args, false, null);
}

/**
 * Fourier transform of real numbers along several dimensions; of the last one, the first n / 2 + 1 numbers.
 * PyTorch: `torch.fft.rfftn`.
 */
export function rfftn(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(rfftn, [input, ...args]);
  return fromReal("rfftn", input, args, true, null);
}

/** The inverse of `rfftn`; pass `s` where the last size was odd. PyTorch: `torch.fft.irfftn`. */
export function irfftn(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(irfftn, [input, ...args]);
  return toReal("irfftn", input, args, false, null);
}

/** `hfft` along the last dimension, `fft` along the others. PyTorch: `torch.fft.hfftn`. */
export function hfftn(input: Tensor, ...args: FftnArgs): Tensor {
  return toReal("hfftn", input, args, true, null);
}

/** The inverse of `hfftn`. PyTorch: `torch.fft.ihfftn`. */
export function ihfftn(input: Tensor, ...args: FftnArgs): Tensor {
  return fromReal("ihfftn", input, args, false, null);
}

/**
 * Fourier transform along two dimensions, the last ones if not given. PyTorch: `torch.fft.fft2`.
 * @param args - `s`, `dim` (`[-2, -1]`), `norm` (`"backward"`)
 * @example
 * torch.fft.fft2(torch.eye(2)).real // tensor([[2., 0.],
 *                                   //         [0., 2.]])
 */
export function fft2(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(fft2, [input, ...args]);
  return full("fft2", input, args, true, LAST_TWO);
}

/** The inverse of `fft2`. PyTorch: `torch.fft.ifft2`. */
export function ifft2(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(ifft2, [input, ...args]);
  return full("ifft2", input, args, false, LAST_TWO);
}

/** As `rfftn`, along two dimensions. PyTorch: `torch.fft.rfft2`. */
export function rfft2(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(rfft2, [input, ...args]);
  return fromReal("rfft2", input, args, true, LAST_TWO);
}

/** The inverse of `rfft2`. PyTorch: `torch.fft.irfft2`. */
export function irfft2(input: Tensor, ...args: FftnArgs): Tensor {
  if (isAutocasting()) return inFloat32(irfft2, [input, ...args]);
  return toReal("irfft2", input, args, false, LAST_TWO);
}

/** As `hfftn`, along two dimensions. PyTorch: `torch.fft.hfft2`. */
export function hfft2(input: Tensor, ...args: FftnArgs): Tensor {
  return toReal("hfft2", input, args, true, LAST_TWO);
}

/** The inverse of `hfft2`. PyTorch: `torch.fft.ihfft2`. */
export function ihfft2(input: Tensor, ...args: FftnArgs): Tensor {
  return fromReal("ihfft2", input, args, false, LAST_TWO);
}
