/**
 * @file The tables of interpolation along one dimension: which elements of a line make each element of the resized one.
 * Index arithmetic is PyTorch's, in the precision in which it computes (float32 but for float64 tensors).
 */
import { TapTable } from "./tap-table.ts";

/** How a line is resized. */
export interface Resizing {
  readonly from: number;
  readonly to: number;
  /** The factor that the user gave, or `null` for that of the sizes. */
  readonly scale: number | null;
  readonly alignCorners: boolean;
  /** Rounds to the precision of the index arithmetic. */
  readonly round: (x: number) => number;
}

/** Elements of the line for each of the resized one. */
function ratioOf({ from, to, scale, alignCorners, round }: Resizing): number {
  if (alignCorners) return to > 1 ? round((from - 1) / (to - 1)) : 0;
  return scale !== null && scale > 0 ? round(1 / scale) : round(from / to);
}

/** Where element `i` of the resized line lies in the line, as a real number. */
function position(i: number, ratio: number, { alignCorners, round }: Resizing): number {
  return alignCorners ? round(ratio * i) : round(round(ratio * round(i + 0.5)) - 0.5);
}

/** The element at or below a position, and how far behind it the position is. */
function split(at: number, { from, round }: Resizing): [index: number, fraction: number] {
  const index = Math.min(Math.floor(Math.fround(at)), from - 1);
  return [index, Math.min(Math.max(round(at - index), 0), 1)];
}

/** The element at or before each position; `exact` rounds to the middle of elements instead of their beginning. */
export function nearestTable(resizing: Resizing, exact: boolean): TapTable {
  const { from, to } = resizing;
  const ratio = ratioOf({ ...resizing, alignCorners: false, round: Math.fround });
  const shift = exact ? 0.5 : 0;
  return TapTable.copying(from, to, (i) => Math.min(Math.floor(Math.fround((i + shift) * ratio)), from - 1));
}

/** Straight lines between neighbours. */
export function linearTable(resizing: Resizing): TapTable {
  const { from, to, round } = resizing;
  if (from === to) return TapTable.copying(from, to, (i) => i);
  const ratio = ratioOf(resizing);
  return TapTable.weighted(from, to, (i) => {
    const [index, fraction] = split(Math.max(position(i, ratio, resizing), 0), resizing);
    return [
      [index, round(1 - fraction)],
      [Math.min(index + 1, from - 1), fraction],
    ];
  });
}

/** Weights of cubic convolution at distance `x` of up to 2, Keys 1981; `a` is the slope at 1. */
function cubic(x: number, a: number): number {
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

/** PyTorch's slope, which is OpenCV's, and that of its antialiased form, which is Pillow's. */
const CUBIC_SLOPE = -0.75;
const ANTIALIASED_CUBIC_SLOPE = -0.5;

/** Cubic convolution of four neighbours; beyond the ends stands the outermost element. */
export function cubicTable(resizing: Resizing): TapTable {
  const { from, to } = resizing;
  const ratio = ratioOf(resizing);
  return TapTable.weighted(from, to, (i) => {
    const [index, fraction] = split(position(i, ratio, resizing), resizing);
    return [-1, 0, 1, 2].map(
      (k) =>
        [Math.min(Math.max(index + k, 0), from - 1), cubic(Math.abs(fraction - k), CUBIC_SLOPE)] as [number, number],
    );
  });
}

/** Averages over the parts of the line that adaptive pooling takes. */
export function areaTable({ from, to }: Resizing): TapTable {
  return TapTable.weighted(from, to, (i) => {
    const first = Math.floor((i * from) / to);
    const count = Math.ceil(((i + 1) * from) / to) - first;
    return Array.from({ length: count }, (_, k) => [first + k, 1 / count] as const);
  });
}

/** Filters for antialiasing: how far they reach, and their weight at a distance. */
const filters = {
  linear: { reach: 1, weight: (x: number) => Math.max(0, 1 - x) },
  cubic: { reach: 2, weight: (x: number) => cubic(x, ANTIALIASED_CUBIC_SLOPE) },
};

/** As Pillow resizes: where the line shrinks, the filter is stretched so that every element counts. */
export function antialiasedTable(resizing: Resizing, filter: "linear" | "cubic"): TapTable {
  const { from, to, round } = resizing;
  const { reach, weight } = filters[filter];
  const ratio = ratioOf(resizing);
  const stretch = Math.max(ratio, 1);
  const support = round(reach * stretch);
  return TapTable.weighted(from, to, (i) => {
    const center = round(ratio * round(i + 0.5));
    const first = Math.max(Math.trunc(round(center - support + 0.5)), 0);
    const last = Math.min(Math.trunc(round(center + support + 0.5)), from);
    const weights = Array.from({ length: Math.max(0, last - first) }, (_, k) =>
      weight(Math.abs((first + k - center + 0.5) / stretch)),
    );
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w, k) => [first + k, total === 0 ? w : w / total] as const);
  });
}
