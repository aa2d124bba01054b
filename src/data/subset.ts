/** @file Parts of a data set. */
import { describe, ValueError } from "../core/errors.ts";
import { bind, type Call } from "../ops/bind.ts";
import type { Generator } from "../ops/random/generator.ts";
import { Dataset, knownSizeOf, type MapDataset, type Samples, sampleIndex } from "./dataset.ts";
import { permutation } from "./random.ts";

/**
 * The samples of a data set at some indices. PyTorch: `torch.utils.data.Subset`.
 * @example
 * new Subset(["a", "b", "c"], [2, 0]).at(0) // "c"
 */
export class Subset<T = unknown> extends Dataset<T> {
  readonly dataset: Samples<T>;
  readonly indices: readonly number[];
  /** As `MapDataset.atMany`, where the whole data set has it. */
  readonly atMany?: NonNullable<MapDataset<T>["atMany"]>;

  constructor(dataset: Samples<T>, indices: readonly number[]) {
    super();
    this.dataset = dataset;
    this.indices = indices;
    const whole = dataset as MapDataset<T>;
    if (whole.atMany) this.atMany = (own) => whole.atMany!(own.map((i) => this.index(i)));
  }

  get length(): number {
    return this.indices.length;
  }

  at(index: number): T {
    return this.dataset.at(this.index(index)) as T;
  }

  private index(i: number): number {
    return this.indices[sampleIndex("Subset.at", i, this.indices.length)] as number;
  }
}

/** Lengths from fractions: rounded down, and what is left over given out from the first on. */
function lengthsOf(fractions: readonly number[], total: number): number[] {
  const wrong = fractions.find((x) => x < 0 || x > 1);
  if (wrong !== undefined) throw new ValueError(`randomSplit: expected fractions from 0 to 1, got ${wrong}`);
  const lengths = fractions.map((x) => Math.floor(total * x));
  const rest = total - lengths.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) lengths[i % lengths.length]! += 1;
  return lengths;
}

/** The numbers that Python's `math.isclose(sum, 1) and sum <= 1` takes for fractions of a whole. */
const isWhole = (sum: number) => sum <= 1 && 1 - sum <= 1e-9;

/**
 * Splits a data set at random into parts without common samples. PyTorch: `torch.utils.data.random_split`; one seed gives the same
 * parts.
 * @param dataset - any data set with an index and a length
 * @param lengths - how many samples each part gets, or fractions that sum to 1
 * @param options.generator - where the order comes from; the default generator if not given
 * @throws ValueError if the lengths do not sum to that of the data set
 * @example
 * const generator = new torch.Generator().manualSeed(42);
 * const parts = randomSplit([...Array(10).keys()], [0.8, 0.2], { generator });
 * parts.map((part) => part.indices) // [[2, 6, 1, 8, 4, 5, 0, 9], [3, 7]]
 */
export function randomSplit<T>(
  dataset: Samples<T>,
  lengths: readonly number[],
  ...args: Call<[generator: Generator | null], { generator?: Generator | null }>
): Subset<T>[] {
  const { generator = null } = bind<{ generator?: Generator | null }>("randomSplit", ["generator"], args);
  if (!Array.isArray(lengths))
    throw new ValueError(`randomSplit: expected an array of lengths, got ${describe(lengths)}`);
  const total = knownSizeOf("randomSplit", dataset);
  const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);
  const sizes = isWhole(sum(lengths)) ? lengthsOf(lengths, total) : lengths;
  if (sum(sizes) !== total || sizes.some((n) => !Number.isInteger(n) || n < 0))
    throw new ValueError(
      `randomSplit: expected lengths that sum to ${total} (or fractions that sum to 1), got [${lengths.join(", ")}]`,
    );
  const order = permutation(total, generator);
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return new Subset(dataset, order.slice(end - size, end));
  });
}
