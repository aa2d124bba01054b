/** @file Calls an engine's entries directly, without the library on top: the addon's, or those of WASM (`vitest run --mode wasm`). */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { args, engine as used } from "../../src/backends/cpu/engine.ts";

/** The addon's exports; the entries are those of native/abi.h. */
export interface Engine {
  init(args: ArrayBuffer): void;
  address(buffer: ArrayBufferLike): number;
  info(): { isa: string; isas: readonly string[]; threads: number; cores: number };
  setNumThreads(count: number): void;
  setIsa(name: string): void;
  matmul(): number;
  pointwise(): number;
  reduce(): number;
}

export const libraryPath = fileURLToPath(new URL("../../build/native/typetorch.node", import.meta.url));

/** Buffers are copied in for each call, and back after it: addresses serve for one call. */
const wasmEngine = (): Engine => ({
  init() {},
  address: (buffer) => used.adopt(buffer, 0, buffer.byteLength).address,
  info: () => used.info(),
  setNumThreads: (count) => used.setNumThreads(count),
  setIsa: (name) => used.setIsa(name),
  matmul: used.kernel("matmul")!,
  pointwise: used.kernel("pointwise")!,
  reduce: used.kernel("reduce")!,
});

/** The addon once more, beside the library's: it shares the arguments, but not the instruction set. */
function addon(): Engine {
  const engine: Engine = createRequire(import.meta.url)(libraryPath);
  engine.init(args.buffer as ArrayBuffer);
  return engine;
}

export const engine: Engine = used.name === "wasm" ? wasmEngine() : addon();
export { args };

/** For what only the addon has. */
export const isNative: boolean = used.name === "native";

/** Writes the arguments into the array and calls the entry; gives its status. */
export function call(entry: () => number, values: readonly number[]): number {
  args.set(values);
  return entry();
}

/** The address of a typed array's first element. */
export function addressOf(array: ArrayBufferView): number {
  return engine.address(array.buffer) + array.byteOffset;
}

/** PyTorch's numbers for dtypes, as native/abi.h has them. */
export const code = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
} as const;
