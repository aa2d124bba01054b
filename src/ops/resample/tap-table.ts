/** @file Which elements of a line make each element of another: what interpolation and padding come down to. */
import type { Taps } from "../../backends/resample-kernels.ts";
import { type DType, float64, uint8 } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { fromNumpy } from "../from-data.ts";

/** A table has an entry for each element. */
function checkLength(n: number): void {
  if (!(n < 2 ** 31)) throw new ShapeError(`resample: expected sizes below 2 ** 31, got ${n}`);
}

/** A sparse matrix by rows: row `i` has the entries from `starts[i]` up to `starts[i + 1]`. */
export class TapTable {
  /** Length of the line that is read. */
  readonly inLength: number;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  /** `null` where all are 1. */
  readonly weights: Float64Array | null;
  private flipped: TapTable | null = null;

  constructor(inLength: number, starts: Int32Array, indices: Int32Array, weights: Float64Array | null) {
    this.inLength = inLength;
    this.starts = starts;
    this.indices = indices;
    this.weights = weights;
  }

  /** Each element a copy of one other. */
  static copying(inLength: number, outLength: number, index: (i: number) => number): TapTable {
    checkLength(outLength);
    const starts = Int32Array.from({ length: outLength + 1 }, (_, i) => i);
    return new TapTable(
      inLength,
      starts,
      Int32Array.from({ length: outLength }, (_, i) => index(i)),
      null,
    );
  }

  /** Each element the weighted sum of those that `taps` gives, as pairs of index and weight. */
  static weighted(
    inLength: number,
    outLength: number,
    taps: (i: number) => readonly (readonly [index: number, weight: number])[],
  ): TapTable {
    checkLength(outLength);
    const rows = Array.from({ length: outLength }, (_, i) => taps(i));
    const starts = new Int32Array(outLength + 1);
    for (const [i, row] of rows.entries()) starts[i + 1] = (starts[i] as number) + row.length;
    const all = rows.flat();
    const weights = Float64Array.from(all, ([, weight]) => weight);
    return new TapTable(
      inLength,
      starts,
      Int32Array.from(all, ([index]) => index),
      weights,
    );
  }

  get outLength(): number {
    return this.starts.length - 1;
  }

  /** Whether a line stays as it is. */
  get isIdentity(): boolean {
    return this.copies && this.inLength === this.outLength && this.indices.every((index, i) => index === i);
  }

  get copies(): boolean {
    return this.weights === null && this.starts.every((start, i) => start === i);
  }

  /** The matrix transposed, which takes gradients back. */
  transposed(): TapTable {
    if (this.flipped !== null) return this.flipped;
    const starts = new Int32Array(this.inLength + 1);
    for (const index of this.indices) starts[index + 1] = (starts[index + 1] as number) + 1;
    for (let i = 0; i < this.inLength; i++) starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number);
    const next = starts.slice();
    const indices = new Int32Array(this.indices.length);
    const weights = this.weights === null ? null : new Float64Array(this.indices.length);
    for (let i = 0; i < this.outLength; i++)
      for (let k = this.starts[i] as number; k < (this.starts[i + 1] as number); k++) {
        const index = this.indices[k] as number;
        const at = next[index] as number;
        next[index] = at + 1;
        indices[at] = i;
        if (weights !== null) weights[at] = this.weights?.[k] as number;
      }
    this.flipped = new TapTable(this.outLength, starts, indices, weights);
    this.flipped.flipped = this;
    return this.flipped;
  }

  /** As a kernel wants it, for lines of `dtype`. */
  operands(dtype: DType): Taps {
    const { copies } = this;
    const fixed = dtype === uint8 && this.weights !== null ? fixedPoint(this.weights) : null;
    const wide = dtype.itemsize === float64.itemsize * (dtype.isComplex ? 2 : 1);
    const weights = fixed?.weights ?? (this.weights === null || wide ? this.weights : Float32Array.from(this.weights));
    return {
      starts: fromNumpy(this.starts),
      indices: fromNumpy(this.indices),
      weights: weights === null ? null : fromNumpy(weights),
      precision: fixed?.precision ?? 0,
      copies,
    };
  }
}

/** Weights as whole numbers of 16 bits, as precise as the largest allows; as Pillow has them. */
function fixedPoint(weights: Float64Array): { weights: Int32Array; precision: number } {
  const largest = weights.reduce((most, w) => Math.max(most, w), 0);
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + largest * 2 ** (precision + 1)) < 2 ** 15) precision++;
  const scaled = Int32Array.from(weights, (w) => Math.trunc(w * 2 ** precision + (w < 0 ? -0.5 : 0.5)));
  return { weights: scaled, precision };
}
