/** @file V8's garbage collector, called. */
import type { Builtin } from "./platform.ts";

type Collect = (options?: { type: "minor" }) => void;

/** Has V8 collect its young generation: the objects that were made since it last did. Null where that cannot be had (Bun). */
export function youngCollector(builtin: Builtin): (() => void) | null {
  const collect = collectorOf(builtin);
  if (collect === null) return null;
  const options = { type: "minor" } as const;
  return () => collect(options);
}

/** What finds out, within one job, which weakly held objects have died. */
export interface Collector {
  /** Lets go of the objects of weak references that were made or looked at: the language keeps them until the job ends. */
  forget(): void;
  /** Lets go of them and collects everything. */
  collect(): void;
}

/** Null where there is no such thing (Bun, Deno). */
export function wholeCollector(builtin: Builtin): Collector | null {
  if ("Bun" in globalThis || "Deno" in globalThis) return null;
  const vm = builtin("node:vm");
  let context: object | undefined;
  // V8 lets go of them when a queue of microtasks is done; a context with a queue of its own, which stays empty, makes it so.
  const forget = () => {
    context ??= vm.createContext({}, { microtaskMode: "afterEvaluate" });
    vm.runInContext("0", context);
  };
  let run: Collect | null | undefined;
  const collect = () => {
    forget();
    if (run === undefined) run = collectorOf(builtin);
    run?.();
  };
  return { forget, collect };
}

/** V8's own function; `--expose-gc` makes it visible in contexts that are made then. */
function collectorOf(builtin: Builtin): Collect | null {
  const collect = (globalThis as { gc?: unknown }).gc ?? exposed(builtin);
  return typeof collect === "function" ? (collect as Collect) : null;
}

function exposed(builtin: Builtin): unknown {
  if ("Bun" in globalThis) return null;
  const v8 = builtin("node:v8");
  v8.setFlagsFromString("--expose-gc");
  // Another thread may take the flag back in between: then this one does without.
  const collect = builtin("node:vm").runInNewContext("globalThis.gc");
  v8.setFlagsFromString("--no-expose-gc");
  return collect;
}
