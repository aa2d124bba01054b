/** @file Copies and conversions: clone, copy_, contiguous, to. */
import { backendOf } from "../backends/backend.ts";
import { Device, type DeviceLike, device as toDevice } from "../core/device.ts";
import {
  bfloat16 as bfloat16Type,
  bool as boolType,
  complex64,
  complex128,
  DType,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
} from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { isDense, Layout, mayOverlap } from "../core/layout.ts";
import { isScalar, type Scalar } from "../core/scalar.ts";
import { broadcastShapes, sameShape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { arg, compile, type Program } from "../expr/index.ts";
import { bind, type Call } from "./bind.ts";
import { emptyLike, fillRaw } from "./creation.ts";
import { registerType } from "./dtypes.ts";
import { apart } from "./fused.ts";
import { kernelOp } from "./kernel-form.ts";
import { partsOf, plane } from "./operands.ts";
import { checkTensor, type Named, named } from "./params.ts";
import { fits } from "./pointwise/checks.ts";

const copyPrograms: { [T in "f32" | "f64" | "i64"]?: Program } = {};

/** Writes the elements of `from`, broadcast and converted, into `into`; without recording. */
export function copyRaw(into: Tensor, from: Tensor): void {
  if (tracer === null) copyUntraced(into, from);
  else traced("op", "copy_", [into, from], () => copyUntraced(into, from));
}

function copyUntraced(into: Tensor, from: Tensor): void {
  if (into.dtype.isComplex || from.dtype.isComplex) {
    copyComplex(into, from);
    return;
  }
  // Values pass through a register that holds both exactly where one does.
  const wide =
    into.dtype.isFloatingPoint && from.dtype.isFloatingPoint
      ? from.dtype === float64 && into.dtype === float64
        ? float64
        : from.dtype === float64
          ? float64
          : into.dtype
      : from.dtype;
  const type = registerType(wide);
  copyPrograms[type] ??= compile([arg("from")], ["from"], [], type);
  backendOf(into.device).pointwise(copyPrograms[type], [into], [from], into.shape, []);
}

/** Complex numbers are copied as pairs of reals; real ones have the imaginary part 0, and take the real part. */
function copyComplex(into: Tensor, from: Tensor): void {
  if (!into.dtype.isComplex) {
    if (into.dtype === boolType) copyRaw(into, from.detach().ne(0));
    else copyRaw(into, plane(from, 0));
  } else if (from.dtype.isComplex) copyRaw(partsOf(into), partsOf(from));
  else {
    fillRaw(plane(into, 1), 0);
    copyRaw(plane(into, 0), from);
  }
}

const cloneOp = kernelOp({
  name: "clone",
  forward: ([input]) => {
    const x = input as Tensor;
    const { layout } = x;
    const result = layout.isContiguous
      ? Layout.contiguous(layout.shape)
      : isDense(layout)
        ? new Layout(layout.shape, layout.strides, 0)
        : Layout.contiguous(layout.shape);
    return copied(x, result, x.dtype);
  },
  backward: ([grad]) => [grad ?? null],
});

function copied(x: Tensor, layout: Layout, dtype: DType): Tensor {
  const out = new Tensor(backendOf(x.device).allocate(layout.numel * dtype.itemsize), layout, dtype);
  copyRaw(out, x);
  return out;
}

/** A copy with memory of its own; gradients flow back to `input`. PyTorch: `torch.clone`. */
export function clone(input: Tensor): Tensor {
  return cloneOp.call([input], undefined);
}

/** The tensor itself if it lies row-major, else a row-major copy. PyTorch: `Tensor.contiguous`. */
export function contiguous(input: Tensor): Tensor {
  return input.layout.isContiguous ? input : contiguousOp.call([input], undefined);
}

const contiguousOp = kernelOp({
  name: "clone",
  forward: ([input]) => copied(input as Tensor, Layout.contiguous((input as Tensor).shape), (input as Tensor).dtype),
  backward: ([grad]) => [grad ?? null],
});

const toCopyOp = kernelOp<{ dtype: DType }>({
  name: "toCopy",
  forward: ([input], { dtype }) => {
    const { layout } = input as Tensor;
    const result =
      layout.isContiguous || !isDense(layout)
        ? Layout.contiguous(layout.shape)
        : new Layout(layout.shape, layout.strides, 0);
    return copied(input as Tensor, result, dtype);
  },
  backward: ([grad], context) => [(grad as Tensor).to(context.dtype(0))],
});

export interface ToOptions {
  dtype?: DType | null;
  device?: DeviceLike | null;
  nonBlocking?: boolean;
  /** Copy even where nothing changes. */
  copy?: boolean;
}

/**
 * The tensor in another dtype or on another device; itself where nothing changes. PyTorch: `Tensor.to`.
 * @example
 * torch.tensor([1, 2]).to(torch.float32) // tensor([1., 2.])
 */
export function to(
  input: Tensor,
  target: DType | DeviceLike | Tensor | ToOptions,
  ...rest: Call<[dtype: DType], ToOptions>
): Tensor {
  const options = toOptions(target, rest);
  const dtype = options.dtype ?? input.dtype;
  if (!(dtype instanceof DType))
    throw new DTypeError(`to: expected a dtype such as torch.float32, got ${describe(dtype)}`);
  const device = options.device === undefined || options.device === null ? input.device : toDevice(options.device);
  if (device.type !== input.device.type) backendOf(device); // says what is available
  if (dtype === input.dtype) return options.copy ? clone(input) : input;
  return toCopyOp.call([input], { dtype });
}

/**
 * The tensor on the processor, where its elements can be read; itself where it is there already. PyTorch: `Tensor.cpu`.
 * Differs: a Promise, on every device, so that the same code runs where reading is asynchronous.
 * @example
 * (await torch.ones(2).cpu()).tolist() // [1, 1]
 */
export async function cpu(input: Tensor): Promise<Tensor> {
  return to(input, { device: "cpu" });
}

function toOptions(target: DType | DeviceLike | Tensor | ToOptions, rest: readonly unknown[]): ToOptions {
  if (target instanceof Tensor)
    return { ...bind<ToOptions>("to", ["nonBlocking", "copy"], rest), dtype: target.dtype, device: target.device };
  if (target instanceof DType) return { ...bind<ToOptions>("to", ["nonBlocking", "copy"], rest), dtype: target };
  if (typeof target === "string" || target instanceof Device)
    return { ...bind<ToOptions>("to", ["dtype", "nonBlocking", "copy"], rest), device: target };
  return bind<ToOptions>("to", ["dtype", "device", "nonBlocking", "copy"], [target, ...rest]);
}

const copyOp = kernelOp({
  name: "copy",
  node: "CopyBackwards",
  forward: () => {
    throw new ValueError("copy: only in place");
  },
  backward: ([grad], context) => [
    context.needs(0) ? (grad as Tensor).newZeros(context.shape(0), { dtype: context.dtype(0) }) : null,
    context.needs(1) ? (grad as Tensor).sumToSize(context.shape(1)).to(context.dtype(1)) : null,
  ],
});

/**
 * Writes the elements of `source`, broadcast and converted, into `input`. PyTorch: `Tensor.copy_`.
 * @throws ShapeError if `source` does not broadcast to the shape of `input`
 */
export function copy_(input: Tensor, source: Tensor | Scalar): Tensor {
  if (isScalar(source)) return fill_(input, source);
  if (!(source instanceof Tensor))
    throw new ValueError(`copy_: expected a Tensor or a number as source, got ${describe(source)}`);
  if (
    !sameShape(input.shape, source.shape) &&
    !sameShape(broadcastShapes("copy_", input.shape, source.shape), input.shape)
  )
    throw new ShapeError(
      `copy_: expected a source that broadcasts to ${shapeText(input.shape)}, got ${shapeText(source.shape)}`,
    );
  if (source !== input) checkApart("copy_", input);
  const from = apart(source, input);
  return copyOp.writeInto([input, from], undefined, () => copyRaw(input, from));
}

/** Refuses to write into an expanded tensor. */
export function checkApart(op: string, input: Tensor): void {
  if (mayOverlap(input.layout))
    throw new ShapeError(
      `${op}: expected a tensor whose elements are apart in memory, got an expanded one of shape ${shapeText(input.shape)}; clone() it first`,
    );
}

const fillNewOp = kernelOp<{ value: Scalar }>({
  name: "fill",
  node: "FillBackward0",
  forward: ([input, tensor], { value }) => {
    const out = emptyLike(input as Tensor);
    if (tensor !== undefined) copyRaw(out, tensor.expand(out.shape));
    else fillRaw(out, value);
    return out;
  },
  backward: ([grad], context) => {
    const g = grad as Tensor;
    return [context.needs(0) ? g.newZeros(g.shape) : null, context.needs(1) ? g.sum().to(context.dtype(1)) : null];
  },
});

/**
 * A tensor like `input`, with every element `value`. PyTorch: `torch.fill`.
 *
 * @param value - a number, or a tensor without dimensions, through which gradients flow
 * @throws ShapeError if `value` has dimensions; ValueError for a number that the dtype cannot hold
 * @example
 * torch.fill(torch.tensor([1.5, 2]), 3) // tensor([3., 3.])
 */
export function fill(
  input: Tensor,
  ...args: Named<[value: Scalar | Tensor], ["value"], { value: Scalar | Tensor }>
): Tensor {
  const { value } = named<{ value: Scalar | Tensor }>("fill", ["value"], 1, args);
  checkTensor("fill", input);
  if (value instanceof Tensor) {
    if (value.ndim !== 0)
      throw new ShapeError(`fill: expected a number or a 0-dim tensor, got shape ${shapeText(value.shape)}`);
    return fillNewOp.call([input, value], { value: 0 });
  }
  if (!isScalar(value)) throw new ValueError(`fill: expected a number, got ${describe(value)}`);
  fits("fill", "value", value, input.dtype);
  return fillNewOp.call([input], { value });
}

const fillOp = kernelOp<{ value: Scalar }>({
  name: "fill",
  node: "FillBackward2",
  forward: () => {
    throw new ValueError("fill: only in place");
  },
  backward: ([grad]) => [(grad as Tensor).newZeros((grad as Tensor).shape, { dtype: (grad as Tensor).dtype })],
});

/** Sets every element to `value`. PyTorch: `Tensor.fill_`. */
export function fill_(
  input: Tensor,
  ...args: Named<[value: Scalar | Tensor], ["value"], { value: Scalar | Tensor }>
): Tensor {
  const { value } = named<{ value: Scalar | Tensor }>("fill_", ["value"], 1, args);
  if (value instanceof Tensor) {
    if (value.ndim !== 0)
      throw new ShapeError(`fill_: expected a number or a 0-dim tensor, got shape ${shapeText(value.shape)}`);
    return copy_(input, value);
  }
  if (!isScalar(value)) throw new ValueError(`fill_: expected a number, got ${describe(value)}`);
  checkApart("fill_", input);
  return fillOp.writeInto([input], { value }, () => void fillRaw(input, value));
}

/** Sets every element to 0. PyTorch: `Tensor.zero_`. */
export function zero_(input: Tensor): Tensor {
  checkApart("zero_", input);
  return zeroOp.writeInto([input], undefined, () => void fillRaw(input, 0));
}

const zeroOp = kernelOp({
  name: "zero",
  forward: () => {
    throw new ValueError("zero: only in place");
  },
  backward: ([grad]) => [(grad as Tensor).newZeros((grad as Tensor).shape, { dtype: (grad as Tensor).dtype })],
});

/** The tensor in the dtype of another one. PyTorch: `Tensor.type_as`. */
export function typeAs(input: Tensor, other: Tensor): Tensor {
  checkTensor("typeAs", other, "other");
  return to(input, other.dtype);
}

const cast = (dtype: DType) => (input: Tensor) => to(input, dtype);
/** To float32. PyTorch: `Tensor.float`. */
export const float: (input: Tensor) => Tensor = cast(float32);
/** To float64. PyTorch: `Tensor.double`. */
export const double: (input: Tensor) => Tensor = cast(float64);
/** To complex64. PyTorch: `Tensor.cfloat`. */
export const cfloat: (input: Tensor) => Tensor = cast(complex64);
/** To complex128. PyTorch: `Tensor.cdouble`. */
export const cdouble: (input: Tensor) => Tensor = cast(complex128);
/** To float16. PyTorch: `Tensor.half`. */
export const half: (input: Tensor) => Tensor = cast(float16);
/** To bfloat16. PyTorch: `Tensor.bfloat16`. */
export const bfloat16: (input: Tensor) => Tensor = cast(bfloat16Type);
/** To int64. PyTorch: `Tensor.long`. */
export const long: (input: Tensor) => Tensor = cast(int64);
/** To int32. PyTorch: `Tensor.int`. */
export const int: (input: Tensor) => Tensor = cast(int32);
/** To int16. PyTorch: `Tensor.short`. */
export const short: (input: Tensor) => Tensor = cast(int16);
/** To int8. PyTorch: `Tensor.char`. */
export const char: (input: Tensor) => Tensor = cast(int8);
/** To uint8. PyTorch: `Tensor.byte`. */
export const byte: (input: Tensor) => Tensor = cast(uint8);
/** To bool: true where not 0. PyTorch: `Tensor.bool`. */
export const bool: (input: Tensor) => Tensor = cast(boolType);
