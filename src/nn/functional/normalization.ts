/** @file Normalisations: ops, passed on, and `localResponseNorm`. */
export {
  type BatchNormOptions,
  batchNorm,
  type InstanceNormOptions,
  instanceNorm,
} from "../../ops/normalization/batch-norm.ts";
export { type GroupNormOptions, groupNorm } from "../../ops/normalization/group-norm.ts";
export { type LayerNormOptions, layerNorm, type RmsNormOptions, rmsNorm } from "../../ops/normalization/row-norm.ts";
export { type LocalResponseNormOptions, localResponseNorm } from "./local-response-norm.ts";
