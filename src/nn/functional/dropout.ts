/** @file Dropout: of elements and of whole channels, to zero or to the value that keeps mean and variance. */
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { allocate } from "../../ops/creation.ts";
import { checkTensor } from "../../ops/params.ts";

export interface DropoutOptions {
  /** Probability of an element to become zero. */
  p?: number;
  /** Do nothing if false. */
  training?: boolean;
  /** Overwrite `input`. */
  inplace?: boolean;
}
type DropoutArgs = Call<[p: number, training: boolean, inplace: boolean], DropoutOptions>;

/** @throws ValueError if `p` is no probability */
export function checkProbability(op: string, p: unknown): asserts p is number {
  if (typeof p !== "number" || !(p >= 0 && p <= 1))
    throw new ValueError(`${op}: expected a probability within [0, 1] as p, got ${describe(p)}`);
}

/** What `selu` gives for minus infinity is −1 times this. */
const ALPHA = 1.7580993408473766;

interface Kind {
  readonly op: string;
  /** Of the noise, which broadcasts; the input's if not given. */
  readonly noiseShape?: (input: Tensor) => Shape;
  /** Drops to the value that keeps mean and variance, instead of zero. */
  readonly alpha?: boolean;
  /** Whether it drops unless told otherwise. */
  readonly training: boolean;
}

function drop({ op, noiseShape, alpha, training: preset }: Kind, input: Tensor, args: DropoutArgs): Tensor {
  const { p = 0.5, training = preset, inplace = false } = bind<DropoutOptions>(op, ["p", "training", "inplace"], args);
  checkTensor(op, input);
  checkProbability(op, p);
  if (p === 0 || !training || input.numel() === 0) return input;
  if (p === 1) return inplace ? input.mul_(input.newZeros([])) : input.mul(input.newZeros([]));
  if (!input.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected a floating-point dtype, got ${input.dtype}${input.dtype.isComplex ? "" : " (whole numbers make int64: pass a dtype)"}`,
    );
  // Drawn row by row, however the input lies in memory.
  const noise = allocate(noiseShape?.(input) ?? input.shape, input.dtype, input.device).bernoulli_(1 - p);
  if (!alpha) {
    noise.div_(1 - p);
    return inplace ? input.mul_(noise) : input.mul(noise);
  }
  const scale = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p));
  const shift = noise
    .sub(1)
    .mul_(ALPHA * scale)
    .add_(ALPHA * scale * p);
  noise.mul_(scale);
  return inplace ? input.mul_(noise).add_(shift) : input.mul(noise).add(shift);
}

/**
 * In training, sets each element to zero with probability `p` and divides the others by `1 − p`. PyTorch: `torch.nn.functional.dropout`.
 *
 * @param input - any shape; floating dtype
 * @param args - `p` (0.5), `training` (true), `inplace` (false)
 * @throws ValueError if `p` is no probability
 * @see Hinton et al. 2012, arXiv:1207.0580
 * @example
 * torch.manualSeed(0);
 * F.dropout(torch.ones(5), 0.5) // tensor([0., 0., 2., 0., 0.])
 */
export function dropout(input: Tensor, ...args: DropoutArgs): Tensor {
  return drop({ op: "dropout", training: true }, input, args);
}

/** One number for each channel: of a batch of samples with `dims` more dimensions, or of one sample. */
function perChannel(op: string, dims: number, input: Tensor, unbatched: boolean): () => Shape {
  checkTensor(op, input);
  const { shape, ndim } = input;
  if (ndim !== dims + 2 && ndim !== dims + 1)
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} or ${dims + 2} dimensions, got shape ${shapeText(shape)}`,
    );
  const lead = unbatched && ndim === dims + 1 ? 1 : 2;
  return () => shape.map((n, i) => (i < lead ? n : 1));
}

/**
 * In training, sets whole channels of a signal to zero with probability `p` and divides the others by `1 − p`.
 * PyTorch: `torch.nn.functional.dropout1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `p` (0.5), `training` (true), `inplace` (false)
 * @throws ShapeError for other numbers of dimensions
 * @see Tompson et al. 2015, arXiv:1411.4280
 */
export function dropout1d(input: Tensor, ...args: DropoutArgs): Tensor {
  const op = "dropout1d";
  return drop({ op, noiseShape: perChannel(op, 1, input, true), training: true }, input, args);
}

/**
 * In training, sets whole channels of images to zero with probability `p` and divides the others by `1 − p`.
 * PyTorch: `torch.nn.functional.dropout2d`.
 *
 * Differs: PyTorch takes other numbers of dimensions too, with a warning.
 *
 * @param input - [N, C, H, W], or, as in PyTorch, [N, C, L]; floating dtype
 * @param args - `p` (0.5), `training` (true), `inplace` (false)
 * @throws ShapeError for other numbers of dimensions
 */
export function dropout2d(input: Tensor, ...args: DropoutArgs): Tensor {
  const op = "dropout2d";
  return drop({ op, noiseShape: perChannel(op, 2, input, false), training: true }, input, args);
}

/**
 * In training, sets whole channels of volumes to zero with probability `p` and divides the others by `1 − p`.
 * PyTorch: `torch.nn.functional.dropout3d`.
 *
 * Differs: PyTorch takes other numbers of dimensions too, with a warning.
 *
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - `p` (0.5), `training` (true), `inplace` (false)
 * @throws ShapeError for other numbers of dimensions
 */
export function dropout3d(input: Tensor, ...args: DropoutArgs): Tensor {
  const op = "dropout3d";
  return drop({ op, noiseShape: perChannel(op, 3, input, true), training: true }, input, args);
}

/**
 * Dropout that keeps mean 0 and variance 1, for networks of `selu`. PyTorch: `torch.nn.functional.alpha_dropout`.
 *
 * @param input - any shape; floating dtype
 * @param args - `p` (0.5), `training` (false, unlike `dropout`), `inplace` (false)
 * @throws ValueError if `p` is no probability
 * @see Klambauer et al. 2017, arXiv:1706.02515
 */
export function alphaDropout(input: Tensor, ...args: DropoutArgs): Tensor {
  return drop({ op: "alphaDropout", alpha: true, training: false }, input, args);
}

/**
 * `alphaDropout` of whole channels. PyTorch: `torch.nn.functional.feature_alpha_dropout`.
 *
 * @param input - [N, C, *]; floating dtype
 * @param args - `p` (0.5), `training` (false, unlike `dropout`), `inplace` (false)
 * @throws ShapeError for fewer than 2 dimensions
 */
export function featureAlphaDropout(input: Tensor, ...args: DropoutArgs): Tensor {
  const op = "featureAlphaDropout";
  const noiseShape = ({ shape }: Tensor) => {
    if (shape.length < 2) throw new ShapeError(`${op}: expected an input of shape [N, C, …], got ${shapeText(shape)}`);
    return shape.map((n, i) => (i < 2 ? n : 1));
  };
  return drop({ op, noiseShape, alpha: true, training: false }, input, args);
}
