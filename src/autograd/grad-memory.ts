/**
 * @file Who holds the memory of gradients. A leaf's `grad` that `AccumulateGrad` made and that was never handed to anybody goes back to
 * the backend when it is freed, so that a training loop reuses the same few buffers.
 */
import { backendOf } from "../backends/backend.ts";
import type { Tensor } from "../core/tensor.ts";
import { withGrad } from "./modes.ts";

/** Marks a gradient that code outside of the engine sees: its memory is neither taken over by a leaf nor ever recycled. */
export function handOut(grad: Tensor): void {
  grad.storage.claimed = true;
  grad.storage.shared = true;
}

/** A tensor's `grad` for use inside the library, where nothing keeps it: reading `t.grad` would mark it as handed out. */
export function peekGrad(t: Tensor): Tensor | null {
  return t.meta === null ? null : t.meta.grad;
}

/** How many backward runs are under way: gradients that wait there may lie in the memory of a leaf's `grad`. */
let runs = 0;

/** The number of the backward run under way, or of none; each has its own. */
let currentRun = 0;
let lastRun = 0;

export function backwardRun(): number {
  return currentRun;
}

/** Runs backward; until it ends nothing is recycled. */
export function duringBackward<R>(body: () => R): R {
  const before = currentRun;
  currentRun = ++lastRun;
  runs++;
  try {
    return body();
  } finally {
    runs--;
    currentRun = before;
  }
}

/** Sets a tensor's `grad` to `null`; its memory is reused where nobody else can hold it. */
export function freeGrad(t: Tensor): void {
  const meta = t.meta;
  if (meta === null || meta.grad === null) return;
  const { storage, meta: history } = meta.grad;
  meta.grad = null;
  if (runs === 0 && !storage.shared && history === null) backendOf(storage.device).recycle(storage);
}

/** Forgets a gradient, or sets it to zero in place. */
export function clearGrad(p: Tensor, setToNone: boolean): void {
  const grad = peekGrad(p);
  if (setToNone) freeGrad(p);
  if (setToNone || grad === null) return;
  if (grad.gradFn === null) grad.requiresGrad_(false);
  else grad.detach_();
  withGrad(false, () => grad.zero_());
}
