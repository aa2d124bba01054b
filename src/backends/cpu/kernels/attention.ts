/** @file Attention, and its derivative. */
import type { AttentionGradients, AttentionOperands } from "../../attention-kernels.ts";
import type { Operand } from "../../backend.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";

const attentionKernel = kernel("attention");

/** Writes the address of an operand and its strides, rows and columns first; or as many zeros. */
function put(at: number, x: Operand | null, ndim: number): number {
  if (x === null) return putAll(at, new Array(ndim + 1).fill(0));
  args[at] = operandAddress(x);
  const { strides } = x.layout;
  return putAll(putAll(at + 1, strides.slice(-2)), strides.slice(0, -2));
}

function run(backward: boolean, on: AttentionOperands, rest: readonly (Operand | null)[]): void {
  const { query, key, value, mask, logSums, scale, causal } = on;
  const { shape } = query.layout;
  const ndim = shape.length;
  putAll(0, [backward ? 1 : 0, query.dtype.code, ndim - 2]);
  let at = putAll(3, shape.slice(0, -2));
  const [queries, width] = shape.slice(-2) as [number, number];
  const [keys, valueWidth] = value.layout.shape.slice(-2) as [number, number];
  at = putAll(at, [queries, keys, width, valueWidth, scale, causal ? 1 : 0, operandAddress(logSums)]);
  for (const x of [query, key, value, mask, ...rest]) at = put(at, x, ndim);
  check("scaledDotProductAttention", attentionKernel());
}

export function attention(out: Operand, on: AttentionOperands): void {
  run(false, on, [out]);
}

export function attentionBackward(gradients: AttentionGradients, grad: Operand, on: AttentionOperands): void {
  run(true, on, [grad, gradients.query, gradients.key, gradients.value]);
}
