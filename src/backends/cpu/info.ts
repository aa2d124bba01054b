/** @file `torch.backends.cpu` and the number of threads. */
import { describe, ValueError } from "../../core/errors.ts";
import { addon } from "./addon.ts";

/** What serves the `cpu` device. PyTorch: `torch.backends.cpu`. */
export const cpu = {
  /** `"native"`: the addon. */
  get engine(): "native" {
    return "native";
  },
  /** The instruction set chosen for this processor: `"avx512"`, `"avx2"`, … */
  get instructionSet(): string {
    return addon.info().isa;
  },
  get threads(): number {
    return addon.info().threads;
  },
  /** PyTorch: `torch.backends.cpu.get_cpu_capability`. */
  getCpuCapability(): string {
    return addon.info().isa.toUpperCase();
  },
};

/** Number of threads that ops may use. PyTorch: `torch.get_num_threads`. */
export function getNumThreads(): number {
  return addon.info().threads;
}

/**
 * Sets the number of threads that ops may use. PyTorch: `torch.set_num_threads`.
 * @throws ValueError if it is not a whole number of at least 1
 */
export function setNumThreads(n: number): void {
  if (!Number.isInteger(n) || n < 1)
    throw new ValueError(`setNumThreads: expected a whole number of at least 1, got ${describe(n)}`);
  addon.setNumThreads(n);
}
