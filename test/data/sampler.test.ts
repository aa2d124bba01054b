import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import golden from "./golden.json" with { type: "json" };

const { BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } =
  torch.utils.data;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const twice = (items: Iterable<number>) => [[...items], [...items]];
const seeded = <T>(seed: number, make: () => T): T => {
  torch.manualSeed(seed);
  return make();
};

describe("samplers give PyTorch's order", () => {
  it("RandomSampler, a new order each time", () => {
    expect(seeded(0, () => twice(new RandomSampler(range(10))))).toEqual(golden.random);
  });
  it("RandomSampler with replacement", () => {
    const draw = () => [...new RandomSampler(range(10), { replacement: true, numSamples: 40 })];
    expect(seeded(0, draw)).toEqual(golden.replacement);
    expect(seeded(0, () => [...new RandomSampler(range(10), true, 40)])).toEqual(golden.replacement);
  });
  it("RandomSampler with more samples than there are, from a generator", () => {
    const generator = new torch.Generator().manualSeed(3);
    expect(twice(new RandomSampler(range(5), { numSamples: 12, generator }))).toEqual(golden.generator);
  });
  it("SubsetRandomSampler", () => {
    expect(seeded(1, () => [...new SubsetRandomSampler([5, 3, 8, 1])])).toEqual(golden.subset);
  });
  it("WeightedRandomSampler", () => {
    const weights = [0.1, 0.9, 0.4, 0.7, 3.0, 0.6];
    expect(seeded(2, () => [...new WeightedRandomSampler(weights, 8)])).toEqual(golden.weighted);
    const once = new WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, { replacement: false });
    expect(seeded(2, () => [...once])).toEqual(golden.weightedOnce);
  });
});

describe("batches of indices", () => {
  it("BatchSampler keeps or drops the last", () => {
    expect([...new BatchSampler(new SequentialSampler(range(10)), 4, false)]).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    const dropping = new BatchSampler(range(10), 4, true);
    expect([...dropping]).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect([dropping.length, new BatchSampler(range(10), 4, false).length]).toEqual([2, 3]);
  });
  it("takes a sampler of the user's", () => {
    class Even extends Sampler {
      override length = 3;
      *[Symbol.iterator]() {
        yield* [0, 2, 4];
      }
    }
    expect([...new BatchSampler(new Even(), 2, false)]).toEqual([[0, 2], [4]]);
  });
});

describe("what samplers refuse", () => {
  it.each([
    [() => new BatchSampler([1], 0, false), "BatchSampler: expected a whole number of at least 1 as batchSize, got 0"],
    [() => new RandomSampler([]), "RandomSampler: expected a whole number of at least 1 as numSamples, got 0"],
    [
      () => new WeightedRandomSampler(torch.ones(2, 2), 1),
      "WeightedRandomSampler: expected weights of one dimension, got [2, 2]",
    ],
    [() => new RandomSampler([1], { shuffle: true } as never), /unknown option "shuffle"/],
  ])("%#", (make, text) => {
    expect(make).toThrow(text);
  });
});
