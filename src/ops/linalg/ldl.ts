/** @file Factors of symmetric and Hermitian matrices that need not be definite. */
import { backendOf } from "../../backends/backend.ts";
import { int32 } from "../../core/dtype.ts";
import { AutogradError, DTypeError, ShapeError } from "../../core/errors.ts";
import { broadcastShapes, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate } from "../creation.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTriple, namedTuple } from "../named-tuple.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { batchOf, checkInfo, checkSquare, columns, doubleOf, rows, scratch } from "./checks.ts";
import { checkEquation } from "./triangular.ts";

const noDerivative = (op: string) => () => {
  throw new AutogradError(`${op}: expected no gradient to be asked for: it has no derivative; use linalg.solve`);
};

const ldlOp = kernelOp<{ hermitian: boolean }>({
  name: "linalgLdlFactorEx",
  forward: ([input], { hermitian }) => {
    const A = input as Tensor;
    const LD = scratch(A, A.shape, doubleOf(A.dtype));
    const pivots = allocate(A.shape.slice(0, -1), int32, A.device);
    const info = allocate(batchOf(A), int32, A.device);
    backendOf(A.device).kernels.linalg.ldl(LD, pivots, info, hermitian && A.dtype.isComplex);
    return [LD.to(A.dtype), pivots, info];
  },
  backward: noDerivative("linalg.ldlFactor"),
});

interface HermitianOptions {
  hermitian?: boolean;
}

/**
 * Bunch-Kaufman factors `A = L D Lᵀ` (`Lᴴ` with `hermitian`) of a symmetric matrix, in LAPACK's compact form.
 * PyTorch: `torch.linalg.ldl_factor`.
 *
 * @param A - [*, n, n]; the lower triangle is read
 * @param args - `hermitian` (false): a complex matrix is Hermitian, not symmetric
 * @returns `LD` [*, n, n] and `pivots` [*, n], int32; not differentiable
 * @throws LinAlgError if D has a block that is zero
 * @example
 * torch.linalg.ldlFactor(torch.tensor([[4, 2], [2, 5.5]])).LD // tensor([[4.0000, 0.0000],
 *                                                             //         [0.5000, 4.5000]])
 */
export function ldlFactor(A: Tensor, ...args: Call<[], HermitianOptions>): NamedTuple<{ LD: Tensor; pivots: Tensor }> {
  const op = "linalg.ldlFactor";
  const { hermitian = false } = bind<HermitianOptions>(op, ["hermitian"], args);
  checkSquare(op, A);
  const [LD, pivots, info] = ldlOp.results([A], { hermitian }) as [Tensor, Tensor, Tensor];
  checkInfo(op, info, saysZero);
  return namedTuple({ LD, pivots }, "linalg_ldl_factor");
}

const saysZero = (i: number) => `expected a factor D that is invertible, got one with D[${i},${i}] = 0`;

/**
 * As `linalg.ldlFactor`; the first zero of D (from 1, or 0) is a result. PyTorch: `torch.linalg.ldl_factor_ex`.
 *
 * @param args - `hermitian` (false), `checkErrors` (false: throw after all)
 * @example
 * torch.linalg.ldlFactorEx(torch.zeros(2, 2)).info // tensor(1, dtype=torch.int32)
 */
export function ldlFactorEx(
  A: Tensor,
  ...args: Call<[], HermitianOptions & { checkErrors?: boolean }>
): NamedTuple<{ LD: Tensor; pivots: Tensor; info: Tensor }, readonly [Tensor, Tensor, Tensor]> {
  const op = "linalg.ldlFactorEx";
  const { hermitian = false, checkErrors = false } = bind<HermitianOptions & { checkErrors?: boolean }>(
    op,
    ["hermitian", "checkErrors"],
    args,
  );
  checkSquare(op, A);
  const [LD, pivots, info] = ldlOp.results([A], { hermitian }) as [Tensor, Tensor, Tensor];
  if (checkErrors) checkInfo(op, info, saysZero);
  return namedTriple({ LD, pivots, info }, "linalg_ldl_factor_ex");
}

const ldlSolveOp = kernelOp<{ hermitian: boolean }>({
  name: "linalgLdlSolve",
  forward: ([ld, p, b], { hermitian }) => {
    const [LD, pivots, B] = [ld as Tensor, p as Tensor, b as Tensor];
    const batch = broadcastShapes("linalg.ldlSolve", batchOf(LD), batchOf(B));
    const n = rows(LD);
    const double = doubleOf(LD.dtype);
    const factors = scratch(LD, [...batch, n, n], double);
    const X = scratch(B, [...batch, n, columns(B)], double);
    const order = pivots.expand([...batch, n]).contiguous();
    backendOf(LD.device).kernels.linalg.ldlSolve(factors, order, X, hermitian && LD.dtype.isComplex);
    return X.to(B.dtype);
  },
  backward: noDerivative("linalg.ldlSolve"),
});

interface LdlSolveOptions extends HermitianOptions {
  pivots: Tensor;
  B: Tensor;
}

/**
 * Solves `A X = B` with the factors of `linalg.ldlFactor`. PyTorch: `torch.linalg.ldl_solve`.
 *
 * @param LD - [*, n, n]
 * @param args - `pivots` [*, n], `B` [*, n, k], `hermitian` (false): as given to `linalg.ldlFactor`
 * @throws ShapeError, DTypeError if the arguments do not go together
 * @example
 * const { LD, pivots } = torch.linalg.ldlFactor(torch.eye(2).mul(2))
 * torch.linalg.ldlSolve(LD, pivots, torch.ones(2, 1)) // tensor([[0.5000],
 *                                                     //         [0.5000]])
 */
export function ldlSolve(
  LD: Tensor,
  ...args: Named<[pivots: Tensor, B: Tensor], ["pivots", "B"], LdlSolveOptions>
): Tensor {
  const op = "linalg.ldlSolve";
  const names = ["pivots", "B", "hermitian"] as const;
  const { pivots, B, hermitian = false } = named<LdlSolveOptions>(op, names, 2, args);
  checkSquare(op, LD, "LD");
  checkTensor(op, pivots, "pivots");
  if (pivots.dtype !== int32) throw new DTypeError(`${op}: expected pivots of torch.int32, got ${pivots.dtype}`);
  if (shapeText(pivots.shape) !== shapeText(LD.shape.slice(0, -1)))
    throw new ShapeError(
      `${op}: expected pivots of shape ${shapeText(LD.shape.slice(0, -1))}, got ${shapeText(pivots.shape)}`,
    );
  checkEquation(op, LD, B, true);
  return ldlSolveOp.call([LD, pivots, B], { hermitian });
}
