/** @file Counting into bins: bincount, histc, histogram, histogramdd. */
import { backendOf } from "../backends/backend.ts";
import { bool, float32, float64, int64 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { numelOf, sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate, linspace } from "./creation.ts";
import { type NamedTuple, namedTuple } from "./named-tuple.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";
import { searchsorted } from "./sort.ts";

interface BincountOptions {
  weights?: Tensor | null;
  minlength?: number;
}

/**
 * How often each of the numbers 0, 1, … comes in a vector, or the sums of weights. PyTorch: `torch.bincount`.
 *
 * @param input - a vector of integers of at least 0
 * @param args - `weights`: one for each element; `minlength`: the least size of the result
 * @returns int64 `[max + 1]`; with weights float32 if they are, else float64
 * @throws ShapeError, ValueError, DTypeError for anything but a vector of such integers
 * @example
 * torch.bincount(torch.tensor([0, 2, 2])) // tensor([1, 0, 2])
 */
export function bincount(
  input: Tensor,
  ...args: Call<[weights: Tensor | null, minlength: number], BincountOptions>
): Tensor {
  checkTensor("bincount", input);
  const { weights = null, minlength = 0 } = bind<BincountOptions>("bincount", ["weights", "minlength"], args);
  checkInt("bincount", "minlength", minlength);
  if (minlength < 0) throw new ValueError(`bincount: expected minlength of at least 0, got ${minlength}`);
  if (input.dtype.isFloatingPoint || input.dtype.isComplex || input.dtype === bool)
    throw new DTypeError(`bincount: expected an integer tensor, got ${input.dtype}`);
  if (input.ndim !== 1 && input.layout.numel > 0)
    throw new ShapeError(`bincount: expected a vector, got shape ${shapeText(input.shape)}`);
  if (weights !== null) {
    checkTensor("bincount", weights, "weights");
    if (!sameShape(weights.shape, input.shape))
      throw new ShapeError(
        `bincount: expected weights of the shape of input, got ${shapeText(weights.shape)} and ${shapeText(input.shape)}`,
      );
  }
  const places = input.reshape(-1).to(int64);
  if (places.numel() === 0) return input.newZeros([minlength], { dtype: int64 });
  const { min, max } = places.aminmax();
  if (min.item() < 0) throw new ValueError(`bincount: expected integers of at least 0, got ${min.item()}`);
  const dtype = weights === null ? int64 : weights.dtype === float32 ? float32 : float64;
  const zeros = input.newZeros([Math.max(max.item() + 1, minlength)], { dtype });
  const added = weights === null ? places.newOnes(places.shape) : weights.detach().to(dtype);
  return zeros.scatterAdd_(0, places, added);
}

function checkBins(op: string, bins: unknown): number {
  checkInt(op, "bins", bins);
  if (bins <= 0) throw new ValueError(`${op}: expected at least 1 bin, got ${bins}`);
  return bins;
}

/** Ends of the bins: those given, or the extremes of a vector; a range without extent grows by `margin` at both ends. */
function rangeOf(op: string, x: Tensor, given: readonly [number, number] | null, margin: number): [number, number] {
  let [low, high] = given ?? (x.numel() === 0 ? [0, 1] : [...x.aminmax()].map((t) => t.item()));
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ValueError(`${op}: expected a finite range, got [${low}, ${high}]`);
  if ((low as number) > (high as number))
    throw new ValueError(`${op}: expected a range with min no larger than max, got [${low}, ${high}]`);
  if (low === high) [low, high] = [(low as number) - margin, (high as number) + margin];
  return [low as number, high as number];
}

interface HistcOptions {
  bins?: number;
  min?: number;
  max?: number;
}

/**
 * Counts of elements in `bins` bins of equal width between `min` and `max`; others do not count. PyTorch: `torch.histc`.
 *
 * @param input - any shape; floating
 * @param args - `bins` (100), `min`, `max` (if they are equal: the extremes of `input`)
 * @returns the counts, in the dtype of `input`
 * @throws DTypeError for integers; ValueError for a range that is not finite, or the wrong way round
 * @example
 * torch.histc(torch.tensor([1, 2, 1.5]), 4, 0, 3) // tensor([0., 1., 2., 0.])
 */
export function histc(input: Tensor, ...args: Call<[bins: number, min: number, max: number], HistcOptions>): Tensor {
  checkTensor("histc", input);
  const { bins = 100, min = 0, max = 0 } = bind<HistcOptions>("histc", ["bins", "min", "max"], args);
  checkBins("histc", bins);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `histc: expected a floating-point dtype, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
  for (const [name, n] of Object.entries({ min, max }))
    if (typeof n !== "number") throw new ValueError(`histc: expected a number as ${name}, got ${describe(n)}`);
  const x = input.detach();
  if (min > max) throw new ValueError(`histc: expected max of at least min, got min ${min} and max ${max}`);
  if (x.numel() === 0 && min === max) return input.newZeros([bins]);
  const [low, high] = rangeOf("histc", x, min === max ? null : [min, max], 1);
  const counts = allocate([bins], x.dtype, x.device);
  backendOf(x.device).kernels.histogram(counts, x.contiguous(), low, high);
  return counts;
}

/** The bin of each element of a vector between edges; the last bin holds its upper end. −1: outside. */
function binsOf(x: Tensor, edges: Tensor): Tensor {
  const last = edges.numel() - 1;
  const inside = x.ge(edges.select(0, 0)).logicalAnd(x.le(edges.select(0, last)));
  const bin = searchsorted(edges, x.contiguous(), { right: true })
    .sub(1)
    .clampMax(last - 1);
  return bin.where(inside, -1);
}

/** Counts (or sums of weights) over the cells of a grid: `x` is [elements, dimensions]. */
function countCells(x: Tensor, edges: readonly Tensor[], weight: Tensor | null): Tensor {
  const sizes = edges.map((e) => Math.max(e.numel() - 1, 0));
  const cells = numelOf(sizes);
  let place = x.newZeros([x.shape[0] as number], { dtype: int64 });
  let inside = x.newOnes([x.shape[0] as number], { dtype: bool });
  for (const [d, e] of edges.entries()) {
    const bin = binsOf(x.select(1, d), e);
    inside = inside.logicalAnd(bin.ge(0));
    place = place.mul(sizes[d] as number).add(bin);
  }
  const chosen = place.maskedSelect(inside);
  const weights = weight === null ? null : weight.reshape(-1).maskedSelect(inside);
  return bincount(chosen, weights, cells).to(x.dtype).reshape(sizes);
}

/** Counts over the widths of their bins and their sum. */
function density(hist: Tensor, edges: readonly Tensor[]): Tensor {
  return edges.reduce(
    (h, e, d) => h.div(e.diff().reshape(edges.map((_, i) => (i === d ? -1 : 1)))),
    hist.div(hist.sum()),
  );
}

interface HistogramOptions {
  bins: number | Tensor;
  /** Ends of the lowest and the highest bin. */
  range?: readonly number[] | null;
  weight?: Tensor | null;
  density?: boolean;
}
type HistogramArgs = Named<[bins: number | Tensor], ["bins"], HistogramOptions>;
const HISTOGRAM = ["bins", "range", "weight", "density"] as const;

function checkEdges(op: string, input: Tensor, edges: Tensor): Tensor {
  if (edges.ndim !== 1)
    throw new ShapeError(`${op}: expected a vector of edges as bins, got shape ${shapeText(edges.shape)}`);
  if (edges.dtype !== input.dtype)
    throw new DTypeError(`${op}: expected bins in the dtype of input, got ${edges.dtype} and ${input.dtype}`);
  if (edges.numel() < 2) throw new ValueError(`${op}: expected at least 2 edges as bins, got ${edges.numel()}`);
  return edges.detach().contiguous();
}

function checkInput(op: string, input: Tensor): void {
  checkTensor(op, input);
  if (input.dtype !== float32 && input.dtype !== float64)
    throw new DTypeError(`${op}: expected a float32 or float64 tensor, got ${input.dtype}`);
}

function checkWeight(op: string, input: Tensor, weight: Tensor | null, shape: readonly number[]): void {
  if (weight === null) return;
  checkTensor(op, weight, "weight");
  if (!sameShape(weight.shape, shape))
    throw new ShapeError(`${op}: expected weight of shape ${shapeText(shape)}, got ${shapeText(weight.shape)}`);
  if (weight.dtype !== input.dtype)
    throw new DTypeError(`${op}: expected weight in the dtype of input, got ${weight.dtype} and ${input.dtype}`);
}

/** The edges of each dimension of `x` ([elements, dimensions]), from a number of bins or as given. */
function edgesOf(op: string, x: Tensor, bins: readonly (number | Tensor)[], range: readonly number[] | null): Tensor[] {
  if (range !== null && (!Array.isArray(range) || range.length !== 2 * bins.length))
    throw new ValueError(
      `${op}: expected ${2 * bins.length} numbers as range (min and max of each dimension), got ${describe(range)}`,
    );
  return bins.map((b, d) => {
    if (b instanceof Tensor) return checkEdges(op, x, b);
    const given = range === null ? null : ([range[2 * d], range[2 * d + 1]] as [number, number]);
    const [low, high] = rangeOf(op, x.select(1, d), given, 0.5);
    return linspace(low, high, checkBins(op, b) + 1, { dtype: x.dtype, device: x.device });
  });
}

/**
 * A histogram of all elements. PyTorch: `torch.histogram`.
 *
 * @param input - any shape; float32 or float64
 * @param args - `bins`: how many, or their edges in rising order; `range`: `[min, max]` (else the extremes); `weight`: one for
 *   each element; `density`: gives a density that integrates to 1
 * @returns `hist` and `binEdges`, which has one element more; each bin but the last is open at its upper edge
 * @throws DTypeError, ShapeError, ValueError for inputs that do not go together
 * @example
 * const { hist, binEdges } = torch.histogram(torch.tensor([1, 2, 1.5]), 2, { range: [0, 3] });
 * hist // tensor([1., 2.])
 */
export function histogram(input: Tensor, ...args: HistogramArgs): NamedTuple<{ hist: Tensor; binEdges: Tensor }> {
  checkInput("histogram", input);
  const {
    bins,
    range = null,
    weight = null,
    density: asDensity = false,
  } = named<HistogramOptions>("histogram", HISTOGRAM, 1, args);
  checkWeight("histogram", input, weight, input.shape);
  const x = input.detach().reshape(-1, 1);
  const edges = edgesOf("histogram", x, [bins], range);
  const counts = countCells(x, edges, weight?.detach() ?? null);
  const hist = asDensity ? density(counts, edges) : counts;
  return namedTuple({ hist, binEdges: edges[0] as Tensor }, "histogram");
}

interface HistogramddOptions extends Omit<HistogramOptions, "bins"> {
  bins: number | readonly number[] | readonly Tensor[];
}
type HistogramddArgs = Named<[bins: number | readonly number[] | readonly Tensor[]], ["bins"], HistogramddOptions>;

/** A histogram and the edges of each of its dimensions; both by name and by position. */
export type Histogramdd = readonly [hist: Tensor, binEdges: readonly Tensor[]] & {
  readonly hist: Tensor;
  readonly binEdges: readonly Tensor[];
};

/**
 * A histogram of points: the last dimension of `input` holds their coordinates. PyTorch: `torch.histogramdd`.
 *
 * @param input - `[…, N]`; float32 or float64
 * @param args - `bins`: how many in each dimension (one number, or N), or N vectors of edges; `range`: min and max of each
 *   dimension in turn; `weight`: of the shape of `input` without its last dimension; `density`
 * @returns `hist`, of N dimensions, and `binEdges`, N vectors
 * @throws DTypeError, ShapeError, ValueError for inputs that do not go together
 * @example
 * const { hist } = torch.histogramdd(torch.tensor([[0, 1], [1, 0], [2, 2.5]]), [2, 2], { range: [0, 3, 0, 3] });
 * hist // tensor([[2., 0.],
 *      //         [0., 1.]])
 */
export function histogramdd(input: Tensor, ...args: HistogramddArgs): Histogramdd {
  checkInput("histogramdd", input);
  const {
    bins,
    range = null,
    weight = null,
    density: asDensity = false,
  } = named<HistogramddOptions>("histogramdd", HISTOGRAM, 1, args);
  if (input.ndim < 2)
    throw new ShapeError(`histogramdd: expected input with at least 2 dimensions, got shape ${shapeText(input.shape)}`);
  const n = input.shape[input.ndim - 1] as number;
  const each: readonly (number | Tensor)[] = typeof bins === "number" ? new Array<number>(n).fill(bins) : bins;
  if (!Array.isArray(each) || each.length !== n)
    throw new ValueError(`histogramdd: expected bins for each of ${n} dimensions, got ${describe(bins)}`);
  checkWeight("histogramdd", input, weight, input.shape.slice(0, -1));
  const x = input.detach().reshape(numelOf(input.shape.slice(0, -1)), n);
  const binEdges = edgesOf("histogramdd", x, each, range);
  const counts = countCells(x, binEdges, weight?.detach() ?? null);
  const hist = asDensity ? density(counts, binEdges) : counts;
  return Object.freeze(Object.assign([hist, binEdges] as const, { hist, binEdges }));
}
