/** @file `torch.linalg`. */
export { type MatrixNormOptions, type MatrixNormOrder, matrixNorm, type NormOptions, norm } from "./matrix-norm.ts";
export { multiDot } from "./multi-dot.ts";
export { cross, diagonal, matmul, vander, vecdot } from "./products.ts";
export { type VectorNormOptions, vectorNorm } from "./vector-norm.ts";
