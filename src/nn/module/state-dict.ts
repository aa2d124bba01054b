/** @file Saving what a module holds by name, and loading it again. */
import { noGrad } from "../../autograd/modes.ts";
import { CheckpointError, describe, ValueError } from "../../core/errors.ts";
import { Buffer } from "../../core/parameter.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { type Contents, contentsOf, isModule, type OwnTensor, type TreeNode } from "./contents.ts";
import { internalsOf } from "./hook-lists.ts";
import type { Module } from "./module.ts";
import { isUninitialized } from "./uninitialized.ts";

/** Tensors by name, in order; and what `getExtraState` gives, of modules that have it. */
export type StateDict = Record<string, Tensor>;

/** Called before a module is written into a state_dict. */
export type StateDictPreHook<M extends Module = Module> = (module: M, prefix: string, keepVars: boolean) => void;
/** Called when a module and all below it stand in the state_dict, which it may change. */
export type StateDictPostHook<M extends Module = Module> = (module: M, stateDict: StateDict, prefix: string) => void;
/** Called before a module is loaded: it may change the state_dict (a copy), and add to what is reported. */
export type LoadStateDictPreHook<M extends Module = Module> = (
  module: M,
  stateDict: Record<string, unknown>,
  prefix: string,
  strict: boolean,
  missingKeys: string[],
  unexpectedKeys: string[],
  errorMsgs: string[],
) => void;
/** Called when a module and all below it are loaded: it may change the report, and by that settle what is missing. */
export type LoadStateDictPostHook<M extends Module = Module> = (module: M, incompatibleKeys: IncompatibleKeys) => void;

const EXTRA = "_extra_state";

/** What of a node's own is saved: parameters first. */
function savedTensors({ tensors }: Contents): (readonly [name: string, tensor: OwnTensor])[] {
  const isSaved = (t: OwnTensor) => t instanceof Buffer && t.persistent;
  return [...tensors.filter(([, t]) => !(t instanceof Buffer)), ...tensors.filter(([, t]) => isSaved(t))];
}

/** Adds what `module` and all below it hold to `state`. */
export function stateDictOf(module: Module, state: StateDict, prefix: string, keepVars: boolean): StateDict {
  const visit = (node: TreeNode, prefix: string, above: readonly TreeNode[]): void => {
    if (above.includes(node)) return;
    const own = isModule(node) ? node : null;
    if (own !== null) for (const { call } of internalsOf(own).statePre) call(own, prefix, keepVars);
    const contents = contentsOf(node);
    for (const [name, t] of savedTensors(contents))
      state[prefix + name] = keepVars || isUninitialized(t) ? t : t.detach();
    if (own?.getExtraState !== undefined) state[`${prefix}${EXTRA}`] = own.getExtraState() as Tensor; // see StateDict
    for (const [name, child] of contents.children) visit(child, `${prefix}${name}.`, [...above, node]);
    if (own !== null) for (const { call } of internalsOf(own).statePost) call(own, state, prefix);
  };
  visit(module, prefix, []);
  return state;
}

/** What did not fit between a module and a state_dict. */
export class IncompatibleKeys {
  /** Names of the module that the state_dict lacks. */
  readonly missingKeys: string[];
  /** Names of the state_dict that the module lacks. */
  readonly unexpectedKeys: string[];

  constructor(missingKeys: string[], unexpectedKeys: string[]) {
    this.missingKeys = missingKeys;
    this.unexpectedKeys = unexpectedKeys;
  }

  *[Symbol.iterator](): Iterator<readonly string[]> {
    yield this.missingKeys;
    yield this.unexpectedKeys;
  }

  toString(): string {
    if (this.missingKeys.length + this.unexpectedKeys.length === 0) return "<All keys matched successfully>";
    const list = (keys: readonly string[]) => `[${keys.map((k) => `'${k}'`).join(", ")}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missingKeys)}, unexpected_keys=${list(this.unexpectedKeys)})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

export interface LoadStateDictOptions {
  /** Refuse missing and unexpected keys; the default. */
  readonly strict?: boolean;
  /** Take over the tensors themselves, with their dtype, instead of copying from them. */
  readonly assign?: boolean;
}

const size = (t: Tensor): string => `torch.Size(${shapeText(t.shape)})`;
const quoted = (keys: readonly string[]): string => keys.map((k) => `"${k}"`).join(", ");

/** Loads all of it, or (when something does not fit) throws and changes nothing. */
export function loadInto(module: Module, state: unknown, options: LoadStateDictOptions): IncompatibleKeys {
  const loading = new Loading(state, options);
  loading.visit(module, "", []);
  loading.finish(module);
  return loading.report;
}

class Loading {
  readonly report: IncompatibleKeys = new IncompatibleKeys([], []);
  private readonly state: Record<string, unknown>;
  private readonly strict: boolean;
  private readonly assign: boolean;
  private readonly problems: string[] = [];
  /** What is to be done once it is clear that everything fits. */
  private readonly writes: (() => void)[] = [];
  private readonly postHooks: (() => void)[] = [];

  constructor(state: unknown, { strict = true, assign = false }: LoadStateDictOptions) {
    this.state = copyOf(state);
    this.strict = strict;
    this.assign = assign;
  }

  /** Looks at a node and all below it. */
  visit(node: TreeNode, prefix: string, above: readonly TreeNode[]): void {
    if (above.includes(node)) return;
    const { missingKeys, unexpectedKeys } = this.report;
    const module = isModule(node) ? node : null;
    if (module !== null)
      for (const { call } of internalsOf(module).loadPre)
        call(module, this.state, prefix, this.strict, missingKeys, unexpectedKeys, this.problems);
    const contents = contentsOf(node);
    const own = savedTensors(contents);
    for (const [name, t] of own) {
      if (Object.hasOwn(this.state, prefix + name)) this.take(t, prefix + name);
      else missingKeys.push(prefix + name);
    }
    const known = new Set(own.map(([name]) => name));
    if (module?.setExtraState !== undefined) {
      const key = `${prefix}${EXTRA}`;
      known.add(EXTRA);
      const value = this.state[key];
      if (Object.hasOwn(this.state, key)) this.writes.push(() => module.setExtraState?.(value));
      else missingKeys.push(key);
    }
    const below = new Set(contents.children.map(([name]) => name));
    for (const key of Object.keys(this.state)) {
      if (!key.startsWith(prefix)) continue;
      const [first = "", ...rest] = key.slice(prefix.length).split(".");
      if (!(rest.length > 0 ? below : known).has(first)) unexpectedKeys.push(key);
    }
    for (const [name, child] of contents.children) this.visit(child, `${prefix}${name}.`, [...above, node]);
    if (module !== null)
      for (const { call } of internalsOf(module).loadPost) this.postHooks.push(() => call(module, this.report));
  }

  private take(t: OwnTensor, name: string): void {
    const value = this.state[name];
    if (!(value instanceof Tensor)) {
      this.problems.push(
        `While copying the parameter named "${name}", expected torch.Tensor or Tensor-like object from checkpoint but received ${describe(value)}`,
      );
      return;
    }
    if (isUninitialized(value)) {
      if (!isUninitialized(t))
        this.problems.push(
          `While copying the parameter named "${name}", expected one with a shape, got one of a lazy module that was not called yet.`,
        );
      return;
    }
    if (isUninitialized(t)) {
      this.writes.push(() => {
        t.materialize(value.shape);
        this.write(t, value);
      });
      return;
    }
    // Checkpoints of PyTorch before 0.4 have one-element vectors for numbers.
    const source = t.ndim === 0 && value.ndim === 1 && value.shape[0] === 1 ? value.reshape([]) : value;
    if (!sameShape(source.shape, t.shape))
      this.problems.push(
        `size mismatch for ${name}: copying a param with shape ${size(value)} from checkpoint, the shape in current model is ${size(t)}.`,
      );
    else this.writes.push(() => this.write(t, source));
  }

  private write(t: Tensor, source: Tensor): void {
    if (this.assign) t.data = source.detach();
    else t.copy_(source);
  }

  /** Writes, and throws where something is wrong: before anything is written, unless hooks could settle it after. */
  finish(module: Module): void {
    if (this.problems.length > 0 || this.postHooks.length === 0) this.refuse(module);
    noGrad(() => {
      for (const write of this.writes) write();
    });
    for (const hook of this.postHooks) hook();
    this.refuse(module);
  }

  private refuse(module: Module): void {
    const { missingKeys, unexpectedKeys } = this.report;
    const lines = [...this.problems];
    if (this.strict && unexpectedKeys.length > 0)
      lines.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `);
    if (this.strict && missingKeys.length > 0) lines.unshift(`Missing key(s) in state_dict: ${quoted(missingKeys)}. `);
    if (lines.length === 0) return;
    throw new CheckpointError(
      `loadStateDict: Error(s) in loading state_dict for ${className(module)}:\n\t${lines.join("\n\t")}`,
    );
  }
}

function copyOf(state: unknown): Record<string, unknown> {
  if (!(state instanceof Map) && (typeof state !== "object" || state === null || state instanceof Tensor))
    throw new ValueError(`loadStateDict: expected an object of tensors by name, got ${describe(state)}`);
  const entries = state instanceof Map ? [...state].map(([key, value]) => [String(key), value]) : Object.entries(state);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
