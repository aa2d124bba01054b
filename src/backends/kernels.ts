/** @file The kernels a backend must have, beside programs and reductions. `"decompose"` says that the op's own decomposition serves. */
import type { Shape } from "../core/shape.ts";
import type { AttentionKernels } from "./attention-kernels.ts";
import type { Operand } from "./backend.ts";
import type { ConvKernels } from "./conv-kernels.ts";
import type { FftKernels } from "./fft-kernels.ts";
import type { LinalgKernels } from "./linalg-kernels.ts";
import type { LossKernels } from "./loss-kernels.ts";
import type { NormKernels } from "./norm-kernels.ts";
import type { PoolKernels } from "./pool-kernels.ts";
import type { RecurrenceKernels } from "./recurrence-kernels.ts";
import type { ResampleKernels } from "./resample-kernels.ts";

/** What is added to a matrix product, and done to the sum. */
export interface Epilogue {
  /** Added, times `beta`; broadcasts to the result. */
  readonly d: Operand;
  readonly beta: number;
  /** Whether what is negative then becomes 0. */
  readonly relu: boolean;
}

/** Numbers by their index i: `first + i · step` below `half`, then `last − (n − 1 − i) · step`, in double precision. */
export interface Spacing {
  readonly first: number;
  readonly step: number;
  readonly last: number;
  readonly half: number;
}

/** How a loss over many elements becomes one number. */
export type LossReduction = "none" | "mean" | "sum";

export interface NllOptions {
  /** A factor for each class, of the input's dtype. */
  readonly weight: Operand | null;
  readonly reduction: LossReduction;
  /** The target that counts for nothing. */
  readonly ignoreIndex: number;
}

/** The state of a random generator, where the backend's kernels find it. */
export interface RandomState {
  readonly initialSeed: bigint;
  seed(seed: bigint): void;
  /** The bytes that PyTorch saves. */
  getState(): Uint8Array;
  setState(bytes: Uint8Array): void;
}

/** Fills `out` with PyTorch's random numbers. */
export interface RandomKernels {
  newState(): RandomState;
  uniform(out: Operand, state: RandomState, from: number, to: number): void;
  normal(out: Operand, state: RandomState, mean: number, std: number): void;
  exponential(out: Operand, state: RandomState, lambda: number): void;
  cauchy(out: Operand, state: RandomState, median: number, sigma: number): void;
  logNormal(out: Operand, state: RandomState, mean: number, std: number): void;
  geometric(out: Operand, state: RandomState, p: number): void;
  /** One probability, or one an element, of the shape of `out`. */
  bernoulli(out: Operand, state: RandomState, p: number | Operand): void;
  /** Integers of [from, to). */
  randomFromTo(op: string, out: Operand, state: RandomState, from: bigint, to: bigint): void;
  /** Integers of all that the dtype has, or holds exactly. */
  randomOfDtype(out: Operand, state: RandomState): void;
  randomAll64Bits(out: Operand, state: RandomState): void;
  /** 0 to n − 1 in random order, into a contiguous `out`. */
  randperm(out: Operand, state: RandomState): void;
  /** With replacement: int64 [rows, samples] from probabilities [rows, categories]. */
  multinomial(out: Operand, input: Operand, state: RandomState): void;
  /** One sample for each parameter, of the shape and floating dtype of `out`: finite rates of at least 0, or trials and probabilities. */
  poisson(out: Operand, state: RandomState, rates: Operand): void;
  binomial(out: Operand, state: RandomState, trials: Operand, probabilities: Operand): void;
}

/** An index tensor for each dimension, or null where the whole dimension is taken; the rest is taken whole too. */
export type Indices = readonly (Operand | null)[];

export interface IndexOptions {
  /** The op's name in errors. */
  readonly op?: string;
  /** Whether negative indices count from the end, as they do if not given. */
  readonly wrap?: boolean;
}

/** How `scatter` combines what it writes with what is there. */
export type ScatterMode = "set" | "add" | "multiply" | "amin" | "amax";

/** The lower median (NaN if there is one, or without those), and the smallest of the commonest elements. */
export type OrderStatistic = "median" | "nanmedian" | "mode";

/** What `embeddingBag` adds up. All are contiguous vectors of one length. */
export interface BagSample {
  /** Rows of the table; int64. */
  readonly indices: Operand;
  /** The bag of each index; int64, rising. */
  readonly bags: Operand;
  /** What each row is multiplied by, in the table's dtype. */
  readonly factors: Operand | null;
  readonly mean: boolean;
}

export interface Kernels
  extends AttentionKernels,
    ConvKernels,
    FftKernels,
    LossKernels,
    NormKernels,
    PoolKernels,
    RecurrenceKernels,
    ResampleKernels {
  readonly random: RandomKernels;
  readonly linalg: LinalgKernels;
  /** Fills a contiguous float32, float64 or int64 `out`; int64 takes whole parts. */
  sequence(op: string, out: Operand, spacing: Spacing): void;
  /** `out = alpha · a @ b (+ beta · d)` over the last two dimensions; the others broadcast to those of `out`. */
  matmul(out: Operand, a: Operand, b: Operand, alpha: number, epilogue: Epilogue | null): void;
  /** Softmax of `input` along `dim`. */
  softmax(out: Operand, input: Operand, dim: number): void;
  logSoftmax(out: Operand, input: Operand, dim: number): void;
  /** The gradient of the input, from that of the result and the result. */
  softmaxBackward(out: Operand, grad: Operand, result: Operand, dim: number): void;
  logSoftmaxBackward(out: Operand, grad: Operand, result: Operand, dim: number): void;
  /** Negative log likelihood; `total` takes the summed weights of the targets that counted. */
  nllLoss(out: Operand, total: Operand, input: Operand, target: Operand, options: NllOptions): void;
  nllLossBackward(gradInput: Operand, grad: Operand, total: Operand, target: Operand, options: NllOptions): void;
  /** Extremes along `dim` (`null`: everything) and where they are; NaN wins, then the first of equals. */
  argReduce(kind: "max" | "min", values: Operand | null, indices: Operand, input: Operand, dim: number | null): void;
  /** `out = input[…, index, …]` along `dim`; `out` and `index` have one shape. */
  gather(out: Operand, input: Operand, dim: number, index: Operand): void;
  /** `self[…, index, …] = src` along `dim`, or combined; without `includeSelf` what is written to starts from the mode's identity. */
  scatter(self: Operand, dim: number, index: Operand, src: Operand, mode: ScatterMode, includeSelf?: boolean): void;
  /** `out = self[indices]`. */
  index(out: Operand, self: Operand, indices: Indices, options?: IndexOptions): void;
  /** `self[indices] = value`, or `+= value`; `value` broadcasts. Where indices repeat, the last one is kept. */
  indexPut(self: Operand, indices: Indices, value: Operand, accumulate: boolean, options?: IndexOptions): void;
  /** The slices along `dim` that a vector of indices names: read, added to in order, overwritten. */
  indexSelect(out: Operand, self: Operand, dim: number, index: Operand, op?: string): void;
  indexAdd(self: Operand, dim: number, index: Operand, source: Operand, op?: string): void;
  indexCopy(self: Operand, dim: number, index: Operand, source: Operand, op?: string): void;
  /** `out` [bags, width] takes the sums (or means) of the rows that the indices of each bag name; see `BagSample`. */
  embeddingBag(out: Operand, table: Operand, sample: BagSample): void;
  /** Counts of the contiguous `input` in bins of equal width between `low` and `high`, in its floating dtype. */
  histogram(out: Operand, input: Operand, low: number, high: number): void;
  /** Number of elements that are not zero, after broadcasting to `shape`. */
  countNonzero(input: Operand, shape?: Shape): number;
  /** Their positions, one a row of the int64 `out`, in row-major order. */
  nonzero(out: Operand, input: Operand): void;
  /** The elements of `self` where `mask` is true (both broadcast to `shape`), into a contiguous `out` of just that size. */
  maskedSelect(out: Operand, self: Operand, mask: Operand, shape: Shape): void;
  /** Fills `self` where `mask` is true with the elements of the contiguous `source`, in order. */
  maskedScatter(self: Operand, mask: Operand, source: Operand): void;
  /** Joins inputs along `dim`, converted to the dtype of `out`. */
  cat(out: Operand, inputs: readonly Operand[], dim: number): void;
  /** Joins inputs of one shape along a new dimension `dim` of `out`. */
  stack(out: Operand, inputs: readonly Operand[], dim: number): void;
  /** NaN counts as the largest. `values` and `indices` (int64) have the input's shape. Equal elements: stable, or as PyTorch leaves them. */
  sort(values: Operand, indices: Operand, input: Operand, dim: number, descending: boolean, stable: boolean): void;
  /** The first `k` of the sorted order, in that order or as PyTorch leaves them. */
  topk(
    values: Operand,
    indices: Operand,
    input: Operand,
    k: number,
    dim: number,
    largest: boolean,
    sorted: boolean,
  ): void;
  /** The `k`-th smallest, counted from 1; the results have size 1 along `dim`. */
  kthvalue(values: Operand, indices: Operand, input: Operand, k: number, dim: number): void;
  /** One element of each row along `dim`: a statistic that is always one of them. */
  orderStatistic(statistic: OrderStatistic, values: Operand, indices: Operand, input: Operand, dim: number): void;
  /** The order (int64 [rows]) of the rows of a contiguous matrix: by first elements, where equal by second ones, … Stable. */
  sortRows(order: Operand, input: Operand): void;
  /** Where values would be inserted into sorted sequences; all are [rows, n], of one dtype, `out` int64 or int32. */
  searchsorted(out: Operand, sequence: Operand, values: Operand, right: boolean, sorter: Operand | null): void;
  /** Running sums and products along `dim`, in one dtype. */
  cumsum(out: Operand, input: Operand, dim: number): void;
  cumprod(out: Operand, input: Operand, dim: number): void;
  logcumsumexp(out: Operand, input: Operand, dim: number): void;
  /** Running extremes, and where the last of equal ones is (int64). */
  cummax(values: Operand, indices: Operand, input: Operand, dim: number): void;
  cummin(values: Operand, indices: Operand, input: Operand, dim: number): void;
}
