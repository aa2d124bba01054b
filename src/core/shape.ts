/** @file Arithmetic on sizes: counts, broadcasting, wrapped dimensions. No strides: those are in layout.ts. */
import { describe, IndexError, ShapeError, ValueError } from "./errors.ts";

export type Shape = readonly number[];

/** Number of elements of a shape; 1 for `[]`. */
export function numelOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i] as number;
  return n;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]`, as it stands in error texts. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * The shape that both broadcast to: aligned at the right, sizes equal or 1.
 * @throws ShapeError naming both shapes and the dimension where they differ
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let i = 1; i <= ndim; i++) {
    const x = i <= a.length ? (a[a.length - i] as number) : 1;
    const y = i <= b.length ? (b[b.length - i] as number) : 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new ShapeError(
        `${op}: expected shapes that broadcast, got ${shapeText(a)} and ${shapeText(b)} (${x} and ${y} at dimension ${ndim - i})`,
      );
    out[ndim - i] = x === 1 ? y : x;
  }
  return out;
}

/**
 * A dimension counted from the front; negative ones count from the end. A 0-dim tensor takes 0 and −1.
 * @throws IndexError if `dim` is out of range
 */
export function wrapDim(op: string, dim: number, ndim: number): number {
  const range = Math.max(ndim, 1);
  if (typeof dim !== "number" || !Number.isInteger(dim))
    throw new ValueError(`${op}: expected an integer as dim, got ${describe(dim)}`);
  if (dim < -range || dim >= range)
    throw new IndexError(`${op}: expected dim in the range [${-range}, ${range - 1}], got ${dim}`);
  return dim < 0 ? dim + range : dim;
}

/** Several dimensions, wrapped; all of them for `null`, `undefined`. Repeated ones are refused. */
export function wrapDims(op: string, dims: number | Shape | null | undefined, ndim: number): number[] {
  if (dims === null || dims === undefined) return Array.from({ length: ndim }, (_, i) => i);
  if (typeof dims === "number") return [wrapDim(op, dims, ndim)];
  if (!Array.isArray(dims)) throw new ValueError(`${op}: expected a number or an array as dim, got ${describe(dims)}`);
  const wrapped = dims.map((d) => wrapDim(op, d, ndim));
  const repeated = wrapped.find((d, i) => wrapped.indexOf(d) !== i);
  if (repeated !== undefined)
    throw new ValueError(`${op}: expected each dim once, got dim ${repeated} more than once in ${shapeText(dims)}`);
  return wrapped;
}

/**
 * Checks sizes given by a user: whole numbers, none negative.
 * @throws ValueError, ShapeError
 */
export function checkSizes(op: string, sizes: Shape): Shape {
  for (const n of sizes) {
    if (typeof n !== "number" || !Number.isSafeInteger(n))
      throw new ValueError(`${op}: expected whole numbers as sizes, got ${describe(n)}`);
    if (n < 0) throw new ShapeError(`${op}: expected sizes of at least 0, got ${shapeText(sizes)}`);
  }
  if (!Number.isSafeInteger(numelOf(sizes))) throw new ShapeError(`${op}: ${shapeText(sizes)} has too many elements`);
  return sizes;
}

/** Sizes given as an array or as numbers: `zeros([2, 3])`, `zeros(2, 3)`. */
export function sizesOf(op: string, args: readonly unknown[]): Shape {
  const sizes = args.length === 1 && Array.isArray(args[0]) ? (args[0] as number[]) : (args as number[]);
  return checkSizes(op, sizes);
}

/**
 * Fills in the one size that may be given as −1.
 * @throws ShapeError if the sizes do not hold `numel` elements
 */
export function inferSizes(op: string, sizes: Shape, numel: number): Shape {
  let known = 1;
  let unknown = -1;
  for (const [i, n] of sizes.entries()) {
    if (typeof n !== "number" || !Number.isSafeInteger(n))
      throw new ValueError(`${op}: expected whole numbers as sizes, got ${describe(n)}`);
    if (n === -1 && unknown >= 0)
      throw new ShapeError(`${op}: expected at most one size of -1, got ${shapeText(sizes)}`);
    if (n < -1) throw new ShapeError(`${op}: expected sizes of at least 0 (or one -1), got ${shapeText(sizes)}`);
    if (n === -1) unknown = i;
    else known *= n;
  }
  if (unknown < 0) {
    if (known === numel) return sizes;
  } else if (known !== 0 && numel % known === 0) {
    return sizes.map((n) => (n === -1 ? numel / known : n));
  } else if (known === 0 && numel === 0) {
    throw new ShapeError(
      `${op}: cannot infer the size -1 in ${shapeText(sizes)} of an empty tensor: any size would do`,
    );
  }
  throw new ShapeError(`${op}: expected a shape with ${numel} elements, got ${shapeText(sizes)}`);
}
