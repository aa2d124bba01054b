/** @file Stretches of code with names of their own. */
import { describe, ValueError } from "../core/errors.ts";
import { tracer } from "../core/trace.ts";

/** A stretch opened with `using`: it ends with the block. */
export interface RangeScope {
  [Symbol.dispose](): void;
}

/**
 * Gives a stretch of code a name in what a profiler records; does nothing else, and nothing at all while none records. PyTorch:
 * `torch.profiler.record_function`.
 *
 * The stretch of an asynchronous function ends when its promise settles; what runs meanwhile counts to the stretch that began last.
 *
 * @param name - as it will stand in tables
 * @param body - the code; without it: a scope for `using _ = recordFunction(name)`
 * @returns what `body` gives
 * @example
 * const prof = torch.profiler.profile(() => torch.profiler.recordFunction("double", () => torch.ones(3).mul(2)));
 * prof.events().map((event) => event.name) // ["double", "aten::empty", "aten::fill_", "aten::mul"]
 */
export function recordFunction(name: string): RangeScope;
export function recordFunction<R>(name: string, body: () => R): R;
export function recordFunction<R>(name: string, body?: () => R): R | RangeScope {
  if (typeof name !== "string")
    throw new ValueError(`recordFunction: expected a string as name, got ${describe(name)}`);
  if (body !== undefined && typeof body !== "function")
    throw new ValueError(`recordFunction: expected a function, got ${describe(body)}`);
  const end = begin(name);
  return body === undefined ? { [Symbol.dispose]: end } : runThen(body, end);
}

function begin(name: string): () => void {
  const to = tracer;
  if (to === null) return () => {};
  const span = to.enter("range", name, []);
  return () => to.leave(span);
}

/** Runs `body`, and calls `end` when it is done: for a promise, once it has settled. */
export function runThen<R>(body: () => R, end: () => void): R {
  let result: R;
  try {
    result = body();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) return result.finally(end) as R;
  end();
  return result;
}
