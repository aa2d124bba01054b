/** @file `torch.useDeterministicAlgorithms` and what belongs to it. */
import { engine } from "./backends/cpu/engine.ts";
import { determinism } from "./core/determinism.ts";
import { describe, ValueError } from "./core/errors.ts";
import { bind, type Call } from "./ops/bind.ts";

/**
 * Whether an op must give the same bits each time. PyTorch: `torch.use_deterministic_algorithms`.
 *
 * Here all ops do that from run to run anyway: same machine, same number of threads, same bits. Where this is on, the number of
 * threads does not matter either (the gradients of convolutions' weights are sums that threads share), and `empty`, `emptyLike`,
 * `newEmpty` and `resize_` fill their memory (`utils.deterministic.fillUninitializedMemory`). The instruction set and the engine
 * still matter.
 *
 * Differs: there is no op that cannot be deterministic, so nothing throws or warns; `warnOnly` is only remembered. Each JavaScript
 * thread has a setting of its own.
 * @param mode - on or off
 * @param options.warnOnly - whether an op that cannot be deterministic would warn instead of throwing
 * @throws ValueError if either is no boolean
 * @example
 * torch.useDeterministicAlgorithms(true);
 * torch.areDeterministicAlgorithmsEnabled() // true
 * torch.useDeterministicAlgorithms(false);
 */
export function useDeterministicAlgorithms(
  mode: boolean,
  ...rest: Call<[warnOnly: boolean], { readonly warnOnly?: boolean }>
): void {
  const { warnOnly = false } = bind<{ warnOnly: boolean }>("useDeterministicAlgorithms", ["warnOnly"], rest);
  for (const [name, value] of Object.entries({ mode, warnOnly }))
    if (typeof value !== "boolean")
      throw new ValueError(`useDeterministicAlgorithms: expected ${name} to be a boolean, got ${describe(value)}`);
  engine.setDeterministic(mode);
  determinism.enabled = mode;
  determinism.warnOnly = warnOnly;
}

/** Whether `useDeterministicAlgorithms` is on. PyTorch: `torch.are_deterministic_algorithms_enabled`. */
export function areDeterministicAlgorithmsEnabled(): boolean {
  return determinism.enabled;
}

/**
 * Whether it is on, and an op that cannot be deterministic would only warn. PyTorch:
 * `torch.is_deterministic_algorithms_warn_only_enabled`.
 */
export function isDeterministicAlgorithmsWarnOnlyEnabled(): boolean {
  return determinism.warnOnly;
}

const MODES = ["default", "warn", "error"] as const;
type DebugMode = (typeof MODES)[number];

/**
 * The same by other words: `"default"` (0) is off, `"warn"` (1) is on with `warnOnly`, `"error"` (2) is on. PyTorch:
 * `torch.set_deterministic_debug_mode`.
 * @throws ValueError for anything else
 * @example
 * torch.setDeterministicDebugMode("warn");
 * torch.getDeterministicDebugMode() // 1
 * torch.setDeterministicDebugMode("default");
 */
export function setDeterministicDebugMode(debugMode: DebugMode | 0 | 1 | 2): void {
  const mode = typeof debugMode === "number" ? MODES[debugMode] : MODES.find((name) => name === debugMode);
  if (mode === undefined)
    throw new ValueError(
      `setDeterministicDebugMode: expected debugMode to be "default", "warn", "error", 0, 1 or 2, got ${describe(debugMode)}`,
    );
  useDeterministicAlgorithms(mode !== "default", { warnOnly: mode === "warn" });
}

/** 0, 1 or 2, see `setDeterministicDebugMode`. PyTorch: `torch.get_deterministic_debug_mode`. */
export function getDeterministicDebugMode(): 0 | 1 | 2 {
  if (!determinism.enabled) return 0;
  return determinism.warnOnly ? 1 : 2;
}

/** PyTorch: `torch.utils.deterministic`. */
export const deterministic = {
  /**
   * Whether `empty` and its like fill their memory while `useDeterministicAlgorithms` is on: with NaN, the largest integer, or
   * `true`. PyTorch: `torch.utils.deterministic.fill_uninitialized_memory`.
   * @throws ValueError if it is set to what is no boolean
   */
  get fillUninitializedMemory(): boolean {
    return determinism.fillsMemory;
  },
  set fillUninitializedMemory(fill: boolean) {
    if (typeof fill !== "boolean")
      throw new ValueError(`fillUninitializedMemory: expected a boolean, got ${describe(fill)}`);
    determinism.fillsMemory = fill;
  },
};
