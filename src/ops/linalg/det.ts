/** @file Determinants. */
import { isGradEnabled } from "../../autograd/modes.ts";
import { int32, toReal } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import { arange, zeros } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { checkSquare, epsilonOf, rows } from "./checks.ts";
import { luFactors, solveByFactors } from "./lu.ts";
import { solveWithInfo } from "./solve.ts";
import { singularVectors } from "./svd.ts";

/** 1 or −1: whether the exchanges of rows are even or odd in number, in the real dtype of the matrix. */
function parity(pivots: Tensor, like: Tensor): Tensor {
  const n = pivots.shape.at(-1) as number;
  const swaps = pivots.ne(arange(1, n + 1, { dtype: int32 })).sum(-1);
  return swaps.remainder(2).mul(-2).add(1).to(toReal(like.dtype));
}

/** `g` times the identity, for each matrix of a batch. */
function diagonal(g: Tensor, n: number): Tensor {
  return g
    .unsqueeze(-1)
    .expand([...g.shape, n])
    .diagEmbed();
}

/**
 * The gradient of a determinant is its adjugate's adjoint. Of a singular matrix that is found by singular vectors:
 * `det(U Vᴴ) U diag(products of all singular values but one) Vᴴ`.
 */
function ofSingular(A: Tensor, g: Tensor): Tensor {
  const [U, S, Vh] = singularVectors("linalg.det", A, false);
  const n = rows(A);
  // Row i holds the singular values with a one in place of the i-th.
  const hole = zeros([n, n], { dtype: S.dtype, device: S.device }).diagonalScatter(S.detach().newOnes([n]));
  const others = S.unsqueeze(-2).mul(hole.neg().add(1)).add(hole).prod(-1);
  const phase = det(U).mul(det(Vh)).mul(g.conj()).conj();
  return U.mul(others.mul(phase.unsqueeze(-1)).unsqueeze(-2)).matmul(Vh);
}

/** Different formulas for the singular and the other matrices of a batch. */
function gradientOfDet(A: Tensor, g: Tensor, result: Tensor, LU: Tensor, pivots: Tensor): Tensor {
  const n = rows(A);
  if (A.numel() === 0) return A.newZeros(A.shape);
  const small = result
    .detach()
    .abs()
    .lt(100 * epsilonOf(A.dtype));
  const whole = (A_: Tensor, g_: Tensor, det_: Tensor) =>
    isGradEnabled()
      ? solveWithInfo(A_.mH, diagonal(g_.mul(det_.conj()), n))[0]
      : solveByFactors(LU, pivots, diagonal(g_.mul(det_.conj()), n), true, true);
  if (!small.any().item()) return whole(A, g, result);
  if (small.all().item()) return ofSingular(A, g);
  const flat = (t: Tensor, size: readonly number[]) => t.reshape([-1, ...size]);
  const mask = small.reshape(-1);
  const [at, other] = [mask, mask.logicalNot()].map((m) => m.nonzero().squeeze(-1)) as [Tensor, Tensor];
  const [As, gs, ds] = [flat(A, [n, n]), flat(g, []), flat(result, [])];
  const [some, rest] = [at, other].map((i) => [As, gs, ds].map((t) => t.indexSelect(0, i))) as [Tensor[], Tensor[]];
  const [A2, g2, d2] = rest as [Tensor, Tensor, Tensor];
  const regular = solveWithInfo(A2.mH, diagonal(g2.mul(d2.conj()), n))[0];
  const singular = ofSingular(some[0] as Tensor, some[1] as Tensor);
  return As.newZeros(As.shape).indexCopy(0, other, regular).indexCopy(0, at, singular).reshape(A.shape);
}

const detOp = kernelOp({
  name: "linalgDet",
  forward: ([input]) => {
    const A = input as Tensor;
    const [LU, pivots] = luFactors(A);
    return [LU.diagonal(0, -2, -1).prod(-1).mul(parity(pivots, A)), LU, pivots];
  },
  saves: () => [0, ~0, ~1, ~2],
  backward: ([g], context) => {
    if (!g) return [null];
    return [gradientOfDet(context.input(0), g, context.result(0), context.result(1), context.result(2))];
  },
});

/**
 * The determinant of each matrix. PyTorch: `torch.linalg.det`, `torch.det`.
 * Differs: where the determinant is exactly 0 the gradient is still the adjugate's; PyTorch gives 0, unless with `createGraph`.
 *
 * @param A - [*, n, n]; float32, float64 or complex
 * @returns [*]; differentiable, at singular matrices too
 * @throws ShapeError if `A` is not square; DTypeError for half precision and integers
 * @example
 * torch.linalg.det(torch.tensor([[3, 1], [1, 2.5]])) // tensor(6.5000)
 */
export function det(A: Tensor): Tensor {
  checkSquare("linalg.det", A);
  return detOp.call([A], undefined);
}

const slogdetOp = kernelOp({
  name: "linalgSlogdet",
  forward: ([input]) => {
    const A = input as Tensor;
    const [LU, pivots] = luFactors(A);
    const diagonal_ = LU.diagonal(0, -2, -1);
    const sign = diagonal_.sgn().prod(-1).mul(parity(pivots, A));
    return [sign, diagonal_.abs().log().sum(-1), LU, pivots];
  },
  saves: () => [0, ~0, ~2, ~3],
  // d log det = tr(A⁻¹ dA): its real part is that of the logarithm, its imaginary part turns the sign.
  backward: ([gSign, gLog], context) => {
    if (!gSign && !gLog) return [null];
    const A = context.input(0);
    let factor = gLog ? gLog.to(A.dtype) : null;
    if (A.isComplex() && gSign) {
      const turn = gSign.mul(context.result(0).conj());
      const imaginary = turn.sub(turn.conj()).mul(0.5);
      factor = factor === null ? imaginary : factor.add(imaginary);
    }
    if (factor === null) return [null];
    const right = diagonal(factor, rows(A));
    return [
      isGradEnabled()
        ? solveWithInfo(A.mH, right)[0]
        : solveByFactors(context.result(2), context.result(3), right, true, true),
    ];
  },
});

/** Sign and logarithm of a determinant. */
export type SignAndLog = NamedTuple<{ sign: Tensor; logabsdet: Tensor }>;

function signAndLog(op: string, A: Tensor): [sign: Tensor, log: Tensor] {
  checkSquare(op, A);
  return slogdetOp.results([A], undefined) as [Tensor, Tensor];
}

/**
 * Sign and logarithm of the magnitude of each determinant. PyTorch: `torch.linalg.slogdet`.
 *
 * @param A - [*, n, n]
 * @returns `sign` [*], of size 1 or 0, and `logabsdet` [*], real, −Infinity for a singular matrix
 * @example
 * torch.linalg.slogdet(torch.tensor([[0, 1], [1, 0.5]])).sign // tensor(-1.)
 */
export function slogdet(A: Tensor): SignAndLog {
  const [sign, logabsdet] = signAndLog("linalg.slogdet", A);
  return namedTuple({ sign, logabsdet }, "linalg_slogdet");
}

/** As `linalg.slogdet`. PyTorch: `torch.slogdet`. */
export function slogdetOld(input: Tensor): SignAndLog {
  const [sign, logabsdet] = signAndLog("slogdet", input);
  return namedTuple({ sign, logabsdet }, "slogdet");
}

/**
 * Logarithm of each determinant: NaN where that is negative, −Infinity where it is 0. PyTorch: `torch.logdet`.
 * @example
 * torch.logdet(torch.eye(2).mul(2)) // tensor(1.3863)
 */
export function logdet(input: Tensor): Tensor {
  const [sign, log] = signAndLog("logdet", input);
  if (input.isComplex()) return sign.log().add(log);
  return log.maskedFill(sign.eq(-1), NaN);
}
