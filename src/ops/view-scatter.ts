/** @file Copies with a part replaced: what writing into a view would do, without changing the input. */
import { ShapeError } from "../core/errors.ts";
import { type Shape, sameShape, shapeText, wrapDim } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { copyRaw } from "./copy.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkTensor, type Named, named } from "./params.ts";
import { asStrided, sliceAlong } from "./slice.ts";

interface PartAttrs {
  readonly name: string;
  /** The part, as a view. */
  readonly part: (t: Tensor) => Tensor;
}

const scatterOp: KernelOp<PartAttrs> = kernelOp<PartAttrs>({
  name: "viewScatter",
  node: ({ name }) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Backward0`,
  forward: ([input, src], { part }) => {
    const out = (input as Tensor).clone();
    copyRaw(part(out), src as Tensor); // also where elements of the part overlap, as PyTorch does
    return out;
  },
  backward: ([g], context) => {
    const grad = g as Tensor;
    const { part } = context.attrs;
    // The same op again: what lies in the part has no influence, and elements of the part may overlap.
    const rest = () => scatterOp.call([grad, grad.newZeros(context.shape(1))], context.attrs);
    return [context.needs(0) ? rest() : null, context.needs(1) ? part(grad) : null];
  },
});

function scattered(name: string, input: Tensor, src: Tensor, part: (t: Tensor) => Tensor): Tensor {
  checkTensor(name, src, "src");
  const { shape } = part(input.detach());
  if (!sameShape(shape, src.shape))
    throw new ShapeError(`${name}: expected a src of shape ${shapeText(shape)}, got ${shapeText(src.shape)}`);
  return scatterOp.call([input, src], { name, part });
}

interface SelectOptions {
  src: Tensor;
  dim: number;
  index: number;
}

/** A copy with one index of a dimension replaced by `src`. PyTorch: `torch.select_scatter`. */
export function selectScatter(
  input: Tensor,
  ...args: Named<[src: Tensor, dim: number, index: number], ["src", "dim", "index"], SelectOptions>
): Tensor {
  checkTensor("selectScatter", input);
  const { src, dim, index } = named<SelectOptions>("selectScatter", ["src", "dim", "index"], 3, args);
  return scattered("selectScatter", input, src, (t) => t.select(dim, index));
}

interface SliceOptions {
  src: Tensor;
  dim?: number;
  start?: number | null;
  end?: number | null;
  step?: number;
}
type SliceArgs = Named<
  [src: Tensor, dim: number, start: number | null, end: number | null, step: number],
  ["src", "dim", "start", "end", "step"],
  SliceOptions
>;

/** A copy with a slice of a dimension replaced by `src`. PyTorch: `torch.slice_scatter`. */
export function sliceScatter(input: Tensor, ...args: SliceArgs): Tensor {
  checkTensor("sliceScatter", input);
  const {
    src,
    dim = 0,
    start = null,
    end = null,
    step = 1,
  } = named<SliceOptions>("sliceScatter", ["src", "dim", "start", "end", "step"], 1, args);
  if (input.ndim === 0 || !(step >= 1))
    throw new ShapeError(
      `sliceScatter: expected at least 1 dimension and a step of at least 1, got shape ${shapeText(input.shape)} and ${step}`,
    );
  const d = wrapDim("sliceScatter", dim, input.ndim);
  return scattered("sliceScatter", input, src, (t) => sliceAlong(t, d, start, end, step));
}

interface DiagonalOptions {
  src: Tensor;
  offset?: number;
  dim1?: number;
  dim2?: number;
}
type DiagonalArgs = Named<
  [src: Tensor, offset: number, dim1: number, dim2: number],
  ["src", "offset", "dim1", "dim2"],
  DiagonalOptions
>;

/** A copy with a diagonal replaced by `src`. PyTorch: `torch.diagonal_scatter`. */
export function diagonalScatter(input: Tensor, ...args: DiagonalArgs): Tensor {
  checkTensor("diagonalScatter", input);
  const {
    src,
    offset = 0,
    dim1 = 0,
    dim2 = 1,
  } = named<DiagonalOptions>("diagonalScatter", ["src", "offset", "dim1", "dim2"], 1, args);
  return scattered("diagonalScatter", input, src, (t) => t.diagonal(offset, dim1, dim2));
}

interface StridedOptions {
  src: Tensor;
  size: Shape;
  stride: Shape;
  storageOffset?: number | null;
}
type StridedArgs = Named<
  [src: Tensor, size: Shape, stride: Shape, storageOffset: number | null],
  ["src", "size", "stride", "storageOffset"],
  StridedOptions
>;

/** A copy with the elements that `asStrided` would show replaced by `src`. PyTorch: `torch.as_strided_scatter`. */
export function asStridedScatter(input: Tensor, ...args: StridedArgs): Tensor {
  checkTensor("asStridedScatter", input);
  const names = ["src", "size", "stride", "storageOffset"] as const;
  const { src, size, stride, storageOffset = null } = named<StridedOptions>("asStridedScatter", names, 3, args);
  return scattered("asStridedScatter", input.contiguous(), src, (t) =>
    asStrided(t.contiguous(), size, stride, storageOffset),
  );
}
