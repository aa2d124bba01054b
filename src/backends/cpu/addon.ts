/** @file Finds and loads the native engine, and the block of numbers through which it takes its arguments. */
import { TorchError } from "../../core/errors.ts";

/** The functions of the addon: each kernel takes its arguments from `args` and returns a status, 0 for success. */
export interface Addon {
  init(args: ArrayBuffer): void;
  address(buffer: ArrayBufferLike): number;
  info(): { readonly isa: string; readonly threads: number; readonly cores: number };
  setNumThreads(n: number): void;
  setIsa(name: string): void;
  readonly [kernel: string]: unknown;
}

/** Number of argument slots; `native/abi.h` says what each kernel expects in them. */
export const ARG_SLOTS = 4096;

/** Argument slots as doubles, and as the two halves of 64-bit integers. */
export const args = new Float64Array(ARG_SLOTS);
export const argBits = new Uint32Array(args.buffer);

interface NodeProcess {
  readonly platform: string;
  readonly arch: string;
  readonly versions: Record<string, string | undefined>;
  getBuiltinModule(id: "node:module"): { createRequire(from: string): (id: string) => unknown };
  getBuiltinModule(id: "node:fs"): { existsSync(path: URL): boolean };
  getBuiltinModule(id: "node:url"): { fileURLToPath(url: URL): string };
  getBuiltinModule(id: "node:worker_threads"): { readonly isMainThread: boolean };
}

const MISSING =
  "typetorch: the native engine has not been built. Install a C++ compiler (Debian and Ubuntu: apt install g++; macOS: xcode-select --install; " +
  "Windows: LLVM's clang-cl), then run: npm rebuild typetorch (in a clone: npm run build:native)";

/** The addon's file lies in the package's root, above this one: in `src/` while developing, in `dist/` when installed. */
function locate(process: NodeProcess): string | null {
  const fs = process.getBuiltinModule("node:fs");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  for (let dir = new URL("./", import.meta.url); ; dir = new URL("../", dir)) {
    const file = new URL("build/native/typetorch.node", dir);
    if (fs.existsSync(file)) return fileURLToPath(file);
    if (fs.existsSync(new URL("package.json", dir)) || dir.pathname === "/") return null;
  }
}

function load(): Addon {
  const { process } = globalThis as { process?: NodeProcess };
  if (!process?.versions?.["node"] || !process.getBuiltinModule)
    throw new TorchError("typetorch: expected Node 20.16 or newer: there is no engine for this platform yet");
  const file = locate(process);
  if (file === null) throw new TorchError(MISSING);
  let loaded: Addon;
  try {
    loaded = process.getBuiltinModule("node:module").createRequire(import.meta.url)(file) as Addon;
  } catch (cause) {
    throw new TorchError(
      `typetorch: the native engine does not load on ${process.platform}-${process.arch}: ${String(cause)}. Run: npm rebuild typetorch`,
      { cause },
    );
  }
  loaded.init(args.buffer);
  // Workers run beside each other: threads of their own would only get in each other's way.
  if (!process.getBuiltinModule("node:worker_threads").isMainThread) loaded.setNumThreads(1);
  return loaded;
}

export const addon: Addon = load();

/** A kernel of the addon by name: a call costs about 26 ns. */
export function kernel(name: string): () => number {
  const found = addon[name];
  if (typeof found !== "function")
    throw new TorchError(
      `typetorch: the native engine is older than the library (no kernel ${name}). Run: npm rebuild typetorch`,
    );
  return found as () => number;
}
