/** @file Dropout. */
import { describe, ValueError } from "../../core/errors.ts";
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

/** @throws ValueError if `p` is no probability */
export function checkProbability(op: string, p: unknown): asserts p is number {
  if (typeof p !== "number" || !(p >= 0 && p <= 1))
    throw new ValueError(`${op}: expected a probability within [0, 1] as p, got ${describe(p)}`);
}

/**
 * In training, sets each element to zero with probability `p` and divides the others by `1 − p`. PyTorch: `torch.nn.functional.dropout`.
 * @param args - `p` (0.5), `training` (true), `inplace` (false)
 */
export function dropout(
  input: Tensor,
  ...args: Call<[p: number, training: boolean, inplace: boolean], DropoutOptions>
): Tensor {
  const {
    p = 0.5,
    training = true,
    inplace = false,
  } = bind<DropoutOptions>("dropout", ["p", "training", "inplace"], args);
  checkTensor("dropout", input);
  checkProbability("dropout", p);
  if (p === 0 || !training || input.numel() === 0) return input;
  const noise = allocate(input.shape, input.dtype, input.device);
  if (p === 1) noise.zero_();
  else noise.bernoulli_(1 - p).div_(1 - p);
  return inplace ? input.mul_(noise) : input.mul(noise);
}
