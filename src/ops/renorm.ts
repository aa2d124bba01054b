/** @file Slices kept within a norm. */
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { vectorNorm } from "./linalg/index.ts";
import { checkTensor, type Named, named } from "./params.ts";

interface RenormOptions {
  p: number;
  dim: number;
  maxnorm: number;
}
type RenormArgs = Named<[p: number, dim: number, maxnorm: number], ["p", "dim", "maxnorm"], RenormOptions>;

/** What PyTorch adds to a norm before it divides by it. */
const EPSILON = 1e-7;

function factors(op: string, input: Tensor, args: readonly unknown[]): Tensor {
  checkTensor(op, input);
  const { p, dim, maxnorm } = named<RenormOptions>(op, ["p", "dim", "maxnorm"], 3, args);
  if (!input.dtype.isFloatingPoint && !input.dtype.isComplex)
    throw new DTypeError(`${op}: expected a floating-point or complex dtype, got ${input.dtype}`);
  if (typeof p !== "number" || !(p > 0)) throw new ValueError(`${op}: expected p above 0, got ${describe(p)}`);
  if (typeof maxnorm !== "number" || !(maxnorm >= 0))
    throw new ValueError(`${op}: expected maxnorm of at least 0, got ${describe(maxnorm)}`);
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got shape ${shapeText(input.shape)}`);
  const d = wrapDim(op, dim, input.ndim);
  const others = [...input.shape.keys()].filter((i) => i !== d);
  const norm = vectorNorm(input, p, others, true);
  return norm.add(EPSILON).reciprocal().mul(maxnorm).where(norm.gt(maxnorm), 1);
}

/**
 * The slices along `dim`, those with a `p`-norm above `maxnorm` scaled down to it. PyTorch: `torch.renorm`.
 *
 * @param input - at least 2 dimensions; floating or complex
 * @param args - `p`, `dim`, `maxnorm`
 * @throws ShapeError for fewer dimensions; ValueError for a `p` or `maxnorm` below 0
 * @example
 * torch.renorm(torch.tensor([[3, 4], [0.5, 0]]), 2, 0, 1) // tensor([[0.6000, 0.8000],
 *                                                         //         [0.5000, 0.0000]])
 */
export function renorm(input: Tensor, ...args: RenormArgs): Tensor {
  return input.mul(factors("renorm", input, args));
}

/** As `renorm`, in place. PyTorch: `Tensor.renorm_`. */
export function renorm_(input: Tensor, ...args: RenormArgs): Tensor {
  return input.mul_(factors("renorm_", input, args));
}
