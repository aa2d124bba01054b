/** @file LU factors with partial pivoting, and what is solved with them. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { int32 } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { broadcastShapes, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate, arange, empty, eye } from "../creation.ts";
import { fromNumpy } from "../from-data.ts";
import { cat } from "../joining.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTriple, namedTuple } from "../named-tuple.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { batchOf, checkInfo, checkMatrix, checkSquare, columns, rows, scratch } from "./checks.ts";
import { checkEquation, solveTriangle } from "./triangular.ts";

/** Which row of the matrix each row of `L U` is, from pivots: int64 [*, m]. */
function permutation(pivots: Tensor, m: number): Tensor {
  const k = pivots.shape.at(-1) as number;
  const swaps = pivots.reshape(-1).tolist() as number[];
  const batch = pivots.shape.slice(0, -1);
  const count = batch.reduce((a, b) => a * b, 1);
  const order = new BigInt64Array(count * m);
  for (let b = 0; b < count; b++) {
    const own = order.subarray(b * m, (b + 1) * m);
    for (let i = 0; i < m; i++) own[i] = BigInt(i);
    for (let i = 0; i < k; i++) {
      const j = (swaps[b * k + i] as number) - 1;
      if (!(j >= 0 && j < m)) throw new ValueError(`luUnpack: expected pivots from 1 to ${m}, got ${swaps[b * k + i]}`);
      [own[i], own[j]] = [own[j] as bigint, own[i] as bigint];
    }
  }
  return order.length === 0
    ? empty([...batch, m], { dtype: arange(1).dtype })
    : fromNumpy(order).reshape([...batch, m]);
}

/** `X` with the rows in an order. */
function reordered(X: Tensor, order: Tensor): Tensor {
  return X.gather(-2, order.unsqueeze(-1).expand(X.shape));
}

/** P of `A = P L U`. */
function permutationMatrix(order: Tensor, like: Tensor): Tensor {
  const m = order.shape.at(-1) as number;
  const numbers = arange(m).unsqueeze(-1);
  return order.unsqueeze(-2).eq(numbers).to(like.dtype);
}

/** L and U, with as many columns and rows as there are pivots. */
function triangles(LU: Tensor): [L: Tensor, U: Tensor] {
  const k = Math.min(rows(LU), columns(LU));
  const ones = eye(rows(LU), k, { dtype: LU.dtype, device: LU.device });
  return [LU.narrow(-1, 0, k).tril(-1).add(ones), LU.narrow(-2, 0, k).triu()];
}

const luOp = kernelOp({
  name: "linalgLuFactorEx",
  forward: ([input]) => {
    const A = input as Tensor;
    const LU = scratch(A);
    const pivots = allocate([...batchOf(A), Math.min(rows(A), columns(A))], int32, A.device);
    const info = allocate(batchOf(A), int32, A.device);
    backendOf(A.device).kernels.linalg.lu(LU, pivots, info);
    return [LU, pivots, info];
  },
  saves: () => [~0, ~1],
  // Of a square block, dL = L tril(Φ, −1) and dU = triu(Φ) U with Φ = L⁻¹ Pᵀ dA U⁻¹; what hangs over follows from it.
  backward: ([g], context) => {
    if (!g) return [null];
    const LU = context.result(0);
    const [m, n] = [rows(LU), columns(LU)];
    const k = Math.min(m, n);
    const [L, U] = triangles(LU);
    const L1 = L.narrow(-2, 0, k);
    const U1 = U.narrow(-1, 0, k);
    const gradL = g.narrow(-1, 0, k).tril(-1);
    const gradU = g.narrow(-2, 0, k).triu();
    let lower = L1.mH.matmul(gradL.narrow(-2, 0, k));
    let upper = gradU.narrow(-1, 0, k).matmul(U1.mH);
    const beside: Tensor[] = [];
    const below: Tensor[] = [];
    if (n > m) {
      const [grad2, U2] = [gradU.narrow(-1, m, n - m), U.narrow(-1, m, n - m)];
      lower = lower.sub(grad2.matmul(U2.mH));
      beside.push(solveTriangle(L1.mH, grad2, { upper: true, unitriangular: true }));
    } else if (m > n) {
      const [grad2, L2] = [gradL.narrow(-2, n, m - n), L.narrow(-2, n, m - n)];
      upper = upper.sub(L2.mH.matmul(grad2));
      below.push(solveTriangle(U1.mH, grad2, { upper: false, left: false }));
    }
    const inner = lower.tril(-1).add(upper.triu());
    const left = solveTriangle(L1.mH, inner, { upper: true, unitriangular: true });
    const square = solveTriangle(U1.mH, left, { upper: false, left: false });
    const whole = joined([joined([square, ...beside], -1), ...below], -2);
    const order = permutation(context.result(1), m);
    return [reordered(whole, order.argsort(-1))];
  },
});

function joined(parts: readonly Tensor[], dim: number): Tensor {
  const [first, second] = parts as [Tensor, Tensor?];
  return second === undefined ? first : cat([first, second], { dim });
}

/** Factors, pivots and what went wrong. */
export function luFactors(A: Tensor): [LU: Tensor, pivots: Tensor, info: Tensor] {
  return luOp.results([A], undefined) as [Tensor, Tensor, Tensor];
}

function checkPivot(op: string, pivot: boolean): void {
  if (!pivot) throw new ValueError(`${op}: expected pivot to be true: without pivoting there is no LU on this device`);
}

interface PivotOptions {
  pivot?: boolean;
}
type PivotArgs = Call<[], PivotOptions>;

/**
 * LU factors in compact form: U with L below its diagonal, and the row exchanged with at each step. PyTorch: `torch.linalg.lu_factor`.
 *
 * @param A - [*, m, n]; float32, float64 or complex
 * @returns `LU` [*, m, n] and `pivots` [*, min(m, n)], int32, counted from 1
 * @throws LinAlgError if U has a zero on its diagonal
 * @example
 * torch.linalg.luFactor(torch.tensor([[1, 2], [4, 4.5]])).pivots // tensor([2, 2], dtype=torch.int32)
 */
export function luFactor(A: Tensor, ...args: PivotArgs): NamedTuple<{ LU: Tensor; pivots: Tensor }> {
  const op = "linalg.luFactor";
  checkMatrix(op, A);
  checkPivot(op, bind<PivotOptions>(op, ["pivot"], args).pivot ?? true);
  const [LU, pivots, info] = luFactors(A);
  checkInfo(op, info, (i) => `expected a factor U that is invertible, got one with U[${i},${i}] = 0`);
  return namedTuple({ LU, pivots }, "linalg_lu_factor");
}

/** What the factorization gives that tells of zeros on U's diagonal. */
export type LUWithInfo = NamedTuple<{ LU: Tensor; pivots: Tensor; info: Tensor }, readonly [Tensor, Tensor, Tensor]>;

/**
 * As `linalg.luFactor`; the first zero on U's diagonal (from 1, or 0) is a result. PyTorch: `torch.linalg.lu_factor_ex`.
 * @example
 * torch.linalg.luFactorEx(torch.zeros(2, 2)).info // tensor(1, dtype=torch.int32)
 */
export function luFactorEx(A: Tensor, ...args: Call<[], PivotOptions & { checkErrors?: boolean }>): LUWithInfo {
  const op = "linalg.luFactorEx";
  checkMatrix(op, A);
  const { pivot = true, checkErrors = false } = bind<PivotOptions & { checkErrors?: boolean }>(
    op,
    ["pivot", "checkErrors"],
    args,
  );
  checkPivot(op, pivot);
  const [LU, pivots, info] = luFactors(A);
  if (checkErrors) checkInfo(op, info, (i) => `expected a factor U that is invertible, got one with U[${i},${i}] = 0`);
  return namedTriple({ LU, pivots, info }, "linalg_lu_factor_ex");
}

/** `A = P L U`. */
export type PLU = NamedTuple<{ P: Tensor; L: Tensor; U: Tensor }, readonly [Tensor, Tensor, Tensor]>;

/**
 * The factors of `A = P L U`, each a matrix. PyTorch: `torch.linalg.lu`.
 * @param A - [*, m, n]
 * @returns `P` [*, m, m], `L` [*, m, k], `U` [*, k, n] with k = min(m, n)
 * @example
 * torch.linalg.lu(torch.tensor([[1, 2], [4, 4.5]])).U // tensor([[4.0000, 4.5000],
 *                                                     //         [0.0000, 0.8750]])
 */
export function lu(A: Tensor, ...args: PivotArgs): PLU {
  const op = "linalg.lu";
  checkMatrix(op, A);
  checkPivot(op, bind<PivotOptions>(op, ["pivot"], args).pivot ?? true);
  const [LU, pivots] = luFactors(A);
  const [L, U] = triangles(LU);
  return namedTriple({ P: permutationMatrix(permutation(pivots, rows(A)), A), L, U }, "linalg_lu");
}

interface OldOptions {
  pivot?: boolean;
  getInfos?: boolean;
}

/**
 * LU factors in compact form. Superseded by `linalg.luFactor`. PyTorch: `torch.lu`.
 *
 * @param args - `pivot` (true), `getInfos` (false: give a third result, as `linalg.luFactorEx`)
 * @example
 * torch.lu(torch.eye(2))[1] // tensor([1, 2], dtype=torch.int32)
 */
export function luOld(
  input: Tensor,
  ...args: Call<[pivot: boolean, getInfos: boolean], OldOptions>
): readonly [LU: Tensor, pivots: Tensor, infos?: Tensor] {
  if (isAutocasting()) return inFloat32(luOld, [input, ...args]);
  checkMatrix("lu", input);
  const { pivot = true, getInfos = false } = bind<OldOptions>("lu", ["pivot", "getInfos"], args);
  checkPivot("lu", pivot);
  const [LU, pivots, info] = luFactors(input);
  return getInfos ? [LU, pivots, info] : [LU, pivots];
}

function checkPivots(op: string, LU: Tensor, pivots: Tensor): void {
  checkTensor(op, pivots, "pivots");
  if (pivots.dtype !== int32) throw new DTypeError(`${op}: expected pivots of torch.int32, got ${pivots.dtype}`);
  const expected = [...batchOf(LU), Math.min(rows(LU), columns(LU))];
  if (shapeText(pivots.shape) !== shapeText(expected))
    throw new ShapeError(
      `${op}: expected pivots of shape ${shapeText(expected)} for LU ${shapeText(LU.shape)}, got ${shapeText(pivots.shape)}`,
    );
}

interface UnpackOptions {
  LUPivots: Tensor;
  unpackData?: boolean;
  unpackPivots?: boolean;
}

/**
 * The factors of `A = P L U` from their compact form. PyTorch: `torch.lu_unpack`.
 *
 * @param input - LU, [*, m, n]
 * @param args - `LUPivots`, `unpackData` (true: else L and U are empty), `unpackPivots` (true: else P is empty)
 * @throws ShapeError, DTypeError if the pivots are not those of `LU`
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.tensor([[1, 2], [4, 4.5]]))
 * torch.luUnpack(LU, pivots).P // tensor([[0., 1.],
 *                              //         [1., 0.]])
 */
export function luUnpack(
  input: Tensor,
  ...args: Named<
    [LUPivots: Tensor, unpackData: boolean, unpackPivots: boolean],
    ["LUPivots", "unpackData", "unpackPivots"],
    UnpackOptions
  >
): PLU {
  const op = "luUnpack";
  const names = ["LUPivots", "unpackData", "unpackPivots"] as const;
  const { LUPivots, unpackData = true, unpackPivots = true } = named<UnpackOptions>(op, names, 1, args);
  checkMatrix(op, input, "LU");
  checkPivots(op, input, LUPivots);
  const none = () => empty([0], { dtype: input.dtype, device: input.device });
  const P = unpackPivots ? permutationMatrix(permutation(LUPivots, rows(input)), input) : none();
  const [L, U] = unpackData ? triangles(input) : [none(), none()];
  return namedTriple({ P, L, U }, "lu_unpack");
}

const luSolveOp: KernelOp<{ adjoint: boolean }> = kernelOp({
  name: "linalgLuSolve",
  forward: ([lu, b, p], { adjoint }) => {
    const [LU, B, pivots] = [lu as Tensor, b as Tensor, p as Tensor];
    const batch = broadcastShapes("linalg.luSolve", batchOf(LU), batchOf(B));
    const n = rows(LU);
    const X = scratch(B, [...batch, n, columns(B)]);
    backendOf(LU.device).kernels.linalg.luSolve(
      LU.expand([...batch, n, n]).contiguous(),
      pivots.expand([...batch, n]).contiguous(),
      X,
      adjoint ? "adjoint" : "as is",
    );
    return X;
  },
  saves: (needs) => (needs(0) ? [0, 2, ~0] : [0, 2]),
  backward: ([g], context) => {
    const { adjoint } = context.attrs;
    const [LU, pivots] = [context.input(0), context.input(2)];
    const gradB = luSolveOp.call([LU, g as Tensor, pivots], { adjoint: !adjoint });
    const gradLU = () => {
      const X = context.result(0);
      const gradA = (adjoint ? X.matmul(gradB.mH) : gradB.matmul(X.mH)).neg();
      const [L, U] = triangles(LU);
      const order = permutation(pivots, rows(LU));
      const turned = reordered(gradA, order.expand([...batchOf(gradA), rows(LU)]));
      return turned.matmul(U.mH).tril(-1).add(L.mH.matmul(turned).triu());
    };
    return [context.needs(0) ? gradLU() : null, context.needs(1) ? gradB : null, null];
  },
});

/** Solves `A X = B`, `Aᴴ X = B`, `X A = B` or `X Aᴴ = B`, without checks. */
export function solveByFactors(LU: Tensor, pivots: Tensor, B: Tensor, left: boolean, adjoint: boolean): Tensor {
  return left
    ? luSolveOp.call([LU, B, pivots], { adjoint })
    : luSolveOp.call([LU, B.mH, pivots], { adjoint: !adjoint }).mH;
}

interface LuSolveOptions {
  pivots: Tensor;
  B: Tensor;
  left?: boolean;
  adjoint?: boolean;
}

/**
 * Solves an equation with the LU factors of its matrix. PyTorch: `torch.linalg.lu_solve`.
 *
 * @param LU - [*, n, n], from `linalg.luFactor`
 * @param args - `pivots` [*, n], `B` [*, n, k], `left` (true: `A X = B`, else `X A = B`), `adjoint` (false: `Aᴴ` in place of A)
 * @throws ShapeError, DTypeError if the arguments do not go together
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.eye(2).mul(2))
 * torch.linalg.luSolve(LU, pivots, torch.ones(2, 1)) // tensor([[0.5000],
 *                                                    //         [0.5000]])
 */
export function luSolve(
  LU: Tensor,
  ...args: Named<[pivots: Tensor, B: Tensor], ["pivots", "B"], LuSolveOptions>
): Tensor {
  const op = "linalg.luSolve";
  const names = ["pivots", "B", "left", "adjoint"] as const;
  const { pivots, B, left = true, adjoint = false } = named<LuSolveOptions>(op, names, 2, args);
  checkSquare(op, LU, "LU");
  checkPivots(op, LU, pivots);
  checkEquation(op, LU, B, left);
  return solveByFactors(LU, pivots, B, left, adjoint);
}

interface OldSolveOptions {
  LUData: Tensor;
  LUPivots: Tensor;
}

/**
 * Solves `A X = b` with the LU factors of A. PyTorch: `torch.lu_solve`.
 * @param input - b, [*, n, k]
 * @example
 * const [LU, pivots] = torch.lu(torch.eye(2).mul(2))
 * torch.luSolve(torch.ones(2, 1), LU, pivots) // tensor([[0.5000],
 *                                             //         [0.5000]])
 */
export function luSolveOld(
  input: Tensor,
  ...args: Named<[LUData: Tensor, LUPivots: Tensor], ["LUData", "LUPivots"], OldSolveOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(luSolveOld, [input, ...args]);
  const op = "luSolve";
  const { LUData, LUPivots } = named<OldSolveOptions>(op, ["LUData", "LUPivots"], 2, args);
  checkSquare(op, LUData, "LU");
  checkPivots(op, LUData, LUPivots);
  checkEquation(op, LUData, input, true, "b");
  return solveByFactors(LUData, LUPivots, input, true, false);
}
