/** @file Rows of a table, looked up by index. */
import { noGrad } from "../../autograd/modes.ts";
import { backendOf } from "../../backends/backend.ts";
import { int32, int64 } from "../../core/dtype.ts";
import { DTypeError, describe, IndexError, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { allocate } from "../../ops/creation.ts";
import { type KernelOp, kernelOp } from "../../ops/kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { renorm } from "../../ops/renorm.ts";
import { unique } from "../../ops/unique.ts";

interface Attrs {
  /** The row that learns nothing; −1 for none. */
  readonly paddingIdx: number;
  /** Whether gradients are divided by how often their row was looked up. */
  readonly scaleGradByFreq: boolean;
}

function lookUp(weight: Tensor, indices: Tensor): Tensor {
  const width = weight.shape[1] as number;
  const out = allocate([...indices.shape, width], weight.dtype, weight.device);
  const flat = indices.contiguous().view(-1);
  backendOf(weight.device).kernels.indexSelect(out.view([flat.numel(), width]), weight, 0, flat, "embedding");
  return out;
}

/** How often each of a vector of indices occurs in it. */
export function frequencies(indices: Tensor, rows: number): Tensor {
  const counts = indices.newZeros([rows], { dtype: int64 });
  return counts.indexAdd_(0, indices, indices.newOnes(indices.shape, { dtype: int64 })).indexSelect(0, indices);
}

const embeddingOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "embedding",
  forward: ([weight, indices]) => lookUp(weight as Tensor, indices as Tensor),
  saves: () => [1],
  backward: ([grad], context) => [
    gradientOp.call([grad as Tensor, context.input(1)], { ...context.attrs, rows: context.shape(0)[0] as number }),
    null,
  ],
});

type GradientAttrs = Attrs & { readonly rows: number };

/** Adds each gradient to the row that it belongs to. */
const gradientOp: KernelOp<GradientAttrs> = kernelOp<GradientAttrs>({
  name: "embeddingDenseBackward",
  forward([g, indices], { rows, paddingIdx, scaleGradByFreq }) {
    const grad = g as Tensor;
    const at = (indices as Tensor).reshape(-1);
    const width = grad.shape.at(-1) as number;
    const each = grad.reshape([at.numel(), width]);
    const scaled = scaleGradByFreq ? each.div(frequencies(at, rows).unsqueeze(1)) : each;
    const out = grad.newZeros([rows, width]);
    backendOf(grad.device).kernels.indexAdd(out, 0, at, scaled, "embedding");
    if (paddingIdx >= 0) out.select(0, paddingIdx).zero_();
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => [gradientTransposeOp.call([grad as Tensor, context.input(1)], context.attrs), null],
});

/** The transpose of the gradient: the look-up, without what the gradient leaves out. */
const gradientTransposeOp: KernelOp<GradientAttrs> = kernelOp<GradientAttrs>({
  name: "embeddingDenseDoubleBackward",
  forward([table, indices], { rows, paddingIdx, scaleGradByFreq }) {
    const [weight, at] = [table as Tensor, indices as Tensor];
    const out = lookUp(weight, at);
    if (scaleGradByFreq) out.div_(frequencies(at.reshape(-1), rows).view(at.shape).unsqueeze(-1));
    return paddingIdx < 0 ? out : out.maskedFill_(at.eq(paddingIdx).unsqueeze(-1), 0);
  },
  saves: () => [1],
  backward: ([grad], context) => [gradientOp.call([grad as Tensor, context.input(1)], context.attrs), null],
});

/** @throws ShapeError if a table is no matrix */
export function checkTable(op: string, x: unknown, name = "weight"): asserts x is Tensor {
  checkTensor(op, x, name);
  if (x.ndim !== 2) throw new ShapeError(`${op}: expected ${name} of shape [rows, width], got ${shapeText(x.shape)}`);
}

/** @throws DTypeError if indices are not of an integer dtype that counts rows */
export function checkIndices(op: string, x: unknown, name: string): asserts x is Tensor {
  checkTensor(op, x, name);
  if (x.dtype !== int64 && x.dtype !== int32)
    throw new DTypeError(`${op}: expected ${name} in ${int64} or ${int32}, got ${x.dtype}`);
}

/** The row that `paddingIdx` means among `rows`; −1 for none. */
export function paddingRow(op: string, paddingIdx: number | null, rows: number): number {
  if (paddingIdx === null) return -1;
  checkInt(op, "paddingIdx", paddingIdx);
  if (paddingIdx < -rows || paddingIdx >= Math.max(rows, 1))
    throw new IndexError(`${op}: expected a paddingIdx within [${-rows}, ${rows - 1}], got ${paddingIdx}`);
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

/** @throws ValueError if `sparse` is true */
export function checkNotSparse(op: string, sparse: unknown): asserts sparse is false {
  if (sparse !== false)
    throw new ValueError(
      `${op}: expected sparse to be false (gradients are dense: there are no sparse tensors yet), got ${describe(sparse)}`,
    );
}

/** Scales the rows that are looked up down to a norm of `maxNorm`, in place. */
export function limitNorms(weight: Tensor, indices: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const rows = unique(indices.reshape(-1).to(int64));
    weight.indexCopy_(0, rows, renorm(weight.indexSelect(0, rows), normType, 0, maxNorm));
  });
}

export interface EmbeddingOptions {
  /** The table, one row an index. */
  weight: Tensor;
  /** The row whose gradient stays zero; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Rows of a greater norm are scaled down to it, in the table itself, when they are looked up. */
  maxNorm?: number | null;
  /** Which norm that is. */
  normType?: number;
  /** Whether gradients are divided by how often their row was looked up. */
  scaleGradByFreq?: boolean;
  /** There are no sparse gradients: only false. */
  sparse?: false;
}
const NAMES = ["weight", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"] as const;
type EmbeddingArgs = Named<
  [
    weight: Tensor,
    paddingIdx: number | null,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq: boolean,
    sparse: false,
  ],
  ["weight", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"],
  EmbeddingOptions
>;

/**
 * The rows of a table that indices name. PyTorch: `torch.nn.functional.embedding`.
 *
 * Differs: gradients are always dense, so `sparse: true` is refused; differentiating the gradient again heeds `scaleGradByFreq`.
 *
 * @param input - indices, any shape; int64 or int32
 * @param args - `weight` [rows, width], `paddingIdx`, `maxNorm`, `normType` (2), `scaleGradByFreq` (false), `sparse` (false)
 * @returns [*, width]
 * @throws IndexError for an index that is no row
 * @throws ShapeError if the weight is no matrix
 * @example
 * const weight = torch.tensor([[1, 2.5], [3, 4], [5, 6]]);
 * F.embedding(torch.tensor([2, 0]), weight) // tensor([[5.0000, 6.0000],
 *                                           //         [1.0000, 2.5000]])
 */
export function embedding(input: Tensor, ...args: EmbeddingArgs): Tensor {
  const op = "embedding";
  const given = named<EmbeddingOptions>(op, NAMES, 1, args);
  const { weight, paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false, sparse = false } = given;
  checkIndices(op, input, "input");
  checkTable(op, weight);
  checkNotSparse(op, sparse);
  const padding = paddingRow(op, paddingIdx, weight.shape[0] as number);
  if (maxNorm !== null) limitNorms(weight, input, maxNorm, normType);
  return embeddingOp.call([weight, input], { paddingIdx: padding, scaleGradByFreq });
}
