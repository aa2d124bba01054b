import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import golden from "./golden.json" with { type: "json" };

const { ChainDataset, ConcatDataset, Dataset, IterableDataset, randomSplit, StackDataset, Subset, TensorDataset } =
  torch.utils.data;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

class Squares extends Dataset<number> {
  length = 5;
  at(index: number) {
    return index * index;
  }
}

class Letters extends IterableDataset<string> {
  constructor(readonly text: string) {
    super();
  }
  override get length() {
    return this.text.length;
  }
  override *[Symbol.iterator]() {
    yield* this.text;
  }
}

describe("Dataset", () => {
  it("is iterated by index", () => {
    expect([...new Squares()]).toEqual([0, 1, 4, 9, 16]);
  });
  it("adds up", () => {
    const both = new Squares().add(new Squares());
    expect(both).toBeInstanceOf(ConcatDataset);
    expect([both.length, both.at(6), both.at(-1)]).toEqual([10, 1, 16]);
  });
});

describe("ConcatDataset", () => {
  it("finds each sample, also beside empty parts", () => {
    const joined = new ConcatDataset([[], [1, 2], [], [3], []]);
    expect([...joined]).toEqual([1, 2, 3]);
    expect(joined.cumulativeSizes).toEqual([0, 2, 2, 3, 3]);
  });
  it("refuses what it cannot join", () => {
    expect(() => new ConcatDataset([])).toThrow("ConcatDataset: expected at least one data set, got none");
    expect(() => new ConcatDataset([new Letters("ab") as never])).toThrow(/use ChainDataset/);
    expect(() => new ConcatDataset([[1]]).at(1)).toThrow(
      "ConcatDataset.at: expected an index in the range [-1, 0], got 1",
    );
  });
});

describe("ChainDataset", () => {
  it("runs through one after the other", () => {
    const chain = new Letters("ab").add(new Letters("c"));
    expect(chain).toBeInstanceOf(ChainDataset);
    expect([...chain]).toEqual(["a", "b", "c"]);
    expect(chain.length).toBe(3);
  });
});

describe("TensorDataset", () => {
  const data = new TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([0, 1, 0]));
  it("gives what lies at an index of the first dimension", () => {
    const [x, y] = data.at(1);
    expect([data.length, x.tolist(), y.item()]).toEqual([3, [2, 3], 1]);
  });
  it("wants one size", () => {
    expect(() => new TensorDataset(torch.ones(2), torch.ones(3, 4))).toThrow(
      "TensorDataset: expected tensors of one size in their first dimension, got [2], [3, 4]",
    );
    expect(() => data.at(3)).toThrow(torch.IndexError);
  });
});

describe("StackDataset", () => {
  it("stacks tuples and records", () => {
    expect(new StackDataset(["a", "b"], [1, 2]).at(0)).toEqual(["a", 1]);
    expect(new StackDataset({ name: ["a", "b"], size: [1, 2] }).at(1)).toEqual({ name: "b", size: 2 });
    expect(() => new StackDataset([1], [1, 2])).toThrow("StackDataset: expected data sets of one length, got 1, 2");
  });
});

describe("Subset and randomSplit", () => {
  it("chooses samples", () => {
    const part = new Subset(new Squares(), [4, 0]);
    expect([...part]).toEqual([16, 0]);
    expect(part.at(-1)).toBe(0);
    expect(() => part.at(2)).toThrow(torch.IndexError);
  });
  it("asks for many at once where the whole can", () => {
    const asked: (readonly number[])[] = [];
    const atMany = (all: readonly number[]) => {
      asked.push(all);
      return all;
    };
    const whole = { length: 9, at: (i: number) => i, atMany };
    expect(new Subset(whole, [7, 8, 2]).atMany?.([2, 0])).toEqual([2, 7]);
    expect(asked).toEqual([[2, 7]]);
    expect(new Subset([1, 2], [0]).atMany).toBeUndefined();
  });
  it("splits as PyTorch does", () => {
    const generator = () => new torch.Generator().manualSeed(42);
    const indices = (lengths: number[], n: number) =>
      randomSplit(range(n), lengths, { generator: generator() }).map((part) => part.indices);
    expect(indices([3, 7], 10)).toEqual(golden.split);
    expect(indices([0.3, 0.3, 0.4], 11)).toEqual(golden.fractions);
    expect(randomSplit(range(10), [3, 7], generator()).map((part) => part.indices)).toEqual(golden.split);
  });
  it("refuses lengths that do not sum up", () => {
    expect(() => randomSplit(range(10), [3, 6])).toThrow(
      "randomSplit: expected lengths that sum to 10 (or fractions that sum to 1), got [3, 6]",
    );
    expect(() => randomSplit(range(10), [1.5, -0.5])).toThrow("randomSplit: expected fractions from 0 to 1, got 1.5");
  });
});
