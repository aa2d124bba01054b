/** @file Norms of matrices, and `norm`, which chooses between them and those of vectors. */
import type { DType } from "../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText, wrapDims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { checkTensor } from "../params.ts";
import type { Dims } from "../reduction-form.ts";
import { singularValues } from "./svd.ts";
import { inNormDType, normOver } from "./vector-norm.ts";

/** A norm of matrices: `"fro"`, `"nuc"`, or 1, 2, `Infinity` and their negatives. */
export type MatrixNormOrder = "fro" | "nuc" | number;

export interface MatrixNormOptions {
  ord?: MatrixNormOrder;
  /** The two dimensions that the matrices lie in. */
  dim?: readonly number[];
  keepdim?: boolean;
  /** Converts the input to this dtype first. */
  dtype?: DType | null;
}

function normOfMatrices(op: string, A: Tensor, ord: MatrixNormOrder, dim: readonly number[], keepdim: boolean): Tensor {
  if (A.ndim < 2)
    throw new ShapeError(`${op}: expected a tensor of at least 2 dimensions, got shape ${shapeText(A.shape)}`);
  if (!Array.isArray(dim) || dim.length !== 2)
    throw new ValueError(
      `${op}: expected two dimensions as dim, got ${Array.isArray(dim) ? shapeText(dim) : describe(dim)}`,
    );
  const [row, column] = wrapDims(op, dim, A.ndim) as [number, number];
  if (ord === "fro") return normOver(op, A, 2, [row, column], keepdim);
  if (ord === "nuc" || ord === 2 || ord === -2) {
    const others = A.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
    const values = singularValues(op, A.permute([...others, row, column]));
    const norm = ord === "nuc" ? values.sum(-1) : ord === 2 ? values.amax(-1) : values.amin(-1);
    if (!keepdim) return norm;
    const [first, second] = row < column ? [row, column] : [column, row];
    return norm.unsqueeze(first).unsqueeze(second);
  }
  if (ord === 1 || ord === -1 || ord === Infinity || ord === -Infinity) {
    const [summed, searched] = Math.abs(ord) === 1 ? [row, column] : [column, row];
    const sums = normOver(op, A, 1, summed, true);
    const norm = ord > 0 ? sums.amax(searched, true) : sums.amin(searched, true);
    return keepdim ? norm : norm.squeeze([row, column]);
  }
  throw new ValueError(
    `${op}: expected "fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity as ord, got ${describe(ord)}`,
  );
}

/**
 * Norms of matrices: `"fro"` the root of the summed squares, `"nuc"` the sum of the singular values, ±2 the largest or smallest of them,
 * ±1 the largest or smallest sum of magnitudes of a column, ±Infinity that of a row. PyTorch: `torch.linalg.matrix_norm`.
 *
 * @param A - [*, m, n]; floating or complex dtype
 * @param args - `ord` ("fro"), `dim` ([-2, -1]), `keepdim` (false), `dtype`
 * @returns [*], real
 * @throws ShapeError if `A` has fewer than 2 dimensions
 * @throws DTypeError if `A` is an integer or bool tensor
 * @throws ValueError for any other `ord`
 * @example
 * const A = torch.tensor([[1, -2], [3, 4.5]]);
 * torch.linalg.matrixNorm(A, 1) // tensor(6.5000)
 * torch.linalg.matrixNorm(A, Infinity) // tensor(7.5000)
 */
export function matrixNorm(
  A: Tensor,
  ...args: Call<[ord: MatrixNormOrder, dim: readonly number[], keepdim: boolean], MatrixNormOptions>
): Tensor {
  const op = "linalg.matrixNorm";
  const {
    ord = "fro",
    dim = [-2, -1],
    keepdim = false,
    dtype,
  } = bind<MatrixNormOptions>(op, ["ord", "dim", "keepdim", "dtype"], args);
  checkTensor(op, A, "A");
  return normOfMatrices(op, inNormDType(op, A, dtype), ord, dim, keepdim);
}

export interface NormOptions {
  /** Of vectors any number, of matrices what `matrixNorm` takes; `null` for the root of the summed squares. */
  ord?: MatrixNormOrder | null;
  /** One dimension for norms of vectors, two for norms of matrices. */
  dim?: Dims;
  keepdim?: boolean;
  /** Converts the input to this dtype first. */
  dtype?: DType | null;
}

/**
 * The norm of a vector or matrix. Without `ord`, the root of the summed squares over `dim`, or over everything; with it, `vectorNorm`
 * over one dimension, `matrixNorm` over two. PyTorch: `torch.linalg.norm`.
 *
 * @param A - any shape; a vector or matrix if `ord` is given without `dim`
 * @param args - `ord` (null), `dim` (all), `keepdim` (false), `dtype`
 * @throws ShapeError if `ord` is given without `dim` and `A` is neither a vector nor a matrix
 * @throws ValueError if `dim` does not fit `ord`
 * @example
 * const A = torch.tensor([[3, 0], [0, -4.0]], { dtype: torch.float32 });
 * torch.linalg.norm(A) // tensor(5.)
 * torch.linalg.norm(A, 1) // tensor(4.)
 * torch.linalg.norm(A, Infinity, 0) // tensor([3., 4.])
 */
export function norm(
  A: Tensor,
  ...args: Call<[ord: MatrixNormOrder | null, dim: Dims, keepdim: boolean], NormOptions>
): Tensor {
  const op = "linalg.norm";
  const {
    ord = null,
    dim = null,
    keepdim = false,
    dtype,
  } = bind<NormOptions>(op, ["ord", "dim", "keepdim", "dtype"], args);
  checkTensor(op, A, "A");
  const x = inNormDType(op, A, dtype);
  if (ord === null) return normOver(op, x, 2, dim, keepdim);
  const dims = dim === null ? null : wrapDims(op, dim, A.ndim);
  if (dims !== null && dims.length !== 1 && dims.length !== 2)
    throw new ValueError(`${op}: expected one dimension or two as dim, got ${shapeText(dims)}`);
  if (dims === null && A.ndim !== 1 && A.ndim !== 2)
    throw new ShapeError(
      `${op}: expected a vector or a matrix where ord is given without dim, got shape ${shapeText(A.shape)}`,
    );
  if (typeof ord === "number" && (dims?.length ?? A.ndim) === 1) return normOver(op, x, ord, dims, keepdim);
  return normOfMatrices(op, x, ord, dims ?? [0, 1], keepdim);
}
