/** @file Triangles of matrices, and their indices. */
import { DType, int64 } from "../core/dtype.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { checkApart } from "./copy.ts";
import { allocate, checkOptions, fillRaw, finish, type TensorOptions } from "./creation.ts";
import { fromNumpy } from "./from-data.ts";
import { kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor } from "./params.ts";

interface Part {
  /** Whether the part below the diagonal is kept. */
  readonly lower: boolean;
  readonly diagonal: number;
}

/** Zeroes what does not belong to the triangle, a row of all matrices at a time. */
function clear(into: Tensor, { lower, diagonal }: Part): void {
  const { shape, strides, offset, ndim, numel } = into.layout;
  if (numel === 0) return;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [rowStride, columnStride] = strides.slice(-2) as [number, number];
  for (let i = 0; i < rows; i++) {
    const split = Math.min(columns, Math.max(0, i + diagonal + (lower ? 1 : 0)));
    const [start, length] = lower ? [split, columns - split] : [0, split];
    if (length === 0) continue;
    const layout = new Layout(
      [...shape.slice(0, ndim - 2), length],
      [...strides.slice(0, ndim - 2), columnStride],
      offset + i * rowStride + start * columnStride,
    );
    const part = new Tensor(into.storage, layout, into.dtype);
    fillRaw(into.dtype.isComplex ? part.real : part, 0);
    if (into.dtype.isComplex) fillRaw(part.imag, 0);
  }
}

function triangle(name: "tril" | "triu") {
  return kernelOp<Part>({
    name,
    forward: ([input], part) => {
      const x = input as Tensor;
      const out = allocate(x.shape, x.dtype, x.device);
      out.copy_(x);
      clear(out, part);
      return out;
    },
    backward: ([grad], { attrs: { diagonal } }) => [(grad as Tensor)[name](diagonal)],
  });
}

const trilOp = triangle("tril");
const triuOp = triangle("triu");

type DiagonalArgs = Call<[diagonal: number], { diagonal?: number }>;

function partOf(op: string, input: Tensor, args: readonly unknown[], lower: boolean): Part {
  checkTensor(op, input);
  const { diagonal = 0 } = bind<{ diagonal?: number }>(op, ["diagonal"], args);
  checkInt(op, "diagonal", diagonal);
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected a matrix or a batch of them, got shape ${shapeText(input.shape)}`);
  return { lower, diagonal };
}

/**
 * The lower triangle of a matrix, zeros elsewhere; `diagonal` counts upwards. PyTorch: `torch.tril`.
 * @example
 * torch.ones(2, 2).tril() // tensor([[1., 0.],
 *                         //         [1., 1.]])
 */
export function tril(input: Tensor, ...args: DiagonalArgs): Tensor {
  return trilOp.call([input], partOf("tril", input, args, true));
}

/** The upper triangle of a matrix, zeros elsewhere; `diagonal` counts upwards. PyTorch: `torch.triu`. */
export function triu(input: Tensor, ...args: DiagonalArgs): Tensor {
  return triuOp.call([input], partOf("triu", input, args, false));
}

/** As `tril`, in place. PyTorch: `Tensor.tril_`. */
export function tril_(input: Tensor, ...args: DiagonalArgs): Tensor {
  const part = partOf("tril_", input, args, true);
  checkApart("tril_", input);
  return trilOp.writeInto([input], part, () => clear(input, part));
}

/** As `triu`, in place. PyTorch: `Tensor.triu_`. */
export function triu_(input: Tensor, ...args: DiagonalArgs): Tensor {
  const part = partOf("triu_", input, args, false);
  checkApart("triu_", input);
  return triuOp.writeInto([input], part, () => clear(input, part));
}

interface IndicesOptions extends TensorOptions {
  row?: number;
  col?: number;
  offset?: number;
}
type IndicesArgs = Call<[row: number, col: number, offset: number], IndicesOptions>;

function indices(op: string, args: readonly unknown[], lower: boolean): Tensor {
  const names = [
    "row",
    "col",
    "offset",
    "dtype",
    "device",
    "requiresGrad",
    "layout",
  ] as readonly (keyof IndicesOptions & string)[];
  const { row, col, offset = 0, ...options } = bind<IndicesOptions>(op, names, args);
  checkOptions(op, options);
  for (const [name, n] of [
    ["row", row],
    ["col", col],
  ] as const) {
    checkInt(op, name, n);
    if (n < 0) throw new ValueError(`${op}: expected ${name} of at least 0, got ${n}`);
  }
  checkInt(op, "offset", offset);
  const [rows, columns] = [row as number, col as number];
  const dtype = options.dtype ?? int64;
  if (!(dtype instanceof DType) || dtype.isFloatingPoint)
    throw new ValueError(`${op}: expected an integer dtype, got ${dtype}`);
  const found: number[] = [];
  for (let i = 0; i < rows; i++) {
    const [from, to] = lower ? [0, Math.min(columns, i + offset + 1)] : [Math.max(0, i + offset), columns];
    for (let j = from; j < to; j++) found.push(i, j);
  }
  const count = found.length / 2;
  const values = BigInt64Array.from({ length: found.length }, (_, i) =>
    BigInt(found[i < count ? 2 * i : 2 * (i - count) + 1] as number),
  );
  const t = found.length === 0 ? allocate([0], int64) : fromNumpy(values);
  return finish(t.view(2, count).to(dtype), options);
}

/**
 * Rows and columns of the elements of a lower triangle, as `[2, n]`. PyTorch: `torch.tril_indices`.
 * @example
 * torch.trilIndices(2, 2) // tensor([[0, 1, 1],
 *                         //         [0, 0, 1]])
 */
export function trilIndices(...args: IndicesArgs): Tensor {
  return indices("trilIndices", args, true);
}

/** Rows and columns of the elements of an upper triangle, as `[2, n]`. PyTorch: `torch.triu_indices`. */
export function triuIndices(...args: IndicesArgs): Tensor {
  return indices("triuIndices", args, false);
}
