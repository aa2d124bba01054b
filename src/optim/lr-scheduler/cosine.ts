/** @file Schedules along a cosine. */
import { ValueError } from "../../core/errors.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { LRScheduler, type ScheduledOptimizer, type StateNames } from "./scheduler.ts";

/** Between a high and a low value: high at part 0, low at part 1 of half a wave. */
const halfWave = (high: number, low: number, part: number) => low + ((high - low) * (1 + Math.cos(Math.PI * part))) / 2;

interface CosineOptions {
  tMax: number;
  etaMin?: number;
  lastEpoch?: number;
}

/**
 * Falls along half a cosine wave to `etaMin` in `tMax` epochs, then rises again. PyTorch: `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * @param args - `tMax` (PyTorch's `T_max`), `etaMin` (0), `lastEpoch` (−1)
 * @see Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts"
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingLR(optimizer, { tMax: 2 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.5]
 */
export class CosineAnnealingLR extends LRScheduler {
  static readonly printedName: string = "CosineAnnealingLR";
  static override readonly stateNames: StateNames = { ...LRScheduler.stateNames, tMax: "T_max" };
  declare tMax: number;
  declare etaMin: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<[tMax: number, etaMin: number, lastEpoch: number], ["tMax", "etaMin", "lastEpoch"], CosineOptions>
  ) {
    const names = ["tMax", "etaMin", "lastEpoch"] as const;
    const { tMax, etaMin = 0, lastEpoch } = named<CosineOptions>("CosineAnnealingLR", names, 1, args);
    super(optimizer, lastEpoch, { tMax, etaMin });
  }

  override getLr(): number[] {
    const { lastEpoch: epoch, tMax, etaMin } = this;
    const { paramGroups } = this.optimizer;
    if (epoch === 0) return paramGroups.map(({ lr }) => lr);
    if (this.stepCount === 1 && epoch > 0) return this.closedFormLr();
    const wave = (t: number) => 1 + Math.cos((Math.PI * t) / tMax);
    // At the bottom the ratio of two epochs is 0 / 0.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0)
      return paramGroups.map(
        ({ lr }, i) => lr + (((this.baseLrs[i] as number) - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2,
      );
    return paramGroups.map(({ lr }) => (wave(epoch) / wave(epoch - 1)) * (lr - etaMin) + etaMin);
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((base) => halfWave(base, this.etaMin, this.lastEpoch / this.tMax));
  }
}

interface WarmRestartsOptions {
  t0: number;
  tMult?: number;
  etaMin?: number;
  lastEpoch?: number;
}

/**
 * Falls along half a cosine wave and begins anew, first after `t0` epochs, then after `tMult` times as many each time.
 * PyTorch: `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
 *
 * @param args - `t0` and `tMult` (PyTorch's `T_0` and `T_mult`; 1), `etaMin` (0), `lastEpoch` (−1)
 * @throws ValueError unless `t0` is a positive whole number and `tMult` one of at least 1
 * @see Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts"
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, { t0: 2 });
 * const rates = [];
 * for (const epoch of [0.5, 1, 2]) {
 *   scheduler.step(epoch);
 *   rates.push(Number(scheduler.getLastLr()[0]).toFixed(3));
 * }
 * rates // ["0.854", "0.500", "1.000"]
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  static readonly printedName: string = "CosineAnnealingWarmRestarts";
  static override readonly stateNames: StateNames = {
    ...LRScheduler.stateNames,
    ...{ t0: "T_0", tMult: "T_mult", tCur: "T_cur", tI: "T_i" },
  };
  declare t0: number;
  declare tMult: number;
  declare etaMin: number;
  /** Epochs since the last restart, and until the next from there. */
  declare tCur: number;
  declare tI: number;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<
      [t0: number, tMult: number, etaMin: number, lastEpoch: number],
      ["t0", "tMult", "etaMin", "lastEpoch"],
      WarmRestartsOptions
    >
  ) {
    const name = "CosineAnnealingWarmRestarts";
    const names = ["t0", "tMult", "etaMin", "lastEpoch"] as const;
    const { t0, tMult = 1, etaMin = 0, lastEpoch = -1 } = named<WarmRestartsOptions>(name, names, 1, args);
    checkInt(name, "t0", t0);
    checkInt(name, "tMult", tMult);
    if (t0 <= 0) throw new ValueError(`${name}: expected a positive number as t0, got ${t0}`);
    if (tMult < 1) throw new ValueError(`${name}: expected a number of at least 1 as tMult, got ${tMult}`);
    super(optimizer, lastEpoch, { t0, tI: t0, tMult, etaMin, tCur: lastEpoch });
  }

  override getLr(): number[] {
    return this.baseLrs.map((base) => halfWave(base, this.etaMin, this.tCur / this.tI));
  }

  /**
   * Goes to the next epoch, or to a given one, which may be a fraction: `epoch + batch / batches`.
   * @throws ValueError for an epoch below 0
   */
  override step(epoch: number | null = null): void {
    if (epoch === null && this.lastEpoch >= 0) {
      this.tCur++;
      if (this.tCur >= this.tI) {
        this.tCur %= this.tI;
        this.tI *= this.tMult;
      }
      this.lastEpoch++;
    } else {
      const to = epoch ?? 0;
      if (!(to >= 0)) throw new ValueError(`CosineAnnealingWarmRestarts: expected an epoch of at least 0, got ${to}`);
      this.restartBefore(to);
      this.lastEpoch = Math.floor(to);
    }
    this.set(this.getLr());
  }

  private restartBefore(epoch: number): void {
    const { t0, tMult } = this;
    this.tI = t0;
    this.tCur = epoch;
    if (epoch < t0) return;
    if (tMult === 1) {
      this.tCur = epoch % t0;
      return;
    }
    const restarts = Math.trunc(Math.log((epoch / t0) * (tMult - 1) + 1) / Math.log(tMult));
    this.tCur = epoch - (t0 * (tMult ** restarts - 1)) / (tMult - 1);
    this.tI = t0 * tMult ** restarts;
  }
}
