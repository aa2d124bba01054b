/** @file The same elements again, backwards or turned: repeat, tile, repeatInterleave, flip, roll, rot90. */
import { Category } from "../core/dtype.ts";
import { DTypeError, describe, IndexError, ShapeError, ValueError } from "../core/errors.ts";
import { Layout } from "../core/layout.ts";
import { type Shape, shapeText, wrapDim, wrapDims } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { copyRaw } from "./copy.ts";
import { allocate } from "./creation.ts";
import { fromNumpy } from "./from-data.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor, type Named, named, numbersArg } from "./params.ts";
import type { Sizes } from "./shape.ts";

const repeatOp = kernelOp<{ repeats: Shape }>({
  name: "repeat",
  forward: ([input], { repeats }) => {
    const x = input as Tensor;
    const shape = [...new Array<number>(repeats.length - x.ndim).fill(1), ...x.shape];
    const out = allocate(
      shape.map((n, i) => n * (repeats[i] as number)),
      x.dtype,
      x.device,
    );
    // Each dimension of the result is that of the repetitions, and within it the input's.
    const pairs = (a: Shape, b: Shape) => a.flatMap((n, i) => [n, b[i] as number]);
    out.view(pairs(repeats, shape)).copy_(x.reshape(pairs(new Array<number>(shape.length).fill(1), shape)));
    return out;
  },
  backward: ([g], context) => {
    const { repeats } = context.attrs;
    const own = context.shape(0);
    const lead = repeats.length - own.length;
    const grad = g as Tensor;
    if (repeats.includes(0)) return [grad.newZeros(own)];
    const split = repeats.flatMap((n, i) => (i < lead ? [n] : [n, own[i - lead] as number]));
    const summed = repeats.map((_, i) => (i < lead ? i : lead + 2 * (i - lead)));
    return [(summed.length > 0 ? grad.reshape(split).sum(summed) : grad).reshape(own)];
  },
});

/**
 * The tensor repeated along its dimensions, and along new ones in front. PyTorch: `Tensor.repeat`.
 * @throws ShapeError for fewer repeats than dimensions
 * @example
 * torch.tensor([1, 2]).repeat(2, 2) // tensor([[1, 2, 1, 2],
 *                                   //         [1, 2, 1, 2]])
 */
export function repeat(input: Tensor, ...repeats: Sizes | [{ repeats: Shape }]): Tensor {
  return repeatTimes("repeat", input, numbersArg("repeat", "repeats", repeats));
}

function repeatTimes(op: string, input: Tensor, repeats: Shape): Tensor {
  if (repeats.length < input.ndim)
    throw new ShapeError(
      `${op}: expected at least ${input.ndim} repeats for shape ${shapeText(input.shape)}, got ${shapeText(repeats)}`,
    );
  if (repeats.some((n) => n < 0))
    throw new ShapeError(`${op}: expected repeats of at least 0, got ${shapeText(repeats)}`);
  return repeatOp.call([input], { repeats });
}

/** As `repeat`; repeats that are missing in front are 1. PyTorch: `torch.tile`. */
export function tile(input: Tensor, ...dims: Sizes | [{ dims: Shape }]): Tensor {
  checkTensor("tile", input);
  const given = numbersArg("tile", "dims", dims);
  return repeatTimes("tile", input, [...new Array<number>(Math.max(0, input.ndim - given.length)).fill(1), ...given]);
}

interface InterleaveOptions {
  repeats?: number | Tensor;
  dim?: number | null;
  outputSize?: number;
}
type InterleaveArgs = Call<[repeats: number | Tensor, dim: number | null], InterleaveOptions>;

/** Each index of a dimension as often as `repeats` says. */
function repeatedIndices(repeats: readonly number[]): Tensor {
  const indices = new BigInt64Array(repeats.reduce((a, b) => a + b, 0));
  let at = 0;
  for (const [i, n] of repeats.entries()) at = indices.fill(BigInt(i), at, at + n) && at + n;
  return fromNumpy(indices);
}

/** Each index of a dimension more than once, all as often. */
function repeatAlike(x: Tensor, dim: number, repeats: number): Tensor {
  checkInt("repeatInterleave", "repeats", repeats);
  const { shape } = x;
  const each = x.unsqueeze(dim + 1).expand(shape.toSpliced(dim + 1, 0, repeats));
  return each.clone().view(shape.with(dim, (shape[dim] as number) * repeats));
}

/**
 * Each element repeated, one after the other: all alike, or as a tensor says for each. Without `dim` the input is flattened; given
 * only a tensor of repeats, their indices are repeated. PyTorch: `torch.repeat_interleave`.
 * @example
 * torch.tensor([1, 2]).repeatInterleave(2) // tensor([1, 1, 2, 2])
 */
export function repeatInterleave(input: Tensor, ...args: InterleaveArgs): Tensor {
  checkTensor("repeatInterleave", input);
  const { repeats, dim, outputSize } = bind<InterleaveOptions>(
    "repeatInterleave",
    ["repeats", "dim", "outputSize"],
    args,
  );
  if (repeats === undefined) return repeatedIndices(timesOf(input, input.layout.numel));
  const x = dim === undefined || dim === null ? input.reshape(-1) : input.ndim === 0 ? input.reshape(1) : input;
  const d = wrapDim("repeatInterleave", dim ?? 0, x.ndim);
  if (typeof repeats === "number" && repeats > 1 && (outputSize ?? null) === null) return repeatAlike(x, d, repeats);
  const times = timesOf(repeats, x.shape[d] as number);
  const indices = repeatedIndices(times);
  if (outputSize !== undefined && outputSize !== null && outputSize !== indices.numel())
    throw new ShapeError(
      `repeatInterleave: expected an outputSize of ${indices.numel()}, the sum of repeats, got ${outputSize}`,
    );
  return x.indexSelect(d, indices);
}

function timesOf(repeats: unknown, size: number): readonly number[] {
  if (repeats instanceof Tensor) {
    if (repeats.dtype.category !== Category.Integral)
      throw new DTypeError(`repeatInterleave: expected an integer tensor as repeats, got ${repeats.dtype}`);
    if (repeats.ndim > 1)
      throw new ShapeError(
        `repeatInterleave: expected repeats with at most 1 dimension, got shape ${shapeText(repeats.shape)}`,
      );
  } else checkInt("repeatInterleave", "repeats", repeats);
  const given = repeats instanceof Tensor ? (repeats.reshape(-1).tolist() as number[]) : [repeats];
  const times = given.length === 1 && size !== 1 ? new Array<number>(size).fill(given[0] as number) : given;
  if (times.length !== size)
    throw new ShapeError(`repeatInterleave: expected a repeat for each of ${size} indices, got ${times.length}`);
  if (times.some((n) => n < 0))
    throw new ValueError("repeatInterleave: expected repeats of at least 0, got a negative one");
  return times;
}

const flipOp = kernelOp<{ dims: readonly number[] }>({
  name: "flip",
  forward: ([input], { dims }) => {
    const x = input as Tensor;
    const { shape } = x.layout;
    const out = allocate(shape, x.dtype, x.device);
    if (x.layout.numel === 0 || x.ndim === 0) return x.clone();
    // Written backwards: the result seen with the strides of the flipped dimensions reversed.
    const offset = dims.reduce((at, d) => at + ((shape[d] as number) - 1) * (out.layout.strides[d] as number), 0);
    const backwards = out.layout.strides.map((s, d) => (dims.includes(d) ? -s : s));
    copyRaw(new Tensor(out.storage, new Layout(shape, backwards, offset), out.dtype), x);
    return out;
  },
  backward: ([grad], { attrs: { dims } }) => [(grad as Tensor).flip(dims)],
});

/**
 * The elements in reverse order along some dimensions; a copy. PyTorch: `torch.flip`.
 * @example
 * torch.tensor([[1, 2], [3, 4]]).flip(1) // tensor([[2, 1],
 *                                        //         [4, 3]])
 */
export function flip(input: Tensor, ...dims: Sizes | [{ dims: Shape | number }]): Tensor {
  checkTensor("flip", input);
  return flipOp.call([input], { dims: wrapDims("flip", numbersArg("flip", "dims", dims), input.ndim) });
}

/** The columns in reverse order. PyTorch: `torch.fliplr`. */
export function fliplr(input: Tensor): Tensor {
  checkTensor("fliplr", input);
  if (input.ndim < 2)
    throw new ShapeError(`fliplr: expected a tensor with at least 2 dimensions, got shape ${shapeText(input.shape)}`);
  return input.flip(1);
}

/** The rows in reverse order. PyTorch: `torch.flipud`. */
export function flipud(input: Tensor): Tensor {
  checkTensor("flipud", input);
  if (input.ndim < 1) throw new ShapeError("flipud: expected a tensor with at least 1 dimension, got shape []");
  return input.flip(0);
}

const rollOp: KernelOp<{ shifts: Shape; dims: readonly number[] }> = kernelOp<{
  shifts: Shape;
  dims: readonly number[];
}>({
  name: "roll",
  forward: ([input], { shifts, dims }) => {
    let x = input as Tensor;
    if (x.layout.numel === 0) return x.clone();
    for (const [i, dim] of dims.entries()) {
      const size = x.shape[dim] as number;
      const start = ((-(shifts[i] as number) % size) + size) % size; // what comes first
      const out = allocate(x.shape, x.dtype, x.device);
      out.narrow(dim, 0, size - start).copy_(x.narrow(dim, start, size - start));
      out.narrow(dim, size - start, start).copy_(x.narrow(dim, 0, start));
      x = out;
    }
    return dims.length === 0 ? x.clone() : x;
  },
  backward: ([grad], { attrs: { shifts, dims } }) => [
    rollOp.call([grad as Tensor], { shifts: shifts.map((n) => -n), dims }),
  ],
});

interface RollOptions {
  shifts: number | Shape;
  dims?: number | Shape | null;
}

/**
 * The elements moved along dimensions; what leaves at one end enters at the other. Without `dims` the input counts as one row.
 * PyTorch: `torch.roll`.
 * @example
 * torch.tensor([1, 2, 3]).roll(1) // tensor([3, 1, 2])
 */
export function roll(
  input: Tensor,
  ...args: Named<[shifts: number | Shape, dims: number | Shape | null], ["shifts", "dims"], RollOptions>
): Tensor {
  checkTensor("roll", input);
  const given = named<RollOptions>("roll", ["shifts", "dims"], 1, args);
  const shifts = typeof given.shifts === "number" ? [given.shifts] : given.shifts;
  if (!Array.isArray(shifts))
    throw new ValueError(`roll: expected a number or an array as shifts, got ${describe(given.shifts)}`);
  for (const n of shifts) checkInt("roll", "shift", n);
  const dims = given.dims ?? [];
  if (typeof dims !== "number" && dims.length === 0) {
    if (shifts.length !== 1)
      throw new ValueError(`roll: expected one shift where no dims are given, got ${shifts.length}`);
    return rollOp.call([input.reshape(-1)], { shifts, dims: [0] }).view(input.shape);
  }
  if (typeof dims !== "number" && !Array.isArray(dims))
    throw new ValueError(`roll: expected a number or an array as dims, got ${describe(dims)}`);
  // A dimension may be named twice.
  const wrapped = (typeof dims === "number" ? [dims] : dims).map((d) => wrapDim("roll", d, input.ndim));
  if (wrapped.length !== shifts.length)
    throw new ValueError(`roll: expected as many shifts as dims, got ${shifts.length} and ${wrapped.length}`);
  if (input.ndim === 0)
    throw new IndexError("roll: expected a tensor with at least 1 dimension for dims, got shape []");
  return rollOp.call([input], { shifts, dims: wrapped });
}

const rot90Op: KernelOp<{ k: number; a: number; b: number }> = kernelOp<{ k: number; a: number; b: number }>({
  name: "rot90",
  forward: ([input], { k, a, b }) => {
    const x = input as Tensor;
    if (k === 1) return x.flip(b).transpose(a, b).contiguous();
    if (k === 2) return x.flip(a, b);
    return k === 3 ? x.flip(a).transpose(a, b).contiguous() : x.clone();
  },
  backward: ([grad], { attrs: { k, a, b } }) => [rot90Op.call([grad as Tensor], { k: (4 - k) % 4, a, b })],
});

interface Rot90Options {
  k?: number;
  dims?: Shape;
}

/**
 * The plane of two dimensions turned by 90 degrees, `k` times, from the first towards the second. PyTorch: `torch.rot90`.
 * @example
 * torch.tensor([[1, 2], [3, 4]]).rot90() // tensor([[2, 4],
 *                                        //         [1, 3]])
 */
export function rot90(input: Tensor, ...args: Call<[k: number, dims: Shape], Rot90Options>): Tensor {
  checkTensor("rot90", input);
  const { k = 1, dims = [0, 1] } = bind<Rot90Options>("rot90", ["k", "dims"], args);
  checkInt("rot90", "k", k);
  if (!Array.isArray(dims) || dims.length !== 2)
    throw new ValueError(`rot90: expected two dims, got ${Array.isArray(dims) ? shapeText(dims) : describe(dims)}`);
  if (input.ndim < 2)
    throw new ShapeError(`rot90: expected a tensor with at least 2 dimensions, got shape ${shapeText(input.shape)}`);
  const [a, b] = wrapDims("rot90", dims, input.ndim) as [number, number];
  return rot90Op.call([input], { k: ((k % 4) + 4) % 4, a, b });
}
