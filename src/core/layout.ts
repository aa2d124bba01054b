/** @file How a tensor lies in its storage: sizes, strides and offset, all counted in elements. */
import { numelOf, type Shape } from "./shape.ts";

/** Immutable; views of a tensor differ from it in nothing but their layout. */
export class Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly numel: number;
  /** Whether the elements lie one after the other in row-major order. */
  readonly isContiguous: boolean;

  constructor(shape: Shape, strides: readonly number[], offset: number) {
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.numel = numelOf(shape);
    this.isContiguous = contiguousFrom(shape, strides, this.numel);
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** Row-major, offset 0. */
  static contiguous(shape: Shape): Layout {
    return shape.length === 0 ? scalarLayout : new Layout(shape, contiguousStrides(shape), 0);
  }
}

/** Row-major strides. A dimension of size 0 counts as 1, as in PyTorch. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i] as number, 1);
  }
  return strides;
}

function contiguousFrom(shape: Shape, strides: readonly number[], numel: number): boolean {
  if (numel === 0) return true;
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i] as number;
    if (n === 1) continue;
    if (strides[i] !== step) return false;
    step *= n;
  }
  return true;
}

export const scalarLayout = new Layout([], [], 0);

/** Whether no two indices share an element and the elements fill a block without gaps, in whatever order of dimensions. */
export function isDense(layout: Layout): boolean {
  if (layout.isContiguous) return true;
  const order = layout.shape.map((_, i) => i).filter((i) => layout.shape[i] !== 1);
  order.sort((i, j) => (layout.strides[i] as number) - (layout.strides[j] as number));
  let step = 1;
  for (const i of order) {
    if (layout.strides[i] !== step) return false;
    step *= layout.shape[i] as number;
  }
  return true;
}

/** Whether two indices may share an element, as in an expanded tensor. Conservative for odd strides, like PyTorch's check. */
export function mayOverlap(layout: Layout): boolean {
  if (layout.isContiguous) return false;
  const dims = layout.shape
    .map((n, i) => [n, layout.strides[i] as number] as const)
    .filter(([n]) => n > 1)
    .sort((a, b) => a[1] - b[1]);
  let reach = 0; // the highest offset that the dimensions so far can reach
  for (const [n, stride] of dims) {
    if (stride <= reach) return true;
    reach += (n - 1) * stride;
  }
  return false;
}

/** Elements from the first to one past the last that the layout touches, counted from its offset. */
export function extent(layout: Layout): number {
  if (layout.numel === 0) return 0;
  let last = 0;
  for (let i = 0; i < layout.shape.length; i++)
    last += ((layout.shape[i] as number) - 1) * (layout.strides[i] as number);
  return last + 1;
}

/** Strides of `layout` when it is broadcast to `shape`: 0 where it has size 1 or no dimension. */
export function broadcastStrides(layout: Layout, shape: Shape): readonly number[] {
  if (layout.shape === shape) return layout.strides;
  const lead = shape.length - layout.shape.length;
  const strides = new Array<number>(shape.length);
  for (let i = 0; i < shape.length; i++) {
    const j = i - lead;
    strides[i] = j < 0 || (layout.shape[j] === 1 && shape[i] !== 1) ? 0 : (layout.strides[j] as number);
  }
  return strides;
}

/**
 * Strides with which `layout` can be seen as `shape` without moving data, or `null`.
 * Dimensions of the old layout that lie behind one another form runs; each run must be cut into whole new dimensions.
 */
export function viewStrides(layout: Layout, shape: Shape): number[] | null {
  if (layout.isContiguous) return contiguousStrides(shape);
  const strides = new Array<number>(shape.length);
  let d = shape.length - 1;
  let baseStride = layout.strides[layout.ndim - 1] as number;
  let runSize = 1;
  let viewSize = 1;
  for (let i = layout.ndim - 1; i >= 0; i--) {
    runSize *= layout.shape[i] as number;
    const ends = i === 0 || (layout.shape[i - 1] !== 1 && layout.strides[i - 1] !== runSize * baseStride);
    if (!ends) continue;
    while (d >= 0 && (viewSize < runSize || shape[d] === 1)) {
      strides[d] = viewSize * baseStride;
      viewSize *= shape[d] as number;
      d--;
    }
    if (viewSize !== runSize) return null;
    if (i > 0) {
      baseStride = layout.strides[i - 1] as number;
      runSize = 1;
      viewSize = 1;
    }
  }
  return d === -1 ? strides : null;
}

/**
 * The layout of a result whose inputs all have `shape` (or broadcast to it): row-major, or the order in which the dense inputs lie,
 * so that `x.t().exp()` keeps the strides of `x.t()`, as PyTorch's TensorIterator does.
 */
export function resultLayout(shape: Shape, inputs: readonly Layout[]): Layout {
  const ndim = shape.length;
  if (ndim < 2 || inputs.every((l) => l.isContiguous)) {
    for (const l of inputs) if (l.shape === shape && l.isContiguous && l.offset === 0) return l;
    return Layout.contiguous(shape);
  }
  const strides = inputs.map((l) => broadcastStrides(l, shape));
  // Insertion sort of the dimensions, innermost first; a comparison that no input decides leaves them as they are.
  const order = Array.from({ length: ndim }, (_, i) => ndim - 1 - i);
  for (let i = 1; i < ndim; i++) {
    let moved = i;
    for (let j = i - 1; j >= 0; j--) {
      const verdict = compareDims(order[j] as number, order[moved] as number, strides, shape);
      if (verdict > 0) {
        [order[j], order[moved]] = [order[moved] as number, order[j] as number];
        moved = j;
      } else if (verdict < 0) break;
    }
  }
  const result = new Array<number>(ndim);
  let step = 1;
  for (const i of order) {
    result[i] = step;
    step *= Math.max(shape[i] as number, 1);
  }
  return new Layout(shape, result, 0);
}

/** 1 if dimension `a` must lie outside of `b`, −1 if inside, 0 if the inputs do not say. */
function compareDims(a: number, b: number, strides: readonly (readonly number[])[], shape: Shape): number {
  for (const s of strides) {
    const x = s[a] as number;
    const y = s[b] as number;
    if (x === 0 || y === 0) continue; // broadcast here: this input does not decide
    if (x < y) return -1;
    if (x > y) return 1;
    if ((shape[a] as number) > (shape[b] as number)) return 1;
  }
  return 0;
}
