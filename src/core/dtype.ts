/** @file PyTorch's dtypes and its promotion rules. */
import { DTypeError } from "./errors.ts";

export type DTypeName =
  | "uint8"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "float16"
  | "float32"
  | "float64"
  | "complex64"
  | "complex128"
  | "bool"
  | "bfloat16";

/** Categories in the order in which promotion prefers them. */
export const Category = { Bool: 0, Integral: 1, Floating: 2, Complex: 3 } as const;
export type Category = (typeof Category)[keyof typeof Category];

/** The type of a tensor's elements. There is one object a dtype, so `===` compares. */
export class DType {
  readonly name: DTypeName;
  /** Bytes an element. */
  readonly itemsize: number;
  /** PyTorch's `ScalarType` number, which the kernels use too. */
  readonly code: number;
  readonly category: Category;
  readonly isSigned: boolean;
  readonly isFloatingPoint: boolean;
  readonly isComplex: boolean;

  constructor(name: DTypeName, itemsize: number, code: number, category: Category, isSigned = true) {
    this.name = name;
    this.itemsize = itemsize;
    this.code = code;
    this.category = category;
    this.isSigned = isSigned;
    this.isFloatingPoint = category === Category.Floating;
    this.isComplex = category === Category.Complex;
  }

  /** `torch.float32`, as Python prints it. */
  toString(): string {
    return `torch.${this.name}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Whole numbers from 0 to 255. */
export const uint8 = new DType("uint8", 1, 0, Category.Integral, false);
/** Whole numbers of 8 bits, from -128 to 127. */
export const int8 = new DType("int8", 1, 1, Category.Integral);
/** Whole numbers of 16 bits. PyTorch: also `torch.short`. */
export const int16 = new DType("int16", 2, 2, Category.Integral);
/** Whole numbers of 32 bits. PyTorch: also `torch.int`. */
export const int32 = new DType("int32", 4, 3, Category.Integral);
/** Whole numbers of 64 bits, the dtype of indices and labels. PyTorch: also `torch.long`. */
export const int64 = new DType("int64", 8, 4, Category.Integral);
/** IEEE half precision: 11 significant bits, up to 65504. PyTorch: also `torch.half`. */
export const float16 = new DType("float16", 2, 5, Category.Floating);
/** IEEE single precision, the default. PyTorch: also `torch.float`. */
export const float32 = new DType("float32", 4, 6, Category.Floating);
/** IEEE double precision, that of JavaScript's numbers. PyTorch: also `torch.double`. */
export const float64 = new DType("float64", 8, 7, Category.Floating);
/** Complex numbers of two `float32`. PyTorch: also `torch.cfloat`. */
export const complex64 = new DType("complex64", 8, 9, Category.Complex);
/** Complex numbers of two `float64`. PyTorch: also `torch.cdouble`. */
export const complex128 = new DType("complex128", 16, 10, Category.Complex);
/** True and false, a byte each. */
export const bool = new DType("bool", 1, 11, Category.Bool, false);
/** The upper half of a `float32`: its range, with 8 significant bits. */
export const bfloat16 = new DType("bfloat16", 2, 15, Category.Floating);

export const DTYPES = {
  uint8,
  int8,
  int16,
  int32,
  int64,
  float16,
  float32,
  float64,
  complex64,
  complex128,
  bool,
  bfloat16,
} satisfies { readonly [N in DTypeName]: DType };

let defaultDType: DType = float32;

/** The dtype of floating-point tensors made without one; `float32` unless changed. PyTorch: `torch.get_default_dtype`. */
export function getDefaultDtype(): DType {
  return defaultDType;
}

/**
 * Sets the dtype of floating-point tensors made without one. PyTorch: `torch.set_default_dtype`.
 * @throws DTypeError if `dtype` is not a floating-point dtype
 */
export function setDefaultDtype(dtype: DType): void {
  if (!(dtype instanceof DType) || !dtype.isFloatingPoint)
    throw new DTypeError(`setDefaultDtype: expected a floating-point dtype, got ${String(dtype)}`);
  defaultDType = dtype;
}

/** The complex dtype whose parts are of the default dtype. */
export function defaultComplex(): DType {
  return defaultDType === float64 ? complex128 : complex64;
}

/** The dtype of the real part: `float32` of `complex64`, and the dtype itself if it is real. */
export function toReal(dtype: DType): DType {
  return dtype === complex64 ? float32 : dtype === complex128 ? float64 : dtype;
}

/** The complex dtype with parts of `dtype`; half types give `complex64`. */
export function toComplex(dtype: DType): DType {
  return dtype.isComplex ? dtype : dtype === float64 ? complex128 : complex64;
}

/**
 * The smallest dtype that both can be converted to. PyTorch: `torch.promote_types`.
 * @example
 * torch.promoteTypes(torch.int32, torch.float16) // torch.float16
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  if (a.category !== b.category) {
    const [low, high] = a.category < b.category ? [a, b] : [b, a];
    return high.isComplex ? promoteComplex(high, low) : high;
  }
  if (a.isComplex) return complex128;
  if (a.isFloatingPoint) {
    if (a.itemsize === b.itemsize) return float32; // float16 with bfloat16
    return a.itemsize > b.itemsize ? a : b;
  }
  if (a.isSigned === b.isSigned) return a.itemsize > b.itemsize ? a : b;
  // uint8 with a signed integer
  const signed = a.isSigned ? a : b;
  return signed === int8 ? int16 : signed;
}

function promoteComplex(complex: DType, other: DType): DType {
  return other === float64 ? complex128 : complex;
}

/** Whether a result of dtype `from` may be written into a tensor of dtype `to`. PyTorch: `torch.can_cast`. */
export function canCast(from: DType, to: DType): boolean {
  if (from.isComplex && !to.isComplex) return false;
  if (from.isFloatingPoint && to.category < Category.Floating) return false;
  return !(from !== bool && to === bool);
}

export interface FInfo {
  readonly bits: number;
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  readonly tiny: number;
  readonly smallestNormal: number;
  readonly resolution: number;
  readonly dtype: string;
}

const floatFormats: Partial<Record<DTypeName, readonly [mantissa: number, exponent: number, resolution: number]>> = {
  float16: [10, 15, 1e-3],
  bfloat16: [7, 127, 1e-2],
  float32: [23, 127, 1e-6],
  float64: [52, 1023, 1e-15],
};

/** Numerical limits of a floating-point dtype. PyTorch: `torch.finfo`. */
export function finfo(dtype: DType = defaultDType): FInfo {
  const real = toReal(dtype);
  const format = floatFormats[real.name];
  if (!format) throw new DTypeError(`finfo: expected a floating-point dtype, got ${dtype}`);
  const [mantissa, exponent, resolution] = format;
  const max = (2 - 2 ** -mantissa) * 2 ** exponent;
  const tiny = 2 ** (1 - exponent);
  return {
    bits: real.itemsize * 8,
    eps: 2 ** -mantissa,
    max,
    min: -max,
    tiny,
    smallestNormal: tiny,
    resolution,
    dtype: real.name,
  };
}

export interface IInfo {
  readonly bits: number;
  readonly max: number | bigint;
  readonly min: number | bigint;
  readonly dtype: string;
}

/** Numerical limits of an integer dtype; those of int64 are bigints. PyTorch: `torch.iinfo`. */
export function iinfo(dtype: DType): IInfo {
  if (dtype.category !== Category.Integral) throw new DTypeError(`iinfo: expected an integer dtype, got ${dtype}`);
  const bits = dtype.itemsize * 8;
  if (bits === 64) return { bits, max: 2n ** 63n - 1n, min: -(2n ** 63n), dtype: dtype.name };
  const max = dtype.isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  return { bits, max, min: dtype.isSigned ? -max - 1 : 0, dtype: dtype.name };
}
