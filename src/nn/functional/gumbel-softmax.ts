/** @file Samples of categories that have a gradient. */
import { DTypeError, describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { allocate } from "../../ops/creation.ts";
import { checkInt, checkTensor } from "../../ops/params.ts";
import { softmax } from "../../ops/softmax.ts";

export interface GumbelSoftmaxOptions {
  /** The temperature: the lower, the nearer to one-hot. */
  tau?: number;
  /** Whether to give one-hot samples, whose gradient is that of the soft ones. */
  hard?: boolean;
  /** Without effect, as in PyTorch. */
  eps?: number;
  dim?: number;
}
const NAMES = ["tau", "hard", "eps", "dim"] as const;

/**
 * Samples from the Gumbel-softmax distribution: softmax of logits with Gumbel noise. PyTorch: `torch.nn.functional.gumbel_softmax`.
 *
 * @param logits - unnormalised log probabilities, any shape; floating dtype
 * @param args - `tau` (1), `hard` (false), `eps` (no effect), `dim` (−1)
 * @returns the shape of `logits`; sums to 1 along `dim`
 * @see Jang, Gu & Poole 2016, arXiv:1611.01144
 * @example
 * torch.manualSeed(0);
 * F.gumbelSoftmax(torch.tensor([0.1, 0.2, 0.7]).log(), { hard: true }) // tensor([0., 0., 1.])
 */
export function gumbelSoftmax(
  logits: Tensor,
  ...args: Call<[tau: number, hard: boolean, eps: number, dim: number], GumbelSoftmaxOptions>
): Tensor {
  const op = "gumbelSoftmax";
  const { tau = 1, hard = false, dim = -1 } = bind<GumbelSoftmaxOptions>(op, NAMES, args);
  checkTensor(op, logits, "logits");
  if (typeof tau !== "number") throw new ValueError(`${op}: expected a number as tau, got ${describe(tau)}`);
  checkInt(op, "dim", dim);
  if (!logits.dtype.isFloatingPoint)
    throw new DTypeError(
      `${op}: expected floating-point logits, got ${logits.dtype} (whole numbers make int64: pass a dtype)`,
    );
  const gumbels = allocate(logits.shape, logits.dtype, logits.device).exponential_().log_().neg_();
  const soft = softmax(logits.add(gumbels).div(tau), dim);
  if (!hard) return soft;
  const index = soft.detach().argmax(dim, true);
  const oneHot = logits.newZeros(logits.shape).scatter_(dim, index, 1);
  // Straight through: one-hot in value, soft in gradient.
  return oneHot.sub(soft.detach()).add(soft);
}
