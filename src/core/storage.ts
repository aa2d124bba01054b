/** @file The memory behind tensors. */
import type { Device } from "./device.ts";

/** A piece of memory as a backend allots it; several small storages may share one. */
export interface Block {
  /** The address kernels use, or a handle on devices whose memory has none. */
  readonly address: number;
  /** What a `cpu` block lies in. */
  readonly buffer: ArrayBufferLike | null;
  /** Whether the next op may move it, so that nobody may keep an address or a view. */
  readonly moves: boolean;
}

/** Bytes of one or more tensors (views share it). Its version counts the in-place changes. */
export class Storage {
  readonly device: Device;
  readonly nbytes: number;
  block: Block;
  /** Where in the block this storage begins. */
  byteOffset: number;
  /** Number of in-place changes so far; what autograd saved remembers it. */
  version = 0;
  /** How many gradients that wait in the engine lie here. */
  awaited = 0;
  /** The user holds the buffer, so it can be transferred away under us: check before each use, never pool. */
  exposed = false;
  /** Somebody keeps this storage as theirs (a leaf's `grad`): another keeper must copy. */
  claimed = false;
  /** It is the memory of a gradient that code outside of the engine has seen, and may keep: never recycle it. */
  shared = false;

  constructor(device: Device, nbytes: number, block: Block, byteOffset: number) {
    this.device = device;
    this.nbytes = nbytes;
    this.block = block;
    this.byteOffset = byteOffset;
  }
}
