/** @file The largest singular value of a weight, by the power method: what both forms of spectral norm share. */
import { noGrad } from "../../autograd/modes.ts";
import { describe, IndexError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { normalize } from "../../ops/similarity.ts";
import type { Module } from "../module/module.ts";

/** A weight as a matrix with a row for each index of `dim`. */
export function asMatrix(weight: Tensor, dim: number): Tensor {
  const front = dim === 0 ? weight : weight.permute([dim, ...weight.shape.map((_, d) => d).filter((d) => d !== dim)]);
  return front.reshape(front.shape[0] as number, -1);
}

export const unit = (x: Tensor, eps: number): Tensor => normalize(x, { dim: 0, eps });

/** A random direction, as PyTorch draws it. */
export function randomUnit(like: Tensor, n: number, eps: number): Tensor {
  return noGrad(() => unit(like.newEmpty([n]).normal_(0, 1), eps));
}

/** The dimension that belongs to the outputs of a layer. */
export function outputDim(module: Module): number {
  return Reflect.get(module, "transposed") === true ? 1 : 0;
}

/** @throws ValueError or IndexError for options out of their domain */
export function checkSpectralOptions(op: string, weight: Tensor, nPowerIterations: number, dim: number): void {
  if (!Number.isInteger(nPowerIterations) || nPowerIterations <= 0)
    throw new ValueError(`${op}: expected nPowerIterations of at least 1, got ${describe(nPowerIterations)}`);
  if (!Number.isInteger(dim) || dim < -weight.ndim || dim >= weight.ndim)
    throw new IndexError(
      `${op}: expected a dimension within [${-weight.ndim}, ${weight.ndim - 1}] as dim, got ${describe(dim)}`,
    );
}
