/** @file `torch.nn.utils`. */
export {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
  type TotalNormOptions,
} from "./clip-grad.ts";
export { parametersToVector, vectorToParameters } from "./convert-parameters.ts";
export * as rnn from "./rnn/index.ts";
export type { Tensors } from "./tensor-list.ts";
