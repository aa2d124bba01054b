/** @file Views of a part: select, narrow, slice, and those that say where each element lies. */
import { IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { extent, Layout, mayOverlap } from "../core/layout.ts";
import { checkSizes, type Shape, shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { arange } from "./creation.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";
import { ViewOp, viewOp } from "./view-form.ts";

const selectOp = viewOp<{ dim: number; index: number }>({
  name: "select",
  layout: ({ shape, strides, offset }, { dim, index }) =>
    new Layout(shape.toSpliced(dim, 1), strides.toSpliced(dim, 1), offset + index * (strides[dim] as number)),
});

/** An index counted from the front. */
export function wrapIndex(op: string, index: number, size: number, dim: number): number {
  checkInt(op, "index", index);
  if (index < -size || index >= size)
    throw new IndexError(`${op}: index ${index} is out of bounds for dimension ${dim} with size ${size}`);
  return index < 0 ? index + size : index;
}

/** @internal `input` without dimension `dim` (wrapped), at one index of it; for the op that the error names. */
export function selectAt(op: string, input: Tensor, dim: number, index: number): Tensor {
  return selectOp.call(input, { dim, index: wrapIndex(op, index, input.shape[dim] as number, dim) });
}

type SelectArgs = Named<[dim: number, index: number], ["dim", "index"], { dim: number; index: number }>;

/**
 * One index of a dimension, which goes away; a view. PyTorch: `torch.select`.
 * @throws IndexError if there is no such index
 * @example
 * torch.tensor([[1, 2], [3, 4]]).select(1, -1) // tensor([2, 4])
 */
export function select(input: Tensor, ...args: SelectArgs): Tensor {
  checkTensor("select", input);
  const { dim, index } = named<{ dim: number; index: number }>("select", ["dim", "index"], 2, args);
  if (input.ndim === 0) throw new IndexError("select: expected a tensor with at least 1 dimension, got shape []");
  return selectAt("select", input, wrapDim("select", dim, input.ndim), index);
}

const sliceOp = viewOp<{ dim: number; start: number; length: number; step: number }>({
  name: "slice",
  layout: ({ shape, strides, offset }, { dim, start, length, step }) => {
    const stride = strides[dim] as number;
    return new Layout(shape.with(dim, length), strides.with(dim, stride * step), offset + start * stride);
  },
});

/** @internal `input[start:end:step]` along `dim` (wrapped): bounds beyond the ends are moved there, as in Python. */
export function sliceAlong(input: Tensor, dim: number, start: number | null, end: number | null, step: number): Tensor {
  const size = input.shape[dim] as number;
  const bound = (n: number) => Math.min(Math.max(n < 0 ? n + size : n, 0), size);
  const first = bound(start ?? 0);
  const length = Math.max(0, Math.ceil((bound(end ?? size) - first) / step));
  return sliceOp.call(input, { dim, start: first, length, step });
}

interface NarrowOptions {
  dim: number;
  start: number | Tensor;
  length: number;
}
type NarrowArgs = Named<
  [dim: number, start: number | Tensor, length: number],
  ["dim", "start", "length"],
  NarrowOptions
>;

/**
 * `length` indices of a dimension from `start` on; a view. PyTorch: `torch.narrow`.
 * @throws IndexError, ShapeError if there are not so many
 * @example
 * torch.arange(5).narrow(0, 1, 3) // tensor([1, 2, 3])
 */
export function narrow(input: Tensor, ...args: NarrowArgs): Tensor {
  checkTensor("narrow", input);
  const { dim, start, length } = named<NarrowOptions>("narrow", ["dim", "start", "length"], 3, args);
  if (input.ndim === 0) throw new ShapeError("narrow: expected a tensor with at least 1 dimension, got shape []");
  const d = wrapDim("narrow", dim, input.ndim);
  const size = input.shape[d] as number;
  if (start instanceof Tensor && (start.ndim > 0 || start.dtype.isFloatingPoint || start.dtype.isComplex))
    throw new ValueError(
      `narrow: expected a 0-dim integer tensor as start, got ${start.dtype} of shape ${shapeText(start.shape)}`,
    );
  const from = start instanceof Tensor ? start.item() : start;
  checkInt("narrow", "start", from);
  checkInt("narrow", "length", length);
  if (length < 0) throw new ShapeError(`narrow: expected a length of at least 0, got ${length}`);
  if (from < -size || from > size)
    throw new IndexError(`narrow: expected start in the range [${-size}, ${size}], got ${from}`);
  const first = from < 0 ? from + size : from;
  if (first + length > size)
    throw new IndexError(`narrow: expected start + length of at most ${size}, got ${from} + ${length}`);
  return sliceOp.call(input, { dim: d, start: first, length, step: 1 });
}

/** As `narrow`, but a copy. PyTorch: `torch.narrow_copy`. */
export function narrowCopy(input: Tensor, ...args: NarrowArgs): Tensor {
  return narrow(input, ...args).clone();
}

interface Geometry {
  readonly size: Shape;
  readonly stride: Shape;
  readonly offset: number;
  /** Of the tensor that the view was taken of. */
  readonly of: Layout;
}

/** Which elements of a storage a layout touches, in row-major order of the layout. */
function positions(shape: Shape, strides: Shape, offset: number): Tensor {
  const ends = extent(new Layout(shape, strides, 0)) + offset;
  return asStridedOp
    .call(arange(ends), { size: shape, stride: strides, offset, of: Layout.contiguous([ends]) })
    .reshape(-1);
}

/** @throws ShapeError if the view would reach beyond the storage */
function checkWithin(op: string, input: Tensor, { size, stride, offset }: Omit<Geometry, "of">): void {
  const held = Math.floor(input.storage.nbytes / input.dtype.itemsize);
  const last = extent(new Layout(size, stride, 0)) + offset;
  if (size.every((n) => n > 0) && last > held)
    throw new ShapeError(
      `${op}: expected elements within the storage of ${held}, got size ${shapeText(size)}, stride ${shapeText(stride)} and storageOffset ${offset}, which need ${last}`,
    );
}

class AsStridedOp extends ViewOp<Geometry> {
  override call(input: Tensor, attrs: Geometry): Tensor {
    checkWithin("asStrided", input, attrs);
    return super.call(input, attrs);
  }
}

const asStridedOp = new AsStridedOp({
  name: "asStrided",
  layout: (_, { size, stride, offset }) => new Layout(size, stride, offset),
  // An element of the storage that the view shows several times gets the sum of the gradients; one that the input itself shows
  // several times shares it out among these.
  backward: (grad, { size, stride, offset, of }) => {
    const view = new Layout(size, stride, offset);
    const low = Math.min(offset, of.offset);
    const held = Math.max(extent(view) + offset, extent(of) + of.offset) - low;
    if (!mayOverlap(view) && !mayOverlap(of)) {
      const memory = grad.newZeros([held]);
      memory.asStrided(size, stride, offset - low).copy_(grad);
      return memory.asStrided(of.shape, of.strides, of.offset - low);
    }
    const storage = grad.newZeros([held]).indexAdd(0, positions(size, stride, offset - low), grad.reshape(-1));
    const own = positions(of.shape, of.strides, of.offset - low);
    if (!mayOverlap(of)) return storage.indexSelect(0, own).reshape(of.shape);
    const shared = grad.newZeros([held]).indexAdd(0, own, grad.newOnes([own.numel()]));
    return storage.indexSelect(0, own).div(shared.indexSelect(0, own)).reshape(of.shape);
  },
});

interface AsStridedOptions {
  size: Shape;
  stride: Shape;
  storageOffset?: number | null;
}
type AsStridedArgs = Named<
  [size: Shape, stride: Shape, storageOffset: number | null],
  ["size", "stride", "storageOffset"],
  AsStridedOptions
>;

/**
 * A view with sizes, strides and offset of one's own, over the storage of `input`. Elements may appear several times: clone such a
 * view before changing it in place. PyTorch: `torch.as_strided`.
 *
 * @param args - `size`, `stride`, `storageOffset` (that of `input`), all counted in elements
 * @throws ShapeError if the view would reach beyond the storage
 * @example
 * torch.arange(4).asStrided([3, 2], [1, 1]) // tensor([[0, 1],
 *                                           //         [1, 2],
 *                                           //         [2, 3]])
 */
export function asStrided(input: Tensor, ...args: AsStridedArgs): Tensor {
  return asStridedOp.call(input, geometry("asStrided", input, args));
}

/** As `asStrided`, of the tensor itself. PyTorch: `Tensor.as_strided_`. */
export function asStrided_(input: Tensor, ...args: AsStridedArgs): Tensor {
  return asStridedOp.callInPlace(input, geometry("asStrided_", input, args));
}

function geometry(op: string, input: Tensor, args: readonly unknown[]): Geometry {
  checkTensor(op, input);
  const { size, stride, storageOffset } = named<AsStridedOptions>(op, ["size", "stride", "storageOffset"], 2, args);
  for (const [name, numbers] of [
    ["size", size],
    ["stride", stride],
  ] as const) {
    if (!Array.isArray(numbers))
      throw new ValueError(`${op}: expected an array of numbers as ${name}, got ${String(numbers)}`);
    for (const n of numbers) checkInt(op, name, n);
  }
  checkSizes(op, size);
  if (stride.some((n) => n < 0))
    throw new ValueError(`${op}: expected strides of at least 0, got ${shapeText(stride)}`);
  if (size.length !== stride.length)
    throw new ShapeError(`${op}: expected as many strides as sizes, got ${shapeText(size)} and ${shapeText(stride)}`);
  const offset = storageOffset ?? input.layout.offset;
  checkInt(op, "storageOffset", offset);
  if (offset < 0) throw new ValueError(`${op}: expected a storageOffset of at least 0, got ${offset}`);
  const attrs = { size: [...size], stride: [...stride], offset, of: input.layout };
  checkWithin(op, input, attrs);
  return attrs;
}

const unfoldOp = viewOp<{ dim: number; size: number; step: number }>({
  name: "unfold",
  layout: ({ shape, strides, offset }, { dim, size, step }) => {
    if (shape.length === 0) return new Layout([size], [1], offset);
    const stride = strides[dim] as number;
    const windows = Math.floor(((shape[dim] as number) - size) / step) + 1;
    return new Layout([...shape.with(dim, windows), size], [...strides.with(dim, stride * step), stride], offset);
  },
  backward: (grad, { dim, step }, shape) => {
    if (shape.length === 0) return grad.sum();
    return addWindows(grad, dim, step, shape);
  },
});

/** What `unfold` took apart, put together: elements of windows that lie at the same place are added up. */
export function addWindows(windows: Tensor, dim: number, step: number, shape: Shape): Tensor {
  const [count, size] = [windows.shape[dim] as number, windows.shape.at(-1) as number];
  // Which index of `dim` each element of each window is.
  const index = arange(count).mul(step).unsqueeze(1).add(arange(size)).reshape(-1);
  return windows.newZeros(shape).indexAdd(dim, index, windows.movedim(-1, dim + 1).flatten(dim, dim + 1));
}

interface UnfoldOptions {
  dimension: number;
  size: number;
  step: number;
}
type UnfoldArgs = Named<[dimension: number, size: number, step: number], ["dimension", "size", "step"], UnfoldOptions>;

/**
 * Windows of `size` indices of a dimension, every `step` of them, as a new last dimension; a view. PyTorch: `Tensor.unfold`.
 * @example
 * torch.arange(5).unfold(0, 3, 2) // tensor([[0, 1, 2],
 *                                 //         [2, 3, 4]])
 */
export function unfold(input: Tensor, ...args: UnfoldArgs): Tensor {
  const { dimension, size, step } = named<UnfoldOptions>("unfold", ["dimension", "size", "step"], 3, args);
  const dim = wrapDim("unfold", dimension, input.ndim);
  checkInt("unfold", "size", size);
  checkInt("unfold", "step", step);
  const held = input.shape[dim] ?? 1;
  if (size < 0 || size > held)
    throw new ShapeError(`unfold: expected a size of 0 to ${held} for dimension ${dim}, got ${size}`);
  if (step < 1) throw new ValueError(`unfold: expected a step of at least 1, got ${step}`);
  return unfoldOp.call(input, { dim, size, step });
}

const aliasOp = viewOp({ name: "alias", layout: (input) => input, backward: (grad) => grad });

/** @internal A view of the whole. */
export function alias(input: Tensor): Tensor {
  return aliasOp.call(input, undefined);
}
