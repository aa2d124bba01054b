/** @file Operands for kernel tests: any dtype in any layout, with plain arrays of numbers in row-major order on this side. */

import type { Operand } from "../../src/backends/backend.ts";
import { allocate, bytes } from "../../src/backends/cpu/memory.ts";
import { DTYPES, type DType, type DTypeName } from "../../src/core/dtype.ts";
import { extent, Layout } from "../../src/core/layout.ts";
import { numelOf, type Shape } from "../../src/core/shape.ts";
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16 } from "./half.ts";

/** How elements lie: row-major, column-major, or every other one with room around. */
export type Order = "rows" | "columns" | "gaps";
export const ORDERS: readonly Order[] = ["rows", "columns", "gaps"];

interface Accessor {
  read(view: DataView, byte: number): number;
  write(view: DataView, byte: number, value: number): void;
}

const byteAccessor: Accessor = { read: (v, at) => v.getUint8(at), write: (v, at, x) => v.setUint8(at, x) };

const accessors: Partial<Record<DTypeName, Accessor>> = {
  uint8: byteAccessor,
  bool: byteAccessor,
  int8: { read: (v, at) => v.getInt8(at), write: (v, at, x) => v.setInt8(at, x) },
  int16: { read: (v, at) => v.getInt16(at, true), write: (v, at, x) => v.setInt16(at, x, true) },
  int32: { read: (v, at) => v.getInt32(at, true), write: (v, at, x) => v.setInt32(at, x, true) },
  int64: {
    read: (v, at) => Number(v.getBigInt64(at, true)),
    write: (v, at, x) => v.setBigInt64(at, BigInt(Math.trunc(x)), true),
  },
  float16: {
    read: (v, at) => fromFloat16(v.getUint16(at, true)),
    write: (v, at, x) => v.setUint16(at, toFloat16(x), true),
  },
  bfloat16: {
    read: (v, at) => fromBFloat16(v.getUint16(at, true)),
    write: (v, at, x) => v.setUint16(at, toBFloat16(x), true),
  },
  float32: { read: (v, at) => v.getFloat32(at, true), write: (v, at, x) => v.setFloat32(at, x, true) },
  float64: { read: (v, at) => v.getFloat64(at, true), write: (v, at, x) => v.setFloat64(at, x, true) },
};

function accessorOf({ name }: DType): Accessor {
  const accessor = accessors[name];
  if (!accessor) throw new Error(`no numbers in ${name}`);
  return accessor;
}

function viewOf(x: Operand): DataView {
  const { buffer, byteOffset, byteLength } = bytes(x.storage);
  return new DataView(buffer, byteOffset, byteLength);
}

function offsets({ shape, strides, offset }: Layout): number[] {
  let all = [offset];
  shape.forEach((size, d) => {
    all = all.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * (strides[d] as number)));
  });
  return all;
}

function layoutOf(shape: Shape, order: Order): Layout {
  if (order === "rows") return Layout.contiguous(shape);
  const step = order === "gaps" ? 2 : 1;
  const strides: number[] = new Array(shape.length);
  let next = step;
  const dims = shape.map((_, i) => i);
  if (order === "gaps") dims.reverse();
  for (const d of dims) {
    strides[d] = next;
    next *= Math.max(shape[d] as number, 1) + (order === "gaps" ? 1 : 0);
  }
  return new Layout(shape, strides, order === "gaps" ? 3 : 0);
}

/** An operand over `elements` elements of zeros, seen through a layout. */
export function operandIn(dtype: DTypeName, elements: number, layout: Layout): Operand {
  const storage = allocate(elements * DTYPES[dtype].itemsize);
  bytes(storage).fill(0);
  return { storage, layout, dtype: DTYPES[dtype] };
}

/** An operand with the values given (zeros otherwise), in row-major order. */
export function operand(
  dtype: DTypeName,
  shape: Shape,
  values: readonly number[] = [],
  order: Order = "rows",
): Operand {
  const layout = layoutOf(shape, order);
  const x = operandIn(dtype, layout.offset + extent(layout), layout);
  if (values.length === 0) return x;
  const view = viewOf(x);
  const { write } = accessorOf(x.dtype);
  offsets(layout).forEach((at, i) => {
    write(view, at * x.dtype.itemsize, values[i] as number);
  });
  return x;
}

/** The elements in row-major order. */
export function valuesOf(x: Operand): number[] {
  const view = viewOf(x);
  const { read } = accessorOf(x.dtype);
  return offsets(x.layout).map((at) => read(view, at * x.dtype.itemsize));
}

/** The bytes of the elements in row-major order. */
export function bytesOf(x: Operand): Uint8Array {
  const all = bytes(x.storage);
  const size = x.dtype.itemsize;
  const out = new Uint8Array(x.layout.numel * size);
  offsets(x.layout).forEach((at, i) => {
    out.set(all.subarray(at * size, (at + 1) * size), i * size);
  });
  return out;
}

/** Positions of a shape in row-major order. */
export function positionsOf(shape: Shape): number[][] {
  let all: number[][] = [[]];
  for (const size of shape) all = all.flatMap((p) => Array.from({ length: size }, (_, i) => [...p, i]));
  return all;
}

/** The row-major number of a position. */
export function numberOf(position: readonly number[], shape: Shape): number {
  return position.reduce((n, i, d) => n * (shape[d] as number) + i, 0);
}

/** Small random integers, always the same ones. */
export function integers(seed: number): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low));
  };
}

export function fill(shape: Shape, next: () => number): number[] {
  return Array.from({ length: numelOf(shape) }, next);
}
