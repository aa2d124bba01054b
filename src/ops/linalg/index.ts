/** @file `torch.linalg`. */
export { LinAlgError } from "../../core/errors.ts";
export { cholesky, choleskyEx } from "./cholesky.ts";
export { det, type SignAndLog, slogdet } from "./det.ts";
export { type EigenTuple, eig, eigh, eigvals, eigvalsh } from "./eigen.ts";
export { ldlFactor, ldlFactorEx, ldlSolve } from "./ldl.ts";
export { type LeastSquares, lstsq } from "./lstsq.ts";
export { type LUWithInfo, lu, luFactor, luFactorEx, luSolve, type PLU } from "./lu.ts";
export { matrixExp, matrixPower } from "./matrix-functions.ts";
export { type MatrixNormOptions, type MatrixNormOrder, matrixNorm, type NormOptions, norm } from "./matrix-norm.ts";
export { multiDot } from "./multi-dot.ts";
export { cond, matrixRank, pinv } from "./pinv.ts";
export { cross, diagonal, matmul, vander, vecdot } from "./products.ts";
export { householderProduct, type QR, qr } from "./qr.ts";
export { inv, invEx, solve, solveEx, tensorinv, tensorsolve } from "./solve.ts";
export { svd, svdvals, type UsvTuple } from "./svd.ts";
export { solveTriangular } from "./triangular.ts";
export { type VectorNormOptions, vectorNorm } from "./vector-norm.ts";
