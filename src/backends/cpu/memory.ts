/**
 * @file Memory of `cpu` storages. Each lies in an `ArrayBuffer` that V8 counts and frees, so dropping a tensor is enough.
 * Allocation is what a small op pays, so small storages share slabs of their size class, each at most 8 KB:
 * a storage that lives on keeps at most its slab.
 */
import { cpu } from "../../core/device.ts";
import { DeviceError, TorchError, ValueError } from "../../core/errors.ts";
import { type Block, Storage } from "../../core/storage.ts";
import { addon } from "./addon.ts";

/** Kernels read whole cache lines best. */
const ALIGNMENT = 64;
const SMALLEST = 16;
const LARGEST_SMALL = 1024;
const SLAB_BYTES = 8192;
const LEAST_CELLS = 8;

class CpuBlock implements Block {
  readonly buffer: ArrayBufferLike;
  readonly address: number;

  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.address = addon.address(buffer);
  }
}

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

interface NodeBuffer {
  allocUnsafeSlow(n: number): { buffer: ArrayBuffer };
}
const nodeBuffer = (globalThis as { Buffer?: NodeBuffer }).Buffer;

/** What Node's buffers hold at most; an `ArrayBuffer` may hold more. */
const LARGEST_NODE_BUFFER = 2 ** 32 - 1;

/** A fresh buffer with arbitrary content: zeroing costs more than most ops. */
function rawBuffer(nbytes: number): ArrayBuffer {
  try {
    return nodeBuffer && nbytes <= LARGEST_NODE_BUFFER
      ? nodeBuffer.allocUnsafeSlow(nbytes).buffer
      : new ArrayBuffer(nbytes);
  } catch (error) {
    throw new TorchError(`not enough memory: expected ${nbytes} bytes, got none (${(error as Error).message})`, {
      cause: error,
    });
  }
}

function alignedBlock(nbytes: number): { block: CpuBlock; offset: number } {
  const block = new CpuBlock(rawBuffer(nbytes + ALIGNMENT - SMALLEST));
  return { block, offset: (ALIGNMENT - (block.address % ALIGNMENT)) % ALIGNMENT };
}

/** Storages that their last holder gave back, by size. */
const pool = new Map<number, Storage[]>();
const POOL_LIMIT_BYTES = 1 << 28;
let pooledBytes = 0;

export function allocate(nbytes: number): Storage {
  if (nbytes <= LARGEST_SMALL) return allocateSmall(nbytes);
  const reused = pool.get(nbytes)?.pop();
  if (reused !== undefined) {
    pooledBytes -= nbytes;
    return reused;
  }
  const { block, offset } = alignedBlock(nbytes);
  return new Storage(cpu, nbytes, block, offset);
}

function allocateSmall(nbytes: number): Storage {
  const c = sizeClass(nbytes);
  const cell = SMALLEST << c;
  let slab = slabs[c];
  if (slab === undefined || slab.next === slab.end) {
    const bytes = Math.min(SLAB_BYTES, Math.max(cell * LEAST_CELLS, 2048));
    const { block, offset } = alignedBlock(bytes);
    slab = { block, next: offset, end: offset + bytes };
    slabs[c] = slab;
  }
  const storage = new Storage(cpu, nbytes, slab.block, slab.next);
  slab.next += cell;
  return storage;
}

/** Takes back a storage that nobody else holds, to be handed out again while it is still in the caches. */
export function recycle(storage: Storage): void {
  if (storage.exposed || storage.nbytes <= LARGEST_SMALL || pooledBytes + storage.nbytes > POOL_LIMIT_BYTES) return;
  const list = pool.get(storage.nbytes);
  const fresh = new Storage(cpu, storage.nbytes, storage.block, storage.byteOffset);
  if (list) list.push(fresh);
  else pool.set(storage.nbytes, [fresh]);
  pooledBytes += storage.nbytes;
}

/**
 * The address of a storage's first byte.
 * @throws ValueError if its buffer was transferred away
 */
export function address(storage: Storage): number {
  if (storage.exposed) checkExposed(storage);
  return storage.block.address + storage.byteOffset;
}

function checkExposed(storage: Storage): void {
  if (storage.nbytes > 0 && (storage.block.buffer as ArrayBufferLike).byteLength === 0)
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
  const storage = new Storage(cpu, nbytes, new CpuBlock(buffer), byteOffset);
  storage.exposed = true;
  return storage;
}

/** Moves a storage into a buffer of its own that the user may hold; from then on it is checked before each use. */
export function expose(storage: Storage): ArrayBufferLike {
  if (storage.exposed) {
    checkExposed(storage);
    return storage.block.buffer as ArrayBufferLike;
  }
  const buffer = rawBuffer(storage.nbytes);
  new Uint8Array(buffer).set(bytes(storage));
  storage.block = new CpuBlock(buffer);
  storage.byteOffset = 0;
  storage.exposed = true;
  return buffer;
}

/** Moves a storage into memory that other threads can be given. */
export function share(storage: Storage): void {
  if (isShared(storage)) return;
  if (typeof SharedArrayBuffer === "undefined")
    throw new DeviceError(
      "shareMemory_: expected SharedArrayBuffer, which this page may not use; isolate it (COOP, COEP)",
    );
  const buffer = new SharedArrayBuffer(storage.nbytes);
  new Uint8Array(buffer).set(bytes(storage));
  storage.block = new CpuBlock(buffer);
  storage.byteOffset = 0;
  storage.exposed = true;
}

export function isShared(storage: Storage): boolean {
  // Browsers hide the class from pages that are not isolated.
  return typeof SharedArrayBuffer !== "undefined" && storage.block.buffer instanceof SharedArrayBuffer;
}

/** The bytes of a storage, for reading and writing inside the library only. */
export function bytes(storage: Storage): Uint8Array {
  if (storage.exposed) checkExposed(storage);
  return new Uint8Array(storage.block.buffer as ArrayBufferLike, storage.byteOffset, storage.nbytes);
}
