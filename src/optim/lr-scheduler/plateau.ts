/** @file A schedule that waits for a metric to stop improving. */
import { describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { bind, type Call } from "../../ops/bind.ts";
import { perGroup, Schedule, type ScheduledOptimizer } from "./scheduler.ts";

interface PlateauOptions {
  mode?: "min" | "max";
  factor?: number;
  patience?: number;
  threshold?: number;
  thresholdMode?: "rel" | "abs";
  cooldown?: number;
  minLr?: number | readonly number[];
  eps?: number;
}

const NAMES = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"] as const;

/**
 * Multiplies the learning rate by `factor` once a metric has not improved for `patience` epochs.
 * PyTorch: `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * @param args - `mode` (`"min"`: lower is better, `"max"`), `factor` (0.1), `patience` (10), `threshold` (1e-4): an improvement is more
 *   than this, relative or (`thresholdMode: "abs"`) absolute; `cooldown` (0) epochs after a reduction do not count; `minLr` (0), one for
 *   all groups or one each; `eps` (1e-8): smaller changes are not made
 * @throws ValueError for a factor of 1 or more, or an unknown mode
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ReduceLROnPlateau(optimizer, "min", { factor: 0.5, patience: 1 });
 * for (const loss of [1, 0.9, 0.95, 0.92]) {
 *   optimizer.step();
 *   scheduler.step(loss);
 * }
 * scheduler.getLastLr() // [0.5]
 */
export class ReduceLROnPlateau extends Schedule {
  static readonly printedName: string = "ReduceLROnPlateau";
  declare factor: number;
  declare defaultMinLr: number | null;
  declare minLrs: number[];
  declare patience: number;
  declare cooldown: number;
  declare cooldownCounter: number;
  declare eps: number;
  declare mode: "min" | "max";
  declare threshold: number;
  declare thresholdMode: "rel" | "abs";
  declare best: number;
  declare numBadEpochs: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Call<
      [
        mode: "min" | "max",
        factor: number,
        patience: number,
        threshold: number,
        thresholdMode: "rel" | "abs",
        cooldown: number,
        minLr: number | readonly number[],
        eps: number,
      ],
      PlateauOptions
    >
  ) {
    const options = bind<PlateauOptions>("ReduceLROnPlateau", NAMES, args);
    const { mode = "min", factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = "rel" } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    const refuse = (name: string, expected: string, got: unknown) =>
      new ValueError(`ReduceLROnPlateau: expected ${expected} as ${name}, got ${describe(got)}`);
    if (!(factor < 1)) throw refuse("factor", "a number below 1", factor);
    if (mode !== "min" && mode !== "max") throw refuse("mode", '"min" or "max"', mode);
    if (thresholdMode !== "rel" && thresholdMode !== "abs")
      throw refuse("thresholdMode", '"rel" or "abs"', thresholdMode);
    const defaultMinLr = typeof minLr === "number" ? minLr : null;
    super(optimizer, 0, {
      ...{ factor, defaultMinLr, minLrs: perGroup("ReduceLROnPlateau", "minLr", optimizer, minLr) },
      ...{ patience, cooldown, cooldownCounter: 0, eps, mode, threshold, thresholdMode },
      ...{ best: mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY, numBadEpochs: 0 },
    });
    this.set([]);
  }

  /** Whether epochs do not count, after a reduction. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  /** Whether a metric is an improvement. */
  isBetter(a: number, best: number): boolean {
    const { mode, threshold, thresholdMode } = this;
    if (mode === "min") return a < (thresholdMode === "rel" ? best * (1 - threshold) : best - threshold);
    return a > (thresholdMode === "rel" ? best * (threshold + 1) : best + threshold);
  }

  /**
   * Takes the metric of an epoch.
   * @throws ValueError if it is no number
   */
  step(metrics: number | Tensor, epoch: number | null = null): void {
    const current = metrics instanceof Tensor ? metrics.item() : metrics;
    if (typeof current !== "number")
      throw new ValueError(`ReduceLROnPlateau: expected a number as metrics, got ${describe(metrics)}`);
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.inCooldown) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.set(this.reduced());
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    } else this.set([]);
  }

  private reduced(): number[] {
    const { paramGroups } = this.optimizer;
    if (this.minLrs.length !== paramGroups.length) {
      if (this.defaultMinLr === null)
        throw new ValueError(
          `ReduceLROnPlateau: expected ${paramGroups.length} values for minLr, one a parameter group, got ${this.minLrs.length}; a group was added`,
        );
      this.minLrs = perGroup("ReduceLROnPlateau", "minLr", this.optimizer, this.defaultMinLr);
    }
    return paramGroups.map(({ lr }, i) => {
      const lower = Math.max(lr * this.factor, this.minLrs[i] as number);
      return lr - lower > this.eps ? lower : lr;
    });
  }
}
