/**
 * @file What stands between the brackets of `x[…]`: numbers, slices, `null`, `"..."`, masks and index tensors. The basic ones are
 * applied as views at once; those that are left say, for each dimension of the view, by which tensor it is indexed.
 */
import { bool, Category, int32, int64, uint8 } from "../core/dtype.ts";
import { describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { type Shape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { tensor } from "./from-data.ts";
import { nonzero } from "./masked.ts";
import { alias, selectAt, sliceAlong } from "./slice.ts";

/** Positions along a dimension, or whether to take each: nested arrays of numbers or booleans. */
export type NestedIndices = readonly (number | bigint | boolean | Tensor | NestedIndices)[];

/**
 * One item of an index: a number, a slice `"a:b:c"`, `null` (a new dimension), `"..."` (as many whole dimensions as are missing), a
 * boolean, an index tensor or mask, or nested arrays of indices.
 */
export type IndexItem = number | bigint | string | null | boolean | Tensor | NestedIndices;

/** For each dimension the tensor of int64 or int32 that indexes it, or `null` where it is taken whole. */
export type TensorIndices = readonly (Tensor | null)[];

interface Slice {
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;
}

const SLICE = /^\s*([+-]?\d+|None)?\s*:\s*([+-]?\d+|None)?\s*(?::\s*([+-]?\d+|None)?\s*)?$/;

function parseSlice(op: string, text: string): Slice {
  const match = SLICE.exec(text);
  if (match === null)
    throw new ValueError(`${op}: expected a slice such as "1:3", "::2" or ":", or "...", got ${describe(text)}`);
  const number = (part: string | undefined) => (part === undefined || part === "None" ? null : Number(part));
  const step = number(match[3]) ?? 1;
  if (step < 1) throw new ValueError(`${op}: expected a slice step greater than zero, got ${describe(text)}; use flip`);
  return { start: number(match[1]), end: number(match[2]), step };
}

/** An item once it is known to be one: text is parsed, arrays are tensors. */
type Item = number | null | boolean | "..." | Slice | Tensor;

function parse(op: string, item: unknown): Item {
  if (typeof item === "number" || typeof item === "boolean" || item === null) return item;
  if (typeof item === "bigint") return Number(item);
  if (typeof item === "string") return item.trim() === "..." ? "..." : parseSlice(op, item);
  const index = Array.isArray(item) ? fromArray(op, item) : item;
  if (!(index instanceof Tensor))
    throw new ValueError(
      `${op}: expected numbers, slices such as "1:3", null, "...", booleans, tensors or arrays as index, got ${describe(item)}`,
    );
  const { dtype } = index;
  if (
    dtype !== int64 &&
    dtype !== int32 &&
    dtype !== uint8 &&
    dtype !== bool &&
    !(index.ndim === 0 && dtype.category <= Category.Integral)
  )
    throw new IndexError(`${op}: expected tensors of int64, int32, uint8 or bool as indices, got ${dtype}`);
  return index;
}

function fromArray(op: string, item: readonly unknown[]): Tensor {
  for (const x of item.flat(Infinity))
    if (typeof x === "string" || x === null)
      throw new ValueError(
        `${op}: expected numbers or booleans in an array of indices, got ${describe(x)}; slices are items of their own`,
      );
  const index = tensor(item as number[]);
  return item.length === 0 || index.layout.numel === 0 ? index.to(int64) : index;
}

function isMask(t: Tensor): boolean {
  return t.dtype === bool || t.dtype === uint8;
}

/** Number of dimensions of the input that an item uses up. */
function dimsOf(item: Item): number {
  if (item === null || item === "..." || typeof item === "boolean") return 0;
  if (item instanceof Tensor && isMask(item)) return item.ndim;
  return 1;
}

/** The view that the basic items make of a tensor, and the tensors that index the dimensions of that view, if any do. */
export interface Indexed {
  readonly view: Tensor;
  readonly indices: TensorIndices | null;
}

/**
 * Takes the basic items of an index as views.
 * @throws IndexError for too many items, or a number out of range
 */
export function applyIndex(op: string, input: Tensor, index: readonly unknown[]): Indexed {
  const items = index.map((item) => parse(op, item));
  const used = items.reduce<number>((n, item) => n + dimsOf(item), 0);
  if (used > input.ndim)
    throw new IndexError(`${op}: too many indices for a tensor of ${input.ndim} dimensions, got ${used}`);
  if (items.filter((item) => item === "...").length > 1)
    throw new IndexError(`${op}: expected "..." once, got it several times`);
  let view = input;
  let dim = 0;
  const indices: (Tensor | null)[] = [];
  const place = (...tensors: Tensor[]) => {
    while (indices.length < dim) indices.push(null);
    indices.push(...tensors);
    dim = indices.length;
  };
  for (const item of items) {
    if (typeof item === "number") view = selectAt(op, view, dim, item);
    else if (item === null) view = view.unsqueeze(dim++);
    else if (item === "...") dim += input.ndim - used;
    else if (typeof item === "boolean") {
      view = view.unsqueeze(dim);
      place(oneOrNone(item));
    } else if (!(item instanceof Tensor)) {
      // As in PyTorch: a slice that says that it is the whole makes no view, unless it stands alone.
      const whole = items.length > 1 && (item.start ?? 0) === 0 && item.end === view.shape[dim] && item.step === 1;
      if (!whole) view = sliceAlong(view, dim, item.start, item.end, item.step);
      dim++;
    } else if (item.ndim > 0) place(...(isMask(item) ? maskPositions(op, item, view.shape, dim) : [item]));
    else if (isMask(item)) {
      view = view.unsqueeze(dim);
      place(oneOrNone(Boolean(item.item())));
    } else view = selectAt(op, view, dim, item.item());
  }
  if (indices.length > 0) return { view, indices };
  return { view: view === input ? alias(input) : view, indices: null };
}

/** Index of a dimension of size 1 that a boolean has put in: it stays, or becomes empty. */
function oneOrNone(keep: boolean): Tensor {
  return tensor(keep ? [0] : [], { dtype: int64 });
}

/** A mask as the positions of what is true in it, one tensor a dimension. */
function maskPositions(op: string, mask: Tensor, shape: Shape, dim: number): Tensor[] {
  for (const [i, n] of mask.shape.entries())
    if (n !== shape[dim + i])
      throw new ShapeError(
        `${op}: expected a mask of the sizes that it indexes, got ${shapeText(mask.shape)} for dimension ${dim} on of shape ${shapeText(shape)}`,
      );
  return nonzero(mask).unbind(1);
}

/**
 * Index tensors with each mask as the positions of what is true in it.
 * @throws IndexError if there are more than dimensions
 */
export function expandMasks(op: string, shape: Shape, tensors: readonly unknown[]): TensorIndices {
  const indices: (Tensor | null)[] = [];
  for (const item of tensors) {
    const index = item === null || item === undefined ? null : parse(op, item);
    if (index !== null && !(index instanceof Tensor))
      throw new ValueError(`${op}: expected tensors as indices, got ${describe(item)}`);
    if (index !== null && isMask(index)) indices.push(...maskPositions(op, index, shape, indices.length));
    else indices.push(index);
  }
  if (indices.length > shape.length)
    throw new IndexError(`${op}: too many indices for a tensor of ${shape.length} dimensions, got ${indices.length}`);
  return indices;
}
