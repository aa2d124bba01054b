/** @file The frequencies that belong to the numbers of a transform, and their order. */
import { getDefaultDtype } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { wrapDims } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../bind.ts";
import { arange, checkOptions, finish, type TensorOptions } from "../creation.ts";
import { cat } from "../joining.ts";
import { checkInt, checkTensor } from "../params.ts";

export interface FrequencyOptions extends TensorOptions {
  /** The distance of samples. */
  d?: number;
}
type FrequencyArgs = Call<[d: number], FrequencyOptions>;

function frequencies(op: string, n: number, args: readonly unknown[], count: (n: number) => Tensor): Tensor {
  const names = ["d", "dtype", "device", "requiresGrad"] as readonly (keyof FrequencyOptions & string)[];
  const { d = 1, ...options } = bind<FrequencyOptions>(op, names, args);
  checkOptions(op, options);
  checkInt(op, "n", n);
  if (n < 0) throw new ShapeError(`${op}: expected n of at least 0, got ${n}`);
  if (typeof d !== "number") throw new ValueError(`${op}: expected a number as d, got ${describe(d)}`);
  const dtype = options.dtype ?? getDefaultDtype();
  if (!dtype.isFloatingPoint && !dtype.isComplex)
    throw new DTypeError(`${op}: expected a floating-point or complex dtype, got ${dtype}`);
  const real = dtype.isComplex ? getDefaultDtype() : dtype;
  return finish(
    count(n)
      .to(real)
      .mul(1 / (n * d))
      .to(dtype),
    options,
  );
}

/**
 * The frequencies of the numbers that `fft` gives: first 0 and the positive ones, then the negative ones.
 * PyTorch: `torch.fft.fftfreq`.
 *
 * @param n - size of the transform
 * @param args - `d` (1): the distance of samples; `dtype`, `device`, `requiresGrad`
 * @example
 * torch.fft.fftfreq(4) // tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
 */
export function fftfreq(n: number, ...args: FrequencyArgs): Tensor {
  return frequencies("fftfreq", n, args, (count) =>
    cat([arange(0, Math.ceil(count / 2)), arange(-Math.floor(count / 2), 0)]),
  );
}

/**
 * The frequencies of the numbers that `rfft` gives. PyTorch: `torch.fft.rfftfreq`.
 * @example
 * torch.fft.rfftfreq(4) // tensor([0.0000, 0.2500, 0.5000])
 */
export function rfftfreq(n: number, ...args: FrequencyArgs): Tensor {
  return frequencies("rfftfreq", n, args, (count) => arange(0, Math.floor(count / 2) + 1));
}

interface ShiftOptions {
  dim?: number | readonly number[] | null;
}
type ShiftArgs = Call<[dim: number | readonly number[] | null], ShiftOptions>;

function shifted(op: string, input: Tensor, args: readonly unknown[], by: (n: number) => number): Tensor {
  checkTensor(op, input);
  const { dim = null } = bind<ShiftOptions>(op, ["dim"], args);
  const dims = input.ndim === 0 ? [] : wrapDims(op, dim, input.ndim);
  if (dims.length === 0) return input.clone();
  return input.roll(
    dims.map((d) => by(input.shape[d] as number)),
    dims,
  );
}

/**
 * Moves frequency 0 to the middle, along all dimensions or some. PyTorch: `torch.fft.fftshift`.
 * @example
 * torch.fft.fftshift(torch.tensor([0, 1, 2, -2, -1])) // tensor([-2, -1,  0,  1,  2])
 */
export function fftshift(input: Tensor, ...args: ShiftArgs): Tensor {
  return shifted("fftshift", input, args, (n) => Math.floor(n / 2));
}

/**
 * Moves frequency 0 from the middle to the front: the inverse of `fftshift`. PyTorch: `torch.fft.ifftshift`.
 * @example
 * torch.fft.ifftshift(torch.tensor([-2, -1, 0, 1, 2])) // tensor([ 0,  1,  2, -2, -1])
 */
export function ifftshift(input: Tensor, ...args: ShiftArgs): Tensor {
  return shifted("ifftshift", input, args, (n) => Math.ceil(n / 2));
}
