/** @file Schedules that fall at certain epochs. */
import { describe, ValueError } from "../../core/errors.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { bisectRight, LRScheduler, type ScheduledOptimizer, type SchedulerStateDict } from "./scheduler.ts";

interface StepOptions {
  stepSize: number;
  gamma?: number;
  lastEpoch?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs. PyTorch: `torch.optim.lr_scheduler.StepLR`.
 *
 * @param args - `stepSize`, `gamma` (0.1), `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.StepLR(optimizer, 2, 0.5);
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [1, 1, 0.5, 0.5, 0.25]
 */
export class StepLR extends LRScheduler {
  static readonly printedName: string = "StepLR";
  declare stepSize: number;
  declare gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<
      [stepSize: number, gamma: number, lastEpoch: number],
      ["stepSize", "gamma", "lastEpoch"],
      StepOptions
    >
  ) {
    const {
      stepSize,
      gamma = 0.1,
      lastEpoch,
    } = named<StepOptions>("StepLR", ["stepSize", "gamma", "lastEpoch"], 1, args);
    checkInt("StepLR", "stepSize", stepSize);
    super(optimizer, lastEpoch, { stepSize, gamma });
  }

  override getLr(): number[] {
    const falls = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.optimizer.paramGroups.map(({ lr }) => (falls ? lr * this.gamma : lr));
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((base) => base * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }
}

interface MultiStepOptions {
  milestones: readonly number[];
  gamma?: number;
  lastEpoch?: number;
}

/**
 * Multiplies the learning rate by `gamma` at each milestone. PyTorch: `torch.optim.lr_scheduler.MultiStepLR`.
 *
 * @param args - `milestones`: epochs; `gamma` (0.1), `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.MultiStepLR(optimizer, [1, 2], { gamma: 0.5 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [1, 0.5, 0.25, 0.25]
 */
export class MultiStepLR extends LRScheduler {
  static readonly printedName: string = "MultiStepLR";
  /** How often each milestone was given: Python's `Counter`. */
  declare milestones: Map<number, number>;
  declare gamma: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<
      [milestones: readonly number[], gamma: number, lastEpoch: number],
      ["milestones", "gamma", "lastEpoch"],
      MultiStepOptions
    >
  ) {
    const names = ["milestones", "gamma", "lastEpoch"] as const;
    const { milestones, gamma = 0.1, lastEpoch } = named<MultiStepOptions>("MultiStepLR", names, 1, args);
    if (!Array.isArray(milestones))
      throw new ValueError(`MultiStepLR: expected an array of epochs as milestones, got ${describe(milestones)}`);
    const counts = new Map<number, number>();
    for (const epoch of milestones as readonly number[]) {
      checkInt("MultiStepLR", "milestones", epoch);
      counts.set(epoch, (counts.get(epoch) ?? 0) + 1);
    }
    super(optimizer, lastEpoch, { milestones: counts, gamma });
  }

  override getLr(): number[] {
    const times = this.milestones.get(this.lastEpoch) ?? 0;
    return this.optimizer.paramGroups.map(({ lr }) => (times === 0 ? lr : lr * this.gamma ** times));
  }

  protected override closedFormLr(): number[] {
    const epochs = [...this.milestones].flatMap(([epoch, times]) => Array.from({ length: times }, () => epoch));
    return this.baseLrs.map((base) => base * this.gamma ** bisectRight(epochs, this.lastEpoch));
  }

  override loadStateDict(stateDict: SchedulerStateDict): void {
    super.loadStateDict(stateDict);
    // Numbers are keys of a Map here, but strings in an object.
    const entries = this.milestones instanceof Map ? [...this.milestones] : Object.entries(this.milestones);
    this.milestones = new Map(entries.map(([epoch, times]) => [Number(epoch), Number(times)]));
  }
}
