/** @file Tensors made from sizes and numbers. */
import { metaOf } from "../autograd/meta.ts";
import { isInferenceModeEnabled } from "../autograd/modes.ts";
import { backendOf } from "../backends/backend.ts";
import type { Spacing } from "../backends/kernels.ts";
import { determinism } from "../core/determinism.ts";
import { cpu, type Device, type DeviceLike, device as toDevice } from "../core/device.ts";
import { Category, DType, getDefaultDtype, iinfo, int64, toReal } from "../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../core/errors.ts";
import { extent, Layout } from "../core/layout.ts";
import { type Complex, isIntLike, isScalar, type Scalar, scalarToString } from "../core/scalar.ts";
import { type Shape, shapeText, sizesOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { traced, tracer } from "../core/trace.ts";
import { compile, type Program, scalar } from "../expr/index.ts";
import { isOptions } from "./bind.ts";
import { dtypeOfFill, registerType } from "./dtypes.ts";
import { plane } from "./operands.ts";
import { fits } from "./pointwise/checks.ts";

/** What every function that makes a tensor takes. */
export interface TensorOptions {
  /** The dtype; the default float dtype, or what the values ask for, if not given. */
  readonly dtype?: DType | null;
  readonly device?: DeviceLike | null;
  readonly requiresGrad?: boolean;
}

const OPTION_NAMES = ["dtype", "device", "requiresGrad", "layout", "pinMemory", "memoryFormat"];

/** Checks the options of a creation function. */
export function checkOptions<O extends TensorOptions>(op: string, options: O, more: readonly string[] = []): O {
  if (typeof options !== "object" || options === null || options instanceof Tensor)
    throw new ValueError(`${op}: expected an options object, got ${describe(options)}`);
  for (const key of Object.keys(options))
    if (!OPTION_NAMES.includes(key) && !more.includes(key))
      throw new ValueError(
        `${op}: unknown option ${describe(key)}; it knows ${[...OPTION_NAMES.slice(0, 3), ...more].join(", ")}`,
      );
  const { dtype } = options;
  if (dtype !== undefined && dtype !== null && !(dtype instanceof DType))
    throw new DTypeError(`${op}: expected a dtype such as torch.float32, got ${describe(dtype)}`);
  return options;
}

/** Memory with arbitrary content, as a tensor. */
export function allocate(shape: Shape, dtype: DType, device: Device = cpu): Tensor {
  if (tracer === null) return allocateUntraced(shape, dtype, device);
  return traced("op", "empty", null, () => allocateUntraced(shape, dtype, device));
}

function allocateUntraced(shape: Shape, dtype: DType, device: Device): Tensor {
  const layout = Layout.contiguous(shape);
  const result = new Tensor(backendOf(device).allocate(layout.numel * dtype.itemsize), layout, dtype);
  if (isInferenceModeEnabled()) metaOf(result).isInference = true;
  return result;
}

/** Where a program wants the same answers each time, memory with arbitrary content gets a known one: values that stand out. */
export function fillUninitialized(t: Tensor): Tensor {
  if (!determinism.enabled || !determinism.fillsMemory) return t;
  const { dtype } = t;
  if (dtype.isComplex) return fillRaw(t, { re: Number.NaN, im: Number.NaN });
  if (dtype.isFloatingPoint) return fillRaw(t, Number.NaN);
  return fillRaw(t, dtype.category === Category.Bool ? true : iinfo(dtype).max);
}

/** Applies `requiresGrad` to a fresh tensor. */
export function finish(t: Tensor, options: TensorOptions): Tensor {
  return options.requiresGrad ? t.requiresGrad_() : t;
}

const fillPrograms: { [T in "f32" | "f64" | "i64"]?: Program } = {};

/**
 * Writes a number everywhere, without recording.
 * @throws ValueError, in the name of `op`, if an element cannot hold it
 */
export function fillRaw(t: Tensor, value: Scalar, op = "fill", name = "value"): Tensor {
  if (t.dtype.isComplex) {
    const { re, im } = typeof value === "object" ? value : { re: Number(value), im: 0 };
    fillRaw(plane(t, 0), re);
    fillRaw(plane(t, 1), im);
    return t;
  }
  if (typeof value === "object") return fillRaw(t, realOf(t.dtype, value));
  if (t.dtype.category === Category.Bool) return fillProgram(t, Boolean(value));
  fits(op, name, value, t.dtype);
  return fillProgram(t, value);
}

function fillProgram(t: Tensor, value: Scalar): Tensor {
  return tracer === null ? fillUntraced(t, value) : traced("op", "fill_", [t], () => fillUntraced(t, value));
}

function fillUntraced(t: Tensor, value: Scalar): Tensor {
  const type = registerType(t.dtype);
  fillPrograms[type] ??= compile([scalar("value")], [], ["value"], type);
  backendOf(t.device).pointwise(fillPrograms[type], [t], [], t.shape, [value]);
  return t;
}

/** A complex number as an element of a real tensor: it must be real itself. */
function realOf(dtype: DType, { re, im }: Complex): number {
  if (im !== 0) throw new DTypeError(`fill: expected a real number for ${dtype}, got ${scalarToString({ re, im })}`);
  return re;
}

function filled(op: string, shape: Shape, value: Scalar, dtype: DType, options: TensorOptions): Tensor {
  const t = allocate(shape, dtype, options.device ? toDevice(options.device) : cpu);
  return finish(fillRaw(t, value, op, "fillValue"), options);
}

/** Sizes as an array or as numbers, then options. */
export type SizesAndOptions<O> = [sizes: Shape, options?: O] | [...sizes: number[]] | [...sizes: number[], options: O];

/** Splits `zeros(2, 3, { dtype })` and `zeros([2, 3], { dtype })` into sizes and options. */
export function splitSizes<O extends TensorOptions>(
  op: string,
  args: readonly unknown[],
): { shape: Shape; options: O } {
  const last = args[args.length - 1];
  const options = (isOptions(last) ? last : {}) as O;
  return { shape: sizesOf(op, isOptions(last) ? args.slice(0, -1) : args), options };
}

/**
 * A tensor of zeros. PyTorch: `torch.zeros`.
 * @param args - sizes as an array or as numbers, then options
 * @example
 * torch.zeros(2, 3) // tensor([[0., 0., 0.],
 *                   //         [0., 0., 0.]])
 */
export function zeros(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("zeros", args);
  checkOptions("zeros", options);
  return filled("zeros", shape, 0, options.dtype ?? getDefaultDtype(), options);
}

/** A tensor of ones. PyTorch: `torch.ones`. */
export function ones(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("ones", args);
  checkOptions("ones", options);
  return filled("ones", shape, 1, options.dtype ?? getDefaultDtype(), options);
}

/** A tensor with arbitrary content (but see `useDeterministicAlgorithms`). PyTorch: `torch.empty`. */
export function empty(...args: SizesAndOptions<TensorOptions>): Tensor {
  const { shape, options } = splitSizes<TensorOptions>("empty", args);
  checkOptions("empty", options);
  const device = options.device ? toDevice(options.device) : cpu;
  return finish(fillUninitialized(allocate(shape, options.dtype ?? getDefaultDtype(), device)), options);
}

/**
 * Arbitrary content, laid out by strides of one's own. PyTorch: `torch.empty_strided`.
 *
 * @param size - the shape
 * @param stride - for each dimension, how many elements lie between neighbours; several indices may share an element
 * @throws ShapeError if there are not as many strides as sizes, ValueError for a negative one
 * @example
 * torch.emptyStrided([2, 3], [1, 2]).stride() // [1, 2]
 */
export function emptyStrided(size: Shape, stride: readonly number[], options: TensorOptions = {}): Tensor {
  const op = "emptyStrided";
  checkOptions(op, options);
  const shape = sizesOf(op, [size]);
  if (!Array.isArray(stride) || !stride.every(Number.isSafeInteger) || stride.some((n) => n < 0))
    throw new ValueError(`${op}: expected whole numbers of at least 0 as stride, got ${describe(stride)}`);
  if (stride.length !== shape.length)
    throw new ShapeError(`${op}: expected as many strides as sizes, got ${shapeText(shape)} and ${shapeText(stride)}`);
  const layout = new Layout(shape, [...stride], 0);
  const held = allocate(
    [layout.numel === 0 ? 0 : extent(layout)],
    options.dtype ?? getDefaultDtype(),
    options.device ? toDevice(options.device) : cpu,
  );
  return finish(new Tensor(fillUninitialized(held).storage, layout, held.dtype), options);
}

/**
 * A tensor filled with one number, whose kind gives the dtype. PyTorch: `torch.full`.
 * @example
 * torch.full([2], 3.5) // tensor([3.5000, 3.5000])
 */
export function full(sizes: Shape, fillValue: Scalar, options: TensorOptions = {}): Tensor {
  if (!isScalar(fillValue)) throw new ValueError(`full: expected a number as fillValue, got ${describe(fillValue)}`);
  checkOptions("full", options);
  return filled("full", sizesOf("full", [sizes]), fillValue, options.dtype ?? dtypeOfFill(fillValue), options);
}

/** Defaults of the `…Like` functions: those of another tensor. */
function like(op: string, input: Tensor, options: TensorOptions): { dtype: DType; device: DeviceLike } {
  if (!(input instanceof Tensor)) throw new ValueError(`${op}: expected a Tensor as input, got ${describe(input)}`);
  checkOptions(op, options);
  return { dtype: options.dtype ?? input.dtype, device: options.device ?? input.device };
}

/** Zeros in the shape, dtype and device of another tensor. PyTorch: `torch.zeros_like`. */
export function zerosLike(input: Tensor, options: TensorOptions = {}): Tensor {
  const { dtype, device } = like("zerosLike", input, options);
  return filled("zerosLike", input.shape, 0, dtype, { ...options, device });
}

/** Ones in the shape, dtype and device of another tensor. PyTorch: `torch.ones_like`. */
export function onesLike(input: Tensor, options: TensorOptions = {}): Tensor {
  const { dtype, device } = like("onesLike", input, options);
  return filled("onesLike", input.shape, 1, dtype, { ...options, device });
}

/** Arbitrary content in the shape, dtype and device of another tensor. PyTorch: `torch.empty_like`. */
export function emptyLike(input: Tensor, options: TensorOptions = {}): Tensor {
  const { dtype, device } = like("emptyLike", input, options);
  return finish(fillUninitialized(allocate(input.shape, dtype, toDevice(device))), options);
}

/** One number in the shape, dtype and device of another tensor. PyTorch: `torch.full_like`. */
export function fullLike(input: Tensor, fillValue: Scalar, options: TensorOptions = {}): Tensor {
  const { dtype, device } = like("fullLike", input, options);
  if (!isScalar(fillValue))
    throw new ValueError(`fullLike: expected a number as fillValue, got ${describe(fillValue)}`);
  return filled("fullLike", input.shape, fillValue, dtype, { ...options, device });
}

function allInts(...numbers: readonly number[]): boolean {
  return numbers.every(isIntLike);
}

/** A fresh contiguous one-dimensional tensor, which `write` fills on the host as int64, float32 or float64. */
function sequence(n: number, dtype: DType, options: TensorOptions, write: (t: Tensor) => void): Tensor {
  if (dtype.isComplex) return sequence(n, toReal(dtype), { device: options.device ?? null }, write).to(dtype);
  const narrow = dtype.itemsize < 4 ? getDefaultDtype() : dtype;
  const t = allocate([n], dtype.category < Category.Floating ? int64 : narrow, cpu);
  write(t);
  const placed = t.dtype === dtype ? t : t.to(dtype);
  return finish(
    options.device && toDevice(options.device).type !== "cpu" ? placed.to(options.device) : placed,
    options,
  );
}

/** @throws ValueError unless int64 holds all numbers between those at the ends */
function checkWhole(op: string, dtype: DType, ...ends: readonly number[]): void {
  if (ends.some((x) => !(Math.abs(x) < 2 ** 63)))
    throw new ValueError(`${op}: expected numbers that ${dtype} can hold, got ${ends.join(" to ")}`);
}

function spaced(op: string, n: number, dtype: DType, spacing: Spacing, options: TensorOptions): Tensor {
  if (dtype.category < Category.Floating && n > 0) checkWhole(op, dtype, spacing.first, spacing.last);
  return sequence(n, dtype, options, (t) => backendOf(cpu).kernels.sequence(op, t, spacing));
}

type RangeArgs =
  | [end: number, options?: TensorOptions]
  | [start: number, end: number, options?: TensorOptions]
  | [start: number, end: number, step: number, options?: TensorOptions];

/**
 * Numbers from `start` up to, but not including, `end`. PyTorch: `torch.arange`.
 * @example
 * torch.arange(1, 10, 3) // tensor([1, 4, 7])
 */
export function arange(...args: RangeArgs): Tensor {
  const last = args[args.length - 1];
  const options = (isOptions(last) ? last : {}) as TensorOptions & { start?: number; end?: number; step?: number };
  // Python's bools are numbers.
  const numbers = (isOptions(last) ? args.slice(0, -1) : args).map((n) =>
    typeof n === "boolean" ? Number(n) : n,
  ) as number[];
  checkOptions("arange", options, ["start", "end", "step"]);
  const [first = 0, second] = numbers;
  const start = options.start ?? (numbers.length > 1 || options.end !== undefined ? first : 0);
  const end = options.end ?? (numbers.length > 1 ? (second as number) : first);
  const step = options.step ?? numbers[2] ?? 1;
  for (const n of [start, end, step])
    if (typeof n !== "number" || Number.isNaN(n))
      throw new ValueError(`arange: expected numbers as start, end and step, got ${describe(n)}`);
  if (step === 0) throw new ValueError("arange: expected a step other than 0, got 0");
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new ValueError(`arange: expected finite bounds, got ${start} and ${end}`);
  if ((end - start) * step < 0)
    throw new ValueError(`arange: expected bounds in the direction of the step, got ${start} to ${end} by ${step}`);
  const dtype = options.dtype ?? (allInts(start, end, step) ? int64 : getDefaultDtype());
  if (dtype.isComplex) throw new DTypeError(`arange: expected a real dtype, got ${dtype}`);
  const counted = Math.ceil((end - start) / step);
  if (dtype.category >= Category.Floating)
    return spaced("arange", counted, dtype, countedFrom(start, step, counted), options);
  // Integers count in integers; int64 takes its bounds as such, too.
  const [first64, last64, by] = [Math.trunc(start), Math.trunc(end), Math.trunc(step)];
  if (by === 0) throw new ValueError(`arange: expected a step of at least 1 for ${dtype}, got ${step}`);
  const n = Math.max(0, dtype === int64 ? Math.ceil((last64 - first64) / by) : counted);
  return spaced("arange", n, dtype, countedFrom(first64, by, n), options);
}

const countedFrom = (first: number, step: number, n: number): Spacing => ({
  first,
  step,
  last: first + (n - 1) * step,
  half: n,
});

function checkSteps(op: string, start: number, end: number, steps: number): void {
  for (const [name, n] of Object.entries({ start, end }))
    if (typeof n !== "number") throw new ValueError(`${op}: expected a number as ${name}, got ${describe(n)}`);
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`${op}: expected a whole number of steps, at least 0, got ${describe(steps)}`);
}

/** Evenly spaced numbers, from both ends, as PyTorch counts them, so that the last one is exactly `end`. */
function evenly(start: number, end: number, steps: number, dtype: DType): Spacing {
  const whole = dtype.category < Category.Floating;
  const [first, last] = whole ? [Math.trunc(start), Math.trunc(end)] : [start, end];
  const exact = steps > 1 ? (last - first) / (steps - 1) : 0;
  const step = dtype.itemsize === 4 && !whole ? Math.fround(exact) : exact;
  return { first, step, last, half: steps === 1 ? 1 : Math.floor(steps / 2) };
}

/**
 * `steps` numbers evenly from `start` to `end`, both included. PyTorch: `torch.linspace`.
 * @example
 * torch.linspace(0, 1, 5) // tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
 */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  checkOptions("linspace", options);
  checkSteps("linspace", start, end, steps);
  const dtype = options.dtype ?? getDefaultDtype();
  return spaced("linspace", steps, dtype, evenly(start, end, steps, dtype), options);
}

/**
 * `steps` powers of `base` with exponents evenly from `start` to `end`, both included. PyTorch: `torch.logspace`.
 *
 * @param args - `base` (10), then options
 * @throws ValueError for fewer than 0 steps
 * @example
 * torch.logspace(0, 2, 3) // tensor([  1.,  10., 100.])
 */
export function logspace(
  start: number,
  end: number,
  steps: number,
  ...args: [base?: number, options?: TensorOptions] | [options?: TensorOptions & { base?: number }]
): Tensor {
  const options = (args.find(isOptions) ?? {}) as TensorOptions & { base?: number };
  checkOptions("logspace", options, ["base"]);
  checkSteps("logspace", start, end, steps);
  const base = typeof args[0] === "number" ? args[0] : (options.base ?? 10);
  if (typeof base !== "number") throw new ValueError(`logspace: expected a number as base, got ${describe(base)}`);
  const dtype = options.dtype ?? getDefaultDtype();
  return sequence(steps, dtype, options, (t) => {
    const raw = backendOf(cpu).bytes(t.storage);
    if (t.dtype === int64) {
      // Integers count exponents from the start alone, as PyTorch does.
      const step = steps > 1 ? (Math.trunc(end) - Math.trunc(start)) / (steps - 1) : 0;
      const out = new BigInt64Array(raw.buffer, raw.byteOffset, steps);
      for (let i = 0; i < steps; i++) out[i] = BigInt(wholePower(base, Math.trunc(start) + i * step, dtype));
    } else {
      const { first, step, last, half } = evenly(start, end, steps, dtype);
      const out =
        t.dtype.itemsize === 4
          ? new Float32Array(raw.buffer, raw.byteOffset, steps)
          : new Float64Array(raw.buffer, raw.byteOffset, steps);
      for (let i = 0; i < steps; i++) out[i] = base ** (i < half ? first + i * step : last - (steps - 1 - i) * step);
    }
  });
}

function wholePower(base: number, exponent: number, dtype: DType): number {
  const power = Math.trunc(base ** exponent);
  if (!Number.isFinite(power))
    throw new ValueError(`logspace: expected powers that ${dtype} can hold, got ${base} ** ${exponent}`);
  return power;
}

/**
 * A matrix with ones on the diagonal. PyTorch: `torch.eye`.
 * @example
 * torch.eye(2) // tensor([[1., 0.],
 *              //         [0., 1.]])
 */
export function eye(n: number, ...args: [m?: number, options?: TensorOptions] | [options?: TensorOptions]): Tensor {
  const options = (args.find(isOptions) ?? {}) as TensorOptions;
  checkOptions("eye", options, ["m"]);
  const m = typeof args[0] === "number" ? args[0] : ((options as { m?: number }).m ?? n);
  const { requiresGrad: _, ...plain } = options;
  const t = zeros([n, m], plain);
  fillRaw(t.diagonal(), 1);
  return finish(t, options);
}
