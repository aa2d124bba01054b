/** @file Memory for time: intermediate results are not kept for backward, but computed again. */
import { isGradEnabled } from "../autograd/modes.ts";
import { AutogradError, describe, ValueError } from "../core/errors.ts";
import { isOptions } from "../ops/bind.ts";
import { recomputed } from "./recompute.ts";
import { reentrant } from "./reentrant.ts";

/** Runs something in a mode: `torch.noGrad`, or a function that calls its argument and gives the result. */
export type CheckpointContext = <R>(body: () => R) => R;

export interface CheckpointOptions {
  /**
   * Whether backward runs the function once more with a backward of its own inside (`true`), or only makes again what was not kept
   * (`false`, the default): that works with `autograd.grad`, too, and where no argument requires grad.
   */
  readonly useReentrant?: boolean;
  /** Draw the same random numbers again (dropout); the default. */
  readonly preserveRngState?: boolean;
  /** What the function runs in, the first time and again; not with `useReentrant`. */
  readonly contextFn?: () => readonly [forward: CheckpointContext, recompute: CheckpointContext];
  /** Check that the same is computed again, by shapes and dtypes ("default"), or not ("none"). */
  readonly determinismCheck?: "default" | "none";
  /** Stop as soon as all is there that backward needs; the default. */
  readonly earlyStop?: boolean;
}

const NAMES: readonly string[] = [
  "useReentrant",
  "preserveRngState",
  "contextFn",
  "determinismCheck",
  "earlyStop",
] satisfies (keyof CheckpointOptions)[];

/** Whether the last argument is meant for `checkpoint`, not for the function. */
function isOwn(x: unknown): x is CheckpointOptions {
  const keys = isOptions(x) ? Object.keys(x) : [];
  return keys.length > 0 && keys.every((key) => NAMES.includes(key));
}

/**
 * Calls a function without keeping its intermediate results: backward computes them again. PyTorch: `torch.utils.checkpoint.checkpoint`.
 *
 * Differs: `useReentrant` is `false` where it is not given; with it, arguments none of which requires grad are an error, not a warning.
 *
 * @param fn - a synchronous function or a module, which computes the same each time
 * @param args - its arguments, and last, where wanted, the options
 * @returns what `fn` gives
 * @throws AutogradError in backward, if other tensors are computed the second time
 * @see Chen et al. 2016, arXiv:1604.06174
 * @example
 * const block = new nn.Sequential(new nn.Linear(4, 64), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(64, 4));
 * const y = torch.utils.checkpoint.checkpoint(block, torch.randn(2, 4), { useReentrant: false });
 * y.sum().backward();
 * block.parameters().every((p) => p.grad !== null) // true
 */
export function checkpoint<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: [...A, options?: CheckpointOptions] | A
): R {
  if (typeof fn !== "function") throw new ValueError(`checkpoint: expected a function, got ${describe(fn)}`);
  const last = args.at(-1);
  const options = isOwn(last) ? last : {};
  const own = (isOwn(last) ? args.slice(0, -1) : args) as A;
  const { useReentrant = false, contextFn, determinismCheck = "default" } = options;
  if (determinismCheck !== "default" && determinismCheck !== "none")
    throw new ValueError(
      `checkpoint: expected "default" or "none" as determinismCheck, got ${describe(determinismCheck)}`,
    );
  if (useReentrant && contextFn !== undefined)
    throw new AutogradError("checkpoint: expected contextFn without useReentrant, got both");
  if (!isGradEnabled()) return fn(...own);
  return useReentrant ? reentrant(fn, own, options) : recomputed(fn, own, options);
}
