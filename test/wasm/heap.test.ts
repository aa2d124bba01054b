/** @file The heap of the WASM engine: what goes out comes back, what is in use stays, and a synchronous loop stays within its budget. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { wholeCollector } from "../../src/backends/cpu/collector.ts";
import type { Builtin } from "../../src/backends/cpu/platform.ts";
import { AdoptedBlock, withGiven } from "../../src/backends/cpu/wasm/adopted.ts";
import { type Allocator, Heap } from "../../src/backends/cpu/wasm/heap.ts";
import { createMemory } from "../../src/backends/cpu/wasm/module.ts";

const KB = 1024;

/** First fit, with `room` bytes after the first page. */
class SmallAllocator implements Allocator {
  private readonly used = new Map<number, number>();
  private readonly room: number;
  constructor(room: number) {
    this.room = room;
  }
  readonly alloc = (nbytes: number): number => {
    let at = 65536;
    for (const [address, size] of [...this.used].sort(([a], [b]) => a - b)) {
      if (address - at >= nbytes) break;
      at = address + size;
    }
    if (at + nbytes > 65536 + this.room) return 0;
    this.used.set(at, nbytes);
    return at;
  };
  readonly free = (address: number): void => {
    expect(this.used.delete(address)).toBe(true);
  };
  get bytes(): number {
    return [...this.used.values()].reduce((sum, size) => sum + size, 0);
  }
}

describe("a heap with room for 64 KB", () => {
  const { memory } = createMemory();
  let allocator: SmallAllocator;
  let heap: Heap;
  beforeEach(() => {
    allocator = new SmallAllocator(64 * KB);
    heap = new Heap(memory, 2 ** 30, () => allocator);
  });
  const write = (block: ReturnType<Heap["allocate"]>, value: number) =>
    heap.bytes(block.address, block.nbytes).fill(value);
  const read = (block: ReturnType<Heap["allocate"]>) => new Set(heap.bytes(block.address, block.nbytes));

  test("holds more than that, if not all is used at once", () => {
    const blocks = Array.from({ length: 40 }, (_, i) => {
      const block = heap.allocate(8 * KB);
      write(block, i);
      heap.epoch++;
      return block;
    });
    for (const [i, block] of [...blocks, ...blocks.toReversed()].entries()) {
      expect(read(block)).toEqual(new Set([i < 40 ? i : 79 - i]));
      heap.epoch++;
    }
    expect(allocator.bytes).toBeLessThanOrEqual(64 * KB);
  });

  test("keeps what the next kernel has been given", () => {
    const given = Array.from({ length: 7 }, () => heap.allocate(8 * KB));
    const addresses = given.map((block) => block.address);
    const others = Array.from({ length: 5 }, () => heap.allocate(8 * KB));
    expect(others.length).toBe(5);
    expect(given.map((block) => block.address)).toEqual(addresses);
  });

  test("says so when all of it is in use", () => {
    for (let i = 0; i < 8; i++) expect(heap.allocate(8 * KB).address).toBeGreaterThan(0);
    expect(() => heap.allocate(8 * KB)).toThrow(
      "not enough memory: expected 8192 bytes in the heap of the WebAssembly engine, got none (it can have 1006632960, and what is in use has 65536)",
    );
    heap.epoch++;
    expect(heap.allocate(8 * KB).address).toBeGreaterThan(0);
    expect(() => heap.allocate(2 ** 40)).toThrow("not enough memory: expected 1099511627776 bytes");
  });

  test("keeps bytes that are looked at while some others are", () => {
    const looked = heap.allocate(8 * KB);
    const { start } = looked;
    for (let i = 0; i < 20; i++) heap.allocate(8 * KB);
    expect(looked.start).toBe(start);
    const small = heap.allocate(KB);
    for (let i = 0; i < 20; i++) expect(small.start).toBeGreaterThan(0);
    for (let i = 0; i < 20; i++) heap.allocate(8 * KB);
    expect(looked.cell).toBe(null);
  });

  test("what was given back is free at once, unless others share it", () => {
    const block = heap.allocate(8 * KB);
    block.free(4 * KB);
    expect(allocator.bytes).toBe(8 * KB);
    block.free(8 * KB);
    expect(allocator.bytes).toBe(0);
    expect(() => block.address).toThrow("used after it was given back");
  });
});

test("blocks that nobody holds are found within one job, and their memory is free without a copy", () => {
  const { memory } = createMemory();
  const allocator = new SmallAllocator(1024 * KB);
  const collector = wholeCollector(process.getBuiltinModule as Builtin);
  const heap = new Heap(memory, 2 ** 30, () => allocator, collector);
  const drop = (n: number) => {
    for (let i = 0; i < n; i++) heap.bytes(heap.allocate(64 * KB).address, 1).fill(i);
  };
  const kept = heap.allocate(64 * KB);
  heap.bytes(kept.address, kept.nbytes).fill(7);
  drop(15);
  heap.epoch++;
  const { place } = kept.cell as NonNullable<typeof kept.cell>;
  heap.allocate(64 * KB);
  expect(allocator.bytes).toBe(2 * 64 * KB);
  expect(kept.out).toBe(null);
  expect(kept.address).toBe(place);
  expect(new Set(heap.bytes(place, kept.nbytes))).toEqual(new Set([7]));
});

describe("memory that the user holds", () => {
  const { memory } = createMemory();
  const allocator = new SmallAllocator(64 * KB);
  const heap = new Heap(memory, 2 ** 30, () => allocator);
  const mine = new Uint8Array(KB).fill(1);
  const block = new AdoptedBlock(heap, mine.buffer, 0, KB);
  const inHeap = () => heap.bytes(block.address, KB);

  test("is in the heap while a kernel runs, and what that writes is the user's", () => {
    expect(block.address).toBeGreaterThan(0);
    withGiven(() => {
      expect(new Set(inHeap())).toEqual(new Set([1]));
      inHeap().fill(2);
      return 0;
    });
    expect(new Set(mine)).toEqual(new Set([2]));
    expect(allocator.bytes).toBe(0);
  });

  test("keeps what the user writes after an op that failed before its kernel", () => {
    expect(block.address).toBeGreaterThan(0);
    mine.fill(3);
    withGiven(() => 0);
    expect(new Set(mine)).toEqual(new Set([3]));
    expect(block.address).toBeGreaterThan(0);
    mine.fill(4);
    expect(block.address).toBeGreaterThan(0);
    withGiven(() => {
      expect(new Set(inHeap())).toEqual(new Set([4]));
      return 0;
    });
  });

  test("may be transferred after an op that failed", () => {
    expect(block.address).toBeGreaterThan(0);
    const moved = structuredClone(mine.buffer, { transfer: [mine.buffer] });
    withGiven(() => 0);
    expect(new Set(new Uint8Array(moved))).toEqual(new Set([4]));
    expect(allocator.bytes).toBe(0);
  });

  test("is refused where two pieces overlap in part, and free afterwards", () => {
    const bytes = new Uint8Array(KB);
    const [left, right] = [0, 256].map((from) => new AdoptedBlock(heap, bytes.buffer, from, 512)) as [
      AdoptedBlock,
      AdoptedBlock,
    ];
    expect(left.address).toBeGreaterThan(0);
    expect(() => right.address).toThrow("bytes 0 to 512 and 256 to 768");
    expect(allocator.bytes).toBe(0);
    expect(right.address).toBeGreaterThan(0);
  });
});

const hasModule = existsSync(new URL("../../build/wasm/simd128.wasm", import.meta.url));
const reason = hasModule ? "" : " (SKIPPED: build/wasm/ has not been built; npm run build:wasm)";

test.runIf(hasModule)(`a synchronous loop over 20 GB stays small, and what it keeps stays right${reason}`, () => {
  const entry = fileURLToPath(new URL("../../src/wasm/index.ts", import.meta.url));
  const script = `
    import * as torch from ${JSON.stringify(entry)};
    const kept = [];
    for (let i = 0; i < 5120; i++) {
      const x = torch.full([1024, 1024], i, { dtype: torch.float32 });
      if (i % 512 === 0) kept.push(x);
    }
    for (const [k, x] of kept.entries()) if (x.sum().item() !== k * 512 * 2 ** 20) throw new Error("wrong sum of " + k);
    console.log(JSON.stringify(process.resourceUsage().maxRSS / 1024));
  `;
  const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    encoding: "utf8",
    timeout: 110_000,
  });
  expect(Number(out)).toBeLessThan(1000); // MB
});
