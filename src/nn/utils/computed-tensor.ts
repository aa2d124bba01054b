/** @file Tensors that a module computes anew before each call: the older way of weight norm, spectral norm and pruning. */
import type { Tensor } from "../../core/tensor.ts";
import { type ForwardPreHook, internalsOf } from "../module/hook-lists.ts";
import type { Module } from "../module/module.ts";
import { setTensor } from "./module-tensor.ts";

/** How one tensor of a module follows from others. Knows no module, so that copies of modules can share it. */
export interface ComputedTensor {
  /** The field. */
  readonly tensorName: string | null;
  compute(module: Module): Tensor;
}

const computedBy = new WeakMap<ForwardPreHook, ComputedTensor>();

/** From now on `module` computes the tensor before each call. */
export function attachComputed(module: Module, computed: ComputedTensor): void {
  const hook: ForwardPreHook = (m) => setTensor(m, computed.tensorName as string, computed.compute(m));
  computedBy.set(hook, computed);
  module.registerForwardPreHook(hook);
}

/** What `module` computes before each call. */
export function computedOf(module: Module): ComputedTensor[] {
  return internalsOf(module).forwardPre.flatMap(({ call }) => computedBy.get(call) ?? []);
}

/** Takes the hook out again. */
export function detachComputed(module: Module, computed: ComputedTensor): void {
  const internals = internalsOf(module);
  internals.forwardPre = internals.forwardPre.filter(({ call }) => computedBy.get(call) !== computed);
  internals.update();
}
