/** @file Products, diagonals and powers, as `torch.linalg` has them. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { Category } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { crossAlong } from "../cross.ts";
import { checkOperands, matmul as matmulOp } from "../matmul.ts";
import { powersOf } from "../matrices.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { checkNotBool, vdot } from "../products.ts";

/**
 * Matrix product; `torch.matmul` under another name. PyTorch: `torch.linalg.matmul`.
 *
 * @throws ShapeError if the inner sizes differ or the batches do not broadcast
 * @example
 * torch.linalg.matmul(torch.tensor([[1, 2]]), torch.tensor([[3], [4]])) // tensor([[11]])
 */
export function matmul(input: Tensor, ...args: Named<[other: Tensor], ["other"], { other: Tensor }>): Tensor {
  if (isAutocasting()) return inLowerPrecision(matmul, [input, ...args]);
  const { other } = named<{ other: Tensor }>("linalg.matmul", ["other"], 1, args);
  return matmulOp(input, other);
}

interface VecdotOptions {
  y: Tensor;
  dim?: number;
}

/**
 * Inner products of vectors along a dimension, those of `x` conjugated: `Σ x̄ · y`. PyTorch: `torch.linalg.vecdot`.
 *
 * @param x - floating or complex dtype
 * @param y - of the same dtype; shapes broadcast
 * @param args - `dim` (-1)
 * @returns the shape that both broadcast to, without `dim`
 * @throws DTypeError if the dtypes differ, or are integer or bool
 * @example
 * torch.linalg.vecdot(torch.tensor([[1, 2], [3, 4.5]]), torch.ones(2, 2)) // tensor([3.0000, 7.5000])
 */
export function vecdot(x: Tensor, ...args: Named<[y: Tensor, dim: number], ["y", "dim"], VecdotOptions>): Tensor {
  if (isAutocasting()) return inLowerPrecision(vecdot, [x, ...args]);
  const op = "linalg.vecdot";
  const { y, dim = -1 } = named<VecdotOptions>(op, ["y", "dim"], 1, args);
  checkOperands(op, x, y);
  if (x.dtype.category < Category.Floating)
    throw new DTypeError(
      `${op}: expected a floating-point or complex dtype, got ${x.dtype} (whole numbers make int64: pass a dtype)`,
    );
  broadcastShapes(op, x.shape, y.shape);
  if (x.ndim === 1 && y.ndim === 1 && x.shape[0] === y.shape[0] && (dim === 0 || dim === -1)) return vdot(x, y);
  return x.conj().mul(y).sum(dim);
}

interface CrossOptions {
  other: Tensor;
  dim?: number;
}

/**
 * Cross product of vectors in three dimensions. PyTorch: `torch.linalg.cross`.
 *
 * @param other - of as many dimensions; sizes broadcast
 * @param args - `dim` (-1), of size 3
 * @throws ShapeError if the size along `dim` is not 3, or the shapes do not broadcast
 * @throws DTypeError if the dtypes differ or are bool
 * @example
 * torch.linalg.cross(torch.tensor([[1, 0, 0]]), torch.tensor([[0, 1, 0]])) // tensor([[0, 0, 1]])
 */
export function cross(
  input: Tensor,
  ...args: Named<[other: Tensor, dim: number], ["other", "dim"], CrossOptions>
): Tensor {
  const op = "linalg.cross";
  const { other, dim = -1 } = named<CrossOptions>(op, ["other", "dim"], 1, args);
  checkTensor(op, input);
  checkTensor(op, other, "other");
  return crossAlong(op, input, other, dim);
}

interface DiagonalOptions {
  /** Which diagonal: above the main one if positive. */
  offset?: number;
  dim1?: number;
  dim2?: number;
}

/**
 * The diagonals of matrices; a view. PyTorch: `torch.linalg.diagonal`.
 *
 * @param A - [*, m, n]
 * @param args - `offset` (0), `dim1` (-2), `dim2` (-1)
 * @example
 * torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]), { offset: 1 }) // tensor([2])
 */
export function diagonal(
  A: Tensor,
  ...args: Call<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  const op = "linalg.diagonal";
  checkTensor(op, A, "A");
  const { offset = 0, dim1 = -2, dim2 = -1 } = bind<DiagonalOptions>(op, ["offset", "dim1", "dim2"], args);
  return A.diagonal(offset, dim1, dim2);
}

/**
 * Vandermonde matrices: powers 0 to N − 1 of each element, in a row. PyTorch: `torch.linalg.vander`.
 *
 * @param x - [*, n]
 * @param args - `N` (n), at least 2
 * @returns [*, n, N]; of integers in int64
 * @throws ValueError if `N` is less than 2
 * @throws DTypeError if `x` is a bool tensor
 * @example
 * torch.linalg.vander(torch.tensor([2, 3]), { N: 3 }) // tensor([[1, 2, 4],
 *                                                     //         [1, 3, 9]])
 */
export function vander(x: Tensor, ...args: Call<[N: number | null], { N?: number | null }>): Tensor {
  const op = "linalg.vander";
  const { N } = bind<{ N?: number | null }>(op, ["N"], args);
  checkTensor(op, x, "x");
  checkNotBool(op, x);
  if (x.ndim === 0 && (N ?? null) === null)
    throw new ShapeError(`${op}: expected at least 1 dimension or an N, got shape ${shapeText(x.shape)}`);
  const vectors = x.ndim === 0 ? x.unsqueeze(0) : x;
  const n = N ?? (x.shape[x.ndim - 1] as number);
  checkInt(op, "N", n);
  if (n < 2) throw new ValueError(`${op}: expected an N of at least 2, got ${n}`);
  return powersOf(vectors, n);
}
