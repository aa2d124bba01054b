/** @file Tensors of one number that the host counts with (`step`): read and written where they lie, without an op. */
import { bumpVersion } from "../autograd/meta.ts";
import { backendOf } from "../backends/backend.ts";
import { cpu } from "../core/device.ts";
import { float32, float64, getDefaultDtype } from "../core/dtype.ts";
import type { Block } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { allocate } from "../ops/creation.ts";

interface View {
  readonly block: Block;
  readonly numbers: Float32Array | Float64Array;
}

const views = new WeakMap<Tensor, View>();

/** The memory of a tensor; another one once its storage has moved. */
function view(t: Tensor): Float32Array | Float64Array | null {
  if (t.device !== cpu || t.storage.exposed || t.layout.numel !== 1) return null;
  const found = views.get(t);
  if (found !== undefined && found.block === t.storage.block && !found.block.moves) return found.numbers;
  if (t.dtype !== float32 && t.dtype !== float64) return null;
  const { buffer, byteOffset } = backendOf(cpu).bytes(t.storage);
  const at = byteOffset + t.layout.offset * t.dtype.itemsize;
  const numbers = t.dtype === float32 ? new Float32Array(buffer, at, 1) : new Float64Array(buffer, at, 1);
  views.set(t, { block: t.storage.block, numbers });
  return numbers;
}

/** A tensor without dimensions, on the host as PyTorch's: float64 where that is the default dtype, else float32. */
export function hostNumber(value: number): Tensor {
  const dtype = getDefaultDtype() === float64 ? float64 : float32;
  const t = allocate([], dtype);
  (view(t) as Float32Array | Float64Array)[0] = value;
  return t;
}

/** The number in `t`. */
export function numberIn(t: Tensor): number {
  const numbers = view(t);
  return numbers === null ? t.item() : (numbers[0] as number);
}

/** Writes the number in `t`. */
export function setNumber(t: Tensor, value: number): void {
  const numbers = view(t);
  if (numbers === null) {
    t.fill_(value);
    return;
  }
  numbers[0] = value;
  bumpVersion(t);
}

/** A number as `t` would hold it. */
export const asStored = (t: Tensor, value: number): number => (t.dtype === float64 ? value : Math.fround(value));
