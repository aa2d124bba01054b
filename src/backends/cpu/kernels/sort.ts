/** @file Sorting, selecting and searching along one dimension. NaN counts as the largest element. */
import { IndexError } from "../../../core/errors.ts";
import type { Operand } from "../../backend.ts";
import { args, kernel } from "../addon.ts";
import { check, operandAddress, putAll } from "../call.ts";
import { INDEX_OUT_OF_RANGE, putStrided } from "./strided.ts";

const sortKernel = kernel("sort");
const topkKernel = kernel("topk");
const searchsortedKernel = kernel("searchsorted");

/** Stable. `values` and `indices` (int64) have the input's shape, and are not the input. */
export function sort(values: Operand, indices: Operand, input: Operand, dim: number, descending: boolean): void {
  const { shape } = input.layout;
  putAll(0, [descending ? 1 : 0, shape.length, dim]);
  putStrided(putStrided(putStrided(putAll(3, shape), input), values), indices);
  check("sort", sortKernel());
}

function select(
  op: string,
  mode: number,
  values: Operand,
  indices: Operand,
  input: Operand,
  k: number,
  dim: number,
  largest: boolean,
): void {
  const { shape } = input.layout;
  putAll(0, [mode, largest ? 1 : 0, k, shape.length, dim]);
  putStrided(putStrided(putStrided(putAll(5, shape), input), values), indices);
  check(op, topkKernel());
}

/** The `k` first elements of the sorted order, in that order; the results have size `k` along `dim`. */
export function topk(
  values: Operand,
  indices: Operand,
  input: Operand,
  k: number,
  dim: number,
  largest: boolean,
): void {
  select("topk", 0, values, indices, input, k, dim, largest);
}

/** The `k`-th smallest element, counted from 1; the results have size 1 along `dim`. */
export function kthvalue(values: Operand, indices: Operand, input: Operand, k: number, dim: number): void {
  select("kthvalue", 1, values, indices, input, k, dim, false);
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
