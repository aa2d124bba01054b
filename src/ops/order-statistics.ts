/** @file Statistics that are one of the elements: median, nanmedian and mode. */
import { backendOf } from "../backends/backend.ts";
import type { OrderStatistic } from "../backends/kernels.ts";
import { float64 } from "../core/dtype.ts";
import { DTypeError, IndexError } from "../core/errors.ts";
import { shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { shareAmongEquals } from "./arg-reduce.ts";
import { bind, type Call } from "./bind.ts";
import { allocate, fillRaw } from "./creation.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { namedTuple, type ValuesAndIndices } from "./named-tuple.ts";
import { checkTensor } from "./params.ts";
import { backToPlaces, checkNumbers, selectAlong } from "./sort.ts";

interface Attrs {
  readonly dim: number;
  readonly keepdim: boolean;
}

interface DimOptions {
  dim?: number;
  keepdim?: boolean;
}

/** A statistic of everything, or of each row along a dimension with where it was. */
export interface WholeOrAlong {
  (input: Tensor): Tensor;
  (input: Tensor, dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesAndIndices;
  (input: Tensor, options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

/** The same as methods. */
export interface WholeOrAlongMethod {
  (): Tensor;
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesAndIndices;
  (options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

function alongDim(statistic: OrderStatistic): KernelOp<Attrs> {
  return kernelOp<Attrs>({
    name: statistic,
    node: { median: "MedianBackward1", nanmedian: "NanmedianBackward1", mode: "ModeBackward0" }[statistic],
    forward: ([input], { dim, keepdim }) => {
      const x = input as Tensor;
      const shape = x.ndim === 0 ? [] : x.shape.with(dim, 1);
      const both = selectAlong(x, shape, (values, indices, from) =>
        backendOf(x.device).kernels.orderStatistic(statistic, values, indices, from, dim),
      );
      return keepdim || x.ndim === 0 ? both : both.map((t) => t.squeeze(dim));
    },
    saves: () => [~1],
    backward: ([grad], context) => backToPlaces(grad ?? null, context),
  });
}

function whole(statistic: "median" | "nanmedian"): KernelOp<void> {
  return kernelOp({
    name: statistic,
    forward: ([input]) => {
      const x = input as Tensor;
      if (x.layout.numel === 0) return fillRaw(allocate([], float64, x.device), Number.NaN).to(x.dtype);
      const [value] = selectAlong(x.reshape(-1), [1], (values, indices, from) =>
        backendOf(x.device).kernels.orderStatistic(statistic, values, indices, from, 0),
      );
      return (value as Tensor).reshape([]);
    },
    saves: () => [0, ~0],
    backward: ([grad], context) => [shareAmongEquals(grad as Tensor, context.input(0), context.result(0))],
  });
}

const ops = {
  median: { dim: alongDim("median"), whole: whole("median") },
  nanmedian: { dim: alongDim("nanmedian"), whole: whole("nanmedian") },
  mode: { dim: alongDim("mode") },
};

function along(statistic: OrderStatistic, input: Tensor, dim: number, keepdim: boolean): ValuesAndIndices {
  const wrapped = wrapDim(statistic, dim, input.ndim);
  if (input.ndim > 0 && input.shape[wrapped] === 0)
    throw new IndexError(
      `${statistic}: expected at least one element along dim ${wrapped}, got shape ${shapeText(input.shape)}`,
    );
  const [values, indices] = ops[statistic].dim.results([input], { dim: wrapped, keepdim }) as [Tensor, Tensor];
  return namedTuple<{ values: Tensor; indices: Tensor }>({ values, indices }, statistic);
}

function middle(op: "median" | "nanmedian", input: Tensor, args: readonly unknown[]): Tensor | ValuesAndIndices {
  checkNumbers(op, input);
  const { dim, keepdim = false } = bind<DimOptions>(op, ["dim", "keepdim"], args);
  return dim === undefined || dim === null ? ops[op].whole.call([input], undefined) : along(op, input, dim, keepdim);
}

/**
 * The median: of everything, or of each row along a dimension with where it was. Of an even number of elements the lower of
 * the middle two. NaN if an element is. PyTorch: `torch.median`.
 *
 * @param input - any shape; integers or floating
 * @param args - `dim`, `keepdim`
 * @throws DTypeError for bool and complex tensors; IndexError for a dimension of size 0
 * @example
 * const { values, indices } = torch.tensor([[5, 1, 3], [4, 4, 2]]).median(1);
 * indices // tensor([2, 0])
 */
export const median: WholeOrAlong = ((input: Tensor, ...args: unknown[]) =>
  middle("median", input, args)) as WholeOrAlong;

/**
 * The median of the elements that are not NaN; NaN where all are. PyTorch: `torch.nanmedian`.
 * @example
 * torch.tensor([1, NaN, 3, 2]).nanmedian() // tensor(2.)
 */
export const nanmedian: WholeOrAlong = ((input: Tensor, ...args: unknown[]) =>
  middle("nanmedian", input, args)) as WholeOrAlong;

/**
 * The commonest element of each row along a dimension (of equally common ones the smallest), and where it was.
 * PyTorch: `torch.mode`.
 *
 * @param input - any shape; real
 * @param args - `dim` (−1), `keepdim`
 * @throws DTypeError for complex tensors; IndexError for a dimension of size 0
 * @example
 * torch.tensor([2, 1, 2, 3, 1]).mode().values // tensor(1)
 */
export function mode(input: Tensor, ...args: Call<[dim: number, keepdim: boolean], DimOptions>): ValuesAndIndices {
  checkTensor("mode", input);
  if (input.dtype.isComplex) throw new DTypeError(`mode: expected a real dtype, got ${input.dtype}`);
  const { dim = -1, keepdim = false } = bind<DimOptions>("mode", ["dim", "keepdim"], args);
  return along("mode", input, dim, keepdim);
}
