/** @file `torch.nn.utils`. */
export {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
  type TotalNormOptions,
} from "./clip-grad.ts";
export { parametersToVector, vectorToParameters } from "./convert-parameters.ts";
export { fuseConvBnEval, fuseConvBnWeights, fuseLinearBnEval, fuseLinearBnWeights } from "./fusion.ts";
export * as parametrizations from "./parametrizations/index.ts";
export * as parametrize from "./parametrize/index.ts";
export * as prune from "./prune/index.ts";
export * as rnn from "./rnn/index.ts";
export { skipInit } from "./skip-init.ts";
export { removeSpectralNorm, type SpectralNormOptions, spectralNorm } from "./spectral-norm.ts";
export * as stateless from "./stateless.ts";
export type { Tensors } from "./tensor-list.ts";
export { removeWeightNorm, weightNorm } from "./weight-norm.ts";
