/** @file What convolutions ask of their arguments, and the sizes of their results. */
import type { Slide } from "../../backends/conv-kernels.ts";
import { bool } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { otherDevice } from "../fused.ts";
import { checkInt, checkTensor } from "../params.ts";
import { checkAbove, type Dims } from "../pool/windows.ts";

/** How a convolution or its transpose slides. */
export interface Geometry extends Slide {
  readonly transposed: boolean;
  /** Of the transpose: what its result has more on one side. */
  readonly outputPadding: readonly number[];
}

export interface Operands {
  readonly input: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** Checks that operands are tensors of one dtype on one device. */
export function checkOperands(op: string, { input, weight, bias }: Operands): void {
  checkTensor(op, input);
  checkTensor(op, weight, "weight");
  if (bias !== null && !(bias instanceof Tensor))
    throw new ValueError(`${op}: expected a Tensor or null as bias, got ${describe(bias)}`);
  for (const [x, name] of [[weight, "weight"], ...(bias === null ? [] : [[bias, "bias"] as const])] as const) {
    if (x.dtype !== input.dtype)
      throw new DTypeError(`${op}: expected input and ${name} in one dtype, got ${input.dtype} and ${x.dtype}`);
    if (x.storage.device !== input.storage.device) throw otherDevice(op, input, x);
  }
  if (input.dtype === bool) throw new DTypeError(`${op}: expected numbers, got ${input.dtype}`);
}

/** Checks the numbers of a geometry. */
export function checkGeometry(op: string, { stride, padding, dilation, groups, outputPadding }: Geometry): void {
  checkInt(op, "groups", groups);
  if (groups < 1) throw new ValueError(`${op}: expected groups of at least 1, got ${groups}`);
  checkAbove(op, "stride", stride, 1);
  checkAbove(op, "padding", padding, 0);
  checkAbove(op, "dilation", dilation, 1);
  checkAbove(op, "outputPadding", outputPadding, 0);
}

/** @throws ShapeError if `input` is neither one sample nor a batch of them */
export function checkDims(op: string, input: Tensor, weight: Tensor, dims: Dims): void {
  if (input.ndim !== dims + 1 && input.ndim !== dims + 2)
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} dimensions, or ${dims + 2} with a batch, got shape ${shapeText(input.shape)}`,
    );
  if (weight.ndim !== dims + 2)
    throw new ShapeError(`${op}: expected a weight of ${dims + 2} dimensions, got shape ${shapeText(weight.shape)}`);
}

/** Checks that the shapes of a batch and its weight fit, and gives the spatial sizes of the result. */
export function resultSizes(op: string, { input, weight, bias }: Operands, geometry: Geometry): Shape {
  const { groups, transposed } = geometry;
  const [batch, channels, ...sizes] = input.shape as [number, number, ...number[]];
  const [lead, second, ...kernel] = weight.shape as [number, number, ...number[]];
  if (lead < groups || lead % groups !== 0)
    throw new ShapeError(
      `${op}: expected weight.shape[0] to be a multiple of groups (${groups}) and at least 1, got weight of shape ${shapeText(weight.shape)}`,
    );
  const wanted = transposed ? lead : second * groups;
  if (channels !== wanted)
    throw new ShapeError(
      `${op}: expected an input of ${wanted} channels for a weight of shape ${shapeText(weight.shape)} and ${groups} groups, got shape ${shapeText(input.shape)}`,
    );
  const results = transposed ? second * groups : lead;
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== results))
    throw new ShapeError(`${op}: expected a bias of shape [${results}], got ${shapeText(bias.shape)}`);
  checkAbove(op, "kernel sizes", kernel, 1);
  if (batch !== 0 && channels !== 0 && sizes.includes(0))
    throw new ShapeError(
      `${op}: expected no empty dimension but batch and channels, got an input of shape ${shapeText(input.shape)}`,
    );
  return transposed ? transposedSizes(op, sizes, kernel, geometry) : convolvedSizes(op, sizes, kernel, geometry);
}

function convolvedSizes(op: string, sizes: Shape, kernel: Shape, { stride, padding, dilation }: Geometry): Shape {
  return sizes.map((size, i) => {
    const reach = (dilation[i] as number) * ((kernel[i] as number) - 1) + 1;
    const room = size + 2 * (padding[i] as number);
    if (room < reach)
      throw new ShapeError(
        `${op}: expected an input at least as large as the kernel, got size ${size} with padding ${padding[i]}, and a kernel that reaches over ${reach}`,
      );
    return Math.floor((room - reach) / (stride[i] as number)) + 1;
  });
}

function transposedSizes(op: string, sizes: Shape, kernel: Shape, geometry: Geometry): Shape {
  const { stride, padding, dilation, outputPadding } = geometry;
  return sizes.map((size, i) => {
    const [step, spread, more] = [stride[i] as number, dilation[i] as number, outputPadding[i] as number];
    if (more >= step && more >= spread)
      throw new ValueError(
        `${op}: expected outputPadding smaller than stride or dilation, got ${shapeText(outputPadding)} with stride ${shapeText(stride)} and dilation ${shapeText(dilation)}`,
      );
    const result = (size - 1) * step - 2 * (padding[i] as number) + spread * ((kernel[i] as number) - 1) + more + 1;
    if (result < 1)
      throw new ShapeError(
        `${op}: expected a result with elements, got size ${result} from size ${size} with padding ${padding[i]}`,
      );
    return result;
  });
}
