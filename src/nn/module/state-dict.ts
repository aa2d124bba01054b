/** @file Saving what a module holds by name, and loading it again. */
import { noGrad } from "../../autograd/modes.ts";
import { CheckpointError, describe, ValueError } from "../../core/errors.ts";
import { Buffer } from "../../core/parameter.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { contentsOf, joined, type OwnTensor, type TreeNode, walk } from "./contents.ts";
import type { Module } from "./module.ts";
import { isUninitialized } from "./uninitialized.ts";

/** Tensors by name, in order. */
export type StateDict = Record<string, Tensor>;

/** The saved tensors of a node and all below it; what is shared comes under each of its names. */
function* savedTensors(root: TreeNode, prefix: string): Generator<[name: string, tensor: OwnTensor]> {
  for (const [path, node] of walk(root, prefix, false)) {
    const { tensors } = contentsOf(node);
    for (const [name, t] of tensors) if (!(t instanceof Buffer)) yield [joined(path, name), t];
    for (const [name, t] of tensors) if (t instanceof Buffer && t.persistent) yield [joined(path, name), t];
  }
}

export function stateDictOf(module: Module, prefix: string, keepVars: boolean): StateDict {
  const state: StateDict = {};
  for (const [name, t] of savedTensors(module, prefix)) state[name] = keepVars || isUninitialized(t) ? t : t.detach();
  return state;
}

/** What did not fit between a module and a state_dict. */
export class IncompatibleKeys {
  /** Names of the module that the state_dict lacks. */
  readonly missingKeys: readonly string[];
  /** Names of the state_dict that the module lacks. */
  readonly unexpectedKeys: readonly string[];

  constructor(missingKeys: readonly string[], unexpectedKeys: readonly string[]) {
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
  const { strict = true, assign = false } = options;
  const given = entriesOf(state);
  const own = [...savedTensors(module, "")];
  const names = new Set(own.map(([name]) => name));
  const missing = own.flatMap(([name]) => (given.has(name) ? [] : [name]));
  const unexpected = [...given.keys()].filter((name) => !names.has(name));
  const problems: string[] = [];
  if (strict && missing.length > 0) problems.push(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (strict && unexpected.length > 0) problems.push(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  const copies: [OwnTensor, Tensor][] = [];
  for (const [name, t] of own) {
    if (!given.has(name)) continue;
    const value = given.get(name);
    if (!(value instanceof Tensor)) {
      problems.push(
        `While copying the parameter named "${name}", expected torch.Tensor or Tensor-like object from checkpoint but received ${describe(value)}`,
      );
      continue;
    }
    if (isUninitialized(value)) {
      if (!isUninitialized(t))
        problems.push(
          `While copying the parameter named "${name}", expected one with a shape, got one of a lazy module that was not called yet.`,
        );
      continue;
    }
    if (isUninitialized(t)) {
      copies.push([t, value]);
      continue;
    }
    // Checkpoints of PyTorch before 0.4 have one-element vectors for numbers.
    const source = t.ndim === 0 && value.ndim === 1 && value.shape[0] === 1 ? value.reshape([]) : value;
    if (sameShape(source.shape, t.shape)) copies.push([t, source]);
    else
      problems.push(
        `size mismatch for ${name}: copying a param with shape ${size(value)} from checkpoint, the shape in current model is ${size(t)}.`,
      );
  }
  if (problems.length > 0)
    throw new CheckpointError(
      `loadStateDict: Error(s) in loading state_dict for ${className(module)}:\n\t${problems.join("\n\t")}`,
    );
  noGrad(() => {
    for (const [t, source] of copies) {
      if (isUninitialized(t)) t.materialize(source.shape);
      if (assign) t.data = source.detach();
      else t.copy_(source);
    }
  });
  return new IncompatibleKeys(missing, unexpected);
}

function entriesOf(state: unknown): ReadonlyMap<string, unknown> {
  if (state instanceof Map) return new Map([...state].map(([key, value]) => [String(key), value]));
  if (typeof state !== "object" || state === null || state instanceof Tensor)
    throw new ValueError(`loadStateDict: expected an object of tensors by name, got ${describe(state)}`);
  return new Map(Object.entries(state));
}
