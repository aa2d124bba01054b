/**
 * @file Memory of `cpu` storages. V8 counts its bytes and frees it (in the WASM heap by a detour), so dropping a tensor is enough.
 * Allocation is what a small op pays, so small storages share slabs of their size class, each at most 8 KB:
 * a storage that lives on keeps at most its slab.
 */
import { cpu } from "../../core/device.ts";
import { DeviceError, ValueError } from "../../core/errors.ts";
import { Storage } from "../../core/storage.ts";
import { tracer } from "../../core/trace.ts";
import { type CpuBlock, engine } from "./engine.ts";
import { inFlight } from "./in-flight.ts";
import { rawBuffer } from "./platform.ts";

const SMALLEST = 16;
const LARGEST_SMALL = engine.guarded ? 0 : 1024;
const SLAB_BYTES = 8192;
const LEAST_CELLS = 8;

interface Slab {
  block: CpuBlock;
  /** Offset of the first cell that is still free. */
  next: number;
  end: number;
}

const slabs: (Slab | undefined)[] = [];

/** 16 → 0, 32 → 1, … */
function sizeClass(nbytes: number): number {
  return nbytes <= SMALLEST ? 0 : 28 - Math.clz32(nbytes - 1);
}

/** Storages that their last holder gave back, by size. */
const pool = new Map<number, Storage[]>();
const POOL_LIMIT_BYTES = 1 << 28;
let pooledBytes = 0;

export function allocate(nbytes: number): Storage {
  if (tracer !== null) tracer.allocated(nbytes);
  if (nbytes <= LARGEST_SMALL) return allocateSmall(nbytes);
  const reused = engine.guarded ? undefined : pool.get(nbytes)?.pop();
  if (reused !== undefined) {
    pooledBytes -= nbytes;
    return reused;
  }
  return new Storage(cpu, nbytes, engine.allocate(nbytes), 0);
}

function allocateSmall(nbytes: number): Storage {
  const c = sizeClass(nbytes);
  const cell = SMALLEST << c;
  let slab = slabs[c];
  if (slab === undefined || slab.next === slab.end) {
    const bytes = Math.min(SLAB_BYTES, Math.max(cell * LEAST_CELLS, 2048));
    slab = { block: engine.allocate(bytes), next: 0, end: bytes };
    slabs[c] = slab;
  }
  const storage = new Storage(cpu, nbytes, slab.block, slab.next);
  slab.next += cell;
  return storage;
}

/** Takes back a storage that nobody else holds, to be handed out again while it is still in the caches. */
export function recycle(storage: Storage): void {
  if (storage.exposed || storage.nbytes <= LARGEST_SMALL) return;
  const block = blockOf(storage);
  if (block.free === undefined && pooledBytes + storage.nbytes > POOL_LIMIT_BYTES) return;
  if (tracer !== null) tracer.allocated(-storage.nbytes);
  if (block.free !== undefined) {
    block.free(storage.nbytes);
    return;
  }
  const list = pool.get(storage.nbytes);
  const fresh = new Storage(cpu, storage.nbytes, storage.block, storage.byteOffset);
  if (list) list.push(fresh);
  else pool.set(storage.nbytes, [fresh]);
  pooledBytes += storage.nbytes;
}

/** What `allocate`, `adopt`, `expose` and `share` gave the storage. */
const blockOf = (storage: Storage): CpuBlock => storage.block as CpuBlock;

/**
 * The address of a storage's first byte, until the next kernel has run.
 * @throws ValueError if its buffer was transferred away
 */
export function address(storage: Storage): number {
  if (storage.exposed) checkExposed(storage);
  inFlight.addresses = true;
  return storage.block.address + storage.byteOffset;
}

function checkExposed(storage: Storage): void {
  if (storage.nbytes > 0 && blockOf(storage).buffer.byteLength === 0)
    throw new ValueError(
      "Tensor: the memory of this tensor is gone: its ArrayBuffer (from numpy() or frombuffer) was transferred; transfer a copy instead (x.clone().numpy())",
    );
}

interface MaybeResizable {
  readonly resizable?: boolean;
  readonly growable?: boolean;
}

/**
 * A storage over memory that the user holds, without a copy.
 * @throws ValueError if the buffer can be resized: its memory could move
 */
export function adopt(op: string, buffer: ArrayBufferLike, byteOffset: number, nbytes: number): Storage {
  const { resizable, growable } = buffer as MaybeResizable;
  if (resizable || growable)
    throw new ValueError(`${op}: expected a buffer of fixed length, got a resizable one; copy it with buffer.slice(0)`);
  const storage = new Storage(cpu, nbytes, engine.adopt(buffer, byteOffset, nbytes), byteOffset);
  storage.exposed = true;
  return storage;
}

/** Moves a storage into a buffer of its own that the user may hold; from then on it is checked before each use. */
export function expose(storage: Storage): ArrayBufferLike {
  if (storage.exposed) {
    checkExposed(storage);
    return blockOf(storage).buffer;
  }
  const buffer = rawBuffer(storage.nbytes);
  moveTo(storage, buffer);
  return buffer;
}

function moveTo(storage: Storage, buffer: ArrayBufferLike): void {
  new Uint8Array(buffer).set(bytes(storage));
  storage.block = engine.adopt(buffer, 0, storage.nbytes);
  storage.byteOffset = 0;
  storage.exposed = true;
}

/** Moves a storage into memory that other threads can be given. */
export function share(storage: Storage): void {
  if (isShared(storage)) return;
  if (typeof SharedArrayBuffer === "undefined")
    throw new DeviceError(
      "shareMemory_: expected SharedArrayBuffer, which this page may not use; isolate it (COOP, COEP)",
    );
  moveTo(storage, new SharedArrayBuffer(storage.nbytes));
}

export function isShared(storage: Storage): boolean {
  // Browsers hide the class from pages that are not isolated. (The WASM heap is shared too, but with the engine's threads only.)
  return (
    storage.exposed && typeof SharedArrayBuffer !== "undefined" && storage.block.buffer instanceof SharedArrayBuffer
  );
}

/**
 * The bytes of a storage, for reading and writing inside the library only, and only at once: the next op may move them.
 * @throws ValueError if its buffer was transferred away
 */
export function bytes(storage: Storage): Uint8Array {
  if (storage.exposed) checkExposed(storage);
  const block = blockOf(storage);
  const { start } = block;
  return new Uint8Array(block.buffer, start + storage.byteOffset, storage.nbytes);
}
