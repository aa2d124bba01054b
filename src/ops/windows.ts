/** @file Window functions: factors that let a stretch of a signal begin and end softly. */
import { float64, getDefaultDtype } from "../core/dtype.ts";
import { DTypeError, describe, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "./bind.ts";
import { arange, checkOptions, finish, ones, type TensorOptions } from "./creation.ts";
import { checkInt } from "./params.ts";
import { i0 } from "./pointwise/special.ts";

export interface WindowOptions extends TensorOptions {
  /** Whether the window is one period of a periodic function, as Fourier transforms want it, or symmetric. */
  periodic?: boolean;
}
export type WindowArgs = Call<[periodic: boolean], WindowOptions>;

const TENSOR_OPTIONS = ["dtype", "device", "requiresGrad"] as const;

/**
 * @param parameters - names of the window's own parameters, with their defaults
 * @param shape - the window at x, which goes from 0 to 1 where it is symmetric
 */
function window<P extends string>(
  op: string,
  windowLength: number,
  args: readonly unknown[],
  parameters: Readonly<Record<P, number>>,
  shape: (x: Tensor, parameters: Readonly<Record<P, number>>) => Tensor,
): Tensor {
  const own = Object.keys(parameters) as P[];
  const bound = bind<Record<string, unknown>>(op, ["periodic", ...own, ...TENSOR_OPTIONS], args);
  const given: Record<string, number> = { ...parameters };
  for (const name of own) {
    const value = bound[name] ?? parameters[name];
    if (typeof value !== "number") throw new ValueError(`${op}: expected a number as ${name}, got ${describe(value)}`);
    given[name] = value;
  }
  const { periodic = true, dtype = null, device = null, requiresGrad = false } = bound as WindowOptions;
  const options = checkOptions(op, { dtype: dtype ?? getDefaultDtype(), device, requiresGrad });
  checkInt(op, "windowLength", windowLength);
  if (windowLength < 0) throw new ValueError(`${op}: expected a windowLength of at least 0, got ${windowLength}`);
  if (!options.dtype.isFloatingPoint)
    throw new DTypeError(`${op}: expected a floating-point dtype, got ${options.dtype}`);
  if (windowLength < 2) return ones([windowLength], options);
  const steps = periodic ? windowLength : windowLength - 1;
  const x = arange(windowLength, { dtype: float64 }).div(steps);
  return finish(
    shape(x, given as Record<P, number>)
      .to(options.dtype)
      .to({ device: device ?? "cpu" }),
    options,
  );
}

const cosine = (x: Tensor, times: number): Tensor => x.mul(2 * Math.PI * times).cos();

/**
 * Hann window, a raised cosine: `½ − ½ cos(2πx)`. PyTorch: `torch.hann_window`.
 * @param args - `periodic` (true); then options
 * @throws DTypeError for a dtype that is not floating-point
 * @example
 * torch.hannWindow(4) // tensor([0.0000, 0.5000, 1.0000, 0.5000])
 */
export function hannWindow(windowLength: number, ...args: WindowArgs): Tensor {
  return window("hannWindow", windowLength, args, {}, (x) => cosine(x, 1).mul(-0.5).add(0.5));
}

/**
 * Hamming window: `alpha − beta cos(2πx)`. PyTorch: `torch.hamming_window`.
 * @param args - `periodic` (true), `alpha` (0.54), `beta` (0.46); then options
 * @example
 * torch.hammingWindow(4) // tensor([0.0800, 0.5400, 1.0000, 0.5400])
 */
export function hammingWindow(
  windowLength: number,
  ...args: Call<[periodic: boolean, alpha: number, beta: number], WindowOptions & { alpha?: number; beta?: number }>
): Tensor {
  const parameters = { alpha: 0.54, beta: 0.46 };
  return window("hammingWindow", windowLength, args, parameters, (x, { alpha, beta }) =>
    cosine(x, 1).mul(-beta).add(alpha),
  );
}

/**
 * Blackman window: `0.42 − 0.5 cos(2πx) + 0.08 cos(4πx)`. PyTorch: `torch.blackman_window`.
 * @param args - `periodic` (true); then options
 * @example
 * torch.blackmanWindow(4, false).sum() // tensor(1.2600)
 */
export function blackmanWindow(windowLength: number, ...args: WindowArgs): Tensor {
  return window("blackmanWindow", windowLength, args, {}, (x) =>
    cosine(x, 2).mul(0.08).sub(cosine(x, 1).mul(0.5)).add(0.42),
  );
}

/**
 * Bartlett window, a triangle: `1 − |2x − 1|`. PyTorch: `torch.bartlett_window`.
 * @param args - `periodic` (true); then options
 * @example
 * torch.bartlettWindow(4) // tensor([0.0000, 0.5000, 1.0000, 0.5000])
 */
export function bartlettWindow(windowLength: number, ...args: WindowArgs): Tensor {
  return window("bartlettWindow", windowLength, args, {}, (x) => x.mul(2).sub(1).abs().neg().add(1));
}

/**
 * Kaiser window: `I₀(beta √(1 − (2x − 1)²)) / I₀(beta)`. PyTorch: `torch.kaiser_window`.
 * @param args - `periodic` (true), `beta` (12); then options
 * @see Kaiser 1966, Digital filters
 * @example
 * torch.kaiserWindow(3, false) // tensor([5.2773e-05, 1.0000e+00, 5.2773e-05])
 */
export function kaiserWindow(
  windowLength: number,
  ...args: Call<[periodic: boolean, beta: number], WindowOptions & { beta?: number }>
): Tensor {
  return window("kaiserWindow", windowLength, args, { beta: 12 }, (x, { beta }) => {
    const root = x.mul(2).sub(1).square().neg().add(1).clamp({ min: 0 }).sqrt();
    return i0(root.mul(beta)).div(i0(root.newFull([], beta)));
  });
}
