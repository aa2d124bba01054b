/** @file The WASM engine: the same kernels as the native one's, from the same sources. */
import { TorchError, ValueError } from "../../../core/errors.ts";
import { wholeCollector } from "../collector.ts";
import type { CpuBlock, Engine, EngineInfo } from "../engine.ts";
import { node } from "../platform.ts";
import { AdoptedBlock, anyGiven, withGiven } from "./adopted.ts";
import { type Allocator, Heap } from "./heap.ts";
import { ARGS_ADDRESS, bestModule, compileNow, createMemory, type EngineMemory } from "./module.ts";
import { cores, startThread } from "./threads.ts";
import { type WasmModule, WebAssembly } from "./webassembly.ts";

interface Exports extends Allocator {
  numThreads(): number;
  setNumThreads(n: number): void;
  setDeterministic(deterministic: number): void;
  /** Starts the pool's threads before there is work for them. */
  startThreads(): void;
  readonly __tls_size: { readonly value: number };
}
type Kernel = (args: number) => number;

const THREAD_STACK_BYTES = 1 << 18;
const ALIGNMENT = 64;
const MOST_THREADS = 256;

const FALLBACK =
  "typetorch: the native engine has not been built, so the WebAssembly engine runs, which is several times slower. With a C++ compiler " +
  "in place `npm rebuild typetorch` builds it. (Import typetorch/wasm instead of typetorch where WebAssembly is what you want.)";

export class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly guarded = false;
  readonly args: Float64Array;
  private readonly memory: EngineMemory;
  private readonly isFallback: boolean;
  private readonly heap: Heap;
  private exports: Exports | undefined;

  constructor(argSlots: number, isFallback: boolean) {
    this.isFallback = isFallback;
    this.memory = createMemory();
    const { memory, limit } = this.memory;
    this.args = new Float64Array(memory.buffer, ARGS_ADDRESS, argSlots);
    const collector = node === null ? null : wholeCollector(node.builtin);
    this.heap = new Heap(memory, limit, () => this.exports ?? this.load(), collector);
  }

  get shared(): boolean {
    return this.memory.shared;
  }

  get isLoaded(): boolean {
    return this.exports !== undefined;
  }

  /** At first use; a browser cannot do it then. */
  load(): Exports {
    if (node === null)
      throw new TorchError(
        'typetorch: expected the WebAssembly engine to be loaded; in a browser first: import { init } from "typetorch/wasm"; await init()',
      );
    if (this.isFallback) console.warn(FALLBACK);
    return this.instantiate(compileNow(this.shared));
  }

  instantiate(module: WasmModule): Exports {
    const { memory } = this.memory;
    const math: Record<string, unknown> = { fmod: (a: number, b: number) => a % b };
    for (const { module: from, name } of WebAssembly.Module.imports(module))
      if (from === "math") math[name] ??= Math[name as "sin"];
    const tt = {
      now: () => performance.now(),
      cores: () => (this.shared ? cores() : 1),
      startThread: (body: number, context: number) => this.startThread(module, body, context),
    };
    const { exports } = new WebAssembly.Instance(module, { env: { memory: memory as never }, math, tt });
    this.exports = exports as unknown as Exports;
    // As with the native engine: workers run beside each other.
    if (node && !node.builtin("node:worker_threads").isMainThread) this.exports.setNumThreads(1);
    return this.exports;
  }

  private startThread(module: WasmModule, body: number, context: number): boolean {
    const { alloc, __tls_size } = this.exports as Exports;
    const locals = alloc(__tls_size.value + ALIGNMENT + THREAD_STACK_BYTES);
    if (locals === 0) return false;
    const stack = locals + Math.ceil(__tls_size.value / ALIGNMENT) * ALIGNMENT + THREAD_STACK_BYTES;
    return startThread({ module, memory: this.memory.memory, stack, locals, body, context });
  }

  kernel(name: string): () => number {
    const { heap } = this;
    let run: Kernel = (args) => {
      const found = (this.exports ?? this.load())[name as keyof Exports] as unknown as Kernel | undefined;
      if (found === undefined)
        throw new TorchError(`typetorch: the WebAssembly engine is older than the library (no kernel ${name})`);
      run = found;
      return run(args);
    };
    const runHere = () => run(ARGS_ADDRESS);
    return () => {
      try {
        return anyGiven() ? withGiven(runHere) : run(ARGS_ADDRESS);
      } finally {
        heap.epoch++;
      }
    };
  }

  allocate(nbytes: number): CpuBlock {
    return this.heap.allocate(nbytes);
  }

  adopt(buffer: ArrayBufferLike, byteOffset: number, nbytes: number): CpuBlock {
    return new AdoptedBlock(this.heap, buffer, byteOffset, nbytes);
  }

  place({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    const address = this.heap.claim(byteLength);
    this.heap.bytes(address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    return address;
  }

  info(): EngineInfo {
    const isa = bestModule() === "relaxed" ? "relaxed-simd" : "simd128";
    const threads = (this.exports ?? this.load()).numThreads();
    return { isa, isas: [isa], threads, cores: this.shared ? cores() : 1 };
  }

  setNumThreads(n: number): void {
    const threads = this.shared ? Math.min(n, MOST_THREADS) : 1;
    (this.exports ?? this.load()).setNumThreads(threads);
  }

  setDeterministic(deterministic: boolean): void {
    (this.exports ?? this.load()).setDeterministic(Number(deterministic));
  }

  /** Starts the threads that are still to be started. */
  startThreads(): void {
    this.exports?.startThreads();
  }

  setIsa(name: string): void {
    if (name !== this.info().isa)
      throw new ValueError(`setIsa: expected ${this.info().isa}, the only one of this module, got ${name}`);
  }
}

let current: WasmEngine | undefined;

export function loadWasm(argSlots: number, { isFallback }: { isFallback: boolean }): Engine {
  current = new WasmEngine(argSlots, isFallback && node !== null);
  return current;
}

/** The engine, if it is this one. */
export const wasmEngine = (): WasmEngine | undefined => current;
