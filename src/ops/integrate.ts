/** @file Integrals and derivatives of functions that are known at points. */
import { bool, uint8 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText, wrapDim, wrapDims } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { toFloat } from "./dtypes.ts";
import { cat } from "./joining.ts";
import { checkTensor } from "./params.ts";

interface TrapezoidOptions {
  x?: Tensor | null;
  dx?: number | null;
  dim?: number;
}
type TrapezoidArgs = Call<[x: Tensor | null], TrapezoidOptions>;

interface Trapezoids {
  readonly dim: number;
  /** Sums of neighbours, each the doubled height of a trapezoid. */
  readonly heights: Tensor | null;
  readonly widths: Tensor | number;
}

function trapezoids(op: string, y: Tensor, args: readonly unknown[]): Trapezoids {
  checkTensor(op, y, "y");
  const { x = null, dx = null, dim = -1 } = bind<TrapezoidOptions>(op, ["x", "dx", "dim"], args);
  if (y.dtype === bool) throw new DTypeError(`${op}: expected a numeric dtype as y, got ${bool}`);
  if (x !== null && dx !== null) throw new ValueError(`${op}: expected x or dx, got both`);
  if (dx !== null && typeof dx !== "number")
    throw new ValueError(`${op}: expected a number as dx, got ${describe(dx)}`);
  if (y.ndim === 0) throw new ShapeError(`${op}: expected y with at least 1 dimension, got shape []`);
  const d = wrapDim(op, dim, y.ndim);
  const n = y.shape[d] as number;
  const widths = x === null ? (dx ?? 1) : widthsOf(op, x, y, d);
  if (n === 0) return { dim: d, heights: null, widths };
  return { dim: d, heights: y.narrow(d, 0, n - 1).add(y.narrow(d, 1, n - 1)), widths };
}

/** Differences of the points, shaped to go with `y`. */
function widthsOf(op: string, x: Tensor, y: Tensor, dim: number): Tensor {
  checkTensor(op, x, "x");
  if (x.dtype === bool) throw new DTypeError(`${op}: expected a numeric dtype as x, got ${bool}`);
  if (x.ndim === 1 && x.shape[0] !== y.shape[dim])
    throw new ShapeError(`${op}: expected one x for each of ${y.shape[dim]} points, got ${x.shape[0]}`);
  const shape =
    x.ndim === 1
      ? y.shape.map((_, i) => (i === dim ? (x.shape[0] as number) : 1))
      : [...new Array<number>(Math.max(y.ndim - x.ndim, 0)).fill(1), ...x.shape];
  return x.reshape(shape).diff({ dim: dim - y.ndim });
}

/**
 * Integral along a dimension by the trapezoidal rule. PyTorch: `torch.trapezoid`.
 *
 * @param y - values at points
 * @param args - `x`: the points, a vector or of a shape that broadcasts with that of `y`; or `dx`: their distance (1); `dim` (−1)
 * @throws ShapeError for as many points as do not fit; DTypeError for bools
 * @example
 * torch.trapezoid(torch.tensor([1, 5, 10])) // tensor(10.5000)
 * torch.trapezoid(torch.tensor([1, 5, 10]), torch.tensor([1, 3, 6])) // tensor(28.5000)
 */
export function trapezoid(y: Tensor, ...args: TrapezoidArgs): Tensor {
  const { dim, heights, widths } = trapezoids("trapezoid", y, args);
  if (heights === null) return y.newZeros(y.shape.toSpliced(dim, 1));
  if (widths instanceof Tensor) return heights.mul(widths).sum(dim).div(2);
  // The ends count half.
  const n = y.shape[dim] as number;
  const ends = y.select(dim, 0).add(y.select(dim, n - 1));
  return y
    .sum(dim)
    .sub(ends.mul(1 / 2))
    .mul(widths);
}

/** As `trapezoid`. PyTorch: `torch.trapz`. */
export function trapz(y: Tensor, ...args: TrapezoidArgs): Tensor {
  return trapezoid(y, ...args);
}

/**
 * Integrals from the first point to each other one, by the trapezoidal rule. PyTorch: `torch.cumulative_trapezoid`.
 *
 * @param args - as those of `trapezoid`
 * @example
 * torch.cumulativeTrapezoid(torch.tensor([1, 5, 10])) // tensor([ 3.0000, 10.5000])
 */
export function cumulativeTrapezoid(y: Tensor, ...args: TrapezoidArgs): Tensor {
  const { dim, heights, widths } = trapezoids("cumulativeTrapezoid", y, args);
  if (heights === null) return y.to(toFloat(y.dtype)).clone();
  if (widths instanceof Tensor) return heights.mul(widths).cumsum(dim).div(2);
  return heights.cumsum(dim).mul(widths).div(2);
}

type Spacing = number | readonly number[] | readonly Tensor[];

interface GradientOptions {
  spacing?: Spacing | null;
  dim?: number | readonly number[] | null;
  edgeOrder?: number;
}

/** Factors of an element and its next ones, shaped to broadcast along the dimension. */
type Stencil = readonly (number | Tensor)[];

/** Σ `stencil[j]` times the `count` elements from `from + j` on. */
function apply(x: Tensor, dim: number, from: number, count: number, stencil: Stencil): Tensor {
  return stencil.map((factor, j) => x.narrow(dim, from + j, count).mul(factor)).reduce((sum, term) => sum.add(term));
}

/** The derivative along a dimension of values at points with the distance `step`. */
function evenly(x: Tensor, dim: number, step: number, edgeOrder: number): Tensor {
  const n = x.shape[dim] as number;
  const center = apply(x, dim, 0, n - 2, [-1, 0, 1]).div(2);
  const [first, last] =
    edgeOrder === 1
      ? [apply(x, dim, 0, 1, [-1, 1]), apply(x, dim, n - 2, 1, [-1, 1])]
      : [apply(x, dim, 0, 1, [-3 / 2, 2, -1 / 2]), apply(x, dim, n - 3, 1, [1 / 2, -2, 3 / 2])];
  return cat([first, center, last], dim).div(step);
}

/** Factors of the parabola through three points with distances `a` and `b`, for its slope at the first, the middle or the last. */
function slopes(a: Tensor, b: Tensor, at: "first" | "middle" | "last"): Tensor[] {
  const both = a.add(b);
  if (at === "first") return [a.mul(2).add(b).neg().div(a.mul(both)), both.div(a.mul(b)), a.neg().div(b.mul(both))];
  if (at === "last") return [b.div(a.mul(both)), both.neg().div(a.mul(b)), b.mul(2).add(a).div(b.mul(both))];
  return [b.neg().div(a.mul(both)), b.sub(a).div(a.mul(b)), a.div(b.mul(both))];
}

/** The same at the points of a vector. */
function unevenly(x: Tensor, dim: number, points: Tensor, edgeOrder: number): Tensor {
  const n = x.shape[dim] as number;
  const steps = points.diff().reshape(x.shape.map((_, i) => (i === dim ? -1 : 1)));
  const step = (i: number) => steps.narrow(dim, i, 1);
  const center = apply(x, dim, 0, n - 2, slopes(steps.narrow(dim, 0, n - 2), steps.narrow(dim, 1, n - 2), "middle"));
  const [first, last] =
    edgeOrder === 1
      ? [apply(x, dim, 0, 1, [-1, 1]).div(step(0)), apply(x, dim, n - 2, 1, [-1, 1]).div(step(n - 2))]
      : [
          apply(x, dim, 0, 1, slopes(step(0), step(1), "first")),
          apply(x, dim, n - 3, 1, slopes(step(n - 3), step(n - 2), "last")),
        ];
  return cat([first, center, last], dim);
}

/** One spacing for each dimension. */
function spacingsOf(spacing: Spacing, given: boolean, dims: readonly number[]): readonly (number | Tensor)[] {
  if (typeof spacing === "number") return dims.map(() => spacing);
  if (!Array.isArray(spacing) || spacing.some((s) => typeof s !== "number" && !(s instanceof Tensor)))
    throw new ValueError(`gradient: expected a number, numbers or Tensors as spacing, got ${describe(spacing)}`);
  if (spacing.length !== dims.length)
    throw new ValueError(
      `gradient: expected a number as spacing, or one for each of ${dims.length} ${given ? "dim" : "dimensions"}, got ${spacing.length}`,
    );
  return spacing;
}

/**
 * Derivatives of a function that is known at points, along dimensions, by central differences. PyTorch: `torch.gradient`.
 *
 * @param input - values; any dtype but uint8 and bool
 * @param args - `spacing`: the distance of the points (1), one for each dimension, or a vector of points for each;
 *   `dim`: one, several, or all; `edgeOrder`: 1 or 2, the order of the differences at the ends
 * @returns a derivative for each dimension, of the shape of `input`
 * @throws ValueError for options that do not go together; ShapeError for fewer points than the differences take
 * @example
 * torch.gradient(torch.tensor([1, 4, 9, 16]))[0] // tensor([3., 4., 6., 7.])
 */
export function gradient(input: Tensor, ...args: Call<[], GradientOptions>): Tensor[] {
  checkTensor("gradient", input);
  const options = bind<GradientOptions>("gradient", ["spacing", "dim", "edgeOrder"], args);
  const { dim = null, edgeOrder = 1 } = options;
  const spacing = options.spacing ?? 1;
  if (input.dtype === uint8 || input.dtype === bool)
    throw new DTypeError(`gradient: expected a signed or floating-point dtype, got ${input.dtype}`);
  if (edgeOrder !== 1 && edgeOrder !== 2)
    throw new ValueError(`gradient: expected 1 or 2 as edgeOrder, got ${describe(edgeOrder)}`);
  const dims = wrapDims("gradient", dim, input.ndim);
  const spacings = spacingsOf(spacing, dim !== null, dims);
  for (const d of dims) {
    if (!((input.shape[d] ?? 0) > edgeOrder))
      throw new ShapeError(
        `gradient: expected at least ${edgeOrder + 1} points along dim ${d} for edgeOrder ${edgeOrder}, got shape ${shapeText(input.shape)}`,
      );
  }
  return dims.map((d, i) => {
    const s = spacings[i] as number | Tensor;
    if (typeof s === "number") return evenly(input, d, s, edgeOrder);
    if (s.ndim !== 1 || s.shape[0] !== input.shape[d])
      throw new ShapeError(
        `gradient: expected a vector of ${input.shape[d]} points as spacing of dim ${d}, got shape ${shapeText(s.shape)}`,
      );
    return unevenly(input, d, s, edgeOrder);
  });
}
