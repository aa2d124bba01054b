/** @file The dimensions in another order, and diagonals. */
import { IndexError, ShapeError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { type Shape, shapeText, wrapDim, wrapDims } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { allocate, fillRaw } from "./creation.ts";
import { kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor, type Named, named, numbersArg } from "./params.ts";
import type { Sizes } from "./shape.ts";
import { viewOp } from "./view-form.ts";

const transposeOp = viewOp<{ dim0: number; dim1: number }>({
  name: "transpose",
  layout: ({ shape, strides, offset }, { dim0, dim1 }) => {
    const swap = (a: readonly number[]) =>
      a.map((n, i) => (i === dim0 ? (a[dim1] as number) : i === dim1 ? (a[dim0] as number) : n));
    return new Layout(swap(shape), swap(strides), offset);
  },
  backward: (grad, { dim0, dim1 }) => grad.transpose(dim0, dim1),
});

interface TwoDims {
  dim0: number;
  dim1: number;
}
type TwoDimsArgs = Named<[dim0: number, dim1: number], ["dim0", "dim1"], TwoDims>;

const DIMS = ["dim0", "dim1"] as const;
const AXES = ["axis0", "axis1"] as const;

function twoDims(op: string, names: typeof DIMS | typeof AXES, input: Tensor, args: readonly unknown[]): TwoDims {
  checkTensor(op, input);
  const given = named<Record<string, number>>(op, names, 2, args);
  const [dim0, dim1] = names.map((name) => wrapDim(op, given[name] as number, input.ndim)) as [number, number];
  return { dim0, dim1 };
}

/**
 * Two dimensions exchanged; a view. PyTorch: `torch.transpose`.
 * @example
 * torch.zeros(2, 3, 5).transpose(0, 2).shape // [5, 3, 2]
 */
export function transpose(input: Tensor, ...args: TwoDimsArgs): Tensor {
  return transposeOp.call(input, twoDims("transpose", DIMS, input, args));
}

/**
 * As `transpose`, of the tensor itself. PyTorch: `Tensor.transpose_`.
 * @example
 * torch.zeros(2, 3).transpose_(0, 1).shape // [3, 2]
 */
export function transpose_(input: Tensor, ...args: TwoDimsArgs): Tensor {
  return transposeOp.callInPlace(input, twoDims("transpose_", DIMS, input, args));
}

/** Another name of `transpose`. PyTorch: `torch.swapdims`. */
export function swapdims(input: Tensor, ...args: TwoDimsArgs): Tensor {
  return transposeOp.call(input, twoDims("swapdims", DIMS, input, args));
}

/** Another name of `transpose_`. PyTorch: `Tensor.swapdims_`. */
export function swapdims_(input: Tensor, ...args: TwoDimsArgs): Tensor {
  return transposeOp.callInPlace(input, twoDims("swapdims_", DIMS, input, args));
}

type TwoAxesArgs = Named<[axis0: number, axis1: number], ["axis0", "axis1"], { axis0: number; axis1: number }>;

/** Another name of `transpose`. PyTorch: `torch.swapaxes`. */
export function swapaxes(input: Tensor, ...args: TwoAxesArgs): Tensor {
  return transposeOp.call(input, twoDims("swapaxes", AXES, input, args));
}

/** Another name of `transpose_`. PyTorch: `Tensor.swapaxes_`. */
export function swapaxes_(input: Tensor, ...args: TwoAxesArgs): Tensor {
  return transposeOp.callInPlace(input, twoDims("swapaxes_", AXES, input, args));
}

const tOp = viewOp({
  name: "t",
  layout: ({ shape, strides, offset }) => new Layout([...shape].reverse(), [...strides].reverse(), offset),
  backward: (grad) => grad.t(),
});

function checkMatrix(op: string, input: Tensor): void {
  checkTensor(op, input);
  if (input.ndim > 2)
    throw new ShapeError(
      `${op}: expected a tensor with at most 2 dimensions, got shape ${shapeText(input.shape)}; use transpose or mT`,
    );
}

/** The transpose of a matrix; tensors of fewer dimensions as they are. PyTorch: `torch.t`. */
export function t(input: Tensor): Tensor {
  checkMatrix("t", input);
  return tOp.call(input, undefined);
}

/** As `t`, of the tensor itself. PyTorch: `Tensor.t_`. */
export function t_(input: Tensor): Tensor {
  checkMatrix("t_", input);
  return tOp.callInPlace(input, undefined);
}

/** The last two dimensions exchanged, and complex numbers conjugated. PyTorch: `torch.adjoint`, `Tensor.mH`. */
export function adjoint(input: Tensor): Tensor {
  checkTensor("adjoint", input);
  if (input.ndim === 0) return input.dtype.isComplex ? input.conj() : input;
  if (input.ndim < 2)
    throw new ShapeError(`adjoint: expected a matrix or a batch of them, got shape ${shapeText(input.shape)}`);
  const swapped = input.transpose(-2, -1);
  return input.dtype.isComplex ? swapped.conj() : swapped;
}

const permuteOp = viewOp<{ dims: readonly number[] }>({
  name: "permute",
  layout: ({ shape, strides, offset }, { dims }) =>
    new Layout(
      dims.map((d) => shape[d] as number),
      dims.map((d) => strides[d] as number),
      offset,
    ),
  backward: (grad, { dims }) => grad.permute(dims.map((_, i) => dims.indexOf(i))),
});

/**
 * The dimensions in another order; a view. PyTorch: `torch.permute`.
 * @example
 * torch.zeros(2, 3, 5).permute(2, 0, 1).shape // [5, 2, 3]
 */
export function permute(input: Tensor, ...dims: Sizes | [{ dims: Shape }]): Tensor {
  checkTensor("permute", input);
  const given = numbersArg("permute", "dims", dims);
  if (given.length !== input.ndim)
    throw new ShapeError(
      `permute: expected ${input.ndim} dims for shape ${shapeText(input.shape)}, got ${shapeText(given)}`,
    );
  return permuteOp.call(input, { dims: wrapDims("permute", given, input.ndim) });
}

interface Movement {
  source: number | Shape;
  destination: number | Shape;
}
type MoveArgs = Named<[source: number | Shape, destination: number | Shape], ["source", "destination"], Movement>;

function move(op: string, input: Tensor, args: readonly unknown[]): Tensor {
  checkTensor(op, input);
  const given = named<Movement>(op, ["source", "destination"], 2, args);
  const source = wrapDims(op, given.source, input.ndim);
  const destination = wrapDims(op, given.destination, input.ndim);
  if (source.length !== destination.length)
    throw new ShapeError(
      `${op}: expected as many dims in source as in destination, got ${shapeText(source)} and ${shapeText(destination)}`,
    );
  if (input.ndim === 0) return permuteOp.call(input, { dims: [] });
  const rest = input.shape.map((_, i) => i).filter((i) => !source.includes(i));
  const dims = input.shape.map((_, i) => {
    const j = destination.indexOf(i);
    return j >= 0 ? (source[j] as number) : (rest.shift() as number);
  });
  return permuteOp.call(input, { dims });
}

/**
 * Dimensions moved to other places, the others kept in order; a view. PyTorch: `torch.movedim`.
 * @example
 * torch.zeros(2, 3, 5).movedim(0, 2).shape // [3, 5, 2]
 */
export function movedim(input: Tensor, ...args: MoveArgs): Tensor {
  return move("movedim", input, args);
}

/** Another name of `movedim`. PyTorch: `torch.moveaxis`. */
export function moveaxis(input: Tensor, ...args: MoveArgs): Tensor {
  return move("moveaxis", input, args);
}

interface DiagonalOptions {
  offset?: number;
  dim1?: number;
  dim2?: number;
}
type DiagonalArgs = Call<[offset: number, dim1: number, dim2: number], DiagonalOptions>;

interface DiagonalPlace {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

function diagonalPlace(
  op: string,
  args: readonly unknown[],
  ndim: number,
  preset: readonly [number, number],
): DiagonalPlace {
  const {
    offset = 0,
    dim1 = preset[0],
    dim2 = preset[1],
  } = bind<DiagonalOptions>(op, ["offset", "dim1", "dim2"], args);
  checkInt(op, "offset", offset);
  const place = { offset, dim1: wrapDim(op, dim1, ndim), dim2: wrapDim(op, dim2, ndim) };
  if (place.dim1 === place.dim2) throw new IndexError(`${op}: expected two different dims, got ${dim1} and ${dim2}`);
  return place;
}

function diagonalLayout(input: Layout, { offset, dim1, dim2 }: DiagonalPlace): Layout {
  const rows = input.shape[dim1] as number;
  const columns = input.shape[dim2] as number;
  const length = Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns));
  const start =
    length === 0
      ? 0
      : offset >= 0
        ? offset * (input.strides[dim2] as number)
        : -offset * (input.strides[dim1] as number);
  const keep = (a: readonly number[]) => a.filter((_, i) => i !== dim1 && i !== dim2);
  const stride = (input.strides[dim1] as number) + (input.strides[dim2] as number);
  return new Layout([...keep(input.shape), length], [...keep(input.strides), stride], input.offset + start);
}

const diagonalOp = viewOp<DiagonalPlace>({ name: "diagonal", layout: diagonalLayout });

/**
 * The elements on a diagonal of two dimensions, as the last dimension; a view. PyTorch: `torch.diagonal`.
 * @example
 * torch.tensor([[1, 2], [3, 4]]).diagonal() // tensor([1, 4])
 */
export function diagonal(input: Tensor, ...args: DiagonalArgs): Tensor {
  checkTensor("diagonal", input);
  return diagonalOp.call(input, diagonalPlace("diagonal", args, input.ndim, [0, 1]));
}

const diagEmbedOp = kernelOp<DiagonalPlace>({
  name: "diagEmbed",
  forward: ([input], place) => {
    const x = input as Tensor;
    const [low, high] = place.dim1 < place.dim2 ? [place.dim1, place.dim2] : [place.dim2, place.dim1];
    const side = (x.shape[x.ndim - 1] as number) + Math.abs(place.offset);
    const shape = x.shape.slice(0, -1).toSpliced(low, 0, side).toSpliced(high, 0, side);
    const out = fillRaw(allocate(shape, x.dtype, x.device), 0);
    diagonalOp.call(out, place).copy_(x);
    return out;
  },
  backward: ([grad], { attrs: { offset, dim1, dim2 } }) => [(grad as Tensor).diagonal(offset, dim1, dim2)],
});

/**
 * Matrices that have the last dimension on a diagonal and zeros elsewhere. PyTorch: `torch.diag_embed`.
 * @example
 * torch.diagEmbed(torch.tensor([1, 2])) // tensor([[1, 0],
 *                                       //         [0, 2]])
 */
export function diagEmbed(input: Tensor, ...args: DiagonalArgs): Tensor {
  checkTensor("diagEmbed", input);
  if (input.ndim === 0) throw new ShapeError("diagEmbed: expected a tensor with at least 1 dimension, got shape []");
  return diagEmbedOp.call([input], diagonalPlace("diagEmbed", args, input.ndim + 1, [-2, -1]));
}

type DiagArgs = Call<[diagonal: number], { diagonal?: number }>;

const diagonalCopyOp = kernelOp<DiagonalPlace>({
  name: "diagonalCopy",
  node: "DiagonalBackward0_copy",
  forward: ([input], place) => diagonalOp.call(input as Tensor, place).clone(),
  backward: ([grad], context) => {
    const whole = (grad as Tensor).newZeros(context.shape(0));
    diagonalOp.call(whole, context.attrs).copy_(grad as Tensor);
    return [whole];
  },
});

/**
 * Of a vector, the matrix with it on a diagonal; of a matrix, a copy of that diagonal. PyTorch: `torch.diag`.
 * @throws ShapeError if `input` is neither
 */
export function diag(input: Tensor, ...args: DiagArgs): Tensor {
  checkTensor("diag", input);
  const { diagonal: offset = 0 } = bind<{ diagonal?: number }>("diag", ["diagonal"], args);
  checkInt("diag", "diagonal", offset);
  if (input.ndim === 1) return diagEmbedOp.call([input], { offset, dim1: 0, dim2: 1 });
  if (input.ndim !== 2)
    throw new ShapeError(`diag: expected a vector or a matrix, got shape ${shapeText(input.shape)}`);
  return diagonalCopyOp.call([input], { offset, dim1: 0, dim2: 1 });
}

/** The matrix with the elements of `input`, flattened, on a diagonal. PyTorch: `torch.diagflat`. */
export function diagflat(input: Tensor, ...args: Call<[offset: number], { offset?: number }>): Tensor {
  checkTensor("diagflat", input);
  const { offset = 0 } = bind<{ offset?: number }>("diagflat", ["offset"], args);
  return diag(input.reshape(-1), offset);
}
