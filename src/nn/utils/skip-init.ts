/** @file Modules whose parameters begin as whatever the memory holds. */
import { describe, ValueError } from "../../core/errors.ts";
import { withoutInit } from "../init.ts";
import { Module } from "../module/module.ts";

/**
 * Makes a module without drawing its first parameters: they hold arbitrary numbers, for a state_dict to be loaded. No random numbers
 * are used up. PyTorch: `torch.nn.utils.skip_init`.
 *
 * @param moduleCls - a class of modules that draws its parameters by `nn.init`
 * @param args - what its constructor takes
 * @example
 * const layer = nn.utils.skipInit(nn.Linear, 10, 5, { bias: false });
 * layer.weight.shape // [5, 10]
 */
export function skipInit<C extends new (...args: never) => Module>(
  moduleCls: C,
  ...args: ConstructorParameters<C>
): InstanceType<C> {
  if (typeof moduleCls !== "function" || !(moduleCls.prototype instanceof Module))
    throw new ValueError(`skipInit: expected a class of modules, got ${describe(moduleCls)}`);
  return withoutInit(() => new moduleCls(...(args as never))) as InstanceType<C>;
}
