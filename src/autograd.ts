/** @file `torch.autograd`. */
export * from "./autograd/index.ts";
export * as functional from "./func/functional.ts";
