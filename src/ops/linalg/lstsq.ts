/** @file Least squares. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { int64, toReal } from "../../core/dtype.ts";
import { DTypeError, describe, LinAlgError, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { eye, full, zeros } from "../creation.ts";
import { cat } from "../joining.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { batchOf, checkMatrix, columns, epsilonOf, rows } from "./checks.ts";
import { pinv, pinvBackward } from "./pinv.ts";
import { reflected, reflectors } from "./qr.ts";
import { singularVectors } from "./svd.ts";
import { solveTriangle } from "./triangular.ts";

type Driver = "gels" | "gelsy" | "gelsd" | "gelss";
const DRIVERS: readonly Driver[] = ["gels", "gelsy", "gelsd", "gelss"];

interface Attrs {
  readonly driver: Driver;
  readonly rcond: number;
}

/**
 * By QR factors, for matrices that `suits` says are of full rank by their R; null if one is not.
 */
function byFactors(A: Tensor, B: Tensor, suits: (R: Tensor) => boolean): Tensor | null {
  const [m, n] = [rows(A), columns(A)];
  const wide = m < n;
  const k = Math.min(m, n);
  const [a, tau] = reflectors(wide ? A.mH : A);
  const R = a.narrow(-2, 0, k).triu();
  if (!suits(R)) return null;
  if (!wide) return solveTriangle(R, reflected(a, tau, B, true).narrow(-2, 0, k), { upper: true }).to(A.dtype);
  const Y = solveTriangle(R.mH, B.to(R.dtype), { upper: false });
  return reflected(a, tau, cat([Y, Y.newZeros([...batchOf(Y), n - m, columns(Y)])], { dim: -2 }), false).to(A.dtype);
}

/**
 * Whether no singular value of any R is down to the `rcond`-th part of the largest, by norms that exceed those of the values alone:
 * `(Σ σ²)^½` of R and of its inverse or, if these are too large, `(Σ σ⁸)^⅛`. That is what the SVD would find out, at ten times the price.
 */
function surelyFull(R: Tensor, rcond: number): boolean {
  if (R.numel() === 0) return false;
  const inverse = solveTriangle(R, eye(rows(R), { dtype: R.dtype, device: R.device }), { upper: true });
  const frobenius = (t: Tensor) => t.abs().square().sum([-2, -1], { keepdim: true }).sqrt();
  const schatten = (t: Tensor) => {
    const size = frobenius(t);
    const scaled = t.div(size);
    const squared = scaled.mH.matmul(scaled);
    return size.mul(frobenius(squared.matmul(squared)).sqrt().sqrt());
  };
  const below = (norm: (t: Tensor) => Tensor) => Boolean(norm(R).mul(norm(inverse)).mul(rcond).lt(1).all().item());
  return below(frobenius) || below(schatten);
}

const lstsqOp = kernelOp<Attrs>({
  name: "linalgLstsq",
  forward: ([a, b], { driver, rcond }) => {
    const [A, B] = [a as Tensor, b as Tensor];
    const op = "linalg.lstsq";
    const batch = batchOf(A);
    const [m, n] = [rows(A), columns(A)];
    const real = { dtype: toReal(A.dtype), device: A.device };
    const none = zeros([0], real);
    let X: Tensor;
    let rank = zeros([0], { dtype: int64, device: A.device });
    let values = none;
    let whole = true;
    const quick =
      driver === "gels"
        ? byFactors(A, B, (R) => !R.diagonal(0, -2, -1).eq(0).any().item())
        : driver === "gelsy" && byFactors(A, B, (R) => surelyFull(R, rcond));
    if (quick) {
      X = quick;
      if (driver === "gelsy") rank = full(batch, Math.min(m, n), { dtype: int64, device: A.device });
    } else if (driver === "gels") {
      throw new LinAlgError(`${op}: expected a matrix of full rank for driver "gels", got one of lower rank`);
    } else if (Math.min(m, n) === 0) {
      X = zeros([...batch, n, columns(B)], { dtype: A.dtype, device: A.device });
      rank = zeros(batch, { dtype: int64, device: A.device });
      whole = n === 0;
      values = zeros([...batch, 0], real);
    } else {
      const [U, S, Vh] = singularVectors(op, A, false);
      const counts = S.gt(S.narrow(-1, 0, 1).mul(rcond));
      const inverted = S.reciprocal().maskedFill(counts.logicalNot(), 0).to(A.dtype).unsqueeze(-1);
      X = Vh.mH.matmul(U.mH.matmul(B).mul(inverted));
      rank = counts.sum(-1);
      whole = rank.numel() === 0 || rank.eq(n).all().item() !== 0;
      values = S;
    }
    const residual = () => {
      const size = A.matmul(X).sub(B).abs();
      return size.mul(size).sum(-2);
    };
    return [
      X,
      m > n && whole && driver !== "gelsy" ? residual() : none,
      rank,
      driver === "gelsd" || driver === "gelss" ? values : none.clone(),
    ];
  },
  saves: () => [0, 1],
  backward: ([g], context) => {
    if (!g) return [null, null];
    const A = context.input(0);
    const P = pinv(A);
    return [
      context.needs(0) ? pinvBackward(g.matmul(context.input(1).mH), P, A) : null,
      context.needs(1) ? P.mH.matmul(g) : null,
    ];
  },
});

interface LstsqOptions {
  B: Tensor;
  rcond?: number | null;
  driver?: Driver | null;
}

/** What `linalg.lstsq` gives. */
export type LeastSquares = NamedTuple<LeastSquaresFields, FourTensors>;
type LeastSquaresFields = { solution: Tensor; residuals: Tensor; rank: Tensor; singularValues: Tensor };
type FourTensors = readonly [Tensor, Tensor, Tensor, Tensor];

/**
 * The X for which `‖A X − B‖` is least; of several, the smallest. PyTorch: `torch.linalg.lstsq`.
 *
 * @param A - [*, m, n]; float32, float64 or complex
 * @param args - `B` [*, m, k] or [*, m]; `rcond` (null, that is epsilon times max(m, n)): singular values up to this part of the largest
 * count as 0; `driver` (null, that is "gelsy"): "gels" uses QR factors, for matrices of full rank, the others singular values
 * @returns `solution` [*, n, k], differentiable; `residuals` [*, k], summed squares, empty unless m > n and every matrix has full
 * rank, and with "gelsy"; `rank` [*], int64, empty with "gels"; `singularValues` [*, min(m, n)], empty unless "gelsd" or "gelss"
 * @throws ShapeError, DTypeError if A and B do not go together; LinAlgError if "gels" meets a matrix of lower rank
 * @example
 * const A = torch.tensor([[1, 0.5], [1, 1.5], [1, 2.5]])
 * torch.linalg.lstsq(A, torch.tensor([[1.5], [2.5], [3.5]])).solution // tensor([[1.0000],
 *                                                                     //         [1.0000]])
 */
export function lstsq(
  A: Tensor,
  ...args: Named<[B: Tensor, rcond: number | null], ["B", "rcond"], LstsqOptions>
): LeastSquares {
  if (isAutocasting()) return inFloat32(lstsq, [A, ...args]);
  const op = "linalg.lstsq";
  const { B, rcond, driver } = named<LstsqOptions>(op, ["B", "rcond", "driver"], 1, args);
  checkMatrix(op, A);
  checkTensor(op, B, "B");
  const chosen = driver ?? "gelsy";
  if (!DRIVERS.includes(chosen))
    throw new ValueError(`${op}: expected "gels", "gelsy", "gelsd" or "gelss" as driver, got ${describe(driver)}`);
  if (rcond !== undefined && rcond !== null && typeof rcond !== "number")
    throw new ValueError(`${op}: expected a number as rcond, got ${describe(rcond)}`);
  if (B.ndim < 1) throw new ShapeError(`${op}: expected B with at least 1 dimension, got shape []`);
  if (A.dtype !== B.dtype) throw new DTypeError(`${op}: expected A and B in one dtype, got ${A.dtype} and ${B.dtype}`);
  const vector = B.ndim === A.ndim - 1 && sameShape(B.shape, A.shape.slice(0, -1));
  const matrix = vector ? B.unsqueeze(-1) : B;
  if (matrix.ndim < 2 || rows(matrix) !== rows(A))
    throw new ShapeError(
      `${op}: expected B with ${rows(A)} rows, or a vector of ${rows(A)} for each matrix, got A ${shapeText(A.shape)} and B ${shapeText(B.shape)}`,
    );
  const batch = broadcastShapes(op, batchOf(A), batchOf(matrix));
  const whole = (t: Tensor) => t.expand([...batch, rows(t), columns(t)]);
  const limit = rcond ?? epsilonOf(A.dtype) * Math.max(rows(A), columns(A));
  const [X, residuals, rank, singularValues] = lstsqOp.results([whole(A), whole(matrix)], {
    driver: chosen,
    rcond: limit,
  }) as [Tensor, Tensor, Tensor, Tensor];
  const solution = vector ? X.squeeze(-1) : X;
  return namedTuple<LeastSquaresFields, FourTensors>(
    { solution, residuals: residuals.detach(), rank, singularValues: singularValues.detach() },
    "linalg_lstsq",
  );
}
