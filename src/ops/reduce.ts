/** @file Sums, means, extremes: ops of the reduction form. */
import { inFloat32, isAutocasting } from "../autograd/autocast.ts";
import { bool, Category, type DType, int64, uint8 } from "../core/dtype.ts";
import { AutogradError, DTypeError } from "../core/errors.ts";
import { numelOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { toFloat } from "./dtypes.ts";
import { cat } from "./joining.ts";
import type { Context } from "./kernel-form.ts";
import { type Dims, expandReduced, type ReductionAttrs, reductionOp, unsqueezeReduced } from "./reduction-form.ts";

export interface SumOptions {
  dim?: Dims;
  keepdim?: boolean;
  /** Computes and answers in this dtype. */
  dtype?: DType | null;
}
type SumArgs = Call<[dim: Dims, keepdim: boolean], SumOptions>;
const SUM_PARAMETERS = ["dim", "keepdim", "dtype"] as const;

/** Integers and bools are counted in int64. */
const countable = (input: DType) => {
  const dtype = input.category < Category.Floating ? int64 : input;
  return { compute: dtype, result: dtype };
};

const sumOp = reductionOp({
  name: "sum",
  dtype: countable,
  empty: "identity",
  complex: "parts",
  node: ({ whole }) => (whole ? "SumBackward0" : "SumBackward1"),
  backward: (grad, context) => expandReduced(grad, context),
});

/**
 * Sum over dimensions. PyTorch: `torch.sum`.
 *
 * @param input - any shape; integers and bools give int64
 * @param args - `dim` (one, several, or all), `keepdim`, `dtype`
 * @example
 * torch.tensor([[1, 2], [3, 4]]).sum(0) // tensor([4, 6])
 */
export function sum(input: Tensor, ...args: SumArgs): Tensor {
  const { dim, keepdim = false, dtype } = bind<SumOptions>("sum", SUM_PARAMETERS, args);
  return sumOp.call(input, dim, keepdim, dtype);
}

const meanOp = reductionOp({
  name: "mean",
  dtype: (input) => {
    if (input.category < Category.Floating)
      throw new DTypeError(
        `mean: expected a floating-point or complex dtype, got ${input} (whole numbers make int64: pass a dtype)`,
      );
    return { compute: input, result: input };
  },
  empty: "identity",
  complex: "parts",
  node: ({ whole }) => (whole ? "MeanBackward0" : "MeanBackward1"),
  backward: (grad, context) => {
    const count = numelOf(context.attrs.dims.map((d) => context.shape(0)[d] as number));
    return expandReduced(grad, context).div(count);
  },
});

/** Mean over dimensions; of no elements NaN. PyTorch: `torch.mean`. */
export function mean(input: Tensor, ...args: SumArgs): Tensor {
  const { dim, keepdim = false, dtype } = bind<SumOptions>("mean", SUM_PARAMETERS, args);
  return meanOp.call(input, dim, keepdim, dtype);
}

/** The positions of an extreme share its gradient evenly. */
function shareEvenly(grad: Tensor, context: Context<ReductionAttrs>): Tensor {
  const { dims, keepdim } = context.attrs;
  const input = context.input(0);
  const mask = input.eq(unsqueezeReduced(context.result(0), dims, keepdim));
  const count = mask.sum([...dims], true);
  return unsqueezeReduced(grad, dims, keepdim).div(count).mul(mask);
}

const same = (input: DType) => ({ compute: input, result: input });

interface DimOptions {
  dim?: Dims;
  keepdim?: boolean;
}
type DimArgs = Call<[dim: Dims, keepdim: boolean], DimOptions>;
const DIM_PARAMETERS = ["dim", "keepdim"] as const;

const amaxOp = reductionOp({ name: "amax", dtype: same, empty: "refuse", saves: [0, ~0], backward: shareEvenly });
const aminOp = reductionOp({ name: "amin", dtype: same, empty: "refuse", saves: [0, ~0], backward: shareEvenly });

/** Largest element over dimensions; NaN wins, ties share the gradient. PyTorch: `torch.amax`. */
export function amax(input: Tensor, ...args: DimArgs): Tensor {
  const { dim, keepdim = false } = bind<DimOptions>("amax", DIM_PARAMETERS, args);
  return amaxOp.call(input, dim, keepdim);
}

/** Smallest element over dimensions; NaN wins, ties share the gradient. PyTorch: `torch.amin`. */
export function amin(input: Tensor, ...args: DimArgs): Tensor {
  const { dim, keepdim = false } = bind<DimOptions>("amin", DIM_PARAMETERS, args);
  return aminOp.call(input, dim, keepdim);
}

const prodOp = reductionOp({
  name: "prod",
  dtype: countable,
  empty: "identity",
  complex: complexProduct,
  node: ({ whole }) => (whole ? "ProdBackward0" : "ProdBackward1"),
  saves: [0, ~0],
  backward: (grad, context) => {
    const { dims, keepdim } = context.attrs;
    const input = context.input(0);
    const up = unsqueezeReduced(grad, dims, keepdim);
    if (input.ndim === 0) return grad;
    if (!input.detach().eq(0).any().item())
      return up.mul(unsqueezeReduced(context.result(0), dims, keepdim).conj()).div(input.conj());
    return up.mul(productOfOthers(input, dims).conj());
  },
});

/** Halves against halves, so that each round is one product of tensors. */
function complexProduct(input: Tensor, { dims }: ReductionAttrs): Tensor {
  let x = input;
  for (const dim of dims) {
    if (x.shape[dim] === 0) x = x.newOnes(x.shape.with(dim, 1));
    for (let n = x.shape[dim] as number; n > 1; n = x.shape[dim] as number) {
      const half = n >> 1;
      const paired = x.narrow(dim, 0, half).mul(x.narrow(dim, half, half));
      x = n % 2 === 0 ? paired : cat([paired, x.narrow(dim, n - 1, 1)], dim);
    }
  }
  return x.clone();
}

/** For each element the product of all others along `dims`, right where some are zero: products before times products after. */
function productOfOthers(input: Tensor, dims: readonly number[]): Tensor {
  const order = [...input.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const last = input.permute(order);
  const kept = last.shape.slice(0, last.ndim - dims.length);
  const flat = last.reshape([...kept, numelOf(last.shape.slice(kept.length))]);
  const n = flat.shape[kept.length] as number;
  const one = flat.newOnes([...kept, 1]);
  const before = cat([one, flat.narrow(-1, 0, n - 1)], -1).cumprod(-1);
  const after = cat([one, flat.flip(-1).narrow(-1, 0, n - 1)], -1)
    .cumprod(-1)
    .flip(-1);
  return before
    .mul(after)
    .reshape(last.shape)
    .permute(order.map((_, i) => order.indexOf(i)));
}

/** Product over one dimension, or all. PyTorch: `torch.prod`. */
export function prod(
  input: Tensor,
  ...args: Call<[dim: number, keepdim: boolean], { dim?: number | null; keepdim?: boolean; dtype?: DType | null }>
): Tensor {
  if (isAutocasting()) return inFloat32(prod, [input, ...args]);
  const { dim, keepdim = false, dtype } = bind<SumOptions>("prod", SUM_PARAMETERS, args);
  return prodOp.call(input, dim, keepdim, dtype);
}

/** any and all of uint8 answer in uint8, as in PyTorch. */
const truth = (input: DType) => ({ compute: input, result: input === uint8 ? uint8 : bool });
const none = (): Tensor => {
  throw new AutogradError("backward: any and all have no gradient");
};
const anyOp = reductionOp({ name: "any", dtype: truth, empty: "identity", complex: "truth", backward: none });
const allOp = reductionOp({ name: "all", dtype: truth, empty: "identity", complex: "truth", backward: none });

/** Whether an element is not 0. PyTorch: `torch.any`. */
export function any(input: Tensor, ...args: DimArgs): Tensor {
  const { dim, keepdim = false } = bind<DimOptions>("any", DIM_PARAMETERS, args);
  return anyOp.call(input, dim, keepdim);
}

/** Whether no element is 0. PyTorch: `torch.all`. */
export function all(input: Tensor, ...args: DimArgs): Tensor {
  const { dim, keepdim = false } = bind<DimOptions>("all", DIM_PARAMETERS, args);
  return allOp.call(input, dim, keepdim);
}

const countNonzeroOp = reductionOp({
  name: "countNonzero",
  dtype: (input) => ({ compute: input, result: int64 }),
  empty: "identity",
  complex: "truth",
  backward: none,
});

/** Number of elements other than 0. PyTorch: `torch.count_nonzero`. */
export function countNonzero(input: Tensor, ...args: Call<[dim: Dims], { dim?: Dims }>): Tensor {
  const { dim } = bind<DimOptions>("countNonzero", ["dim"], args);
  return countNonzeroOp.call(input, dim, false);
}

const logsumexpOp = reductionOp({
  name: "logsumexp",
  dtype: (input) => same(toFloat(input)),
  empty: "identity",
  saves: [0, ~0],
  backward: (grad, context) => {
    const { dims, keepdim } = context.attrs;
    const up = (x: Tensor) => unsqueezeReduced(x, dims, keepdim);
    // exp(x − result) is the softmax; where the result is −inf there is nothing to share.
    const result = up(context.result(0));
    return up(grad).mul(
      context
        .input(0)
        .sub(result.maskedFill(result.eq(-Infinity), 0))
        .exp(),
    );
  },
});

/** `log Σ exp(x)` over dimensions, computed stably. PyTorch: `torch.logsumexp`. */
export function logsumexp(
  input: Tensor,
  dim: number | readonly number[],
  ...args: Call<[keepdim: boolean], { keepdim?: boolean }>
): Tensor {
  const { keepdim = false } = bind<DimOptions>("logsumexp", ["keepdim"], args);
  return logsumexpOp.call(input, dim, keepdim);
}
