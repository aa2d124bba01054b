/** @file Running sums, products and extremes along a dimension, and differences. */
import { backendOf } from "../backends/backend.ts";
import { bool, Category, type DType, finfo, int64 } from "../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../core/errors.ts";
import { wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { copyRaw } from "./copy.ts";
import { allocate } from "./creation.ts";
import { cat, stack } from "./joining.ts";
import { type Context, type KernelOp, kernelOp } from "./kernel-form.ts";
import { namedTuple, type ValuesAndIndices } from "./named-tuple.ts";
import { vector } from "./operands.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";

interface DimAttrs {
  readonly dim: number;
}

interface ScanAttrs extends DimAttrs {
  readonly dtype: DType;
}

interface DimOptions {
  dim: number;
}
type DimArgs = Named<[dim: number], ["dim"], DimOptions>;

interface ScanOptions extends DimOptions {
  dtype?: DType | null;
}
type ScanArgs = Named<[dim: number], ["dim"], ScanOptions>;

type ScanKernel = "cumsum" | "cumprod" | "logcumsumexp";

function scan(kernel: ScanKernel, input: Tensor, { dim, dtype }: ScanAttrs): Tensor {
  const x = input.to(dtype);
  const out = allocate(x.shape, dtype, x.device);
  if (x.layout.numel > 0) backendOf(x.device).kernels[kernel](vector(out), vector(x), dim);
  return out;
}

/** The dimension, and the dtype in which sums and products are kept: int64 for integers and bools. */
function scanAttrs(op: string, input: Tensor, args: readonly unknown[]): ScanAttrs {
  checkTensor(op, input);
  const { dim, dtype } = named<ScanOptions>(op, ["dim", "dtype"], 1, args);
  return {
    dim: wrapDim(op, dim, input.ndim),
    dtype: dtype ?? (input.dtype.category < Category.Floating ? int64 : input.dtype),
  };
}

/** Sums from each element to the end. */
function sumsFrom(x: Tensor, dim: number): Tensor {
  return x.flip(dim).cumsum(dim).flip(dim);
}

const cumsumOp = kernelOp<ScanAttrs>({
  name: "cumsum",
  forward: ([input], attrs) => scan("cumsum", input as Tensor, attrs),
  backward: ([grad], context) => [sumsFrom(grad as Tensor, context.attrs.dim).to(context.dtype(0))],
});

/**
 * Running sums along a dimension; integers and bools give int64. PyTorch: `torch.cumsum`.
 * @example
 * torch.tensor([1, 2, 3]).cumsum(0) // tensor([1, 3, 6])
 */
export function cumsum(input: Tensor, ...args: ScanArgs): Tensor {
  return cumsumOp.call([input], scanAttrs("cumsum", input, args));
}

/** Runs a scan and writes its result over its input, in whose dtype it is kept. */
function scanInPlace(
  op: KernelOp<ScanAttrs>,
  name: "cumsum" | "cumprod",
  input: Tensor,
  args: readonly unknown[],
): Tensor {
  const attrs = { ...scanAttrs(`${name}_`, input, args), dtype: input.dtype };
  return op.writeInto([input], attrs, () => copyRaw(input, scan(name, input, attrs)));
}

/** `cumsum`, written into the tensor. PyTorch: `Tensor.cumsum_`. */
export function cumsum_(input: Tensor, ...args: ScanArgs): Tensor {
  return scanInPlace(cumsumOp, "cumsum", input, args);
}

/** `cumprod`, written into the tensor. PyTorch: `Tensor.cumprod_`. */
export function cumprod_(input: Tensor, ...args: ScanArgs): Tensor {
  return scanInPlace(cumprodOp, "cumprod", input, args);
}

const cumprodOp = kernelOp<ScanAttrs>({
  name: "cumprod",
  forward: ([input], attrs) => scan("cumprod", input as Tensor, attrs),
  saves: () => [0, ~0],
  backward: ([grad], context) => {
    const input = context.input(0).to(context.attrs.dtype);
    return [gradOfCumprod(grad as Tensor, input, context.result(0), context.attrs.dim).to(context.dtype(0))];
  },
});

function gradOfCumprod(grad: Tensor, input: Tensor, result: Tensor, dim: number): Tensor {
  if (input.ndim === 0 || input.shape[dim] === 1 || input.numel() === 0) return grad;
  if (!input.detach().eq(0).any().item()) return sumsFrom(grad.mul(result.conj()), dim).div(input.conj());
  // Division does not give the product of the others where one is 0: multiply what stands before and behind each.
  const n = input.shape[dim] as number;
  const slices = Array.from({ length: n }, (_, k) => {
    const behind = k + 1 < n ? input.narrow(dim, k + 1, n - k - 1).cumprod(dim) : null;
    const before = k > 0 ? input.narrow(dim, 0, k).prod(dim, true) : null;
    const first = before ?? input.newOnes(input.shape.with(dim, 1));
    const products = behind === null ? first : cat([first, before === null ? behind : behind.mul(before)], dim);
    return grad
      .narrow(dim, k, n - k)
      .mul(products.conj())
      .sum(dim);
  });
  return stack(slices, dim);
}

/** Running products along a dimension; integers and bools give int64. PyTorch: `torch.cumprod`. */
export function cumprod(input: Tensor, ...args: ScanArgs): Tensor {
  return cumprodOp.call([input], scanAttrs("cumprod", input, args));
}

const logcumsumexpOp = kernelOp<ScanAttrs>({
  name: "logcumsumexp",
  forward: ([input], attrs) => scan("logcumsumexp", input as Tensor, attrs),
  saves: () => [0, ~0],
  backward: ([g], context) => {
    const grad = g as Tensor;
    const { dim, dtype } = context.attrs;
    // In logarithms, so that nothing overflows; gradients above and below 0 apart.
    const half = (x: Tensor) => {
      const log = x.log().where(x.gt(0), finfo(dtype).min);
      return logcumsumexp(log.sub(context.result(0)).flip(dim), dim)
        .flip(dim)
        .add(context.input(0))
        .exp();
    };
    return [half(grad).sub(half(grad.neg()))];
  },
});

/** Logarithms of running sums of exponentials along a dimension. PyTorch: `torch.logcumsumexp`. */
export function logcumsumexp(input: Tensor, ...args: DimArgs): Tensor {
  checkTensor("logcumsumexp", input);
  const { dim } = named<DimOptions>("logcumsumexp", ["dim"], 1, args);
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(`logcumsumexp: expected a floating-point dtype, got ${input.dtype}`);
  return logcumsumexpOp.call([input], { dim: wrapDim("logcumsumexp", dim, input.ndim), dtype: input.dtype });
}

function runningExtreme(name: "cummax" | "cummin") {
  return kernelOp<DimAttrs>({
    name,
    forward: ([input], { dim }) => {
      const x = input as Tensor;
      const values = allocate(x.shape, x.dtype, x.device);
      const indices = allocate(x.shape, int64, x.device);
      if (x.layout.numel > 0) backendOf(x.device).kernels[name](vector(values), vector(indices), vector(x), dim);
      return [values, indices];
    },
    saves: () => [~1],
    backward: ([grad], context: Context<DimAttrs>) => {
      if (!grad) return [null];
      return [grad.newZeros(context.shape(0)).scatterAdd(context.attrs.dim, context.result(1), grad)];
    },
  });
}

const cummaxOp = runningExtreme("cummax");
const cumminOp = runningExtreme("cummin");

function extreme(op: "cummax" | "cummin", input: Tensor, args: readonly unknown[]): ValuesAndIndices {
  checkTensor(op, input);
  const { dim } = named<DimOptions>(op, ["dim"], 1, args);
  if (input.dtype.isComplex)
    throw new DTypeError(`${op}: expected a real dtype, got ${input.dtype}: complex numbers have no order`);
  const form = op === "cummax" ? cummaxOp : cumminOp;
  const [values, indices] = form.results([input], { dim: wrapDim(op, dim, input.ndim) }) as [Tensor, Tensor];
  return namedTuple({ values, indices }, op);
}

/** Running maxima along a dimension, and where the last of equal ones is. PyTorch: `torch.cummax`. */
export function cummax(input: Tensor, ...args: DimArgs): ValuesAndIndices {
  return extreme("cummax", input, args);
}

/** Running minima along a dimension, and where the last of equal ones is. PyTorch: `torch.cummin`. */
export function cummin(input: Tensor, ...args: DimArgs): ValuesAndIndices {
  return extreme("cummin", input, args);
}

interface DiffOptions {
  n?: number;
  dim?: number;
  prepend?: Tensor | null;
  append?: Tensor | null;
}
type DiffArgs = Call<[n: number, dim: number, prepend: Tensor | null, append: Tensor | null], DiffOptions>;

/**
 * Differences of neighbours along a dimension, `n` times over. PyTorch: `torch.diff`.
 * @param args - `n` (1), `dim` (−1), `prepend` and `append`: tensors joined at the ends first
 * @example
 * torch.tensor([1, 4, 9]).diff() // tensor([3, 5])
 */
export function diff(input: Tensor, ...args: DiffArgs): Tensor {
  checkTensor("diff", input);
  const { n = 1, dim = -1, prepend, append } = bind<DiffOptions>("diff", ["n", "dim", "prepend", "append"], args);
  checkInt("diff", "n", n);
  if (n < 0) throw new ValueError(`diff: expected n of at least 0, got ${n}`);
  if (input.ndim === 0) throw new ShapeError("diff: expected a tensor with at least 1 dimension, got shape []");
  const d = wrapDim("diff", dim, input.ndim);
  if (n === 0) return input.clone();
  const parts = [prepend ?? null, input, append ?? null].filter((t) => t !== null);
  for (const part of parts) checkTensor("diff", part, "prepend or append");
  let x = parts.length > 1 ? cat(parts, d) : input;
  const length = x.shape[d] as number;
  if (n >= length) return x.narrow(d, 0, 0);
  for (let i = 0; i < n; i++) {
    const size = (x.shape[d] as number) - 1;
    const [later, earlier] = [x.narrow(d, 1, size), x.narrow(d, 0, size)];
    x = x.dtype === bool ? later.logicalXor(earlier) : later.sub(earlier);
  }
  return x;
}
