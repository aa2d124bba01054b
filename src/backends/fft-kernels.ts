/** @file The kernels behind Fourier transforms. */
import type { Operand } from "./backend.ts";

export interface FftOptions {
  /** Whether the exponent is negative. */
  readonly forward: boolean;
  /** A factor for all results. */
  readonly scale: number;
  /**
   * Between real and half of complex numbers: counts those twice that stand for their conjugates too (from real numbers), or half
   * (to them), so that the two kernels are each other's adjoint.
   */
  readonly weighted?: boolean;
}

/** All are of one precision, float32 or float64, with any strides. */
export interface FftKernels {
  /** Complex to complex along `dim`; `out` may be `input`. */
  fftComplex(out: Operand, input: Operand, dim: number, options: FftOptions): void;
  /** n real numbers along `dim` to n / 2 + 1 complex ones, or to n where `out` has so many. */
  fftFromReal(out: Operand, input: Operand, dim: number, options: FftOptions): void;
  /** n / 2 + 1 complex numbers along `dim` to n real ones; n is the size of `out`. */
  fftToReal(out: Operand, input: Operand, dim: number, options: FftOptions): void;
}
