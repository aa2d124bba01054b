/**
 * @file The kernels of dense linear algebra. Every operand is contiguous: matrices in the last two dimensions, batches before
 * them. What a kernel writes it writes in place; `info` is int32, one number a matrix. Those marked "double" take float64 and
 * complex128 only; `geqrf`, `applyReflectors`, `eigh` and `svd` take all but complex64.
 */
import type { Operand } from "./backend.ts";

/** Which matrix an equation is about: the one given, its transpose, its conjugate transpose. */
export type MatrixMode = "as is" | "transposed" | "adjoint";

export interface LinalgKernels {
  /** The lower triangle of `a` becomes its Cholesky factor, the rest zero. `info`: the first minor that is not positive, or 0. */
  cholesky(a: Operand, info: Operand): void;
  /** `a` becomes L and U; `pivots` (int32, from 1); `info`: the first zero on U's diagonal, or 0. */
  lu(a: Operand, pivots: Operand, info: Operand): void;
  /** `b` becomes the solution of an equation with the matrix of which `lu` and `pivots` are the factors. */
  luSolve(lu: Operand, pivots: Operand, b: Operand, mode: MatrixMode): void;
  /** `b` becomes the solution of an equation with a triangle of `a`. */
  solveTriangular(a: Operand, b: Operand, upper: boolean, unitriangular: boolean, mode: MatrixMode): void;
  /** `a` becomes R and the Householder vectors below it, `tau` their factors. */
  geqrf(a: Operand, tau: Operand): void;
  /** `c` becomes Q c, or Qᴴ c, for the Q of `geqrf`; with `identity` what it held is not read, and it becomes Q's first columns. */
  applyReflectors(a: Operand, tau: Operand, c: Operand, adjoint: boolean, identity: boolean): void;
  /** Double. The lower triangle of `a` becomes L and D of Bunch and Kaufman, with LAPACK's pivots (int32). */
  ldl(a: Operand, pivots: Operand, info: Operand, hermitian: boolean): void;
  /** Double. `b` becomes the solution. */
  ldlSolve(ld: Operand, pivots: Operand, b: Operand, hermitian: boolean): void;
  /** From the lower triangle: rising eigenvalues (real), and eigenvectors in place of `a` if wanted. */
  eigh(a: Operand, values: Operand, info: Operand, vectors: boolean): void;
  /** At least as many rows as columns. `a` is consumed; no `u` and `vh`, no vectors. */
  svd(a: Operand, u: Operand | null, s: Operand, vh: Operand | null, info: Operand): void;
  /** Double. `a` is consumed; values and vectors are complex128. */
  eig(a: Operand, values: Operand, vectors: Operand | null, info: Operand): void;
}
