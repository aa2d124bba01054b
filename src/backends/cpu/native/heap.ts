/**
 * @file The heap of the native engine. Blocks lie in large chunks, so that memory is handed out again while it is still in the
 * caches, without page faults, and V8 neither counts nor frees each of them (an `ArrayBuffer` of its own costs a tensor 2 to
 * 8 us, and V8 looks for dead ones only every 32 MB, which no cache holds).
 *
 * That nobody uses a block any more is found out by asking: when enough was allocated, V8 collects its young generation (40 us),
 * and the weak references of the blocks that died are empty. No finalizer is needed, so a loop that never returns to the event
 * loop stays within its bounds. The search waits while the addresses of some op's operands have been asked for and its kernel
 * has not run, and while a graph waits for its backward, which keeps what was allocated: collecting then only makes it old.
 */
import { TorchError } from "../../../core/errors.ts";
import { graphState } from "../../../core/graph-state.ts";
import type { CpuBlock } from "../engine.ts";
import { inFlight } from "../in-flight.ts";
import { rawBuffer } from "../platform.ts";
import { type Chunk, FreeSpace, type Span } from "./free-space.ts";

const UNIT = 64;
const CHUNK_BYTES = 1 << 26;
/** A larger block gets a buffer of its own. */
const LARGEST_BLOCK = 1 << 30;
/** So much is allocated between two searches: few enough to stay in the caches, enough to be worth one. */
const SEARCH_BYTES = 12 << 20;
const SEARCH_BLOCKS = 1 << 12;
/** While a graph waits: at first and at most (or half of what is in use). */
const MOST_PATIENCE = 1 << 28;
/** How many times what is in use is allocated until V8 is asked to collect its old generation: doubled where that freed nothing. */
const FIRST_ASK_FACTOR = 8;
const MOST_ASK_FACTOR = 1 << 9;

/** What the addon knows of blocks. */
export interface Tracker {
  address(buffer: ArrayBufferLike): number;
  /** Follows the life of a block. */
  track(block: object, id: number, nbytes: number): void;
  /** Writes the ids of those that have died to `ids`, and gives their number. */
  takeDead(ids: Int32Array, alsoOld: boolean): number;
  /** Has V8 begin to collect its old generation. */
  collectOld(): void;
  /** Tells the system that a large buffer is to be used as a whole. */
  prepare(buffer: ArrayBuffer): void;
}

export class NativeBlock implements CpuBlock {
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

/** A block in a buffer of its own, which V8 frees with it. */
export function ownBlock(tracker: Tracker, nbytes: number): NativeBlock {
  const buffer = rawBuffer(nbytes + UNIT);
  const address = tracker.address(buffer);
  const start = (UNIT - (address % UNIT)) % UNIT;
  return new NativeBlock(address + start, buffer, start);
}

export class NativeHeap {
  private readonly tracker: Tracker;
  private readonly collectYoung: () => void;
  private readonly space = new FreeSpace();
  /** The spans in use by their ids, and the ids that are free. */
  private readonly spans: (Span | null)[] = [];
  private readonly ids: number[] = [];
  private dead = new Int32Array(256);
  /** Since the last search. */
  private freshBytes = 0;
  private freshBlocks = 0;
  /** In use or not yet known to be unused, and the chunks they lie in. */
  private usedBytes = 0;
  private chunkBytes = 0;
  private chunks: Span[] = [];
  /** The most that was in use lately. */
  private peakBytes = 0;
  /** Since the old blocks were last asked after. */
  private blocksSinceOld = 0;
  private bytesSinceOld = 0;
  private askFactor = FIRST_ASK_FACTOR;
  private bytesSinceAsk = 0;
  private usedAtAsk = 0;
  private searchesSinceTrim = 0;
  /** Those that had been before the last search. */
  private backwards = 0;
  /** How much is allocated between two searches while a graph waits: little where most of it turned out to be unused. */
  private patience = MOST_PATIENCE;

  constructor(tracker: Tracker, collectYoung: () => void) {
    this.tracker = tracker;
    this.collectYoung = collectYoung;
  }

  allocate(nbytes: number): NativeBlock {
    if (nbytes > LARGEST_BLOCK) return ownBlock(this.tracker, nbytes);
    if ((this.freshBytes >= SEARCH_BYTES || this.freshBlocks >= SEARCH_BLOCKS) && !inFlight.addresses)
      this.considerSearch();
    const units = Math.max(1, (nbytes + UNIT - 1) >> 6);
    const span = this.space.take(units) ?? this.grow(units);
    const { chunk, start } = span;
    const block = new NativeBlock(chunk.address + start * UNIT, chunk.buffer, chunk.offset + start * UNIT);
    const id = this.ids.pop() ?? this.spans.length;
    this.spans[id] = span;
    const bytes = units * UNIT;
    this.tracker.track(block, id, bytes);
    this.usedBytes += bytes;
    this.freshBytes += bytes;
    this.freshBlocks++;
    return block;
  }

  private considerSearch(): void {
    // The first allocation after a backward is often by an op that has begun the next graph.
    if (!graphState.waits || graphState.backwards !== this.backwards) {
      this.backwards = graphState.backwards;
      this.search();
      return;
    }
    const { freshBytes } = this;
    if (freshBytes < this.patience && this.freshBlocks < 8 * SEARCH_BLOCKS) return;
    const freed = this.search();
    const most = Math.max(MOST_PATIENCE, this.usedBytes / 2);
    if (freed > 0.75 * freshBytes) this.patience = Math.max(this.patience / 2, SEARCH_BYTES);
    else if (freed < 0.5 * freshBytes) this.patience = Math.min(this.patience * 2, most);
  }

  /** Finds the blocks that nobody uses any more; gives their bytes. */
  private search(): number {
    this.collectYoung();
    const before = this.usedBytes;
    this.peakBytes = Math.max(before, this.peakBytes * 0.97);
    const inUse = this.spans.length - this.ids.length;
    if (this.dead.length < inUse) this.dead = new Int32Array(2 * inUse);
    // That takes no more time than what was done since it was last done.
    this.blocksSinceOld += this.freshBlocks;
    this.bytesSinceOld += this.freshBytes;
    const alsoOld = this.blocksSinceOld >= inUse || this.bytesSinceOld >= before;
    if (alsoOld) this.blocksSinceOld = this.bytesSinceOld = 0;
    const count = this.tracker.takeDead(this.dead, alsoOld);
    for (let i = 0; i < count; i++) this.release(this.dead[i] as number);
    this.bytesSinceAsk += this.freshBytes;
    this.freshBytes = 0;
    this.freshBlocks = 0;
    if (this.usedBytes > CHUNK_BYTES && this.bytesSinceAsk > this.askFactor * this.usedBytes) this.askForOld();
    if (this.chunkBytes > this.peakBytes + 2 * CHUNK_BYTES && ++this.searchesSinceTrim > 16) this.trim();
    return before - this.usedBytes;
  }

  /** What has lived for long may have died without a word. */
  private askForOld(): void {
    const change = this.usedBytes / this.usedAtAsk;
    this.askFactor = change > 0.9 && change < 1.25 ? Math.min(2 * this.askFactor, MOST_ASK_FACTOR) : FIRST_ASK_FACTOR;
    this.usedAtAsk = this.usedBytes;
    this.bytesSinceAsk = 0;
    this.tracker.collectOld();
  }

  private release(id: number): void {
    const span = this.spans[id] as Span;
    this.spans[id] = null;
    this.ids.push(id);
    this.usedBytes -= span.units * UNIT;
    this.space.give(span);
  }

  /** Gives chunks back that nothing is in, and that what was in use lately did not need. */
  private trim(): void {
    this.searchesSinceTrim = 0;
    this.chunks = this.chunks.filter((first) => {
      const nbytes = first.chunk.units * UNIT;
      const needed = !first.free || first.units !== first.chunk.units || this.chunkBytes - nbytes < this.peakBytes;
      if (needed) return true;
      this.space.drop(first);
      this.chunkBytes -= nbytes;
      return false;
    });
    this.tracker.collectOld(); // their buffers
  }

  /** Adds a chunk in which there is room, and takes from it. */
  private grow(units: number): Span {
    const nbytes = Math.max(CHUNK_BYTES, units * UNIT);
    const { buffer, address, start } = ownBlock(this.tracker, nbytes);
    this.tracker.prepare(buffer as ArrayBuffer);
    const chunk: Chunk = { buffer: buffer as ArrayBuffer, address, offset: start, units: nbytes / UNIT };
    this.chunkBytes += nbytes;
    this.chunks.push(this.space.add(chunk));
    if (this.chunkBytes > CHUNK_BYTES) this.tracker.collectOld(); // there may be room in what nobody uses
    const span = this.space.take(units);
    if (span === null) throw new TorchError("typetorch: internal error: no room in a fresh chunk");
    return span;
  }
}
