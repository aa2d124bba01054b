/** @file Hooks around steps and state_dicts of optimizers. */
import { describe, ValueError } from "../core/errors.ts";
import type { HookHandle, HookOptions } from "../nn/module/hook-lists.ts";
import { bind } from "../ops/bind.ts";
import type { Optimizer } from "./optimizer.ts";

export type AnyOptimizer = Optimizer<object>;
/** Called with the arguments of `step`: none, or the closure; an array that it returns replaces them. */
export type StepPreHook = (optimizer: AnyOptimizer, args: readonly unknown[]) => readonly unknown[] | void;
export type StepPostHook = (optimizer: AnyOptimizer, args: readonly unknown[]) => void;

type Kind = "stepPre" | "stepPost" | "statePre" | "statePost" | "loadPre" | "loadPost";
// Hooks of one kind have the type that the method which registers them gives.
type Hook = (optimizer: AnyOptimizer, value: never) => unknown;

interface Entry {
  readonly call: (optimizer: AnyOptimizer, value?: unknown) => unknown;
}

export class OptimizerHooks {
  private readonly lists: { [K in Kind]: readonly Entry[] } = {
    stepPre: [],
    stepPost: [],
    statePre: [],
    statePost: [],
    loadPre: [],
    loadPost: [],
  };

  register(op: string, kind: Kind, hook: Hook, options: HookOptions = {}): HookHandle {
    if (typeof hook !== "function") throw new ValueError(`${op}: expected a function as hook, got ${describe(hook)}`);
    const { prepend = false } = bind<HookOptions>(op, ["prepend"], [options]);
    const entry: Entry = { call: hook as Entry["call"] };
    const { lists } = this;
    // A new list for each change: a hook may take itself out while the list runs.
    lists[kind] = prepend ? [entry, ...lists[kind]] : [...lists[kind], entry];
    return {
      remove: () => {
        lists[kind] = lists[kind].filter((e) => e !== entry);
      },
    };
  }

  /** Whether a step has no hooks, here or for all optimizers. */
  get areNone(): boolean {
    const own = this.lists.stepPre.length + this.lists.stepPost.length;
    return own === 0 && (this === GLOBAL || GLOBAL.areNone);
  }

  beforeStep(optimizer: AnyOptimizer, args: readonly unknown[]): readonly unknown[] {
    let current = args;
    for (const { call } of [...GLOBAL.lists.stepPre, ...this.lists.stepPre]) {
      const replaced = call(optimizer, current);
      if (Array.isArray(replaced)) current = replaced;
      else if (replaced !== undefined && replaced !== null)
        throw new ValueError(
          `step: expected an array of arguments, or nothing, from a hook, got ${describe(replaced)}`,
        );
    }
    return current;
  }

  afterStep(optimizer: AnyOptimizer, args: readonly unknown[]): void {
    for (const { call } of [...this.lists.stepPost, ...GLOBAL.lists.stepPost]) call(optimizer, args);
  }

  run(kind: "statePre" | "loadPost", optimizer: AnyOptimizer): void {
    for (const { call } of this.lists[kind]) call(optimizer);
  }

  /** Hands a value through the hooks. */
  replace<T>(kind: "statePost" | "loadPre", optimizer: AnyOptimizer, value: T): T {
    let current = value;
    for (const { call } of this.lists[kind]) current = (call(optimizer, current) as T | null | undefined) ?? current;
    return current;
  }
}

const GLOBAL = new OptimizerHooks();

/** Calls `hook` before each step of every optimizer. PyTorch: `torch.optim.optimizer.register_optimizer_step_pre_hook`. */
export function registerOptimizerStepPreHook(hook: StepPreHook): HookHandle {
  return GLOBAL.register("registerOptimizerStepPreHook", "stepPre", hook);
}

/** Calls `hook` after each step of every optimizer. PyTorch: `torch.optim.optimizer.register_optimizer_step_post_hook`. */
export function registerOptimizerStepPostHook(hook: StepPostHook): HookHandle {
  return GLOBAL.register("registerOptimizerStepPostHook", "stepPost", hook);
}
