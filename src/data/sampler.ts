/** @file In which order samples are read. */

import { float64 } from "../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import { asTensor } from "../ops/from-data.ts";
import { Generator } from "../ops/random/generator.ts";
import { knownSizeOf } from "./dataset.ts";
import { categories, drawSeed, integersBelow, permutation } from "./random.ts";

/** What says which samples there are: anything with a length, or a tensor. */
type Sized = { readonly length: number } | Tensor;

/**
 * Base of samplers: what `for` gives are the indices to read (or, for batches, arrays of them); `length` is their number.
 * Whatever is iterable serves as a sampler too, an array of indices for one. PyTorch: `torch.utils.data.Sampler`.
 */
export abstract class Sampler<T = number> implements Iterable<T> {
  abstract [Symbol.iterator](): Iterator<T>;
}

// biome-ignore lint/correctness/noUnusedVariables: the class with which it is merged has this parameter
export interface Sampler<T> {
  /** Number of items; a subclass has it where it is known. PyTorch: `__len__`. */
  readonly length?: number;
}

/** Each index in turn. PyTorch: `torch.utils.data.SequentialSampler`. */
export class SequentialSampler extends Sampler {
  readonly dataSource: Sized;

  constructor(dataSource: Sized) {
    super();
    this.dataSource = dataSource;
  }

  override get length(): number {
    return knownSizeOf("SequentialSampler", this.dataSource);
  }

  *[Symbol.iterator](): Generator_<number> {
    const n = this.length;
    for (let i = 0; i < n; i++) yield i;
  }
}

/** The language's generator; `Generator` is that of random numbers here. */
type Generator_<T> = globalThis.Generator<T, void, undefined>;

export interface RandomSamplerOptions {
  /** Draw each index from all of them, so that some come more than once. */
  replacement?: boolean;
  /** How many indices to draw; as many as there are samples if not given. */
  numSamples?: number | null;
  /** Where the order comes from. Without one, each epoch seeds its own from the default generator. */
  generator?: Generator | null;
}

/** How many integers are drawn at a time with replacement; it is part of PyTorch's stream. */
const CHUNK = 32;

/**
 * The indices in random order, a new one each time. PyTorch: `torch.utils.data.RandomSampler`; one seed gives the same order.
 * @example
 * torch.manualSeed(0);
 * [...new RandomSampler([10, 20, 30, 40])] // [2, 3, 0, 1]
 */
export class RandomSampler extends Sampler {
  readonly dataSource: Sized;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  private readonly wanted: number | null;

  constructor(
    dataSource: Sized,
    ...args: Call<[replacement: boolean, numSamples: number | null, generator: Generator | null], RandomSamplerOptions>
  ) {
    super();
    const names = ["replacement", "numSamples", "generator"] as const;
    const {
      replacement = false,
      numSamples = null,
      generator = null,
    } = bind<RandomSamplerOptions>("RandomSampler", names, args);
    checkFlag("RandomSampler", "replacement", replacement);
    this.dataSource = dataSource;
    this.replacement = replacement;
    this.wanted = numSamples;
    this.generator = generator;
    checkCount("RandomSampler", "numSamples", this.numSamples);
  }

  get numSamples(): number {
    return this.wanted ?? knownSizeOf("RandomSampler", this.dataSource);
  }

  override get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Generator_<number> {
    const n = knownSizeOf("RandomSampler", this.dataSource);
    const { numSamples } = this;
    const generator = this.generator ?? new Generator().manualSeed(drawSeed(null));
    if (this.replacement) {
      for (let i = 0; i < Math.floor(numSamples / CHUNK); i++) yield* integersBelow(n, CHUNK, generator);
      yield* integersBelow(n, numSamples % CHUNK, generator);
      return;
    }
    for (let i = 0; i < Math.floor(numSamples / n); i++) yield* permutation(n, generator);
    // Drawn even where nothing of it is used: a generator that is shared must go on as in PyTorch.
    yield* permutation(n, generator).slice(0, numSamples % n);
  }
}

/** Some indices in random order, without replacement. PyTorch: `torch.utils.data.SubsetRandomSampler`. */
export class SubsetRandomSampler extends Sampler {
  readonly indices: readonly number[];
  readonly generator: Generator | null;

  constructor(
    indices: readonly number[],
    ...args: Call<[generator: Generator | null], { generator?: Generator | null }>
  ) {
    super();
    this.indices = indices;
    this.generator =
      bind<{ generator?: Generator | null }>("SubsetRandomSampler", ["generator"], args).generator ?? null;
  }

  override get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): Generator_<number> {
    for (const i of permutation(this.indices.length, this.generator)) yield this.indices[i] as number;
  }
}

/**
 * Indices drawn by their weights, which need not sum to 1. PyTorch: `torch.utils.data.WeightedRandomSampler`.
 * @example
 * torch.manualSeed(0);
 * [...new WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5)] // [5, 4, 4, 5, 4]
 */
export class WeightedRandomSampler extends Sampler {
  readonly weights: Tensor;
  readonly numSamples: number;
  readonly replacement: boolean;
  readonly generator: Generator | null;

  constructor(
    weights: readonly number[] | Float32Array | Float64Array | Tensor,
    numSamples: number,
    ...args: Call<
      [replacement: boolean, generator: Generator | null],
      { replacement?: boolean; generator?: Generator | null }
    >
  ) {
    super();
    const names = ["replacement", "generator"] as const;
    const { replacement = true, generator = null } = bind<RandomSamplerOptions>("WeightedRandomSampler", names, args);
    checkCount("WeightedRandomSampler", "numSamples", numSamples);
    checkFlag("WeightedRandomSampler", "replacement", replacement);
    this.weights = asTensor(weights, { dtype: float64 });
    if (this.weights.ndim !== 1)
      throw new ShapeError(
        `WeightedRandomSampler: expected weights of one dimension, got ${shapeText(this.weights.shape)}`,
      );
    this.numSamples = numSamples;
    this.replacement = replacement;
    this.generator = generator;
  }

  override get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Generator_<number> {
    yield* categories(this.weights, this.numSamples, this.replacement, this.generator);
  }
}

/**
 * The indices of another sampler in arrays of `batchSize`. PyTorch: `torch.utils.data.BatchSampler`.
 * @example
 * [...new BatchSampler([0, 1, 2, 3, 4], 2, false)] // [[0, 1], [2, 3], [4]]
 */
export class BatchSampler<T = number> extends Sampler<T[]> {
  readonly sampler: Iterable<T>;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(sampler: Iterable<T>, batchSize: number, dropLast: boolean) {
    super();
    checkCount("BatchSampler", "batchSize", batchSize);
    checkFlag("BatchSampler", "dropLast", dropLast);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  override get length(): number {
    const n = knownSizeOf("BatchSampler.length", this.sampler) / this.batchSize;
    return this.dropLast ? Math.floor(n) : Math.ceil(n);
  }

  *[Symbol.iterator](): Generator_<T[]> {
    let batch: T[] = [];
    for (const item of this.sampler) {
      batch.push(item);
      if (batch.length === this.batchSize) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

function checkCount(op: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value <= 0)
    throw new ValueError(`${op}: expected a whole number of at least 1 as ${name}, got ${describe(value)}`);
}

function checkFlag(op: string, name: string, value: boolean): void {
  if (typeof value !== "boolean")
    throw new ValueError(`${op}: expected true or false as ${name}, got ${describe(value)}`);
}
