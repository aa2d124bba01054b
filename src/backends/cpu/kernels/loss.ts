/** @file Losses: negative log likelihood, multi-label margin, connectionist temporal classification. */
import { IndexError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import type { CtcSample } from "../../loss-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { INDEX_OUT_OF_RANGE, putStrided } from "./strided.ts";

const nllLossKernel = kernel("nll_loss");
const multilabelMarginKernel = kernel("multilabel_margin");
const ctcLossKernel = kernel("ctc_loss");

export type Reduction = "none" | "mean" | "sum";

const reductions: { readonly [R in Reduction]: number } = { none: 0, mean: 1, sum: 2 };

export interface NllOptions {
  /** A factor for each class, of the input's dtype. */
  readonly weight: Operand | null;
  readonly reduction: Reduction;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
}

/** `input` is [C] or [N, C, …], `target` has its shape without C. */
function run(
  backward: boolean,
  input: Operand,
  target: Operand,
  output: Operand,
  total: Operand,
  options: NllOptions,
): void {
  const { shape, strides } = input.layout;
  const classDim = shape.length === 1 ? 0 : 1;
  const classes = shape[classDim] as number;
  const sizes = target.layout.shape;
  putAll(0, [backward ? 1 : 0, reductions[options.reduction], options.ignoreIndex, classes, sizes.length]);
  let at = putAll(5, sizes);
  at = putAll(at, [operandAddress(input), input.dtype.code, strides[classDim] as number]);
  at = putAll(
    at,
    strides.filter((_, i) => i !== classDim),
  );
  at = putStrided(at, target);
  const { weight } = options;
  at = putAll(at, weight === null ? [0, 0] : [operandAddress(weight), weight.layout.strides[0] as number]);
  args[at++] = operandAddress(output);
  at = putAll(at, options.reduction === "none" ? output.layout.strides : sizes.map(() => 0));
  args[at] = operandAddress(total);
  const status = nllLossKernel();
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(`nllLoss: target ${args[0]} is out of bounds for ${classes} classes`);
  check("nllLoss", status);
}

/**
 * @param out - of the target's shape, or one element after a reduction
 * @param total - one element: the sum of the weights that counted, which backward wants again
 * @throws IndexError if a target is no class
 */
export function nllLoss(out: Operand, total: Operand, input: Operand, target: Operand, options: NllOptions): void {
  run(false, input, target, out, total, options);
}

/** Writes all of `gradInput`, given the gradient of the result. */
export function nllLossBackward(
  gradInput: Operand,
  grad: Operand,
  total: Operand,
  target: Operand,
  options: NllOptions,
): void {
  run(true, gradInput, target, grad, total, options);
}

function runMargin(output: Operand, input: Operand, target: Operand, grad: Operand | null): void {
  const [samples, classes] = input.layout.shape as [number, number];
  putAll(0, [grad === null ? 0 : 1, samples, classes, input.dtype.code]);
  putAll(4, [input, target, output].map(operandAddress));
  args[7] = grad === null ? 0 : operandAddress(grad);
  const status = multilabelMarginKernel();
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(`multilabelMarginLoss: target ${args[0]} is out of bounds for ${classes} classes`);
  check("multilabelMarginLoss", status);
}

/** @throws IndexError if a target is no class */
export function multilabelMargin(out: Operand, input: Operand, target: Operand): void {
  runMargin(out, input, target, null);
}

export function multilabelMarginBackward(gradInput: Operand, grad: Operand, input: Operand, target: Operand): void {
  runMargin(gradInput, input, target, grad);
}

function putCtc(backward: boolean, loss: Operand, alpha: Operand, sample: CtcSample, zeroInfinity: boolean): number {
  const { logProbs, targets, starts, inputLengths, targetLengths, longest, blank } = sample;
  let at = putAll(0, [backward ? 1 : 0, ...logProbs.layout.shape, longest, blank, zeroInfinity ? 1 : 0]);
  at = putAll(at, [logProbs.dtype.code, operandAddress(logProbs), ...logProbs.layout.strides]);
  return putAll(at, [targets, starts, inputLengths, targetLengths, alpha, loss].map(operandAddress));
}

function checkCtc(classes: number, status: number): void {
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(`ctcLoss: target ${args[0]} is out of bounds for ${classes} classes`);
  check("ctcLoss", status);
}

/** @throws IndexError if a target is no class */
export function ctcLoss(out: Operand, alpha: Operand, sample: CtcSample): void {
  putAll(putCtc(false, out, alpha, sample, false), [0, 0, 0]);
  checkCtc(sample.logProbs.layout.shape[2] as number, ctcLossKernel());
}

export function ctcLossBackward(
  gradInput: Operand,
  grad: Operand,
  loss: Operand,
  alpha: Operand,
  sample: CtcSample,
  zeroInfinity: boolean,
): void {
  const at = putCtc(true, loss, alpha, sample, zeroInfinity);
  putAll(at, [operandAddress(grad), grad.layout.strides[0] as number, operandAddress(gradInput)]);
  checkCtc(sample.logProbs.layout.shape[2] as number, ctcLossKernel());
}
