/** @file Dense linear algebra: writes sizes and addresses for the kernels of `native/{kernels,portable}/linalg_*.cc`. */
import { ValueError } from "../../../core/errors.ts";
import { numelOf } from "../../../core/shape.ts";
import type { Operand } from "../../backend.ts";
import type { LinalgKernels, MatrixMode } from "../../linalg-kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { INDEX_OUT_OF_RANGE } from "./strided.ts";

const startKernel = kernel("linalg_start");
const choleskyKernel = kernel("linalg_cholesky");
const luKernel = kernel("linalg_lu");
const luSolveKernel = kernel("linalg_lu_solve");
const solveTriangularKernel = kernel("linalg_solve_triangular");
const geqrfKernel = kernel("linalg_geqrf");
const applyReflectorsKernel = kernel("linalg_apply_reflectors");
const ldlKernel = kernel("linalg_ldl");
const ldlSolveKernel = kernel("linalg_ldl_solve");
const eighKernel = kernel("linalg_eigh");
const svdKernel = kernel("linalg_svd");
const eigKernel = kernel("linalg_eig");

const modes: { readonly [M in MatrixMode]: number } = { "as is": 0, transposed: 1, adjoint: 2 };

const rows = (x: Operand) => x.layout.shape.at(-2) as number;
const columns = (x: Operand) => x.layout.shape.at(-1) as number;
const batch = (x: Operand) => numelOf(x.layout.shape.slice(0, -2));

let started = false;

/** Writes dtype, batch, what else counts, and addresses; runs the kernel. */
function run(
  op: string,
  entry: () => number,
  a: Operand,
  numbers: readonly number[],
  operands: readonly Operand[],
): void {
  if (!started) {
    // The factorizations are compiled once, their innermost loops for each instruction set.
    startKernel();
    started = true;
  }
  args[0] = a.dtype.code;
  args[1] = batch(a);
  let at = putAll(2, numbers);
  for (const x of operands) args[at++] = operandAddress(x);
  const status = entry();
  if (status === INDEX_OUT_OF_RANGE)
    throw new ValueError(`${op}: expected pivots as the factorization gives them, got one out of range`);
  check(op, status);
}

export const linalgKernels: LinalgKernels = {
  cholesky(a, info) {
    run("cholesky", choleskyKernel, a, [rows(a)], [a, info]);
  },
  lu(a, pivots, info) {
    run("luFactor", luKernel, a, [rows(a), columns(a)], [a, pivots, info]);
  },
  luSolve(lu, pivots, b, mode) {
    run("luSolve", luSolveKernel, lu, [rows(b), columns(b), modes[mode]], [lu, pivots, b]);
  },
  solveTriangular(a, b, upper, unitriangular, mode) {
    const flags = [upper ? 1 : 0, unitriangular ? 1 : 0, modes[mode]];
    run("solveTriangular", solveTriangularKernel, a, [rows(b), columns(b), ...flags], [a, b]);
  },
  geqrf(a, tau) {
    run("geqrf", geqrfKernel, a, [rows(a), columns(a)], [a, tau]);
  },
  applyReflectors(a, tau, c, adjoint, identity) {
    const sizes = [rows(c), columns(c), tau.layout.shape.at(-1) as number, columns(a)];
    run("applyReflectors", applyReflectorsKernel, a, [...sizes, adjoint ? 1 : 0, identity ? 1 : 0], [a, tau, c]);
  },
  ldl(a, pivots, info, hermitian) {
    run("ldlFactor", ldlKernel, a, [rows(a), hermitian ? 1 : 0], [a, pivots, info]);
  },
  ldlSolve(ld, pivots, b, hermitian) {
    run("ldlSolve", ldlSolveKernel, ld, [rows(b), columns(b), hermitian ? 1 : 0], [ld, pivots, b]);
  },
  eigh(a, values, info, vectors) {
    run("eigh", eighKernel, a, [rows(a), vectors ? 1 : 0], [a, values, info]);
  },
  svd(a, u, s, vh, info) {
    const full = u !== null && columns(u) > columns(a);
    const numbers = [rows(a), columns(a), u === null ? 0 : 1, full ? 1 : 0];
    run("svd", svdKernel, a, numbers, [a, u ?? a, s, vh ?? a, info]);
  },
  eig(a, values, vectors, info) {
    run("eig", eigKernel, a, [rows(a), vectors === null ? 0 : 1], [a, values, vectors ?? a, info]);
  },
};
