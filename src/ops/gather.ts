/** @file Reading and writing at positions along one dimension, one for each element: gather, scatter and their like. */
import { backendOf } from "../backends/backend.ts";
import type { ScatterMode } from "../backends/kernels.ts";
import { int32, int64 } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { broadcastShapes, type Shape, sameShape, shapeText, wrapDim } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { checkApart } from "./copy.ts";
import { allocate, fillRaw } from "./creation.ts";
import { tensor } from "./from-data.ts";
import { kernelOp } from "./kernel-form.ts";
import { apart, vector } from "./operands.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";

/** Whether int32 indices will do as well. */
type Width = "int64" | "int32 or int64";

/** @throws DTypeError if `index` is no index tensor; an empty one may be of any dtype where `ifEmpty` says so */
export function checkIndexTensor(
  op: string,
  index: unknown,
  width: Width = "int64",
  ifEmpty = false,
): asserts index is Tensor {
  checkTensor(op, index, "index");
  if (index.dtype === int64 || (index.dtype === int32 && width !== "int64") || (ifEmpty && index.layout.numel === 0))
    return;
  throw new DTypeError(`${op}: expected an ${width} tensor as index, got ${index.dtype}`);
}

/** An index goes with a tensor if both have as many dimensions, and the tensor is at least as large in all but one of them. */
function checkFits(op: string, index: Tensor, other: Tensor, name: string, except: number): void {
  if (index.layout.numel === 0) return;
  const [a, b] = [Math.max(index.ndim, 1), Math.max(other.ndim, 1)];
  if (a !== b || index.shape.some((n, d) => d !== except && n > (other.shape[d] ?? 1)))
    throw new ShapeError(
      `${op}: expected an index no larger than ${name}${except >= 0 ? ` apart from dimension ${except}` : ""}, got index ${shapeText(index.shape)} and ${name} ${shapeText(other.shape)}`,
    );
}

const gatherOp = kernelOp<{ dim: number }>({
  name: "gather",
  forward: ([input, index], { dim }) => {
    const [x, at] = [input as Tensor, index as Tensor];
    const out = allocate(at.shape, x.dtype, x.device);
    // A number is a vector of one element.
    const [from, to, where] = x.ndim === at.ndim && x.ndim > 0 ? [x, out, at] : [vector(x), vector(out), vector(at)];
    if (at.layout.numel > 0) backendOf(x.device).kernels.gather(to, from, dim, where);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => {
    const zeros = (grad as Tensor).newZeros(context.shape(0));
    return [zeros.scatterAdd(context.attrs.dim, context.input(1), grad as Tensor), null];
  },
});

interface GatherOptions {
  dim: number;
  index: Tensor;
  sparseGrad?: boolean;
}
type GatherArgs = Named<[dim: number, index: Tensor], ["dim", "index"], GatherOptions>;

/**
 * The elements at the positions of `index` along a dimension: `out[i][j] = input[index[i][j]][j]` for dimension 0.
 * PyTorch: `torch.gather`.
 *
 * @param args - `dim`, and `index`: int64, of the result's shape; no negative ones
 * @throws IndexError for an index out of range; ShapeError if `index` is larger than `input` in another dimension
 * @example
 * torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[0, 0], [1, 0]])) // tensor([[1, 1],
 *                                                                          //         [4, 3]])
 */
export function gather(input: Tensor, ...args: GatherArgs): Tensor {
  checkTensor("gather", input);
  const { dim, index } = named<GatherOptions>("gather", ["dim", "index", "sparseGrad"], 2, args);
  checkIndexTensor("gather", index, "int64", true);
  const d = wrapDim("gather", dim, input.ndim);
  checkFits("gather", index, input, "input", d);
  return gatherOp.call([input, index], { dim: d });
}

interface TakeAlongOptions {
  indices: Tensor;
  dim?: number | null;
}

/** As `gather`, but `indices` and `input` broadcast; without `dim`, from all elements in a row. PyTorch: `torch.take_along_dim`. */
export function takeAlongDim(
  input: Tensor,
  ...args: Named<[indices: Tensor, dim: number | null], ["indices", "dim"], TakeAlongOptions>
): Tensor {
  checkTensor("takeAlongDim", input);
  const { indices, dim } = named<TakeAlongOptions>("takeAlongDim", ["indices", "dim"], 1, args);
  checkIndexTensor("takeAlongDim", indices);
  if (dim === undefined || dim === null) return input.reshape(-1).gather(0, indices.reshape(-1));
  if (input.ndim !== indices.ndim)
    throw new ShapeError(
      `takeAlongDim: expected indices with as many dimensions as input, got ${shapeText(indices.shape)} and ${shapeText(input.shape)}`,
    );
  const d = wrapDim("takeAlongDim", dim, input.ndim);
  if (input.ndim === 0) return input.gather(d, indices);
  const without = (t: Tensor) => t.shape.with(d, 1);
  const shape = broadcastShapes("takeAlongDim", without(input), without(indices));
  return input
    .expand(shape.with(d, input.shape[d] as number))
    .gather(d, indices.expand(shape.with(d, indices.shape[d] as number)));
}

interface ScatterAttrs {
  readonly dim: number;
  /** Whether the source is one number. */
  readonly number: boolean;
}

/** Writes into `into` (a tensor that no graph knows yet, or in place). */
function scatterRaw(
  into: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  mode: ScatterMode,
  includeSelf = true,
): void {
  if (index.layout.numel === 0) return;
  const from = src.dtype === into.dtype ? src : src.to(into.dtype);
  backendOf(into.device).kernels.scatter(vector(into), dim, vector(index), vector(from), mode, includeSelf);
}

/** The gradient of elements that were written is that of where they went; what `src` has beyond the index gets none. */
function gradOfSource(grad: Tensor, dim: number, index: Tensor, shape: Shape): Tensor {
  const taken = grad.gather(dim, index);
  if (sameShape(taken.shape, shape)) return taken;
  const whole = grad.newZeros(shape);
  const part = index.shape.reduce((t, n, d) => (t.ndim === 0 ? t : t.narrow(d, 0, n)), whole);
  part.copy_(taken);
  return whole;
}

const scatterOp = kernelOp<ScatterAttrs>({
  name: "scatter",
  node: ({ number }) => `ScatterBackward${number ? 1 : 0}`,
  forward: ([input, index, src], { dim }) => {
    const out = (input as Tensor).clone();
    scatterRaw(out, dim, index as Tensor, src as Tensor, "set");
    return out;
  },
  saves: () => [1],
  backward: ([g], context) => {
    const grad = g as Tensor;
    const { dim } = context.attrs;
    const index = context.input(1);
    return [
      context.needs(0) ? grad.scatter(dim, index, 0) : null,
      null,
      context.needs(2) ? gradOfSource(grad, dim, index, context.shape(2)) : null,
    ];
  },
});

const scatterAddOp = kernelOp<{ readonly dim: number }>({
  name: "scatterAdd",
  forward: ([input, index, src], { dim }) => {
    const out = (input as Tensor).clone();
    scatterRaw(out, dim, index as Tensor, src as Tensor, "add");
    return out;
  },
  saves: (needs) => (needs(2) ? [1] : []),
  backward: ([g], context) => [
    g as Tensor,
    null,
    context.needs(2) ? gradOfSource(g as Tensor, context.attrs.dim, context.input(1), context.shape(2)) : null,
  ],
});

interface ScatterOptions {
  dim: number;
  index: Tensor;
  src?: Tensor | Scalar;
  value?: Scalar;
  reduce?: "add" | "multiply";
}
type ScatterArgs = Named<[dim: number, index: Tensor, src: Tensor | Scalar], ["dim", "index", "src"], ScatterOptions>;
const SCATTER = ["dim", "index", "src", "reduce", "value"] as const;

interface Scatter {
  readonly dim: number;
  readonly index: Tensor;
  readonly src: Tensor;
  readonly number: boolean;
  readonly reduce: "add" | "multiply" | undefined;
}

function scatterArgs(op: string, input: Tensor, args: readonly unknown[]): Scatter {
  checkTensor(op, input);
  const { dim, index, src: given, value, reduce } = named<ScatterOptions>(op, SCATTER, 2, args);
  checkIndexTensor(op, index, "int64", true);
  const d = wrapDim(op, dim, input.ndim);
  const src = given ?? value;
  if (reduce !== undefined && reduce !== "add" && reduce !== "multiply")
    throw new ValueError(`${op}: expected "add" or "multiply" as reduce, got ${describe(reduce)}`);
  if (!(src instanceof Tensor) && !isScalar(src))
    throw new ValueError(`${op}: expected a Tensor or a number as src, got ${describe(src)}`);
  checkFits(op, index, input, "input", d);
  // A number is a source that has it everywhere.
  const from =
    src instanceof Tensor ? src : tensor(src, { dtype: input.dtype, device: input.device }).expand(index.shape);
  checkSource(op, input, index, from);
  return { dim: d, index, src: from, number: from !== src, reduce };
}

function checkSource(op: string, input: Tensor, index: Tensor, src: Tensor): void {
  checkSameDType(op, input, src, "tensor and src");
  checkFits(op, index, src, "src", -1);
}

/**
 * A copy of `input` with the elements of `src` (or a number) at the positions of `index` along a dimension:
 * `out[index[i][j]][j] = src[i][j]` for dimension 0. PyTorch: `torch.scatter`.
 *
 * @param args - `dim`; `index`: int64; `src`: a tensor at least as large as `index`, or a number; `reduce`: `"add"` or `"multiply"`
 * @throws IndexError for an index out of range
 * @example
 * torch.zeros(2, 3).scatter(1, torch.tensor([[0], [2]]), 1) // tensor([[1., 0., 0.],
 *                                                           //         [0., 0., 1.]])
 */
export function scatter(input: Tensor, ...args: ScatterArgs): Tensor {
  const { dim, index, src, number, reduce } = scatterArgs("scatter", input, args);
  if (reduce === "multiply") return reduceOp.call([input, index, src], { dim, reduce: "prod", includeSelf: true });
  return reduce === "add"
    ? scatterAddOp.call([input, index, src], { dim })
    : scatterOp.call([input, index, src], { dim, number });
}

/** As `scatter`, in place. PyTorch: `Tensor.scatter_`. */
export function scatter_(input: Tensor, ...args: ScatterArgs): Tensor {
  const { dim, index, src, number, reduce } = scatterArgs("scatter_", input, args);
  checkApart("scatter_", input);
  const [at, from] = [apart(index, input), apart(src, input)];
  if (reduce === "multiply") return reduceInto(input, at, from, { dim, reduce: "prod", includeSelf: true });
  const write = () => scatterRaw(input, dim, at, from, reduce ?? "set");
  return reduce === "add"
    ? scatterAddOp.writeInto([input, at, from], { dim }, write)
    : scatterOp.writeInto([input, at, from], { dim, number }, write);
}

interface ScatterAddOptions {
  dim: number;
  index: Tensor;
  src: Tensor;
}
type ScatterAddArgs = Named<[dim: number, index: Tensor, src: Tensor], ["dim", "index", "src"], ScatterAddOptions>;

function scatterAddArgs(op: string, input: Tensor, args: readonly unknown[]): ScatterAddOptions {
  checkTensor(op, input);
  const { dim, index, src } = named<ScatterAddOptions>(op, ["dim", "index", "src"], 3, args);
  checkIndexTensor(op, index, "int64", true);
  checkTensor(op, src, "src");
  const d = wrapDim(op, dim, input.ndim);
  checkFits(op, index, input, "input", d);
  checkSource(op, input, index, src);
  return { dim: d, index, src };
}

/**
 * A copy of `input` with the elements of `src` added at the positions of `index` along a dimension. PyTorch: `torch.scatter_add`.
 * @example
 * torch.zeros(3).scatterAdd(0, torch.tensor([1, 1]), torch.tensor([2, 3.5])) // tensor([0.0000, 5.5000, 0.0000])
 */
export function scatterAdd(input: Tensor, ...args: ScatterAddArgs): Tensor {
  const { dim, index, src } = scatterAddArgs("scatterAdd", input, args);
  return scatterAddOp.call([input, index, src], { dim });
}

/** As `scatterAdd`, in place. PyTorch: `Tensor.scatter_add_`. */
export function scatterAdd_(input: Tensor, ...args: ScatterAddArgs): Tensor {
  const { dim, index, src } = scatterAddArgs("scatterAdd_", input, args);
  checkApart("scatterAdd_", input);
  const [at, from] = [apart(index, input), apart(src, input)];
  return scatterAddOp.writeInto([input, at, from], { dim }, () => scatterRaw(input, dim, at, from, "add"));
}

type Reduce = "sum" | "prod" | "mean" | "amax" | "amin";
const modes: { readonly [R in Reduce]: ScatterMode } = {
  sum: "add",
  prod: "multiply",
  mean: "add",
  amax: "amax",
  amin: "amin",
};

interface ReduceAttrs {
  readonly dim: number;
  readonly reduce: Reduce;
  readonly includeSelf: boolean;
}

/** Reduces into `into`, without recording. */
function reduceRaw(into: Tensor, index: Tensor, src: Tensor, { dim, reduce, includeSelf }: ReduceAttrs): void {
  scatterRaw(into, dim, index, src, modes[reduce], includeSelf);
  if (reduce !== "mean") return;
  const count = countOf(into, index, src, { dim, includeSelf });
  into.copy_(
    into.dtype.isFloatingPoint || into.dtype.isComplex ? into.div(count) : into.div(count, { roundingMode: "floor" }),
  );
}

/** How many elements went into each; 1 where there were none. */
function countOf(
  like: Tensor,
  index: Tensor,
  src: Tensor,
  { dim, includeSelf }: { dim: number; includeSelf: boolean },
): Tensor {
  const count = fillRaw(allocate(like.shape, like.dtype, like.device), includeSelf ? 1 : 0);
  scatterRaw(count, dim, index, fillRaw(allocate(src.shape, like.dtype, like.device), 1), "add");
  return includeSelf ? count : count.maskedFill(count.eq(0), 1);
}

const reduceOp = kernelOp<ReduceAttrs>({
  name: "scatterReduce",
  forward: ([input, index, src], attrs) => {
    const out = (input as Tensor).clone();
    reduceRaw(out, index as Tensor, src as Tensor, attrs);
    return out;
  },
  saves: (_, { reduce }) => (reduce === "sum" ? [1] : reduce === "mean" ? [1, 2] : [0, 1, 2, ~0]),
  backward: ([g], context) => {
    const { dim, includeSelf, reduce } = context.attrs;
    const index = context.input(1);
    const [ofSelf, ofSrc] = reduceGradients[reduce](
      g as Tensor,
      context.attrs,
      index,
      () => [context.input(0), context.input(2), context.result(0)],
      () => context.input(2),
    );
    const self = includeSelf ? ofSelf : ofSelf.scatter(dim, index, 0);
    return [context.needs(0) ? self : null, null, context.needs(2) ? padTo(ofSrc, context.shape(2)) : null];
  },
});

function padTo(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  const whole = t.newZeros(shape);
  t.shape.reduce((part, n, d) => part.narrow(d, 0, n), whole).copy_(t);
  return whole;
}

type Gradients = (
  grad: Tensor,
  attrs: ReduceAttrs,
  index: Tensor,
  values: () => readonly [self: Tensor, src: Tensor, result: Tensor],
  source: () => Tensor,
) => readonly [self: Tensor, src: Tensor];

/** The part of `src` that the index uses. */
function used(src: Tensor, index: Tensor): Tensor {
  return sameShape(src.shape, index.shape) ? src : index.shape.reduce((t, n, d) => t.narrow(d, 0, n), src);
}

const extremeGradients: Gradients = (grad, { dim }, index, values) => {
  const [self, wholeSrc, result] = values();
  const src = used(wholeSrc, index);
  // Equal extremes share the gradient.
  const selfIs = self.eq(result).to(grad.dtype);
  const srcIs = src.eq(result.gather(dim, index)).to(grad.dtype);
  const each = grad.div(selfIs.scatterAdd(dim, index, srcIs));
  return [selfIs.mul(each), srcIs.mul(each.gather(dim, index))];
};

const reduceGradients: { readonly [R in Reduce]: Gradients } = {
  sum: (grad, { dim }, index) => [grad, grad.gather(dim, index)],
  mean: (grad, attrs, index, _, source) => {
    const each = grad.div(countOf(grad.detach(), index, source().detach(), attrs));
    return [each, each.gather(attrs.dim, index)];
  },
  amax: extremeGradients,
  amin: extremeGradients,
  prod: (grad, { dim, includeSelf }, index, values) => {
    const [self, wholeSrc, result] = values();
    const src = used(wholeSrc, index);
    const reduced = (x: Tensor, y: Tensor) => reduceOp.call([x, index, y], { dim, reduce: "prod", includeSelf });
    const withoutZeros = self.maskedFill(self.eq(0), 1);
    const ofSelf = grad.mul(reduced(withoutZeros, src)).div(withoutZeros);
    // The product of the others is the result over the element, but for the only zero among them.
    const isZero = src.eq(0);
    const zeros = self.detach().mul(0).scatterAdd(dim, index, isZero.to(self.dtype)).gather(dim, index);
    const single = isZero.logicalAnd(zeros.eq(1));
    const others = grad.mul(reduced(self, src.maskedFill(single, 1))).gather(dim, index);
    return [ofSelf, others.where(single, grad.mul(result).gather(dim, index).div(src.maskedFill(isZero, 1)))];
  },
};

interface ScatterReduceOptions {
  dim: number;
  index: Tensor;
  src: Tensor;
  reduce: Reduce;
  includeSelf?: boolean;
}
type ScatterReduceArgs = Named<
  [dim: number, index: Tensor, src: Tensor, reduce: Reduce],
  ["dim", "index", "src", "reduce"],
  ScatterReduceOptions
>;

function scatterReduceArgs(
  op: string,
  input: Tensor,
  args: readonly unknown[],
): { index: Tensor; src: Tensor; attrs: ReduceAttrs } {
  checkTensor(op, input);
  const names = ["dim", "index", "src", "reduce", "includeSelf"] as const;
  const { dim, index, src, reduce, includeSelf = true } = named<ScatterReduceOptions>(op, names, 4, args);
  checkIndexTensor(op, index, "int64", true);
  checkTensor(op, src, "src");
  if (!Object.hasOwn(modes, reduce))
    throw new ValueError(`${op}: expected ${Object.keys(modes).join(", ")} as reduce, got ${describe(reduce)}`);
  if (input.dtype.isComplex && (reduce === "amax" || reduce === "amin"))
    throw new DTypeError(`${op}: expected a real dtype for ${reduce}, got ${input.dtype}`);
  const d = wrapDim(op, dim, input.ndim);
  checkFits(op, index, input, "input", d);
  checkSource(op, input, index, src);
  return { index, src, attrs: { dim: d, reduce, includeSelf } };
}

/**
 * A copy of `input` with the elements of `src` reduced into it at the positions of `index` along a dimension.
 * PyTorch: `torch.scatter_reduce`.
 *
 * @param args - `dim`, `index`, `src`, `reduce` (`"sum"`, `"prod"`, `"mean"`, `"amax"`, `"amin"`), `includeSelf` (true)
 * @example
 * torch.ones(2).scatterReduce(0, torch.tensor([0, 0]), torch.tensor([5, 7.5]), "amax") // tensor([7.5000, 1.0000])
 */
export function scatterReduce(input: Tensor, ...args: ScatterReduceArgs): Tensor {
  const { index, src, attrs } = scatterReduceArgs("scatterReduce", input, args);
  return reduceOp.call([input, index, src], attrs);
}

/** As `scatterReduce`, in place. PyTorch: `Tensor.scatter_reduce_`. */
export function scatterReduce_(input: Tensor, ...args: ScatterReduceArgs): Tensor {
  const { index, src, attrs } = scatterReduceArgs("scatterReduce_", input, args);
  checkApart("scatterReduce_", input);
  return reduceInto(input, apart(index, input), apart(src, input), attrs);
}

function reduceInto(input: Tensor, index: Tensor, src: Tensor, attrs: ReduceAttrs): Tensor {
  return reduceOp.writeInto([input, index, src], attrs, () => {
    const out = new Tensor(input.storage, input.layout, input.dtype);
    reduceRaw(out, index, src, attrs);
  });
}
