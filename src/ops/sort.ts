/** @file Sorting, selecting and searching along a dimension. */
import { backendOf } from "../backends/backend.ts";
import { bool, int32, int64 } from "../core/dtype.ts";
import { DTypeError, describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar } from "../core/scalar.ts";
import { type Shape, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { tensor } from "./from-data.ts";
import { type Context, kernelOp } from "./kernel-form.ts";
import { namedTuple, type ValuesAndIndices } from "./named-tuple.ts";
import { vector } from "./operands.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";

/** Values chosen along a dimension give their gradient to where they came from. */
export function backToPlaces(
  grad: Tensor | null,
  context: Context<{ readonly dim: number; readonly keepdim?: boolean }>,
): (Tensor | null)[] {
  const { dim, keepdim = true } = context.attrs;
  if (grad === null) return [null];
  const whole = (t: Tensor) => (keepdim || context.shape(0).length === 0 ? t : t.unsqueeze(dim));
  return [grad.newZeros(context.shape(0)).scatter(dim, whole(context.result(1)), whole(grad))];
}

/** Runs a kernel that gives values and indices of one shape. */
export function selectAlong(
  input: Tensor,
  shape: Shape,
  kernel: (values: Tensor, indices: Tensor, input: Tensor) => void,
): Tensor[] {
  const values = allocate(shape, input.dtype, input.device);
  const indices = allocate(shape, int64, input.device);
  kernel(vector(values), vector(indices), vector(input));
  return [values, indices];
}

function checkReal(op: string, input: Tensor): void {
  checkTensor(op, input);
  if (input.dtype.isComplex)
    throw new DTypeError(`${op}: expected a real dtype, got ${input.dtype}: complex numbers have no order`);
}

/** @throws DTypeError for complex numbers and, as in PyTorch, for bools */
export function checkNumbers(op: string, input: Tensor): void {
  checkReal(op, input);
  if (input.dtype === bool) throw new DTypeError(`${op}: expected an integer or floating-point dtype, got ${bool}`);
}

const sortOp = kernelOp<{ dim: number; descending: boolean; stable: boolean }>({
  name: "sort",
  node: ({ stable }) => (stable ? "SortBackward1" : "SortBackward0"),
  forward: ([input], { dim, descending, stable }) => {
    const x = input as Tensor;
    return selectAlong(x, x.shape, (values, indices, from) =>
      backendOf(x.device).kernels.sort(values, indices, from, dim, descending, stable),
    );
  },
  saves: () => [~1],
  backward: ([grad], context) => backToPlaces(grad ?? null, context),
});

interface SortOptions {
  dim?: number;
  descending?: boolean;
  stable?: boolean;
}
type SortArgs = Call<[dim: number, descending: boolean], SortOptions>;
const SORT = ["dim", "descending", "stable"] as const;

/**
 * The elements in order along a dimension, and where each was. NaN comes last (first, if descending). PyTorch: `torch.sort`.
 *
 * @param args - `dim` (−1), `descending`, `stable`: equal elements keep their order, which they need not do else
 * @example
 * torch.tensor([3, 1, 2]).sort().indices // tensor([1, 2, 0])
 */
export function sort(input: Tensor, ...args: SortArgs): ValuesAndIndices {
  const [values, indices] = sorted("sort", input, args);
  return namedTuple({ values, indices }, "sort");
}

function sorted(op: string, input: Tensor, args: readonly unknown[]): [Tensor, Tensor] {
  checkReal(op, input);
  const { dim = -1, descending = false, stable = false } = bind<SortOptions>(op, SORT, args);
  return sortOp.results([input], { dim: wrapDim(op, dim, input.ndim), descending, stable }) as [Tensor, Tensor];
}

/** The positions of the elements in order along a dimension, as `sort` gives them. PyTorch: `torch.argsort`. */
export function argsort(input: Tensor, ...args: SortArgs): Tensor {
  return sorted("argsort", input, args)[1];
}

/** The elements in order along dimension 0. PyTorch: `torch.msort`. */
export function msort(input: Tensor): Tensor {
  return sorted("msort", input, [0])[0];
}

const topkOp = kernelOp<{ k: number; dim: number; largest: boolean; sorted: boolean }>({
  name: "topk",
  forward: ([input], { k, dim, largest, sorted }) => {
    const x = input as Tensor;
    const shape = x.ndim === 0 ? [] : x.shape.with(dim, k);
    if (x.ndim === 0 && k === 0) return [x.clone(), allocate([], int64, x.device)];
    return selectAlong(x, shape, (values, indices, from) =>
      backendOf(x.device).kernels.topk(values, indices, from, k, dim, largest, sorted),
    );
  },
  saves: () => [~1],
  backward: ([grad], context) => backToPlaces(grad ?? null, context),
});

interface TopkOptions {
  k: number;
  dim?: number;
  largest?: boolean;
  sorted?: boolean;
}
type TopkArgs = Named<
  [k: number, dim: number, largest: boolean, sorted: boolean],
  ["k", "dim", "largest", "sorted"],
  TopkOptions
>;

/**
 * The `k` largest elements along a dimension in falling order (or the smallest in rising order), and where they were.
 * PyTorch: `torch.topk`.
 * @example
 * torch.tensor([1, 5, 3]).topk(2).values // tensor([5, 3])
 */
export function topk(input: Tensor, ...args: TopkArgs): ValuesAndIndices {
  checkNumbers("topk", input);
  const names = ["k", "dim", "largest", "sorted"] as const;
  const { k, dim = -1, largest = true, sorted = true } = named<TopkOptions>("topk", names, 1, args);
  checkInt("topk", "k", k);
  const d = wrapDim("topk", dim, input.ndim);
  const size = input.shape[d] ?? 1;
  if (k < 0 || k > size) throw new IndexError(`topk: expected k in the range [0, ${size}], got ${k}`);
  const [values, indices] = topkOp.results([input], { k, dim: d, largest, sorted }) as [Tensor, Tensor];
  return namedTuple({ values, indices }, "topk");
}

const kthvalueOp = kernelOp<{ k: number; dim: number; keepdim: boolean }>({
  name: "kthvalue",
  forward: ([input], { k, dim, keepdim }) => {
    const x = input as Tensor;
    const shape = x.ndim === 0 ? [] : x.shape.with(dim, 1);
    const both = selectAlong(x, shape, (values, indices, from) =>
      backendOf(x.device).kernels.kthvalue(values, indices, from, k, dim),
    );
    return keepdim || x.ndim === 0 ? both : both.map((t) => t.squeeze(dim));
  },
  saves: () => [~1],
  backward: ([grad], context) => backToPlaces(grad ?? null, context),
});

interface KthvalueOptions {
  k: number;
  dim?: number;
  keepdim?: boolean;
}
type KthvalueArgs = Named<[k: number, dim: number, keepdim: boolean], ["k", "dim", "keepdim"], KthvalueOptions>;

/** The `k`-th smallest element along a dimension, counted from 1, and where it was. PyTorch: `torch.kthvalue`. */
export function kthvalue(input: Tensor, ...args: KthvalueArgs): ValuesAndIndices {
  checkNumbers("kthvalue", input);
  const { k, dim = -1, keepdim = false } = named<KthvalueOptions>("kthvalue", ["k", "dim", "keepdim"], 1, args);
  checkInt("kthvalue", "k", k);
  const d = wrapDim("kthvalue", dim, input.ndim);
  const size = input.shape[d] ?? 1;
  if (k < 1 || k > size) throw new IndexError(`kthvalue: expected k in the range [1, ${size}], got ${k}`);
  const [values, indices] = kthvalueOp.results([input], { k, dim: d, keepdim }) as [Tensor, Tensor];
  return namedTuple({ values, indices }, "kthvalue");
}

interface SearchOptions {
  outInt32?: boolean;
  right?: boolean;
  side?: "left" | "right" | null;
  sorter?: Tensor | null;
}
const SEARCH = ["outInt32", "right", "side", "sorter"] as const;

/**
 * Where values would be inserted into sorted sequences (the last dimension) so that these stay sorted. PyTorch: `torch.searchsorted`.
 *
 * @param sortedSequence - one sequence, or one for each row of `values`
 * @param values - a tensor of the same dtype, or a number
 * @param options - `right` (after equal elements), `side` (the same as text), `outInt32`, `sorter` (the order that sorts the sequence)
 * @example
 * torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6])) // tensor([1, 3])
 */
export function searchsorted(
  sortedSequence: Tensor,
  values: Tensor | number,
  ...args: Call<[], SearchOptions>
): Tensor {
  checkNumbers("searchsorted", sortedSequence);
  const {
    outInt32 = false,
    right = false,
    side = null,
    sorter = null,
  } = bind<SearchOptions>("searchsorted", SEARCH, args);
  if (side !== null && side !== "left" && side !== "right")
    throw new ValueError(`searchsorted: expected "left" or "right" as side, got ${describe(side)}`);
  if (side === "left" && right)
    throw new ValueError('searchsorted: side and right cannot be opposites, got side of "left" while right was true');
  return search(
    "searchsorted",
    sortedSequence,
    valuesOf("searchsorted", values, sortedSequence),
    outInt32,
    right || side === "right",
    sorter,
  );
}

function valuesOf(op: string, values: unknown, sequence: Tensor): Tensor {
  if (isScalar(values)) return tensor(values, { dtype: sequence.dtype, device: sequence.device });
  checkTensor(op, values, "values");
  return values;
}

function search(
  op: string,
  sequence: Tensor,
  values: Tensor,
  outInt32: boolean,
  right: boolean,
  sorter: Tensor | null,
): Tensor {
  if (sequence.dtype !== values.dtype)
    throw new DTypeError(`${op}: expected sequence and values in one dtype, got ${sequence.dtype} and ${values.dtype}`);
  if (sequence.ndim === 0) throw new ShapeError(`${op}: expected a sequence with at least 1 dimension, got shape []`);
  const rowsOf = (t: Tensor) => t.shape.slice(0, -1);
  if (sequence.ndim > 1 && (values.ndim !== sequence.ndim || shapeText(rowsOf(sequence)) !== shapeText(rowsOf(values))))
    throw new ShapeError(
      `${op}: expected one sequence, or one for each row of values, got ${shapeText(sequence.shape)} and ${shapeText(values.shape)}`,
    );
  if (sorter !== null) {
    checkTensor(op, sorter, "sorter");
    if (sorter.dtype !== int64) throw new DTypeError(`${op}: expected an int64 tensor as sorter, got ${sorter.dtype}`);
    if (shapeText(sorter.shape) !== shapeText(sequence.shape))
      throw new ShapeError(
        `${op}: expected a sorter of the sequence's shape ${shapeText(sequence.shape)}, got ${shapeText(sorter.shape)}`,
      );
  }
  const out = allocate(values.shape, outInt32 ? int32 : int64, values.device);
  if (values.layout.numel === 0) return out;
  const length = sequence.shape[sequence.ndim - 1] as number;
  const flat = (t: Tensor) =>
    t.detach().reshape(sequence.ndim === 1 ? 1 : t.layout.numel / (t.shape[t.ndim - 1] as number), -1);
  const from =
    length === 0
      ? sequence
          .detach()
          .reshape(sequence.ndim === 1 ? 1 : values.layout.numel / (values.shape[values.ndim - 1] as number), 0)
      : flat(sequence);
  backendOf(values.device).kernels.searchsorted(
    out.view(from.shape[0] as number, -1),
    from,
    flat(values),
    right,
    sorter === null ? null : flat(sorter),
  );
  return out;
}

/**
 * Which bucket between `boundaries` each element falls into. PyTorch: `torch.bucketize`.
 * @example
 * torch.bucketize(torch.tensor([0, 3, 9]), torch.tensor([1, 3, 5])) // tensor([0, 1, 3])
 */
export function bucketize(
  input: Tensor | number,
  boundaries: Tensor,
  ...args: Call<[], Pick<SearchOptions, "outInt32" | "right">>
): Tensor {
  checkNumbers("bucketize", boundaries);
  if (boundaries.ndim !== 1)
    throw new ShapeError(`bucketize: expected a vector as boundaries, got shape ${shapeText(boundaries.shape)}`);
  const { outInt32 = false, right = false } = bind<SearchOptions>("bucketize", ["outInt32", "right"], args);
  return search("bucketize", boundaries, valuesOf("bucketize", input, boundaries), outInt32, right, null);
}
