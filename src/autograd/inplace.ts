/** @file In-place changes: what may be changed, and how history is rewritten when it is. */
import { AutogradError } from "../core/errors.ts";
import { extent, type Layout } from "../core/layout.ts";
import type { Tensor } from "../core/tensor.ts";
import { edgeNr, edgeOf, gradFnOf, ORIGINS, requiresGrad, samePart } from "./graph.ts";
import { bumpVersion, metaOf, setHistory, type ViewInfo, type ViewOrigin, versionOf } from "./meta.ts";
import { isInferenceModeEnabled } from "./modes.ts";
import { addResult, type Grad, Node } from "./node.ts";

/**
 * Checks that `t` may be changed in place here. Call before writing.
 * @param recorded - whether the change itself goes into the graph
 */
export function checkInplace(op: string, t: Tensor, recorded: boolean): void {
  const meta = t.meta;
  if (meta === null) return;
  if (meta.isInference && !isInferenceModeEnabled())
    throw new AutogradError(
      `${op}: expected an ordinary tensor, got one made in inferenceMode, which cannot be changed in place outside of it`,
    );
  if (!recorded) return;
  const { view } = meta;
  if (view !== null) {
    if (view.origin !== "default")
      throw new AutogradError(`${op}: ${ORIGINS[view.origin]}, and is being modified in place; clone() it first`);
    if (requiresGrad(t) && gradFnOf(view.base) === null)
      throw new AutogradError(
        `${op}: a view of a leaf Variable that requires grad is being used in an in-place operation (use torch.noGrad, or t.data)`,
      );
  }
  if (requiresGrad(t) && gradFnOf(t) === null)
    throw new AutogradError(
      `${op}: a leaf Variable that requires grad is being used in an in-place operation (use torch.noGrad, or t.data)`,
    );
}

/** Records that `node`, whose first edge is that of `t` before the change, has written into `t`. */
function rebaseHistory(t: Tensor, node: Node): void {
  const nr = addResult(node, t);
  const view = t.meta?.view;
  if (!view) {
    setHistory(t, node, nr);
    return;
  }
  const copy = new CopySlices(t.layout, view, node);
  setHistory(view.base, copy, addResult(copy, view.base));
  gradFnOf(t); // sees it anew through the base
}

/** Backward of a write into a view, seen from its base: the written part's gradient goes through the write, the rest passes. */
class CopySlices extends Node {
  private readonly base: Layout;
  private readonly part: Layout;
  private readonly replay: ViewInfo["replay"];
  private readonly written: Node;

  constructor(part: Layout, { base, replay }: ViewInfo, written: Node) {
    super();
    this.base = base.layout;
    this.part = part;
    this.replay = replay;
    this.written = written;
    this.nextNodes = [edgeOf(base), ...written.nextNodes.slice(1)];
    this.nextNrs = [edgeNr(base), ...written.nextNrs.slice(1)];
  }

  override name(): string {
    return "CopySlices";
  }

  override apply(grads: Grad[]): Grad[] {
    const grad = grads[0];
    if (!grad) return this.nextNodes.map(() => null);
    const result = this.copyLikeBase(grad);
    const part = samePart(this.part, this.replay, result);
    const [first, ...others] = this.written.apply([part.clone()]);
    if (first) part.copy_(first);
    else part.zero_();
    return [result, ...others];
  }

  /** A copy that lies in its memory as the base does, so that its parts are where those of the base are. */
  private copyLikeBase(grad: Tensor): Tensor {
    const { shape, strides, offset, isContiguous } = this.base;
    if (isContiguous && offset === 0) return grad.layout.isContiguous ? grad.clone() : grad.contiguous();
    const memory = grad.newZeros([offset + extent(this.base)]);
    return memory.asStrided(shape, strides, offset).copy_(grad);
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

/**
 * Makes `result` a view of `of` in the eyes of autograd.
 * @param replay - the view on another tensor, if it changes the dtype
 */
export function asView(result: Tensor, of: Tensor, origin: ViewOrigin, replay: ViewInfo["replay"] = null): void {
  const meta = metaOf(result);
  if (of.meta?.ownVersion) meta.ownVersion = of.meta.ownVersion;
  const version = versionOf(result);
  const parent = of.meta?.view;
  meta.view = parent
    ? {
        base: parent.base,
        replay: chain(result.layout, of.layout, parent.replay, replay),
        origin: origin === "default" ? parent.origin : origin,
        version,
      }
    : { base: of, replay, origin, version };
}

/** Replays a view of a view. */
function chain(view: Layout, of: Layout, first: ViewInfo["replay"], second: ViewInfo["replay"]): ViewInfo["replay"] {
  if (second !== null) return (base) => second(samePart(of, first, base));
  return first === null ? null : (base) => samePart(view, null, first(base));
}
