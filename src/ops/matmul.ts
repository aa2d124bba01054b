/** @file Matrix products. */
import { inLowerPrecision, isAutocasting } from "../autograd/autocast.ts";
import { backendOf } from "../backends/backend.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { broadcastShapes, numelOf, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { otherDevice } from "./fused.ts";
import { kernelOp } from "./kernel-form.ts";
import { planes } from "./operands.ts";
import { unsafeView } from "./shape.ts";

/** Checks that two factors are tensors of one dtype on one device. */
export function checkOperands(op: string, a: Tensor, b: Tensor): void {
  if (!(a instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as input, got ${describe(a)}`);
  if (!(b instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as other, got ${describe(b)}`);
  if (a.dtype !== b.dtype)
    throw new DTypeError(`${op}: expected both tensors in one dtype, got ${a.dtype} and ${b.dtype}`);
  if (a.storage.device !== b.storage.device) throw otherDevice(op, a, b);
}

export const rows = (t: Tensor): number => t.shape[t.ndim - 2] as number;
export const columns = (t: Tensor): number => t.shape[t.ndim - 1] as number;

export function checkInner(op: string, a: Tensor, b: Tensor): void {
  if (columns(a) !== rows(b))
    throw new ShapeError(
      `${op}: expected a.shape[${a.ndim - 1}] == b.shape[${b.ndim - 2}], got ${shapeText(a.shape)} and ${shapeText(b.shape)}`,
    );
}

/**
 * The product into fresh memory, and what is added to it. A result that will be used transposed (the gradient of a transposed
 * weight) is laid out so: `transposed` says that its columns lie one after the other. `relu` is for real dtypes, with a `d`.
 */
export function product(
  a: Tensor,
  b: Tensor,
  alpha = 1,
  d: Tensor | null = null,
  beta = 1,
  transposed = false,
  relu = false,
): Tensor {
  const m = rows(a);
  const n = columns(b);
  const shape = a.ndim === 2 ? [m, n] : [...a.shape.slice(0, -2), m, n];
  const layout = transposed ? new Layout(shape, [1, m], 0) : Layout.contiguous(shape);
  const backend = backendOf(a.device);
  const out = new Tensor(backend.allocate(layout.numel * a.dtype.itemsize), layout, a.dtype);
  if (a.dtype.isComplex) {
    complexProduct(out, a, b);
    const sum = alpha === 1 ? out : out.mul(alpha);
    return d === null ? sum : sum.add(d.mul(beta));
  }
  backend.kernels.matmul(out, a, b, alpha, d === null ? null : { d, beta, relu });
  return out;
}

/** (Re a + i Im a)(Re b + i Im b) as four real products, the second of each pair added to the first. */
function complexProduct(out: Tensor, a: Tensor, b: Tensor): void {
  const { matmul } = backendOf(a.device).kernels;
  const [re, im] = planes(out);
  const [aRe, aIm] = planes(a);
  const [bRe, bIm] = planes(b);
  matmul(re, aRe, bRe, 1, null);
  matmul(re, aIm, bIm, -1, { d: re, beta: 1, relu: false });
  matmul(im, aRe, bIm, 1, null);
  matmul(im, aIm, bRe, 1, { d: im, beta: 1, relu: false });
}

/** Whether a matrix lies column by column. */
export function isTransposed(t: Layout): boolean {
  return t.ndim === 2 && t.strides[0] === 1 && t.strides[1] === t.shape[0] && t.shape[0] !== 1 && t.shape[1] !== 1;
}

/** Which of result and operands lie column by column. */
export interface Orders {
  readonly out: boolean;
  readonly a: boolean;
  readonly b: boolean;
}

const mmOp = kernelOp<Orders>({
  name: "mm",
  forward: ([a, b], { out }) => product(a as Tensor, b as Tensor, 1, null, 1, out),
  saves: (needs) => [...(needs(1) ? [0] : []), ...(needs(0) ? [1] : [])],
  backward: ([g], context) => [
    context.needs(0) ? gradientOfA(g as Tensor, context.input(1), context.attrs) : null,
    context.needs(1) ? gradientOfB(context.input(0), g as Tensor, context.attrs) : null,
  ],
});

/** A gradient is laid out as its operand, so that the gradient of a weight that was used transposed is row-major again. */
export const gradientOfA = (g: Tensor, b: Tensor, orders: Orders): Tensor => mmInto(g, b.t().conj(), orders.a);
export const gradientOfB = (a: Tensor, g: Tensor, orders: Orders): Tensor => mmInto(a.t().conj(), g, orders.b);

function mmInto(a: Tensor, b: Tensor, out: boolean): Tensor {
  return mmOp.call([a, b], { out, a: isTransposed(a.layout), b: isTransposed(b.layout) });
}

/**
 * Product of two matrices. PyTorch: `torch.mm`.
 * @throws ShapeError if the inner sizes differ
 */
export function mm(input: Tensor, mat2: Tensor): Tensor {
  if (isAutocasting()) return inLowerPrecision(mm, [input, mat2]);
  checkOperands("mm", input, mat2);
  if (input.ndim !== 2 || mat2.ndim !== 2)
    throw new ShapeError(`mm: expected two matrices, got ${shapeText(input.shape)} and ${shapeText(mat2.shape)}`);
  checkInner("mm", input, mat2);
  return mmInto(input, mat2, false);
}

const bmmOp = kernelOp({
  name: "bmm",
  forward: ([a, b]) => product(a as Tensor, b as Tensor),
  saves: (needs) => [...(needs(1) ? [0] : []), ...(needs(0) ? [1] : [])],
  backward: ([g], context) => [
    context.needs(0) ? (g as Tensor).bmm(context.input(1).transpose(1, 2).conj()) : null,
    context.needs(1)
      ? context
          .input(0)
          .transpose(1, 2)
          .conj()
          .bmm(g as Tensor)
      : null,
  ],
});

/** Products of two batches of matrices. PyTorch: `torch.bmm`. */
export function bmm(input: Tensor, mat2: Tensor): Tensor {
  if (isAutocasting()) return inLowerPrecision(bmm, [input, mat2]);
  checkOperands("bmm", input, mat2);
  if (input.ndim !== 3 || mat2.ndim !== 3 || input.shape[0] !== mat2.shape[0])
    throw new ShapeError(
      `bmm: expected two batches of as many matrices, got ${shapeText(input.shape)} and ${shapeText(mat2.shape)}`,
    );
  checkInner("bmm", input, mat2);
  return bmmOp.call([input, mat2], undefined);
}

const mvOp = kernelOp({
  name: "mv",
  forward: ([a, v]) => product(a as Tensor, (v as Tensor).unsqueeze(1)).view((a as Tensor).shape[0] as number),
  saves: (needs) => [...(needs(1) ? [0] : []), ...(needs(0) ? [1] : [])],
  backward: ([g], context) => [
    context.needs(0) ? (g as Tensor).unsqueeze(1).mul(context.input(1).conj()) : null,
    context.needs(1)
      ? context
          .input(0)
          .t()
          .conj()
          .mv(g as Tensor)
      : null,
  ],
});

/** Product of a matrix and a vector. PyTorch: `torch.mv`. */
export function mv(input: Tensor, vec: Tensor): Tensor {
  checkOperands("mv", input, vec);
  if (input.ndim !== 2 || vec.ndim !== 1 || input.shape[1] !== vec.shape[0])
    throw new ShapeError(
      `mv: expected a matrix and a vector that fit, got ${shapeText(input.shape)} and ${shapeText(vec.shape)}`,
    );
  return mvOp.call([input, vec], undefined);
}

const dotOp = kernelOp({
  name: "dot",
  forward: ([a, b]) => product((a as Tensor).unsqueeze(0), (b as Tensor).unsqueeze(1)).view([]),
  saves: (needs) => [...(needs(1) ? [0] : []), ...(needs(0) ? [1] : [])],
  backward: ([g], context) => [
    context.needs(0) ? (g as Tensor).mul(context.input(1).conj()) : null,
    context.needs(1) ? (g as Tensor).mul(context.input(0).conj()) : null,
  ],
});

/** Inner product of two vectors. PyTorch: `torch.dot`. */
export function dot(input: Tensor, tensor: Tensor): Tensor {
  checkOperands("dot", input, tensor);
  if (input.ndim !== 1 || tensor.ndim !== 1 || input.shape[0] !== tensor.shape[0])
    throw new ShapeError(
      `dot: expected two vectors of one length, got ${shapeText(input.shape)} and ${shapeText(tensor.shape)}`,
    );
  return dotOp.call([input, tensor], undefined);
}

/**
 * Matrix product of tensors with any number of dimensions; those before the last two are batches and broadcast.
 * A vector on the left is a row, on the right a column. PyTorch: `torch.matmul`.
 *
 * @returns the product, without the dimension that a vector lacked
 * @throws ShapeError if the inner sizes differ or the batches do not broadcast
 * @example
 * torch.matmul(torch.ones(2, 3), torch.ones(3, 1)) // tensor([[3.],
 *                                                  //         [3.]])
 */
export function matmul(input: Tensor, other: Tensor): Tensor {
  if (isAutocasting()) return inLowerPrecision(matmul, [input, other]);
  checkOperands("matmul", input, other);
  const [a, b] = [input.ndim, other.ndim];
  if (a === 0 || b === 0)
    throw new ShapeError(
      `matmul: expected tensors with at least 1 dimension, got ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  const inner = input.shape[a - 1] as number;
  const outer = other.shape[b === 1 ? 0 : b - 2] as number;
  if (inner !== outer)
    throw new ShapeError(
      `matmul: expected a.shape[${a - 1}] == b.shape[${b === 1 ? 0 : b - 2}], got ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  if (a === 1 && b === 1) return dot(input, other);
  if (a === 2 && b === 1) return mv(input, other);
  if (a === 2 && b === 2) return mm(input, other);
  if (a === 1) return matmul(input.unsqueeze(0), other).squeeze(-2);
  if (b <= 2) {
    // A stack of matrices times one matrix, or vector, is one tall matrix times it.
    const lead = input.shape.slice(0, -1);
    const tall = input.reshape(numelOf(lead), inner);
    return b === 1 ? unsafeView(mv(tall, other), lead) : unsafeView(mm(tall, other), [...lead, columns(other)]);
  }
  return batchedMatmul(input, other);
}

function batchedMatmul(input: Tensor, other: Tensor): Tensor {
  const batch = broadcastShapes("matmul", input.shape.slice(0, -2), other.shape.slice(0, -2));
  const flat = (t: Tensor): Tensor => {
    const matrix = [rows(t), columns(t)];
    return t.expand([...batch, ...matrix]).reshape([numelOf(batch), ...matrix]);
  };
  return unsafeView(bmm(flat(input), flat(other)), [...batch, rows(input), columns(other)]);
}
