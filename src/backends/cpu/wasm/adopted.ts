/**
 * @file Memory that the user holds (`numpy()`, `fromNumpy`, SharedArrayBuffer) and kernels cannot reach: it is copied into the heap
 * right before the kernel that was given its address, and back right after it. Between the two no code of the user runs; if an
 * op fails before it comes to its kernel, the next kernel finds the memory among what it was given, and leaves it as it is.
 */
import { ValueError } from "../../../core/errors.ts";
import type { CpuBlock } from "../engine.ts";
import type { Heap } from "./heap.ts";

/** What the next kernel has been given. */
const given: AdoptedBlock[] = [];

export class AdoptedBlock implements CpuBlock {
  readonly moves = false;
  readonly start = 0;
  readonly buffer: ArrayBufferLike;
  private readonly heap: Heap;
  private readonly from: number;
  private readonly nbytes: number;
  /** Where it lies in the heap, or 0. */
  private place = 0;

  constructor(heap: Heap, buffer: ArrayBufferLike, from: number, nbytes: number) {
    this.heap = heap;
    this.buffer = buffer;
    this.from = from;
    this.nbytes = nbytes;
  }

  /** As if all of the buffer lay in the heap; of which there is the part that the storage uses. */
  get address(): number {
    if (this.place !== 0) return this.place - this.from;
    for (const other of given) {
      if (other.buffer !== this.buffer || other.from >= this.end || this.from >= other.end) continue;
      if (other.from <= this.from && this.end <= other.end) return other.place - other.from;
      forget();
      throw new ValueError(
        `expected tensors over the same bytes of an ArrayBuffer, or over others; got bytes ${other.from} to ${other.end} and ${this.from} to ${this.end}, ` +
          "which the WebAssembly engine cannot use in one op: clone() one of them",
      );
    }
    this.place = this.heap.claim(this.nbytes);
    given.push(this);
    return this.place - this.from;
  }

  private get end(): number {
    return this.from + this.nbytes;
  }

  /** What the user holds; nothing of a buffer that has been transferred since its address was asked for. */
  private bytes(): Uint8Array | null {
    return this.buffer.byteLength < this.end ? null : new Uint8Array(this.buffer, this.from, this.nbytes);
  }

  copyIn(): void {
    const bytes = this.bytes();
    if (bytes !== null) this.heap.bytes(this.place, this.nbytes).set(bytes);
  }

  copyOut(): void {
    this.bytes()?.set(this.heap.bytes(this.place, this.nbytes));
  }

  leave(): void {
    this.heap.release(this.place);
    this.place = 0;
  }
}

function forget(): void {
  for (const block of given) block.leave();
  given.length = 0;
}

/** Runs a kernel on what it has been given. */
export function withGiven(kernel: () => number): number {
  for (const block of given) block.copyIn();
  try {
    return kernel();
  } finally {
    for (const block of given) block.copyOut();
    forget();
  }
}

export const anyGiven = (): boolean => given.length > 0;
