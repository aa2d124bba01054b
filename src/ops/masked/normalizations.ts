/** @file Ops along a dimension to which the elements that a mask leaves out contribute nothing. */
import type { DType } from "../../core/dtype.ts";
import { wrapDim } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { applyMask, type Identity } from "./mask.ts";
import { norm } from "./reductions.ts";

interface AlongOptions {
  dim: number;
  dtype?: DType | null;
  /** True where an element counts; broadcasts to the input. */
  mask?: Tensor | null;
}
type AlongArgs = Named<[dim: number], ["dim"], AlongOptions>;

interface Along {
  readonly x: Tensor;
  readonly dim: number;
  readonly dtype: DType;
}

function alongArgs(op: string, input: Tensor, args: readonly unknown[], identity: Identity): Along {
  checkTensor(op, input);
  const { dim, dtype, mask = null } = named<AlongOptions>(op, ["dim", "dtype", "mask"], 1, args);
  return {
    x: applyMask(op, input, mask, identity),
    dim: wrapDim(op, dim, input.ndim),
    dtype: dtype ?? input.dtype,
  };
}

/**
 * Running sums of the elements where `mask` is true. PyTorch: `torch.masked.cumsum`.
 *
 * @param args - `dim`, then options `dtype` (that of `input`), `mask`
 * @example
 * torch.masked.cumsum(torch.tensor([1, 2, 3]), 0, { mask: torch.tensor([true, false, true]) }) // tensor([1, 1, 4])
 */
export function cumsum(input: Tensor, ...args: AlongArgs): Tensor {
  const { x, dim, dtype } = alongArgs("masked.cumsum", input, args, "zero");
  return x.cumsum(dim, { dtype });
}

/** Running products of the elements where `mask` is true. PyTorch: `torch.masked.cumprod`. */
export function cumprod(input: Tensor, ...args: AlongArgs): Tensor {
  const { x, dim, dtype } = alongArgs("masked.cumprod", input, args, "one");
  return x.cumprod(dim, { dtype });
}

/**
 * Softmax over the elements where `mask` is true; 0 elsewhere. PyTorch: `torch.masked.softmax`.
 *
 * @param args - `dim`, then options `dtype`, `mask`
 * @example
 * torch.masked.softmax(torch.tensor([0.5, 9, 0.5]), 0, { mask: torch.tensor([true, false, true]) }) // tensor([0.5000, 0.0000, 0.5000])
 */
export function softmax(input: Tensor, ...args: AlongArgs): Tensor {
  const { x, dim, dtype } = alongArgs("masked.softmax", input, args, "lowest");
  return x.to(dtype).softmax(dim);
}

/** Logarithm of the softmax over the elements where `mask` is true; −inf elsewhere. PyTorch: `torch.masked.log_softmax`. */
export function logSoftmax(input: Tensor, ...args: AlongArgs): Tensor {
  const { x, dim, dtype } = alongArgs("masked.logSoftmax", input, args, "lowest");
  return x.to(dtype).logSoftmax(dim);
}

/** Softmax of the negated elements where `mask` is true; 0 elsewhere. PyTorch: `torch.masked.softmin`. */
export function softmin(input: Tensor, ...args: AlongArgs): Tensor {
  const { x, dim, dtype } = alongArgs("masked.softmin", input, args, "highest");
  return x.to(dtype).neg().softmax(dim);
}

interface NormalizeOptions {
  ord: number;
  dim: number;
  eps?: number;
  dtype?: DType | null;
  mask?: Tensor | null;
}
type NormalizeArgs = Named<[ord: number, dim: number], ["ord", "dim"], NormalizeOptions>;

/**
 * The elements where `mask` is true over their norm along a dimension (at least `eps`); 0 elsewhere.
 * PyTorch: `torch.masked.normalize`.
 *
 * @param args - `ord` of the norm, `dim`, then options `eps` (1e-12), `dtype`, `mask`
 */
export function normalize(input: Tensor, ...args: NormalizeArgs): Tensor {
  checkTensor("masked.normalize", input);
  const names = ["ord", "dim", "eps", "dtype", "mask"] as const;
  const { ord, dim, eps = 1e-12, dtype, mask = null } = named<NormalizeOptions>("masked.normalize", names, 2, args);
  const d = wrapDim("masked.normalize", dim, input.ndim);
  const x = applyMask("masked.normalize", input, mask, "zero");
  const length = norm(input, ord, input.ndim === 0 ? null : d, { keepdim: true, dtype: dtype ?? input.dtype, mask });
  return x.div(length.maximum(length.newFull([], eps)));
}

interface LogaddexpOptions {
  dtype?: DType | null;
  inputMask?: Tensor | null;
  otherMask?: Tensor | null;
}

/**
 * `log(exp(input) + exp(other))`, each where its mask is true. PyTorch: `torch.masked.logaddexp`.
 *
 * @param args - options `dtype`, `inputMask`, `otherMask`
 */
export function logaddexp(input: Tensor, other: Tensor, ...args: Call<[], LogaddexpOptions>): Tensor {
  checkTensor("masked.logaddexp", input);
  checkTensor("masked.logaddexp", other, "other");
  const names = ["dtype", "inputMask", "otherMask"] as const;
  const { dtype, inputMask = null, otherMask = null } = bind<LogaddexpOptions>("masked.logaddexp", names, args);
  const a = applyMask("masked.logaddexp", input, inputMask, "lowest");
  const b = applyMask("masked.logaddexp", other, otherMask, "lowest");
  return a.logaddexp(b).to(dtype ?? input.dtype);
}
