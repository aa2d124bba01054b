/**
 * @file Checkpoints by hooks: instead of a tensor, ops save its number. When backward asks for the first of them, the function runs
 * again, and what it saves this time is what was asked for; its results and its graph are dropped.
 */
import { save } from "../autograd/graph.ts";
import { mode, withMode } from "../autograd/modes.ts";
import type { Saved } from "../autograd/node.ts";
import { AutogradError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import type { CheckpointContext, CheckpointOptions } from "./checkpoint.ts";
import { keepRngState, withRngState } from "./random-state.ts";

const directly: CheckpointContext = (body) => body();

/** Ends a computation that has made all that is needed. */
const STOP = Symbol("stop");

/** Stands for a tensor that was not kept. */
class Holder {
  readonly index: number;
  readonly kind: string;

  constructor(index: number, t: Tensor) {
    this.index = index;
    this.kind = kindOf(t);
  }
}

const kindOf = (t: Tensor): string => `${t.dtype} ${shapeText(t.shape)}`;

/** One call of a checkpointed function. */
class Frame {
  private readonly holders: Holder[] = [];
  private readonly again: () => unknown;
  private readonly checks: boolean;
  private readonly earlyStop: boolean;
  private recomputed = new Map<Holder, Tensor>();

  constructor(again: () => unknown, { determinismCheck = "default", earlyStop = true }: CheckpointOptions) {
    this.again = again;
    this.checks = determinismCheck === "default";
    this.earlyStop = earlyStop;
  }

  hold(t: Tensor): Holder {
    const holder = new Holder(this.holders.length, t);
    this.holders.push(holder);
    return holder;
  }

  /** The tensor that `holder` stands for; it is given away, and made again if it is asked for again. */
  take(holder: Holder): Tensor {
    if (!this.recomputed.has(holder)) this.recompute();
    const found = this.recomputed.get(holder);
    if (found === undefined)
      throw mismatch(`${this.holders.length} tensors saved for backward`, `${this.recomputed.size} the second time`);
    this.recomputed.delete(holder);
    return found;
  }

  private recompute(): void {
    const recomputed = new Map<Holder, Tensor>();
    let count = 0;
    const pack = (t: Tensor): Tensor => {
      const holder = this.holders[count++];
      if (holder === undefined) {
        if (this.checks) throw mismatch(`${this.holders.length} tensors saved for backward`, "more the second time");
        return t.detach();
      }
      if (this.checks && holder.kind !== kindOf(t))
        throw mismatch(`${holder.kind} as tensor ${holder.index} saved for backward`, `${kindOf(t)} the second time`);
      recomputed.set(holder, t.detach());
      if (this.earlyStop && count === this.holders.length) throw STOP;
      return t.detach();
    };
    const hooks = { pack, unpack: (x: unknown) => x as Tensor };
    try {
      withMode({ ...mode(), savedHooks: hooks }, this.again);
    } catch (reason) {
      if (reason !== STOP) throw reason;
    }
    this.recomputed = recomputed;
  }
}

function mismatch(expected: string, got: string): AutogradError {
  return new AutogradError(
    `checkpoint: expected the function to compute the same again, ${expected}, got ${got}; ` +
      'it must not depend on what changes meanwhile (pass { determinismCheck: "none" } to let it)',
  );
}

/** Calls `fn` so that what it saves for backward is computed again. */
export function recomputed<A extends unknown[], R>(fn: (...args: A) => R, args: A, options: CheckpointOptions): R {
  const [aroundForward, aroundRecompute] = options.contextFn?.() ?? [directly, directly];
  const state = keepRngState(options.preserveRngState ?? true);
  const forwardMode = mode();
  // Saved as an op would: a checkpoint around this one may compute them again, and changes in place are found out.
  const kept = args.map((x): Saved | { unpack(): unknown } =>
    x instanceof Tensor ? save("checkpoint", x) : { unpack: () => x },
  );
  const frame = new Frame(() => {
    const again = kept.map((x) => x.unpack()) as A;
    const { savedHooks } = mode();
    return withMode({ ...forwardMode, savedHooks }, () =>
      withRngState(state, () => aroundRecompute(() => fn(...again))),
    );
  }, options);
  const hooks = { pack: (t: Tensor) => frame.hold(t), unpack: (holder: unknown) => frame.take(holder as Holder) };
  const result = withMode({ ...forwardMode, savedHooks: hooks }, () => aroundForward(() => fn(...args)));
  if (result instanceof Promise)
    throw new ValueError("checkpoint: expected a synchronous function, got one that gives a Promise");
  return result;
}
