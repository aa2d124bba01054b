/** @file Calls the native engine's entries directly, without the library on top. */
import { createRequire } from "node:module";
import { libraryPath } from "./library-path.ts";

export { libraryPath };

/** The addon's exports; the entries are those of native/abi.h. */
export interface Engine {
  init(args: ArrayBuffer): void;
  address(buffer: ArrayBufferLike): number;
  info(): { isa: string; isas: string[]; threads: number; cores: number };
  setNumThreads(count: number): void;
  setIsa(name: string): void;
  matmul(): number;
}

export const engine: Engine = createRequire(import.meta.url)(libraryPath);
export const args = new Float64Array(4096);
engine.init(args.buffer);

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
