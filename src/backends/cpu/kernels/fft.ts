/** @file Fourier transforms along one dimension. */
import { toReal } from "../../../core/dtype.ts";
import type { Operand } from "../../backend.ts";
import type { FftOptions } from "../../fft-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { kernel } from "../engine.ts";

const fftKernel = kernel("fft");

const COMPLEX = 0;
const FROM_REAL = 1;
const TO_REAL = 2;

function run(kind: number, n: number, full: boolean, out: Operand, input: Operand, dim: number, o: FftOptions): void {
  const { shape } = input.layout;
  const putLines = (at: number, x: Operand) =>
    putAll(putAll(at, [operandAddress(x), x.layout.strides[dim] as number]), x.layout.strides.toSpliced(dim, 1));
  const flags = [o.forward ? -1 : 1, o.weighted ? 1 : 0, full ? 1 : 0];
  const at = putAll(0, [kind, toReal(input.dtype).code, n, ...flags, o.scale, shape.length - 1]);
  putLines(putLines(putAll(at, shape.toSpliced(dim, 1)), input), out);
  check("fft", fftKernel());
}

export function fftComplex(out: Operand, input: Operand, dim: number, options: FftOptions): void {
  run(COMPLEX, out.layout.shape[dim] as number, false, out, input, dim, options);
}

export function fftFromReal(out: Operand, input: Operand, dim: number, options: FftOptions): void {
  const n = input.layout.shape[dim] as number;
  const full = n > 2 && out.layout.shape[dim] === n;
  run(FROM_REAL, n, full, out, input, dim, options);
}

export function fftToReal(out: Operand, input: Operand, dim: number, options: FftOptions): void {
  run(TO_REAL, out.layout.shape[dim] as number, false, out, input, dim, options);
}
