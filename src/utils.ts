/** @file `torch.utils`. */
export * as checkpoint from "./checkpoint/index.ts";
export * as data from "./data/index.ts";
export { deterministic } from "./deterministic.ts";
export { deepcopy } from "./nn/module/deepcopy.ts";
