/** @file `x[…]` and `x[…] = y`: `at`, `setAt`, and indexing by tensors beneath them. */
import { backendOf } from "../backends/backend.ts";
import { describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { broadcastShapes, type Shape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { checkApart } from "./copy.ts";
import { allocate } from "./creation.ts";
import { tensor } from "./from-data.ts";
import { applyIndex, expandMasks, type IndexItem, type TensorIndices } from "./index-expression.ts";
import { kernelOp } from "./kernel-form.ts";
import { apart } from "./operands.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";

/** Which dimensions the index tensors stand at: those of the node's inputs, in order. */
interface IndexAttrs {
  readonly dims: readonly number[];
}

/** The index tensors at their dimensions, from the inputs that follow the first `skip`. */
function placed(dims: readonly number[], tensors: readonly Tensor[]): TensorIndices {
  const indices: (Tensor | null)[] = [];
  for (const [i, dim] of dims.entries()) {
    while (indices.length < dim) indices.push(null);
    indices.push(tensors[i] as Tensor);
  }
  return indices;
}

/**
 * The shape of `x[indices]`: the index tensors' common shape in the place of the dimensions they index, or in front if these do not
 * stand side by side.
 */
function indexedShape(op: string, shape: Shape, indices: TensorIndices): Shape {
  const dims = indices.flatMap((index, i) => (index === null ? [] : [i]));
  const common = dims.reduce<Shape>((s, d) => broadcastShapes(op, s, (indices[d] as Tensor).shape), []);
  const first = dims[0] ?? 0;
  const start = dims.every((d, i) => d === first + i) ? first : 0;
  const empty = dims.find((d) => shape[d] === 0);
  if (empty !== undefined && !common.includes(0))
    throw new IndexError(`${op}: index is out of bounds for dimension ${empty} with size 0`);
  const whole = shape.filter((_, i) => !indices[i]);
  return [...whole.slice(0, start), ...common, ...whole.slice(start)];
}

const indexOp = kernelOp<IndexAttrs>({
  name: "index",
  forward: ([input, ...tensors], { dims }) => {
    const x = input as Tensor;
    const indices = placed(dims, tensors);
    const shape = indexedShape("at", x.shape, indices);
    const out = allocate(shape, x.dtype, x.device);
    backendOf(x.device).kernels.index(out, x, indices, { op: "at" });
    return out;
  },
  saves: (_, { dims }) => dims.map((_, i) => i + 1),
  backward: ([grad], context) => {
    const { dims } = context.attrs;
    const zeros = (grad as Tensor).newZeros(context.shape(0));
    const indices = dims.map((_, i) => context.input(i + 1));
    return [putAt(zeros, dims, indices, grad as Tensor, true), ...dims.map(() => null)];
  },
});

interface IndexPutAttrs extends IndexAttrs {
  readonly accumulate: boolean;
}

function write(into: Tensor, values: Tensor, indices: TensorIndices, accumulate: boolean): void {
  backendOf(into.device).kernels.indexPut(into, indices, values, accumulate, { op: "indexPut" });
}

const indexPutOp = kernelOp<IndexPutAttrs>({
  name: "indexPut",
  forward: ([input, values, ...tensors], { dims, accumulate }) => {
    const out = (input as Tensor).clone();
    write(out, values as Tensor, placed(dims, tensors), accumulate);
    return out;
  },
  saves: (needs, { dims, accumulate }) => (needs(1) || !accumulate ? dims.map((_, i) => i + 2) : []),
  backward: ([g], context) => {
    const grad = g as Tensor;
    const { dims, accumulate } = context.attrs;
    const indices = () => dims.map((_, i) => context.input(i + 2));
    return [
      !context.needs(0) ? null : accumulate ? grad : putAt(grad, dims, indices(), grad.newZeros([]), false),
      context.needs(1) ? indexOp.call([grad, ...indices()], { dims }).sumToSize(context.shape(1)) : null,
      ...dims.map(() => null),
    ];
  },
});

function putAt(
  input: Tensor,
  dims: readonly number[],
  indices: readonly Tensor[],
  values: Tensor,
  accumulate: boolean,
): Tensor {
  return indexPutOp.call([input, values, ...indices], { dims, accumulate });
}

/** The dimensions that have index tensors, and these. */
function split(indices: TensorIndices): { dims: number[]; tensors: Tensor[] } {
  const dims = indices.flatMap((index, i) => (index === null ? [] : [i]));
  return { dims, tensors: dims.map((d) => indices[d] as Tensor) };
}

/** The part of `input` that index tensors name. */
function takeAt(input: Tensor, indices: TensorIndices): Tensor {
  const { dims, tensors } = split(indices);
  return indexOp.call([input, ...tensors], { dims });
}

function checkValues(op: string, input: Tensor, indices: TensorIndices, values: Tensor): void {
  checkSameDType(op, input, values, "tensor and values");
  const shape = indexedShape(op, input.shape, indices);
  const lead = shape.length - values.ndim;
  if (lead < 0 || values.shape.some((n, i) => n !== 1 && n !== shape[i + lead]))
    throw new ShapeError(
      `${op}: expected values that broadcast to the indexed shape ${shapeText(shape)}, got ${shapeText(values.shape)}`,
    );
}

function writeAt(op: string, input: Tensor, indices: TensorIndices, values: Tensor, accumulate: boolean): Tensor {
  checkValues(op, input, indices, values);
  checkApart(op, input);
  const { dims, tensors } = split(indices);
  const from = apart(values, input);
  const at = tensors.map((t) => apart(t, input));
  return indexPutOp.writeInto([input, from, ...at], { dims, accumulate }, () =>
    write(input, from, placed(dims, at), accumulate),
  );
}

/**
 * A part of a tensor, as Python's `x[…]` takes it. Numbers, slices, `null` and `"..."` give a view; index tensors, masks and arrays
 * a copy. PyTorch: `Tensor.__getitem__`.
 * Differs: what follows a mask of several dimensions indexes the dimensions after those of the mask, as in NumPy.
 *
 * @param index - numbers, slices `"a:b:c"` (positive steps), `null` (a new dimension), `"..."`, booleans, index tensors (int64,
 * int32), masks (bool, uint8), nested arrays
 * @throws IndexError for a number out of range, or too many items
 * @example
 * const x = torch.arange(6).reshape(2, 3)
 * x.at(1)                                    // tensor([3, 4, 5])
 * x.at(":", "1:")                            // tensor([[1, 2],
 *                                            //         [4, 5]])
 * x.at("...", [2, 0])                        // tensor([[2, 0],
 *                                            //         [5, 3]])
 */
export function at(input: Tensor, ...index: IndexItem[]): Tensor {
  const { view, indices } = applyIndex("at", input, index);
  return indices === null ? view : takeAt(view, indices);
}

/**
 * Writes into a part of a tensor, as Python's `x[…] = y` does. PyTorch: `Tensor.__setitem__`.
 *
 * @param index - the items of the index in an array, or a single one that is no array
 * @param value - a number, or a tensor that broadcasts to the part
 * @returns the tensor itself
 * @throws IndexError for a number out of range; ShapeError if the value does not fit
 * @example
 * torch.zeros(2, 2).setAt([":", 1], 5) // tensor([[0., 5.],
 *                                      //         [0., 5.]])
 */
export function setAt(input: Tensor, index: readonly IndexItem[] | IndexItem, value: Tensor | Scalar): Tensor {
  if (!isScalar(value) && !(value instanceof Tensor))
    throw new ValueError(`setAt: expected a Tensor or a number as value, got ${describe(value)}`);
  const { view, indices } = applyIndex("setAt", input, Array.isArray(index) ? index : [index]);
  if (indices === null) {
    if (value instanceof Tensor) view.copy_(withoutLeadingOnes(value, view.ndim));
    else view.fill_(value);
  } else {
    const values = value instanceof Tensor ? value : tensor(value, { dtype: input.dtype, device: input.device });
    const shape = indexedShape("setAt", view.shape, indices);
    writeAt("setAt", view, indices, withoutLeadingOnes(values, shape.length), false);
  }
  return input;
}

/** Python lets a value have more dimensions than the part it is written into, if they are of size 1. */
function withoutLeadingOnes(value: Tensor, ndim: number): Tensor {
  let spare = 0;
  while (value.ndim - spare > ndim && value.shape[spare] === 1) spare++;
  return spare === 0 ? value : value.view(value.shape.slice(spare));
}

interface IndexPutOptions {
  indices: readonly Tensor[];
  values: Tensor;
  accumulate?: boolean;
}
type IndexPutArgs = Named<
  [indices: readonly Tensor[], values: Tensor, accumulate: boolean],
  ["indices", "values", "accumulate"],
  IndexPutOptions
>;

/** Checked arguments of `indexPut` and its like. */
function indexPutArgs(
  op: string,
  input: Tensor,
  args: readonly unknown[],
): { indices: TensorIndices; values: Tensor; accumulate: boolean } {
  checkTensor(op, input);
  const {
    indices,
    values,
    accumulate = false,
  } = named<IndexPutOptions>(op, ["indices", "values", "accumulate"], 2, args);
  checkTensor(op, values, "values");
  if (!Array.isArray(indices))
    throw new ValueError(`${op}: expected an array of index tensors as indices, got ${describe(indices)}`);
  return { indices: expandMasks(op, input.shape, indices), values, accumulate };
}

/**
 * Writes `values` at the positions that index tensors name, or adds them there; in place. PyTorch: `Tensor.index_put_`.
 * @example
 * torch.zeros(3).indexPut_([torch.tensor([0, 0])], torch.ones(2), true) // tensor([2., 0., 0.])
 */
export function indexPut_(input: Tensor, ...args: IndexPutArgs): Tensor {
  const { indices, values, accumulate } = indexPutArgs("indexPut_", input, args);
  return writeAt("indexPut_", input, indices, values, accumulate);
}

/** As `indexPut_`, into a copy. PyTorch: `torch.index_put`. */
export function indexPut(input: Tensor, ...args: IndexPutArgs): Tensor {
  const { indices, values, accumulate } = indexPutArgs("indexPut", input, args);
  checkValues("indexPut", input, indices, values);
  const { dims, tensors } = split(indices);
  return putAt(input, dims, tensors, values, accumulate);
}
