/** @file The native engine's `pointwise` and `reduce` without the tensors above them: memory, strides and programs. */
import {
  type Program,
  REGISTER_CODE,
  type ReductionName,
  type RegisterType,
  reductionCode,
} from "../../src/expr/index.ts";
import { addressOf, args, code, engine } from "../native/engine.ts";
import { fromBFloat16, fromFloat16 } from "../native/half.ts";

export { engine };

const argBits = new BigInt64Array(args.buffer, args.byteOffset, args.length);

/** Instruction sets that this machine has. */
export const ISAS: readonly string[] = engine.info().isas;

export type DTypeName = keyof typeof code;
export const DTYPE_NAMES = Object.keys(code) as readonly DTypeName[];
const SIZES: { readonly [D in DTypeName]: number } = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
  bfloat16: 2,
};
export const REGISTER_DTYPE: { readonly [T in RegisterType]: DTypeName } = {
  f32: "float32",
  f64: "float64",
  i64: "int64",
};

/** Memory of one dtype with element access, strides in elements. */
export class Memory {
  readonly bytes: ArrayBuffer;
  readonly view: DataView;
  readonly dtype: DTypeName;
  constructor(dtype: DTypeName, length: number) {
    this.dtype = dtype;
    this.bytes = new ArrayBuffer(length * SIZES[dtype] + 8);
    this.view = new DataView(this.bytes);
  }
  static of(dtype: DTypeName, values: readonly number[]): Memory {
    const memory = new Memory(dtype, values.length);
    values.forEach((v, i) => {
      memory.set(i, v);
    });
    return memory;
  }
  get(i: number): number {
    const { view } = this;
    switch (this.dtype) {
      case "uint8":
      case "bool":
        return view.getUint8(i);
      case "int8":
        return view.getInt8(i);
      case "int16":
        return view.getInt16(2 * i, true);
      case "int32":
        return view.getInt32(4 * i, true);
      case "int64":
        return Number(view.getBigInt64(8 * i, true));
      case "float32":
        return view.getFloat32(4 * i, true);
      case "float64":
        return view.getFloat64(8 * i, true);
      case "float16":
        return fromFloat16(view.getUint16(2 * i, true));
      case "bfloat16":
        return fromBFloat16(view.getUint16(2 * i, true));
    }
  }
  /** Writes what a plain conversion of `v` gives; halves by search, so that no code is shared with the engine. */
  set(i: number, v: number): void {
    const { view } = this;
    const whole = () => BigInt(Number.isFinite(v) && Math.abs(v) < 2 ** 63 ? Math.trunc(v) : -(2 ** 63));
    switch (this.dtype) {
      case "bool":
        view.setUint8(i, v !== 0 ? 1 : 0);
        break;
      case "uint8":
        view.setUint8(i, Number(whole() & 0xffn));
        break;
      case "int8":
        view.setUint8(i, Number(whole() & 0xffn));
        break;
      case "int16":
        view.setUint16(2 * i, Number(whole() & 0xffffn), true);
        break;
      case "int32":
        view.setInt32(4 * i, Math.abs(Math.trunc(v)) < 2 ** 31 ? Math.trunc(v) : -(2 ** 31), true);
        break;
      case "int64":
        view.setBigInt64(8 * i, whole(), true);
        break;
      case "float32":
        view.setFloat32(4 * i, v, true);
        break;
      case "float64":
        view.setFloat64(8 * i, v, true);
        break;
      case "float16":
        view.setUint16(2 * i, nearestHalf(v, fromFloat16, 0x7c00), true);
        break;
      case "bfloat16":
        view.setUint16(2 * i, nearestHalf(v, fromBFloat16, 0x7f80), true);
        break;
    }
  }
}

/** The bits of the half nearest to `v`, ties to even, by bisection over the magnitudes. */
export function nearestHalf(v: number, value: (bits: number) => number, infinity: number): number {
  if (Number.isNaN(v)) return infinity | (infinity === 0x7c00 ? 0x200 : 0x40);
  const sign = v < 0 || Object.is(v, -0) ? 0x8000 : 0;
  const a = Math.abs(v);
  let low = 0;
  let high = infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value(middle) <= a) low = middle;
    else high = middle;
  }
  // Beyond the largest the next value would be one more step, were it not infinity.
  const above = high === infinity ? 2 * value(low) - value(low - 1) : value(high);
  if (a === Infinity) return sign | infinity;
  const middle = (value(low) + above) / 2;
  return sign | (a > middle || (a === middle && (low & 1) === 1) ? high : low);
}

export interface Operand {
  readonly memory: Memory;
  readonly offset?: number;
  readonly strides: readonly number[];
}

export const contiguous = (shape: readonly number[]): number[] =>
  shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));

function put(at: number, { memory, offset = 0, strides }: Operand): number {
  args[at++] = engine.address(memory.bytes) + offset * SIZES[memory.dtype];
  args[at++] = code[memory.dtype];
  for (const s of strides) args[at++] = s;
  return at;
}

/** Runs a program; returns the engine's status. */
export function pointwise(
  program: Program,
  outs: readonly Operand[],
  ins: readonly Operand[],
  shape: readonly number[],
  scalars: readonly number[] = [],
): number {
  args.set([addressOf(program.code), outs.length, ins.length, shape.length, scalars.length, ...shape]);
  let at = 5 + shape.length;
  for (const operand of [...outs, ...ins]) at = put(at, operand);
  for (const s of scalars) {
    if (program.type === "i64") argBits[at++] = BigInt(s);
    else args[at++] = s;
  }
  return engine.pointwise();
}

/** Runs a reduction; returns the engine's status. */
export function reduce(
  name: ReductionName,
  type: RegisterType,
  outs: readonly Operand[],
  input: Operand,
  shape: readonly number[],
  scalars: readonly number[] = [],
): number {
  args.set([reductionCode(name), REGISTER_CODE[type], shape.length, outs.length, scalars.length, ...shape]);
  let at = put(5 + shape.length, input);
  for (const operand of outs) at = put(at, operand);
  args.set(scalars, at);
  return engine.reduce();
}

/** Numbers in [0, 1) that are the same in every run. */
export function randoms(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Units in the last place between `a` and `b`, in the precision given; 0 for equal and for two NaNs. */
export function ulps(a: number, b: number, type: "f32" | "f64"): number {
  if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  const [digits, least, most] = type === "f32" ? [24, -149, 128] : [53, -1074, 1024];
  // An infinity is as far from the largest number as the next number would be.
  const finite = (x: number) => (Math.abs(x) === Infinity ? Math.sign(x) * 2 ** (most - 1) * 2 : x);
  if (type === "f64" && (Math.abs(a) === Infinity || Math.abs(b) === Infinity)) return Infinity;
  const size = Math.max(Math.abs(finite(a)), Math.abs(finite(b)));
  const unit = 2 ** Math.max(least, Math.floor(Math.log2(size)) - digits + 1);
  return Math.abs(finite(a) - finite(b)) / unit;
}
