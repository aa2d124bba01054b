/**
 * @file Memory that the user holds (`numpy()`, `fromNumpy`, SharedArrayBuffer) and kernels cannot reach: it is copied into the heap
 * before each kernel that is given it, and back after it.
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
      takeBack(false);
      throw new ValueError(
        `expected tensors over the same bytes of an ArrayBuffer, or over others; got bytes ${other.from} to ${other.end} and ${this.from} to ${this.end}, ` +
          "which the WebAssembly engine cannot use in one op: clone() one of them",
      );
    }
    try {
      this.place = this.heap.claim(this.nbytes);
    } catch (error) {
      takeBack(false);
      throw error;
    }
    given.push(this);
    this.heap.bytes(this.place, this.nbytes).set(this.bytes());
    return this.place - this.from;
  }

  private get end(): number {
    return this.from + this.nbytes;
  }

  private bytes(): Uint8Array {
    return new Uint8Array(this.buffer, this.from, this.nbytes);
  }

  takeBack(written: boolean): void {
    if (written) this.bytes().set(this.heap.bytes(this.place, this.nbytes));
    this.heap.release(this.place);
    this.place = 0;
  }
}

/** After a kernel: what it wrote goes to the user's memory. If it did not come to it (`written` is false), nothing does. */
export function takeBack(written: boolean): void {
  for (const block of given) block.takeBack(written);
  given.length = 0;
}

export const anyGiven = (): boolean => given.length > 0;
