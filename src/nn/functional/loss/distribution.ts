/** @file Losses that are the negative log likelihood of a distribution, or a distance of distributions. */

import { inFloat32, isAutocasting } from "../../../autograd/autocast.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { DTypeError, ShapeError, ValueError } from "../../../core/errors.ts";
import { sameShape, shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import { checkTensor } from "../../../ops/params.ts";
import { type LossReduction, reduced } from "./reduce.ts";

export interface KlDivOptions {
  /** Beside the usual ones `"batchmean"`: the sum divided by the batch size, which is what the definition of the divergence says. */
  reduction?: LossReduction | "batchmean";
  /** Whether `target` is in logarithms too. */
  logTarget?: boolean;
}

/**
 * Kullback-Leibler divergence, `target · (log target − input)`. PyTorch: `torch.nn.functional.kl_div`.
 *
 * @param input - log probabilities, any shape; floating dtype
 * @param target - probabilities (log probabilities with `logTarget`); broadcasts
 * @param args - `reduction` ("mean"; "batchmean" divides by the batch size only), `logTarget` (false)
 * @example
 * const input = torch.tensor([[0.5, 0.5]]).log();
 * F.klDiv(input, torch.tensor([[0.9, 0.1]]), { reduction: "batchmean" }) // tensor(0.3681)
 */
export function klDiv(
  input: Tensor,
  target: Tensor,
  ...args: Call<[reduction: LossReduction | "batchmean", logTarget: boolean], KlDivOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(klDiv, [input, target, ...args]);
  const { reduction = "mean", logTarget = false } = bind<KlDivOptions>("klDiv", ["reduction", "logTarget"], args);
  if (reduction !== "batchmean") checkReduction("klDiv", reduction);
  for (const [x, name] of [
    [input, "input"],
    [target, "target"],
  ] as const) {
    checkTensor("klDiv", x, name);
    if (!x.dtype.isFloatingPoint) throw new DTypeError(`klDiv: expected a floating-point ${name}, got ${x.dtype}`);
  }
  const losses = logTarget ? target.exp().mul(target.sub(input)) : target.xlogy(target).sub(target.mul(input));
  if (reduction !== "batchmean") return reduced(losses, reduction);
  return input.ndim === 0 ? losses.sum() : losses.sum().div(input.shape[0] as number);
}

export interface PoissonNllLossOptions {
  /** Whether `input` is the logarithm of the rate. */
  logInput?: boolean;
  /** Whether to add Stirling's approximation of `log(target!)` where target is above 1. */
  full?: boolean;
  /** Added to a rate before its logarithm is taken. */
  eps?: number;
  reduction?: LossReduction;
}

/**
 * Negative log likelihood of counts under Poisson distributions. PyTorch: `torch.nn.functional.poisson_nll_loss`.
 *
 * @param input - logarithms of rates (rates without `logInput`), any shape
 * @param target - counts; broadcasts
 * @param args - `logInput` (true), `full` (false), `eps` (1e-8), `reduction` ("mean")
 * @example
 * F.poissonNllLoss(torch.tensor([0, 0.5]), torch.tensor([1, 2])) // tensor(0.8244)
 */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  ...args: Call<[logInput: boolean, full: boolean, eps: number, reduction: LossReduction], PoissonNllLossOptions>
): Tensor {
  if (isAutocasting()) return inFloat32(poissonNllLoss, [input, target, ...args]);
  const op = "poissonNllLoss";
  const names = ["logInput", "full", "eps", "reduction"] as const;
  const {
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction = "mean",
  } = bind<PoissonNllLossOptions>(op, names, args);
  checkReduction(op, reduction);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  const losses = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
  return reduced(full ? losses.add(stirling(target)) : losses, reduction);
}

/** `log(n!)` by Stirling's formula where n is above 1, else 0. */
function stirling(n: Tensor): Tensor {
  const approximation = n
    .mul(n.log())
    .sub(n)
    .add(
      n
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return approximation.maskedFill(n.le(1), 0);
}

export interface GaussianNllLossOptions {
  /** Whether to add the constant `log(2π) / 2`. */
  full?: boolean;
  /** The least variance. */
  eps?: number;
  reduction?: LossReduction;
}

/**
 * Negative log likelihood under normal distributions. PyTorch: `torch.nn.functional.gaussian_nll_loss`.
 *
 * @param input - means, [*, N]
 * @param target - values; broadcasts
 * @param variance - of the input's shape, or one for each row: [*, 1] or [*]
 * @param args - `full` (false), `eps` (1e-6), `reduction` ("mean")
 * @throws ShapeError if the variance has another shape
 * @throws ValueError if a variance is negative
 * @example
 * F.gaussianNllLoss(torch.tensor([0.5]), torch.tensor([1.5]), torch.tensor([0.25])) // tensor(1.3069)
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  ...args: Call<[full: boolean, eps: number, reduction: LossReduction], GaussianNllLossOptions>
): Tensor {
  const op = "gaussianNllLoss";
  const {
    full = false,
    eps = 1e-6,
    reduction = "mean",
  } = bind<GaussianNllLossOptions>(op, ["full", "eps", "reduction"], args);
  checkReduction(op, reduction);
  checkTensor(op, input);
  checkTensor(op, target, "target");
  checkTensor(op, variance, "var");
  if (variance.dtype.isComplex) throw new DTypeError(`${op}: expected real variances, got ${variance.dtype}`);
  const given = perElement(op, input, variance);
  if (given.lt(0).any().item()) throw new ValueError(`${op}: expected variances of at least 0, got a negative one`);
  const v = given.clone();
  noGrad(() => v.clampMin_(eps));
  const difference = input.sub(target);
  const losses = v.log().add(difference.mul(difference).div(v)).mul(0.5);
  return reduced(full ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}

function perElement(op: string, input: Tensor, variance: Tensor): Tensor {
  if (sameShape(input.shape, variance.shape)) return variance;
  const rows = input.shape.slice(0, -1);
  if (input.ndim > 0 && sameShape(rows, variance.shape)) return variance.unsqueeze(-1);
  if (input.ndim > 0 && sameShape([...rows, 1], variance.shape)) return variance;
  throw new ShapeError(
    `${op}: expected a variance of shape ${shapeText(input.shape)}, or one for each row, got ${shapeText(variance.shape)}`,
  );
}
