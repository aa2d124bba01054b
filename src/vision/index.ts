/** @file `typetorch/vision`: what `torchvision` is to PyTorch. */
import "../backends/cpu/backend.ts";
import "../tensor.ts";

export * as datasets from "./datasets/index.ts";
export { Image, type ImageMode } from "./image.ts";
export * as transforms from "./transforms/index.ts";
