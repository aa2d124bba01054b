/** @file Sorting, selecting and searching along one dimension. NaN counts as the largest element. */
import { IndexError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import type { OrderStatistic } from "../../kernels.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { INDEX_OUT_OF_RANGE, putStrided } from "./strided.ts";

const sortKernel = kernel("sort");
const topkKernel = kernel("topk");
const sortRowsKernel = kernel("sort_rows");
const searchsortedKernel = kernel("searchsorted");

/**
 * `values` and `indices` (int64) have the input's shape, and are not the input.
 * @param stable - whether equal elements keep their order, or come in that of PyTorch's unstable sort
 */
export function sort(
  values: Operand,
  indices: Operand,
  input: Operand,
  dim: number,
  descending: boolean,
  stable: boolean,
): void {
  const { shape } = input.layout;
  putAll(0, [descending ? 1 : 0, stable ? 1 : 0, shape.length, dim]);
  putStrided(putStrided(putStrided(putAll(4, shape), input), values), indices);
  check("sort", sortKernel());
}

/** Modes of the kernel, by their numbers. */
const MODES = ["topk", "unsorted topk", "kthvalue", "median", "nanmedian", "mode"] as const;

function select(
  mode: (typeof MODES)[number],
  values: Operand,
  indices: Operand,
  input: Operand,
  k: number,
  dim: number,
  largest: boolean,
): void {
  const { shape } = input.layout;
  putAll(0, [MODES.indexOf(mode), largest ? 1 : 0, k, shape.length, dim]);
  putStrided(putStrided(putStrided(putAll(5, shape), input), values), indices);
  check(mode, topkKernel());
}

/** The `k` first elements of the sorted order; the results have size `k` along `dim`. */
export function topk(
  values: Operand,
  indices: Operand,
  input: Operand,
  k: number,
  dim: number,
  largest: boolean,
  sorted: boolean,
): void {
  select(sorted ? "topk" : "unsorted topk", values, indices, input, k, dim, largest);
}

/** The `k`-th smallest element, counted from 1; the results have size 1 along `dim`. */
export function kthvalue(values: Operand, indices: Operand, input: Operand, k: number, dim: number): void {
  select("kthvalue", values, indices, input, k, dim, false);
}

/** The lower median or the commonest element of each row; the results have size 1 along `dim`. */
export function orderStatistic(
  statistic: OrderStatistic,
  values: Operand,
  indices: Operand,
  input: Operand,
  dim: number,
): void {
  select(statistic, values, indices, input, 0, dim, false);
}

/** The order of the rows of a contiguous matrix, into the contiguous int64 `order`. */
export function sortRows(order: Operand, input: Operand): void {
  const [rows, columns] = input.layout.shape as [number, number];
  putAll(0, [rows, columns, operandAddress(input), input.dtype.code, operandAddress(order)]);
  check("sortRows", sortRowsKernel());
}

/**
 * Where each value would be inserted into the sorted sequence of its row. All are [rows, n]; sequence and values have one dtype.
 * @param out - int64 or int32, contiguous
 * @param right - after equal elements instead of before them
 * @param sorter - int64: the order that sorts the sequence, which then need not be sorted
 * @throws IndexError if the sorter points out of the sequence
 */
export function searchsorted(
  out: Operand,
  sequence: Operand,
  values: Operand,
  right: boolean,
  sorter: Operand | null,
): void {
  const [rows, length] = sequence.layout.shape as [number, number];
  putAll(0, [right ? 1 : 0, rows, length, values.layout.shape[1] as number]);
  let at = putStrided(putStrided(4, sequence), values);
  at = putAll(at, sorter === null ? [0, 0, 0] : [operandAddress(sorter), ...sorter.layout.strides]);
  args[at] = operandAddress(out);
  args[at + 1] = out.dtype.code;
  const status = searchsortedKernel();
  if (status === INDEX_OUT_OF_RANGE)
    throw new IndexError(
      `searchsorted: expected a sorter with indices from 0 to ${length - 1}, got one out of this range`,
    );
  check("searchsorted", status);
}
