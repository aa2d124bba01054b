/** @file Runs the backward graph: an iterative walk in the order of sequence numbers, so that depth costs no stack. */
import { AutogradError, ShapeError } from "../core/errors.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { duringBackward, handOut } from "./grad-memory.ts";
import { AccumulateGrad, edgeNr, edgeOf, requiresGrad } from "./graph.ts";
import type { TensorHook } from "./meta.ts";
import { withGrad } from "./modes.ts";
import type { Grad, Node } from "./node.ts";

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
  return duringBackward(() => withGrad(options.createGraph, () => new Run(op, roots, grads, options).execute()));
}

class Run {
  private readonly pending = new Map<Node, Grad[]>();
  private readonly waiting = new Map<Node, number>();
  private readonly ready = new NodeHeap();
  private readonly captures = new Map<Node, { nr: number; slot: number }[]>();
  private readonly captured: Grad[];
  private readonly options: RunOptions;
  private readonly op: string;

  constructor(op: string, roots: readonly Tensor[], grads: readonly Tensor[], options: RunOptions) {
    this.op = op;
    this.options = options;
    this.captured = (options.inputs ?? []).map(() => null);
    const rootNodes: Node[] = [];
    for (const root of roots) {
      const node = edgeOf(root);
      if (node === null) throw new AutogradError(`${op}: element of tensors does not require grad and does not have a gradFn`);
      rootNodes.push(node);
    }
    this.wantInputs();
    this.countDependencies(rootNodes);
    for (const [i, root] of roots.entries()) {
      const grad = grads[i] as Tensor;
      if (!options.createGraph) handOut(grad); // the caller's: never taken over as some leaf's grad
      this.add(rootNodes[i] as Node, edgeNr(root), grad);
    }
    for (const node of new Set(rootNodes)) if (!this.waiting.get(node)) this.ready.push(node);
  }

  execute(): Grad[] {
    for (let node = this.ready.pop(); node !== null; node = this.ready.pop()) this.visit(node);
    return this.captured;
  }

  private wantInputs(): void {
    for (const [slot, input] of (this.options.inputs ?? []).entries()) {
      if (!requiresGrad(input)) throw new AutogradError(`${this.op}: one of the differentiated tensors does not require grad (input ${slot})`);
      const node = edgeOf(input) as Node;
      const list = this.captures.get(node);
      const entry = { nr: edgeNr(input), slot };
      if (list) list.push(entry);
      else this.captures.set(node, [entry]);
    }
  }

  /** Counts for each reachable node how many gradients it must wait for; leaves out what does not lead to the inputs. */
  private countDependencies(roots: Node[]): void {
    const useful = this.options.inputs === null ? null : this.nodesLeadingToInputs(roots);
    const seen = new Set<Node>();
    const stack: Node[] = [];
    for (const root of roots) if (!seen.has(root) && seen.add(root)) stack.push(root);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const next of node.nextNodes) {
        if (next === null || (useful !== null && !useful.has(next))) continue;
        this.waiting.set(next, (this.waiting.get(next) ?? 0) + 1);
        if (!seen.has(next)) {
          seen.add(next);
          stack.push(next);
        }
      }
    }
    this.useful = useful;
  }
  private useful: Set<Node> | null = null;

  private nodesLeadingToInputs(roots: Node[]): Set<Node> {
    // Depth first with an explicit stack: a node is useful when it is wanted itself or one of its successors is useful.
    const useful = new Set<Node>(this.captures.keys());
    const seen = new Set<Node>();
    const path: { node: Node; next: number }[] = [];
    for (const root of roots) {
      if (seen.has(root)) continue;
      seen.add(root);
      path.push({ node: root, next: 0 });
      while (path.length > 0) {
        const top = path[path.length - 1] as { node: Node; next: number };
        if (top.next < top.node.nextNodes.length) {
          const child = top.node.nextNodes[top.next++];
          if (child && !seen.has(child)) {
            seen.add(child);
            path.push({ node: child, next: 0 });
          }
          continue;
        }
        path.pop();
        if (top.node.nextNodes.some((n) => n !== null && useful.has(n))) useful.add(top.node);
      }
    }
    return useful;
  }

  private visit(node: Node): void {
    let grads = this.pending.get(node) ?? [];
    this.pending.delete(node);
    if (node.preHooks) {
      handOutAll(grads);
      for (const hook of node.preHooks) grads = (hook(grads) as Grad[] | undefined) ?? grads;
      handOutAll(grads);
    }
    for (const { nr, slot } of this.captures.get(node) ?? []) this.capture(node, slot, grads[nr] ?? null);
    if (this.options.inputs !== null) {
      if (node instanceof AccumulateGrad) return this.finish(node, grads, this.options.accumulate && this.captures.has(node));
      if (!node.nextNodes.some((n) => n !== null && this.useful?.has(n))) return;
    }
    this.finish(node, grads, true);
  }

  private finish(node: Node, grads: Grad[], apply: boolean): void {
    if (!apply) return;
    let results = node.apply(grads);
    if (node.postHooks) {
      handOutAll(grads);
      handOutAll(results);
      for (const hook of node.postHooks) results = (hook(results, grads) as Grad[] | undefined) ?? results;
      handOutAll(results);
    }
    if (!this.options.retainGraph) node.release();
    const next = node.nextNodes;
    for (let i = 0; i < next.length; i++) {
      const target = next[i];
      if (!target || (this.useful !== null && !this.useful.has(target))) continue;
      const grad = results[i] ?? null;
      if (grad !== null) this.add(target, node.nextNrs[i] as number, checked(node, i, target, node.nextNrs[i] as number, grad));
      const left = (this.waiting.get(target) as number) - 1;
      this.waiting.set(target, left);
      if (left === 0) this.ready.push(target);
    }
  }

  private capture(node: Node, slot: number, grad: Grad): void {
    if (this.options.accumulate && node instanceof AccumulateGrad) return;
    if (grad === null) return;
    if (this.options.accumulate) {
      const input = (this.options.inputs as readonly Tensor[])[slot] as Tensor;
      retain(input, grad);
    } else {
      handOut(grad);
      this.captured[slot] = grad;
    }
  }

  private add(node: Node, nr: number, grad: Tensor): void {
    let slots = this.pending.get(node);
    if (!slots) {
      slots = new Array<Grad>(node.resultLayouts.length).fill(null);
      this.pending.set(node, slots);
    }
    const before = slots[nr];
    slots[nr] = before ? before.add(grad) : grad;
  }
}

/** Hooks show gradients to the user. */
function handOutAll(grads: readonly Grad[]): void {
  for (const grad of grads) if (grad) handOut(grad);
}

/** Keeps the gradient of a tensor that is no leaf. */
function retain(t: Tensor, grad: Tensor): void {
  if (!t.meta) return;
  t.meta.grad = t.meta.grad === null ? grad : t.meta.grad.add(grad);
  handOut(grad);
}

/** Hooks of a tensor and `retainGrad` are a pre-hook on its node, for its result. */
export function tensorPreHook(t: Tensor, nr: number): (grads: Grad[]) => Grad[] | undefined {
  return (grads) => {
    const meta = t.meta;
    let grad = grads[nr];
    if (!grad || !meta) return undefined;
    for (const hook of meta.hooks ?? ([] as TensorHook[])) {
      handOut(grad);
      const replaced = hook(grad);
      if (replaced) {
        if (!sameShape(replaced.shape, grad.shape))
          throw new ShapeError(`registerHook: expected a gradient of shape ${shapeText(grad.shape)} from the hook, got ${shapeText(replaced.shape)}`);
        handOut(replaced);
        grad = replaced;
      }
    }
    if (meta.retainsGrad) {
      meta.grad = grad;
      handOut(grad);
    }
    const out = grads.slice();
    out[nr] = grad;
    return out;
  };
}

/** A gradient must have the shape and dtype of what it belongs to; broadcasting is undone, dtypes are cast. */
function checked(from: Node, i: number, target: Node, nr: number, grad: Tensor): Tensor {
  const layout = target.resultLayouts[nr];
  const dtype = target.resultDTypes[nr];
  if (layout === undefined || dtype === undefined) return grad;
  let result = grad;
  if (!sameShape(grad.shape, layout.shape)) {
    if (!expandsTo(layout.shape, grad.shape))
      throw new ShapeError(`backward: ${from.name()} returned a gradient of shape ${shapeText(grad.shape)} at index ${i}, expected ${shapeText(layout.shape)}`);
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

/** Nodes by falling sequence number. */
class NodeHeap {
  private readonly items: Node[] = [];

  push(node: Node): void {
    const a = this.items;
    let i = a.push(node) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((a[parent] as Node).sequence >= node.sequence) break;
      a[i] = a[parent] as Node;
      i = parent;
    }
    a[i] = node;
  }

  pop(): Node | null {
    const a = this.items;
    const top = a[0];
    const last = a.pop();
    if (top === undefined || last === undefined) return null;
    if (a.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= a.length) break;
      if (child + 1 < a.length && (a[child + 1] as Node).sequence > (a[child] as Node).sequence) child++;
      if ((a[child] as Node).sequence <= last.sequence) break;
      a[i] = a[child] as Node;
      i = child;
    }
    a[i] = last;
    return top;
  }
}
