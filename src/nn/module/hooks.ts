/** @file Hooks around a module's `forward`, and around its part of backward. */

import { handOut } from "../../autograd/grad-memory.ts";
import { attach, connect, requiresGrad } from "../../autograd/graph.ts";
import { metaOf } from "../../autograd/meta.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { type Grad, Node } from "../../autograd/node.ts";
import { AutogradError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import {
  type CallHooks,
  type Entry,
  type ForwardHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  globalHooks,
  type Internals,
} from "./hook-lists.ts";
import type { Module } from "./module.ts";

const given = (x: unknown): boolean => x !== undefined && x !== null;

type Kind = Exclude<keyof CallHooks, "plain" | "update">;

/** The hooks of one kind that a call of a module runs. */
function hooksOf<K extends Kind>(internals: Internals, kind: K): Internals[K] {
  if (globalHooks[kind].length === 0) return internals[kind];
  return [...globalHooks[kind], ...internals[kind]] as unknown as Internals[K]; // entries of one kind
}

/** Runs `forward` and the hooks around it. */
export function callWithHooks(module: Module, internals: Internals, args: unknown[]): unknown {
  const hooks = hooksOf(internals, "forward");
  const called = new Set<Entry<ForwardHook>>();
  let inputs = args;
  let output: unknown;
  try {
    for (const { call } of hooksOf(internals, "forwardPre")) {
      const replaced = call(module, inputs);
      if (given(replaced)) inputs = Array.isArray(replaced) ? replaced : [replaced];
    }
    const around = AroundBackward.of(module, internals);
    if (around !== null) inputs = around.enter(inputs);
    const { watch } = internals;
    output = watch === null ? module.forward(...inputs) : watch.around(() => module.forward(...inputs));
    for (const hook of hooks) {
      called.add(hook);
      const replaced = hook.call(module, inputs, output);
      if (given(replaced)) output = replaced;
    }
    return around === null ? output : around.leave(output);
  } catch (error) {
    for (const hook of hooks) if (hook.always && !called.has(hook)) callDespite(error, hook, [module, inputs, output]);
    throw error;
  }
}

/** Calls a hook while `error` is on its way out: that stays the error, and one of the hook becomes its cause. */
function callDespite(error: unknown, { call }: Entry<ForwardHook>, args: Parameters<ForwardHook>): void {
  try {
    call(...args);
  } catch (second) {
    if (error instanceof Error) error.cause ??= second;
  }
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
  private readonly backwardPre: readonly Entry<FullBackwardPreHook>[];
  private readonly backward: readonly Entry<FullBackwardHook>[];
  private inputs = 0;
  private inputsNeedGrad = false;
  private gradOutput: Grad[] | null = null;

  private constructor(module: Module, internals: Internals) {
    this.module = module;
    this.backwardPre = hooksOf(internals, "backwardPre");
    this.backward = hooksOf(internals, "backward");
  }

  /** `null` if there are no such hooks, or nothing is recorded. */
  static of(module: Module, internals: Internals): AroundBackward | null {
    if (!isGradEnabled()) return null;
    const around = new AroundBackward(module, internals);
    return around.backward.length + around.backwardPre.length > 0 ? around : null;
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
    for (const { call } of this.backwardPre) {
      const replaced = call(this.module, shown(gradOutput));
      if (given(replaced)) gradOutput = this.replacement(replaced as Grad, gradOutput.length, "gradOutput");
    }
    this.gradOutput = gradOutput;
    if (!this.inputsNeedGrad) {
      const none = new Array<Grad>(this.inputs).fill(null);
      for (const { call } of this.backward) {
        const replaced = call(this.module, [...none], shown(gradOutput));
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
    for (const { call } of this.backward) {
      const replaced = call(this.module, shown(gradInput), shown(gradOutput));
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
