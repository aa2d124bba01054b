import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { inFlight } from "../../src/backends/cpu/in-flight.ts";
import { FreeSpace, type Span } from "../../src/backends/cpu/native/free-space.ts";
import { NativeHeap, type Tracker } from "../../src/backends/cpu/native/heap.ts";
import { graphState } from "../../src/core/graph-state.ts";
import * as torch from "../../src/index.ts";

const UNITS = 4096;
const chunk = { buffer: new ArrayBuffer(0), address: 0, offset: 0, units: UNITS };

test("free space: spans never overlap, are as long as asked for, and join again", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: -100, max: 0 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (sizes) => {
      const space = new FreeSpace();
      space.add(chunk);
      const taken: Span[] = [];
      const owner = new Int32Array(UNITS);
      const mark = (span: Span, by: number) => {
        const units = owner.subarray(span.start, span.start + span.units);
        expect(by === 0 || units.every((before) => before === 0)).toBe(true);
        units.fill(by);
      };
      for (const [i, size] of sizes.entries()) {
        if (size > 0) {
          const span = space.take(size);
          if (span === null) continue;
          expect(span.units).toBe(size);
          mark(span, i + 1);
          taken.push(span);
        } else if (taken.length > 0) {
          const [span] = taken.splice(-size % taken.length, 1) as [Span];
          mark(span, 0);
          space.give(span);
        }
        expect(space.units).toBe(UNITS - taken.reduce((sum, { units }) => sum + units, 0));
      }
      for (const span of taken) space.give(span);
      expect(space.take(UNITS)?.start).toBe(0);
    }),
  );
});

/** A heap over no addon: the test says which blocks are dead. */
function heapOf() {
  const alive = new Map<number, object>();
  const dead: number[] = [];
  let searches = 0;
  const tracker: Tracker = {
    address: () => 64,
    track: (block, id) => void alive.set(id, block),
    takeDead(ids) {
      ids.set(dead);
      return dead.splice(0).length;
    },
    collectOld() {},
    prepare() {},
  };
  const heap = new NativeHeap(tracker, () => searches++);
  const die = (block: object) => {
    for (const [id, each] of alive) if (each === block) dead.push(id);
  };
  return { heap, die, searches: () => searches };
}

const MB = 1 << 20;

describe("the heap of the native engine", () => {
  beforeEach(() => {
    inFlight.addresses = false;
    graphState.waits = false;
  });

  test("hands out again what died, once it has looked", () => {
    const { heap, die } = heapOf();
    const first = heap.allocate(4 * MB);
    const second = heap.allocate(8 * MB);
    die(first);
    expect(heap.allocate(4 * MB).address).toBe(first.address);
    expect(second.address).not.toBe(first.address);
  });

  test("does not look while a kernel's operands are addressed", () => {
    const { heap, searches } = heapOf();
    for (let i = 0; i < 4; i++) heap.allocate(4 * MB);
    expect(searches()).toBe(1);
    inFlight.addresses = true;
    for (let i = 0; i < 10; i++) heap.allocate(4 * MB);
    expect(searches()).toBe(1);
    inFlight.addresses = false;
    heap.allocate(4 * MB);
    expect(searches()).toBe(2);
  });

  test("has patience while a graph waits for its backward", () => {
    const { heap, searches } = heapOf();
    heap.allocate(16 * MB);
    heap.allocate(MB); // notices how many backwards there have been
    graphState.waits = true;
    for (let i = 0; i < 63; i++) heap.allocate(4 * MB);
    expect(searches()).toBe(1);
    for (let i = 0; i < 8; i++) heap.allocate(4 * MB);
    expect(searches()).toBe(2);
    graphState.backwards++;
    heap.allocate(MB);
    expect(searches()).toBe(3);
  });
});

describe("tensors in the native heap", () => {
  test("what is in use keeps its values, whatever dies around it", () => {
    const kept: { tensor: torch.Tensor; value: number }[] = [];
    for (let i = 0; i < 3000; i++) {
      const tensor = torch.full([(i * 7919) % 30000], i);
      if (i % 17 === 0) kept.push({ tensor, value: i });
      if (i % 5 === 0) kept.splice((i * 31) % (kept.length + 1), 1);
      tensor.add(1);
    }
    for (const { tensor, value } of kept) expect(tensor.eq(value).all().item()).toBe(true);
  });

  test("a loop that never returns to the event loop stays within its bounds, without a kernel too", () => {
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 500; i++) {
      torch
        .empty([1 << 20])
        .at(0)
        .fill_(1); // 2 GB in all
      torch.empty([1 << 19]);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * MB);
  });
});
