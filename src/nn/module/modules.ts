/** @file `torch.nn.modules`. */
export * as module from "./global-hooks.ts";
