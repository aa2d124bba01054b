/** @file Negative log likelihood. */
import { IndexError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import { args, kernel } from "../addon.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { INDEX_OUT_OF_RANGE, putStrided } from "./strided.ts";

const nllLossKernel = kernel("nll_loss");

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
