/** @file Checks of tensors that hold the parameters of distributions. */
import { DTypeError, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";

/** The least and the greatest element, NaN if there is one; without recording. */
export function extremes(t: Tensor): readonly [least: number, greatest: number] {
  const values = t.detach();
  return [Number(values.amin().item()), Number(values.amax().item())];
}

/**
 * @throws DTypeError for a dtype that is not floating
 * @throws ValueError for an element outside of [0, 1]
 */
export function checkProbabilities(op: string, p: Tensor): void {
  if (!p.dtype.isFloatingPoint)
    throw new DTypeError(`${op}: expected probabilities of a floating-point dtype, got ${p.dtype}`);
  if (p.numel() === 0) return;
  const [least, greatest] = extremes(p);
  if (!(least >= 0 && greatest <= 1))
    throw new ValueError(`${op}: expected probabilities within [0, 1], got ${least >= 0 ? greatest : least}`);
}
