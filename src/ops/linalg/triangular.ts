/** @file Equations with triangular matrices. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { backendOf } from "../../backends/backend.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { broadcastShapes, type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { kernelOp } from "../kernel-form.ts";
import { type NamedTuple, namedTuple } from "../named-tuple.ts";
import { type Named, named } from "../params.ts";
import { batchOf, checkMatrix, checkSquare, columns, rows, scratch } from "./checks.ts";

interface Attrs {
  readonly upper: boolean;
  readonly left: boolean;
  readonly unitriangular: boolean;
}

/** What of a matrix such an equation depends on. */
function project(t: Tensor, { upper, unitriangular }: Attrs): Tensor {
  const spared = unitriangular ? 1 : 0;
  return upper ? t.triu(spared) : t.tril(-spared);
}

const solveTriangularOp = kernelOp<Attrs>({
  name: "linalgSolveTriangular",
  forward: ([a, b], { upper, left, unitriangular }) => {
    const [A, B] = [a as Tensor, b as Tensor];
    const batch = broadcastShapes("linalg.solveTriangular", batchOf(A), batchOf(B));
    const matrix = A.expand([...batch, rows(A), columns(A)]).contiguous();
    const kernels = backendOf(A.device).kernels.linalg;
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    const right = left ? B : B.mT;
    const X = scratch(right, [...batch, rows(right), columns(right)]);
    kernels.solveTriangular(matrix, X, upper, unitriangular, left ? "as is" : "transposed");
    return left ? X : X.mT;
  },
  saves: (needs) => (needs(0) ? [0, ~0] : [0]),
  backward: ([g], context) => {
    const { attrs } = context;
    const gradB = solveTriangle(context.input(0).mH, g as Tensor, { ...attrs, upper: !attrs.upper });
    const gradA = () => {
      const XH = context.result(0).mH;
      return project(attrs.left ? gradB.matmul(XH) : XH.matmul(gradB), attrs).neg();
    };
    return [context.needs(0) ? gradA() : null, context.needs(1) ? gradB : null];
  },
});

/** `linalg.solveTriangular` without its checks. */
export function solveTriangle(A: Tensor, B: Tensor, attrs: Partial<Attrs> & { readonly upper: boolean }): Tensor {
  return solveTriangularOp.call([A, B], { left: true, unitriangular: false, ...attrs });
}

/** @throws ShapeError, DTypeError if a matrix and a right-hand side do not go together */
export function checkEquation(op: string, A: Tensor, B: unknown, left: boolean, name = "B"): asserts B is Tensor {
  checkMatrix(op, B, name);
  if (A.dtype !== B.dtype)
    throw new DTypeError(`${op}: expected A and ${name} in one dtype, got ${A.dtype} and ${B.dtype}`);
  if (rows(A) !== (left ? rows(B) : columns(B)))
    throw new ShapeError(
      `${op}: expected ${name} with ${rows(A)} ${left ? "rows" : "columns"} for ${left ? "A X" : "X A"} = ${name}, got A ${shapeText(A.shape)} and ${name} ${shapeText(B.shape)}`,
    );
  broadcastShapes(op, batchOf(A), batchOf(B));
}

interface SolveTriangularOptions {
  B: Tensor;
  upper: boolean;
  left?: boolean;
  unitriangular?: boolean;
}
type SolveTriangularArgs = Named<[B: Tensor], ["B"], SolveTriangularOptions>;

/**
 * Solves `A X = B` (or `X A = B`) for a triangular matrix; the other triangle is not read. PyTorch: `torch.linalg.solve_triangular`.
 *
 * @param A - [*, n, n]; float32, float64 or complex
 * @param args - `B` [*, n, k] ([*, k, n] without `left`), `upper` (which triangle counts), `left` (true), `unitriangular` (false: if
 * true, the diagonal is taken for ones and not read)
 * @returns the solution; a zero on the diagonal makes it infinite or NaN
 * @throws ShapeError if the sizes do not fit; DTypeError for half precision and integers, or if the dtypes differ
 * @example
 * const A = torch.tensor([[2, 0], [1, 4.5]])
 * torch.linalg.solveTriangular(A, torch.tensor([[2.], [10]], { dtype: torch.float32 }), { upper: false }) // tensor([[1.],
 *                                                                                                       //         [2.]])
 */
export function solveTriangular(A: Tensor, ...args: SolveTriangularArgs): Tensor {
  const op = "linalg.solveTriangular";
  const names = ["B", "upper", "left", "unitriangular"] as const;
  const { B, upper, left = true, unitriangular = false } = named<SolveTriangularOptions>(op, names, 2, args);
  checkSquare(op, A);
  checkEquation(op, A, B, left);
  return solveTriangle(A, B, { upper, left, unitriangular });
}

/** What `triangularSolve` gives. */
export type TriangularSolution = NamedTuple<{ solution: Tensor; clonedCoefficient: Tensor }>;

interface TriangularSolveOptions {
  A: Tensor;
  upper?: boolean;
  transpose?: boolean;
  unitriangular?: boolean;
}
type TriangularSolveArgs = Named<
  [A: Tensor, upper: boolean, transpose: boolean, unitriangular: boolean],
  ["A", "upper", "transpose", "unitriangular"],
  TriangularSolveOptions
>;

/**
 * Solves `A X = b` (`Aᵀ X = b` with `transpose`) for a triangular matrix. Older than `linalg.solveTriangular`, with the arguments the
 * other way round. PyTorch: `torch.triangular_solve`.
 *
 * @param args - `A` [*, n, n], `upper` (true), `transpose` (false), `unitriangular` (false)
 * @returns the solution and a copy of `A`
 * @example
 * torch.triangularSolve(torch.ones(2, 1), torch.eye(2)).solution // tensor([[1.],
 *                                                                //         [1.]])
 */
export function triangularSolve(input: Tensor, ...args: TriangularSolveArgs): TriangularSolution {
  if (isAutocasting()) return inFloat32(triangularSolve, [input, ...args]);
  const op = "triangularSolve";
  const names = ["A", "upper", "transpose", "unitriangular"] as const;
  const bound = named<TriangularSolveOptions>(op, names, 1, args);
  const { A, upper = true, transpose = false, unitriangular = false } = bound;
  checkSquare(op, A);
  checkEquation(op, A, input, true, "b");
  const attrs = { upper: upper !== transpose, unitriangular };
  const batch: Shape = broadcastShapes(op, batchOf(A), batchOf(input));
  const solution = solveTriangle(transpose ? A.mT : A, input, attrs);
  const clonedCoefficient = A.expand([...batch, rows(A), columns(A)]).clone();
  return namedTuple({ solution, clonedCoefficient }, "triangular_solve");
}

/** The one option that Cholesky's relatives have. */
export type UpperArgs = Call<[upper: boolean], { upper?: boolean }>;

export function upperOf(op: string, args: readonly unknown[]): boolean {
  return bind<{ upper?: boolean }>(op, ["upper"], args).upper ?? false;
}
