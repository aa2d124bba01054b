/** @file From tensors to nodes: which node a tensor's gradient goes to, and how an op's node is hung into the graph. */
import { Category } from "../core/dtype.ts";
import { AutogradError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { handOut } from "./grad-memory.ts";
import { metaOf, setHistory, versionOf } from "./meta.ts";
import { isGradEnabled, isInferenceModeEnabled, withGrad } from "./modes.ts";
import { addResult, type Grad, Node, SavedTensor } from "./node.ts";

/** Whether gradients flow to `t`. */
export function requiresGrad(t: Tensor): boolean {
  const meta = t.meta;
  if (meta === null) return false;
  if (meta.requiresGrad || meta.gradFn !== null) return true;
  // An in-place change of its base (or of another view) may have given a view a history.
  return meta.view !== null && meta.view.origin === "default" && isDifferentiable(t) && gradFnOf(t) !== null;
}

export function isDifferentiable(t: Tensor): boolean {
  return t.dtype.category >= Category.Floating;
}

/** The node that made `t`; `null` for leaves. A view whose storage was written since is seen anew through its base. */
export function gradFnOf(t: Tensor): Node | null {
  const meta = t.meta;
  if (meta === null) return null;
  const view = meta.view;
  if (view !== null && view.origin === "default" && view.version !== versionOf(t) && requiresGrad(view.base)) {
    const fresh = withGrad(true, () => view.replay(view.base));
    meta.gradFn = fresh.meta?.gradFn ?? null;
    meta.outputNr = fresh.meta?.outputNr ?? 0;
    view.version = versionOf(t);
  }
  return meta.gradFn;
}

/** Adds a gradient to a leaf's `grad`. */
export class AccumulateGrad extends Node {
  readonly variable: Tensor;
  // Runs as soon as its gradient is there.
  override readonly sequence: number = Number.MAX_SAFE_INTEGER;

  constructor(variable: Tensor) {
    super();
    this.variable = variable;
    addResult(this, variable);
  }

  override name(): string {
    return "AccumulateGrad";
  }

  override apply(grads: Grad[]): Grad[] {
    const grad = grads[0];
    if (grad) accumulate(this.variable, grad);
    return [];
  }
}

/** Gives a leaf whose dtype or shape was changed (`x.data = y`) a new accumulator, which expects gradients of that kind. */
export function renewAccumulator(t: Tensor): void {
  const before = t.meta?.accumulator;
  if (!t.meta || !before) return;
  const accumulator = new AccumulateGrad(t);
  accumulator.preHooks = before.preHooks;
  accumulator.postHooks = before.postHooks;
  t.meta.accumulator = accumulator;
}

/** `variable.grad += grad`; takes the tensor itself where nobody else holds its memory. */
function accumulate(variable: Tensor, grad: Tensor): void {
  const meta = metaOf(variable);
  if (meta.grad !== null) {
    if (isGradEnabled()) {
      meta.grad = meta.grad.add(grad);
      handOut(meta.grad);
    } else if (!requiresGrad(meta.grad)) meta.grad.add_(grad);
    else meta.grad = meta.grad.add(grad);
    return;
  }
  if (isGradEnabled()) {
    meta.grad = grad; // part of a graph: must stay itself
    handOut(grad);
    return;
  }
  const mayKeep = !grad.storage.claimed && grad.layout.isContiguous && grad.storage.nbytes === grad.layout.numel * grad.dtype.itemsize;
  const own = mayKeep ? detached(grad) : grad.detach().clone();
  own.storage.claimed = true;
  meta.grad = own;
}

function detached(t: Tensor): Tensor {
  return t.meta === null ? t : t.detach();
}

/** The node and result number that `t`'s gradient goes to; the node is `null` where none is wanted. */
export function edgeOf(t: Tensor): Node | null {
  const meta = t.meta;
  if (meta === null) return null;
  const node = gradFnOf(t);
  if (node !== null) return node;
  if (!meta.requiresGrad) return null;
  meta.accumulator ??= new AccumulateGrad(t);
  return meta.accumulator;
}

export function edgeNr(t: Tensor): number {
  return t.meta?.gradFn ? t.meta.outputNr : 0;
}

/** Hangs `node` behind its inputs. */
export function connect(node: Node, inputs: readonly (Tensor | null)[]): void {
  for (const t of inputs) {
    node.nextNodes.push(t === null ? null : edgeOf(t));
    node.nextNrs.push(t === null ? 0 : edgeNr(t));
  }
}

/** Whether an op on these inputs must be recorded. */
export function shouldRecord(inputs: readonly (Tensor | null)[]): boolean {
  for (let i = 0; i < inputs.length; i++) {
    const t = inputs[i];
    if (t && t.meta !== null && requiresGrad(t)) return isGradEnabled();
  }
  return false;
}

/** Saves tensors for backward. Those made in inference mode cannot be. */
export function save(op: string, t: Tensor): SavedTensor {
  if (t.meta?.isInference && !isInferenceModeEnabled())
    throw new AutogradError(`${op}: inference tensors cannot be saved for backward; make a clone() outside of inferenceMode first`);
  return new SavedTensor(t);
}

/** Makes a fresh result of `node` part of the graph. */
export function attach(node: Node, result: Tensor): void {
  if (!isDifferentiable(result)) {
    addResult(node, result); // keeps the numbers of the others
    return;
  }
  setHistory(result, node, addResult(node, result));
}
