/** @file Runs the backward graph: an iterative walk in the order of sequence numbers, so that depth costs no stack. */
import { backendOf } from "../backends/backend.ts";
import { AutogradError, DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { graphState } from "../core/graph-state.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { duringBackward, handOut } from "./grad-memory.ts";
import { edgeNr, edgeOf, requiresGrad } from "./graph.ts";
import { metaOf } from "./meta.ts";
import { isGradEnabled, withGrad } from "./modes.ts";
import type { Grad, Node, ResultHooks } from "./node.ts";

export interface RunOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Where gradients are wanted; `null`: in every leaf. */
  readonly inputs: readonly Tensor[] | null;
  /** Whether the gradients of `inputs` are added to their `grad` instead of returned. */
  readonly accumulate: boolean;
}

/**
 * Computes gradients from `roots` back.
 * @returns the gradients of `options.inputs`, `null` for those that the roots do not depend on
 */
export function run(op: string, roots: readonly Tensor[], grads: readonly Tensor[], options: RunOptions): Grad[] {
  const before = everywhere;
  everywhere = options.inputs === null;
  try {
    return duringBackward(() => withGrad(options.createGraph, () => new Run(op, roots, grads, options).execute()));
  } finally {
    everywhere = before;
    if (!options.retainGraph) {
      graphState.waits = false;
      graphState.backwards++;
    }
  }
}

let everywhere = true;

/** Whether the run under way gives gradients to all leaves, not to certain tensors. */
export function accumulatesEverywhere(): boolean {
  return everywhere;
}

/** A node in a run: the gradients of its results so far, and from how many places more may come. */
interface Task {
  readonly node: Node;
  readonly grads: Grad[];
  waiting: number;
}

class Run {
  private readonly tasks = new Map<Node, Task>();
  private readonly ready = new TaskHeap();
  private readonly options: RunOptions;
  private readonly captured: Grad[];
  /** The results whose gradients are `inputs`', by node. */
  private readonly wanted = new Map<Node, { nr: number; slot: number }[]>();
  /** The nodes to run for them; `null`: all. */
  private readonly needed: Set<Node> | null;

  constructor(op: string, roots: readonly Tensor[], grads: readonly Tensor[], options: RunOptions) {
    this.options = options;
    this.captured = (options.inputs ?? []).map(() => null);
    const nodes = roots.map((root, i) => {
      const node = edgeOf(root);
      if (node === null)
        throw new AutogradError(`${op}: element ${i} of tensors does not require grad and does not have a gradFn`);
      return node;
    });
    this.want(op);
    this.needed = options.inputs === null ? null : nodesLeadingTo(this.wanted, nodes);
    if (options.accumulate) for (const node of this.wanted.keys()) this.needed?.add(node);
    this.countDependencies(nodes);
    for (const [i, root] of roots.entries()) {
      const [node, nr, grad] = [nodes[i] as Node, edgeNr(root), grads[i] as Tensor];
      if (!options.createGraph) handOut(grad); // the caller's: never taken over as some leaf's grad
      add(this.taskOf(node), nr, checked(op, i, node, nr, grad));
    }
    for (const node of new Set(nodes)) if (this.taskOf(node).waiting === 0) this.ready.push(this.taskOf(node));
  }

  execute(): Grad[] {
    for (let task = this.ready.pop(); task !== null; task = this.ready.pop()) {
      this.tasks.delete(task.node);
      if (tracer === null) this.visit(task);
      else
        traced("range", `autograd::engine::evaluate_function: ${tracedName(task.node)}`, null, () => this.visit(task));
    }
    return this.captured;
  }

  private want(op: string): void {
    for (const [slot, input] of (this.options.inputs ?? []).entries()) {
      if (!requiresGrad(input))
        throw new AutogradError(`${op}: one of the differentiated tensors does not require grad (input ${slot})`);
      const node = edgeOf(input);
      if (node === null) continue; // no gradient can reach it
      const entry = { nr: edgeNr(input), slot };
      const entries = this.wanted.get(node);
      if (entries) entries.push(entry);
      else this.wanted.set(node, [entry]);
    }
  }

  private taskOf(node: Node): Task {
    let task = this.tasks.get(node);
    if (task === undefined) {
      task = { node, grads: new Array<Grad>(node.results.length).fill(null), waiting: 0 };
      this.tasks.set(node, task);
    }
    return task;
  }

  /** Whether `node` is to run, or to be looked at for its gradient. */
  private reaches(node: Node): boolean {
    return this.needed === null || this.needed.has(node) || this.wanted.has(node);
  }

  /** Makes a task of each node that will be reached, with the number of edges that lead to it. */
  private countDependencies(roots: readonly Node[]): void {
    const stack: Node[] = [];
    for (const root of roots) if (!this.tasks.has(root) && this.taskOf(root)) stack.push(root);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const next of node.nextNodes) {
        if (next === null || !this.reaches(next)) continue;
        if (!this.tasks.has(next)) stack.push(next);
        this.taskOf(next).waiting++;
      }
    }
  }

  private visit({ node, grads: given }: Task): void {
    const runs = this.needed === null || this.needed.has(node);
    const grads = node.resultHooks === null ? given : callResultHooks(node.resultHooks, given);
    if (!this.options.accumulate) {
      // PyTorch hands out what came before the hooks where the node runs too.
      for (const { nr, slot } of this.wanted.get(node) ?? NONE)
        this.captured[slot] = handedOut((runs ? given : grads)[nr] ?? null);
    }
    if (!runs) return;
    const results = callNode(node, grads);
    if (!this.options.retainGraph) node.release();
    const next = node.nextNodes;
    for (let i = 0; i < next.length; i++) {
      const target = next[i];
      if (!target || !this.reaches(target)) continue;
      const task = this.taskOf(target);
      const grad = results[i];
      const nr = node.nextNrs[i] as number;
      if (grad) add(task, nr, checked(node, i, target, nr, grad));
      if (--task.waiting === 0) this.ready.push(task);
    }
    if (!this.options.createGraph) given.forEach(discard);
  }
}

const NONE: readonly never[] = [];

/** The nodes among those behind `roots` from which an edge leads to `wanted`, directly or through others. */
function nodesLeadingTo(wanted: ReadonlyMap<Node, unknown>, roots: readonly Node[]): Set<Node> {
  const leading = new Set<Node>();
  const seen = new Set<Node>();
  // Depth first with an explicit stack.
  const path: { node: Node; next: number }[] = [];
  const enter = (node: Node) => {
    if (seen.has(node)) return;
    seen.add(node);
    path.push({ node, next: 0 });
  };
  for (const root of roots) {
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (top.next < top.node.nextNodes.length) {
        const child = top.node.nextNodes[top.next++];
        if (child) enter(child);
        continue;
      }
      path.pop();
      if (top.node.nextNodes.some((n) => n !== null && (wanted.has(n) || leading.has(n)))) leading.add(top.node);
    }
  }
  return leading;
}

function add({ grads }: Task, nr: number, grad: Tensor): void {
  const before = grads[nr];
  const sum = before ? before.add(grad) : grad;
  sum.storage.awaited++;
  grads[nr] = sum;
  if (before && !isGradEnabled()) discard(before);
}

/** A gradient has been used up: unless others wait in its memory, or somebody keeps it, that is free for the next. */
function discard(grad: Grad): void {
  if (grad === null) return;
  const { storage, meta } = grad;
  storage.awaited--;
  if (storage.awaited === 0 && !storage.claimed && !storage.shared && meta === null)
    backendOf(storage.device).recycle(storage);
}

/** Marks a gradient that the user sees. */
function handedOut<G extends Grad>(grad: G): G {
  if (grad !== null) handOut(grad);
  return grad;
}

/** Runs a node and its own hooks. */
function callNode(node: Node, given: Grad[]): Grad[] {
  let grads = given;
  // A copy of the hooks: one may remove itself, or others.
  for (const hook of node.preHooks === null ? NONE : [...node.preHooks])
    grads = replaced("registerPrehook", hook.call(grads.map(handedOut)), grads);
  if (node.postHooks === null || node.postHooks.size === 0) return applied(node, grads);
  grads.forEach(handedOut);
  let results = applied(node, grads);
  for (const hook of [...node.postHooks])
    results = replaced("registerHook", hook.call(results.map(handedOut), grads), results);
  return results;
}

function applied(node: Node, grads: Grad[]): Grad[] {
  if (tracer === null) return node.apply(grads);
  return traced("node", tracedName(node), grads, () => node.apply(grads));
}

/** As PyTorch's profiler calls a node. */
function tracedName(node: Node): string {
  const name = node.name();
  return name === "AccumulateGrad" ? `torch::autograd::${name}` : name;
}

/** What a hook of a node makes of `grads`. */
function replaced(op: string, by: unknown, grads: Grad[]): Grad[] {
  if (by === null || by === undefined) return grads;
  const list: unknown[] = by instanceof Tensor ? [by] : Array.isArray(by) ? by : [];
  if (list.length !== grads.length || !list.every((g) => g === null || g === undefined || g instanceof Tensor))
    throw new ValueError(
      `${op}: expected ${grads.length} gradients (tensors or null) from the hook, or nothing, got ${describe(by)}`,
    );
  return list.map((g) => handedOut((g as Tensor | undefined) ?? null));
}

/** Runs the hooks of tensors, then keeps the gradients of those that want to. */
function callResultHooks(byResult: readonly (ResultHooks | undefined)[], given: readonly Grad[]): Grad[] {
  return given.map((first, nr) => {
    const own = byResult[nr];
    if (first === null || own === undefined) return first;
    let grad = handedOut(first);
    for (const hook of [...own.hooks]) {
      const by = hook.call(grad);
      if (by === null || by === undefined) continue;
      if (!(by instanceof Tensor))
        throw new ValueError(`registerHook: expected a Tensor or nothing from the hook, got ${describe(by)}`);
      if (!sameShape(by.shape, grad.shape))
        throw new ShapeError(
          `registerHook: expected a gradient of shape ${shapeText(grad.shape)} from the hook, got ${shapeText(by.shape)}`,
        );
      if (by.dtype !== grad.dtype)
        throw new DTypeError(`registerHook: expected a gradient of ${grad.dtype} from the hook, got ${by.dtype}`);
      grad = handedOut(by);
    }
    if (own.retained !== null) retain(own.retained, grad);
    return grad;
  });
}

/** Adds to the `grad` of a tensor that is no leaf. */
function retain(t: Tensor, grad: Tensor): void {
  const meta = metaOf(t);
  meta.grad = handedOut(meta.grad === null ? grad.clone() : meta.grad.add(grad));
}

/** A gradient must have the shape and dtype of what it belongs to; broadcasting is undone, dtypes are cast. */
function checked(from: Node | string, i: number, target: Node, nr: number, grad: Tensor): Tensor {
  const kind = target.results[nr];
  if (kind === undefined) return grad;
  const { layout, dtype } = kind;
  let result = grad;
  if (!sameShape(grad.shape, layout.shape)) {
    if (!expandsTo(layout.shape, grad.shape))
      throw new ShapeError(
        `backward: ${typeof from === "string" ? from : from.name()} returned a gradient of shape ${shapeText(grad.shape)} at index ${i}, expected ${shapeText(layout.shape)}`,
      );
    result = result.sumToSize(layout.shape);
  }
  if (result.dtype !== dtype) {
    if (result.dtype.isComplex && !dtype.isComplex) result = result.real;
    if (result.dtype !== dtype) result = result.to(dtype);
  }
  return result;
}

function expandsTo(from: readonly number[], to: readonly number[]): boolean {
  if (from.length > to.length) return false;
  return from.every((n, i) => n === 1 || n === to[i + to.length - from.length]);
}

/** Tasks by falling sequence number. */
class TaskHeap {
  private readonly items: Task[] = [];

  push(task: Task): void {
    const a = this.items;
    let i = a.push(task) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((a[parent] as Task).node.sequence >= task.node.sequence) break;
      a[i] = a[parent] as Task;
      i = parent;
    }
    a[i] = task;
  }

  pop(): Task | null {
    const a = this.items;
    const top = a[0];
    const last = a.pop();
    if (top === undefined || last === undefined) return null;
    if (a.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= a.length) break;
      if (child + 1 < a.length && (a[child + 1] as Task).node.sequence > (a[child] as Task).node.sequence) child++;
      if ((a[child] as Task).node.sequence <= last.node.sequence) break;
      a[i] = a[child] as Task;
      i = child;
    }
    a[i] = last;
    return top;
  }
}
