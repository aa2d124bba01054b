/**
 * @file The heap of the WASM engine.
 *
 * A storage's block is resident, at some address of the heap, or out, in a buffer of its own that only the block knows. Who asks for its
 * address brings it in. When the heap has reached its budget, the blocks that nobody uses are looked for: on Node, whose
 * garbage collector can be called (`collector.ts`), the heap holds blocks weakly and asks which have died. It calls it for at most a fifth
 * of the time; meanwhile the budget grows.
 *
 * In browsers, and where what is in use fills the heap, blocks that were not used lately go out. So what nobody uses any more goes
 * out sometime, and is V8's to free. Neither way needs a finalizer, so a loop that never returns to the event loop stays within bounds.
 *
 * A block in use stays where it is: one whose address was asked for until the next kernel has run, and one whose bytes were
 * until some others' have been.
 */
import { TorchError } from "../../../core/errors.ts";
import type { Collector } from "../collector.ts";
import type { CpuBlock } from "../engine.ts";
import { rawBuffer } from "../platform.ts";
import type { WasmMemory } from "./webassembly.ts";

/** The allocator of native/wasm/heap.cc; addresses beyond 2 GB come as negative numbers. */
export interface Allocator {
  alloc(nbytes: number): number;
  free(address: number): void;
}

const FIRST_BUDGET = 1 << 27;
/** Where the dead can be found the budget is larger: what they fill costs no copies. */
const SEARCHED_BUDGET = 1 << 28;
/** So far it grows while a search would come too soon. */
const MOST_UNSEARCHED = 1 << 29;
/** The least time between two searches, in their length. */
const PATIENCE = 4;
/** A weak reference is worth its microsecond from this size on. */
const LEAST_WEAK = 1 << 14;
/** What the budget leaves to the kernels' own memory. */
const RESERVE = 1 << 26;
/** So many views may be in use at once. */
const VIEWS = 16;

/** The memory of a resident block. */
interface Cell {
  /** The block, if anything but the heap may keep it. */
  readonly block: HeapBlock | WeakRef<HeapBlock>;
  readonly place: number;
  readonly nbytes: number;
  /** In the ring of the cells. */
  next: Cell;
  previous: Cell;
  /** Since the hand last passed. */
  wasUsed: boolean;
  /** When the address, or the bytes, were last asked for. */
  addressed: number;
  viewed: number;
}

const blockOf = ({ block }: Cell): HeapBlock | undefined => (block instanceof HeapBlock ? block : block.deref());

export class Heap {
  readonly memory: WasmMemory;
  private readonly allocator: () => Allocator;
  private readonly collector: Collector | null;
  private readonly limit: number;
  private budget: number;
  private used = 0;
  /** The search for cells that can go continues here, and new ones come before it. */
  private hand: Cell | null = null;
  private residents = 0;
  private searchAfter = 0;
  /** Kernels that have run, and views that were given. */
  epoch = 1;
  views = VIEWS;

  constructor(memory: WasmMemory, limit: number, allocator: () => Allocator, collector: Collector | null = null) {
    this.memory = memory;
    this.allocator = allocator;
    this.collector = collector;
    this.limit = limit - RESERVE;
    this.budget = Math.min(collector === null ? FIRST_BUDGET : SEARCHED_BUDGET, this.limit);
  }

  allocate(nbytes: number): HeapBlock {
    const block = new HeapBlock(this, nbytes);
    this.enter(block);
    return block;
  }

  /** Brings in a block that had gone out. That it was still needed says that the budget is too small. */
  bringIn(block: HeapBlock): Cell {
    const { out } = block;
    if (out === null)
      throw new TorchError("typetorch: internal error: the memory of a tensor is used after it was given back");
    this.budget = Math.min(this.budget + block.nbytes, this.limit);
    const cell = this.enter(block);
    this.bytes(cell.place, block.nbytes).set(out);
    block.out = null;
    return cell;
  }

  /** Gives a block's memory back. */
  drop(block: HeapBlock): void {
    block.out = null;
    if (block.cell !== null) this.leave(block.cell);
    block.cell = null;
  }

  bytes(address: number, nbytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, nbytes);
  }

  /** Memory that is no block's. */
  claim(nbytes: number): number {
    if (nbytes <= this.limit && this.used + nbytes > this.budget) this.keepBudget(nbytes);
    const { alloc } = this.allocator();
    let address = nbytes > this.limit ? 0 : alloc(nbytes);
    while (address === 0) {
      if (nbytes > this.limit || !(this.search() || this.makeRoom(nbytes)))
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

  private enter(block: HeapBlock): Cell {
    const { nbytes } = block;
    const cell = {
      block: this.collector !== null && nbytes >= LEAST_WEAK ? new WeakRef(block) : block,
      place: this.claim(nbytes),
      nbytes,
      wasUsed: false,
      addressed: 0,
      viewed: 0,
    } as Cell;
    this.used += nbytes;
    this.residents++;
    cell.next = this.hand ?? cell;
    cell.previous = this.hand?.previous ?? cell;
    cell.previous.next = cell;
    cell.next.previous = cell;
    this.hand = cell.next;
    block.cell = cell;
    return cell;
  }

  private leave(cell: Cell): void {
    this.release(cell.place);
    this.used -= cell.nbytes;
    this.residents--;
    const { next, previous } = cell;
    next.previous = previous;
    previous.next = next;
    if (this.hand === cell) this.hand = next === cell ? null : next;
  }

  /** Before so many bytes are added that the budget is passed. */
  private keepBudget(nbytes: number): void {
    if (this.collector !== null) {
      if (performance.now() >= this.searchAfter) {
        this.search();
        this.budget = Math.min(Math.max(SEARCHED_BUDGET, 2 * (this.used + nbytes)), this.limit);
      } else if (this.budget < MOST_UNSEARCHED) this.budget = Math.min(2 * this.budget, this.limit);
    }
    const over = this.used + nbytes - this.budget;
    if (over > 0) this.makeRoom(over);
  }

  /** Frees the cells of the blocks that have died; false if there were none. */
  private search(): boolean {
    const begin = performance.now();
    if (this.collector === null || begin < this.searchAfter) return false;
    this.collector.collect();
    const before = this.residents;
    let cell = this.hand;
    for (let left = before; left > 0 && cell !== null; left--) {
      const { next } = cell;
      if (!this.isInUse(cell) && blockOf(cell) === undefined) this.leave(cell);
      cell = next;
    }
    this.collector.forget();
    const end = performance.now();
    this.searchAfter = end + PATIENCE * (end - begin);
    return this.residents < before;
  }

  private isInUse(cell: Cell): boolean {
    return cell.addressed === this.epoch || this.views - cell.viewed < VIEWS;
  }

  /** Sends blocks out until that many bytes are free; false if none could go. Those used since the hand last passed stay once more. */
  private makeRoom(nbytes: number): boolean {
    let freed = 0;
    for (let left = 2 * this.residents; left > 0 && freed < nbytes && this.hand !== null; left--) {
      const cell: Cell = this.hand;
      this.hand = cell.next;
      if (cell.wasUsed) cell.wasUsed = false;
      else if (!this.isInUse(cell)) {
        const block = blockOf(cell);
        if (block !== undefined) {
          block.out = new Uint8Array(rawBuffer(cell.nbytes));
          block.out.set(this.bytes(cell.place, cell.nbytes));
          block.cell = null;
        }
        this.leave(cell);
        freed += cell.nbytes;
      }
    }
    this.collector?.forget();
    return freed > 0;
  }
}

class HeapBlock implements CpuBlock {
  readonly moves = true;
  readonly nbytes: number;
  private readonly heap: Heap;
  /** Where it lies, or null while it is out. */
  cell: Cell | null = null;
  out: Uint8Array | null = null;

  constructor(heap: Heap, nbytes: number) {
    this.heap = heap;
    this.nbytes = nbytes;
  }

  get address(): number {
    const cell = this.cell ?? this.heap.bringIn(this);
    cell.wasUsed = true;
    cell.addressed = this.heap.epoch;
    return cell.place;
  }

  get start(): number {
    const cell = this.cell ?? this.heap.bringIn(this);
    cell.wasUsed = true;
    cell.viewed = ++this.heap.views;
    return cell.place;
  }

  get buffer(): ArrayBufferLike {
    return this.heap.memory.buffer;
  }

  free(nbytes: number): void {
    if (nbytes === this.nbytes) this.heap.drop(this);
  }
}
