/** @file `torch.norm` and `dist`, the older forms of `torch.linalg.vectorNorm`. */
import type { DType } from "../core/dtype.ts";
import { describe, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { matrixNorm } from "./linalg/matrix-norm.ts";
import { inNormDType, normOver } from "./linalg/vector-norm.ts";
import { checkTensor, type Named, named } from "./params.ts";
import type { Dims } from "./reduction-form.ts";

/** `"fro"` and `null` are 2; `"nuc"` is the sum of a matrix's singular values. */
export type NormOrder = number | "fro" | "nuc" | null;

export interface TensorNormOptions {
  p?: NormOrder;
  dim?: Dims;
  keepdim?: boolean;
  /** Converts the input to this dtype first. */
  dtype?: DType | null;
}

/**
 * The `p`-norm of all elements, or over dimensions. Prefer `torch.linalg.vectorNorm` and `matrixNorm`: this one takes a matrix as a
 * vector for every `p` but `"nuc"`. PyTorch: `torch.norm`.
 *
 * @param input - any shape; floating or complex dtype
 * @param args - `p` ("fro", which is 2), `dim` (all), `keepdim` (false), `dtype`
 * @throws DTypeError if `input` is an integer or bool tensor
 * @example
 * torch.tensor([3, -4], { dtype: torch.float32 }).norm() // tensor(5.)
 * torch.tensor([3, -4], { dtype: torch.float32 }).norm(1) // tensor(7.)
 */
export function norm(
  input: Tensor,
  ...args: Call<[p: NormOrder, dim: Dims, keepdim: boolean], TensorNormOptions>
): Tensor {
  const {
    p = "fro",
    dim = null,
    keepdim = false,
    dtype,
  } = bind<TensorNormOptions>("norm", ["p", "dim", "keepdim", "dtype"], args);
  checkTensor("norm", input);
  const x = inNormDType("norm", input, dtype);
  if (p === "nuc") {
    const dims = dim === null ? x.shape.map((_, i) => i) : typeof dim === "number" ? [dim] : dim;
    return matrixNorm(x, "nuc", dims, keepdim);
  }
  if (p !== "fro" && p !== null && typeof p !== "number")
    throw new ValueError(`norm: expected a number, "fro" or "nuc" as p, got ${describe(p)}`);
  return normOver("norm", x, typeof p === "number" ? p : 2, dim, keepdim);
}

/**
 * The `p`-norm of `input − other`. PyTorch: `torch.dist`.
 *
 * @param other - a shape that broadcasts with that of `input`
 * @param args - `p` (2)
 * @example
 * torch.dist(torch.tensor([1.5, 2]), torch.tensor([4.5, 6])) // tensor(5.)
 */
export function dist(
  input: Tensor,
  ...args: Named<[other: Tensor, p: number], ["other", "p"], { other: Tensor; p?: number }>
): Tensor {
  const { other, p = 2 } = named<{ other: Tensor; p?: number }>("dist", ["other", "p"], 1, args);
  checkTensor("dist", input);
  checkTensor("dist", other, "other");
  if (typeof p !== "number") throw new ValueError(`dist: expected a number as p, got ${describe(p)}`);
  return normOver("dist", inNormDType("dist", input.sub(other), null), p, null, false);
}
