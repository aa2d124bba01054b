/** @file Slices of a dimension that a vector of indices names: indexSelect, indexAdd, indexCopy, indexFill; and take and put. */
import { inWidest, isAutocasting } from "../autograd/autocast.ts";
import { backendOf } from "../backends/backend.ts";
import { DTypeError, describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { sameShape, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkApart, copyRaw } from "./copy.ts";
import { allocate } from "./creation.ts";
import { tensor } from "./from-data.ts";
import { checkIndexTensor } from "./gather.ts";
import { kernelOp } from "./kernel-form.ts";
import { apart, vector } from "./operands.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";

interface DimAttrs {
  readonly dim: number;
}

function checkVector(op: string, index: unknown, width?: "int32 or int64"): asserts index is Tensor {
  checkIndexTensor(op, index, width);
  if (index.ndim > 1) throw new ShapeError(`${op}: expected a vector as index, got shape ${shapeText(index.shape)}`);
}

const indexSelectOp = kernelOp<DimAttrs>({
  name: "indexSelect",
  forward: ([input, index], { dim }) => {
    const x = input as Tensor;
    const at = vector(index as Tensor);
    const out = allocate(x.ndim === 0 ? [] : x.shape.with(dim, at.layout.numel), x.dtype, x.device);
    backendOf(x.device).kernels.indexSelect(vector(out), vector(x), dim, at);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => {
    const zeros = (grad as Tensor).newZeros(context.shape(0));
    return [zeros.indexAdd(context.attrs.dim, context.input(1), grad as Tensor), null];
  },
});

interface IndexSelectOptions {
  dim: number;
  index: Tensor;
}
type IndexSelectArgs = Named<[dim: number, index: Tensor], ["dim", "index"], IndexSelectOptions>;

/**
 * The slices of a dimension that `index` names, in its order; a copy. PyTorch: `torch.index_select`.
 * @throws IndexError for an index out of range; negative ones are
 * @example
 * torch.tensor([[1, 2], [3, 4]]).indexSelect(0, torch.tensor([1, 1])) // tensor([[3, 4],
 *                                                                     //         [3, 4]])
 */
export function indexSelect(input: Tensor, ...args: IndexSelectArgs): Tensor {
  checkTensor("indexSelect", input);
  const { dim, index } = named<IndexSelectOptions>("indexSelect", ["dim", "index"], 2, args);
  checkVector("indexSelect", index, "int32 or int64");
  const d = wrapDim("indexSelect", dim, input.ndim);
  if (input.ndim === 0 && index.layout.numel !== 1)
    throw new IndexError(`indexSelect: expected one index for a 0-dim tensor, got ${index.layout.numel}`);
  return indexSelectOp.call([input, index], { dim: d });
}

interface IndexAddAttrs extends DimAttrs {
  readonly alpha: Scalar;
}

function addRaw(into: Tensor, index: Tensor, source: Tensor, { dim, alpha }: IndexAddAttrs): void {
  const scaled = alpha === 1 ? source : source.mul(alpha);
  backendOf(into.device).kernels.indexAdd(vector(into), dim, vector(index), vector(scaled));
}

const indexAddOp = kernelOp<IndexAddAttrs>({
  name: "indexAdd",
  forward: ([input, index, source], attrs) => {
    const out = (input as Tensor).clone();
    addRaw(out, index as Tensor, source as Tensor, attrs);
    return out;
  },
  saves: (needs) => (needs(2) ? [1] : []),
  backward: ([g], context) => {
    const { dim, alpha } = context.attrs;
    const grad = g as Tensor;
    const ofSource = () => {
      const taken = grad.indexSelect(dim, context.input(1)).reshape(context.shape(2));
      return alpha === 1 ? taken : taken.mul(alpha);
    };
    return [grad, null, context.needs(2) ? ofSource() : null];
  },
});

/** Checks that a source has a slice for each index, of the sizes of the slices of `input`. */
function checkSlices(op: string, input: Tensor, dim: number, index: Tensor, source: Tensor): void {
  checkSameDType(op, input, source, "tensor and source");
  const count = index.layout.numel;
  const expected = input.ndim === 0 ? [] : input.shape.with(dim, count);
  const fits =
    input.ndim === 0 || source.ndim === 0
      ? source.layout.numel === count && input.ndim <= 1
      : sameShape(source.shape, expected);
  if (!fits)
    throw new ShapeError(
      `${op}: expected a source of shape ${shapeText(expected)} for ${count} indices, got ${shapeText(source.shape)}`,
    );
}

interface IndexAddOptions {
  dim: number;
  index: Tensor;
  source: Tensor;
  alpha?: Scalar;
}
type IndexAddArgs = Named<[dim: number, index: Tensor, source: Tensor], ["dim", "index", "source"], IndexAddOptions>;

function indexAddArgs(
  op: string,
  input: Tensor,
  args: readonly unknown[],
): { index: Tensor; source: Tensor; attrs: IndexAddAttrs } {
  checkTensor(op, input);
  const { dim, index, source, alpha = 1 } = named<IndexAddOptions>(op, ["dim", "index", "source", "alpha"], 3, args);
  checkVector(op, index, "int32 or int64");
  checkTensor(op, source, "source");
  if (!isScalar(alpha)) throw new ValueError(`${op}: expected a number as alpha, got ${describe(alpha)}`);
  const d = wrapDim(op, dim, input.ndim);
  checkSlices(op, input, d, index, source);
  return { index, source, attrs: { dim: d, alpha } };
}

/**
 * A copy of `input` with slices of `source` added to those that `index` names. PyTorch: `torch.index_add`.
 * @param args - `dim`, `index`, `source`, `alpha` (multiplies `source`)
 * @example
 * torch.zeros(3).indexAdd(0, torch.tensor([0, 0, 2]), torch.ones(3)) // tensor([2., 0., 1.])
 */
export function indexAdd(input: Tensor, ...args: IndexAddArgs): Tensor {
  const { index, source, attrs } = indexAddArgs("indexAdd", input, args);
  return indexAddOp.call([input, index, source], attrs);
}

/** As `indexAdd`, in place. PyTorch: `Tensor.index_add_`. */
export function indexAdd_(input: Tensor, ...args: IndexAddArgs): Tensor {
  const { index, source, attrs } = indexAddArgs("indexAdd_", input, args);
  checkApart("indexAdd_", input);
  const [at, from] = [apart(index, input), apart(source, input)];
  return indexAddOp.writeInto([input, at, from], attrs, () => addRaw(input, at, from, attrs));
}

function copySlices(into: Tensor, index: Tensor, source: Tensor, dim: number): void {
  backendOf(into.device).kernels.indexCopy(vector(into), dim, vector(index), vector(source));
}

const indexCopyOp = kernelOp<DimAttrs>({
  name: "indexCopy",
  forward: ([input, index, source], { dim }) => {
    const out = (input as Tensor).clone();
    copySlices(out, index as Tensor, source as Tensor, dim);
    return out;
  },
  saves: () => [1],
  backward: ([g], context) => {
    const { dim } = context.attrs;
    const grad = g as Tensor;
    const index = context.input(1);
    return [
      context.needs(0) ? grad.indexFill(dim, index, 0) : null,
      null,
      context.needs(2) ? grad.indexSelect(dim, index).reshape(context.shape(2)) : null,
    ];
  },
});

interface IndexCopyOptions {
  dim: number;
  index: Tensor;
  source: Tensor;
}
type IndexCopyArgs = Named<[dim: number, index: Tensor, source: Tensor], ["dim", "index", "source"], IndexCopyOptions>;

function indexCopyArgs(op: string, input: Tensor, args: readonly unknown[]): IndexCopyOptions {
  checkTensor(op, input);
  const { dim, index, source } = named<IndexCopyOptions>(op, ["dim", "index", "source"], 3, args);
  checkVector(op, index);
  checkTensor(op, source, "source");
  const d = wrapDim(op, dim, input.ndim);
  checkSlices(op, input, d, index, source);
  return { dim: d, index, source };
}

/** A copy of `input` with the slices that `index` names replaced by those of `source`. PyTorch: `torch.index_copy`. */
export function indexCopy(input: Tensor, ...args: IndexCopyArgs): Tensor {
  if (isAutocasting()) return inWidest(indexCopy, [input, ...args]);
  const { dim, index, source } = indexCopyArgs("indexCopy", input, args);
  return indexCopyOp.call([input, index, source], { dim });
}

/** As `indexCopy`, in place. PyTorch: `Tensor.index_copy_`. */
export function indexCopy_(input: Tensor, ...args: IndexCopyArgs): Tensor {
  const { dim, index, source } = indexCopyArgs("indexCopy_", input, args);
  checkApart("indexCopy_", input);
  const [at, from] = [apart(index, input), apart(source, input)];
  return indexCopyOp.writeInto([input, at, from], { dim }, () => copySlices(input, at, from, dim));
}

function fillSlices(into: Tensor, index: Tensor, value: Tensor, dim: number): void {
  const x = vector(into);
  const at = vector(index);
  backendOf(into.device).kernels.indexPut(x, [...new Array<null>(dim).fill(null), at], value, false, {
    op: "indexFill",
  });
}

const indexFillOp = kernelOp<DimAttrs & { readonly number: boolean }>({
  name: "indexFill",
  node: ({ number }) => `IndexFillBackward${number ? 0 : 1}`,
  forward: ([input, index, value], { dim }) => {
    const out = (input as Tensor).clone();
    fillSlices(out, index as Tensor, value as Tensor, dim);
    return out;
  },
  saves: () => [1],
  backward: ([g], context) => {
    const { dim } = context.attrs;
    const grad = g as Tensor;
    const index = context.input(1);
    return [
      context.needs(0) ? grad.indexFill(dim, index, 0) : null,
      null,
      // Each slice counts once, however often it was named.
      context.needs(2) ? grad.sub(grad.indexFill(dim, index, 0)).sum() : null,
    ];
  },
});

interface IndexFillOptions {
  dim: number;
  index: Tensor;
  value: Scalar | Tensor;
}
type IndexFillArgs = Named<
  [dim: number, index: Tensor, value: Scalar | Tensor],
  ["dim", "index", "value"],
  IndexFillOptions
>;

function indexFillArgs(
  op: string,
  input: Tensor,
  args: readonly unknown[],
): { dim: number; index: Tensor; value: Tensor; number: boolean } {
  checkTensor(op, input);
  const { dim, index, value } = named<IndexFillOptions>(op, ["dim", "index", "value"], 3, args);
  checkVector(op, index);
  const d = wrapDim(op, dim, input.ndim);
  if (isScalar(value)) {
    if (typeof value === "object" && !input.dtype.isComplex)
      throw new DTypeError(`${op}: expected a real number for ${input.dtype}, got a complex one`);
    return { dim: d, index, value: tensor(value, { dtype: input.dtype, device: input.device }), number: true };
  }
  checkTensor(op, value, "value");
  if (value.ndim > 0)
    throw new ShapeError(`${op}: expected a number or a 0-dim tensor as value, got shape ${shapeText(value.shape)}`);
  return { dim: d, index, value: value.to(input.dtype), number: false };
}

/** A copy of `input` with the slices that `index` names filled with a number. PyTorch: `torch.index_fill`. */
export function indexFill(input: Tensor, ...args: IndexFillArgs): Tensor {
  const { dim, index, value, number } = indexFillArgs("indexFill", input, args);
  return indexFillOp.call([input, index, value], { dim, number });
}

/** As `indexFill`, in place. PyTorch: `Tensor.index_fill_`. */
export function indexFill_(input: Tensor, ...args: IndexFillArgs): Tensor {
  const { dim, index, value, number } = indexFillArgs("indexFill_", input, args);
  checkApart("indexFill_", input);
  const [at, from] = [apart(index, input), apart(value, input)];
  return indexFillOp.writeInto([input, at, from], { dim, number }, () => fillSlices(input, at, from, dim));
}

const takeOp = kernelOp({
  name: "take",
  forward: ([input, index]) => {
    const [x, at] = [(input as Tensor).reshape(-1), index as Tensor];
    const out = allocate(at.shape, x.dtype, x.device);
    backendOf(x.device).kernels.index(out, x, [at], { op: "take" });
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => [
    (grad as Tensor).newZeros(context.shape(0)).put(context.input(1), grad as Tensor, true),
    null,
  ],
});

/**
 * The elements at positions in the flattened `input`; the shape of `index`. PyTorch: `torch.take`.
 * @throws IndexError for an index out of range; negative ones count from the end
 * @example
 * torch.tensor([[4, 3], [5, 6]]).take(torch.tensor([0, -1])) // tensor([4, 6])
 */
export function take(input: Tensor, ...args: Named<[index: Tensor], ["index"], { index: Tensor }>): Tensor {
  checkTensor("take", input);
  const { index } = named<{ index: Tensor }>("take", ["index"], 1, args);
  checkIndexTensor("take", index);
  if (input.layout.numel === 0 && index.layout.numel > 0)
    throw new IndexError(`take: expected elements to take from, got an input of shape ${shapeText(input.shape)}`);
  return takeOp.call([input, index], undefined);
}

interface PutAttrs {
  readonly accumulate: boolean;
}

function putRaw(into: Tensor, index: Tensor, source: Tensor, accumulate: boolean): void {
  const { kernels } = backendOf(into.device);
  const at = index.reshape(-1);
  const from = source.reshape(-1);
  const flat = into.detach().contiguous();
  kernels.indexPut(flat.view(-1), [at], from, accumulate, { op: "put" });
  if (flat.storage !== into.storage) copyRaw(into, flat);
}

const putOp = kernelOp<PutAttrs>({
  name: "put",
  forward: ([input, index, source], { accumulate }) => {
    const out = (input as Tensor).clone();
    putRaw(out, index as Tensor, source as Tensor, accumulate);
    return out;
  },
  saves: () => [1],
  backward: ([g], context) => {
    const grad = g as Tensor;
    const index = context.input(1);
    const zeros = () => grad.newZeros(index.shape);
    return [
      !context.needs(0) ? null : context.attrs.accumulate ? grad : grad.put(index, zeros(), false),
      null,
      context.needs(2) ? grad.take(index).reshape(context.shape(2)) : null,
    ];
  },
});

interface PutOptions {
  index: Tensor;
  source: Tensor;
  accumulate?: boolean;
}
type PutArgs = Named<
  [index: Tensor, source: Tensor, accumulate: boolean],
  ["index", "source", "accumulate"],
  PutOptions
>;

function putArgs(op: string, input: Tensor, args: readonly unknown[]): Required<PutOptions> {
  checkTensor(op, input);
  const { index, source, accumulate = false } = named<PutOptions>(op, ["index", "source", "accumulate"], 2, args);
  checkIndexTensor(op, index);
  checkTensor(op, source, "source");
  checkSameDType(op, input, source, "tensor and source");
  if (index.layout.numel !== source.layout.numel)
    throw new ShapeError(
      `${op}: expected as many indices as elements in source, got ${index.layout.numel} and ${source.layout.numel}`,
    );
  if (input.layout.numel === 0 && index.layout.numel > 0)
    throw new IndexError(`${op}: expected elements to write to, got an input of shape ${shapeText(input.shape)}`);
  return { index, source, accumulate };
}

/** A copy of `input` with the elements of `source` at positions in its flattened form. PyTorch: `torch.put`. */
export function put(input: Tensor, ...args: PutArgs): Tensor {
  const { index, source, accumulate } = putArgs("put", input, args);
  return putOp.call([input, index, source], { accumulate });
}

/** As `put`, in place. PyTorch: `Tensor.put_`. */
export function put_(input: Tensor, ...args: PutArgs): Tensor {
  const { index, source, accumulate } = putArgs("put_", input, args);
  checkApart("put_", input);
  const [at, from] = [apart(index, input), apart(source, input)];
  return putOp.writeInto([input, at, from], { accumulate }, () => putRaw(input, at, from, accumulate));
}
