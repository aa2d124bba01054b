/** @file Products of vectors and of tensors: inner, outer, vdot, tensordot, kron. Those of matrices are in `matmul.ts`. */
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { numelOf, shapeText, wrapDims } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { checkOperands, dot, mm } from "./matmul.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";

type OtherArgs = Named<[other: Tensor], ["other"], { other: Tensor }>;
type Vec2Args = Named<[vec2: Tensor], ["vec2"], { vec2: Tensor }>;

/**
 * Sums of products along the last dimensions of both: the inner product of two vectors. PyTorch: `torch.inner`.
 *
 * @param input - [*, n], or 0-dim
 * @param other - [+, n], or 0-dim
 * @returns [*, +]
 * @throws ShapeError if the last sizes differ
 * @example
 * torch.inner(torch.tensor([1, 2, 3]), torch.tensor([[0, 2, 1], [1, 1, 1]])) // tensor([7, 6])
 */
export function inner(input: Tensor, ...args: OtherArgs): Tensor {
  const { other } = named<{ other: Tensor }>("inner", ["other"], 1, args);
  checkOperands("inner", input, other);
  if (input.ndim === 0 || other.ndim === 0) return input.mul(other);
  if (input.shape[input.ndim - 1] !== other.shape[other.ndim - 1])
    throw new ShapeError(
      `inner: expected the last sizes to be the same, got ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  return contract(input, other, [input.ndim - 1], [other.ndim - 1]);
}

function outerAs(op: string, input: Tensor, args: readonly unknown[]): Tensor {
  const { vec2 } = named<{ vec2: Tensor }>(op, ["vec2"], 1, args);
  checkTensor(op, input);
  checkTensor(op, vec2, "vec2");
  if (input.ndim !== 1 || vec2.ndim !== 1)
    throw new ShapeError(`${op}: expected two vectors, got ${shapeText(input.shape)} and ${shapeText(vec2.shape)}`);
  return input.unsqueeze(1).mul(vec2);
}

/**
 * The products of each element of one vector with each of another. PyTorch: `torch.outer`.
 *
 * @param input - [m]
 * @param vec2 - [n]
 * @returns [m, n]
 * @throws ShapeError if either is no vector
 * @example
 * torch.outer(torch.tensor([1, 2]), torch.tensor([3, 4])) // tensor([[3, 4],
 *                                                         //         [6, 8]])
 */
export function outer(input: Tensor, ...args: Vec2Args): Tensor {
  return outerAs("outer", input, args);
}

/** Another name of `outer`. PyTorch: `torch.ger`. */
export function ger(input: Tensor, ...args: Vec2Args): Tensor {
  return outerAs("ger", input, args);
}

/**
 * The inner product of two vectors, the first conjugated. PyTorch: `torch.vdot`.
 *
 * @param input - [n]
 * @param other - [n], of the same dtype
 * @returns 0-dim
 * @throws ShapeError if they are not two vectors of one length
 * @example
 * torch.vdot(torch.tensor([1, 2]), torch.tensor([3, 4])) // tensor(11)
 */
export function vdot(input: Tensor, ...args: OtherArgs): Tensor {
  const { other } = named<{ other: Tensor }>("vdot", ["other"], 1, args);
  checkOperands("vdot", input, other);
  if (input.ndim !== 1 || other.ndim !== 1 || input.shape[0] !== other.shape[0])
    throw new ShapeError(
      `vdot: expected two vectors of one length, got ${shapeText(input.shape)} and ${shapeText(other.shape)}`,
    );
  return dot(input.conj(), other);
}

/** Which dimensions are contracted: the last `n` with the first `n`, or those of two lists, or a tensor of either. */
export type ContractedDims = number | readonly [a: readonly number[], b: readonly number[]] | Tensor;

/**
 * Sums of products over dimensions of two tensors: with `dims = n`, over the last `n` of `a` and the first `n` of `b`.
 * PyTorch: `torch.tensordot`.
 *
 * @param dims - a number (2), or the dimensions of `a` and those of `b` in two lists
 * @returns the other dimensions of `a`, then those of `b`
 * @throws ShapeError if sizes of contracted dimensions differ (1 broadcasts)
 * @example
 * const a = torch.arange(6).reshape(2, 3);
 * torch.tensordot(a, a, [[1], [1]]) // tensor([[ 5, 14],
 *                                   //         [14, 50]])
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  ...args: Call<[dims: ContractedDims], { dims?: ContractedDims }>
): Tensor {
  const { dims = 2 } = bind<{ dims?: ContractedDims }>("tensordot", ["dims"], args);
  checkOperands("tensordot", a, b);
  const given: unknown = dims instanceof Tensor ? dims.tolist() : dims;
  const [ofA, ofB] = contractedDims(a.ndim, b.ndim, given);
  return contract(...matchSizes(a, b, wrapDims("tensordot", ofA, a.ndim), wrapDims("tensordot", ofB, b.ndim)));
}

function contractedDims(aDims: number, bDims: number, dims: unknown): readonly [readonly number[], readonly number[]] {
  if (Array.isArray(dims) && dims.length === 2 && dims.every(Array.isArray)) {
    const [ofA, ofB] = dims as [number[], number[]];
    if (ofA.length !== ofB.length)
      throw new ValueError(
        `tensordot: expected two lists of one length as dims, got ${shapeText(ofA)} and ${shapeText(ofB)}`,
      );
    return [ofA, ofB];
  }
  const count = Array.isArray(dims) && dims.length === 1 ? dims[0] : dims;
  if (typeof count !== "number")
    throw new ValueError(`tensordot: expected a number or two lists of dimensions as dims, got ${describe(dims)}`);
  checkInt("tensordot", "dims", count);
  if (count < 0 || count > Math.min(aDims, bDims))
    throw new ValueError(
      `tensordot: expected dims of at least 0 and at most ${Math.min(aDims, bDims)}, the fewer dimensions of the two, got ${count}`,
    );
  const first = Array.from({ length: count }, (_, i) => i);
  return [first.map((i) => aDims - count + i), first];
}

/** Where a contracted dimension has size 1 in one, the other is summed over it. */
function matchSizes(
  a: Tensor,
  b: Tensor,
  ofA: readonly number[],
  ofB: readonly number[],
): [Tensor, Tensor, readonly number[], readonly number[]] {
  let [left, right] = [a, b];
  for (let i = 0; i < ofA.length; i++) {
    const [da, db] = [ofA[i] as number, ofB[i] as number];
    const [m, n] = [a.shape[da] as number, b.shape[db] as number];
    if (m === n) continue;
    if (m === 1) right = right.sum(db, { keepdim: true, dtype: right.dtype });
    else if (n === 1) left = left.sum(da, { keepdim: true, dtype: left.dtype });
    else
      throw new ShapeError(
        `tensordot: expected contracted dimensions of one size, got ${m} in dimension ${da} of ${shapeText(a.shape)} and ${n} in dimension ${db} of ${shapeText(b.shape)}`,
      );
  }
  return [left, right, ofA, ofB];
}

/** Sums of products over dimensions of one size: one matrix product. */
function contract(a: Tensor, b: Tensor, ofA: readonly number[], ofB: readonly number[]): Tensor {
  const freeOf = (t: Tensor, dims: readonly number[]) => t.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const [freeA, freeB] = [freeOf(a, ofA), freeOf(b, ofB)];
  const sizes = (t: Tensor, dims: readonly number[]) => dims.map((d) => t.shape[d] as number);
  const inside = numelOf(sizes(a, ofA));
  const left = a.permute([...freeA, ...ofA]).reshape(numelOf(sizes(a, freeA)), inside);
  const right = b.permute([...ofB, ...freeB]).reshape(inside, numelOf(sizes(b, freeB)));
  return mm(left, right).reshape([...sizes(a, freeA), ...sizes(b, freeB)]);
}

/**
 * The Kronecker product: each element of `input` times the whole of `other`, in its place. PyTorch: `torch.kron`.
 *
 * @param other - any shape; the tensor with fewer dimensions gets leading ones of size 1
 * @returns the sizes are the products of theirs
 * @example
 * torch.kron(torch.tensor([1, 2]), torch.tensor([1, 10])) // tensor([ 1, 10,  2, 20])
 */
export function kron(input: Tensor, ...args: OtherArgs): Tensor {
  const { other } = named<{ other: Tensor }>("kron", ["other"], 1, args);
  checkTensor("kron", input);
  checkTensor("kron", other, "other");
  const ndim = Math.max(input.ndim, other.ndim);
  const sizesOf = (t: Tensor) => [...new Array<number>(ndim - t.ndim).fill(1), ...t.shape];
  const [a, b] = [sizesOf(input), sizesOf(other)];
  const left = input.reshape(a.flatMap((n) => [n, 1]));
  const right = other.reshape(b.flatMap((n) => [1, n]));
  return left.mul(right).reshape(a.map((n, i) => n * (b[i] as number)));
}

/** @throws DTypeError for a bool tensor, which has no sums of products */
export function checkNotBool(op: string, x: Tensor): void {
  if (x.dtype.name === "bool") throw new DTypeError(`${op}: expected a dtype other than bool, got ${x.dtype}`);
}
