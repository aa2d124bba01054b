/** @file Pooling over planes: sliding, even and random windows, and elements moved by the places of maxima. */
import { IndexError } from "../../../core/errors.ts";
import { numelOf, shapeText } from "../../../core/shape.ts";
import type { Operand } from "../../backend.ts";
import type { AverageOptions, Windows } from "../../pool-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { INDEX_OUT_OF_RANGE } from "./strided.ts";

const poolKernel = kernel("pool");
const adaptiveKernel = kernel("adaptive_pool");
const placesKernel = kernel("pool_places");

/** Writes one number for each of three dimensions; those that there are not come first. */
function putThree(at: number, numbers: readonly number[], missing: number): number {
  for (let i = numbers.length; i < 3; i++) args[at++] = missing;
  return putAll(at, numbers);
}

const planesOf = (x: Operand, dims: number) => numelOf(x.layout.shape.slice(0, -dims));
const sizesOf = (x: Operand, dims: number) => x.layout.shape.slice(-dims);

/** `whole` is what the windows slide over, `pooled` has an element for each of them. */
function slide(
  op: string,
  kind: number,
  whole: Operand,
  pooled: Operand,
  windows: Windows,
  { countIncludePad, divisor }: AverageOptions,
  indices: Operand | null,
): void {
  const dims = windows.kernel.length;
  putAll(0, [kind, whole.dtype.code, planesOf(whole, dims)]);
  let at = putThree(putThree(3, sizesOf(whole, dims), 1), sizesOf(pooled, dims), 1);
  at = putThree(putThree(at, windows.kernel, 1), windows.stride, 1);
  at = putThree(putThree(at, windows.padding, 0), windows.dilation, 1);
  args[at++] = countIncludePad ? 1 : 0;
  args[at++] = divisor ?? 0;
  const [from, to] = kind === 1 ? [pooled, whole] : [whole, pooled];
  putAll(at, [operandAddress(from), operandAddress(to), indices === null ? 0 : operandAddress(indices)]);
  check(op, poolKernel());
}

export function avgPool(out: Operand, input: Operand, windows: Windows, options: AverageOptions): void {
  slide("avgPool", 0, input, out, windows, options, null);
}

export function avgPoolBackward(gradInput: Operand, grad: Operand, windows: Windows, options: AverageOptions): void {
  slide("avgPool", 1, gradInput, grad, windows, options, null);
}

export function maxPool(out: Operand, indices: Operand | null, input: Operand, windows: Windows): void {
  slide("maxPool", 2, input, out, windows, { countIncludePad: false, divisor: null }, indices);
}

function adapt(
  op: string,
  kind: number,
  whole: Operand,
  pooled: Operand,
  dims: number,
  indices: Operand | null,
  kernelSize: readonly number[] = [],
  samples: Operand | null = null,
): void {
  putAll(0, [kind, whole.dtype.code, planesOf(whole, dims)]);
  let at = putThree(putThree(3, sizesOf(whole, dims), 1), sizesOf(pooled, dims), 1);
  at = putThree(at, kernelSize, 1);
  const [from, to] = kind === 1 ? [pooled, whole] : [whole, pooled];
  at = putAll(at, [operandAddress(from), operandAddress(to), indices === null ? 0 : operandAddress(indices)]);
  args[at++] = samples === null ? 0 : operandAddress(samples);
  // In two dimensions PyTorch takes the samples from the last axis on, in three from the first.
  putThree(at, samples === null ? [] : dims === 2 ? [1, 0] : [0, 1, 2], -1);
  check(op, adaptiveKernel());
}

export function adaptiveAvgPool(out: Operand, input: Operand, dims: number): void {
  adapt("adaptiveAvgPool", 0, input, out, dims, null);
}

export function adaptiveAvgPoolBackward(gradInput: Operand, grad: Operand, dims: number): void {
  adapt("adaptiveAvgPool", 1, gradInput, grad, dims, null);
}

export function adaptiveMaxPool(out: Operand, indices: Operand | null, input: Operand, dims: number): void {
  adapt("adaptiveMaxPool", 2, input, out, dims, indices);
}

export function fractionalMaxPool(
  out: Operand,
  indices: Operand | null,
  input: Operand,
  kernelSize: readonly number[],
  samples: Operand,
): void {
  adapt("fractionalMaxPool", 3, input, out, kernelSize.length, indices, kernelSize, samples);
}

function move(op: string, kind: number, few: Operand, many: Operand, indices: Operand, dims: number): void {
  const size = numelOf(sizesOf(many, dims));
  putAll(0, [kind, many.dtype.code, planesOf(many, dims), numelOf(sizesOf(few, dims)), size]);
  const [from, to] = kind === 1 ? [many, few] : [few, many];
  putAll(5, [operandAddress(from), operandAddress(to), operandAddress(indices)]);
  const status = placesKernel();
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(
      `${op}: expected indices from 0 to ${size - 1} for planes of ${shapeText(sizesOf(many, dims))}, got ${args[0]}`,
    );
  check(op, status);
}

export function addToPlaces(out: Operand, input: Operand, indices: Operand, dims: number): void {
  move("maxPool", 0, input, out, indices, dims);
}

export function takeFromPlaces(out: Operand, input: Operand, indices: Operand, dims: number): void {
  move("maxPool", 1, out, input, indices, dims);
}

export function putToPlaces(op: string, out: Operand, input: Operand, indices: Operand, dims: number): void {
  move(op, 2, input, out, indices, dims);
}
