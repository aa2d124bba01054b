/** @file Has V8 collect its young generation: the objects that were made since it last did. */
import type { Builtin } from "../platform.ts";

type Collect = (options: { type: "minor" }) => void;

/** V8's own function for it; `--expose-gc` makes it visible in contexts that are made then. Null where there is none (Bun). */
export function youngCollector(builtin: Builtin): (() => void) | null {
  const collect = (globalThis as { gc?: unknown }).gc ?? exposed(builtin);
  if (typeof collect !== "function") return null;
  const options = { type: "minor" } as const;
  return () => (collect as Collect)(options);
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
