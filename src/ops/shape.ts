/** @file Other shapes of the same elements: view, reshape, expand, squeeze and their like. */
import { Category, DType } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { Layout, viewStrides } from "../core/layout.ts";
import {
  broadcastShapes,
  inferSizes,
  numelOf,
  type Shape,
  sameShape,
  shapeText,
  sizesOf,
  wrapDim,
  wrapDims,
} from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { kernelOp } from "./kernel-form.ts";
import { checkTensor, checkTensors, type Named, named, numbersArg } from "./params.ts";
import { viewOp } from "./view-form.ts";

/** Sizes as an array or as numbers. */
export type Sizes = [sizes: Shape] | number[];

const viewTo = viewOp<{ shape: Shape }>({
  name: "view",
  layout: (input, { shape }) => {
    const strides = viewStrides(input, shape);
    if (strides === null)
      throw new ShapeError(
        `view: expected a shape that needs no copy, got ${shapeText(shape)} for a tensor of shape ${shapeText(input.shape)} and strides ${shapeText(input.strides)}; use reshape`,
      );
    return new Layout(shape, strides, input.offset);
  },
  backward: (grad, _, shape) => grad.reshape(shape),
});

const viewBytes = viewOp<{ from: DType; to: DType }>({
  name: "view",
  dtype: (_, { to }) => to,
  layout: ({ shape, strides, offset }, { from, to }) => {
    const ratio = to.itemsize / from.itemsize;
    if (ratio === 1) return new Layout(shape, strides, offset);
    const fail = (expected: string) =>
      new ShapeError(
        `view: expected ${expected} to see ${from} as ${to}, got shape ${shapeText(shape)} and strides ${shapeText(strides)}`,
      );
    const last = shape.length - 1;
    if (last < 0) throw fail("at least 1 dimension");
    if (strides[last] !== 1) throw fail("elements side by side in the last dimension");
    const others = strides.slice(0, -1);
    if ([shape[last] as number, offset, ...others].some((n) => !Number.isInteger(n / ratio)))
      throw fail(`multiples of ${ratio} as last size, offset and other strides`);
    return new Layout(
      [...shape.slice(0, -1), (shape[last] as number) / ratio],
      [...others.map((n) => n / ratio), 1],
      offset / ratio,
    );
  },
});

/**
 * The same elements in another shape, without a copy; or, given a dtype, the same bytes as elements of that. One size may be −1.
 * No gradients flow through another dtype. PyTorch: `Tensor.view`.
 *
 * @throws ShapeError if the elements do not lie so that no copy is needed
 * @example
 * torch.arange(6).view(2, 3) // tensor([[0, 1, 2],
 *                            //         [3, 4, 5]])
 */
export function view(
  input: Tensor,
  ...sizes: Sizes | [size: { size: Shape }] | [dtype: DType | { dtype: DType }]
): Tensor {
  const [first] = sizes;
  const dtype =
    first instanceof DType
      ? first
      : typeof first === "object" && first !== null && "dtype" in first
        ? first.dtype
        : null;
  if (dtype === null)
    return viewTo.call(input, { shape: inferSizes("view", numbersArg("view", "size", sizes), input.layout.numel) });
  if (!(dtype instanceof DType))
    throw new DTypeError(`view: expected a dtype such as torch.int32, got ${describe(dtype)}`);
  return viewBytes.call(input.requiresGrad ? input.detach() : input, { from: input.dtype, to: dtype });
}

/** `input` in the shape of `other`, without a copy. PyTorch: `Tensor.view_as`. */
export function viewAs(input: Tensor, other: Tensor): Tensor {
  checkTensor("viewAs", other, "other");
  return view(input, other.shape);
}

const unsafeViewOp = kernelOp<{ shape: Shape }>({
  name: "unsafeView",
  forward: ([input], { shape }) => {
    const { storage, dtype } = input as Tensor;
    return new Tensor(storage, Layout.contiguous(shape), dtype);
  },
  backward: ([grad], context) => [(grad as Tensor).reshape(context.shape(0))],
});

/**
 * The same elements in another shape: a view where possible, else a copy. One size may be −1. PyTorch: `torch.reshape`.
 * @throws ShapeError if the sizes do not hold as many elements
 * @example
 * torch.arange(6).reshape(2, -1) // tensor([[0, 1, 2],
 *                                //         [3, 4, 5]])
 */
export function reshape(input: Tensor, ...shape: Sizes | [{ shape: Shape }]): Tensor {
  checkTensor("reshape", input);
  const sizes = inferSizes("reshape", numbersArg("reshape", "shape", shape), input.layout.numel);
  if (input.layout.isContiguous || viewStrides(input.layout, sizes) !== null)
    return viewTo.call(input, { shape: sizes });
  return unsafeView(input.contiguous(), sizes);
}

/** Another shape for a fresh row-major tensor that nobody else sees, so that no view of it is made. PyTorch: `torch._unsafe_view`. */
export function unsafeView(input: Tensor, shape: Shape): Tensor {
  return unsafeViewOp.call([input], { shape });
}

/** `input` in the shape of `other`. PyTorch: `Tensor.reshape_as`. */
export function reshapeAs(input: Tensor, other: Tensor): Tensor {
  checkTensor("reshapeAs", other, "other");
  return reshape(input, other.shape);
}

/** All elements in one dimension: a view where possible. PyTorch: `torch.ravel`. */
export function ravel(input: Tensor): Tensor {
  checkTensor("ravel", input);
  return view(input.contiguous(), -1);
}

/**
 * Dimensions `startDim` to `endDim` made one. PyTorch: `torch.flatten`.
 * @example
 * torch.zeros(2, 3, 5).flatten(1).shape // [2, 15]
 */
export function flatten(
  input: Tensor,
  ...args: Call<[startDim: number, endDim: number], { startDim?: number; endDim?: number }>
): Tensor {
  checkTensor("flatten", input);
  const { startDim = 0, endDim = -1 } = bind<{ startDim?: number; endDim?: number }>(
    "flatten",
    ["startDim", "endDim"],
    args,
  );
  const start = wrapDim("flatten", startDim, input.ndim);
  const end = wrapDim("flatten", endDim, input.ndim);
  if (start > end)
    throw new ShapeError(`flatten: expected startDim to come before endDim, got ${startDim} and ${endDim}`);
  if (input.ndim === 0) return reshape(input, [1]);
  if (start === end) return input;
  const { shape } = input;
  return reshape(input, [...shape.slice(0, start), numelOf(shape.slice(start, end + 1)), ...shape.slice(end + 1)]);
}

type UnflattenArgs = Named<[dim: number, sizes: Shape], ["dim", "sizes"], { dim: number; sizes: Shape }>;

/**
 * Dimension `dim` cut into several; one size may be −1. PyTorch: `torch.unflatten`.
 * @example
 * torch.zeros(2, 12).unflatten(1, [3, -1]).shape // [2, 3, 4]
 */
export function unflatten(input: Tensor, ...args: UnflattenArgs): Tensor {
  checkTensor("unflatten", input);
  const { dim, sizes } = named<{ dim: number; sizes: Shape }>("unflatten", ["dim", "sizes"], 2, args);
  const d = wrapDim("unflatten", dim, input.ndim);
  if (!Array.isArray(sizes) || sizes.length === 0)
    throw new ValueError(`unflatten: expected an array of at least one size as sizes, got ${describe(sizes)}`);
  return view(input, input.shape.toSpliced(d, 1, ...inferSizes("unflatten", sizes, input.shape[d] ?? 1)));
}

const expandOp = viewOp<{ shape: Shape }>({
  name: "expand",
  layout: (input, { shape }) => {
    const lead = shape.length - input.ndim;
    const strides = shape.map((n, i) => {
      const j = i - lead;
      return j < 0 || (input.shape[j] === 1 && n !== 1) ? 0 : (input.strides[j] as number);
    });
    return new Layout(shape, strides, input.offset);
  },
  backward: (grad, _, shape) => grad.sumToSize(shape),
});

/**
 * Dimensions of size 1 stretched and new ones put in front, without a copy; −1 keeps a size. PyTorch: `Tensor.expand`.
 * @throws ShapeError if another dimension would have to stretch
 */
export function expand(input: Tensor, ...size: Sizes | [{ size: Shape }]): Tensor {
  return expandTo("expand", input, numbersArg("expand", "size", size));
}

function expandTo(op: string, input: Tensor, given: Shape): Tensor {
  const lead = given.length - input.ndim;
  const fail = () =>
    new ShapeError(
      `${op}: expected sizes that stretch only dimensions of size 1, got ${shapeText(given)} for a tensor of shape ${shapeText(input.shape)}`,
    );
  if (lead < 0) throw fail();
  const shape = given.map((n, i) => {
    const own = i < lead ? null : (input.shape[i - lead] as number);
    if (n === -1) {
      if (own === null) throw fail();
      return own;
    }
    if (n < 0 || (own !== null && own !== n && own !== 1)) throw fail();
    return n;
  });
  return expandOp.call(input, { shape });
}

/** `input` expanded to the shape of `other`. PyTorch: `Tensor.expand_as`. */
export function expandAs(input: Tensor, other: Tensor): Tensor {
  checkTensor("expandAs", other, "other");
  return expandTo("expandAs", input, other.shape);
}

/** `input` expanded to a shape that it broadcasts to; a view. PyTorch: `torch.broadcast_to`. */
export function broadcastTo(input: Tensor, ...size: Sizes | [{ size: Shape }]): Tensor {
  checkTensor("broadcastTo", input);
  return expandTo("broadcastTo", input, numbersArg("broadcastTo", "size", size));
}

/**
 * Tensors expanded to the shape that they all broadcast to; views. PyTorch: `torch.broadcast_tensors`.
 * @throws ShapeError if they do not broadcast
 */
export function broadcastTensors(...tensors: readonly Tensor[] | [readonly Tensor[]]): Tensor[] {
  const list = listOf("broadcastTensors", tensors);
  const shape = list.reduce<Shape>((s, t) => broadcastShapes("broadcastTensors", s, t.shape), []);
  return list.map((t) => expandTo("broadcastTensors", t, shape));
}

/**
 * The shape that shapes broadcast to: aligned at the right, sizes equal or 1. A number stands for a shape of one size.
 * PyTorch: `torch.broadcast_shapes`.
 *
 * @throws ShapeError if they do not broadcast
 * @example
 * torch.broadcastShapes([5, 1], [3]) // [5, 3]
 */
export function broadcastShapesOf(...shapes: readonly (Shape | number)[]): number[] {
  return [
    ...shapes
      .map((shape) => sizesOf("broadcastShapes", [typeof shape === "number" ? [shape] : shape]))
      .reduce((a, b) => broadcastShapes("broadcastShapes", a, b), []),
  ];
}

/** Tensors given as arguments or as one array. */
function listOf(op: string, tensors: readonly unknown[]): readonly Tensor[] {
  const list = tensors.length === 1 && Array.isArray(tensors[0]) ? tensors[0] : tensors;
  checkTensors(op, list);
  return list;
}

type Dim = Named<[dim: number], ["dim"], { dim: number }>;

const unsqueezeOp = viewOp<{ dim: number }>({
  name: "unsqueeze",
  layout: ({ shape, strides, offset }, { dim }) => {
    const stride = dim < shape.length ? (shape[dim] as number) * (strides[dim] as number) : 1;
    return new Layout(shape.toSpliced(dim, 0, 1), strides.toSpliced(dim, 0, stride), offset);
  },
  backward: (grad, { dim }) => grad.squeeze(dim),
});

function unsqueezeArgs(op: string, input: Tensor, args: readonly unknown[]): { dim: number } {
  checkTensor(op, input);
  const { dim } = named<{ dim: number }>(op, ["dim"], 1, args);
  return { dim: wrapDim(op, dim, input.ndim + 1) };
}

/** A dimension of size 1 put in at `dim`; a view. PyTorch: `torch.unsqueeze`. */
export function unsqueeze(input: Tensor, ...args: Dim): Tensor {
  return unsqueezeOp.call(input, unsqueezeArgs("unsqueeze", input, args));
}

/**
 * As `unsqueeze`, of the tensor itself. PyTorch: `Tensor.unsqueeze_`.
 * @example
 * torch.zeros(2).unsqueeze_(0).shape // [1, 2]
 */
export function unsqueeze_(input: Tensor, ...args: Dim): Tensor {
  return unsqueezeOp.callInPlace(input, unsqueezeArgs("unsqueeze_", input, args));
}

const squeezeOps = [0, 1, 2].map((i) =>
  viewOp<{ dims: readonly number[] }>({
    name: "squeeze",
    node: `SqueezeBackward${i}`,
    layout: ({ shape, strides, offset }, { dims }) => {
      const kept = shape.map((_, i) => i).filter((i) => !(dims.includes(i) && shape[i] === 1));
      return new Layout(
        kept.map((i) => shape[i] as number),
        kept.map((i) => strides[i] as number),
        offset,
      );
    },
    backward: (grad, _, shape) => grad.reshape(shape),
  }),
);

type SqueezeArgs = Call<[dim: number | Shape | null], { dim?: number | Shape | null }>;

function squeezeArgs(
  name: string,
  input: Tensor,
  args: readonly unknown[],
): { op: (typeof squeezeOps)[number]; dims: readonly number[] } {
  checkTensor(name, input);
  const { dim } = bind<{ dim?: number | Shape | null }>(name, ["dim"], args);
  const op = squeezeOps[dim === undefined || dim === null ? 0 : typeof dim === "number" ? 1 : 2];
  return { op: op as NonNullable<typeof op>, dims: wrapDims(name, dim, input.ndim) };
}

/** Dimensions of size 1 taken out: those named, or all; a view. PyTorch: `torch.squeeze`. */
export function squeeze(input: Tensor, ...args: SqueezeArgs): Tensor {
  const { op, dims } = squeezeArgs("squeeze", input, args);
  return op.call(input, { dims });
}

/** As `squeeze`, of the tensor itself. PyTorch: `Tensor.squeeze_`. */
export function squeeze_(input: Tensor, ...args: SqueezeArgs): Tensor {
  const { op, dims } = squeezeArgs("squeeze_", input, args);
  return op.callInPlace(input, { dims });
}

/** Sums over dimensions until the shape is `size`: the way back from broadcasting. PyTorch: `Tensor.sum_to_size`. */
export function sumToSize(input: Tensor, ...size: Sizes | [{ size: Shape }]): Tensor {
  const shape = sizesOf("sumToSize", [numbersArg("sumToSize", "size", size)]);
  // PyTorch sums a number even where there is nothing to sum, which makes int64 of a bool.
  if (shape.length === 0 && input.ndim === 0 && input.dtype.category < Category.Floating) return input.sum();
  if (sameShape(shape, input.shape)) return input;
  const lead = input.ndim - shape.length;
  const fits = lead >= 0 && shape.every((n, i) => n === 1 || n === input.shape[i + lead]);
  if (!fits)
    throw new ShapeError(
      `sumToSize: expected a shape that broadcasts to ${shapeText(input.shape)}, got ${shapeText(shape)}`,
    );
  const dims = input.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && input.shape[i] !== 1));
  const summed = dims.length > 0 ? input.sum(dims, { keepdim: true }) : input;
  return lead > 0 ? summed.reshape(shape) : summed;
}

/** One tensor or several, as arguments or as an array: one gives one, several an array. */
interface OneOrSeveral {
  (input: Tensor): Tensor;
  (...tensors: readonly Tensor[] | [readonly Tensor[]]): Tensor[];
}

function oneOrSeveral(op: string, f: (t: Tensor) => Tensor): OneOrSeveral {
  const call = (...tensors: readonly Tensor[]) => {
    const [only] = tensors;
    return tensors.length === 1 && only instanceof Tensor ? f(only) : listOf(op, tensors).map(f);
  };
  return call as OneOrSeveral;
}

/** Tensors with at least 1 dimension; those with fewer get one. PyTorch: `torch.atleast_1d`. */
export const atleast1d: OneOrSeveral = oneOrSeveral("atleast1d", (t) => (t.ndim === 0 ? t.reshape(1) : t));

/** Tensors with at least 2 dimensions; a vector becomes a row. PyTorch: `torch.atleast_2d`. */
export const atleast2d: OneOrSeveral = oneOrSeveral("atleast2d", (t) =>
  t.ndim === 0 ? t.reshape(1, 1) : t.ndim === 1 ? t.unsqueeze(0) : t,
);

/** Tensors with at least 3 dimensions; a vector of N becomes `[1, N, 1]`, a matrix gets a last one. PyTorch: `torch.atleast_3d`. */
export const atleast3d: OneOrSeveral = oneOrSeveral("atleast3d", (t) => {
  if (t.ndim === 0) return t.reshape(1, 1, 1);
  return t.ndim === 1 ? t.unsqueeze(0).unsqueeze(-1) : t.ndim === 2 ? t.unsqueeze(-1) : t;
});
