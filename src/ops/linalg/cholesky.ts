/** @file Cholesky factors, and what is solved with them. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { int32 } from "../../core/dtype.ts";
import { broadcastShapes } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { allocate, eye } from "../creation.ts";
import { type KernelOp, kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { type Named, named } from "../params.ts";
import { batchOf, checkInfo, checkSquare, columns, rows, scratch } from "./checks.ts";
import { checkEquation, solveTriangle, type UpperArgs, upperOf } from "./triangular.ts";

const choleskyOp = kernelOp<{ upper: boolean }>({
  name: "linalgCholeskyEx",
  forward: ([input], { upper }) => {
    const A = input as Tensor;
    const L = scratch(upper ? A.mH : A);
    const info = allocate(batchOf(A), int32, A.device);
    backendOf(A.device).kernels.linalg.cholesky(L, info);
    return [upper ? L.mH : L, info];
  },
  saves: () => [~0],
  // With dL = L π(L⁻¹ dA L⁻ᴴ), where π keeps the lower triangle and half of the diagonal.
  backward: ([g], context) => {
    if (!g) return [null];
    const { upper } = context.attrs;
    const L = upper ? context.result(0).mH : context.result(0);
    const inner = L.mH.matmul(upper ? g.mH : g).tril();
    const symmetric = inner.add(inner.tril(-1).mH).mul(0.5);
    const left = solveTriangle(L.mH, symmetric, { upper: true });
    return [solveTriangle(L, left, { upper: false, left: false })];
  },
});

const saysNotPositive = (order: number) =>
  `expected a positive-definite matrix, got one whose leading minor of order ${order} is not positive-definite`;

function factor(op: string, A: Tensor, upper: boolean): [L: Tensor, info: Tensor] {
  checkSquare(op, A);
  return choleskyOp.results([A], { upper }) as [Tensor, Tensor];
}

function checked(op: string, A: Tensor, upper: boolean): Tensor {
  const [L, info] = factor(op, A, upper);
  checkInfo(op, info, saysNotPositive);
  return L;
}

/**
 * The Cholesky factor of a symmetric (Hermitian) positive-definite matrix: `A = L Lᴴ`. PyTorch: `torch.linalg.cholesky`.
 *
 * @param A - [*, n, n], float32, float64 or complex; only one triangle is read
 * @param args - `upper` (false): give U of `A = Uᴴ U`, and read the upper triangle
 * @throws LinAlgError if a matrix is not positive-definite; ShapeError if it is not square; DTypeError for half precision and integers
 * @example
 * torch.linalg.cholesky(torch.tensor([[4, 2], [2, 5.]], { dtype: torch.float32 })) // tensor([[2., 0.],
 *                                                                                 //         [1., 2.]])
 */
export function cholesky(A: Tensor, ...args: UpperArgs): Tensor {
  if (isAutocasting()) return inFloat32(cholesky, [A, ...args]);
  return checked("linalg.cholesky", A, upperOf("linalg.cholesky", args));
}

/** The Cholesky factor, as `linalg.cholesky` gives it. PyTorch: `torch.cholesky`. */
export function choleskyOld(input: Tensor, ...args: UpperArgs): Tensor {
  if (isAutocasting()) return inFloat32(choleskyOld, [input, ...args]);
  return checked("cholesky", input, upperOf("cholesky", args));
}

interface ExOptions {
  upper?: boolean;
  checkErrors?: boolean;
}

/**
 * As `linalg.cholesky`, with what went wrong as a result: the order of the first minor that is not positive-definite, or 0.
 * PyTorch: `torch.linalg.cholesky_ex`.
 *
 * @param args - `upper` (false), `checkErrors` (false: throw after all)
 * @example
 * torch.linalg.choleskyEx(torch.eye(2).neg()).info // tensor(1, dtype=torch.int32)
 */
export function choleskyEx(
  A: Tensor,
  ...args: Call<[upper: boolean, checkErrors: boolean], ExOptions>
): NamedTuple<{ L: Tensor; info: Tensor }> {
  if (isAutocasting()) return inFloat32(choleskyEx, [A, ...args]);
  const op = "linalg.choleskyEx";
  const { upper = false, checkErrors = false } = bind<ExOptions>(op, ["upper", "checkErrors"], args);
  const [L, info] = factor(op, A, upper);
  if (checkErrors) checkInfo(op, info, saysNotPositive);
  return namedTuple({ L, info }, "linalg_cholesky_ex");
}

/** Solves with a factor in place of the matrix. */
function solveWith(L: Tensor, B: Tensor, upper: boolean): Tensor {
  const lower = upper ? L.mH : L;
  return solveTriangle(lower.mH, solveTriangle(lower, B, { upper: false }), { upper: true });
}

// The gradient of a factor is given for the whole matrix, as PyTorch gives it: that of `L Lᴴ`, not of L's triangle.
const choleskySolveOp: KernelOp<{ upper: boolean }> = kernelOp({
  name: "choleskySolve",
  forward: ([B, L], { upper }) => solveWith(L as Tensor, B as Tensor, upper),
  saves: (needs) => (needs(1) ? [1, ~0] : [1]),
  backward: ([g], context) => {
    const { upper } = context.attrs;
    const L = context.input(1);
    const gradB = choleskySolveOp.call([g as Tensor, L], { upper });
    const gradL = () => {
      const outer = gradB.matmul(context.result(0).mH);
      const common = outer.add(outer.mH);
      return (upper ? L.matmul(common) : common.matmul(L)).neg();
    };
    return [context.needs(0) ? gradB : null, context.needs(1) ? gradL() : null];
  },
});

interface SolveOptions {
  L: Tensor;
  upper?: boolean;
}

/**
 * Solves `A X = B` with the Cholesky factor of A. PyTorch: `torch.cholesky_solve`.
 *
 * @param input - B, [*, n, k]
 * @param args - `L` [*, n, n], the factor; `upper` (false): it is the upper one
 * @example
 * torch.choleskySolve(torch.ones(2, 1), torch.eye(2).mul(2)) // tensor([[0.2500],
 *                                                            //         [0.2500]])
 */
export function choleskySolve(
  input: Tensor,
  ...args: Named<[L: Tensor, upper: boolean], ["L", "upper"], SolveOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(choleskySolve, [input, ...args]);
  const op = "choleskySolve";
  const { L, upper = false } = named<SolveOptions>(op, ["L", "upper"], 1, args);
  checkSquare(op, L, "L");
  checkEquation(op, L, input, true);
  const batch = broadcastShapes(op, batchOf(L), batchOf(input));
  const whole = (t: Tensor) => t.expand([...batch, rows(t), columns(t)]);
  return choleskySolveOp.call([whole(input), whole(L)], { upper });
}

const choleskyInverseOp = kernelOp<{ upper: boolean }>({
  name: "choleskyInverse",
  forward: ([input], { upper }) => {
    const L = input as Tensor;
    const identity = eye(rows(L), { dtype: L.dtype, device: L.device });
    return solveWith(L, identity.expand(L.shape), upper);
  },
  saves: () => [0, ~0],
  backward: ([g], context) => {
    const grad = g as Tensor;
    const L = context.input(0);
    const inverse = context.result(0);
    const common = inverse.matmul(grad.add(grad.mH).matmul(inverse));
    return [(context.attrs.upper ? L.matmul(common) : common.matmul(L)).neg()];
  },
});

/**
 * The inverse of the matrix of which the Cholesky factor is given. PyTorch: `torch.cholesky_inverse`.
 *
 * @param input - [*, n, n]
 * @param args - `upper` (false)
 * @throws LinAlgError if the factor has a zero on its diagonal
 * @example
 * torch.choleskyInverse(torch.eye(2).mul(2)) // tensor([[0.2500, 0.0000],
 *                                            //         [0.0000, 0.2500]])
 */
export function choleskyInverse(input: Tensor, ...args: UpperArgs): Tensor {
  if (isAutocasting()) return inFloat32(choleskyInverse, [input, ...args]);
  const op = "choleskyInverse";
  const upper = upperOf(op, args);
  checkSquare(op, input, "L");
  const zero = input.detach().diagonal(0, -2, -1).eq(0);
  if (input.numel() > 0)
    checkInfo(
      op,
      zero.any(-1).mul(zero.to(int32).argmax(-1).add(1)),
      (i) => `expected an invertible factor, got one whose diagonal element ${i} is zero`,
    );
  return choleskyInverseOp.call([input], { upper });
}
