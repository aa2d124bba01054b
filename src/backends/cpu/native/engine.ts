/** @file The native engine: an addon of Node. A call costs about 26 ns. */
import { TorchError } from "../../../core/errors.ts";
import { youngCollector } from "../collector.ts";
import type { Engine, EngineInfo } from "../engine.ts";
import { inFlight } from "../in-flight.ts";
import { findPackageFile, node, rawBuffer } from "../platform.ts";
import { NativeBlock, NativeHeap, ownBlock, type Tracker } from "./heap.ts";

interface Addon extends Tracker {
  init(args: ArrayBuffer): void;
  info(): EngineInfo;
  setNumThreads(n: number): void;
  setDeterministic(deterministic: boolean): void;
  setIsa(name: string): void;
  readonly guarded?: boolean;
  /** Whether this is the thread that the process began with, which no worker is; false also where that cannot be told. */
  readonly onFirstThread: boolean;
  readonly [kernel: string]: unknown;
}

const ADDON = "build/native/typetorch.node";

/** The addon; null where it has not been built, or cannot be. */
export function findAddon(): URL | null {
  return node === null ? null : findPackageFile(node.builtin, ADDON);
}

/** Loads the addon. */
export function loadNative(file: URL, argSlots: number): Engine {
  const { builtin, name, dlopen } = node as NonNullable<typeof node>;
  const module = { exports: {} };
  try {
    dlopen(module, builtin("node:url").fileURLToPath(file)); // `require` takes 1 ms more
  } catch (cause) {
    throw new TorchError(
      `typetorch: the native engine does not load on ${name}: ${String(cause)}. Run: npm rebuild typetorch`,
      { cause },
    );
  }
  const addon = module.exports as Addon;
  const args = new Float64Array(argSlots);
  addon.init(args.buffer);
  // Workers run beside each other: threads of their own would only get in each other's way. (The module takes 2 ms to load.)
  if (!addon.onFirstThread && !builtin("node:worker_threads").isMainThread) addon.setNumThreads(1);
  let heap: NativeHeap | null | undefined;
  const memory = () => {
    const collectYoung = youngCollector(builtin);
    return collectYoung === null ? null : new NativeHeap(addon, collectYoung);
  };
  return {
    name: "native",
    guarded: addon.guarded ?? false,
    args,
    kernel(kernel) {
      const run = addon[kernel] as (() => number) | undefined;
      if (run === undefined) return undefined;
      return () => {
        const status = run();
        inFlight.addresses = false;
        return status;
      };
    },
    allocate(nbytes) {
      if (addon.guarded) return this.adopt(rawBuffer(nbytes), 0, nbytes);
      if (heap === undefined) heap = memory();
      return heap === null ? ownBlock(addon, nbytes) : heap.allocate(nbytes);
    },
    adopt: (buffer) => new NativeBlock(addon.address(buffer), buffer, 0),
    place: (data) => addon.address(data.buffer) + data.byteOffset,
    info: () => addon.info(),
    setNumThreads: (n) => addon.setNumThreads(n),
    setDeterministic: (deterministic) => addon.setDeterministic(deterministic),
    setIsa: (isa) => addon.setIsa(isa),
  };
}
