/** @file `torch.autograd`. */
export { backward, grad } from "./api.ts";
export { Function, FunctionContext } from "./function.ts";
export { type GradcheckOptions, gradcheck, gradgradcheck } from "./gradcheck.ts";
export * as graph from "./graph-namespace.ts";
export { Node } from "./node.ts";
