/** @file `torch.nn.utils.parametrizations`. */
export { type OrthogonalMap, type OrthogonalOptions, orthogonal } from "./orthogonal.ts";
export { spectralNorm } from "./spectral-norm.ts";
export { weightNorm } from "./weight-norm.ts";
