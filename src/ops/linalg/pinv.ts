/** @file Pseudo-inverses, ranks and condition numbers: what depends on which singular values count for nothing. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { int64, toReal } from "../../core/dtype.ts";
import { describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { full, zeros } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { batchOf, checkMatrix, checkSquare, columns, epsilonOf, rows } from "./checks.ts";
import { symmetricEigen, symmetricValues } from "./eigen.ts";
import { type MatrixNormOrder, matrixNorm } from "./matrix-norm.ts";
import { inverses } from "./solve.ts";
import { singularValues, singularVectors } from "./svd.ts";

type Tolerance = number | Tensor | null;

interface Tolerances {
  readonly atol?: Tolerance | undefined;
  readonly rtol?: Tolerance | undefined;
}

/** Below what a singular value counts for nothing: `max(atol, rtol · largest)`, [*, 1]. */
function thresholdOf(op: string, A: Tensor, largest: Tensor, { atol, rtol }: Tolerances): Tensor {
  const dtype = toReal(A.dtype);
  const tensor = (name: string, value: Tolerance): Tensor => {
    if (value instanceof Tensor) {
      if (value.isComplex()) throw new ValueError(`${op}: expected a real ${name}, got ${value.dtype}`);
      return value.detach().to(dtype);
    }
    if (typeof value !== "number")
      throw new ValueError(`${op}: expected a number or Tensor as ${name}, got ${describe(value)}`);
    return full([], value, { dtype, device: A.device });
  };
  const absolute = tensor("atol", atol ?? 0);
  // A tolerance that is given in full needs no relative one beside it.
  const usual = epsilonOf(A.dtype) * Math.max(rows(A), columns(A));
  const relative =
    rtol === undefined || rtol === null ? absolute.gt(0).logicalNot().to(dtype).mul(usual) : tensor("rtol", rtol);
  return absolute.maximum(relative.mul(largest)).unsqueeze(-1);
}

interface PinvAttrs {
  readonly op: string;
  readonly hermitian: boolean;
  readonly tolerances: Tolerances;
}

const pinvOp = kernelOp<PinvAttrs>({
  name: "linalgPinv",
  forward: ([input], { op, hermitian, tolerances }) => {
    const A = input as Tensor;
    if (A.numel() === 0) return zeros([...batchOf(A), columns(A), rows(A)], { dtype: A.dtype, device: A.device });
    const inverted = (values: Tensor, sizes: Tensor, largest: Tensor) => {
      const counts = sizes.gt(thresholdOf(op, A, largest, tolerances));
      return values.reciprocal().mul(counts).maskedFill(counts.logicalNot(), 0).to(A.dtype).unsqueeze(-2);
    };
    if (hermitian) {
      const [L, V] = symmetricEigen(op, A);
      const sizes = L.abs();
      return V.mul(inverted(L, sizes, sizes.amax(-1))).matmul(V.mH);
    }
    const [U, S, Vh] = singularVectors(op, A, false);
    return Vh.mH.mul(inverted(S, S, S.narrow(-1, 0, 1).squeeze(-1))).matmul(U.mH);
  },
  saves: () => [0, ~0],
  backward: ([g], context) => [pinvBackward(g as Tensor, context.result(0), context.input(0))],
});

/** From `dP = −P dA P + P Pᴴ dAᴴ (I − A P) + (I − P A) dAᴴ Pᴴ P`, with the products in the order that keeps them small. */
export function pinvBackward(g: Tensor, P: Tensor, A: Tensor): Tensor {
  const [PH, gH] = [P.mH, g.mH];
  if (rows(A) <= columns(A)) {
    const K = gH.matmul(P);
    const KPH = K.matmul(PH);
    return KPH.sub(P.matmul(K).mH)
      .sub(A.matmul(P).matmul(KPH))
      .add(PH.matmul(P).matmul(gH.sub(K.matmul(A))));
  }
  const K = P.matmul(gH);
  const PHK = PH.matmul(K);
  return PHK.sub(K.matmul(P).mH)
    .add(gH.sub(A.matmul(K)).matmul(P).matmul(PH))
    .sub(PHK.matmul(P).matmul(A));
}

interface PinvOptions {
  rcond?: Tolerance;
  hermitian?: boolean;
  atol?: Tolerance;
  rtol?: Tolerance;
}

function pseudoInverse(op: string, A: Tensor, hermitian: boolean, tolerances: Tolerances): Tensor {
  checkMatrix(op, A);
  if (hermitian) checkSquare(op, A);
  return pinvOp.call([A], { op, hermitian, tolerances });
}

/**
 * Moore and Penrose's pseudo-inverse. PyTorch: `torch.linalg.pinv`.
 *
 * @param A - [*, m, n]; float32, float64 or complex
 * @param args - `rcond` (older name of `rtol`), `hermitian` (false: if true, `A` is symmetric or Hermitian), `atol` (0), `rtol` (the
 * dtype's epsilon times max(m, n), or 0 if there is an `atol`): singular values up to `max(atol, rtol · largest)` count as 0; numbers, or
 * tensors that broadcast to the batch
 * @returns [*, n, m]; differentiable where the rank does not change
 * @example
 * torch.linalg.pinv(torch.tensor([[2, 0], [0, 0.0], [0, 0]], { dtype: torch.float32 })) // tensor([[0.5000, 0.0000, 0.0000],
 *                                                                                     //         [0.0000, 0.0000, 0.0000]])
 */
export function pinv(A: Tensor, ...args: Call<[rcond: Tolerance, hermitian: boolean], PinvOptions>): Tensor {
  const op = "linalg.pinv";
  const bound = bind<PinvOptions>(op, ["rcond", "hermitian", "atol", "rtol"], args);
  const { rcond, hermitian = false, atol, rtol = rcond } = bound;
  return pseudoInverse(op, A, hermitian, { atol: rcond === undefined ? atol : (atol ?? 0), rtol });
}

/**
 * The pseudo-inverse, with singular values below `rcond` times the largest taken for 0. PyTorch: `torch.pinverse`.
 * @param args - `rcond` (1e-15)
 * @example
 * torch.pinverse(torch.eye(2).mul(2)) // tensor([[0.5000, 0.0000],
 *                                     //         [0.0000, 0.5000]])
 */
export function pinverse(input: Tensor, ...args: Call<[rcond: number], { rcond?: number }>): Tensor {
  if (isAutocasting()) return inFloat32(pinverse, [input, ...args]);
  const { rcond = 1e-15 } = bind<{ rcond?: number }>("pinverse", ["rcond"], args);
  return pseudoInverse("pinverse", input, false, { atol: 0, rtol: rcond });
}

interface RankOptions {
  tol?: Tolerance;
  hermitian?: boolean;
  atol?: Tolerance;
  rtol?: Tolerance;
}

/**
 * The rank of each matrix: how many singular values (magnitudes of eigenvalues with `hermitian`) are larger than
 * `max(atol, rtol · largest)`. PyTorch: `torch.linalg.matrix_rank`.
 *
 * @param A - [*, m, n]
 * @param args - `tol` (older: an absolute tolerance alone), `hermitian` (false), `atol` (0), `rtol` (epsilon times max(m, n), or 0 if
 * there is an `atol`)
 * @returns [*], int64
 * @example
 * torch.linalg.matrixRank(torch.ones(3, 3)) // tensor(1)
 */
export function matrixRank(A: Tensor, ...args: Call<[tol: Tolerance, hermitian: boolean], RankOptions>): Tensor {
  if (isAutocasting()) return inFloat32(matrixRank, [A, ...args]);
  const op = "linalg.matrixRank";
  const bound = bind<RankOptions>(op, ["tol", "hermitian", "atol", "rtol"], args);
  const { tol, hermitian = false } = bound;
  const tolerances = tol === undefined || tol === null ? bound : { atol: tol, rtol: 0 };
  checkMatrix(op, A);
  if (hermitian) checkSquare(op, A);
  const X = A.detach();
  if (X.numel() === 0) return zeros(batchOf(X), { dtype: int64, device: X.device });
  const sizes = hermitian ? symmetricValues(op, X).abs() : singularValues(op, X);
  return sizes.gt(thresholdOf(op, X, sizes.amax(-1), tolerances)).sum(-1);
}

/**
 * The condition number of each matrix in a norm: `‖A‖ · ‖A⁻¹‖`. PyTorch: `torch.linalg.cond`.
 *
 * @param A - [*, m, n] for `p` null, 2 and -2, else [*, n, n]
 * @param args - `p` (null, that is 2; or as `ord` of `linalg.matrixNorm`)
 * @returns [*], real; Infinity for a singular matrix
 * @example
 * torch.linalg.cond(torch.tensor([[4, 0], [0, 0.5]])) // tensor(8.)
 */
export function cond(A: Tensor, ...args: Call<[p: MatrixNormOrder | null], { p?: MatrixNormOrder | null }>): Tensor {
  if (isAutocasting()) return inFloat32(cond, [A, ...args]);
  const op = "linalg.cond";
  const { p = null } = bind<{ p?: MatrixNormOrder | null }>(op, ["p"], args);
  checkMatrix(op, A);
  if (p === null || p === 2 || p === -2) {
    if (A.numel() === 0) return A.newZeros(batchOf(A)).to(toReal(A.dtype));
    const S = singularValues(op, A);
    const [first, last] = [S.select(-1, 0), S.select(-1, -1)];
    return p === -2 ? last.div(first) : first.div(last);
  }
  checkSquare(op, A);
  const whole = matrixNorm(A, { ord: p });
  if (A.numel() === 0) return A.newZeros(batchOf(A)).to(toReal(A.dtype));
  const [inverse, info] = inverses(op, A);
  const singular = info.gt(0);
  const safe = inverse.maskedFill(singular.unsqueeze(-1).unsqueeze(-1), 0);
  return whole.mul(matrixNorm(safe, { ord: p })).maskedFill(singular, Infinity);
}
