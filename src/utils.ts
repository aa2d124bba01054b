/** @file `torch.utils`. */
export * as data from "./data/index.ts";
export { deepcopy } from "./nn/module/deepcopy.ts";
