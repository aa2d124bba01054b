/** @file Elements where a mask is true, and positions of what is not zero. */
import { backendOf } from "../backends/backend.ts";
import { bool, int64, uint8 } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { broadcastShapes, numelOf, type Shape, sameShape, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { checkApart } from "./copy.ts";
import { allocate } from "./creation.ts";
import { kernelOp } from "./kernel-form.ts";
import { apart } from "./operands.ts";
import { checkSameDType, checkTensor, type Named, named } from "./params.ts";

function positionsOf(input: Tensor): Tensor {
  const { kernels } = backendOf(input.device);
  const out = allocate([kernels.countNonzero(input), input.ndim], int64, input.device);
  kernels.nonzero(out, input);
  return out;
}

/**
 * The positions of the elements that are not zero: one a row, or with `asTuple` one tensor a dimension. PyTorch: `torch.nonzero`.
 * @example
 * torch.nonzero(torch.tensor([0, 3, 0, 4])) // tensor([[1],
 *                                           //         [3]])
 */
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(input: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(input: Tensor, ...args: Call<[], { asTuple?: boolean }>): Tensor | Tensor[] {
  checkTensor("nonzero", input);
  const { asTuple = false } = bind<{ asTuple?: boolean }>("nonzero", ["asTuple"], args);
  if (!asTuple) return positionsOf(input);
  return positionsOf(input.ndim === 0 ? input.unsqueeze(0) : input).unbind(1);
}

/** The positions of the elements that are not zero, one a row. PyTorch: `torch.argwhere`. */
export function argwhere(input: Tensor): Tensor {
  checkTensor("argwhere", input);
  return positionsOf(input);
}

function checkMask(op: string, input: Tensor, mask: unknown): asserts mask is Tensor {
  checkTensor(op, input);
  checkTensor(op, mask, "mask");
  if (mask.dtype !== bool && mask.dtype !== uint8)
    throw new DTypeError(`${op}: expected a bool tensor as mask, got ${mask.dtype}`);
}

const maskedSelectOp = kernelOp({
  name: "maskedSelect",
  forward: ([input, m]) => {
    const [x, mask] = [input as Tensor, m as Tensor];
    const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
    const { kernels } = backendOf(x.device);
    const out = allocate([kernels.countNonzero(mask, shape)], x.dtype, x.device);
    kernels.maskedSelect(out, x, mask, shape);
    return out;
  },
  saves: () => [1],
  backward: ([grad], context) => {
    const mask = context.input(1);
    const shape = broadcastShapes("maskedSelect", context.shape(0), mask.shape);
    const zeros = (grad as Tensor).newZeros(shape);
    return [zeros.maskedScatter(mask, grad as Tensor).sumToSize(context.shape(0)), null];
  },
});

type MaskArgs = Named<[mask: Tensor], ["mask"], { mask: Tensor }>;

/**
 * The elements where `mask` is true, in one dimension. PyTorch: `torch.masked_select`.
 * @example
 * torch.maskedSelect(torch.tensor([1, 2, 3]), torch.tensor([true, false, true])) // tensor([1, 3])
 */
export function maskedSelect(input: Tensor, ...args: MaskArgs): Tensor {
  const { mask } = named<{ mask: Tensor }>("maskedSelect", ["mask"], 1, args);
  checkMask("maskedSelect", input, mask);
  return maskedSelectOp.call([input, mask], undefined);
}

interface MaskedScatterOptions {
  mask: Tensor;
  source: Tensor;
}
type MaskedScatterArgs = Named<[mask: Tensor, source: Tensor], ["mask", "source"], MaskedScatterOptions>;

function scatterInto(into: Tensor, mask: Tensor, source: Tensor): void {
  backendOf(into.device).kernels.maskedScatter(into, mask.expand(into.shape), source.contiguous());
}

const maskedScatterOp = kernelOp<{ shape: Shape }>({
  name: "maskedScatter",
  forward: ([input, mask, source], { shape }) => {
    const x = input as Tensor;
    const out = sameShape(shape, x.shape) ? x.clone() : x.expand(shape).contiguous();
    scatterInto(out, mask as Tensor, source as Tensor);
    return out;
  },
  saves: () => [1],
  backward: ([g], context) => {
    const grad = g as Tensor;
    const mask = context.input(1);
    return [
      context.needs(0) ? grad.maskedFill(mask, 0).sumToSize(context.shape(0)) : null,
      null,
      context.needs(2) ? gradOfSource(grad, mask, context.shape(2)) : null,
    ];
  },
});

/** The source gives its first elements, in order; the others get no gradient. */
function gradOfSource(grad: Tensor, mask: Tensor, shape: Shape): Tensor {
  const taken = grad.maskedSelect(mask);
  const spare = numelOf(shape) - taken.numel();
  const flat = spare > 0 ? catFlat(taken, taken.newZeros([spare])) : taken;
  return flat.reshape(shape);
}

function catFlat(a: Tensor, b: Tensor): Tensor {
  const out = a.newZeros([a.numel() + b.numel()]);
  out.narrow(0, 0, a.numel()).copy_(a);
  return out;
}

function maskedScatterArgs(op: string, input: Tensor, args: readonly unknown[]): MaskedScatterOptions {
  const { mask, source } = named<MaskedScatterOptions>(op, ["mask", "source"], 2, args);
  checkMask(op, input, mask);
  checkTensor(op, source, "source");
  checkSameDType(op, input, source, "tensor and source");
  return { mask, source };
}

/**
 * A copy with the elements where `mask` is true taken from `source`, in order. PyTorch: `torch.masked_scatter`.
 * @throws ValueError if `source` has fewer elements than are true in `mask`
 */
export function maskedScatter(input: Tensor, ...args: MaskedScatterArgs): Tensor {
  const { mask, source } = maskedScatterArgs("maskedScatter", input, args);
  const shape = broadcastShapes("maskedScatter", input.shape, mask.shape);
  return maskedScatterOp.call([input, mask, source], { shape });
}

/** As `maskedScatter`, in place. PyTorch: `Tensor.masked_scatter_`. */
export function maskedScatter_(input: Tensor, ...args: MaskedScatterArgs): Tensor {
  const { mask, source } = maskedScatterArgs("maskedScatter_", input, args);
  if (!sameShape(broadcastShapes("maskedScatter_", input.shape, mask.shape), input.shape))
    throw new ShapeError(
      `maskedScatter_: expected a mask that broadcasts to ${shapeText(input.shape)}, got ${shapeText(mask.shape)}`,
    );
  checkApart("maskedScatter_", input);
  const from = apart(source, input);
  return maskedScatterOp.writeInto([input, mask, from], { shape: input.shape }, () => scatterInto(input, mask, from));
}
