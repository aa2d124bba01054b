/** @file The module: which of the binaries, compiled how, for which memory. */
import { TorchError } from "../../../core/errors.ts";
import { findPackageFile, node } from "../platform.ts";
import { type WasmMemory, type WasmModule, WebAssembly } from "./webassembly.ts";

const PAGE = 65536;

/** Where the module leaves room for the arguments of kernels (scripts/native/wasm-toolchain.mjs): after the stack. */
export const ARGS_ADDRESS = 1 << 18;

/** Memory that threads can share grows without moving, up to nearly 4 GB; some systems allow less. */
const SHARED_SIZES = [65535, 32768, 16384];
/** Without sharing it would move when it grows, and every view with it: so it has a fixed size, which the system fills as it is used. */
const FIXED_SIZES = [16384, 8192, 4096, 2048];
const FIRST_SHARED_PAGES = 64;

export interface EngineMemory {
  readonly memory: WasmMemory;
  readonly shared: boolean;
  /** Bytes that there can be. */
  readonly limit: number;
}

/**
 * The memory of the engine.
 * @throws TorchError if there is no WebAssembly, or no room for its memory
 */
export function createMemory(): EngineMemory {
  const sizes = [
    ...SHARED_SIZES.map((maximum) => ({ initial: FIRST_SHARED_PAGES, maximum, shared: true })),
    ...FIXED_SIZES.map((maximum) => ({ initial: maximum, maximum, shared: false })),
  ];
  if (WebAssembly === undefined) throw new TorchError("typetorch: expected a platform with WebAssembly");
  let cause: unknown;
  for (const size of sizes) {
    try {
      return { memory: new WebAssembly.Memory(size), shared: size.shared, limit: size.maximum * PAGE };
    } catch (error) {
      cause = error;
    }
  }
  throw new TorchError("typetorch: WebAssembly gave no memory to the engine", { cause });
}

/** A function with one relaxed operation, the fused multiply-add. */
// biome-ignore format: bytes
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0,
  1, 5, 1, 96, 0, 1, 123, // type: () -> v128
  3, 2, 1, 0, // function of this type
  10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
]);

export type ModuleName = "simd128" | "relaxed";

/** The best module that this platform can run. */
export function bestModule(): ModuleName {
  return WebAssembly.validate(RELAXED_PROBE) ? "relaxed" : "simd128";
}

/**
 * The module for memory that is not shared: the same bytes but for one bit, which says so of the memory it imports.
 * (Atomic operations work on either; none waits while there are no other threads.)
 */
export function forUnsharedMemory(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = copy[at++] as number;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const IMPORTS = 2;
  const MEMORY = 2;
  const SHARED = 2;
  for (;;) {
    const section = copy[at++];
    const size = number();
    if (section !== IMPORTS) {
      at += size;
      continue;
    }
    for (let left = number(); left > 0; left--) {
      for (let names = 0; names < 2; names++) {
        const length = number();
        at += length;
      }
      const kind = copy[at++];
      if (kind === MEMORY) {
        copy[at] = (copy[at] as number) & ~SHARED;
        return copy;
      }
      number(); // the type of a function: there are no other imports
    }
  }
}

/** Reads and compiles the module, on Node. */
export function compileNow(shared: boolean): WasmModule {
  const { builtin } = node as NonNullable<typeof node>;
  const file = findPackageFile(builtin, `build/wasm/${bestModule()}.wasm`);
  if (file === null)
    throw new TorchError(
      "typetorch: neither the native engine nor the WebAssembly one has been built. Install a C++ compiler (Debian and Ubuntu: apt install g++; " +
        "macOS: xcode-select --install; Windows: LLVM's clang-cl), then run: npm rebuild typetorch (in a clone: npm run build:native)",
    );
  const bytes = builtin("node:fs").readFileSync(file);
  return new WebAssembly.Module(shared ? bytes : forUnsharedMemory(bytes));
}
