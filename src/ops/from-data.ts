/** @file Tensors from JavaScript values: `tensor`, `asTensor`, `frombuffer`, `fromNumpy`. */
import { backendOf } from "../backends/backend.ts";
import { adopt } from "../backends/cpu/memory.ts";
import { cpu } from "../core/device.ts";
import {
  bool,
  Category,
  DTYPES,
  type DType,
  defaultComplex,
  float32,
  float64,
  getDefaultDtype,
  int8,
  int16,
  int32,
  int64,
  uint8,
} from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { type Complex, isScalar, type Scalar, scalarCategory } from "../core/scalar.ts";
import { type Shape, shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { allocate, checkOptions, finish, type TensorOptions } from "./creation.ts";

export type NestedScalars = Scalar | Tensor | readonly NestedScalars[];
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint8ClampedArray;
/** What a tensor can be made from: a number, nested arrays of numbers (or tensors), a typed array, a tensor. */
export type TensorData = NestedScalars | TypedArray;

function typedArrayDType(data: unknown): DType | null {
  if (data instanceof Float32Array) return float32;
  if (data instanceof Float64Array) return float64;
  if (data instanceof Int8Array) return int8;
  if (data instanceof Int16Array) return int16;
  if (data instanceof Int32Array) return int32;
  if (data instanceof BigInt64Array) return int64;
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return uint8;
  return null;
}

/** The shape of nested arrays, their scalars in order, and the highest category among these. */
function flatten(op: string, data: NestedScalars): { shape: Shape; values: Scalar[]; category: Category } {
  const shape: number[] = [];
  for (let level: NestedScalars | undefined = data; ; level = level[0]) {
    if (level instanceof Tensor) {
      shape.push(...level.shape);
      break;
    }
    if (!Array.isArray(level)) break;
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const values: Scalar[] = [];
  let category: Category = Category.Bool;
  const visit = (x: NestedScalars | undefined, dim: number): void => {
    if (x instanceof Tensor) {
      visit(x.tolist() as NestedScalars, dim);
      return;
    }
    if (Array.isArray(x)) {
      if (dim >= shape.length || x.length !== shape[dim])
        throw new ShapeError(
          `${op}: expected nested arrays of one length at dimension ${dim}, got lengths ${shape[dim] ?? "of a number"} and ${x.length}`,
        );
      for (const y of x) visit(y, dim + 1);
      return;
    }
    if (!isScalar(x))
      throw new ValueError(`${op}: expected numbers, bigints, booleans or complex numbers, got ${describe(x)}`);
    if (dim !== shape.length)
      throw new ShapeError(
        `${op}: expected nested arrays of one depth, got a number at dimension ${dim} of ${shapeText(shape)}`,
      );
    const own = scalarCategory(x);
    if (own > category) category = own;
    values.push(x);
  };
  visit(data, 0);
  return { shape, values, category };
}

function inferDType(category: Category, isEmpty: boolean, wantsGrad: boolean): DType {
  if (isEmpty || category === Category.Floating) return getDefaultDtype();
  if (category === Category.Complex) return defaultComplex();
  if (wantsGrad) return getDefaultDtype();
  return category === Category.Bool ? bool : int64;
}

/** Writes scalars into a fresh contiguous tensor, by way of a dtype that JavaScript has an array for. */
function write(op: string, values: readonly Scalar[], shape: Shape, dtype: DType): Tensor {
  const wide = dtype.isFloatingPoint ? (dtype === float32 ? float32 : float64) : dtype.isComplex ? dtype : int64;
  const t = allocate(shape, wide, cpu);
  const raw = backendOf(cpu).bytes(t.storage);
  const n = values.length;
  if (wide === int64) {
    const out = new BigInt64Array(raw.buffer, raw.byteOffset, n);
    for (let i = 0; i < n; i++) out[i] = toBigInt(op, values[i] as Scalar, dtype);
  } else if (wide.isComplex) {
    const out =
      wide.itemsize === 8
        ? new Float32Array(raw.buffer, raw.byteOffset, 2 * n)
        : new Float64Array(raw.buffer, raw.byteOffset, 2 * n);
    for (let i = 0; i < n; i++) {
      const { re, im } = typeof values[i] === "object" ? (values[i] as Complex) : { re: Number(values[i]), im: 0 };
      out[2 * i] = re;
      out[2 * i + 1] = im;
    }
  } else {
    const out =
      wide === float32
        ? new Float32Array(raw.buffer, raw.byteOffset, n)
        : new Float64Array(raw.buffer, raw.byteOffset, n);
    for (let i = 0; i < n; i++) out[i] = toReal(op, values[i] as Scalar, dtype);
  }
  return wide === dtype ? t : t.to(dtype);
}

function toReal(op: string, x: Scalar, dtype: DType): number {
  if (typeof x === "object") throw new DTypeError(`${op}: expected real numbers for ${dtype}, got a complex one`);
  return Number(x);
}

function toBigInt(op: string, x: Scalar, dtype: DType): bigint {
  if (typeof x === "object") throw new DTypeError(`${op}: expected real numbers for ${dtype}, got a complex one`);
  if (dtype === bool) return x ? 1n : 0n;
  if (typeof x === "number") {
    if (!Number.isFinite(x)) throw new ValueError(`${op}: expected finite numbers for ${dtype}, got ${x}`);
    return BigInt(Math.trunc(x));
  }
  return BigInt(x);
}

/**
 * A tensor from numbers, always a copy. Whole numbers make int64, others the default float dtype, booleans bool, a typed array its
 * own dtype; with `requiresGrad` the inferred dtype is the default float dtype. PyTorch: `torch.tensor`.
 *
 * @param data - a number, nested arrays, a typed array, or a tensor
 * @param options - `dtype`, `device`, `requiresGrad`
 * @throws ShapeError if nested arrays differ in length
 * @example
 * torch.tensor([[1, 2], [3, 4]]) // tensor([[1, 2],
 *                                //         [3, 4]])
 * torch.tensor([1, 2.5])         // tensor([1.0000, 2.5000])
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options);
  if (data instanceof Tensor) {
    const copy = data.detach().to({ dtype: options.dtype ?? data.dtype, copy: true });
    return finish(copy, options);
  }
  const own = typedArrayDType(data);
  if (own !== null) return finish(fromTypedArray(data as TypedArray, own).to(options.dtype ?? own), options);
  if (ArrayBuffer.isView(data) || (data as unknown) instanceof ArrayBuffer)
    throw new ValueError(
      `tensor: expected numbers, arrays or a typed array that has a dtype, got ${describe(data)}; use frombuffer`,
    );
  const { shape, values, category } = flatten("tensor", data as NestedScalars);
  const dtype = options.dtype ?? inferDType(category, values.length === 0, options.requiresGrad ?? false);
  const t = write("tensor", values, shape, dtype);
  return finish(options.device ? t.to(options.device) : t, options);
}

function fromTypedArray(data: TypedArray, dtype: DType): Tensor {
  const t = allocate([data.length], dtype, cpu);
  backendOf(cpu)
    .bytes(t.storage)
    .set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return t;
}

/** A tensor from data, without a copy where it is a tensor or typed array of the right dtype. PyTorch: `torch.as_tensor`. */
export function asTensor(data: TensorData, options: TensorOptions = {}): Tensor {
  checkOptions("asTensor", options);
  if (data instanceof Tensor)
    return data.to({ dtype: options.dtype ?? data.dtype, device: options.device ?? data.device });
  const own = typedArrayDType(data);
  if (own === null || (options.dtype && options.dtype !== own)) return tensor(data, options);
  return fromNumpy(data as TypedArray);
}

/** What `asarray` takes. */
export interface AsarrayOptions extends TensorOptions {
  /** `true`: always a copy; `false`: never one, else an error; `null`: one where it takes one. */
  readonly copy?: boolean | null;
}

/**
 * A tensor from data, which shares memory with it where it can. PyTorch: `torch.asarray`.
 *
 * @param obj - a tensor, a typed array, an `ArrayBuffer` (in the dtype given, or the default float dtype), or numbers
 * @throws ValueError with `copy: false`, where it takes a copy
 * @example
 * const data = new Float32Array([1, 2]);
 * torch.asarray(data).mul_(10);
 * data[0] // 10
 */
export function asarray(obj: TensorData | ArrayBuffer, options: AsarrayOptions = {}): Tensor {
  const op = "asarray";
  checkOptions(op, options, ["copy"]);
  const { copy = null, requiresGrad = false, dtype, device } = options;
  if (copy !== null && typeof copy !== "boolean")
    throw new ValueError(`${op}: expected true, false or null as copy, got ${describe(copy)}`);
  const own = obj instanceof ArrayBuffer ? frombuffer(obj, { dtype: dtype ?? getDefaultDtype() }) : asTensor(obj);
  const shares = obj instanceof Tensor || obj instanceof ArrayBuffer || typedArrayDType(obj) !== null;
  const given = own.to({ dtype: dtype ?? own.dtype, device: device ?? own.device });
  if (copy === false && !(shares && given.storage === own.storage))
    throw new ValueError(`${op}: expected data that can be shared with copy = false; it takes a copy`);
  const result = copy === true && shares && given === own ? given.clone() : given;
  // PyTorch's makes a leaf of what it gets.
  return requiresGrad ? result.detach().requiresGrad_() : result.detach();
}

/** A one-dimensional tensor over the memory of a typed array: changes go both ways. PyTorch: `torch.from_numpy`. */
export function fromNumpy(data: TypedArray): Tensor {
  const dtype = typedArrayDType(data);
  if (dtype === null) throw new ValueError(`fromNumpy: expected a typed array, got ${describe(data)}`);
  if (data.byteOffset % dtype.itemsize !== 0) return tensor(data);
  return new Tensor(
    adopt("fromNumpy", data.buffer, data.byteOffset, data.byteLength),
    Layout.contiguous([data.length]),
    dtype,
  );
}

export interface FrombufferOptions {
  dtype: DType;
  /** Elements to take; all if −1. */
  count?: number;
  /** Bytes to skip. */
  offset?: number;
  requiresGrad?: boolean;
}

/**
 * A one-dimensional tensor over the memory of a buffer, without a copy. PyTorch: `torch.frombuffer`.
 * @throws ValueError if the buffer is too small or its address does not fit the dtype
 */
export function frombuffer(buffer: ArrayBufferLike | ArrayBufferView, options: FrombufferOptions): Tensor {
  const { dtype, count = -1, offset = 0, requiresGrad = false } = options ?? {};
  if (!dtype || DTYPES[dtype.name] !== dtype)
    throw new DTypeError(`frombuffer: expected a dtype such as torch.float32, got ${describe(dtype)}`);
  const viewed = ArrayBuffer.isView(buffer);
  if (
    !viewed &&
    !(buffer instanceof ArrayBuffer) &&
    !(typeof SharedArrayBuffer !== "undefined" && (buffer as unknown) instanceof SharedArrayBuffer)
  )
    throw new ValueError(`frombuffer: expected an ArrayBuffer or a view of one, got ${describe(buffer)}`);
  const bytes = buffer.byteLength - offset;
  if (offset < 0 || bytes <= 0)
    throw new ValueError(`frombuffer: expected an offset within ${buffer.byteLength} bytes, got ${offset}`);
  const n = count === -1 ? bytes / dtype.itemsize : count;
  if (!Number.isInteger(n))
    throw new ValueError(
      `frombuffer: expected a number of bytes that is a multiple of ${dtype.itemsize} (${dtype}), got ${bytes}`,
    );
  if (n <= 0 || n * dtype.itemsize > bytes)
    throw new ValueError(`frombuffer: expected a count of 1 to ${Math.floor(bytes / dtype.itemsize)}, got ${count}`);
  const start = offset + (viewed ? (buffer as ArrayBufferView).byteOffset : 0);
  const memory = (viewed ? (buffer as ArrayBufferView).buffer : buffer) as ArrayBufferLike;
  if (start % Math.min(dtype.itemsize, 8) !== 0)
    throw new ValueError(
      `frombuffer: expected an offset that is a multiple of ${dtype.itemsize} (${dtype}), got ${start}`,
    );
  const t = new Tensor(adopt("frombuffer", memory, start, n * dtype.itemsize), Layout.contiguous([n]), dtype);
  return requiresGrad ? t.requiresGrad_() : t;
}

/** A 0-dim tensor. PyTorch: `torch.scalar_tensor`. */
export function scalarTensor(s: Scalar, options: TensorOptions = {}): Tensor {
  checkOptions("scalarTensor", options);
  return tensor(s, { ...options, dtype: options.dtype ?? getDefaultDtype() });
}
