/** @file Schedules that fall at every epoch. */
import { ValueError } from "../../core/errors.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { type Named, named } from "../../ops/params.ts";
import { LRScheduler, type ScheduledOptimizer } from "./scheduler.ts";

interface ExponentialOptions {
  gamma: number;
  lastEpoch?: number;
}

/**
 * Multiplies the learning rate by `gamma` at every epoch. PyTorch: `torch.optim.lr_scheduler.ExponentialLR`.
 *
 * @param args - `gamma`, `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.5]
 */
export class ExponentialLR extends LRScheduler {
  static readonly printedName: string = "ExponentialLR";
  declare gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<[gamma: number, lastEpoch: number], ["gamma", "lastEpoch"], ExponentialOptions>
  ) {
    const { gamma, lastEpoch } = named<ExponentialOptions>("ExponentialLR", ["gamma", "lastEpoch"], 1, args);
    super(optimizer, lastEpoch, { gamma });
  }

  override getLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => (this.lastEpoch === 0 ? lr : lr * this.gamma));
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((base) => base * this.gamma ** this.lastEpoch);
  }
}

interface PolynomialOptions {
  totalIters?: number;
  power?: number;
  lastEpoch?: number;
}

/**
 * Falls to 0 in `totalIters` epochs, as `(1 − epoch / totalIters) ^ power`. PyTorch: `torch.optim.lr_scheduler.PolynomialLR`.
 *
 * @param args - `totalIters` (5), `power` (1), `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 2, power: 2 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.25]
 */
export class PolynomialLR extends LRScheduler {
  static readonly printedName: string = "PolynomialLR";
  declare totalIters: number;
  declare power: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Call<[totalIters: number, power: number, lastEpoch: number], PolynomialOptions>
  ) {
    const names = ["totalIters", "power", "lastEpoch"] as const;
    const { totalIters = 5, power = 1, lastEpoch } = bind<PolynomialOptions>("PolynomialLR", names, args);
    if (!(totalIters > 0))
      throw new ValueError(`PolynomialLR: expected a positive number as totalIters, got ${totalIters}`);
    super(optimizer, lastEpoch, { totalIters, power });
  }

  override getLr(): number[] {
    const { lastEpoch: epoch, totalIters: total, power } = this;
    const by = epoch === 0 || epoch > total ? 1 : ((1 - epoch / total) / (1 - (epoch - 1) / total)) ** power;
    return this.optimizer.paramGroups.map(({ lr }) => lr * by);
  }

  protected override closedFormLr(): number[] {
    const { lastEpoch, totalIters: total, power } = this;
    return this.baseLrs.map((base) => base * (1 - Math.min(total, lastEpoch) / total) ** power);
  }
}
