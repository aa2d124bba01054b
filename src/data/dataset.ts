/** @file Data sets: samples by index, or one after the other. */
import { describe, IndexError, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";

/**
 * What a `DataLoader` reads by index. Arrays, typed arrays and tensors are such data sets, and so is whatever has `at` (and
 * `length`, if nothing else says which indices there are). Where `at` gives promises, `for await` reads it.
 */
export interface MapDataset<T> {
  at(index: number): T | Promise<T> | undefined;
  readonly length?: number;
  /** The samples at several indices, for data sets that find these faster together. PyTorch: `__getitems__`. */
  atMany?(indices: readonly number[]): readonly (T | Promise<T>)[] | Promise<readonly T[]>;
}

/** What a `DataLoader` reads from front to back. */
export type IterableSource<T> = Iterable<T | Promise<T>> | AsyncIterable<T>;

/** Number of samples, `undefined` where nobody knows. */
export function sizeOf(dataset: object): number | undefined {
  if (dataset instanceof Tensor) return dataset.shape[0];
  return (dataset as { length?: number }).length;
}

/** @throws ValueError if the data set has no `length` */
export function knownSizeOf(op: string, dataset: object): number {
  const size = sizeOf(dataset);
  if (size === undefined) throw new ValueError(`${op}: expected a data set with a length, got ${describe(dataset)}`);
  return size;
}

/**
 * The number of a sample counted from the front; negative ones count from the end.
 * @throws IndexError if there is no such sample: an index that is off would otherwise give `undefined`
 */
export function sampleIndex(op: string, index: number, length: number): number {
  if (!Number.isInteger(index) || index < -length || index >= length)
    throw new IndexError(`${op}: expected an index in the range [${-length}, ${length - 1}], got ${describe(index)}`);
  return index < 0 ? index + length : index;
}

/**
 * Base of data sets that give a sample for an index. A subclass has `at(index)` and `length`; if `at` is asynchronous, `T` is a
 * Promise. PyTorch: `torch.utils.data.Dataset`.
 * Differs: `__getitem__` is `at`, `len(dataset)` is `dataset.length`, and `a + b` is `a.add(b)`.
 * @example
 * class Squares extends Dataset<number> {
 *   length = 5;
 *   at(index: number) {
 *     return index * index;
 *   }
 * }
 * [...new Squares()] // [0, 1, 4, 9, 16]
 */
export abstract class Dataset<T = unknown> implements Iterable<T> {
  /** The sample at an index. PyTorch: `__getitem__`. */
  abstract at(index: number): T;
  /** Number of samples. PyTorch: `__len__`. */
  abstract readonly length: number;

  /** This data set, followed by another. PyTorch: `Dataset.__add__`. */
  add<U>(other: Dataset<U>): ConcatDataset<T | U> {
    return new ConcatDataset<T | U>([this, other]);
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** What a data set that is made of others takes as one of them. */
export interface Samples<T> {
  at(index: number): T | undefined;
  readonly length: number;
}

/**
 * Several data sets, one after the other. PyTorch: `torch.utils.data.ConcatDataset`.
 * @example
 * new ConcatDataset([[1, 2], [3]]).at(2) // 3
 */
export class ConcatDataset<T = unknown> extends Dataset<T> {
  readonly datasets: readonly Samples<T>[];
  /** Where each data set ends. */
  readonly cumulativeSizes: readonly number[];

  /** @throws ValueError if there is none, or one that is read from front to back */
  constructor(datasets: Iterable<Samples<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ValueError("ConcatDataset: expected at least one data set, got none");
    let end = 0;
    this.cumulativeSizes = this.datasets.map((dataset) => {
      if (dataset instanceof IterableDataset)
        throw new ValueError(
          "ConcatDataset: expected data sets with an index, got an IterableDataset; use ChainDataset",
        );
      end += knownSizeOf("ConcatDataset", dataset);
      return end;
    });
  }

  get length(): number {
    return this.cumulativeSizes[this.cumulativeSizes.length - 1] as number;
  }

  at(index: number): T {
    const i = sampleIndex("ConcatDataset.at", index, this.length);
    let low = 0;
    let high = this.cumulativeSizes.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.cumulativeSizes[middle] as number) > i) high = middle;
      else low = middle + 1;
    }
    const first = low === 0 ? 0 : (this.cumulativeSizes[low - 1] as number);
    return (this.datasets[low] as Samples<T>).at(i - first) as T;
  }
}

/** What a subclass has: one of the iterators, and a length where it is known. */
export interface IterableDataset<T> {
  /** Number of samples: `DataLoader.length` asks for it. */
  readonly length?: number;
  [Symbol.iterator]?(): Iterator<T>;
  [Symbol.asyncIterator]?(): AsyncIterator<T>;
}

/**
 * Base of data sets that give their samples one after the other, such as those of a stream. A subclass has
 * `*[Symbol.iterator]()`, or `async *[Symbol.asyncIterator]()`, which `for await` reads.
 * PyTorch: `torch.utils.data.IterableDataset`.
 * @example
 * class Countdown extends IterableDataset<number> {
 *   *[Symbol.iterator]() {
 *     for (let i = 3; i > 0; i--) yield i;
 *   }
 * }
 * [...new torch.utils.data.DataLoader(new Countdown(), { batchSize: 2 })] // [tensor([3, 2]), tensor([1])]
 */
export abstract class IterableDataset<T = unknown> {
  /** This data set, followed by another. PyTorch: `IterableDataset.__add__`. */
  add<U>(other: IterableDataset<U>): ChainDataset<T | U> {
    return new ChainDataset<T | U>([this as IterableDataset<T | U>, other as IterableDataset<T | U>]);
  }
}

/**
 * Several iterable data sets, one after the other. PyTorch: `torch.utils.data.ChainDataset`.
 */
export class ChainDataset<T = unknown> extends IterableDataset<T> {
  readonly datasets: readonly IterableDataset<T>[];

  constructor(datasets: Iterable<IterableDataset<T>>) {
    super();
    this.datasets = [...datasets];
    for (const dataset of this.datasets)
      if (!(dataset instanceof IterableDataset))
        throw new ValueError(`ChainDataset: expected IterableDatasets, got ${describe(dataset)}; use ConcatDataset`);
    // The class declares it for all chains; one with a part that is only asynchronous has no synchronous iterator.
    if (this.datasets.some((dataset) => dataset[Symbol.iterator] === undefined))
      Object.defineProperty(this, Symbol.iterator, { value: undefined });
  }

  override get length(): number {
    return this.datasets.reduce((sum, dataset) => sum + knownSizeOf("ChainDataset.length", dataset), 0);
  }

  override *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const dataset of this.datasets) yield* dataset as Iterable<T>;
  }

  override async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (const dataset of this.datasets) yield* dataset as AsyncIterable<T>;
  }
}
