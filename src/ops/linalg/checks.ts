/** @file What the factorizations and solvers ask of their arguments, and how they say that a matrix will not do. */
import { Category, complex128, type DType, float64, toReal } from "../../core/dtype.ts";
import { DTypeError, describe, LinAlgError, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";
import { checkTensor } from "../params.ts";

export const rows = (A: Tensor): number => A.shape[A.ndim - 2] as number;
export const columns = (A: Tensor): number => A.shape[A.ndim - 1] as number;
export const batchOf = (A: Tensor): Shape => A.shape.slice(0, -2);

/** @throws DTypeError unless the tensor is float32, float64 or complex */
export function checkLinalgDType(op: string, A: Tensor): void {
  const { dtype } = A;
  if (dtype.category >= Category.Floating && dtype.itemsize >= 4) return;
  const hint = dtype.category < Category.Floating ? " (whole numbers make int64: pass a dtype)" : "";
  throw new DTypeError(`${op}: expected float32, float64, complex64 or complex128, got ${dtype}${hint}`);
}

/** @throws ShapeError unless the tensor has two dimensions or more, DTypeError unless it is one that can be factored */
export function checkMatrix(op: string, A: unknown, name = "A"): asserts A is Tensor {
  checkTensor(op, A, name);
  if (A.ndim < 2)
    throw new ShapeError(`${op}: expected ${name} with at least 2 dimensions, got shape ${shapeText(A.shape)}`);
  checkLinalgDType(op, A);
}

/** As `checkMatrix`, for square matrices. */
export function checkSquare(op: string, A: unknown, name = "A"): asserts A is Tensor {
  checkMatrix(op, A, name);
  if (rows(A) !== columns(A))
    throw new ShapeError(`${op}: expected ${name} to be square or a batch of such, got shape ${shapeText(A.shape)}`);
}

/** @throws ValueError unless it is `true`, `false` or not given */
export function checkFlag(op: string, name: string, flag: unknown): void {
  if (flag !== undefined && typeof flag !== "boolean")
    throw new ValueError(`${op}: expected true or false as ${name}, got ${describe(flag)}`);
}

/** A contiguous copy, broadcast to `shape`, that a kernel may write into. Not recorded. */
export function scratch(x: Tensor, shape: Shape = x.shape, dtype: DType = x.dtype): Tensor {
  const out = allocate(shape, dtype, x.device);
  if (x.dtype !== dtype) out.copy_(x.to(dtype));
  else out.copy_(x);
  return out;
}

/** The dtype in which kernels compute that know no complex64. */
export function factorDtype(dtype: DType): DType {
  return dtype.isComplex ? complex128 : dtype;
}

/** The dtype in which kernels that know double precision only compute. */
export function doubleOf(dtype: DType): DType {
  return dtype.isComplex ? complex128 : float64;
}

/** What is added to 1 without effect, in the real dtype of `dtype`. */
export function epsilonOf(dtype: DType): number {
  return toReal(dtype) === float64 ? 2 ** -52 : 2 ** -23;
}

/**
 * Throws for the first matrix of a batch of which a kernel reported something.
 * @param says - what was expected and came, from the number reported
 */
export function checkInfo(op: string, info: Tensor, says: (code: number) => string): void {
  const codes = info.ndim === 0 ? [info.item() as number] : (info.reshape(-1).tolist() as number[]);
  const i = codes.findIndex((code) => code !== 0);
  if (i < 0) return;
  const where = info.ndim === 0 ? "" : `(batch element ${i}) `;
  throw new LinAlgError(`${op}: ${where}${says(codes[i] as number)}`);
}

export const saysSingular = (code: number): string =>
  `expected an invertible matrix, got a singular one (the diagonal element ${code} of its factor U is zero)`;
export const saysNoConvergence = (): string => "expected the iteration to converge, but it did not for this matrix";
