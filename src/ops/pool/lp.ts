/** @file Power averages over sliding windows. */
import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkTensor, type Named, named } from "../params.ts";
import { relu } from "../pointwise/activation.ts";
import { avgPool1d, avgPool2d, avgPool3d } from "./average.ts";
import { type Dims, type Sizes, sizesFor } from "./windows.ts";

export interface LpPoolOptions {
  /** The power; 1 sums, infinity would be the maximum. */
  normType: number;
  /** Size of the window. */
  kernelSize: Sizes;
  /** Steps between windows; `kernelSize` if not given. */
  stride?: Sizes | null;
  /** Whether the last window may reach over the edge. */
  ceilMode?: boolean;
}
type LpPoolArgs = Named<
  [normType: number, kernelSize: Sizes, stride: Sizes | null, ceilMode: boolean],
  ["normType", "kernelSize", "stride", "ceilMode"],
  LpPoolOptions
>;

const averages = { 1: avgPool1d, 2: avgPool2d, 3: avgPool3d } as const;

function lpPool(op: string, dims: Dims, input: Tensor, args: readonly unknown[]): Tensor {
  const {
    normType,
    kernelSize,
    stride,
    ceilMode = false,
  } = named<LpPoolOptions>(op, ["normType", "kernelSize", "stride", "ceilMode"], 2, args);
  checkTensor(op, input);
  if (typeof normType !== "number" || normType === 0)
    throw new ValueError(`${op}: expected a number other than 0 as normType, got ${String(normType)}`);
  const size = sizesFor(op, "kernelSize", kernelSize, dims).reduce((a, b) => a * b, 1);
  const average = averages[dims](input.pow(normType), kernelSize, stride ?? null, 0, ceilMode);
  return average
    .sign()
    .mul(relu(average.abs()))
    .mul(size)
    .pow(1 / normType);
}

/**
 * `(Σ xᵖ)^(1/p)` over windows that slide along the last dimension. PyTorch: `torch.nn.functional.lp_pool1d`.
 *
 * @param input - [N, C, L] or [C, L]; floating dtype
 * @param args - `normType` (p), `kernelSize`, `stride` (the kernel's size), `ceilMode` (false)
 * @example
 * F.lpPool1d(torch.tensor([[3.0, 4.0, 6, 8.5]]), 2, 2) // tensor([[ 5.0000, 10.4043]])
 */
export function lpPool1d(input: Tensor, ...args: LpPoolArgs): Tensor {
  return lpPool("lpPool1d", 1, input, args);
}

/**
 * `(Σ xᵖ)^(1/p)` over windows that slide over an image. PyTorch: `torch.nn.functional.lp_pool2d`.
 * @param input - [N, C, H, W] or [C, H, W]; floating dtype
 * @param args - as of `lpPool1d`
 */
export function lpPool2d(input: Tensor, ...args: LpPoolArgs): Tensor {
  return lpPool("lpPool2d", 2, input, args);
}

/**
 * `(Σ xᵖ)^(1/p)` over windows that slide over a volume. PyTorch: `torch.nn.functional.lp_pool3d`.
 * @param input - [N, C, D, H, W] or [C, D, H, W]; floating dtype
 * @param args - as of `lpPool1d`
 */
export function lpPool3d(input: Tensor, ...args: LpPoolArgs): Tensor {
  return lpPool("lpPool3d", 3, input, args);
}
