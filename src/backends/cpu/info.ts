/** @file `torch.backends.cpu` and the number of threads. */
import { describe, ValueError } from "../../core/errors.ts";
import { engine } from "./engine.ts";

/** What serves the `cpu` device. PyTorch: `torch.backends.cpu`. */
export const cpu = {
  /** `"native"`: the addon; `"wasm"`: the WebAssembly module, in browsers and where the addon has not been built. */
  get engine(): "native" | "wasm" {
    return engine.name;
  },
  /** The instruction set chosen for this processor: `"avx512"`, `"avx2"`, …; of WebAssembly `"simd128"` or `"relaxed-simd"`. */
  get instructionSet(): string {
    return engine.info().isa;
  },
  get threads(): number {
    return engine.info().threads;
  },
  /** PyTorch: `torch.backends.cpu.get_cpu_capability`. */
  getCpuCapability(): string {
    return engine.info().isa.toUpperCase();
  },
};

/**
 * Number of threads that ops called from here may use: the processor's cores, and in a worker thread 1, unless `setNumThreads` said
 * otherwise. PyTorch: `torch.get_num_threads`. Differs: each JavaScript thread has its own number.
 */
export function getNumThreads(): number {
  return engine.info().threads;
}

/**
 * Sets the number of threads that ops may use when they are called from this JavaScript thread: each worker thread has a number of its
 * own, 1 at first. All share one pool; an op that finds it busy runs on the thread that called it. PyTorch: `torch.set_num_threads`.
 * @throws ValueError if it is not a whole number of at least 1
 */
export function setNumThreads(n: number): void {
  if (!Number.isInteger(n) || n < 1)
    throw new ValueError(`setNumThreads: expected a whole number of at least 1, got ${describe(n)}`);
  engine.setNumThreads(n);
}
