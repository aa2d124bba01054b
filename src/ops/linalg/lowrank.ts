/** @file Singular values of large matrices of low rank, by random projections. */
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { namedTriple } from "../named-tuple.ts";
import { checkInt, checkTensor } from "../params.ts";
import { randn } from "../random/creation.ts";
import { checkMatrix, columns, rows } from "./checks.ts";
import { qr } from "./qr.ts";
import { singularVectors, type UsvTuple } from "./svd.ts";

/** An orthonormal basis of nearly the range of `A − M`. */
function basisOf(A: Tensor, M: Tensor | null, q: number, niter: number): Tensor {
  const times = (B: Tensor) => (M === null ? A.matmul(B) : A.matmul(B).sub(M.matmul(B)));
  const back = (B: Tensor) => (M === null ? A.mH.matmul(B) : A.mH.matmul(B).sub(M.mH.matmul(B)));
  const R = randn([columns(A), q], { dtype: A.dtype, device: A.device });
  let Q = qr(times(R)).Q;
  for (let i = 0; i < niter; i++) {
    Q = qr(back(Q)).Q;
    Q = qr(times(Q)).Q;
  }
  return Q;
}

function factors(op: string, A: Tensor, M: Tensor | null, q: number, niter: number): [Tensor, Tensor, Tensor] {
  if (rows(A) < columns(A)) {
    const [V, S, U] = factors(op, A.mH, M === null ? null : M.mH, q, niter);
    return [U, S, V];
  }
  const Q = basisOf(A, M, q, niter);
  const QH = Q.mH;
  const B = M === null ? QH.matmul(A) : QH.matmul(A).sub(QH.matmul(M));
  const [U, S, Vh] = singularVectors(op, B, false);
  return [Q.matmul(U), S, Vh.mH];
}

interface SvdOptions {
  q?: number | null;
  niter?: number;
  M?: Tensor | null;
}

/**
 * Singular values and vectors of nearly `A` (or `A − M`), as if its rank were `q`; by a random projection and `niter` rounds of subspace
 * iteration. PyTorch: `torch.svd_lowrank`.
 *
 * @param A - [*, m, n]
 * @param args - `q` (6), `niter` (2), `M` (null: a matrix to subtract, that broadcasts)
 * @returns `U` [*, m, q], `S` [*, q], `V` [*, n, q]
 * @see Halko, Martinsson & Tropp 2009, arXiv:0909.4061
 * @example
 * torch.svdLowrank(torch.eye(3), { q: 2 }).S.shape // [2]
 */
export function svdLowrank(
  A: Tensor,
  ...args: Call<[q: number | null, niter: number, M: Tensor | null], SvdOptions>
): UsvTuple {
  const op = "svdLowrank";
  const { q, niter = 2, M = null } = bind<SvdOptions>(op, ["q", "niter", "M"], args);
  checkMatrix(op, A);
  const rank = q ?? 6;
  checkRank(op, A, rank, niter);
  if (M !== null) {
    checkTensor(op, M, "M");
    if (M.dtype !== A.dtype)
      throw new DTypeError(`${op}: expected A and M in one dtype, got ${A.dtype} and ${M.dtype}`);
  }
  const [U, S, V] = factors(op, A, M === null ? null : M.broadcastTo(A.shape), rank, niter);
  return namedTriple({ U, S, V }, "svd_lowrank");
}

function checkRank(op: string, A: Tensor, q: number, niter: number): void {
  checkInt(op, "q", q);
  checkInt(op, "niter", niter);
  const most = Math.min(rows(A), columns(A));
  if (q < 0 || q > most)
    throw new ShapeError(`${op}: expected q from 0 to min(m, n) = ${most}, got ${q} for shape ${shapeText(A.shape)}`);
  if (niter < 0) throw new ValueError(`${op}: expected niter of at least 0, got ${niter}`);
}

interface PcaOptions {
  q?: number | null;
  center?: boolean;
  niter?: number;
}

/**
 * Principal components of the rows of a matrix: its singular vectors after the mean of each column was subtracted.
 * PyTorch: `torch.pca_lowrank`.
 *
 * @param A - [*, m, n]: m samples of n numbers
 * @param args - `q` (min(6, m, n)), `center` (true), `niter` (2)
 * @returns `U` [*, m, q], `S` [*, q], `V` [*, n, q]: the directions, as columns
 * @example
 * torch.pcaLowrank(torch.eye(3), { q: 2 }).V.shape // [3, 2]
 */
export function pcaLowrank(
  A: Tensor,
  ...args: Call<[q: number | null, center: boolean, niter: number], PcaOptions>
): UsvTuple {
  const op = "pcaLowrank";
  const { q, center = true, niter = 2 } = bind<PcaOptions>(op, ["q", "center", "niter"], args);
  checkMatrix(op, A);
  const rank = q ?? Math.min(6, rows(A), columns(A));
  checkRank(op, A, rank, niter);
  const centered = center ? A.sub(A.mean(-2, true)) : A;
  const [U, S, V] = factors(op, centered, null, rank, niter);
  return namedTriple({ U, S, V }, "pca_lowrank");
}
