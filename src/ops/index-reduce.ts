/** @file Reducing slices into those that a vector of indices names. */
import { bool } from "../core/dtype.ts";
import { DTypeError, describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { sameShape, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkIndexTensor, scatterReduce, scatterReduce_ } from "./gather.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";

type Reduce = "prod" | "mean" | "amax" | "amin";
const REDUCES: readonly Reduce[] = ["prod", "mean", "amax", "amin"];

interface IndexReduceOptions {
  dim: number;
  index: Tensor;
  source: Tensor;
  reduce: Reduce;
  includeSelf?: boolean;
}
type IndexReduceArgs = Named<
  [dim: number, index: Tensor, source: Tensor, reduce: Reduce],
  ["dim", "index", "source", "reduce"],
  IndexReduceOptions
>;

type Scatter = readonly [dim: number, index: Tensor, src: Tensor, reduce: Reduce, options: { includeSelf: boolean }];

/** The same as a scatter: each slice of the source has its index everywhere. */
function asScatter(op: string, input: Tensor, args: readonly unknown[]): Scatter {
  checkTensor(op, input);
  const names = ["dim", "index", "source", "reduce", "includeSelf"] as const;
  const { dim, index, source, reduce, includeSelf = true } = named<IndexReduceOptions>(op, names, 4, args);
  checkIndexTensor(op, index, "int32 or int64");
  checkTensor(op, source, "source");
  checkSameDType(op, input, source, "tensor and source");
  if (input.dtype === bool || input.dtype.isComplex)
    throw new DTypeError(`${op}: expected an integer or floating-point dtype, got ${input.dtype}`);
  if (!REDUCES.includes(reduce))
    throw new ValueError(`${op}: expected ${REDUCES.join(", ")} as reduce, got ${describe(reduce)}`);
  const d = wrapDim(op, dim, input.ndim);
  if (index.ndim > 1) throw new ShapeError(`${op}: expected a vector as index, got shape ${shapeText(index.shape)}`);
  const count = index.numel();
  const expected = input.ndim === 0 ? [] : input.shape.with(d, count);
  const fits = input.ndim === 0 || source.ndim === 0 ? source.numel() === count : sameShape(source.shape, expected);
  if (!fits)
    throw new ShapeError(
      `${op}: expected a source of shape ${shapeText(expected)} for ${count} indices, got ${shapeText(source.shape)}`,
    );
  const shape = input.ndim === 0 ? [] : expected;
  if (count > 0 && index.detach().min().item() < 0)
    throw new IndexError(`${op}: expected indices of at least 0, got ${index.detach().min().item()}`);
  const along = index.long().reshape(shape.map((_, i) => (i === d ? count : 1)));
  return [d, along.expand(shape), source.reshape(shape), reduce, { includeSelf }];
}

/**
 * A copy of `input` with slices of `source` reduced into those that `index` names. PyTorch: `torch.index_reduce`.
 *
 * @param args - `dim`; `index`: a vector of int32 or int64; `source`: a slice for each index; `reduce`: `"prod"`, `"mean"`, `"amax"`
 *   or `"amin"`; `includeSelf` (true): whether what is there takes part
 * @throws IndexError for an index out of range; ShapeError for a source that does not fit
 * @example
 * torch.ones(2).indexReduce(0, torch.tensor([0, 0]), torch.tensor([5, 7.5]), "amax") // tensor([7.5000, 1.0000])
 */
export function indexReduce(input: Tensor, ...args: IndexReduceArgs): Tensor {
  return scatterReduce(input, ...asScatter("indexReduce", input, args));
}

/** As `indexReduce`, in place. PyTorch: `Tensor.index_reduce_`. */
export function indexReduce_(input: Tensor, ...args: IndexReduceArgs): Tensor {
  return scatterReduce_(input, ...asScatter("indexReduce_", input, args));
}
