/**
 * @file A linear layer and the ReLU after it as one product: the sums are still in registers or in the nearest cache when what is
 * negative becomes 0, and the next layer's backward has one node less to pass.
 */
import type { Tensor } from "../../core/tensor.ts";
import { linearRelu } from "../functional/linear.ts";
import { globalHooks, internalsOf } from "../module/hook-lists.ts";
import type { Module } from "../module/module.ts";
import { ReLU } from "./activation.ts";
import { Linear } from "./linear.ts";

/** Whether a call of `module` runs this `forward` and nothing else: nobody has overridden it or hooked in. */
function runs(module: Module, forward: Module["forward"]): boolean {
  return module.forward === forward && internalsOf(module).plain && globalHooks.plain;
}

/** Whether `module` is just a ReLU. */
export function isReLU(module: Module): boolean {
  return runs(module, ReLU.prototype.forward);
}

/** `relu(layer(input))` in one go; null if `layer` is more than a linear layer with a bias, or the input does not fit it. */
export function reluOfLinear(layer: Module, input: unknown): Tensor | null {
  if (!runs(layer, Linear.prototype.forward)) return null;
  const { weight, bias } = layer as Linear;
  return linearRelu(input, weight, bias);
}
