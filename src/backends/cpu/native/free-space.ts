/**
 * @file Which parts of a memory are free: segregated fits in two levels (Masmano and others, "TLSF", 2004), so that taking and
 * giving back take constant time whatever came before. What was given back last is taken first: it is still in the caches.
 * Sizes and places are in units of 64 bytes, a cache line.
 */

/** Memory that the engine got in one piece. */
export interface Chunk {
  readonly buffer: ArrayBuffer;
  /** Where its first unit lies, as an address and in the buffer. */
  readonly address: number;
  readonly offset: number;
  readonly units: number;
}

/** A part of a chunk. Together with its neighbours it covers the whole of it. */
export class Span {
  readonly chunk: Chunk;
  start: number;
  units: number;
  free = false;
  /** Its neighbours in the chunk. */
  before: Span | null = null;
  after: Span | null = null;
  /** Its neighbours in the list of its class, while free. */
  next: Span | null = null;
  previous: Span | null = null;

  constructor(chunk: Chunk, start: number, units: number) {
    this.chunk = chunk;
    this.start = start;
    this.units = units;
  }
}

/** Each power of two has 8 classes. */
const SPLITS = 3;
const CLASSES = (32 - SPLITS) << SPLITS;

function classOf(units: number): number {
  if (units < 1 << SPLITS) return units;
  const log = 31 - Math.clz32(units);
  return ((log - SPLITS + 1) << SPLITS) + ((units >> (log - SPLITS)) & ((1 << SPLITS) - 1));
}

export class FreeSpace {
  private readonly lists: (Span | null)[] = new Array<Span | null>(CLASSES).fill(null);
  /** A bit for each list that has any. */
  private readonly occupied = new Int32Array((CLASSES + 31) >> 5);
  /** Free in all. */
  units = 0;

  /** Adds a chunk; its first span, as which it is given, remains its first. */
  add(chunk: Chunk): Span {
    const whole = new Span(chunk, 0, chunk.units);
    this.insert(whole);
    return whole;
  }

  /** A span of that size, or null if none that is free is large enough. */
  take(units: number): Span | null {
    const own = classOf(units);
    let span = this.lists[own] as Span | null;
    // Others in this list may be large enough, but to look for them takes time.
    if (span === null || span.units < units) span = this.firstAbove(own);
    if (span === null) return null;
    this.remove(span);
    if (span.units > units) this.split(span, units);
    return span;
  }

  /** Gives a span back; it is joined with its neighbours where they are free. */
  give(span: Span): void {
    const { before, after } = span;
    if (after?.free) {
      this.remove(after);
      span.units += after.units;
      span.after = after.after;
      if (span.after !== null) span.after.before = span;
    }
    let whole = span;
    if (before?.free) {
      this.remove(before);
      before.units += span.units;
      before.after = span.after;
      if (before.after !== null) before.after.before = before;
      whole = before;
    }
    this.insert(whole);
  }

  /** Takes a chunk of which nothing is in use out of the memory. */
  drop(whole: Span): void {
    this.remove(whole);
  }

  private split(span: Span, units: number): void {
    const rest = new Span(span.chunk, span.start + units, span.units - units);
    span.units = units;
    rest.before = span;
    rest.after = span.after;
    if (rest.after !== null) rest.after.before = rest;
    span.after = rest;
    this.insert(rest);
  }

  private firstAbove(own: number): Span | null {
    let word = (own + 1) >> 5;
    let bits = (this.occupied[word] as number) & (-1 << ((own + 1) & 31));
    while (bits === 0) {
      if (++word === this.occupied.length) return null;
      bits = this.occupied[word] as number;
    }
    return this.lists[(word << 5) + 31 - Math.clz32(bits & -bits)] as Span;
  }

  private insert(span: Span): void {
    const own = classOf(span.units);
    const first = this.lists[own] as Span | null;
    span.free = true;
    span.previous = null;
    span.next = first;
    if (first !== null) first.previous = span;
    this.lists[own] = span;
    this.occupied[own >> 5] = (this.occupied[own >> 5] as number) | (1 << (own & 31));
    this.units += span.units;
  }

  private remove(span: Span): void {
    const { next, previous } = span;
    if (next !== null) next.previous = previous;
    if (previous !== null) previous.next = next;
    else {
      const own = classOf(span.units);
      this.lists[own] = next;
      if (next === null) this.occupied[own >> 5] = (this.occupied[own >> 5] as number) & ~(1 << (own & 31));
    }
    span.free = false;
    span.next = null;
    span.previous = null;
    this.units -= span.units;
  }
}
