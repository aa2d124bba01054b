/** @file In-place changes: what may be changed, and how history is rewritten when it is. */
import { AutogradError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { edgeNr, edgeOf, gradFnOf, requiresGrad } from "./graph.ts";
import { bumpVersion, metaOf, setHistory, type ViewInfo, versionOf } from "./meta.ts";
import { isGradEnabled, isInferenceModeEnabled } from "./modes.ts";
import { addResult, type Grad, Node } from "./node.ts";

/**
 * Checks that `t` may be changed in place here. Call before writing.
 * @param recorded - whether the change itself goes into the graph
 */
export function checkInplace(op: string, t: Tensor, recorded: boolean): void {
  const meta = t.meta;
  if (meta === null) return;
  if (meta.isInference && !isInferenceModeEnabled())
    throw new AutogradError(`${op}: expected an ordinary tensor, got one made in inferenceMode, which cannot be changed in place outside of it`);
  if (!isGradEnabled()) return;
  const view = meta.view;
  if (view !== null && (recorded || requiresGrad(t))) checkView(op, view);
  if (!requiresGrad(t)) return;
  if (gradFnOf(t) === null)
    throw new AutogradError(`${op}: a leaf Variable that requires grad is being used in an in-place operation (use torch.noGrad, or t.data)`);
}

function checkView(op: string, view: ViewInfo): void {
  const { base, origin } = view;
  if (requiresGrad(base) && gradFnOf(base) === null)
    throw new AutogradError(`${op}: a view of a leaf Variable that requires grad is being used in an in-place operation (use torch.noGrad, or t.data)`);
  if (origin === "multiOutput")
    throw new AutogradError(`${op}: a view that is one of several results of a function (unbind, split, chunk) is being modified in place; clone() it first`);
  if (origin === "noGrad")
    throw new AutogradError(`${op}: a view that was made in noGrad is being modified in place with grad mode enabled; make the view outside of noGrad, or modify it inside`);
  if (origin === "customFunction")
    throw new AutogradError(`${op}: a view that a custom Function returned is being modified in place; clone() it first`);
}

/** Records that `node`, whose first edge is that of `t` before the change, has written into `t`. */
export function rebaseHistory(t: Tensor, node: Node): void {
  const view = t.meta?.view;
  if (!view) {
    addResult(node, t);
    setHistory(t, node, 0);
    return;
  }
  const copy = new CopySlices(view, node);
  addResult(node, t);
  addResult(copy, view.base);
  setHistory(view.base, copy, 0);
  view.version = -1; // seen anew through the base at the next look
  gradFnOf(t);
}

/** Backward of a write into a view, seen from its base: the written part's gradient goes through the write, the rest passes. */
class CopySlices extends Node {
  private readonly replay: (base: Tensor) => Tensor;
  private readonly written: Node;

  constructor(view: ViewInfo, written: Node) {
    super();
    this.replay = view.replay;
    this.written = written;
    this.nextNodes.push(edgeOf(view.base), ...written.nextNodes.slice(1));
    this.nextNrs.push(edgeNr(view.base), ...written.nextNrs.slice(1));
  }

  override name(): string {
    return "CopySlices";
  }

  override apply(grads: Grad[]): Grad[] {
    const grad = grads[0];
    if (!grad) return this.nextNodes.map(() => null);
    const result = grad.clone();
    const part = this.replay(result);
    const [first, ...others] = this.written.apply([part.clone()]);
    if (first) part.copy_(first);
    else part.zero_();
    return [result, ...others];
  }

  override release(): void {
    this.written.release();
  }
}

/** Tells `t` that it has been written: version and, for a node, history. */
export function written(t: Tensor, node: Node | null): void {
  bumpVersion(t);
  if (node !== null) rebaseHistory(t, node);
}

/** Makes `result` a view of `of` in the eyes of autograd. */
export function asView(result: Tensor, of: Tensor, replay: (base: Tensor) => Tensor, origin: ViewInfo["origin"]): void {
  const parent = of.meta?.view ?? null;
  const base = parent === null ? of : parent.base;
  const chain = parent === null ? replay : (b: Tensor) => replay(parent.replay(b));
  const meta = metaOf(result);
  if (of.meta?.ownVersion) meta.ownVersion = of.meta.ownVersion;
  const inherited = parent !== null && parent.origin !== "default" ? parent.origin : origin;
  meta.view = { base, replay: chain, origin: inherited, version: versionOf(result) };
}
