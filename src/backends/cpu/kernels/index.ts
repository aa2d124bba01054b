/** @file Reading and writing at positions that other tensors give. Index tensors are int64 or int32. */
import { ValueError } from "../../../core/errors.ts";
import { broadcastStrides } from "../../../core/layout.ts";
import { broadcastShapes, type Shape } from "../../../core/shape.ts";
import type { Operand } from "../../backend.ts";
import type { BagSample } from "../../kernels.ts";
import { check, operandAddress, putAll, putOperand } from "../call.ts";
import { args, kernel } from "../engine.ts";
import { checkIndices, INDEX_OUT_OF_RANGE, putStrided, putWithStrides } from "./strided.ts";

const gatherKernel = kernel("gather");
const scatterKernel = kernel("scatter");
const indexKernel = kernel("index");
const nonzeroKernel = kernel("nonzero");
const maskedKernel = kernel("masked");
const embeddingBagKernel = kernel("embedding_bag");
const histogramKernel = kernel("histogram");

/** `out[.., i, ..] = input[.., index[.., i, ..], ..]` along `dim`; `out` and `index` have one shape. */
export function gather(out: Operand, input: Operand, dim: number, index: Operand): void {
  const { shape } = index.layout;
  putAll(0, [shape.length, dim, input.layout.shape[dim] ?? 1]);
  const at = putAll(3, shape);
  putStrided(putStrided(putStrided(at, out), input), index);
  checkIndices("gather", gatherKernel(), dim);
}

/** How `scatter` combines what it writes with what is there. */
export type ScatterMode = "set" | "add" | "multiply" | "amin" | "amax";

const scatterModes: { readonly [M in ScatterMode]: number } = { set: 0, add: 1, multiply: 2, amin: 3, amax: 4 };

/**
 * `self[.., index[.., i, ..], ..] = src[.., i, ..]` along `dim`, or combined.
 * @param src - of index's shape (or larger), or a single element for all
 * @param includeSelf - without it, elements that are written to start from the mode's identity
 */
export function scatter(
  self: Operand,
  dim: number,
  index: Operand,
  src: Operand,
  mode: ScatterMode,
  includeSelf = true,
): void {
  const { shape } = index.layout;
  putAll(0, [scatterModes[mode], includeSelf ? 1 : 0, shape.length, dim, self.layout.shape[dim] ?? 1]);
  let at = putStrided(putAll(5, shape), self);
  at = src.layout.numel === 1 ? putOperand(at, src, shape) : putStrided(at, src);
  putStrided(at, index);
  checkIndices("scatter", scatterKernel(), dim);
}

/** An index tensor for each dimension, or null where the whole dimension is taken; the rest is taken whole too. */
export type Indices = readonly (Operand | null)[];

interface IndexPlan {
  /** Of what is read or written. */
  readonly shape: Shape;
  /** Which dimension of `self` each dimension of the shape is, or null where the index tensors lie. */
  readonly dims: readonly (number | null)[];
  readonly indexShape: Shape;
  /** Where in the shape the index tensors lie. */
  readonly start: number;
}

function plan(op: string, selfShape: Shape, indices: Indices): IndexPlan {
  const at = indices.flatMap((index, i) => (index === null ? [] : [i]));
  const indexShape = at.reduce<Shape>(
    (shape, i) => broadcastShapes(op, shape, (indices[i] as Operand).layout.shape),
    [],
  );
  const first = at[0] ?? 0;
  // Index tensors side by side put their dimensions in their place, others to the front.
  const start = at.every((dim, i) => dim === first + i) ? first : 0;
  const whole = selfShape.flatMap((_, i) => (indices[i] ? [] : [i]));
  const dims: (number | null)[] = [...whole.slice(0, start), ...indexShape.map(() => null), ...whole.slice(start)];
  const shape = dims.map((dim, i) => (dim === null ? (indexShape[i - start] as number) : (selfShape[dim] as number)));
  return { shape, dims, indexShape, start };
}

/** The shape of `self[indices]`. */
export function indexedShape(op: string, selfShape: Shape, indices: Indices): Shape {
  return plan(op, selfShape, indices).shape;
}

const READ = 0;
const WRITE = 1;
const ACCUMULATE = 2;

interface IndexOptions {
  /** The op's name in errors. */
  readonly op?: string;
  /** Whether negative indices count from the end. */
  readonly wrap?: boolean;
}

function runIndex(
  mode: number,
  value: Operand,
  self: Operand,
  indices: Indices,
  { op = "index", wrap = true }: IndexOptions,
): void {
  const { shape, dims, indexShape, start } = plan(op, self.layout.shape, indices);
  const used = indices.flatMap((index, dim) => (index === null ? [] : [{ index, dim }]));
  putAll(0, [mode, wrap ? 1 : 0, used.length, shape.length]);
  let at = putOperand(putAll(4, shape), value, shape);
  const { strides } = self.layout;
  at = putWithStrides(
    at,
    self,
    dims.map((dim) => (dim === null ? 0 : (strides[dim] as number))),
  );
  for (const { index, dim } of used) {
    args[at++] = self.layout.shape[dim] as number;
    args[at++] = strides[dim] as number;
    const inside = broadcastStrides(index.layout, indexShape);
    at = putWithStrides(
      at,
      index,
      dims.map((d, i) => (d === null ? (inside[i - start] as number) : 0)),
    );
  }
  const status = indexKernel();
  checkIndices(op, status, status === INDEX_OUT_OF_RANGE ? (used[args[2] as number]?.dim ?? 0) : 0);
}

/** `out = self[indices]`. */
export function index(out: Operand, self: Operand, indices: Indices, options: IndexOptions = {}): void {
  runIndex(READ, out, self, indices, options);
}

/** `self[indices] = value`, or `+= value`; `value` broadcasts. Where indices repeat, the last one is kept. */
export function indexPut(
  self: Operand,
  indices: Indices,
  value: Operand,
  accumulate: boolean,
  options: IndexOptions = {},
): void {
  runIndex(accumulate ? ACCUMULATE : WRITE, value, self, indices, { op: "indexPut", ...options });
}

function along(dim: number, index: Operand): Indices {
  return [...new Array<null>(dim).fill(null), index];
}

/** The slices of `self` along `dim` that a vector of indices names. */
export function indexSelect(out: Operand, self: Operand, dim: number, index_: Operand, op = "indexSelect"): void {
  runIndex(READ, out, self, along(dim, index_), { op, wrap: false });
}

/** Adds the slices of `source` to those of `self` that the indices name, in order. */
export function indexAdd(self: Operand, dim: number, index_: Operand, source: Operand, op = "indexAdd"): void {
  runIndex(ACCUMULATE, source, self, along(dim, index_), { op, wrap: false });
}

/** Overwrites the slices of `self` that the indices name. */
export function indexCopy(self: Operand, dim: number, index_: Operand, source: Operand, op = "indexCopy"): void {
  runIndex(WRITE, source, self, along(dim, index_), { op, wrap: false });
}

/** `out` [bags, width], contiguous, takes the sums (or means) of the rows that the indices of each bag name. */
export function embeddingBag(out: Operand, table: Operand, { indices, bags, factors, mean }: BagSample): void {
  const [rows, width] = table.layout.shape as [number, number];
  putAll(0, [mean ? 1 : 0, out.layout.shape[0] as number, width, indices.layout.numel]);
  putAll(4, [operandAddress(out), out.dtype.code, operandAddress(table), rows, ...table.layout.strides]);
  putAll(10, [operandAddress(indices), operandAddress(bags), factors === null ? 0 : operandAddress(factors)]);
  checkIndices("embeddingBag", embeddingBagKernel(), 0);
}

/** Counts of the contiguous `input` in bins of equal width between `low` and `high`; one floating dtype. */
export function histogram(out: Operand, input: Operand, low: number, high: number): void {
  putAll(0, [input.dtype.code, input.layout.numel, out.layout.numel, low, high]);
  putAll(5, [operandAddress(input), operandAddress(out)]);
  check("histc", histogramKernel());
}

/** Number of elements that are not zero (NaN counts), after broadcasting to `shape`. */
export function countNonzero(input: Operand, shape: Shape = input.layout.shape): number {
  putAll(0, [0, shape.length]);
  putAll(putOperand(putAll(2, shape), input, shape), [0, 0, 0, 0]);
  check("nonzero", nonzeroKernel());
  return args[0] as number;
}

/** The positions of the elements that are not zero, one a row of the int64 `out`, in row-major order. */
export function nonzero(out: Operand, input: Operand): void {
  const { shape } = input.layout;
  putAll(0, [1, shape.length]);
  const at = putStrided(putAll(2, shape), input);
  putAll(at, [operandAddress(out), ...out.layout.strides, out.layout.shape[0] as number]);
  check("nonzero", nonzeroKernel());
}

function runMasked(op: string, mode: number, self: Operand, mask: Operand, packed: Operand, shape: Shape): void {
  putAll(0, [mode, shape.length]);
  const at = putOperand(putOperand(putAll(2, shape), self, shape), mask, shape);
  putAll(at, [operandAddress(packed), packed.layout.numel]);
  const status = maskedKernel();
  if (status === 3)
    throw new ValueError(`${op}: expected as many elements in source as are true in mask, got ${packed.layout.numel}`);
  check(op, status);
}

/** The elements of `self` where `mask` is true (both broadcast to `shape`), into a contiguous `out` of just that size. */
export function maskedSelect(out: Operand, self: Operand, mask: Operand, shape: Shape): void {
  runMasked("maskedSelect", 0, self, mask, out, shape);
}

/** Fills `self` where `mask` is true with the elements of the contiguous `source`, in order. */
export function maskedScatter(self: Operand, mask: Operand, source: Operand): void {
  runMasked("maskedScatter", 1, self, mask, source, self.layout.shape);
}
