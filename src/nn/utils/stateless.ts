/** @file Calls of a module with other parameters than its own: `torch.func.functionalCall` and `torch.nn.utils.stateless`. */
import { describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { bind } from "../../ops/bind.ts";
import { contentsOf, joined, putEntry, type TreeNode, walk } from "../module/contents.ts";
import type { Module } from "../module/module.ts";
import { checkModule } from "./module-tensor.ts";

/** Tensors by their names in the state_dict. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

export interface FunctionalCallOptions {
  /** Where the module has one tensor in two places, a new one under either name takes both; the default. */
  readonly tieWeights?: boolean;
  /** Refuse names that the module does not have, and ask for all that it has. */
  readonly strict?: boolean;
}

/** A place in a module where a tensor stands. */
interface Place {
  readonly node: TreeNode;
  readonly name: string;
  readonly tensor: Tensor;
}

function placesIn(module: Module): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [path, node] of walk(module, "", false))
    for (const [name, tensor] of contentsOf(node).tensors) places.set(joined(path, name), { node, name, tensor });
  return places;
}

function entriesOf(op: string, given: NamedTensors | readonly NamedTensors[]): Map<string, Tensor> {
  const entries = new Map<string, Tensor>();
  for (const group of Array.isArray(given) ? (given as readonly NamedTensors[]) : [given as NamedTensors]) {
    if (typeof group !== "object" || group === null)
      throw new ValueError(`${op}: expected tensors by name as parametersAndBuffers, got ${describe(group)}`);
    for (const [name, tensor] of group instanceof Map ? group : Object.entries(group)) {
      if (!(tensor instanceof Tensor))
        throw new ValueError(`${op}: expected a Tensor as ${name}, got ${describe(tensor)}`);
      if (entries.has(name)) throw new ValueError(`${op}: expected each name once, got ${name} twice`);
      entries.set(name, tensor);
    }
  }
  return entries;
}

/** The tensor for each place: the given ones, and where tensors are tied, for all places of one of them. */
function replacements(op: string, places: Map<string, Place>, given: Map<string, Tensor>, tie: boolean) {
  const found = new Map<Place, Tensor>();
  const byOwn = new Map<Tensor, Tensor>();
  for (const [name, tensor] of given) {
    const place = places.get(name);
    if (place === undefined) continue;
    const other = byOwn.get(place.tensor);
    if (tie && other !== undefined && other !== tensor)
      throw new ValueError(`${op}: expected one tensor for tied parameters, got another one as ${name}`);
    byOwn.set(place.tensor, tensor);
    found.set(place, tensor);
  }
  if (tie)
    for (const place of places.values()) {
      const tensor = byOwn.get(place.tensor);
      if (tensor !== undefined) found.set(place, tensor);
    }
  return found;
}

function checkNames(op: string, module: Module, places: Map<string, Place>, given: Map<string, Tensor>): void {
  const unexpected = [...given.keys()].filter((name) => !places.has(name));
  const missing = [...places.keys()].filter((name) => !given.has(name));
  if (unexpected.length + missing.length === 0) return;
  const lists = [
    ...(unexpected.length > 0 ? [`unexpected ${unexpected.join(", ")}`] : []),
    ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
  ];
  throw new ValueError(`${op}: expected the names of ${className(module)}, got ${lists.join("; ")}`);
}

/**
 * Calls a module with other tensors in the place of its parameters and buffers, by which derivatives with respect to them can be taken.
 * The module's own are untouched. PyTorch: `torch.func.functional_call`.
 *
 * @param parametersAndBuffers - by their names in the state_dict; several records may be given in an array. A parameter that is not
 * named stays
 * @param args - the argument of the call, or an array of them
 * @param options - `tieWeights` (true), `strict` (false)
 * @returns what the module gives
 * @example
 * const layer = new nn.Linear(2, 1);
 * const zeros = { weight: torch.zeros(1, 2), bias: torch.ones(1) };
 * torch.func.functionalCall(layer, zeros, torch.randn(3, 2)).tolist() // [[1], [1], [1]]
 */
export function functionalCall<M extends Module>(
  module: M,
  parametersAndBuffers: NamedTensors | readonly NamedTensors[],
  args: Tensor | readonly unknown[] | null = null,
  options: FunctionalCallOptions = {},
): ReturnType<M["forward"]> {
  const op = "functionalCall";
  checkModule(op, module);
  const { tieWeights = true, strict = false } = bind<FunctionalCallOptions>(op, ["tieWeights", "strict"], [options]);
  const given = entriesOf(op, parametersAndBuffers);
  const places = placesIn(module);
  if (strict) checkNames(op, module, places, given);
  const found = replacements(op, places, given, tieWeights);
  const call = module as unknown as (...args: readonly unknown[]) => unknown;
  const restore = () => {
    for (const { node, name, tensor } of found.keys()) putEntry(node, name, tensor);
  };
  for (const [{ node, name }, tensor] of found) putEntry(node, name, tensor);
  let result: unknown;
  try {
    result = call(...(args === null ? [] : Array.isArray(args) ? (args as readonly unknown[]) : [args]));
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) result.then(restore, restore);
  else restore();
  return result as ReturnType<M["forward"]>;
}
