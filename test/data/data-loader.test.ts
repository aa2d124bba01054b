import { describe, expect, expectTypeOf, it } from "vitest";
import * as torch from "../../src/index.ts";
import golden from "./golden.json" with { type: "json" };

const { DataLoader, Dataset, IterableDataset, TensorDataset, getWorkerInfo } = torch.utils.data;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const lists = (batches: Iterable<torch.Tensor>) => Array.from(batches, (b) => b.tolist());
async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Samples that come later, the first last. */
class Slow extends Dataset<Promise<number>> {
  length = 7;
  underWay = 0;
  most = 0;
  async at(index: number) {
    this.most = Math.max(this.most, ++this.underWay);
    await new Promise((resolve) => setTimeout(resolve, 7 - index));
    this.underWay--;
    return index;
  }
}

class Stream extends IterableDataset<number> {
  override async *[Symbol.asyncIterator]() {
    yield* range(5);
  }
}

describe("DataLoader", () => {
  it("gives batches, in for and in for await", async () => {
    const loader = new DataLoader(new TensorDataset(torch.arange(5), torch.arange(5).mul(10)), { batchSize: 2 });
    expect(loader.length).toBe(3);
    const expected = [
      [
        [0, 1],
        [0, 10],
      ],
      [
        [2, 3],
        [20, 30],
      ],
      [[4], [40]],
    ];
    expect([...loader].map(([x, y]) => [x.tolist(), y.tolist()])).toEqual(expected);
    expect((await gather(loader)).map(([x, y]) => [x.tolist(), y.tolist()])).toEqual(expected);
  });
  it("takes arrays and tensors", () => {
    expect(lists(new DataLoader(range(3)))).toEqual([[0], [1], [2]]);
    expect(lists(new DataLoader(torch.eye(2), { batchSize: 2 }))).toEqual([
      [
        [1, 0],
        [0, 1],
      ],
    ]);
  });
  it("takes positional arguments", () => {
    torch.manualSeed(0);
    expect(lists(new DataLoader(range(10), 4, true))).toEqual(golden.loader[0]);
    expect(new DataLoader(range(10), 4, { dropLast: true }).length).toBe(2);
  });
  it("shuffles as PyTorch does, each epoch anew", () => {
    torch.manualSeed(0);
    const loader = new DataLoader(range(10), { batchSize: 4, shuffle: true });
    expect([lists(loader), lists(loader)]).toEqual(golden.loader);
    const generator = new torch.Generator().manualSeed(5);
    const own = new DataLoader(range(10), { batchSize: 4, shuffle: true, dropLast: true, generator });
    expect([lists(own), lists(own)]).toEqual(golden.loaderGenerator);
  });
  it("moves the generator as PyTorch does, also without shuffling", () => {
    torch.manualSeed(0);
    lists(new DataLoader(range(4)));
    expect(torch.randint(1000, [3]).tolist()).toEqual(golden.after);
  });
  it("takes samplers", () => {
    expect(lists(new DataLoader(range(9), { sampler: [8, 1, 5], batchSize: 2 }))).toEqual([[8, 1], [5]]);
    const loader = new DataLoader(range(9), { batchSampler: [[0, 1], [7]] });
    expect(lists(loader)).toEqual([[0, 1], [7]]);
    expect([loader.length, loader.batchSize]).toEqual([2, null]);
  });
  it("gives the samples themselves without batchSize", () => {
    const loader = new DataLoader([new Float32Array([1, 2]), new Float32Array([3])], { batchSize: null });
    expect(lists(loader)).toEqual([[1, 2], [3]]);
    expect(loader.length).toBe(2);
  });
  it("collates with a function of the user's", () => {
    const loader = new DataLoader(range(4), { batchSize: 3, collateFn: (samples) => samples.join("-") });
    expectTypeOf<typeof loader>().toExtend<Iterable<string>>();
    expect([...loader]).toEqual(["0-1-2", "3"]);
  });
  it("reads a batch at once where the data set can", () => {
    const data = {
      length: 4,
      at: (): number => expect.fail("asked one by one"),
      atMany: (all: readonly number[]) => all,
    };
    expect(lists(new DataLoader(data, { batchSize: 3 }))).toEqual([[0, 1, 2], [3]]);
  });
  it("may be left early, and begun anew", () => {
    const loader = new DataLoader(range(4), { batchSize: 2 });
    for (const batch of loader) {
      expect(batch.tolist()).toEqual([0, 1]);
      break;
    }
    expect(lists(loader)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});

describe("iterable data sets", () => {
  it("are read from front to back", async () => {
    expect(lists(new DataLoader(new Set(range(5)), { batchSize: 2 }))).toEqual([[0, 1], [2, 3], [4]]);
    const stream = new DataLoader(new Stream(), { batchSize: 2, dropLast: true });
    expect((await gather(stream)).map((b) => b.tolist())).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(() => [...stream]).toThrow(
      "DataLoader: the data set is asynchronous: use `for await (const batch of loader)`",
    );
    expect(() => stream.length).toThrow("DataLoader.length: expected a data set with a length, got Stream");
  });
  it("know nothing of order", () => {
    expect(() => new DataLoader(new Stream(), { shuffle: true })).toThrow(/shuffle cannot be used/);
    expect(() => new DataLoader(new Stream(), { sampler: [0] })).toThrow(/sampler cannot be used/);
  });
});

describe("asynchronous data sets", () => {
  it("are read by for await, in order", async () => {
    const data = new Slow();
    const loader = new DataLoader(data, { batchSize: 3 });
    expectTypeOf<typeof loader>().toExtend<AsyncIterable<torch.Tensor>>();
    expect((await gather(loader)).map((b) => b.tolist())).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(data.most).toBe(3);
  });
  it("are refused by for", async () => {
    const loader = new DataLoader([Promise.resolve(1)]);
    expect(() => [...loader]).toThrow(
      "DataLoader: the data set's samples are promises: use `for await (const batch of loader)`",
    );
    const late = new DataLoader([1], { collateFn: async (samples) => samples });
    expect(() => [...late]).toThrow(/collateFn gave a promise/);
    expect(await gather(late)).toEqual([[1]]);
  });
  it("have several batches under way with numWorkers", async () => {
    const data = new Slow();
    const batches = await gather(new DataLoader(data, { batchSize: 1, numWorkers: 2 }));
    expect(batches.map((b) => b.tolist())).toEqual(range(7).map((i) => [i]));
    expect(data.most).toBe(5); // two workers' two batches each, beside the one that is awaited
  });
  it("throw what a sample throws, when it is its turn", async () => {
    const data = { length: 3, at: async (i: number) => (i === 1 ? Promise.reject(new Error("unreadable")) : i) };
    const seen: unknown[] = [];
    const run = async () => {
      for await (const batch of new DataLoader(data, { numWorkers: 1 })) seen.push(batch.tolist());
    };
    await expect(run()).rejects.toThrow("unreadable");
    expect(seen).toEqual([[0]]);
  });
  it("let timers have their turn", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for await (const _ of new DataLoader(range(4))) for (const end = performance.now() + 30; performance.now() < end; );
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(1);
  });
});

describe("what DataLoader refuses", () => {
  it.each([
    [{ batchSize: 0 }, /batchSize, got 0/],
    [{ shuffle: true, sampler: [0] }, "DataLoader: expected sampler or shuffle, got both"],
    [{ batchSampler: [[0]], batchSize: 2 }, /batchSampler excludes/],
    [{ batchSize: null, dropLast: true }, /dropLast cannot be used/],
    [{ numWorkers: -1 }, /numWorkers, got -1/],
    [{ prefetchFactor: 4 }, /only with numWorkers > 0/],
    [{ persistentWorkers: true }, /needs numWorkers > 0/],
    [{ timeout: 5 }, /timeout of 0/],
    [{ batch_size: 4 }, /unknown option "batch_size"/],
  ])("%o", (options, text) => {
    expect(() => new DataLoader(range(3), options as never)).toThrow(text);
  });
  it("what is no data set", () => {
    expect(() => new DataLoader(3 as never)).toThrow("DataLoader: expected a data set (with at(), or iterable), got 3");
  });
  it("there are no workers to ask about", () => {
    expect(getWorkerInfo()).toBeNull();
  });
});
