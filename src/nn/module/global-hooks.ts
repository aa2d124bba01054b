/** @file Hooks of all modules at once: `torch.nn.modules.module`. For debugging and profiling: they slow every call down. */
import {
  addHook,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  globalHooks,
  type HookHandle,
} from "./hook-lists.ts";

/**
 * Calls `hook` before the `forward` of any module, ahead of the module's own hooks; it may replace the arguments.
 * PyTorch: `torch.nn.modules.module.register_module_forward_pre_hook`.
 */
export function registerModuleForwardPreHook(hook: ForwardPreHook): HookHandle {
  return addHook("registerModuleForwardPreHook", globalHooks, "forwardPre", hook, {});
}

/**
 * Calls `hook` after the `forward` of any module, ahead of the module's own hooks; it may replace the output.
 * PyTorch: `torch.nn.modules.module.register_module_forward_hook`.
 * @param options.alwaysCall - run even where `forward` throws
 * @example
 * const calls: string[] = [];
 * const handle = nn.modules.module.registerModuleForwardHook((module) => void calls.push(module.constructor.name));
 * new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU())(torch.zeros(1, 2));
 * handle.remove();
 * calls // ["Linear", "ReLU", "Sequential"]
 */
export function registerModuleForwardHook(
  hook: ForwardHook,
  options: Pick<ForwardHookOptions, "alwaysCall"> = {},
): HookHandle {
  return addHook("registerModuleForwardHook", globalHooks, "forward", hook, options);
}

/**
 * Calls `hook` when the gradients of the arguments of any module are known; it may replace them.
 * PyTorch: `torch.nn.modules.module.register_module_full_backward_hook`.
 */
export function registerModuleFullBackwardHook(hook: FullBackwardHook): HookHandle {
  return addHook("registerModuleFullBackwardHook", globalHooks, "backward", hook, {});
}

/**
 * Calls `hook` when the gradients of the outputs of any module are known; it may replace them.
 * PyTorch: `torch.nn.modules.module.register_module_full_backward_pre_hook`.
 */
export function registerModuleFullBackwardPreHook(hook: FullBackwardPreHook): HookHandle {
  return addHook("registerModuleFullBackwardPreHook", globalHooks, "backwardPre", hook, {});
}
