/** @file Losses that are the negative log likelihood of a distribution, or a distance of distributions. */
import { ValueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { className } from "../../../format/python-names.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { checkReduction } from "../../../ops/loss.ts";
import {
  type GaussianNllLossOptions,
  gaussianNllLoss,
  type KlDivOptions,
  klDiv,
  type LossReduction,
  type PoissonNllLossOptions,
  poissonNllLoss,
} from "../../functional/loss/index.ts";
import { Module } from "../../module/module.ts";

/**
 * Kullback-Leibler divergence, `target · (log target − input)`. PyTorch: `torch.nn.KLDivLoss`.
 *
 * Shape: input any, log probabilities; target probabilities (log probabilities with `logTarget`). With `"batchmean"` the sum is divided
 * by the batch size, which is what the definition says.
 *
 * @example
 * const lossFn = new nn.KLDivLoss({ reduction: "batchmean" });
 * lossFn(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.9, 0.1]])) // tensor(0.3681)
 */
export class KLDivLoss extends Module {
  static readonly printedName: string = "KLDivLoss";
  readonly reduction: LossReduction | "batchmean";
  readonly logTarget: boolean;

  constructor(...args: Call<[reduction: LossReduction | "batchmean", logTarget: boolean], KlDivOptions>) {
    super();
    const op = className(this);
    const { reduction = "mean", logTarget = false } = bind<KlDivOptions>(op, ["reduction", "logTarget"], args);
    this.reduction = reduction === "batchmean" ? reduction : checkReduction(op, reduction);
    this.logTarget = logTarget;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.reduction, this.logTarget);
  }
}

/**
 * Negative log likelihood of counts under Poisson distributions. PyTorch: `torch.nn.PoissonNLLLoss`.
 *
 * Shape: input any, logarithms of rates (rates without `logInput`); target counts.
 *
 * @example
 * new nn.PoissonNLLLoss()(torch.tensor([0, 0.5]), torch.tensor([1, 2])) // tensor(0.8244)
 */
export class PoissonNLLLoss extends Module {
  static readonly printedName: string = "PoissonNLLLoss";
  /** Whether the input is the logarithm of the rate. */
  readonly logInput: boolean;
  /** Whether to add Stirling's approximation of `log(target!)` where target is above 1. */
  readonly full: boolean;
  /** Added to a rate before its logarithm is taken. */
  readonly eps: number;
  readonly reduction: LossReduction;

  constructor(
    ...args: Call<[logInput: boolean, full: boolean, eps: number, reduction: LossReduction], PoissonNllLossOptions>
  ) {
    super();
    const op = className(this);
    const given = bind<PoissonNllLossOptions>(op, ["logInput", "full", "eps", "reduction"], args);
    const { logInput = true, full = false, eps = 1e-8, reduction = "mean" } = given;
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
    this.reduction = checkReduction(op, reduction);
  }

  override forward(logInput: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(logInput, target, this.logInput, this.full, this.eps, this.reduction);
  }
}

/**
 * Negative log likelihood under normal distributions. PyTorch: `torch.nn.GaussianNLLLoss`.
 *
 * Shape: input [*, N], means; target values; variances of the input's shape, or one for each row, [*, 1] or [*].
 *
 * @param options - `full` (false: without the constant), `eps` (1e-6, the least variance), `reduction` ("mean")
 * @example
 * new nn.GaussianNLLLoss()(torch.tensor([0.5]), torch.tensor([1.5]), torch.tensor([0.25])) // tensor(1.3069)
 */
export class GaussianNLLLoss extends Module {
  static readonly printedName: string = "GaussianNLLLoss";
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: LossReduction;

  constructor(options: GaussianNllLossOptions = {}) {
    super();
    const op = className(this);
    const given = bind<GaussianNllLossOptions>(op, ["full", "eps", "reduction"], [options]);
    const { full = false, eps = 1e-6, reduction = "mean" } = given;
    if (!(eps > 0)) throw new ValueError(`${op}: expected an eps above 0, got ${eps}`);
    this.full = full;
    this.eps = eps;
    this.reduction = checkReduction(op, reduction);
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(input, target, variance, this.full, this.eps, this.reduction);
  }
}
