/** @file `torch.nn.functional`: what layers compute, as functions. */
import "../../backends/cpu/backend.ts";
import "../../tensor.ts";

export { bilinear } from "../../ops/bilinear.ts";
export { pdist } from "../../ops/distance.ts";
export { type PadMode, type PadOptions, pad } from "../../ops/pad.ts";
export { channelShuffle, pixelShuffle, pixelUnshuffle } from "../../ops/pixel-shuffle.ts";
export { cosineSimilarity, normalize, pairwiseDistance } from "../../ops/similarity.ts";
export * from "./activations.ts";
export {
  type AttentionOptions,
  type MultiHeadAttentionOptions,
  multiHeadAttentionForward,
  scaledDotProductAttention,
} from "./attention.ts";
export * from "./conv.ts";
export {
  alphaDropout,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from "./dropout.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { type BagMode, type EmbeddingBagOptions, embeddingBag } from "./embedding-bag.ts";
export { glu, prelu, rrelu, rrelu_ } from "./glu.ts";
export { affineGrid, type GridSampleOptions, gridSample } from "./grid-sample.ts";
export { type GumbelSoftmaxOptions, gumbelSoftmax } from "./gumbel-softmax.ts";
export {
  type InterpolateOptions,
  type InterpolationMode,
  interpolate,
  type UpsampleOptions,
  upsample,
  upsampleBilinear,
  upsampleNearest,
} from "./interpolate.ts";
export { linear } from "./linear.ts";
export * from "./loss/index.ts";
export * from "./normalization.ts";
export { oneHot } from "./one-hot.ts";
export * from "./pooling.ts";
export { logSoftmax, softmax, softmin } from "./softmax.ts";
export { type FoldOptions, fold, type UnfoldOptions, unfold } from "./unfold.ts";
