/** @file Systems of equations and inverses. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { backendOf } from "../../backends/backend.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, numelOf, sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { eye } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { batchOf, checkInfo, checkSquare, columns, rows, saysSingular, scratch } from "./checks.ts";
import { luFactors, solveByFactors } from "./lu.ts";
import { checkEquation } from "./triangular.ts";

const solveOp: KernelOp<{ left: boolean }> = kernelOp({
  name: "linalgSolveEx",
  forward: ([a, b], { left }) => {
    const [A, B] = [a as Tensor, b as Tensor];
    const [LU, pivots, info] = luFactors(A);
    const n = rows(A);
    const batch = broadcastShapes("linalg.solve", batchOf(A), batchOf(B));
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    const right = left ? B : B.mT;
    const X = scratch(right, [...batch, n, columns(right)]);
    const kernels = backendOf(A.device).kernels.linalg;
    kernels.luSolve(
      LU.expand([...batch, n, n]).contiguous(),
      pivots.expand([...batch, n]).contiguous(),
      X,
      left ? "as is" : "transposed",
    );
    return [left ? X : X.mT, LU, pivots, info];
  },
  saves: (needs) => [0, ~1, ~2, ...(needs(0) ? [~0] : [])],
  backward: ([g], context) => {
    if (!g) return [null, null];
    const { left } = context.attrs;
    // The factors are at hand, but no gradient flows through them: derivatives of higher order solve anew.
    const gradB = isGradEnabled()
      ? (solveOp.results([context.input(0).mH, g], { left })[0] as Tensor)
      : solveByFactors(context.result(1), context.result(2), g, left, true);
    const gradA = () => {
      const XH = context.result(0).mH;
      return (left ? gradB.matmul(XH) : XH.matmul(gradB)).neg();
    };
    return [context.needs(0) ? gradA() : null, context.needs(1) ? gradB : null];
  },
});

/** The solution, whatever it is worth, and what went wrong. */
export function solveWithInfo(A: Tensor, B: Tensor, left = true): [X: Tensor, info: Tensor] {
  const [X, , , info] = solveOp.results([A, B], { left }) as [Tensor, Tensor, Tensor, Tensor];
  return [X, info];
}

/** Whether `B` is a vector for each matrix, not a matrix. */
function isVector(A: Tensor, B: Tensor): boolean {
  return B.ndim === 1 || (B.ndim === A.ndim - 1 && sameShape(B.shape, A.shape.slice(0, -1)));
}

function solveEither(op: string, A: Tensor, B: Tensor, left: boolean): [X: Tensor, info: Tensor] {
  checkSquare(op, A);
  checkTensor(op, B, "B");
  const vector = isVector(A, B);
  if (vector && !left)
    throw new ShapeError(
      `${op}: expected matrices as B for X A = B, got A ${shapeText(A.shape)} and B ${shapeText(B.shape)}`,
    );
  const matrix = vector ? B.unsqueeze(-1) : B;
  checkEquation(op, A, matrix, left);
  const [X, info] = solveWithInfo(A, matrix, left);
  return [vector ? X.squeeze(-1) : X, info];
}

interface SolveOptions {
  B: Tensor;
  left?: boolean;
}
type SolveArgs = Named<[B: Tensor], ["B"], SolveOptions>;

/**
 * Solves `A X = B`. PyTorch: `torch.linalg.solve`.
 *
 * @param A - [*, n, n]; float32, float64 or complex
 * @param args - `B` [*, n, k], or [n] or [*, n]: a vector for each matrix; `left` (true; else solves `X A = B`)
 * @throws LinAlgError if a matrix is singular; ShapeError if the sizes do not fit; DTypeError if the dtypes differ
 * @example
 * torch.linalg.solve(torch.eye(2).mul(2), torch.ones(2)) // tensor([0.5000, 0.5000])
 */
export function solve(A: Tensor, ...args: SolveArgs): Tensor {
  if (isAutocasting()) return inFloat32(solve, [A, ...args]);
  const op = "linalg.solve";
  const { B, left = true } = named<SolveOptions>(op, ["B", "left"], 1, args);
  const [X, info] = solveEither(op, A, B, left);
  checkInfo(op, info, saysSingular);
  return X;
}

/**
 * As `linalg.solve`; whether a matrix is singular is a result: the first zero on the diagonal of its factor U, or 0.
 * PyTorch: `torch.linalg.solve_ex`.
 *
 * @param args - `B`, `left` (true), `checkErrors` (false: throw after all)
 * @example
 * torch.linalg.solveEx(torch.zeros(2, 2), torch.ones(2)).info // tensor(1, dtype=torch.int32)
 */
export function solveEx(
  A: Tensor,
  ...args: Named<[B: Tensor], ["B"], SolveOptions & { checkErrors?: boolean }>
): NamedTuple<{ result: Tensor; info: Tensor }> {
  const op = "linalg.solveEx";
  const names = ["B", "left", "checkErrors"] as const;
  const { B, left = true, checkErrors = false } = named<SolveOptions & { checkErrors?: boolean }>(op, names, 1, args);
  const [result, info] = solveEither(op, A, B, left);
  if (checkErrors) checkInfo(op, info, saysSingular);
  return namedTuple({ result, info }, "linalg_solve_ex");
}

const invOp = kernelOp({
  name: "linalgInvEx",
  forward: ([input]) => {
    const A = input as Tensor;
    const [LU, pivots, info] = luFactors(A);
    const X = scratch(eye(rows(A), { dtype: A.dtype, device: A.device }), A.shape);
    backendOf(A.device).kernels.linalg.luSolve(LU, pivots, X, "as is");
    return [X, info];
  },
  saves: () => [~0],
  backward: ([g], context) => {
    if (!g) return [null];
    const XH = context.result(0).mH;
    return [XH.matmul(g.matmul(XH)).neg()];
  },
});

/** The inverses, whatever they are worth, and what went wrong. */
export function inverses(op: string, A: Tensor): [inverse: Tensor, info: Tensor] {
  checkSquare(op, A);
  return invOp.results([A], undefined) as [Tensor, Tensor];
}

function checkedInverse(op: string, A: Tensor): Tensor {
  const [inverse, info] = inverses(op, A);
  checkInfo(op, info, saysSingular);
  return inverse;
}

/**
 * The inverse of each matrix. PyTorch: `torch.linalg.inv`.
 *
 * @param A - [*, n, n]; float32, float64 or complex
 * @throws LinAlgError if a matrix is singular; ShapeError if it is not square
 * @example
 * torch.linalg.inv(torch.tensor([[2, 0], [0, 0.5]])) // tensor([[0.5000, 0.0000],
 *                                                    //         [0.0000, 2.0000]])
 */
export function inv(A: Tensor): Tensor {
  if (isAutocasting()) return inFloat32(inv, [A]);
  return checkedInverse("linalg.inv", A);
}

/** The inverse of each matrix, as `linalg.inv` gives it. PyTorch: `torch.inverse`. */
export function inverse(input: Tensor): Tensor {
  if (isAutocasting()) return inFloat32(inverse, [input]);
  return checkedInverse("inverse", input);
}

/**
 * As `linalg.inv`; whether a matrix is singular is a result. PyTorch: `torch.linalg.inv_ex`.
 * @param args - `checkErrors` (false: throw after all)
 * @example
 * torch.linalg.invEx(torch.zeros(2, 2)).info // tensor(1, dtype=torch.int32)
 */
export function invEx(
  A: Tensor,
  ...args: Call<[], { checkErrors?: boolean }>
): NamedTuple<{ inverse: Tensor; info: Tensor }> {
  if (isAutocasting()) return inFloat32(invEx, [A, ...args]);
  const op = "linalg.invEx";
  const { checkErrors = false } = bind<{ checkErrors?: boolean }>(op, ["checkErrors"], args);
  const [inverse, info] = inverses(op, A);
  if (checkErrors) checkInfo(op, info, saysSingular);
  return namedTuple({ inverse, info }, "linalg_inv_ex");
}

/**
 * The inverse of a tensor as a linear map between shapes: `tensordot(tensorinv(A), A, ind)` is the identity.
 * PyTorch: `torch.linalg.tensorinv`.
 *
 * @param A - of which the first `ind` sizes multiply to the same as the others
 * @param args - `ind` (2)
 * @throws ShapeError if the sizes do not fit; LinAlgError if the map is singular
 * @example
 * torch.linalg.tensorinv(torch.eye(4).reshape(2, 2, 4)).shape // [4, 2, 2]
 */
export function tensorinv(A: Tensor, ...args: Call<[ind: number], { ind?: number }>): Tensor {
  if (isAutocasting()) return inFloat32(tensorinv, [A, ...args]);
  const op = "linalg.tensorinv";
  const { ind = 2 } = bind<{ ind?: number }>(op, ["ind"], args);
  checkTensor(op, A);
  checkInt(op, "ind", ind);
  if (ind <= 0) throw new ShapeError(`${op}: expected ind of at least 1, got ${ind}`);
  const [first, second] = [A.shape.slice(0, ind), A.shape.slice(ind)];
  if (numelOf(first) !== numelOf(second))
    throw new ShapeError(
      `${op}: expected prod(A.shape[:ind]) == prod(A.shape[ind:]), got ${shapeText(first)} and ${shapeText(second)}`,
    );
  return checkedInverse(op, A.reshape(numelOf(second), numelOf(first))).reshape([...second, ...first]);
}

interface TensorsolveOptions {
  B: Tensor;
  dims?: readonly number[] | null;
}

/**
 * Solves `tensordot(A, X, X.ndim) = B`. PyTorch: `torch.linalg.tensorsolve`.
 *
 * @param args - `B`; `dims` (null): dimensions of `A` to move to its end first
 * @throws ShapeError if the sizes do not fit; LinAlgError if the map is singular
 * @example
 * torch.linalg.tensorsolve(torch.eye(4).reshape(2, 2, 4), torch.ones(2, 2)) // tensor([1., 1., 1., 1.])
 */
export function tensorsolve(
  A: Tensor,
  ...args: Named<[B: Tensor, dims: readonly number[] | null], ["B", "dims"], TensorsolveOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(tensorsolve, [A, ...args]);
  const op = "linalg.tensorsolve";
  const { B, dims = null } = named<TensorsolveOptions>(op, ["B", "dims"], 1, args);
  checkTensor(op, A);
  checkTensor(op, B, "B");
  if (dims !== null && !Array.isArray(dims))
    throw new ValueError(`${op}: expected an array of numbers as dims, got ${describe(dims)}`);
  if (A.dtype !== B.dtype) throw new DTypeError(`${op}: expected A and B in one dtype, got ${A.dtype} and ${B.dtype}`);
  const moved =
    dims === null
      ? A
      : A.movedim(
          [...dims],
          dims.map((_, i) => A.ndim - dims.length + i),
        );
  const shape = moved.shape.slice(B.ndim);
  if (numelOf(moved.shape.slice(0, B.ndim)) !== numelOf(shape) || numelOf(shape) !== B.numel())
    throw new ShapeError(
      `${op}: expected A that is square when its first ${B.ndim} dimensions are taken together, of ${B.numel()} elements, got ${shapeText(moved.shape)}`,
    );
  const n = B.numel();
  const [X, info] = solveEither(op, moved.reshape(n, n), B.reshape(n), true);
  checkInfo(op, info, saysSingular);
  return X.reshape(shape);
}
