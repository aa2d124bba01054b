/** @file Extremes and where they are: max, min, argmax, argmin. */
import { backendOf } from "../backends/backend.ts";
import { int64 } from "../core/dtype.ts";
import { DTypeError, IndexError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { reductionCode } from "../expr/index.ts";
import { bind, type Call } from "./bind.ts";
import { allocate } from "./creation.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { namedTuple, type ValuesAndIndices } from "./named-tuple.ts";
import { maximum, minimum } from "./pointwise/select.ts";
import { reduceRaw } from "./reduction-form.ts";

type Kind = "max" | "min";

interface DimOptions {
  dim?: number;
  keepdim?: boolean;
}
type DimArgs = Call<[dim: number, keepdim: boolean], DimOptions>;

function checkInput(op: string, input: Tensor, dim: number | null): void {
  if (input.dtype.isComplex)
    throw new DTypeError(`${op}: expected a real dtype, got ${input.dtype}: complex numbers have no order`);
  const empty = dim === null ? input.layout.numel === 0 : input.ndim > 0 && input.shape[dim] === 0;
  if (empty)
    throw new IndexError(
      `${op}: expected at least one element to choose from, got shape ${shapeText(input.shape)}${dim === null ? "" : ` along dim ${dim}`}`,
    );
}

/** Runs the kernel into results with size 1 in `dim`, and takes that dimension out unless it is kept. */
function extremes(
  kind: Kind,
  input: Tensor,
  dim: number | null,
  keepdim: boolean,
  wantValues: boolean,
): { values: Tensor; indices: Tensor } {
  const kept = input.shape.map((n, i) => (dim === null || i === dim ? 1 : n));
  const values = wantValues ? allocate(kept, input.dtype, input.device) : null;
  const indices = allocate(kept, int64, input.device);
  // A 0-dim tensor has the dimension 0 in name only.
  const along = input.ndim === 0 ? null : dim;
  if (indices.layout.numel > 0) backendOf(input.device).kernels.argReduce(kind, values, indices, input, along);
  const shape = keepdim ? kept : dim === null ? [] : kept.filter((_, i) => i !== dim);
  const shaped = (t: Tensor) => new Tensor(t.storage, Layout.contiguous(shape), t.dtype);
  return { values: shaped(values ?? indices), indices: shaped(indices) };
}

interface Attrs {
  readonly dim: number;
  readonly keepdim: boolean;
}

const alongDim = (kind: Kind): KernelOp<Attrs> =>
  kernelOp<Attrs>({
    name: kind,
    forward: ([input], { dim, keepdim }) => {
      const { values, indices } = extremes(kind, input as Tensor, dim, keepdim, true);
      return [values, indices];
    },
    saves: () => [~1],
    backward: ([grad], context) => {
      const { dim, keepdim } = context.attrs;
      const up = (t: Tensor) => (keepdim || context.shape(0).length === 0 ? t : t.unsqueeze(dim));
      const zeros = (grad as Tensor).newZeros(context.shape(0), { dtype: (grad as Tensor).dtype });
      return [zeros.scatter(dim, up(context.result(1)), up(grad as Tensor))];
    },
  });

const whole = (kind: Kind): KernelOp<void> =>
  kernelOp({
    name: kind,
    node: kind === "max" ? "MaxBackward1" : "MinBackward1",
    forward: ([input]) => {
      const { dtype, ndim } = input as Tensor;
      const dims = Array.from({ length: ndim }, (_, i) => i);
      const attrs = { dims, keepdim: false, whole: true, scalars: [], compute: dtype, result: dtype };
      return reduceRaw(reductionCode(kind === "max" ? "amax" : "amin"), input as Tensor, attrs);
    },
    saves: () => [0, ~0],
    backward: ([grad], context) => [shareAmongEquals(grad as Tensor, context.input(0), context.result(0))],
  });

/** The gradient of one chosen value, shared evenly by all elements that equal it; NaN equals NaN here. */
export function shareAmongEquals(grad: Tensor, input: Tensor, value: Tensor): Tensor {
  const mask = input.eq(value).logicalOr(input.isnan().logicalAnd(value.isnan()));
  return grad.div(mask.sum()).mul(mask);
}

const ops = { max: { dim: alongDim("max"), whole: whole("max") }, min: { dim: alongDim("min"), whole: whole("min") } };

function extreme(kind: Kind, input: Tensor, args: readonly unknown[]): Tensor | ValuesAndIndices {
  if (!(input instanceof Tensor)) throw new ValueError(`${kind}: expected a Tensor as input`);
  const other = args[0] instanceof Tensor ? args[0] : (args[0] as { other?: Tensor } | undefined)?.other;
  if (other instanceof Tensor) return (kind === "max" ? maximum : minimum)(input, other);
  const { dim, keepdim = false } = bind<DimOptions>(kind, ["dim", "keepdim"], args);
  const wrapped = dim === undefined || dim === null ? null : wrapDim(kind, dim, input.ndim);
  checkInput(kind, input, wrapped);
  if (wrapped === null) return ops[kind].whole.call([input], undefined);
  const [values, indices] = ops[kind].dim.results([input], { dim: wrapped, keepdim }) as [Tensor, Tensor];
  return namedTuple<{ values: Tensor; indices: Tensor }>({ values, indices }, kind);
}

/** The forms of `max` and `min`: over everything, along a dimension, or of two tensors. */
export interface Extreme {
  (input: Tensor): Tensor;
  (input: Tensor, other: Tensor): Tensor;
  (input: Tensor, dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesAndIndices;
  (input: Tensor, options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

/** The same as methods. */
export interface ExtremeMethod {
  (): Tensor;
  (other: Tensor): Tensor;
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesAndIndices;
  (options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

/**
 * Largest element: of all, along `dim` (with its position; NaN wins, then the first of equals), or of two tensors.
 * PyTorch: `torch.max`.
 * @example
 * const { values, indices } = torch.tensor([[1, 5], [7, 2]]).max(1);
 * indices // tensor([1, 0])
 */
export const max: Extreme = ((input: Tensor, ...args: unknown[]) => extreme("max", input, args)) as Extreme;

/** Smallest element: of all, along `dim`, or of two tensors. PyTorch: `torch.min`. */
export const min: Extreme = ((input: Tensor, ...args: unknown[]) => extreme("min", input, args)) as Extreme;

function position(kind: Kind, input: Tensor, args: readonly unknown[]): Tensor {
  const op = kind === "max" ? "argmax" : "argmin";
  if (!(input instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as input`);
  const { dim, keepdim = false } = bind<{ dim?: number | null; keepdim?: boolean }>(op, ["dim", "keepdim"], args);
  const wrapped = dim === undefined || dim === null ? null : wrapDim(op, dim, input.ndim);
  checkInput(op, input, wrapped);
  return extremes(kind, input, wrapped, keepdim, false).indices;
}

/**
 * Position of the largest element: row-major over everything, or along `dim`. PyTorch: `torch.argmax`.
 * @example
 * torch.tensor([1, 5, 3]).argmax() // tensor(1)
 */
export function argmax(input: Tensor, ...args: DimArgs): Tensor {
  return position("max", input, args);
}

/** Position of the smallest element. PyTorch: `torch.argmin`. */
export function argmin(input: Tensor, ...args: DimArgs): Tensor {
  return position("min", input, args);
}
