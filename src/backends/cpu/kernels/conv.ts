/** @file Convolution and its gradients. */
import type { Operand } from "../../backend.ts";
import type { Slide } from "../../conv-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";

const convolutionKernel = kernel("convolution");

/** Writes one number for each of three dimensions; those that there are not come first. */
function putThree(at: number, numbers: readonly number[], missing: number): number {
  for (let i = numbers.length; i < 3; i++) args[at++] = missing;
  return putAll(at, numbers);
}

/** `large` is what the kernel slides over, `small` has an element for each of its places. */
function run(
  kind: number,
  large: Operand,
  weight: Operand,
  small: Operand,
  { stride, padding, dilation, groups }: Slide,
  operands: readonly (Operand | null)[],
): void {
  const [batch = 0, channels = 0, ...sizes] = large.layout.shape;
  const [outChannels = 0, , ...kernelSizes] = weight.layout.shape;
  putAll(0, [kind, large.dtype.code, batch, groups, channels / groups, outChannels / groups]);
  let at = putThree(putThree(6, sizes, 1), small.layout.shape.slice(2), 1);
  at = putThree(putThree(at, kernelSizes, 1), stride, 1);
  at = putThree(putThree(at, padding, 0), dilation, 1);
  for (const operand of operands) args[at++] = operand === null ? 0 : operandAddress(operand);
  check("convolution", convolutionKernel());
}

export function convolution(out: Operand, input: Operand, weight: Operand, bias: Operand | null, slide: Slide): void {
  run(0, input, weight, out, slide, [input, weight, bias, out]);
}

export function convolutionInputGradient(
  out: Operand,
  grad: Operand,
  weight: Operand,
  bias: Operand | null,
  slide: Slide,
): void {
  run(1, out, weight, grad, slide, [grad, weight, bias, out]);
}

export function convolutionWeightGradient(out: Operand, input: Operand, grad: Operand, slide: Slide): void {
  run(2, input, out, grad, slide, [input, grad, null, out]);
}
