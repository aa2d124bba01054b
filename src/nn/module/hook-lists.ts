/** @file The hooks of a module, and those that all modules have in common. */
import type { Grad } from "../../autograd/node.ts";
import { describe, ValueError } from "../../core/errors.ts";
import { bind } from "../../ops/bind.ts";
import { INTERNALS } from "./contents.ts";
import type { Module } from "./module.ts";
import type { LoadStateDictPostHook, LoadStateDictPreHook, StateDictPostHook, StateDictPreHook } from "./state-dict.ts";
import type { Watch } from "./unregistered.ts";

/** Called before `forward`; an array it returns replaces the arguments, any other value but `undefined` and `null` the only one. */
export type ForwardPreHook<M extends Module = Module> = (module: M, args: unknown[]) => unknown;
/** Called after `forward`; what it returns, if not `undefined` or `null`, replaces the output. */
export type ForwardHook<M extends Module = Module> = (module: M, args: unknown[], output: unknown) => unknown;
type NewGrads = Grad | readonly Grad[] | undefined | void;
/** Called with the gradients of the arguments and outputs; what it returns replaces those of the arguments. */
export type FullBackwardHook<M extends Module = Module> = (
  module: M,
  gradInput: Grad[],
  gradOutput: Grad[],
) => NewGrads;
/** Called with the gradients of the outputs before backward passes the module; what it returns replaces them. */
export type FullBackwardPreHook<M extends Module = Module> = (module: M, gradOutput: Grad[]) => NewGrads;

export interface HookHandle {
  /** Takes the hook out again. */
  remove(): void;
}

export interface HookOptions {
  /** Run before the hooks that are there already. */
  readonly prepend?: boolean;
}

export interface ForwardHookOptions extends HookOptions {
  /** Run even where `forward` throws; the output is `undefined` then. */
  readonly alwaysCall?: boolean;
}

/** A hook as it is registered; one function may be registered twice. */
export interface Entry<F> {
  readonly call: F;
  readonly always: boolean;
}

type Entries<F> = readonly Entry<F>[];
const NONE: readonly never[] = [];

/** Hooks around a call and its backward. */
export class CallHooks {
  forwardPre: Entries<ForwardPreHook> = NONE;
  forward: Entries<ForwardHook> = NONE;
  backwardPre: Entries<FullBackwardPreHook> = NONE;
  backward: Entries<FullBackwardHook> = NONE;
  /** Nothing to do around `forward`. */
  plain = true;

  update(): void {
    const { forwardPre, forward, backwardPre, backward } = this;
    this.plain = forwardPre.length + forward.length + backwardPre.length + backward.length === 0;
  }
}

/** What a module keeps beside its fields. */
export class Internals extends CallHooks {
  statePre: Entries<StateDictPreHook> = NONE;
  statePost: Entries<StateDictPostHook> = NONE;
  loadPre: Entries<LoadStateDictPreHook> = NONE;
  loadPost: Entries<LoadStateDictPostHook> = NONE;
  /** What to look out for in calls until it is clear that everything is registered. */
  watch: Watch | null = null;

  override update(): void {
    super.update();
    this.plain &&= this.watch === null;
  }

  /** The same hooks, for a copy of the module. */
  copy(): Internals {
    const { forwardPre, forward, backwardPre, backward, statePre, statePost, loadPre, loadPost } = this;
    const result = new Internals();
    Object.assign(result, { forwardPre, forward, backwardPre, backward, statePre, statePost, loadPre, loadPost });
    result.update();
    return result;
  }
}

export const internalsOf = (module: Module): Internals => Reflect.get(module, INTERNALS) as Internals;

/** The hooks of all modules; they run before a module's own. */
export const globalHooks = new CallHooks();

type AnyHook = (...args: never[]) => unknown;
type Lists<K extends string> = { [kind in K]: Entries<AnyHook> } & { update(): void };

/** Adds `hook` to one of the lists of `hooks`. */
export function addHook<K extends string>(
  op: string,
  hooks: Lists<K>,
  kind: K,
  hook: AnyHook,
  options: ForwardHookOptions,
): HookHandle {
  if (typeof hook !== "function") throw new ValueError(`${op}: expected a function as hook, got ${describe(hook)}`);
  const known = kind === "forward" ? (["prepend", "alwaysCall"] as const) : (["prepend"] as const);
  const { prepend = false, alwaysCall = false } = bind<ForwardHookOptions>(op, known, [options]);
  const entry: Entry<AnyHook> = { call: hook, always: alwaysCall };
  const lists: Record<K, Entries<AnyHook>> = hooks;
  // A copy for each change: a hook may take itself out while the list runs.
  const set = (entries: Entries<AnyHook>) => {
    lists[kind] = entries;
    hooks.update();
  };
  set(prepend ? [entry, ...lists[kind]] : [...lists[kind], entry]);
  return { remove: () => set(lists[kind].filter((e) => e !== entry)) };
}
