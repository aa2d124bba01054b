/** @file The native engine: an addon of Node. A call costs about 26 ns. */
import { TorchError } from "../../core/errors.ts";
import type { CpuBlock, Engine, EngineInfo } from "./engine.ts";
import { findPackageFile, node, rawBuffer } from "./platform.ts";

interface Addon {
  init(args: ArrayBuffer): void;
  address(buffer: ArrayBufferLike): number;
  info(): EngineInfo;
  setNumThreads(n: number): void;
  setIsa(name: string): void;
  readonly [kernel: string]: unknown;
}

const ADDON = "build/native/typetorch.node";

/** Kernels read whole cache lines best. */
const ALIGNMENT = 64;
/** What V8 and the C library align buffers to. */
const LEAST_ALIGNMENT = 16;

class NativeBlock implements CpuBlock {
  readonly address: number;
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly moves = false;

  constructor(address: number, buffer: ArrayBufferLike, start: number) {
    this.address = address;
    this.buffer = buffer;
    this.start = start;
  }
}

export function nativeIsBuilt(): boolean {
  return node !== null && findPackageFile(node.builtin, ADDON) !== null;
}

/** Loads the addon, which has been built. */
export function loadNative(argSlots: number): Engine {
  const { builtin, name } = node as NonNullable<typeof node>;
  const file = builtin("node:url").fileURLToPath(findPackageFile(builtin, ADDON) as URL);
  let addon: Addon;
  try {
    addon = builtin("node:module").createRequire(import.meta.url)(file) as Addon;
  } catch (cause) {
    throw new TorchError(
      `typetorch: the native engine does not load on ${name}: ${String(cause)}. Run: npm rebuild typetorch`,
      { cause },
    );
  }
  const args = new Float64Array(argSlots);
  addon.init(args.buffer);
  // Workers run beside each other: threads of their own would only get in each other's way.
  if (!builtin("node:worker_threads").isMainThread) addon.setNumThreads(1);
  return {
    name: "native",
    args,
    kernel: (kernel) => addon[kernel] as (() => number) | undefined,
    allocate(nbytes) {
      const buffer = rawBuffer(nbytes + ALIGNMENT - LEAST_ALIGNMENT);
      const address = addon.address(buffer);
      const start = (ALIGNMENT - (address % ALIGNMENT)) % ALIGNMENT;
      return new NativeBlock(address + start, buffer, start);
    },
    adopt: (buffer) => new NativeBlock(addon.address(buffer), buffer, 0),
    place: (data) => addon.address(data.buffer) + data.byteOffset,
    info: () => addon.info(),
    setNumThreads: (n) => addon.setNumThreads(n),
    setIsa: (isa) => addon.setIsa(isa),
  };
}
