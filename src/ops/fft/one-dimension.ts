/** @file Transforms along one dimension. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { checkTensor } from "../params.ts";
import { complexInput, type FftNorm, floating, halfOf, oneDim, realInput, resized, scaleOf } from "./arguments.ts";
import { complexToComplex, complexToReal, realToComplex } from "./transform.ts";

export interface FftOptions {
  /** The size to transform: the input is cut off, or filled up with zeros. */
  n?: number | null;
  dim?: number;
  /** Which direction is divided by the number of elements: `"backward"` (the inverse), `"forward"`, or `"ortho"`: each by its root. */
  norm?: FftNorm | null;
}
export type FftArgs = Call<[n: number | null, dim: number, norm: FftNorm | null], FftOptions>;

const names = ["n", "dim", "norm"] as const;

function options(op: string, input: Tensor, args: readonly unknown[]) {
  checkTensor(op, input);
  const { n = null, dim = -1, norm = null } = bind<FftOptions>(op, names, args);
  return { n, dim, norm };
}

function full(op: string, input: Tensor, args: readonly unknown[], forward: boolean): Tensor {
  const { n, dim, norm } = options(op, input, args);
  const given = floating(op, input);
  const { dims, sizes } = oneDim(op, given, dim, n);
  const x = resized(given, dims, sizes);
  const attrs = { dims, forward, scale: scaleOf(op, norm, forward, sizes) };
  return x.dtype.isComplex ? complexToComplex(x, attrs) : realToComplex(x, { ...attrs, full: true });
}

function fromReal(op: string, input: Tensor, args: readonly unknown[], forward: boolean): Tensor {
  const { n, dim, norm } = options(op, input, args);
  const given = realInput(op, input);
  const { dims, sizes } = oneDim(op, given, dim, n);
  return realToComplex(resized(given, dims, sizes), { dims, forward, scale: scaleOf(op, norm, forward, sizes) });
}

function toReal(op: string, input: Tensor, args: readonly unknown[], forward: boolean): Tensor {
  const { n, dim, norm } = options(op, input, args);
  const given = complexInput(op, input);
  const { dims, sizes } = oneDim(op, given, dim, n, (size) => 2 * (size - 1));
  const [size] = sizes as readonly [number];
  const scale = scaleOf(op, norm, forward, sizes);
  return complexToReal(resized(given, dims, [halfOf(size)]), { dims, forward, scale, n: size });
}

/**
 * Discrete Fourier transform along a dimension. PyTorch: `torch.fft.fft`.
 *
 * @param input - any shape with a dimension; float32, float64, complex, or integers, which become floats
 * @param args - `n`, the size to transform; `dim` (−1); `norm` (`"backward"`)
 * @returns complex, of size `n` along `dim`; differentiable to any order
 * @throws DTypeError for half types
 * @see van Loan 1992, Computational frameworks for the fast Fourier transform
 * @example
 * torch.fft.fft(torch.tensor([1, 2, 3, 4])).real // tensor([10., -2., -2., -2.])
 */
export function fft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(fft, [input, ...args]);
  return full("fft", input, args, true);
}

/**
 * The inverse of `fft`. PyTorch: `torch.fft.ifft`.
 * @example
 * torch.fft.ifft(torch.fft.fft(torch.tensor([1, 2.5]))).real // tensor([1.0000, 2.5000])
 */
export function ifft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(ifft, [input, ...args]);
  return full("ifft", input, args, false);
}

/**
 * Fourier transform of real numbers: the first n / 2 + 1 numbers, of which the rest are conjugates. PyTorch: `torch.fft.rfft`.
 *
 * @param input - real
 * @param args - `n`, `dim` (−1), `norm` (`"backward"`)
 * @throws DTypeError for complex input and half types
 * @example
 * torch.fft.rfft(torch.tensor([1, 2, 3, 4])).imag // tensor([0., 2., 0.])
 */
export function rfft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(rfft, [input, ...args]);
  return fromReal("rfft", input, args, true);
}

/**
 * The inverse of `rfft`. PyTorch: `torch.fft.irfft`.
 *
 * @param args - `n`, the size of the result (2 (size − 1), if not given: pass an odd one), `dim` (−1), `norm` (`"backward"`)
 * @example
 * torch.fft.irfft(torch.fft.rfft(torch.tensor([1, 2, 3.5])), 3) // tensor([1.0000, 2.0000, 3.5000])
 */
export function irfft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(irfft, [input, ...args]);
  return toReal("irfft", input, args, false);
}

/**
 * Fourier transform of numbers of which those of negative index are the conjugates: it is real. PyTorch: `torch.fft.hfft`.
 * @param args - `n`, the size of the result (2 (size − 1), if not given), `dim` (−1), `norm` (`"backward"`)
 */
export function hfft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(hfft, [input, ...args]);
  return toReal("hfft", input, args, true);
}

/** The inverse of `hfft`: of real numbers, n / 2 + 1 complex ones. PyTorch: `torch.fft.ihfft`. */
export function ihfft(input: Tensor, ...args: FftArgs): Tensor {
  if (isAutocasting()) return inFloat32(ihfft, [input, ...args]);
  return fromReal("ihfft", input, args, false);
}
