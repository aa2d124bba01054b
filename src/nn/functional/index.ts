/** @file `torch.nn.functional`: what layers compute, as functions. */
export * from "./activations.ts";
export { type DropoutOptions, dropout } from "./dropout.ts";
export { linear } from "./linear.ts";
export * from "./loss/index.ts";
export { oneHot } from "./one-hot.ts";
export * from "./pooling.ts";
export { logSoftmax, softmax, softmin } from "./softmax.ts";
