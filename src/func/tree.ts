/** @file Arrays and records of tensors, of any depth: what functions of `torch.func` take and give. */
import { ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";

function isRecord(x: unknown): x is Record<string, unknown> {
  if (typeof x !== "object" || x === null) return false;
  const proto: unknown = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

/** The same tree with `f` of each tensor; what is no tensor stays. */
export function mapTensors(tree: unknown, f: (t: Tensor) => unknown): unknown {
  if (tree instanceof Tensor) return f(tree);
  if (Array.isArray(tree)) return tree.map((item) => mapTensors(item, f));
  if (!isRecord(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapTensors(item, f)]));
}

/** The tensors of a tree, in order. */
export function tensorsOf(tree: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(tree, (t) => found.push(t));
  return found;
}

/** The tree with other things in the places of its tensors, in order. */
export function withLeaves(tree: unknown, leaves: readonly unknown[]): unknown {
  let next = 0;
  return mapTensors(tree, () => leaves[next++]);
}

/**
 * The tensors of `other` in the order of `tree`, whose shape it must have.
 * @throws ValueError if it has another number of tensors
 */
export function matched(op: string, what: string, tree: unknown, other: unknown): Tensor[] {
  const [wanted, got] = [tensorsOf(tree).length, tensorsOf(other)];
  if (got.length !== wanted) throw new ValueError(`${op}: expected ${wanted} tensors as ${what}, got ${got.length}`);
  return got;
}
