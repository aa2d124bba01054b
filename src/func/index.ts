/** @file `torch.func`. */
export { type FunctionalCallOptions, functionalCall } from "../nn/utils/stateless.ts";
export type { Argnums } from "./arguments.ts";
export { grad, gradAndValue } from "./grad.ts";
export { hessian, type JacfwdOptions, type JacobianOptions, type JacrevOptions, jacfwd, jacrev } from "./jacobians.ts";
export { jvp, linearize, vjp } from "./products.ts";
export { stackModuleState } from "./stack-module-state.ts";
export { type Dims, type VmapOptions, vmap } from "./vmap.ts";
