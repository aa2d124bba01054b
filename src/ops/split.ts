/** @file A tensor cut into several views: split, chunk, unbind and their like. */
import { isGradEnabled } from "../autograd/modes.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { isDense, Layout } from "../core/layout.ts";
import { type Shape, shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { cat, stack } from "./joining.ts";
import { multiViewOp } from "./multi-view.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";
import { sliceAlong } from "./slice.ts";

interface Cuts {
  readonly dim: number;
  /** Sizes of the parts. */
  readonly sizes: readonly number[];
}

function cutLayouts({ shape, strides, offset }: Layout, { dim, sizes }: Cuts): Layout[] {
  let at = offset;
  return sizes.map((size) => {
    const part = new Layout(shape.with(dim, size), strides, at);
    at += size * (strides[dim] as number);
    return part;
  });
}

/** The parts made one again; without a copy where they are the parts of one tensor already, as attention gives them. */
function join(parts: readonly Tensor[], cuts: Cuts): Tensor {
  return (isGradEnabled() ? null : whole(parts, cuts)) ?? cat(parts, cuts.dim);
}

/** The tensor of which all of these are the parts, or `null`. */
function whole(parts: readonly Tensor[], cuts: Cuts): Tensor | null {
  const [{ storage, layout, dtype }] = parts as [Tensor];
  const { dim, sizes } = cuts;
  const size = sizes.reduce((a, b) => a + b, 0);
  const all = new Layout(layout.shape.with(dim, size), layout.strides, layout.offset);
  const lies = (part: Tensor, { strides, offset }: Layout) =>
    part.storage === storage &&
    part.dtype === dtype &&
    part.layout.offset === offset &&
    part.layout.strides.every((stride, d) => stride === strides[d]);
  const places = cutLayouts(all, cuts);
  return isDense(all) && places.every((place, i) => lies(parts[i] as Tensor, place))
    ? new Tensor(storage, all, dtype)
    : null;
}

const splitOp = multiViewOp<Cuts>({ name: "split", layouts: cutLayouts, backward: join });
const splitWithSizesOp = multiViewOp<Cuts>({ name: "splitWithSizes", layouts: cutLayouts, backward: join });

function checkCuttable(op: string, input: Tensor): void {
  checkTensor(op, input);
  if (input.ndim === 0) throw new ShapeError(`${op}: expected a tensor with at least 1 dimension, got shape []`);
}

interface SplitOptions {
  splitSize: number | Shape;
  dim?: number;
}
type SplitArgs = Named<[splitSize: number | Shape, dim: number], ["splitSize", "dim"], SplitOptions>;

/**
 * Parts of `splitSize` along a dimension, the last one smaller where it does not divide; or parts of the sizes given. Views.
 * PyTorch: `torch.split`.
 * @example
 * torch.arange(5).split(2)      // [tensor([0, 1]), tensor([2, 3]), tensor([4])]
 * torch.arange(5).split([1, 4]) // [tensor([0]), tensor([1, 2, 3, 4])]
 */
export function split(input: Tensor, ...args: SplitArgs): Tensor[] {
  checkCuttable("split", input);
  const { splitSize, dim = 0 } = named<SplitOptions>("split", ["splitSize", "dim"], 1, args);
  return typeof splitSize === "number"
    ? splitEvenly("split", input, splitSize, dim)
    : splitInto("split", input, splitSize, dim);
}

function splitEvenly(op: string, input: Tensor, splitSize: number, dim: number): Tensor[] {
  const d = wrapDim(op, dim, input.ndim);
  checkInt(op, "splitSize", splitSize);
  const size = input.shape[d] as number;
  if (splitSize < 0 || (splitSize === 0 && size !== 0))
    throw new ShapeError(`${op}: expected a splitSize of at least ${size === 0 ? 0 : 1}, got ${splitSize}`);
  const count = splitSize === 0 ? 1 : Math.max(1, Math.ceil(size / splitSize));
  const sizes = Array.from({ length: count }, (_, i) => Math.min(splitSize, size - i * splitSize));
  return splitOp.call(input, { dim: d, sizes });
}

function splitInto(op: string, input: Tensor, sizes: Shape, dim: number): Tensor[] {
  const d = wrapDim(op, dim, input.ndim);
  if (!Array.isArray(sizes))
    throw new ValueError(`${op}: expected a number or an array of numbers as sizes, got ${describe(sizes)}`);
  for (const n of sizes) checkInt(op, "size of a part", n);
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sizes.some((n) => n < 0) || sum !== input.shape[d])
    throw new ShapeError(
      `${op}: expected sizes of at least 0 that sum to ${input.shape[d]}, the size of dimension ${d}, got ${shapeText(sizes)}`,
    );
  return splitWithSizesOp.call(input, { dim: d, sizes: [...sizes] });
}

interface SplitSizesOptions {
  splitSizes: Shape;
  dim?: number;
}

/** Parts of the sizes given, along a dimension; views. PyTorch: `torch.split_with_sizes`. */
export function splitWithSizes(
  input: Tensor,
  ...args: Named<[splitSizes: Shape, dim: number], ["splitSizes", "dim"], SplitSizesOptions>
): Tensor[] {
  checkCuttable("splitWithSizes", input);
  const { splitSizes, dim = 0 } = named<SplitSizesOptions>("splitWithSizes", ["splitSizes", "dim"], 1, args);
  return splitInto("splitWithSizes", input, splitSizes, dim);
}

interface ChunkOptions {
  chunks: number;
  dim?: number;
}

/**
 * At most `chunks` parts of one size along a dimension, the last one smaller where it does not divide; views. PyTorch: `torch.chunk`.
 * @example
 * torch.arange(5).chunk(3) // [tensor([0, 1]), tensor([2, 3]), tensor([4])]
 */
export function chunk(
  input: Tensor,
  ...args: Named<[chunks: number, dim: number], ["chunks", "dim"], ChunkOptions>
): Tensor[] {
  checkCuttable("chunk", input);
  const { chunks, dim = 0 } = named<ChunkOptions>("chunk", ["chunks", "dim"], 1, args);
  checkInt("chunk", "chunks", chunks);
  if (chunks < 1) throw new ValueError(`chunk: expected at least 1 chunk, got ${chunks}`);
  const d = wrapDim("chunk", dim, input.ndim);
  const size = input.shape[d] as number;
  if (size === 0) return splitInto("chunk", input, new Array<number>(chunks).fill(0), d);
  return splitEvenly("chunk", input, Math.ceil(size / chunks), d);
}

const unbindOp = multiViewOp<{ dim: number }>({
  name: "unbind",
  layouts: ({ shape, strides, offset }, { dim }) => {
    const rest = shape.toSpliced(dim, 1);
    const restStrides = strides.toSpliced(dim, 1);
    return Array.from(
      { length: shape[dim] as number },
      (_, i) => new Layout(rest, restStrides, offset + i * (strides[dim] as number)),
    );
  },
  backward: (grads, { dim }) => stack(grads, dim),
});

/**
 * All indices of a dimension, each without it; views. PyTorch: `torch.unbind`.
 * @example
 * torch.tensor([[1, 2], [3, 4]]).unbind() // [tensor([1, 2]), tensor([3, 4])]
 */
export function unbind(input: Tensor, ...args: Call<[dim: number], { dim?: number }>): Tensor[] {
  checkCuttable("unbind", input);
  const { dim = 0 } = bind<{ dim?: number }>("unbind", ["dim"], args);
  return unbindOp.call(input, { dim: wrapDim("unbind", dim, input.ndim) });
}

interface TensorSplitOptions {
  indicesOrSections?: number | Shape | Tensor;
  indices?: Shape;
  sections?: number;
  dim?: number;
}
type TensorSplitArgs = Call<[indicesOrSections: number | Shape | Tensor, dim: number], TensorSplitOptions>;

/**
 * `sections` parts of sizes that differ by 1 at most, or parts that begin at the indices given; views. PyTorch: `torch.tensor_split`.
 * @example
 * torch.arange(5).tensorSplit(2)      // [tensor([0, 1, 2]), tensor([3, 4])]
 * torch.arange(5).tensorSplit([1, 3]) // [tensor([0]), tensor([1, 2]), tensor([3, 4])]
 */
export function tensorSplit(input: Tensor, ...args: TensorSplitArgs): Tensor[] {
  checkCuttable("tensorSplit", input);
  const names = ["indicesOrSections", "dim", "indices", "sections"] as const;
  const { indicesOrSections, indices, sections, dim = 0 } = bind<TensorSplitOptions>("tensorSplit", names, args);
  return cutAt("tensorSplit", input, indicesOrSections ?? indices ?? sections, wrapDim("tensorSplit", dim, input.ndim));
}

function cutAt(op: string, input: Tensor, where: unknown, dim: number): Tensor[] {
  const given: unknown = where instanceof Tensor ? where.tolist() : where;
  const size = input.shape[dim] as number;
  if (Array.isArray(given)) {
    for (const n of given) checkInt(op, "index", n);
    const bounds: (number | null)[] = [0, ...(given as number[]), null];
    return bounds.slice(1).map((end, i) => sliceAlong(input, dim, bounds[i] as number, end, 1));
  }
  checkInt(op, "sections", given);
  if (given < 1) throw new ValueError(`${op}: expected at least 1 section, got ${given}`);
  const [small, larger] = [Math.floor(size / given), size % given];
  const start = (i: number) => i * small + Math.min(i, larger);
  return Array.from({ length: given }, (_, i) => sliceAlong(input, dim, start(i), start(i + 1), 1));
}

type CutArgs = Call<[indicesOrSections: number | Shape], Omit<TensorSplitOptions, "dim">>;

function cutEvenly(op: string, input: Tensor, args: readonly unknown[], least: number, along: number): Tensor[] {
  checkTensor(op, input);
  if (input.ndim < least)
    throw new ShapeError(
      `${op}: expected a tensor with at least ${least} dimension${least > 1 ? "s" : ""}, got shape ${shapeText(input.shape)}`,
    );
  const dim = Math.min(along, input.ndim - 1);
  const { indicesOrSections, indices, sections } = bind<TensorSplitOptions>(
    op,
    ["indicesOrSections", "indices", "sections"],
    args,
  );
  const where = indicesOrSections ?? indices ?? sections;
  if (typeof where === "number" && (where < 1 || (input.shape[dim] as number) % where !== 0))
    throw new ShapeError(
      `${op}: expected a number of sections that divides ${input.shape[dim]}, the size of dimension ${dim}, got ${where}`,
    );
  return cutAt(op, input, where, dim);
}

/** Parts along dimension 1, or 0 of a vector; views. PyTorch: `torch.hsplit`. */
export function hsplit(input: Tensor, ...args: CutArgs): Tensor[] {
  return cutEvenly("hsplit", input, args, 1, 1);
}

/** Parts along dimension 0; views. PyTorch: `torch.vsplit`. */
export function vsplit(input: Tensor, ...args: CutArgs): Tensor[] {
  return cutEvenly("vsplit", input, args, 2, 0);
}

/** Parts along dimension 2; views. PyTorch: `torch.dsplit`. */
export function dsplit(input: Tensor, ...args: CutArgs): Tensor[] {
  return cutEvenly("dsplit", input, args, 3, 2);
}
