/** @file Hooks around a module's `forward`, and around its part of backward. */

import { handOut } from "../../autograd/grad-memory.ts";
import { attach, connect, requiresGrad } from "../../autograd/graph.ts";
import { metaOf } from "../../autograd/meta.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { type Grad, Node } from "../../autograd/node.ts";
import { AutogradError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import type { Module } from "./module.ts";
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

/** What a module keeps beside its fields. */
export class Internals {
  forwardPre: readonly ForwardPreHook[] = [];
  forward: readonly ForwardHook[] = [];
  backwardPre: readonly FullBackwardPreHook[] = [];
  backward: readonly FullBackwardHook[] = [];
  /** What to look out for in calls until it is clear that everything is registered. */
  watch: Watch | null = null;
  /** Nothing to do around `forward`. */
  plain = true;

  update(): void {
    const { forwardPre, forward, backwardPre, backward, watch } = this;
    this.plain = forwardPre.length + forward.length + backwardPre.length + backward.length === 0 && watch === null;
  }

  add<K extends "forwardPre" | "forward" | "backwardPre" | "backward">(
    kind: K,
    hook: Internals[K][number],
    { prepend = false }: HookOptions,
  ): HookHandle {
    // A copy for each change: a hook may take itself out while the list runs.
    const lists = this as Record<K, readonly Internals[K][number][]>;
    lists[kind] = prepend ? [hook, ...lists[kind]] : [...lists[kind], hook];
    this.update();
    return {
      remove: () => {
        const at = lists[kind].indexOf(hook);
        if (at >= 0) lists[kind] = lists[kind].toSpliced(at, 1);
        this.update();
      },
    };
  }
}

const given = (x: unknown): boolean => x !== undefined && x !== null;

/** Runs `forward` and the hooks around it. */
export function callWithHooks(module: Module, internals: Internals, args: unknown[]): unknown {
  let inputs = args;
  for (const hook of internals.forwardPre) {
    const replaced = hook(module, inputs);
    if (given(replaced)) inputs = Array.isArray(replaced) ? replaced : [replaced];
  }
  const hooksBackward = internals.backward.length + internals.backwardPre.length > 0 && isGradEnabled();
  const around = hooksBackward ? new AroundBackward(module, internals) : null;
  if (around !== null) inputs = around.enter(inputs);
  const { watch } = internals;
  let output: unknown = watch === null ? module.forward(...inputs) : watch.around(() => module.forward(...inputs));
  for (const hook of internals.forward) {
    const replaced = hook(module, inputs, output);
    if (given(replaced)) output = replaced;
  }
  return around === null ? output : around.leave(output);
}

/** Stands in the graph where gradients enter or leave a module, and passes them through `see`. */
class BoundaryNode extends Node {
  private readonly see: (grads: Grad[]) => Grad[];

  constructor(inputs: readonly Tensor[], see: (grads: Grad[]) => Grad[]) {
    super();
    this.see = see;
    connect(this, inputs);
  }

  override name(): string {
    return "BackwardHookFunctionBackward";
  }

  override apply(grads: Grad[]): Grad[] {
    return this.see(grads);
  }
}

/** Puts a boundary behind those of `values` that are tensors requiring grad; `see` gets and gives a gradient for each value. */
function boundary(values: readonly unknown[], see: (grads: Grad[]) => Grad[]): unknown[] {
  const at = values.flatMap((v, i) => (v instanceof Tensor && requiresGrad(v) ? [i] : []));
  if (at.length === 0) return [...values];
  const node = new BoundaryNode(
    at.map((i) => values[i] as Tensor),
    (grads) => {
      const all = new Array<Grad>(values.length).fill(null);
      for (const [k, i] of at.entries()) all[i] = grads[k] ?? null;
      const seen = see(all);
      return at.map((i) => seen[i] ?? null);
    },
  );
  const passed = [...values];
  for (const i of at) {
    const t = values[i] as Tensor;
    const result = new Tensor(t.storage, t.layout, t.dtype);
    if (t.meta?.ownVersion) metaOf(result).ownVersion = t.meta.ownVersion;
    attach(node, result);
    passed[i] = result;
  }
  return passed;
}

/** The backward hooks of one call of a module. */
class AroundBackward {
  private readonly module: Module;
  private readonly internals: Internals;
  private inputs = 0;
  private inputsNeedGrad = false;
  private gradOutput: Grad[] | null = null;

  constructor(module: Module, internals: Internals) {
    this.module = module;
    this.internals = internals;
  }

  enter(args: readonly unknown[]): unknown[] {
    this.inputs = args.length;
    this.inputsNeedGrad = args.some((x) => x instanceof Tensor && requiresGrad(x));
    return boundary(args, (grads) => this.leaving(grads));
  }

  leave(output: unknown): unknown {
    if (Array.isArray(output)) return boundary(output, (grads) => this.entering(grads));
    return boundary([output], (grads) => this.entering(grads))[0];
  }

  /** Gradients of the outputs have come. */
  private entering(grads: Grad[]): Grad[] {
    let gradOutput = grads;
    for (const hook of this.internals.backwardPre) {
      const replaced = hook(this.module, shown(gradOutput));
      if (given(replaced)) gradOutput = this.replacement(replaced as Grad, gradOutput.length, "gradOutput");
    }
    this.gradOutput = gradOutput;
    if (!this.inputsNeedGrad) {
      const none = new Array<Grad>(this.inputs).fill(null);
      for (const hook of this.internals.backward) {
        const replaced = hook(this.module, [...none], shown(gradOutput));
        if (given(replaced) && (!Array.isArray(replaced) || replaced.some(given)))
          throw new AutogradError(
            "registerFullBackwardHook: expected a hook of a module with no input that requires grad to return nothing",
          );
      }
    }
    return gradOutput;
  }

  /** Gradients of the arguments are there. */
  private leaving(grads: Grad[]): Grad[] {
    const { gradOutput } = this;
    if (gradOutput === null) return grads;
    let gradInput = grads;
    for (const hook of this.internals.backward) {
      const replaced = hook(this.module, shown(gradInput), shown(gradOutput));
      if (given(replaced)) gradInput = this.replacement(replaced as Grad, gradInput.length, "gradInput");
    }
    this.gradOutput = null;
    return gradInput;
  }

  private replacement(replaced: Grad | readonly Grad[], expected: number, what: string): Grad[] {
    const list = Array.isArray(replaced) ? (replaced as Grad[]) : [replaced as Grad];
    if (list.length !== expected)
      throw new AutogradError(
        `registerFullBackwardHook: expected ${expected} gradients from the hook as ${what}, got ${list.length}`,
      );
    return shown(list);
  }
}

/** Gradients that the user sees. */
function shown(grads: readonly Grad[]): Grad[] {
  for (const grad of grads) if (grad !== null) handOut(grad);
  return [...grads];
}
