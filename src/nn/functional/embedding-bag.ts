/** @file Rows of a table, looked up in bags and summed, averaged or maximised. */
import { backendOf } from "../../backends/backend.ts";
import { int64 } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { sameShape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate, arange } from "../../ops/creation.ts";
import { fromNumpy } from "../../ops/from-data.ts";
import { type KernelOp, kernelOp } from "../../ops/kernel-form.ts";
import { checkSameDType, checkTensor, type Named, named } from "../../ops/params.ts";
import { where } from "../../ops/pointwise/where.ts";
import { checkIndices, checkNotSparse, checkTable, frequencies, limitNorms, paddingRow } from "./embedding.ts";

/** How the rows of a bag become one. */
export type BagMode = "sum" | "mean" | "max";

interface Attrs {
  readonly mode: BagMode;
  /** How many bags there are. */
  readonly count: number;
  readonly scaleGradByFreq: boolean;
  /** Whether there is a factor for each index. */
  readonly weighted: boolean;
}

/** How many rows each bag has, at least 1, as a column. */
const sizes = (bags: Tensor, count: number) =>
  bags.newZeros([count]).indexAdd(0, bags, bags.newOnes(bags.shape)).clampMin(1).unsqueeze(1);

/** The greatest of each bag by column, and from which of `rows` it came: the first of equals. */
function maxima(rows: Tensor, bags: Tensor, count: number): [values: Tensor, from: Tensor] {
  const [n, width] = rows.shape as [number, number];
  const bagOf = bags.unsqueeze(1).expand([n, width]);
  const values = rows.newZeros([count, width]).scatterReduce(0, bagOf, rows, "amax", { includeSelf: false });
  const reached = values.indexSelect(0, bags);
  const place = where(rows.eq(reached).logicalOr(rows.isnan()), arange(n).unsqueeze(1), n);
  const from = bags.newZeros([count, width]).scatterReduce(0, bagOf, place, "amin", { includeSelf: false });
  return [values, from];
}

/** Of the table, the indices, the bag of each index, and a factor for each index (sums only). */
const embeddingBagOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "embeddingBag",
  forward([table, at, bagOf, factors], { mode, count }) {
    const [weight, indices, bags] = [table as Tensor, at as Tensor, bagOf as Tensor];
    if (mode === "max") return maxima(weight.indexSelect(0, indices), bags, count);
    const out = allocate([count, weight.shape[1] as number], weight.dtype, weight.device);
    backendOf(weight.device).kernels.embeddingBag(out, weight, {
      indices: indices.contiguous(),
      bags: bags.contiguous(),
      factors: (factors as Tensor | undefined)?.contiguous() ?? null,
      mean: mode === "mean",
    });
    return out;
  },
  saves: (needs, { mode, weighted }) => [
    ...(weighted && needs(3) ? [0] : []),
    1,
    2,
    ...(weighted && needs(0) ? [3] : []),
    ...(mode === "max" ? [~1] : []),
  ],
  backward([grad], context) {
    const { mode, count, scaleGradByFreq, weighted } = context.attrs;
    const g = grad as Tensor;
    const [indices, bags] = [context.input(1), context.input(2)];
    const zeros = () => g.newZeros(context.shape(0));
    if (mode === "max") {
      if (indices.numel() === 0) return [zeros(), null, null];
      // What comes from an empty bag is dropped.
      const filled = bags.newZeros([count, 1]).indexFill(0, bags, 1);
      return [zeros().scatterAdd(0, indices.take(context.result(1)), g.mul(filled)), null, null];
    }
    const each = (mode === "mean" ? g.div(sizes(bags, count)) : g).indexSelect(0, bags);
    const ofTable = () => {
      const factored = weighted ? each.mul(context.input(3).unsqueeze(1)) : each;
      const rows = context.shape(0)[0] as number;
      const scaled = scaleGradByFreq ? factored.div(frequencies(indices, rows).unsqueeze(1)) : factored;
      return zeros().indexAdd(0, indices, scaled);
    };
    const ofFactors = () => each.mul(context.input(0).indexSelect(0, indices)).sum(1);
    return [
      context.needs(0) ? ofTable() : null,
      null,
      null,
      ...(weighted ? [context.needs(3) ? ofFactors() : null] : []),
    ];
  },
});

/** The bag of each of `n` indices, from where bags begin. */
function bagsOf(op: string, starts: readonly number[], n: number, includeLastOffset: boolean): Bags {
  const ends = [...starts.slice(1), ...(includeLastOffset || starts.length === 0 ? [] : [n])];
  const first = starts[0] ?? (includeLastOffset ? Number.NaN : 0);
  if (first !== 0 || (ends.at(-1) ?? 0) !== n || ends.some((end, i) => end < (starts[i] as number)))
    throw new ValueError(
      `${op}: expected offsets that rise from 0${includeLastOffset ? "" : ", at most"} to the number of indices, ${n}, got ${shapeText(starts)}`,
    );
  const bags = new BigInt64Array(n);
  for (const [i, end] of ends.entries()) bags.fill(BigInt(i), starts[i] as number, end);
  return { bags: fromNumpy(bags), count: ends.length };
}

interface Bags {
  readonly bags: Tensor;
  readonly count: number;
}

export interface EmbeddingBagOptions {
  /** The table, one row an index. */
  weight: Tensor;
  /** Where each bag begins in a vector of indices: rises from 0. */
  offsets?: Tensor | null;
  /** Rows of a greater norm are scaled down to it, in the table itself, when they are looked up. */
  maxNorm?: number | null;
  /** Which norm that is. */
  normType?: number;
  /** Whether gradients are divided by how often their row was looked up; not with `"max"`. */
  scaleGradByFreq?: boolean;
  mode?: BagMode;
  /** There are no sparse gradients: only false. */
  sparse?: false;
  /** A factor for each index, of its shape; with `"sum"` only. */
  perSampleWeights?: Tensor | null;
  /** Whether `offsets` ends with the number of indices, as in the CSR format. */
  includeLastOffset?: boolean;
  /** The index that counts for nothing; negative ones count from the end. */
  paddingIdx?: number | null;
}
const NAMES = [
  "weight",
  "offsets",
  "maxNorm",
  "normType",
  "scaleGradByFreq",
  "mode",
  "sparse",
  "perSampleWeights",
  "includeLastOffset",
  "paddingIdx",
] as const;
type EmbeddingBagArgs = Named<
  [
    weight: Tensor,
    offsets: Tensor | null,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    mode: BagMode,
    sparse: false,
    perSampleWeights: Tensor | null,
    includeLastOffset: boolean,
    paddingIdx: number | null,
  ],
  [
    "weight",
    "offsets",
    "maxNorm",
    "normType",
    "scaleGradByFreq",
    "mode",
    "sparse",
    "perSampleWeights",
    "includeLastOffset",
    "paddingIdx",
  ],
  EmbeddingBagOptions
>;

/** @throws ValueError for an unknown mode */
export function checkMode(op: string, mode: unknown): asserts mode is BagMode {
  if (mode !== "sum" && mode !== "mean" && mode !== "max")
    throw new ValueError(`${op}: expected a mode of "sum", "mean" or "max", got ${describe(mode)}`);
}

function checkFactors(op: string, factors: Tensor, input: Tensor, weight: Tensor, mode: BagMode): void {
  checkTensor(op, factors, "perSampleWeights");
  if (mode !== "sum")
    throw new ValueError(`${op}: expected perSampleWeights only with mode "sum", got them with ${describe(mode)}`);
  if (!sameShape(factors.shape, input.shape))
    throw new ShapeError(
      `${op}: expected perSampleWeights of the input's shape ${shapeText(input.shape)}, got ${shapeText(factors.shape)}`,
    );
  checkSameDType(op, weight, factors, "weight and perSampleWeights");
}

/** The bags of a matrix of indices, or of a vector with offsets. */
function checkBags(op: string, input: Tensor, offsets: Tensor | null, includeLastOffset: boolean): Bags {
  if (input.ndim === 2) {
    if (offsets !== null)
      throw new ValueError(`${op}: expected no offsets for a matrix of indices, whose rows are the bags, got some`);
    const [count, width] = input.shape as [number, number];
    return { bags: arange(count).repeatInterleave(width), count };
  }
  if (input.ndim !== 1)
    throw new ShapeError(`${op}: expected a matrix or a vector of indices as input, got ${shapeText(input.shape)}`);
  if (offsets === null) throw new ValueError(`${op}: expected offsets for a vector of indices, got none`);
  checkIndices(op, offsets, "offsets");
  if (offsets.ndim !== 1)
    throw new ShapeError(`${op}: expected a vector as offsets, got shape ${shapeText(offsets.shape)}`);
  return bagsOf(op, (offsets.tolist() as (number | bigint)[]).map(Number), input.numel(), includeLastOffset);
}

/**
 * The rows of a table that indices name, summed, averaged or maximised bag by bag; zeros for an empty bag.
 * PyTorch: `torch.nn.functional.embedding_bag`.
 *
 * Differs: gradients are always dense, so `sparse: true` is refused; the gradient can be differentiated again; `scaleGradByFreq`
 * divides by the frequency of the index itself (PyTorch's CPU kernel takes that of another index where indices repeat).
 *
 * @param input - indices: [bags, size], or behind one another with `offsets`; int64 or int32
 * @param args - `weight` [rows, width], `offsets`, `maxNorm`, `normType` (2), `scaleGradByFreq` (false), `mode` ("mean"), `sparse`
 *   (false), `perSampleWeights`, `includeLastOffset` (false), `paddingIdx`
 * @returns [bags, width]
 * @throws IndexError for an index that is no row
 * @throws ValueError for options that do not go together
 * @example
 * const weight = torch.tensor([[1, 2.5], [3, 4], [5, 6]]);
 * F.embeddingBag(torch.tensor([0, 2, 1]), weight, torch.tensor([0, 2])) // tensor([[3.0000, 4.2500],
 *                                                                      //         [3.0000, 4.0000]])
 */
export function embeddingBag(input: Tensor, ...args: EmbeddingBagArgs): Tensor {
  const op = "embeddingBag";
  const given = named<EmbeddingBagOptions>(op, NAMES, 1, args);
  const { weight, offsets = null, maxNorm = null, normType = 2, scaleGradByFreq = false, mode = "mean" } = given;
  const { sparse = false, perSampleWeights = null, includeLastOffset = false, paddingIdx = null } = given;
  checkIndices(op, input, "input");
  checkTable(op, weight);
  checkMode(op, mode);
  checkNotSparse(op, sparse);
  if (!weight.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point weight, got ${weight.dtype} (whole numbers make int64: pass a dtype)`,
    );
  if (mode === "max" && scaleGradByFreq)
    throw new ValueError(`${op}: expected scaleGradByFreq to be false with mode "max", got true`);
  if (perSampleWeights !== null) checkFactors(op, perSampleWeights, input, weight, mode);
  const { bags, count } = checkBags(op, input, offsets, includeLastOffset);
  const padding = paddingRow(op, paddingIdx, weight.shape[0] as number);
  if (maxNorm !== null) limitNorms(weight, input, maxNorm, normType);
  const columns = [
    input.reshape(-1).to(int64),
    bags,
    ...(perSampleWeights === null ? [] : [perSampleWeights.reshape(-1)]),
  ];
  const counted = padding < 0 ? columns : columns.map((t) => t.maskedSelect((columns[0] as Tensor).ne(padding)));
  const weighted = perSampleWeights !== null;
  return embeddingBagOp.call([weight, ...counted], { mode, count, scaleGradByFreq, weighted });
}
