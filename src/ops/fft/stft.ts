/** @file Short-time Fourier transforms: of the windows of a signal, one after the other, and back. */
import { inFloat32, isAutocasting } from "../../autograd/autocast.ts";
import { toReal } from "../../core/dtype.ts";
import { DTypeError, describe, ShapeError, ValueError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { viewAsComplex, viewAsReal } from "../complex.ts";
import { ones } from "../creation.ts";
import { constantPadNd, type PadMode, pad } from "../pad.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { addWindows } from "../slice.ts";
import { complexInput, floating, halfOf } from "./arguments.ts";
import { complexToComplex, complexToReal, realToComplex } from "./transform.ts";

interface Frames {
  /** Size of the Fourier transform. */
  nFft: number;
  /** Distance between neighbouring windows; a quarter of `nFft`, if not given. */
  hopLength?: number | null;
  /** Size of the window, which lies in the middle of `nFft` elements; `nFft`, if not given. */
  winLength?: number | null;
  /** Factors of the elements of a window, `[winLength]`; ones, if not given. */
  window?: Tensor | null;
}

/** Checks what both directions take, and gives it with its defaults; the window is filled up to `nFft` elements. */
function framesOf(op: string, input: Tensor, { nFft, hopLength, winLength, window = null }: Frames) {
  checkInt(op, "nFft", nFft);
  const hop = hopLength ?? Math.floor(nFft / 4);
  const size = winLength ?? nFft;
  checkInt(op, "hopLength", hop);
  checkInt(op, "winLength", size);
  if (hop < 1) throw new ValueError(`${op}: expected a hopLength of at least 1, got ${hop}`);
  if (size < 1 || size > nFft) throw new ValueError(`${op}: expected a winLength of 1 to nFft = ${nFft}, got ${size}`);
  if (window !== null) {
    checkTensor(op, window, "window");
    if (window.ndim !== 1 || window.shape[0] !== size)
      throw new ShapeError(
        `${op}: expected a window of shape [${size}], the winLength, got ${shapeText(window.shape)}`,
      );
    if (!window.dtype.isFloatingPoint && !window.dtype.isComplex)
      throw new DTypeError(`${op}: expected a window of a floating-point or complex dtype, got ${window.dtype}`);
  }
  const left = Math.floor((nFft - size) / 2);
  const filled = (w: Tensor) => (size === nFft ? w : constantPadNd(w, [left, nFft - size - left]));
  return { hop, size, weights: window === null && size === nFft ? null : filled(window ?? unweighted(input, size)) };
}

function unweighted(input: Tensor, size: number): Tensor {
  return ones([size], { dtype: toReal(input.dtype), device: input.device });
}

export interface StftOptions extends Frames {
  /** Whether window t has its middle, not its beginning, at `t · hopLength`; the signal is padded at both ends for it. */
  center?: boolean;
  padMode?: PadMode;
  /** Whether results are divided by the root of `nFft`. */
  normalized?: boolean;
  /** Whether only the `nFft / 2 + 1` numbers of which the rest are conjugates are given; so for real signals, if not given. */
  onesided?: boolean | null;
  /** Whether the result is complex, or real with a last dimension of 2. Must be given for real signals. */
  returnComplex?: boolean | null;
}

const STFT = [
  "nFft",
  "hopLength",
  "winLength",
  "window",
  "center",
  "padMode",
  "normalized",
  "onesided",
  "returnComplex",
] as const;
export type StftArgs = Named<
  [
    nFft: number,
    hopLength: number | null,
    winLength: number | null,
    window: Tensor | null,
    center: boolean,
    padMode: PadMode,
    normalized: boolean,
    onesided: boolean | null,
    returnComplex: boolean | null,
  ],
  typeof STFT,
  StftOptions
>;

/**
 * Short-time Fourier transform: the Fourier transform of windows of a signal. PyTorch: `torch.stft`.
 *
 * @param input - `[L]` or `[B, L]`: signals of L floating-point or complex numbers
 * @param args - `nFft`, `hopLength` (`nFft / 4`), `winLength` (`nFft`), `window` (ones), `center` (true), `padMode` (`"reflect"`),
 *   `normalized` (false), `onesided` (true for real signals), `returnComplex` (to be given for real signals)
 * @returns `[B, N, T]` for N frequencies and T windows (without B for one signal), complex; real `[B, N, T, 2]` without
 *   `returnComplex`; differentiable to any order
 * @throws ValueError where `returnComplex` must be given and is not; ShapeError if `nFft` is larger than the signal
 * @see Griffin & Lim 1984, Signal estimation from modified short-time Fourier transform
 * @example
 * torch.stft(torch.tensor([1, 2.5, 3, 4]), 2, 2, { center: false, returnComplex: true }).real // tensor([[ 3.5000,  7.0000],
 *                                                                                            //         [-1.5000, -1.0000]])
 */
export function stft(input: Tensor, ...args: StftArgs): Tensor {
  if (isAutocasting()) return inFloat32(stft, [input, ...args]);
  checkTensor("stft", input);
  const options = named<StftOptions>("stft", STFT, 1, args);
  const { nFft, center = true, padMode = "reflect", normalized = false, onesided = null } = options;
  if (!input.dtype.isFloatingPoint && !input.dtype.isComplex)
    throw new DTypeError(`stft: expected a floating-point or complex dtype, got ${input.dtype}`);
  if (input.ndim < 1 || input.ndim > 2)
    throw new ShapeError(`stft: expected a signal [L] or signals [B, L], got shape ${shapeText(input.shape)}`);
  const { hop, weights } = framesOf("stft", input, options);
  const isComplex = input.dtype.isComplex || weights?.dtype.isComplex === true;
  const returnComplex = options.returnComplex ?? (isComplex ? true : null);
  if (returnComplex === null)
    throw new ValueError("stft: expected returnComplex to be given for a real signal; true is what new code wants");
  if (onesided === true && isComplex)
    throw new ValueError("stft: expected onesided to be false, as the signal or the window is complex");

  const batch = floating("stft", input.ndim === 1 ? input.unsqueeze(0) : input);
  const half = Math.floor(nFft / 2);
  const signal = center ? pad(batch.unsqueeze(1), [half, half], { mode: padMode }).squeeze(1) : batch; // (B, L)
  const length = signal.shape[1] as number;
  if (nFft < 1 || nFft > length)
    throw new ShapeError(`stft: expected an nFft of 1 to ${length}, the size of the signal, got ${nFft}`);
  const windows = signal.unfold(1, nFft, hop); // (B, T, nFft)
  const weighted = weights === null ? windows : windows.mul(weights);
  const attrs = { dims: [2], forward: true, scale: normalized ? 1 / Math.sqrt(nFft) : 1 };
  const spectrum = weighted.dtype.isComplex
    ? complexToComplex(weighted, attrs)
    : realToComplex(weighted, { ...attrs, full: onesided === false });
  const result = input.ndim === 1 ? spectrum.transpose(1, 2).squeeze(0) : spectrum.transpose(1, 2); // (B, N, T)
  return returnComplex ? result : viewAsReal(result);
}

export interface IstftOptions extends Frames {
  /** Whether window t had its middle at `t · hopLength`: half a window is cut off at both ends. */
  center?: boolean;
  normalized?: boolean;
  /** Whether there are `nFft / 2 + 1` frequencies; so if the input has not `nFft`, if not given. */
  onesided?: boolean | null;
  /** Size of the result: it is cut off, or filled up with zeros. */
  length?: number | null;
  /** Whether the signal is complex. */
  returnComplex?: boolean;
}

const ISTFT = [
  "nFft",
  "hopLength",
  "winLength",
  "window",
  "center",
  "normalized",
  "onesided",
  "length",
  "returnComplex",
] as const;
export type IstftArgs = Named<
  [
    nFft: number,
    hopLength: number | null,
    winLength: number | null,
    window: Tensor | null,
    center: boolean,
    normalized: boolean,
    onesided: boolean | null,
    length: number | null,
    returnComplex: boolean,
  ],
  typeof ISTFT,
  IstftOptions
>;

/**
 * The signal of which `stft` gave the windows' transforms: the least-squares estimate from overlapping windows.
 * PyTorch: `torch.istft`.
 *
 * @param input - `[B, N, T]` or `[N, T]` complex: N frequencies of T windows; or real with a last dimension of 2
 * @param args - `nFft`, `hopLength` (`nFft / 4`), `winLength` (`nFft`), `window` (ones), `center` (true), `normalized` (false),
 *   `onesided` (true if N is not `nFft`), `length` (as long as windows reach), `returnComplex` (false)
 * @returns `[B, L]`, or `[L]` for one signal; differentiable to any order
 * @throws ValueError where the squares of the windows add up to 0
 * @see Griffin & Lim 1984, Signal estimation from modified short-time Fourier transform
 * @example
 * const x = torch.tensor([1, 2.5, 3, 4]);
 * torch.istft(torch.stft(x, 2, 1, { returnComplex: true }), 2, 1, { length: 4 }) // tensor([1.0000, 2.5000, 3.0000, 4.0000])
 */
export function istft(input: Tensor, ...args: IstftArgs): Tensor {
  checkTensor("istft", input);
  const options = named<IstftOptions>("istft", ISTFT, 1, args);
  const { nFft, center = true, normalized = false, length = null, returnComplex = false } = options;
  const spectrum = spectrumOf(input);
  const { hop, size, weights } = framesOf("istft", spectrum, options);
  if (hop > size) throw new ValueError(`istft: expected a hopLength of 1 to winLength = ${size}, got ${hop}`);
  const [, frequencies, count] = spectrum.shape as readonly [number, number, number];
  const onesided = options.onesided ?? frequencies !== nFft;
  const wanted = onesided ? halfOf(nFft) : nFft;
  if (frequencies !== wanted)
    throw new ShapeError(
      `istft: expected ${wanted} frequencies for nFft = ${nFft}${onesided ? " and onesided" : ""}, got ${frequencies}`,
    );
  if (returnComplex && onesided) throw new ValueError("istft: expected onesided to be false for a complex signal");
  if (!returnComplex && weights?.dtype.isComplex)
    throw new ValueError("istft: expected returnComplex to be true, as the window is complex");

  const attrs = { dims: [2], forward: false, scale: normalized ? 1 / Math.sqrt(nFft) : 1 / nFft };
  const turned = spectrum.transpose(1, 2); // (B, T, N)
  const windows = returnComplex
    ? complexToComplex(turned, attrs)
    : complexToReal(onesided ? turned : turned.narrow(2, 0, halfOf(nFft)), { ...attrs, n: nFft });
  const factors = weights ?? unweighted(windows, nFft);
  const held = nFft + hop * (count - 1);
  const start = center ? Math.floor(nFft / 2) : 0;
  const end = length === null ? held - start : start + lengthOf(length);
  const kept = Math.max(Math.min(end, held) - start, 0);
  const joined = (frames: Tensor, batch: number) =>
    addWindows(frames, 1, hop, [batch, held]).narrow(1, Math.min(start, held), kept);
  const sums = joined(windows.mul(factors), windows.shape[0] as number);
  const squares = joined(factors.square().expand(1, count, nFft), 1);
  if (kept === 0)
    throw new ShapeError(`istft: expected windows that reach further than the ${2 * start} elements cut off`);
  if ((squares.detach().abs().min().item() as number) < 1e-11)
    throw new ValueError("istft: expected windows of which the squares add up to more than 0 everywhere, got a gap");
  const signals = constantPadNd(sums.div(squares), [0, Math.max(end - held, 0)]);
  return isBatched(input) ? signals : signals.squeeze(0);
}

const isBatched = (input: Tensor) => (input.dtype.isComplex ? input.ndim === 3 : input.ndim === 4);

/** The input as complex `[B, N, T]`. */
function spectrumOf(input: Tensor): Tensor {
  const { dtype, ndim, shape } = input;
  const rank = dtype.isComplex ? ndim : ndim - 1;
  if (rank < 2 || rank > 3 || (!dtype.isComplex && shape.at(-1) !== 2))
    throw new ShapeError(
      `istft: expected complex numbers [B, N, T] or [N, T], or real ones with a last dimension of 2, got ${dtype} of shape ${shapeText(shape)}`,
    );
  if (input.numel() === 0) throw new ShapeError(`istft: expected at least one element, got shape ${shapeText(shape)}`);
  const complex = complexInput("istft", dtype.isComplex ? input : viewAsComplex(input.contiguous()));
  return rank === 2 ? complex.unsqueeze(0) : complex;
}

function lengthOf(length: number): number {
  checkInt("istft", "length", length);
  if (length < 0) throw new ValueError(`istft: expected a length of at least 0, got ${describe(length)}`);
  return length;
}
