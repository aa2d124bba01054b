/** @file Reading tensors into JavaScript: item, tolist, numpy, and printing. */

import { gradFnOf, requiresGrad } from "../autograd/graph.ts";
import { withGrad } from "../autograd/modes.ts";
import { bytes, expose } from "../backends/cpu/memory.ts";
import { type DTypeName, getDefaultDtype } from "../core/dtype.ts";
import { AutogradError, DeviceError, DTypeError, ShapeError, ValueError } from "../core/errors.ts";
import { Parameter } from "../core/parameter.ts";
import type { Complex } from "../core/scalar.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { formatTensor } from "../format/tensor-string.ts";
import { bind, type Call } from "./bind.ts";

export type Element = number | bigint | boolean | Complex;
export type Nested = number | boolean | Complex | Nested[];

/** How elements of each dtype are read from bytes; int64 as bigint. */
const readers: {
  readonly [N in DTypeName]: (buffer: ArrayBufferLike, offset: number, n: number) => (i: number) => Element;
} = {
  uint8: (b, o, n) => ofArray(new Uint8Array(b, o, n)),
  int8: (b, o, n) => ofArray(new Int8Array(b, o, n)),
  int16: (b, o, n) => ofArray(new Int16Array(b, o, n)),
  int32: (b, o, n) => ofArray(new Int32Array(b, o, n)),
  int64: (b, o, n) => {
    const a = new BigInt64Array(b, o, n);
    return (i) => a[i] as bigint;
  },
  float32: (b, o, n) => ofArray(new Float32Array(b, o, n)),
  float64: (b, o, n) => ofArray(new Float64Array(b, o, n)),
  float16: (b, o, n) => {
    const a = new Uint16Array(b, o, n);
    return (i) => halfToNumber(a[i] as number);
  },
  bfloat16: (b, o, n) => {
    const a = new Uint16Array(b, o, n);
    return (i) => bfloatToNumber(a[i] as number);
  },
  bool: (b, o, n) => {
    const a = new Uint8Array(b, o, n);
    return (i) => a[i] !== 0;
  },
  complex64: (b, o, n) => ofPairs(new Float32Array(b, o, 2 * n)),
  complex128: (b, o, n) => ofPairs(new Float64Array(b, o, 2 * n)),
};

const ofArray = (a: ArrayLike<number>) => (i: number) => a[i] as number;
const ofPairs = (a: ArrayLike<number>) => (i: number) => ({ re: a[2 * i] as number, im: a[2 * i + 1] as number });

function halfToNumber(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const mantissa = h & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);
function bfloatToNumber(h: number): number {
  word[0] = h << 16;
  return wordAsFloat[0] as number;
}

function checkHost(op: string, t: Tensor): void {
  if (t.device.type !== "cpu")
    throw new DeviceError(`${op}: expected a tensor on cpu, got one on ${t.device}; use (await x.cpu()).${op}()`);
}

/** Element `i` in row-major order of a tensor with any strides. */
export function elementReader(op: string, t: Tensor): (i: number) => Element {
  checkHost(op, t);
  const raw = bytes(t.storage);
  const { shape, strides, offset, isContiguous, numel } = t.layout;
  const reach = t.dtype.itemsize * Math.floor(raw.byteLength / t.dtype.itemsize);
  const read = readers[t.dtype.name](raw.buffer, raw.byteOffset, reach / t.dtype.itemsize);
  if (isContiguous || numel <= 1) return (i) => read(offset + i);
  return (i) => {
    let rest = i;
    let at = offset;
    for (let d = shape.length - 1; d >= 0; d--) {
      const n = shape[d] as number;
      at += (rest % n) * (strides[d] as number);
      rest = Math.floor(rest / n);
    }
    return read(at);
  };
}

function toNumber(op: string, x: Element): number | boolean | Complex {
  if (typeof x !== "bigint") return x;
  const n = Number(x);
  if (!Number.isSafeInteger(n))
    throw new ValueError(`${op}: ${x} does not fit a JavaScript number exactly; use itemBigInt()`);
  return n;
}

function single(op: string, t: Tensor): Element {
  if (t.layout.numel !== 1)
    throw new ShapeError(`${op}: expected a tensor with one element, got shape ${shapeText(t.shape)}`);
  return elementReader(op, t)(0);
}

/**
 * The number in a tensor of one element. PyTorch: `Tensor.item`.
 * @throws ShapeError if there is not exactly one element; ValueError for an int64 beyond 2^53
 */
export function item(input: Tensor): number;
export function item(input: Tensor): number | boolean | Complex {
  return toNumber("item", single("item", input));
}

/** The integer in a tensor of one element, exactly. */
export function itemBigInt(input: Tensor): bigint {
  const x = single("itemBigInt", input);
  if (typeof x === "bigint") return x;
  if (typeof x === "object" || !Number.isInteger(Number(x)))
    throw new DTypeError(`itemBigInt: expected an integer, got ${input.dtype} ${String(x)}`);
  return BigInt(x);
}

/** The elements as nested arrays; a 0-dim tensor as its number. PyTorch: `Tensor.tolist`. */
// A user knows the depth from the shape, which types do not.
// biome-ignore lint/suspicious/noExplicitAny: the nesting depends on the number of dimensions
export function tolist(input: Tensor): any {
  const read = elementReader("tolist", input);
  const { shape } = input;
  let next = 0;
  const build = (dim: number): Nested => {
    if (dim === shape.length) return toNumber("tolist", read(next++));
    return Array.from({ length: shape[dim] as number }, () => build(dim + 1));
  };
  return build(0);
}

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array;

const arrays: { readonly [N in DTypeName]: (buffer: ArrayBufferLike, offset: number, n: number) => NumericArray } = {
  uint8: (b, o, n) => new Uint8Array(b, o, n),
  int8: (b, o, n) => new Int8Array(b, o, n),
  int16: (b, o, n) => new Int16Array(b, o, n),
  int32: (b, o, n) => new Int32Array(b, o, n),
  int64: (b, o, n) => new BigInt64Array(b, o, n),
  float32: (b, o, n) => new Float32Array(b, o, n),
  float64: (b, o, n) => new Float64Array(b, o, n),
  float16: (b, o, n) => new Uint16Array(b, o, n),
  bfloat16: (b, o, n) => new Uint16Array(b, o, n),
  bool: (b, o, n) => new Uint8Array(b, o, n),
  complex64: (b, o, n) => new Float32Array(b, o, 2 * n),
  complex128: (b, o, n) => new Float64Array(b, o, 2 * n),
};

/**
 * The elements as a flat typed array that shares the tensor's memory: changes go both ways. Half types give their bits, complex
 * ones pairs. A tensor that is not row-major is copied first. PyTorch: `Tensor.numpy`.
 * Differs: the array is flat; the shape stays with the tensor.
 * @throws AutogradError if the tensor requires grad: detach() it
 */
export function numpy(input: Tensor, ...args: Call<[], { force?: boolean }>): NumericArray {
  const { force = false } = bind<{ force?: boolean }>("numpy", ["force"], args);
  checkHost("numpy", input);
  if (requiresGrad(input) && !force)
    throw new AutogradError("numpy: expected a tensor that does not require grad; use x.detach().numpy()");
  const t = withGrad(false, () => input.contiguous());
  const buffer = expose(t.storage);
  const { numel, offset } = t.layout;
  // An empty view may begin behind the end of its storage.
  const first = numel === 0 ? 0 : offset * t.dtype.itemsize;
  return arrays[t.dtype.name](buffer, t.storage.byteOffset + first, numel);
}

/** As Python prints it: `Invalid` for a view that has lost its place in the graph. */
function gradFnName(input: Tensor): string | undefined {
  try {
    return gradFnOf(input)?.name();
  } catch {
    return "Invalid";
  }
}

/** The tensor as Python prints it. */
export function tensorToString(input: Tensor): string {
  return formatTensor({
    dtype: input.dtype,
    shape: input.shape,
    values: elementReader("toString", input),
    requiresGrad: requiresGrad(input),
    gradFnName: gradFnName(input),
    device: String(input.device),
    isParameter: input instanceof Parameter,
    defaultDtype: getDefaultDtype().name,
  });
}
