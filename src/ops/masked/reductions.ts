/** @file Reductions of the elements that a mask leaves in. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { bool, Category, type DType, float32, int64 } from "../../core/dtype.ts";
import { DTypeError, ValueError } from "../../core/errors.ts";
import { wrapDims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { vectorNorm } from "../linalg/index.ts";
import { checkTensor } from "../params.ts";
import type { Dims } from "../reduction-form.ts";
import { applyMask, checkDims, checkMask, type Identity } from "./mask.ts";

interface ReduceOptions {
  dim?: Dims;
  keepdim?: boolean;
  dtype?: DType | null;
  /** True where an element counts; broadcasts to the input. */
  mask?: Tensor | null;
}
type ReduceArgs = Call<[dim: Dims], ReduceOptions>;
const PARAMETERS = ["dim", "keepdim", "dtype", "mask"] as const;

interface Reduction {
  readonly dim: Dims;
  readonly keepdim: boolean;
  readonly dtype: DType | null;
  readonly mask: Tensor | null;
}

function reductionArgs(op: string, input: Tensor, args: readonly unknown[]): Reduction {
  checkTensor(op, input);
  const { dim, keepdim = false, dtype = null, mask = null } = bind<ReduceOptions>(op, PARAMETERS, args);
  return { dim: checkDims(op, dim), keepdim, dtype, mask };
}

const counted = (input: Tensor, dtype: DType | null) =>
  dtype ?? (input.dtype.category < Category.Floating ? int64 : input.dtype);

/**
 * Sum of the elements where `mask` is true. PyTorch: `torch.masked.sum`.
 *
 * @param input - any shape; integers and bools give int64
 * @param args - `dim` (one, several, or all), then options `keepdim`, `dtype`, `mask`
 * @throws ShapeError if the mask does not broadcast to the input
 * @example
 * torch.masked.sum(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, false, true]) }) // tensor(4)
 */
export function sum(input: Tensor, ...args: ReduceArgs): Tensor {
  const { dim, keepdim, dtype, mask } = reductionArgs("masked.sum", input, args);
  return applyMask("masked.sum", input, mask, "zero").sum(dim, keepdim, { dtype: counted(input, dtype) });
}

/** Product of the elements where `mask` is true. PyTorch: `torch.masked.prod`. */
export function prod(input: Tensor, ...args: ReduceArgs): Tensor {
  if (isAutocasting()) return inFloat32(prod, [input, ...args]);
  const { dim, keepdim, dtype, mask } = reductionArgs("masked.prod", input, args);
  const x = applyMask("masked.prod", input, mask, "one").to(counted(input, dtype));
  // Over several dimensions one after the other, the last first.
  return wrapDims("masked.prod", dim, x.ndim)
    .sort((a, b) => b - a)
    .reduce((product, d) => product.prod(d, { keepdim }), x);
}

function extreme(op: "amax" | "amin", input: Tensor, args: readonly unknown[]): Tensor {
  const name = `masked.${op}`;
  const { dim, keepdim, dtype, mask } = reductionArgs(name, input, args);
  const x = applyMask(name, input, mask, op === "amax" ? "lowest" : "highest");
  return x[op](dim, keepdim).to(dtype ?? input.dtype);
}

/** Largest of the elements where `mask` is true; the dtype's lowest value where there are none. PyTorch: `torch.masked.amax`. */
export function amax(input: Tensor, ...args: ReduceArgs): Tensor {
  return extreme("amax", input, args);
}

/** Smallest of the elements where `mask` is true; the dtype's highest value where there are none. PyTorch: `torch.masked.amin`. */
export function amin(input: Tensor, ...args: ReduceArgs): Tensor {
  return extreme("amin", input, args);
}

interface PositionOptions extends Omit<ReduceOptions, "dim"> {
  dim?: number | null;
}
type PositionArgs = Call<[dim: number | null], PositionOptions>;

function position(op: "argmax" | "argmin", input: Tensor, args: readonly unknown[]): Tensor {
  const name = `masked.${op}`;
  checkTensor(name, input);
  const { dim, keepdim = false, dtype, mask = null } = bind<PositionOptions>(name, PARAMETERS, args);
  const x = applyMask(name, input, mask, op === "argmax" ? "lowest" : "highest");
  const found = dim === undefined || dim === null ? x[op]({ keepdim }) : x[op](dim, keepdim);
  return found.to(dtype ?? input.dtype);
}

/**
 * Position of the largest of the elements where `mask` is true, in the dtype of `input` unless `dtype` says otherwise.
 * PyTorch: `torch.masked.argmax`.
 * @example
 * torch.masked.argmax(torch.tensor([1, 5, 3]), { mask: torch.tensor([true, false, true]) }) // tensor(2)
 */
export function argmax(input: Tensor, ...args: PositionArgs): Tensor {
  return position("argmax", input, args);
}

/** Position of the smallest of the elements where `mask` is true. PyTorch: `torch.masked.argmin`. */
export function argmin(input: Tensor, ...args: PositionArgs): Tensor {
  return position("argmin", input, args);
}

/** How many elements count in each result. */
function countOf(op: string, input: Tensor, mask: Tensor | null, dim: Dims, keepdim: boolean): Tensor {
  const counts = mask === null ? input.detach().newOnes(input.shape, { dtype: bool }) : checkMask(op, input, mask);
  return counts.sum(dim, keepdim);
}

/**
 * Mean of the elements where `mask` is true; NaN where there are none. PyTorch: `torch.masked.mean`.
 * @example
 * torch.masked.mean(torch.tensor([1, 2, 4]), { mask: torch.tensor([true, false, true]) }) // tensor(2.5000)
 */
export function mean(input: Tensor, ...args: ReduceArgs): Tensor {
  const { dim, keepdim, dtype, mask } = reductionArgs("masked.mean", input, args);
  const total = sum(input, dim, { keepdim, dtype: dtype ?? input.dtype, mask });
  return total.div(countOf("masked.mean", input, mask, dim, keepdim));
}

/** Lower median along a dimension of the elements where `mask` is true; NaN where there are none. PyTorch: `torch.masked.median`. */
export function median(input: Tensor, ...args: Call<[dim: number], PositionOptions>): Tensor {
  checkTensor("masked.median", input);
  const { dim, keepdim = false, dtype, mask = null } = bind<PositionOptions>("masked.median", PARAMETERS, args);
  if (input.dtype.isComplex) throw new DTypeError(`masked.median: expected a real dtype, got ${input.dtype}`);
  const x = applyMask("masked.median", input.dtype.isFloatingPoint ? input : input.to(float32), mask, "nan");
  const { values } = x.nanmedian(dim ?? -1, keepdim);
  if (input.dtype.isFloatingPoint) return values;
  if (values.isnan().any().item())
    throw new ValueError("masked.median: expected no row that is masked out as a whole, for an integer dtype");
  return values.to(dtype ?? input.dtype);
}

/** `log Σ exp(x)` over the elements where `mask` is true. PyTorch: `torch.masked.logsumexp`. */
export function logsumexp(input: Tensor, ...args: ReduceArgs): Tensor {
  const { dim, keepdim, dtype, mask } = reductionArgs("masked.logsumexp", input, args);
  const x = applyMask("masked.logsumexp", input, mask, "lowest");
  return x.logsumexp(wrapDims("masked.logsumexp", dim, x.ndim), { keepdim }).to(dtype ?? input.dtype);
}

interface NormOptions extends ReduceOptions {
  ord?: number | null;
}

/** Vector norm of order `ord` (2) of the elements where `mask` is true. PyTorch: `torch.masked.norm`. */
export function norm(input: Tensor, ...args: Call<[ord: number | null, dim: Dims], NormOptions>): Tensor {
  checkTensor("masked.norm", input);
  const names = ["ord", ...PARAMETERS] as const;
  const { ord, dim, keepdim = false, dtype, mask = null } = bind<NormOptions>("masked.norm", names, args);
  const order = ord ?? 2;
  const identity: Identity = order === -Infinity ? "highest" : "zero";
  const x = applyMask("masked.norm", input, mask, identity);
  return vectorNorm(x, order, checkDims("masked.norm", dim), keepdim, { dtype: dtype ?? input.dtype });
}

interface VarOptions extends ReduceOptions {
  unbiased?: boolean;
}
type VarArgs = Call<[dim: Dims, unbiased: boolean], VarOptions>;

function spread(op: string, input: Tensor, args: readonly unknown[]): Tensor {
  checkTensor(op, input);
  const names = ["dim", "unbiased", "keepdim", "dtype", "mask"] as const;
  const given = bind<VarOptions>(op, names, args);
  const { unbiased = false, keepdim = false, mask = null } = given;
  const dim = checkDims(op, given.dim);
  const dtype = given.dtype ?? (input.dtype.category < Category.Floating ? float32 : input.dtype);
  const compute = dtype.category < Category.Floating ? float32 : dtype;
  const count = countOf(op, input, mask, dim, true);
  const center = sum(input, dim, { keepdim: true, dtype, mask }).div(count);
  const deviation = input.sub(center);
  const total = sum(deviation.mul(deviation.conj()), dim, { keepdim, dtype: compute, mask });
  const shaped = keepdim ? count : count.reshape(total.shape);
  const freedom = unbiased ? shaped.sub(1).clampMin(0) : shaped;
  return total.div(freedom).to(dtype);
}

/**
 * Variance of the elements where `mask` is true; NaN where there are none. PyTorch: `torch.masked.var`.
 *
 * @param args - `dim` (one, several, or all), `unbiased` (false), then options `keepdim`, `dtype`, `mask`
 */
export function variance(input: Tensor, ...args: VarArgs): Tensor {
  return spread("masked.var", input, args);
}

/** Standard deviation of the elements where `mask` is true. PyTorch: `torch.masked.std`. */
export function std(input: Tensor, ...args: VarArgs): Tensor {
  return spread("masked.std", input, args).sqrt();
}
