/** @file From tensors to nodes: which node a tensor's gradient goes to, and how an op's node is hung into the graph. */
import { Category } from "../core/dtype.ts";
import { AutogradError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { graphState } from "../core/graph-state.ts";
import { isDense, Layout } from "../core/layout.ts";
import { sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { backwardRun, handOut } from "./grad-memory.ts";
import { metaOf, setHistory, type ViewInfo, type ViewOrigin, versionOf } from "./meta.ts";
import { isGradEnabled, isInferenceModeEnabled, type SavedTensorsHooks, savedHooks, withGrad } from "./modes.ts";
import { addResult, type Grad, Node, type ResultKind, type Saved, SavedTensor } from "./node.ts";

/** Whether `t` is part of a graph. A view of such a tensor is, even one that was made in noGrad and passes no gradient on. */
export function requiresGrad(t: Tensor): boolean {
  const meta = t.meta;
  if (meta === null) return false;
  return meta.requiresGrad || meta.gradFn !== null || (meta.view !== null && requiresGrad(meta.view.base));
}

export function isDifferentiable(t: Tensor): boolean {
  return t.dtype.category >= Category.Floating;
}

/**
 * The node that made `t`; `null` for leaves. A view of memory that was written since is seen anew through its base.
 * @throws AutogradError for such a view where that cannot be: one of several results, one made in noGrad or a custom Function
 */
export function gradFnOf(t: Tensor): Node | null {
  const meta = t.meta;
  if (meta === null) return null;
  const { view } = meta;
  if (view !== null && view.version !== versionOf(t) && (meta.gradFn !== null || requiresGrad(view.base)))
    renewView(t, view);
  return meta.gradFn;
}

function renewView(t: Tensor, view: ViewInfo): void {
  if (view.origin !== "default")
    throw new AutogradError(
      `gradFn: ${ORIGINS[view.origin]}, and its base or another view of it was modified in place since, so that its gradient is not known; clone() it before that`,
    );
  const { meta } = withGrad(true, () => samePart(t.layout, view.replay, view.base));
  if (meta?.gradFn) setHistory(t, meta.gradFn, meta.outputNr);
  else if (t.meta) t.meta.gradFn = null; // the base was detached
}

/** What views that cannot follow a change of their base are. */
export const ORIGINS: { readonly [O in Exclude<ViewOrigin, "default">]: string } = {
  multiOutput: "the tensor is a view that is one of several results of a function (unbind, split, chunk)",
  noGrad: "the tensor is a view that was made in noGrad",
  customFunction: "the tensor is a view that a custom Function returned, or an input that it returned as it is",
};

/** The part of `of` that a view with this layout is of its base. */
export function samePart({ shape, strides, offset }: Layout, replay: ViewInfo["replay"], of: Tensor): Tensor {
  return replay === null ? of.asStrided(shape, strides, offset) : replay(of);
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
    // The leaf may have been detached in the meantime.
    if (grad && this.variable.meta?.requiresGrad) accumulate(this.variable, grad);
    return [];
  }
}

/** Gives a leaf whose dtype or shape was changed (`x.data = y`) a new accumulator, which expects gradients of that kind. */
export function renewAccumulator(t: Tensor): void {
  const before = t.meta?.accumulator;
  if (!t.meta || !before) return;
  const accumulator = new AccumulateGrad(t);
  accumulator.resultHooks = before.resultHooks;
  accumulator.preHooks = before.preHooks;
  accumulator.postHooks = before.postHooks;
  t.meta.accumulator = accumulator;
}

/** `variable.grad += grad`; takes the tensor itself where nobody else holds its memory. */
function accumulate(variable: Tensor, grad: Tensor): void {
  const meta = metaOf(variable);
  if (meta.grad === null)
    meta.grad = isGradEnabled() || !mayKeep(variable, grad) ? copied(variable, grad) : detached(grad);
  else if (isGradEnabled()) meta.grad = meta.grad.add(grad);
  else meta.grad.add_(grad);
  meta.grad.storage.claimed = true;
  if (isGradEnabled()) handOut(meta.grad); // part of a graph, which may save it
}

/** Whether `grad` has its memory for itself, and lies as the gradient of `variable` should: in the same order of dimensions. */
function mayKeep(variable: Tensor, { storage, layout, dtype }: Tensor): boolean {
  if (storage.claimed || storage.nbytes !== layout.numel * dtype.itemsize) return false;
  if (variable.layout.isContiguous || !isDense(variable.layout)) return layout.isContiguous;
  return layout.strides.every((stride, d) => stride === variable.layout.strides[d] || layout.shape[d] === 1);
}

function copied(variable: Tensor, grad: Tensor): Tensor {
  const { shape, strides } = variable.layout;
  const memory = grad.newEmpty(shape);
  const layout = isDense(variable.layout) ? new Layout(shape, strides, 0) : memory.layout;
  return new Tensor(memory.storage, layout, memory.dtype).copy_(grad);
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

const ZEROS: (readonly number[])[] = [];
function zeros(n: number): readonly number[] {
  ZEROS[n] ??= new Array<number>(n).fill(0);
  return ZEROS[n];
}

/** Hangs `node` behind its inputs. */
export function connect(node: Node, inputs: readonly (Tensor | null)[]): void {
  graphState.waits = true;
  node.nextNodes = inputs.map((t) => (t === null ? null : edgeOf(t)));
  node.nextNrs = inputs.some((t) => t !== null && edgeNr(t) !== 0)
    ? inputs.map((t) => (t === null ? 0 : edgeNr(t)))
    : zeros(inputs.length);
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
export function save(op: string, t: Tensor, isResult = false): Saved {
  if (t.meta?.isInference && !isInferenceModeEnabled())
    throw new AutogradError(
      `${op}: inference tensors cannot be saved for backward; make a clone() outside of inferenceMode first`,
    );
  const hooks = savedHooks();
  return hooks === null ? new SavedTensor(t, isResult) : new PackedTensor(op, t, hooks);
}

/** A tensor kept for backward as a hook has packed it. Of the tensor itself it knows the place in the graph only. */
class PackedTensor implements Saved {
  private readonly op: string;
  private readonly hooks: SavedTensorsHooks;
  private readonly packed: unknown;
  private readonly kind: ResultKind;
  private readonly node: Node | null;
  private readonly nr: number;
  private readonly isLeaf: boolean;
  /** What this backward run has unpacked: an op may ask several times. */
  private unpacked: { readonly run: number; readonly tensor: Tensor } | null = null;

  constructor(op: string, t: Tensor, hooks: SavedTensorsHooks) {
    this.op = op;
    this.hooks = hooks;
    this.kind = { layout: t.layout, dtype: t.dtype };
    this.node = edgeOf(t);
    this.nr = edgeNr(t);
    this.isLeaf = gradFnOf(t) === null;
    this.packed = withGrad(false, () => hooks.pack(t));
  }

  unpack(): Tensor {
    const run = backwardRun();
    if (this.unpacked?.run !== run) this.unpacked = { run, tensor: this.unpackAnew() };
    return this.unpacked.tensor;
  }

  private unpackAnew(): Tensor {
    const value: unknown = withGrad(false, () => this.hooks.unpack(this.packed));
    const { layout, dtype } = this.kind;
    if (!(value instanceof Tensor))
      throw new ValueError(
        `savedTensorsHooks: expected a Tensor from the unpack hook (for ${this.op}), got ${describe(value)}`,
      );
    if (!sameShape(value.shape, layout.shape) || value.dtype !== dtype)
      throw new ShapeError(
        `savedTensorsHooks: expected ${dtype} of shape ${shapeText(layout.shape)} from the unpack hook (for ${this.op}), got ${value.dtype} of ${shapeText(value.shape)}`,
      );
    const tensor = new Tensor(value.storage, value.layout, value.dtype);
    if (this.node === null) return tensor;
    if (this.isLeaf) {
      const meta = metaOf(tensor);
      meta.requiresGrad = true;
      meta.accumulator = this.node;
    } else setHistory(tensor, this.node, this.nr);
    return tensor;
  }
}

/** Makes a fresh result of `node` part of the graph. */
export function attach(node: Node, result: Tensor): void {
  if (!isDifferentiable(result)) {
    addResult(node, result); // keeps the numbers of the others
    return;
  }
  setHistory(result, node, addResult(node, result));
}
