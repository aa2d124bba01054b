/** @file Normalisation: a matrix's rows or columns, or units of several contiguous segments. */
import type { Operand } from "../../backend.ts";
import type { NormGradients, NormOperands } from "../../norm-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { kernel } from "../engine.ts";

const segmentsKernel = kernel("norm_segments");
const columnsKernel = kernel("norm_columns");
const rowsKernel = kernel("norm_rows");

const NONE: NormGradients = { x: null, weight: null, bias: null };

function put(
  at: number,
  { x, weight, bias, mean, rstd }: NormOperands,
  out: Operand | null,
  grad: Operand | null,
  gradients: NormGradients,
): void {
  const all = [x, weight, bias, mean, rstd, out, grad, gradients.weight, gradients.bias];
  putAll(
    at,
    all.map((operand) => (operand === null ? 0 : operandAddress(operand))),
  );
}

function runBatch(
  backward: boolean,
  on: NormOperands,
  eps: number,
  given: boolean,
  out: Operand | null,
  grad: Operand | null,
  gradients: NormGradients,
): void {
  const [samples, channels, inner] = on.x.layout.shape as [number, number, number];
  const { code } = on.x.dtype;
  if (inner === 1) {
    putAll(0, [backward ? 1 : 0, given ? 1 : 0, code, samples, channels, eps]);
    put(6, on, out, grad, gradients);
    check("batchNorm", columnsKernel());
    return;
  }
  putAll(0, [backward ? 1 : 0, given ? 1 : 0, code, channels, samples, inner, inner, channels * inner, 0, 1, eps]);
  put(11, on, out, grad, gradients);
  check("batchNorm", segmentsKernel());
}

export function batchNorm(out: Operand, on: NormOperands, eps: number, given: boolean, variance: Operand | null): void {
  runBatch(false, on, eps, given, out, variance, NONE);
}

export function batchNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, given: boolean): void {
  runBatch(true, on, 0, given, gradients.x, grad, gradients);
}

function runGroup(
  on: NormOperands,
  groups: number,
  eps: number,
  out: Operand | null,
  grad: Operand | null,
  gradients: NormGradients,
): void {
  const [samples, channels, inner] = on.x.layout.shape as [number, number, number];
  const each = channels / groups;
  putAll(0, [grad === null ? 0 : 1, 0, on.x.dtype.code, samples * groups, each, inner, each * inner, inner, 1]);
  putAll(9, [groups, eps]);
  put(11, on, out, grad, gradients);
  check("groupNorm", segmentsKernel());
}

export function groupNorm(out: Operand, on: NormOperands, groups: number, eps: number): void {
  runGroup(on, groups, eps, out, null, NONE);
}

export function groupNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, groups: number): void {
  runGroup(on, groups, 0, gradients.x, grad, gradients);
}

function runRows(
  on: NormOperands,
  eps: number,
  rms: boolean,
  out: Operand | null,
  grad: Operand | null,
  gradients: NormGradients,
): void {
  const [rows, columns] = on.x.layout.shape as [number, number];
  putAll(0, [grad === null ? 0 : 1, rms ? 1 : 0, on.x.dtype.code, rows, columns, eps]);
  put(6, on, out, grad, gradients);
  check(rms ? "rmsNorm" : "layerNorm", rowsKernel());
}

export function rowNorm(out: Operand, on: NormOperands, eps: number, rms: boolean): void {
  runRows(on, eps, rms, out, null, NONE);
}

export function rowNormBackward(gradients: NormGradients, grad: Operand, on: NormOperands, rms: boolean): void {
  runRows(on, 0, rms, gradients.x, grad, gradients);
}
