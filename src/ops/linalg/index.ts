/** @file `torch.linalg`. */
export { type MatrixNormOptions, type MatrixNormOrder, matrixNorm, type NormOptions, norm } from "./matrix-norm.ts";
export { type VectorNormOptions, vectorNorm } from "./vector-norm.ts";
