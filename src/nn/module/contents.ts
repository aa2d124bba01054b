/**
 * @file What a module holds: registration is reading its fields, in the order in which they were declared. Arrays, records and maps of
 * parameters, buffers and modules count as modules of their own, as PyTorch's `ModuleList` and `ParameterDict` do.
 */
import { describe, ValueError } from "../../core/errors.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import type { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import type { Module } from "./module.ts";

/** The key under which a module keeps what it must not register. */
export const INTERNALS: unique symbol = Symbol.for("typetorch.module");

export function isModule(x: unknown): x is Module {
  return typeof x === "function" && INTERNALS in x;
}

/** A field that holds several entries. */
export type Container = readonly unknown[] | ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>;

/** A module, or a container that stands for one. */
export type TreeNode = Module | Container;

export type OwnTensor = Parameter | Buffer;

export interface Contents {
  readonly tensors: readonly (readonly [name: string, tensor: OwnTensor])[];
  readonly children: readonly (readonly [name: string, node: TreeNode])[];
}

function isTensor(x: unknown): x is OwnTensor {
  return x instanceof Parameter || x instanceof Buffer;
}

function isRecord(x: object): x is Record<string, unknown> {
  const proto = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

/** Name and value of each entry of a container; `null` if `x` is none. */
function containerEntries(x: unknown): readonly (readonly [unknown, unknown])[] | null {
  if (typeof x !== "object" || x === null) return null;
  if (Array.isArray(x)) {
    // Long arrays of numbers are common in fields, and are left alone.
    const first: unknown = x[0];
    return typeof first === "function" || typeof first === "object" ? x.map((value, i) => [String(i), value]) : null;
  }
  if (x instanceof Map) return [...x];
  return isRecord(x) ? Object.entries(x) : null;
}

/** Whether something to register is in there, however deep. */
function holdsEntries(x: unknown, path: readonly unknown[] = []): x is Container {
  if (path.includes(x)) return false;
  const entries = containerEntries(x);
  return entries?.some(([, v]) => isModule(v) || isTensor(v) || holdsEntries(v, [...path, x])) ?? false;
}

/** The entries of a module or container by their names in the state_dict. */
export function contentsOf(node: TreeNode): Contents {
  const tensors: [string, OwnTensor][] = [];
  const children: [string, TreeNode][] = [];
  const fields = new Map<string, string>();
  const module = isModule(node) ? node : null;
  const entries: readonly (readonly [unknown, unknown])[] =
    module === null
      ? (containerEntries(node) ?? [])
      : Object.keys(module).map((key) => [key, Reflect.get(module, key)]);
  for (const [key, value] of entries) {
    const tensor = isTensor(value);
    if (!tensor && !isModule(value) && !holdsEntries(value)) continue;
    checkName("Module", key);
    const name = module === null ? key : module.stateNameOf(key);
    const other = fields.get(name);
    if (other !== undefined)
      throw new ValueError(
        `${className(node)}: expected fields with different names in the state_dict, got ${other} and ${key}, which are both ${name}; rename one, or say so in static stateNames`,
      );
    fields.set(name, key);
    if (tensor) tensors.push([name, value]);
    else children.push([name, value]);
  }
  return { tensors, children };
}

/** The modules that are fields themselves, by field: what the containers iterate over. */
export function modulesIn(container: Module): [name: string, module: Module][] {
  const found: [string, Module][] = [];
  for (const key of Object.keys(container)) {
    const value: unknown = Reflect.get(container, key);
    if (isModule(value)) found.push([key, value]);
  }
  return found;
}

/**
 * Puts `module` in the place of a node's child, or (unless `strict`) under a new name.
 * @param name - the child's state name
 */
export function setChild(op: string, node: TreeNode, name: string, module: Module, strict: boolean): void {
  checkName(op, name);
  const { children, tensors } = contentsOf(node);
  const isChild = children.some(([child, value]) => child === name && isModule(value));
  const taken = tensors.some(([own]) => own === name) || children.some(([child]) => child === name);
  if (!isChild && (strict || taken))
    throw new ValueError(
      `${op}: expected the name of a module in ${className(node)}, got ${describe(name)}${taken ? ", which is none" : ""}`,
    );
  putEntry(node, name, module);
}

/** Sets the entry of a node that has this state name. */
export function putEntry(node: TreeNode, name: string, value: Module | Tensor): void {
  if (node instanceof Map) {
    node.set(name, value);
    return;
  }
  const field = isModule(node) ? Object.keys(node).find((key) => node.stateNameOf(key) === name) : name;
  if (field === undefined)
    Object.defineProperty(node, name, { value, writable: true, enumerable: true, configurable: true });
  else Reflect.set(node, field, value);
}

/** Checks a name that becomes part of a dotted path. */
export function checkName(op: string, name: unknown): asserts name is string {
  if (typeof name !== "string") throw new ValueError(`${op}: expected a string as name, got ${String(name)}`);
  if (name === "") throw new ValueError(`${op}: expected a name, got an empty string`);
  if (name.includes(".")) throw new ValueError(`${op}: expected a name without ".", got ${JSON.stringify(name)}`);
}

/** A path in the state_dict. */
export const joined = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);

/**
 * A node and all below it, each with its path; parents come first.
 * @param removeDuplicate - visit what is shared once, under its first name
 */
export function* walk(root: TreeNode, prefix = "", removeDuplicate = true): Generator<[path: string, node: TreeNode]> {
  const stack: { path: string; node: TreeNode; above: readonly TreeNode[] }[] = [
    { path: prefix, node: root, above: [] },
  ];
  const seen = new Set<TreeNode>();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { path, node, above } = top;
    if (removeDuplicate ? seen.has(node) : above.includes(node)) continue;
    seen.add(node);
    yield [path, node];
    const { children } = contentsOf(node);
    const inside = removeDuplicate ? above : [...above, node];
    for (const [name, child] of [...children].reverse())
      stack.push({ path: joined(path, name), node: child, above: inside });
  }
}
