/** @file Schedules that warm up by a factor. */
import { ValueError } from "../../core/errors.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { LRScheduler, type ScheduledOptimizer } from "./scheduler.ts";

interface ConstantOptions {
  factor?: number;
  totalIters?: number;
  lastEpoch?: number;
}

/**
 * Multiplies the learning rate by `factor` until epoch `totalIters`. PyTorch: `torch.optim.lr_scheduler.ConstantLR`.
 *
 * @param args - `factor` (1/3), `totalIters` (5), `lastEpoch` (−1)
 * @throws ValueError unless `factor` lies between 0 and 1
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 1 });
 * const warm = scheduler.getLastLr();
 * optimizer.step();
 * scheduler.step();
 * [...warm, ...scheduler.getLastLr()] // [0.5, 1]
 */
export class ConstantLR extends LRScheduler {
  static readonly printedName: string = "ConstantLR";
  declare factor: number;
  declare totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Call<[factor: number, totalIters: number, lastEpoch: number], ConstantOptions>
  ) {
    const names = ["factor", "totalIters", "lastEpoch"] as const;
    const { factor = 1 / 3, totalIters = 5, lastEpoch } = bind<ConstantOptions>("ConstantLR", names, args);
    if (!(factor >= 0 && factor <= 1))
      throw new ValueError(`ConstantLR: expected a number from 0 to 1 as factor, got ${factor}`);
    super(optimizer, lastEpoch, { factor, totalIters });
  }

  override getLr(): number[] {
    const { lastEpoch: epoch, totalIters, factor } = this;
    const by = epoch === 0 ? factor : epoch === totalIters ? 1 / factor : 1;
    return this.optimizer.paramGroups.map(({ lr }) => lr * by);
  }

  protected override closedFormLr(): number[] {
    const by = this.lastEpoch >= this.totalIters ? 1 : this.factor;
    return this.baseLrs.map((base) => base * by);
  }
}

interface LinearOptions {
  startFactor?: number;
  endFactor?: number;
  totalIters?: number;
  lastEpoch?: number;
}

/**
 * Goes from `startFactor` to `endFactor` times the learning rate in `totalIters` epochs. PyTorch: `torch.optim.lr_scheduler.LinearLR`.
 *
 * @param args - `startFactor` (1/3), `endFactor` (1), `totalIters` (5), `lastEpoch` (−1)
 * @throws ValueError unless `startFactor` is above 0 and at most 1, and `endFactor` from 0 to 1
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [0.5, 0.75, 1, 1]
 */
export class LinearLR extends LRScheduler {
  static readonly printedName: string = "LinearLR";
  declare startFactor: number;
  declare endFactor: number;
  declare totalIters: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Call<[startFactor: number, endFactor: number, totalIters: number, lastEpoch: number], LinearOptions>
  ) {
    const names = ["startFactor", "endFactor", "totalIters", "lastEpoch"] as const;
    const options = bind<LinearOptions>("LinearLR", names, args);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch } = options;
    if (!(startFactor > 0 && startFactor <= 1))
      throw new ValueError(`LinearLR: expected a number above 0 and at most 1 as startFactor, got ${startFactor}`);
    if (!(endFactor >= 0 && endFactor <= 1))
      throw new ValueError(`LinearLR: expected a number from 0 to 1 as endFactor, got ${endFactor}`);
    super(optimizer, lastEpoch, { startFactor, endFactor, totalIters });
  }

  override getLr(): number[] {
    const { lastEpoch: epoch, startFactor: start, endFactor: end, totalIters: total } = this;
    if (epoch === 0) return this.optimizer.paramGroups.map(({ lr }) => lr * start);
    if (epoch > total) return this.optimizer.paramGroups.map(({ lr }) => lr);
    const by = 1 + (end - start) / (total * start + (epoch - 1) * (end - start));
    return this.optimizer.paramGroups.map(({ lr }) => lr * by);
  }

  protected override closedFormLr(): number[] {
    const { lastEpoch, startFactor: start, endFactor: end, totalIters: total } = this;
    const by = start + ((end - start) * Math.min(total, lastEpoch)) / total;
    return this.baseLrs.map((base) => base * by);
  }
}
