/** @file Batches of a data set. */
import { describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import type { Generator } from "../ops/random/generator.ts";
import { breather } from "./breathe.ts";
import { type Collated, defaultCollate, defaultConvert } from "./collate.ts";
import { IterableDataset, type IterableSource, knownSizeOf, type MapDataset } from "./dataset.ts";
import { drawSeed } from "./random.ts";
import { BatchSampler, RandomSampler, SequentialSampler } from "./sampler.ts";

export interface DataLoaderOptions<S, B> {
  /** Samples a batch, 1 if not given; `null` gives the samples themselves. */
  batchSize?: number | null;
  /** Whether each epoch has an order of its own. */
  shuffle?: boolean | null;
  /** The indices to read; any iterable, with a `length` if the loader's is asked for. */
  sampler?: Iterable<number> | null;
  /** The indices of each batch, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<readonly number[]> | null;
  /** How many batches `for await` prepares at a time; see the class. */
  numWorkers?: number;
  /** Makes a batch of samples; `defaultCollate` if not given. With `batchSize: null` it gets a single sample. */
  collateFn?: ((samples: S[]) => B | Promise<B>) | null;
  pinMemory?: boolean;
  /** Whether a last batch that is not full is left out. */
  dropLast?: boolean;
  timeout?: number;
  workerInitFn?: null;
  multiprocessingContext?: null;
  /** Where the order comes from; the default generator if not given. */
  generator?: Generator | null;
  /** Batches that each worker prepares ahead, 2 if not given. */
  prefetchFactor?: number | null;
  persistentWorkers?: boolean;
  pinMemoryDevice?: string;
}

type Positional<S, B> = [
  batchSize: number | null,
  shuffle: boolean | null,
  sampler: Iterable<number> | null,
  batchSampler: Iterable<readonly number[]> | null,
  numWorkers: number,
  collateFn: ((samples: S[]) => B | Promise<B>) | null,
  pinMemory: boolean,
  dropLast: boolean,
];

const NAMES = [
  "batchSize",
  "shuffle",
  "sampler",
  "batchSampler",
  "numWorkers",
  "collateFn",
  "pinMemory",
  "dropLast",
  "timeout",
  "workerInitFn",
  "multiprocessingContext",
  "generator",
  "prefetchFactor",
  "persistentWorkers",
  "pinMemoryDevice",
] as const satisfies readonly (keyof DataLoaderOptions<unknown, unknown>)[];

const ASYNCHRONOUS = "use `for await (const batch of loader)`";

/**
 * Reads a data set in batches, in order or shuffled: one seed gives PyTorch's order. It may be run through any number of times,
 * each time an epoch. PyTorch: `torch.utils.data.DataLoader`.
 *
 * `for` and `for await` give the same batches. `for await` also reads data sets whose samples are promises, and lets timers and
 * signals have their turn in between.
 *
 * Differs: `len(loader)` is `loader.length`. There are no worker processes: all synchronous work happens in the calling thread, and
 * `numWorkers: n` means that `for await` has `n · prefetchFactor` batches under way at a time, which overlaps what is
 * asynchronous, such as reading and decoding files.
 *
 * @param dataset - data set with an index (arrays and tensors are such), or one that is read from front to back
 * @throws ValueError for options that exclude each other
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5).mul(10));
 * for (const [x, y] of new DataLoader(data, { batchSize: 2 })) console.log(x, y);
 * // tensor([0, 1]) tensor([ 0, 10])
 * // tensor([2, 3]) tensor([20, 30])
 * // tensor([4]) tensor([40])
 */
export class DataLoader<S = unknown, B = Collated<S>> implements Iterable<B>, AsyncIterable<B> {
  readonly dataset: MapDataset<S> | IterableSource<S>;
  readonly batchSize: number | null;
  readonly numWorkers: number;
  readonly prefetchFactor: number;
  readonly pinMemory: boolean;
  readonly dropLast: boolean;
  readonly generator: Generator | null;
  readonly persistentWorkers: boolean;
  /** Gives the indices; `null` for data sets without. */
  readonly sampler: Iterable<number> | null;
  /** Gives the indices of each batch; `null` where samples are not batched, or have no index. */
  readonly batchSampler: Iterable<readonly number[]> | null;
  readonly collateFn: (samples: S[]) => B | Promise<B>;

  constructor(dataset: MapDataset<S> | IterableSource<S>, options?: DataLoaderOptions<S, B>);
  constructor(dataset: MapDataset<S> | IterableSource<S>, ...args: Call<Positional<S, B>, DataLoaderOptions<S, B>>);
  constructor(dataset: MapDataset<S> | IterableSource<S>, ...args: readonly unknown[]) {
    const o = bind<DataLoaderOptions<S, B>>("DataLoader", NAMES, args);
    const { sampler = null, batchSampler = null, dropLast = false, generator = null } = o;
    const batchSize = o.batchSize === undefined ? 1 : o.batchSize;
    const shuffle = o.shuffle ?? false;
    checkWorkers(o);
    const indexed = hasIndex(dataset);
    if (!indexed) {
      if (!isIterable(dataset))
        throw new ValueError(`DataLoader: expected a data set (with at(), or iterable), got ${describe(dataset)}`);
      for (const [name, given] of Object.entries({ shuffle, sampler, batchSampler }))
        if (given) throw new ValueError(`DataLoader: ${name} cannot be used with a data set that has no index`);
    }
    if (sampler !== null && shuffle) throw new ValueError("DataLoader: expected sampler or shuffle, got both");
    if (batchSampler !== null && (batchSize !== 1 || shuffle || sampler !== null || dropLast))
      throw new ValueError("DataLoader: batchSampler excludes batchSize, shuffle, sampler and dropLast");
    if (batchSize === null && dropLast)
      throw new ValueError("DataLoader: dropLast cannot be used with batchSize: null");

    this.dataset = dataset;
    this.numWorkers = o.numWorkers ?? 0;
    this.prefetchFactor = o.prefetchFactor ?? 2;
    this.pinMemory = o.pinMemory ?? false;
    this.persistentWorkers = o.persistentWorkers ?? false;
    this.batchSize = batchSampler === null ? batchSize : null;
    this.dropLast = dropLast;
    this.generator = generator;
    this.sampler = sampler ?? (indexed ? defaultSampler(dataset as MapDataset<S>, shuffle, generator) : null);
    if (batchSampler !== null) this.batchSampler = batchSampler;
    else if (batchSize === null) this.batchSampler = null;
    else {
      // Its check of batchSize is wanted for every data set.
      const batches = new BatchSampler(this.sampler ?? [], batchSize, dropLast);
      this.batchSampler = indexed ? batches : null;
    }
    const batched = batchSampler !== null || batchSize !== null;
    // The default functions make what the type parameter's default says.
    this.collateFn = o.collateFn ?? ((batched ? defaultCollate : defaultConvert) as (samples: S[]) => B);
  }

  /**
   * Number of batches of an epoch. PyTorch: `len(loader)`.
   * @throws ValueError if the sampler or the data set has no length
   */
  get length(): number {
    const indices = this.batchSampler ?? this.sampler;
    if (indices !== null) return knownSizeOf("DataLoader.length", indices);
    const n = knownSizeOf("DataLoader.length", this.dataset);
    if (this.batchSize === null) return n;
    return this.dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  [Symbol.iterator](): Iterator<B, undefined, undefined> {
    drawSeed(this.generator); // PyTorch draws its workers' seed here, so the generator must be one draw further
    return this.batches();
  }

  [Symbol.asyncIterator](): AsyncIterator<B, undefined, undefined> {
    drawSeed(this.generator);
    return this.numWorkers > 0 && this.sampler !== null ? this.batchesAhead() : this.batchesInTurn();
  }

  private *batches(): Generator_<B> {
    for (const samples of this.fetched()) yield this.collateNow(samples);
  }

  /** What is to be collated, batch by batch, from a data set that can be read synchronously. */
  private *fetched(): Generator_<Fetched<S>> {
    const indices = this.batchSampler ?? this.sampler;
    if (indices !== null) {
      for (const index of indices) yield this.fetch(index);
      return;
    }
    const source = this.dataset as Iterable<S>;
    if (source[Symbol.iterator] === undefined)
      throw new ValueError(`DataLoader: the data set is asynchronous: ${ASYNCHRONOUS}`);
    if (this.batchSize === null) yield* source;
    else for (const samples of new BatchSampler(source, this.batchSize, this.dropLast)) yield samples;
  }

  /** The sample at an index, or the samples at several; any of it may be a promise. */
  private fetch(index: number | readonly number[]): Fetched<S> {
    const dataset = this.dataset as MapDataset<S>;
    if (typeof index === "number") return dataset.at(index) as S | Promise<S>;
    if (dataset.atMany !== undefined) return dataset.atMany(index);
    const samples = new Array<S | Promise<S>>(index.length);
    for (let i = 0; i < index.length; i++) samples[i] = dataset.at(index[i] as number) as S | Promise<S>;
    return samples;
  }

  private get batched(): boolean {
    return this.batchSize !== null || this.batchSampler !== null;
  }

  private collateNow(samples: Fetched<S>): B {
    if (isPromise(samples) || (this.batched && (samples as readonly unknown[]).some(isPromise)))
      throw new ValueError(`DataLoader: the data set's samples are promises: ${ASYNCHRONOUS}`);
    const batch = this.collateFn(samples as S[]);
    if (isPromise(batch)) throw new ValueError(`DataLoader: collateFn gave a promise: ${ASYNCHRONOUS}`);
    return batch as B;
  }

  private collateLater(samples: Fetched<S>): B | Promise<B> {
    if (isPromise(samples)) return (samples as Promise<S[]>).then((all) => this.collateFn(all));
    if (this.batched && (samples as readonly unknown[]).some(isPromise))
      return Promise.all(samples as readonly Promise<S>[]).then((all) => this.collateFn(all));
    return this.collateFn(samples as S[]);
  }

  private async *batchesInTurn(): AsyncGenerator<B, undefined, undefined> {
    const breathe = breather();
    for await (const samples of this.fetchedLater()) {
      yield this.collateLater(samples);
      await breathe();
    }
  }

  private fetchedLater(): Iterable<Fetched<S>> | AsyncIterable<Fetched<S>> {
    const source = this.dataset as IterableSource<S>;
    if (this.sampler !== null || !(Symbol.asyncIterator in source)) return this.fetched();
    return this.batchSize === null ? source : inBatches(source, this.batchSize, this.dropLast);
  }

  /** As `batchesInTurn`, with the next batches under way while one is being used. */
  private async *batchesAhead(): AsyncGenerator<B, undefined, undefined> {
    const breathe = breather();
    const ahead = this.numWorkers * this.prefetchFactor;
    const underWay: Promise<B>[] = [];
    const start = async (samples: Fetched<S>) => this.collateLater(samples);
    for (const samples of this.fetched()) {
      const batch = start(samples);
      batch.catch(() => {}); // thrown when it is its turn, and not reported as unhandled before
      underWay.push(batch);
      if (underWay.length > ahead) yield underWay.shift() as Promise<B>;
      await breathe();
    }
    for (const batch of underWay) yield batch;
  }
}

type Generator_<T> = globalThis.Generator<T, undefined, undefined>;

/** A sample, or those of a batch, of which each or all may still be on the way. */
type Fetched<S> = S | Promise<S> | readonly (S | Promise<S>)[] | Promise<readonly S[]>;

async function* inBatches<T>(source: AsyncIterable<T>, size: number, dropLast: boolean): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0 && !dropLast) yield batch;
}

function hasIndex(dataset: unknown): boolean {
  return (
    typeof (dataset as Partial<MapDataset<unknown>> | null | undefined)?.at === "function" &&
    !(dataset instanceof IterableDataset)
  );
}

function isIterable(x: unknown): boolean {
  return typeof x === "object" && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);
}

function isPromise(x: unknown): x is Promise<unknown> {
  return x instanceof Promise || typeof (x as { then?: unknown } | null | undefined)?.then === "function";
}

function defaultSampler<S>(dataset: MapDataset<S>, shuffle: boolean, generator: Generator | null): Iterable<number> {
  const source = dataset instanceof Tensor ? dataset : { length: knownSizeOf("DataLoader", dataset) };
  return shuffle ? new RandomSampler(source, { generator }) : new SequentialSampler(source);
}

/** @throws ValueError for what PyTorch refuses, and for what has no meaning without worker processes */
function checkWorkers<S, B>(o: Partial<DataLoaderOptions<S, B>>): void {
  const { numWorkers = 0, timeout = 0, prefetchFactor, persistentWorkers = false } = o;
  if (!Number.isInteger(numWorkers) || numWorkers < 0)
    throw new ValueError(
      `DataLoader: expected a whole number of at least 0 as numWorkers, got ${describe(numWorkers)}`,
    );
  if (timeout !== 0)
    throw new ValueError(`DataLoader: expected a timeout of 0 (there are no worker processes), got ${timeout}`);
  for (const name of ["workerInitFn", "multiprocessingContext"] as const)
    if (o[name] !== undefined && o[name] !== null)
      throw new ValueError(`DataLoader: expected no ${name} (there are no worker processes), got ${describe(o[name])}`);
  if (
    prefetchFactor !== undefined &&
    prefetchFactor !== null &&
    (numWorkers === 0 || !Number.isInteger(prefetchFactor) || prefetchFactor < 1)
  )
    throw new ValueError(
      `DataLoader: expected prefetchFactor (a whole number of at least 1) only with numWorkers > 0, got ${prefetchFactor}`,
    );
  if (persistentWorkers && numWorkers === 0) throw new ValueError("DataLoader: persistentWorkers needs numWorkers > 0");
}
