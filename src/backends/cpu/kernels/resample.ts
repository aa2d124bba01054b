/** @file Lines made of weighted elements of other lines; images and volumes read at positions. */
import { toReal } from "../../../core/dtype.ts";
import { numelOf } from "../../../core/shape.ts";
import type { Operand } from "../../backend.ts";
import type { GridSampleOptions, Taps } from "../../resample-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { kernel } from "../engine.ts";

const resampleKernel = kernel("resample");
const gridSampleKernel = kernel("grid_sample");

const COPY = 0;
const FLOAT = 1;
const FIXED = 2;

/** Along `dim`; `out` and `input` are contiguous and differ in nothing but their size there. */
export function resample(out: Operand, input: Operand, dim: number, taps: Taps): void {
  const { shape } = input.layout;
  const { dtype } = input;
  const mode = taps.copies ? COPY : dtype.isFloatingPoint || dtype.isComplex ? FLOAT : FIXED;
  // The parts of complex numbers are a dimension of their own, except where elements move whole.
  const parts = dtype.isComplex && mode !== COPY ? 2 : 1;
  const at = putAll(0, [
    mode,
    parts === 2 ? toReal(dtype).code : dtype.code,
    numelOf(shape.slice(0, dim)),
    shape[dim] as number,
    out.layout.shape[dim] as number,
    numelOf(shape.slice(dim + 1)) * parts,
    taps.precision,
  ]);
  putAll(at, [
    operandAddress(input),
    operandAddress(out),
    operandAddress(taps.starts),
    operandAddress(taps.indices),
    taps.weights === null ? 0 : operandAddress(taps.weights),
  ]);
  check("resample", resampleKernel());
}

const sampleModes: { readonly [M in GridSampleOptions["mode"]]: number } = { bilinear: 0, nearest: 1, bicubic: 2 };
const paddingModes: { readonly [M in GridSampleOptions["paddingMode"]]: number } = {
  zeros: 0,
  border: 1,
  reflection: 2,
};

const FORWARD = 0;
const GRAD_INPUT = 1;
const GRAD_GRID = 2;

/** `image` is the input or its gradient: what has its shape. */
function sample(
  what: number,
  image: Operand,
  grid: Operand,
  output: Operand,
  result: Operand,
  { mode, paddingMode, alignCorners }: GridSampleOptions,
): void {
  const [n, c, ...sizes] = image.layout.shape as [number, number, ...number[]];
  const at = putAll(0, [what, image.dtype.code, sizes.length, sampleModes[mode], paddingModes[paddingMode]]);
  const positions = grid.layout.numel / Math.max(1, n * sizes.length);
  putAll(putAll(at, [alignCorners ? 1 : 0, n, c, positions]), [
    ...sizes,
    operandAddress(image),
    operandAddress(grid),
    operandAddress(output),
    operandAddress(result),
  ]);
  check("gridSample", gridSampleKernel());
}

export function gridSample(out: Operand, input: Operand, grid: Operand, options: GridSampleOptions): void {
  sample(FORWARD, input, grid, out, out, options);
}

export function gridSampleGradInput(
  gradInput: Operand,
  grad: Operand,
  grid: Operand,
  options: GridSampleOptions,
): void {
  sample(GRAD_INPUT, gradInput, grid, grad, gradInput, options);
}

export function gridSampleGradGrid(
  gradGrid: Operand,
  grad: Operand,
  input: Operand,
  grid: Operand,
  options: GridSampleOptions,
): void {
  sample(GRAD_GRID, input, grid, grad, gradGrid, options);
}
