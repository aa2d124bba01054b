/** @file `torch.autograd.graph`. */
export type { ModeScope } from "./modes.ts";
export { Node } from "./node.ts";
export { savedTensorsHooks, saveOnCpu } from "./saved-hooks.ts";
