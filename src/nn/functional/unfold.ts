/** @file Sliding blocks of images as columns, and columns added up to images: `unfold` (im2col), `fold` (col2im). */
import { Category } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { Layout } from "../../core/layout.ts";
import { shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { copyRaw } from "../../ops/copy.ts";
import { allocate } from "../../ops/creation.ts";
import { type KernelOp, kernelOp } from "../../ops/kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";

/** A number for height and width, or one for both. */
type Size2 = number | readonly [number, number] | readonly number[];
type Pair = readonly [number, number];

interface Blocks {
  readonly image: Pair;
  readonly kernel: Pair;
  readonly dilation: Pair;
  readonly padding: Pair;
  readonly stride: Pair;
  /** Numbers of blocks. */
  readonly count: Pair;
}

/** Images `[N, C, H + 2 padding, W + 2 padding]` seen as blocks `[N, C, kernel, kernel, count, count]`. */
function asBlocks(padded: Tensor, { kernel, dilation, stride, count }: Blocks): Tensor {
  const [sn, sc, sh, sw] = padded.layout.strides as readonly [number, number, number, number];
  const [n, c] = padded.shape as readonly [number, number];
  const strides = [sn, sc, sh * dilation[0], sw * dilation[1], sh * stride[0], sw * stride[1]];
  return new Tensor(
    padded.storage,
    new Layout([n, c, ...kernel, ...count], strides, padded.layout.offset),
    padded.dtype,
  );
}

const im2colOp: KernelOp<Blocks> = kernelOp<Blocks>({
  name: "im2Col",
  forward: ([input], blocks) => {
    const {
      padding: [top, left],
      kernel,
      count,
    } = blocks;
    const x = input as Tensor;
    const [n, c] = x.shape as readonly [number, number];
    const padded = top > 0 || left > 0 ? paddedCopy(x, top, left) : x;
    const out = allocate([n, c, ...kernel, ...count], x.dtype, x.device);
    if (out.layout.numel > 0) copyRaw(out, asBlocks(padded, blocks));
    return out.view(n, c * kernel[0] * kernel[1], count[0] * count[1]);
  },
  backward: ([grad], { attrs }) => [col2imOp.call([grad as Tensor], attrs)],
});

function paddedCopy(x: Tensor, top: number, left: number): Tensor {
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  const padded = x.newZeros([n, c, h + 2 * top, w + 2 * left]);
  padded.narrow(2, top, h).narrow(3, left, w).copy_(x);
  return padded;
}

const col2imOp: KernelOp<Blocks> = kernelOp<Blocks>({
  name: "col2Im",
  forward: ([input], blocks) => {
    const {
      image: [h, w],
      padding: [top, left],
      kernel,
      count,
    } = blocks;
    const columns = input as Tensor;
    const n = columns.shape[0] as number;
    const c = (columns.shape[1] as number) / (kernel[0] * kernel[1]);
    const padded = columns.newZeros([n, c, h + 2 * top, w + 2 * left]);
    const from = columns.reshape([n, c, ...kernel, ...count]);
    // Blocks overlap, but elements at one place of all blocks do not.
    const to = asBlocks(padded, blocks);
    for (let i = 0; i < kernel[0]; i++)
      for (let j = 0; j < kernel[1]; j++) to.select(2, i).select(2, j).add_(from.select(2, i).select(2, j));
    return padded.narrow(2, top, h).narrow(3, left, w).contiguous();
  },
  backward: ([grad], { attrs }) => [im2colOp.call([grad as Tensor], attrs)],
});

function pair(op: string, name: string, given: unknown, least: number): Pair {
  const numbers = Array.isArray(given) ? (given as unknown[]) : [given];
  if (numbers.length < 1 || numbers.length > 2)
    throw new ValueError(
      `${op}: expected a number or two as ${name}, got ${describe(given)} of length ${numbers.length}`,
    );
  for (const n of numbers) {
    checkInt(op, name, n);
    if (n < least) throw new ValueError(`${op}: expected ${name} of at least ${least}, got ${n}`);
  }
  const [first, second = first] = numbers as number[];
  return [first as number, second as number];
}

interface BlockOptions {
  kernelSize: Size2;
  /** Distance between the elements of a block. */
  dilation?: Size2;
  /** Zeros added around the image. */
  padding?: Size2;
  /** Distance between blocks. */
  stride?: Size2;
}

function blocksOf(op: string, image: Pair, options: BlockOptions): Blocks {
  const kernel = pair(op, "kernelSize", options.kernelSize, 1);
  const dilation = pair(op, "dilation", options.dilation ?? 1, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  const stride = pair(op, "stride", options.stride ?? 1, 1);
  const countAlong = (d: 0 | 1) =>
    Math.floor((image[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1;
  const count: Pair = [countAlong(0), countAlong(1)];
  if (count[0] < 1 || count[1] < 1)
    throw new ShapeError(
      `${op}: expected an image of at least the size of a block, got ${shapeText(image)} with kernelSize ${shapeText(kernel)}, dilation ${shapeText(dilation)} and padding ${shapeText(padding)}`,
    );
  return { image, kernel, dilation, padding, stride, count };
}

/** Calls `f` with a batch: that of one image, where the input has no batch. */
function batched(input: Tensor, hasBatch: boolean, f: (batch: Tensor) => Tensor): Tensor {
  return hasBatch ? f(input) : f(input.unsqueeze(0)).squeeze(0);
}

function checkDType(op: string, input: Tensor): void {
  if (input.dtype.category < Category.Floating)
    throw new DTypeError(
      `${op}: expected a floating-point or complex dtype, got ${input.dtype} (whole numbers make int64: pass a dtype)`,
    );
}

export interface UnfoldOptions extends BlockOptions {}
type UnfoldArgs = Named<
  [kernelSize: Size2, dilation: Size2, padding: Size2, stride: Size2],
  ["kernelSize", "dilation", "padding", "stride"],
  UnfoldOptions
>;

/**
 * The sliding blocks of images as columns. PyTorch: `torch.nn.functional.unfold`.
 *
 * @param input - `[N, C, H, W]` or `[C, H, W]`; floating or complex dtype
 * @param args - `kernelSize`, `dilation` (1), `padding` (0), `stride` (1): numbers, or arrays of one for height and one for width
 * @returns `[N, C · kernel elements, blocks]`, or the same without N
 * @throws ShapeError if no block fits
 * @example
 * F.unfold(torch.tensor([[[1.5, 2, 3]]]), [1, 2]) // tensor([[1.5000, 2.0000],
 *                                                 //         [2.0000, 3.0000]])
 */
export function unfold(input: Tensor, ...args: UnfoldArgs): Tensor {
  checkTensor("unfold", input);
  const options = named<UnfoldOptions>("unfold", ["kernelSize", "dilation", "padding", "stride"], 1, args);
  checkDType("unfold", input);
  const { shape, ndim } = input;
  if ((ndim !== 3 && ndim !== 4) || shape.slice(ndim - 3).some((n) => n === 0))
    throw new ShapeError(
      `unfold: expected an input [N, C, H, W] or [C, H, W] with sizes above 0 but for the batch, got shape ${shapeText(shape)}`,
    );
  const blocks = blocksOf("unfold", shape.slice(-2) as unknown as Pair, options);
  return batched(input, ndim === 4, (x) => im2colOp.call([x], blocks));
}

export interface FoldOptions extends BlockOptions {
  /** Height and width of the images. */
  outputSize: Size2;
}
type FoldArgs = Named<
  [outputSize: Size2, kernelSize: Size2, dilation: Size2, padding: Size2, stride: Size2],
  ["outputSize", "kernelSize", "dilation", "padding", "stride"],
  FoldOptions
>;

/**
 * Columns of blocks added up to images where they overlap: what `unfold` takes apart. PyTorch: `torch.nn.functional.fold`.
 *
 * @param input - `[N, C · kernel elements, blocks]`, or the same without N; floating or complex dtype
 * @param args - `outputSize`, `kernelSize`, `dilation` (1), `padding` (0), `stride` (1)
 * @returns `[N, C, H, W]` or `[C, H, W]`
 * @throws ShapeError if the sizes do not fit
 * @example
 * F.fold(torch.tensor([[1.5, 2], [2, 3]]), [1, 3], [1, 2]) // tensor([[[1.5000, 4.0000, 3.0000]]])
 */
export function fold(input: Tensor, ...args: FoldArgs): Tensor {
  checkTensor("fold", input);
  const options = named<FoldOptions>("fold", ["outputSize", "kernelSize", "dilation", "padding", "stride"], 2, args);
  checkDType("fold", input);
  const { shape, ndim } = input;
  if ((ndim !== 2 && ndim !== 3) || shape.slice(ndim - 2).some((n) => n === 0))
    throw new ShapeError(
      `fold: expected an input [N, C · kernel elements, blocks] or the same without N, with sizes above 0 but for the batch, got shape ${shapeText(shape)}`,
    );
  const blocks = blocksOf("fold", pair("fold", "outputSize", options.outputSize, 1), options);
  const elements = blocks.kernel[0] * blocks.kernel[1];
  const count = blocks.count[0] * blocks.count[1];
  if ((shape[ndim - 2] as number) % elements !== 0)
    throw new ShapeError(
      `fold: expected a multiple of ${elements} (the elements of a block) at dimension ${ndim - 2}, got shape ${shapeText(shape)}`,
    );
  if (shape[ndim - 1] !== count)
    throw new ShapeError(
      `fold: expected ${blocks.count[0]} · ${blocks.count[1]} = ${count} blocks at dimension ${ndim - 1}, got shape ${shapeText(shape)}`,
    );
  return batched(input, ndim === 3, (x) => col2imOp.call([x], blocks));
}
