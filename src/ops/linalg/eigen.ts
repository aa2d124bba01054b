/** @file Eigenvalues and eigenvectors. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { backendOf } from "../../backends/backend.ts";
import { complex128, int32, toComplex, toReal } from "../../core/dtype.ts";
import { describe, LinAlgError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { batchOf, checkInfo, checkSquare, doubleOf, factorDtype, saysNoConvergence, scratch } from "./checks.ts";
import { solveWithInfo } from "./solve.ts";
import { checkPhase } from "./svd.ts";

interface Attrs {
  readonly op: string;
  readonly vectors: boolean;
}

/** `λⱼ − λᵢ`, conjugated, with 1 on the diagonal. */
function gaps(L: Tensor): Tensor {
  const differences = L.unsqueeze(-2).sub(L.unsqueeze(-1));
  return differences.add(L.detach().mul(0).add(1).diagEmbed()).conj();
}

const eighOp = kernelOp<Attrs & { upper: boolean }>({
  name: "linalgEigh",
  forward: ([input], { op, upper, vectors }) => {
    const A = input as Tensor;
    const V = scratch(upper ? A.mH : A, A.shape, factorDtype(A.dtype));
    const L = allocate(A.shape.slice(0, -1), toReal(V.dtype), A.device);
    const info = allocate(batchOf(A), int32, A.device);
    backendOf(A.device).kernels.linalg.eigh(V, L, info, vectors);
    checkInfo(op, info, saysNoConvergence);
    const values = L.to(toReal(A.dtype));
    return vectors ? [values, V.to(A.dtype)] : [values];
  },
  saves: () => [~0, ~1],
  backward: ([gL, gV], context) => {
    const [L, V] = [context.result(0), context.result(1)];
    const VH = V.mH;
    if (!gV) return [V.mul((gL as Tensor).unsqueeze(-2)).matmul(VH)];
    const VHgV = VH.matmul(gV);
    checkPhase(`${context.attrs.op} (backward)`, "eigenvectors", VHgV.diagonal(0, -2, -1), gV);
    // Only what is skew turns orthonormal vectors into such.
    const off = VHgV.sub(VHgV.mH).mul(0.5).div(gaps(L));
    const inner = gL ? off.add(gL.to(V.dtype).diagEmbed()) : off;
    return [V.matmul(inner.matmul(VH))];
  },
});

type Uplo = "L" | "U";
type UploArgs = Call<[UPLO: Uplo], { UPLO?: Uplo }>;

function isUpper(op: string, args: readonly unknown[]): boolean {
  const { UPLO = "L" } = bind<{ UPLO?: Uplo }>(op, ["UPLO"], args);
  const letter = typeof UPLO === "string" ? UPLO.toUpperCase() : UPLO;
  if (letter !== "L" && letter !== "U")
    throw new ValueError(`${op}: expected "L" or "U" as UPLO, got ${describe(UPLO)}`);
  return letter === "U";
}

/** Eigenvalues and eigenvectors of symmetric matrices. */
export function symmetricEigen(op: string, A: Tensor, upper = false): [L: Tensor, V: Tensor] {
  return eighOp.results([A], { op, upper, vectors: true }) as [Tensor, Tensor];
}

/** The eigenvalues alone. */
export function symmetricValues(op: string, A: Tensor, upper = false): Tensor {
  return eighOp.results([A], { op, upper, vectors: isGradEnabled() && A.requiresGrad })[0] as Tensor;
}

/** Eigenvalues and eigenvectors. */
export type EigenTuple = NamedTuple<{ eigenvalues: Tensor; eigenvectors: Tensor }>;

/**
 * Eigenvalues and eigenvectors of symmetric or Hermitian matrices: `A = V diag(L) Vᴴ`. PyTorch: `torch.linalg.eigh`.
 *
 * @param A - [*, n, n]; only one triangle is read
 * @param args - `UPLO` ("L", or "U": the triangle)
 * @returns `eigenvalues` [*, n], real, rising, and `eigenvectors` [*, n, n], as columns, up to a factor of size 1
 * @throws ShapeError if `A` is not square; DTypeError for half precision and integers
 * @example
 * torch.linalg.eigh(torch.tensor([[2, 0], [0, 1.5]])).eigenvalues // tensor([1.5000, 2.0000])
 */
export function eigh(A: Tensor, ...args: UploArgs): EigenTuple {
  if (isAutocasting()) return inFloat32(eigh, [A, ...args]);
  const op = "linalg.eigh";
  const upper = isUpper(op, args);
  checkSquare(op, A);
  const [eigenvalues, eigenvectors] = symmetricEigen(op, A, upper);
  return namedTuple({ eigenvalues, eigenvectors }, "linalg_eigh");
}

/**
 * Eigenvalues of symmetric or Hermitian matrices, rising. PyTorch: `torch.linalg.eigvalsh`.
 * @param args - `UPLO` ("L")
 * @example
 * torch.linalg.eigvalsh(torch.tensor([[2, 0], [0, 1.5]])) // tensor([1.5000, 2.0000])
 */
export function eigvalsh(A: Tensor, ...args: UploArgs): Tensor {
  if (isAutocasting()) return inFloat32(eigvalsh, [A, ...args]);
  const op = "linalg.eigvalsh";
  const upper = isUpper(op, args);
  checkSquare(op, A);
  return symmetricValues(op, A, upper);
}

const eigOp = kernelOp<Attrs>({
  name: "linalgEig",
  forward: ([input], { op, vectors }) => {
    const A = input as Tensor;
    const matrix = scratch(A, A.shape, doubleOf(A.dtype));
    const parts = matrix.isComplex() ? [matrix.real, matrix.imag] : [matrix];
    if (parts.some((part) => part.sub(part).ne(0).any().item()))
      throw new LinAlgError(`${op}: expected a matrix of finite numbers, got one with infinity or NaN`);
    const L = allocate(A.shape.slice(0, -1), complex128, A.device);
    const V = vectors ? allocate(A.shape, complex128, A.device) : null;
    const info = allocate(batchOf(A), int32, A.device);
    backendOf(A.device).kernels.linalg.eig(matrix, L, V, info);
    checkInfo(op, info, saysNoConvergence);
    const dtype = toComplex(A.dtype);
    return V === null ? [L.to(dtype)] : [L.to(dtype), V.to(dtype)];
  },
  saves: () => [~0, ~1],
  backward: ([gL, gV], context) => {
    const [L, V] = [context.result(0), context.result(1)];
    const VH = V.mH;
    const real = (t: Tensor) => (context.dtype(0).isComplex ? t : t.real);
    const through = (inner: Tensor) => real(solveWithInfo(VH, inner.matmul(VH))[0]);
    if (!gV) return [through((gL as Tensor).diagEmbed())];
    const VHgV = VH.matmul(gV);
    const diagonal = VHgV.diagonal(0, -2, -1);
    checkPhase(`${context.attrs.op} (backward)`, "eigenvectors", diagonal, gV);
    // The vectors have norm 1, so what lies along them is taken off.
    const free = VHgV.sub(VH.matmul(V.mul(diagonal.real.unsqueeze(-2)))).div(gaps(L));
    const off = free.sub(free.diagonal(0, -2, -1).diagEmbed());
    return [through(gL ? off.add(gL.diagEmbed()) : off)];
  },
});

/**
 * Eigenvalues and eigenvectors of general matrices: `A V = V diag(L)`. PyTorch: `torch.linalg.eig`.
 *
 * @param A - [*, n, n]; float32, float64 or complex
 * @returns `eigenvalues` [*, n] and `eigenvectors` [*, n, n], as columns of norm 1, both complex, in no particular order
 * @throws LinAlgError if `A` has infinite or NaN elements; ShapeError if it is not square
 * @example
 * torch.linalg.eig(torch.tensor([[2, 0], [0, 1.5]])).eigenvalues // tensor([2.0000+0.j, 1.5000+0.j])
 */
export function eig(A: Tensor): EigenTuple {
  if (isAutocasting()) return inFloat32(eig, [A]);
  const op = "linalg.eig";
  checkSquare(op, A);
  const [eigenvalues, eigenvectors] = eigOp.results([A], { op, vectors: true }) as [Tensor, Tensor];
  return namedTuple({ eigenvalues, eigenvectors }, "linalg_eig");
}

/**
 * Eigenvalues of general matrices, complex, in no particular order. PyTorch: `torch.linalg.eigvals`.
 * @example
 * torch.linalg.eigvals(torch.tensor([[2, 0], [0, 1.5]])) // tensor([2.0000+0.j, 1.5000+0.j])
 */
export function eigvals(A: Tensor): Tensor {
  if (isAutocasting()) return inFloat32(eigvals, [A]);
  const op = "linalg.eigvals";
  checkSquare(op, A);
  return eigOp.results([A], { op, vectors: isGradEnabled() && A.requiresGrad })[0] as Tensor;
}
