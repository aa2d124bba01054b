/**
 * @file The heap of the WASM engine: a write-back cache over memory that V8 counts and frees.
 *
 * A storage's block is resident, at some address of the heap, or out, in a buffer of its own. Who asks for its address brings
 * it in; when the heap has reached its budget, blocks that were not used lately go out. Only the block knows its buffer, and
 * the heap knows a block only while it is resident: so what nobody uses any more goes out sometime, and is V8's to free. No
 * finalizer is needed, and a loop that never returns to the event loop stays within the budget.
 *
 * A block in use stays where it is: one whose address was asked for until the next kernel has run, and one whose bytes were
 * until some others' have been.
 */
import { TorchError } from "../../../core/errors.ts";
import type { CpuBlock } from "../engine.ts";
import { rawBuffer } from "../platform.ts";
import type { WasmMemory } from "./webassembly.ts";

/** The allocator of native/wasm/heap.cc; addresses beyond 2 GB come as negative numbers. */
export interface Allocator {
  alloc(nbytes: number): number;
  free(address: number): void;
}

const FIRST_BUDGET = 1 << 27;
/** What the budget leaves to the kernels' own memory. */
const RESERVE = 1 << 26;
/** So many views may be in use at once. */
const VIEWS = 16;

export class Heap {
  readonly memory: WasmMemory;
  private readonly allocator: () => Allocator;
  private readonly limit: number;
  private budget: number;
  private used = 0;
  /** The resident blocks lie in a ring; the search for those that can go continues here, and new ones come before it. */
  private hand: HeapBlock | null = null;
  private residents = 0;
  /** Kernels that have run, and views that were given. */
  epoch = 1;
  views = VIEWS;

  constructor(memory: WasmMemory, limit: number, allocator: () => Allocator) {
    this.memory = memory;
    this.allocator = allocator;
    this.limit = limit - RESERVE;
    this.budget = Math.min(FIRST_BUDGET, this.limit);
  }

  allocate(nbytes: number): HeapBlock {
    const block = new HeapBlock(this, nbytes);
    this.enter(block);
    return block;
  }

  /** Brings in a block that had gone out. That it was still needed says that the budget is too small. */
  bringIn(block: HeapBlock): void {
    const { out } = block;
    if (out === null)
      throw new TorchError("typetorch: internal error: the memory of a tensor is used after it was given back");
    this.budget = Math.min(this.budget + block.nbytes, this.limit);
    this.enter(block);
    this.bytes(block.place, block.nbytes).set(out);
    block.out = null;
  }

  /** Gives a block's memory back. */
  drop(block: HeapBlock): void {
    block.out = null;
    if (block.place !== 0) this.leave(block);
  }

  bytes(address: number, nbytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, nbytes);
  }

  /** Memory that is no block's. */
  claim(nbytes: number): number {
    if (nbytes <= this.limit && this.used + nbytes > this.budget) this.makeRoom(this.used + nbytes - this.budget);
    const { alloc } = this.allocator();
    let address = nbytes > this.limit ? 0 : alloc(nbytes);
    while (address === 0) {
      if (nbytes > this.limit || !this.makeRoom(nbytes))
        throw new TorchError(
          `not enough memory: expected ${nbytes} bytes in the heap of the WebAssembly engine, got none ` +
            `(it can have ${this.limit}, and what is in use has ${this.used})`,
        );
      address = alloc(nbytes);
    }
    return address >>> 0;
  }

  release(address: number): void {
    this.allocator().free(address);
  }

  private enter(block: HeapBlock): void {
    block.place = this.claim(block.nbytes);
    this.used += block.nbytes;
    this.residents++;
    const next = this.hand ?? block;
    const previous = this.hand?.previous ?? block;
    block.next = next;
    block.previous = previous;
    previous.next = block;
    next.previous = block;
    this.hand = next;
  }

  private leave(block: HeapBlock): void {
    this.release(block.place);
    block.place = 0;
    this.used -= block.nbytes;
    this.residents--;
    const next = block.next as HeapBlock;
    const previous = block.previous as HeapBlock;
    previous.next = next;
    next.previous = previous;
    if (this.hand === block) this.hand = next === block ? null : next;
    block.next = null;
    block.previous = null;
  }

  /** Sends blocks out until that many bytes are free; false if none could go. Those used since the hand last passed stay once more. */
  private makeRoom(nbytes: number): boolean {
    let freed = 0;
    for (let left = 2 * this.residents; left > 0 && freed < nbytes && this.hand !== null; left--) {
      const block: HeapBlock = this.hand;
      this.hand = block.next;
      if (block.wasUsed) block.wasUsed = false;
      else if (block.addressed !== this.epoch && this.views - block.viewed >= VIEWS) {
        block.out = new Uint8Array(rawBuffer(block.nbytes));
        block.out.set(this.bytes(block.place, block.nbytes));
        this.leave(block);
        freed += block.nbytes;
      }
    }
    return freed > 0;
  }
}

class HeapBlock implements CpuBlock {
  readonly moves = true;
  readonly nbytes: number;
  private readonly heap: Heap;
  /** The address, or 0 while it is out. */
  place = 0;
  /** In the ring of the resident blocks. */
  next: HeapBlock | null = null;
  previous: HeapBlock | null = null;
  out: Uint8Array | null = null;
  /** Since the hand last passed. */
  wasUsed = false;
  /** When the address, or the bytes, were last asked for. */
  addressed = 0;
  viewed = 0;

  constructor(heap: Heap, nbytes: number) {
    this.heap = heap;
    this.nbytes = nbytes;
  }

  get address(): number {
    if (this.place === 0) this.heap.bringIn(this);
    this.wasUsed = true;
    this.addressed = this.heap.epoch;
    return this.place;
  }

  get start(): number {
    if (this.place === 0) this.heap.bringIn(this);
    this.wasUsed = true;
    this.viewed = ++this.heap.views;
    return this.place;
  }

  get buffer(): ArrayBufferLike {
    return this.heap.memory.buffer;
  }

  free(nbytes: number): void {
    if (nbytes === this.nbytes) this.heap.drop(this);
  }
}
