/** @file Softmax and its logarithm along one dimension. All operands have one shape and one floating dtype. */
import type { Operand } from "../../backend.ts";
import { check, putAll } from "../call.ts";
import { kernel } from "../engine.ts";
import { putStrided } from "./strided.ts";

const softmaxKernel = kernel("softmax");

function run(op: string, kind: number, dim: number, out: Operand, a: Operand, b: Operand | null): void {
  const { shape } = out.layout;
  putAll(0, [kind, shape.length, dim]);
  const at = putStrided(putStrided(putAll(3, shape), out), a);
  if (b !== null) putStrided(at, b);
  check(op, softmaxKernel());
}

export function softmax(out: Operand, input: Operand, dim: number): void {
  run("softmax", 0, dim, out, input, null);
}

export function logSoftmax(out: Operand, input: Operand, dim: number): void {
  run("logSoftmax", 1, dim, out, input, null);
}

/** `result · (grad − Σ grad · result)`, with the forward's result. */
export function softmaxBackward(out: Operand, grad: Operand, result: Operand, dim: number): void {
  run("softmax", 2, dim, out, grad, result);
}

/** `grad − exp(result) · Σ grad`, with the forward's result. */
export function logSoftmaxBackward(out: Operand, grad: Operand, result: Operand, dim: number): void {
  run("logSoftmax", 3, dim, out, grad, result);
}
