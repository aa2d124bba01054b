/**
 * @file The engine of the device `cpu`: the native addon, or the WASM module where there is no addon. What both offer, and
 * the block of numbers through which kernels take their arguments. Nothing above this file knows which engine runs.
 */
import { TorchError } from "../../core/errors.ts";
import type { Block } from "../../core/storage.ts";
import { choice } from "./choice.ts";
import { findAddon, loadNative } from "./native/engine.ts";
import { loadWasm } from "./wasm/engine.ts";

/** Memory that kernels work on. */
export interface CpuBlock extends Block {
  readonly buffer: ArrayBufferLike;
  /** Where in `buffer` the block begins; to be asked before the buffer, which may be another one then. */
  readonly start: number;
  /**
   * Gives the memory back at once, where the engine itself hands it out again. Nobody uses the block then: its only storage
   * had `nbytes`; if the block has more, other storages share it, and it stays.
   */
  free?(nbytes: number): void;
}

export interface EngineInfo {
  /** The instruction set that kernels use, and those that this processor has, weakest first. */
  readonly isa: string;
  readonly isas: readonly string[];
  readonly threads: number;
  readonly cores: number;
}

export interface Engine {
  readonly name: "native" | "wasm";
  /** Compiled to find accesses outside of a tensor (scripts/sanitize.mjs): each storage wants memory of its own. */
  readonly guarded: boolean;
  /** Argument slots; `native/abi.h` says what each kernel expects in them. */
  readonly args: Float64Array;
  /** A kernel by name: it takes its arguments from `args` and returns a status, 0 for success. */
  kernel(name: string): (() => number) | undefined;
  /** Fresh memory with arbitrary content, aligned for kernels. */
  allocate(nbytes: number): CpuBlock;
  /** Memory that the user holds; the storage uses these bytes of it. */
  adopt(buffer: ArrayBufferLike, byteOffset: number, nbytes: number): CpuBlock;
  /** The address of data that the caller keeps, and never changes. */
  place(data: ArrayBufferView): number;
  info(): EngineInfo;
  setNumThreads(n: number): void;
  /** Whether sums are divided the same way for any number of threads. */
  setDeterministic(deterministic: boolean): void;
  setIsa(name: string): void;
}

/** Number of argument slots. */
export const ARG_SLOTS = 4096;

function load(): Engine {
  const addon = choice.wasm ? null : findAddon();
  choice.loaded = addon === null ? "wasm" : "native";
  return addon !== null ? loadNative(addon, ARG_SLOTS) : loadWasm(ARG_SLOTS, { isFallback: !choice.wasm });
}

export const engine: Engine = load();

/** Argument slots as doubles, and as the two halves of 64-bit integers. */
export const { args } = engine;
export const argBits = new Uint32Array(args.buffer, args.byteOffset, 2 * ARG_SLOTS);

/** A kernel of the engine by name. */
export function kernel(name: string): () => number {
  const found = engine.kernel(name);
  if (found === undefined)
    throw new TorchError(
      `typetorch: the ${engine.name} engine is older than the library (no kernel ${name}). Run: npm rebuild typetorch`,
    );
  return found;
}
