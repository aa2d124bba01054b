/** @file What autograd keeps beside a tensor, and how to read it. */
import type { Tensor } from "../core/tensor.ts";
import { type Node, resultHooksOf } from "./node.ts";

/** Why an in-place change of a view may be refused. */
export type ViewOrigin = "default" | "multiOutput" | "noGrad" | "customFunction";

/** What a view knows: the tensor that it is a part of. Which part, its layout says. */
export interface ViewInfo {
  readonly base: Tensor;
  /** The same chain of views on a new base, where the layout does not say it: views that see the memory as another dtype. */
  readonly replay: ((base: Tensor) => Tensor) | null;
  readonly origin: ViewOrigin;
  /** The version for which `gradFn` holds; an in-place change makes it stale. */
  version: number;
}

/** Made at first need; most tensors have none. */
export class AutogradMeta {
  /** Set by the user, on leaves. */
  requiresGrad = false;
  gradFn: Node | null = null;
  /** Which result of `gradFn` this tensor is. */
  outputNr = 0;
  grad: Tensor | null = null;
  /** The node that adds to `grad`; leaves only. */
  accumulator: Node | null = null;
  retainsGrad = false;
  view: ViewInfo | null = null;
  /** A counter of its own instead of the storage's, shared among views: for `.data`. */
  ownVersion: { value: number } | null = null;
  isInference = false;
}

export function metaOf(t: Tensor): AutogradMeta {
  t.meta ??= new AutogradMeta();
  return t.meta;
}

/** Number of in-place changes that `t` has seen. */
export function versionOf(t: Tensor): number {
  return t.meta?.ownVersion ? t.meta.ownVersion.value : t.storage.version;
}

export function bumpVersion(t: Tensor): void {
  if (t.meta?.ownVersion) t.meta.ownVersion.value++;
  else t.storage.version++;
}

/** Makes `t` result number `nr` of `node`. Hooks stay with the value that it had before, a retained gradient is that of the newest. */
export function setHistory(t: Tensor, node: Node, nr = 0): void {
  const meta = metaOf(t);
  if (meta.retainsGrad) {
    if (meta.gradFn !== null) resultHooksOf(meta.gradFn, meta.outputNr).retained = null;
    resultHooksOf(node, nr).retained = t;
  }
  meta.gradFn = node;
  meta.outputNr = nr;
  if (meta.view) meta.view.version = versionOf(t);
}
