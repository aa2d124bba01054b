/** @file Schedules that go up and down between two bounds. */
import { describe, ValueError } from "../../core/errors.ts";
import { type Named, named } from "../../ops/params.ts";
import { beginMomentum, setMomentum } from "./momentum.ts";
import { LRScheduler, perGroup, type ScheduledOptimizer, type SchedulerStateDict } from "./scheduler.ts";

/** How the height changes from cycle to cycle. */
export type CyclicMode = "triangular" | "triangular2" | "exp_range";

interface CyclicOptions {
  baseLr: number | readonly number[];
  maxLr: number | readonly number[];
  stepSizeUp?: number;
  stepSizeDown?: number | null;
  mode?: CyclicMode;
  gamma?: number;
  scaleFn?: ((x: number) => number) | null;
  scaleMode?: "cycle" | "iterations";
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  lastEpoch?: number;
}

const NAMES = [
  ...(["baseLr", "maxLr", "stepSizeUp", "stepSizeDown", "mode", "gamma", "scaleFn", "scaleMode"] as const),
  ...(["cycleMomentum", "baseMomentum", "maxMomentum", "lastEpoch"] as const),
] as const;

type Names = [
  ...["baseLr", "maxLr", "stepSizeUp", "stepSizeDown", "mode", "gamma", "scaleFn", "scaleMode"],
  ...["cycleMomentum", "baseMomentum", "maxMomentum", "lastEpoch"],
];

type Positional = [
  baseLr: number | readonly number[],
  maxLr: number | readonly number[],
  stepSizeUp: number,
  stepSizeDown: number | null,
  mode: CyclicMode,
  gamma: number,
  scaleFn: ((x: number) => number) | null,
  scaleMode: "cycle" | "iterations",
  cycleMomentum: boolean,
  baseMomentum: number | readonly number[],
  maxMomentum: number | readonly number[],
  lastEpoch: number,
];

/** What a cycle's height is multiplied by: in the number of the cycle (from 1), or of the step. */
const MODES: Readonly<
  Record<CyclicMode, { per: "cycle" | "iterations"; scale: (x: number, gamma: number) => number }>
> = {
  triangular: { per: "cycle", scale: () => 1 },
  triangular2: { per: "cycle", scale: (x) => 1 / 2 ** (x - 1) },
  exp_range: { per: "iterations", scale: (x, gamma) => gamma ** x },
};

/**
 * Goes up from `baseLr` to `maxLr` and down again, and the momentum the other way; to be stepped after each batch.
 * PyTorch: `torch.optim.lr_scheduler.CyclicLR`.
 *
 * @param args - `baseLr` and `maxLr`, one for all groups or one each; `stepSizeUp` (2000) and `stepSizeDown` (the same) in steps; `mode`
 *   (`"triangular"`, `"triangular2"`: half as high each time, `"exp_range"`: `gamma ^ step`), `gamma` (1), or `scaleFn` of what
 *   `scaleMode` (`"cycle"`, `"iterations"`) counts; `cycleMomentum` (true), `baseMomentum` (0.8), `maxMomentum` (0.9), `lastEpoch` (−1)
 * @throws ValueError for an unknown mode, or an optimizer without momentum where it is to be cycled
 * @see Smith 2017, "Cyclical Learning Rates for Training Neural Networks"
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1, momentum: 0.9 });
 * const scheduler = new torch.optim.lrScheduler.CyclicLR(optimizer, 0.25, 0.75, { stepSizeUp: 2 });
 * const rates = [];
 * for (let step = 0; step < 5; step++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [0.25, 0.5, 0.75, 0.5, 0.25]
 */
export class CyclicLR extends LRScheduler {
  static readonly printedName: string = "CyclicLR";
  declare maxLrs: number[];
  declare totalSize: number;
  declare stepRatio: number;
  declare mode: CyclicMode;
  declare gamma: number;
  declare scaleMode: "cycle" | "iterations";
  declare cycleMomentum: boolean;
  declare useBeta1: boolean;
  declare baseMomentums: number[];
  declare maxMomentums: number[];
  declare private scaleFn: ((x: number) => number) | null;

  constructor(optimizer: ScheduledOptimizer, ...args: Named<Positional, Names, CyclicOptions>) {
    const options = named<CyclicOptions>("CyclicLR", NAMES, 2, args);
    const { baseLr, maxLr, stepSizeUp = 2000, mode = "triangular", gamma = 1, scaleFn = null } = options;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9, lastEpoch = -1 } = options;
    const stepSizeDown = options.stepSizeDown ?? stepSizeUp;
    if (scaleFn === null && !Object.hasOwn(MODES, mode))
      throw new ValueError(
        `CyclicLR: expected "triangular", "triangular2" or "exp_range" as mode, or a scaleFn, got ${describe(mode)}`,
      );
    const baseLrs = perGroup("CyclicLR", "baseLr", optimizer, baseLr);
    const maxLrs = perGroup("CyclicLR", "maxLr", optimizer, maxLr);
    if (lastEpoch === -1) for (const [i, group] of optimizer.paramGroups.entries()) group.lr = baseLrs[i] as number;
    const momentums = cycleMomentum
      ? beginMomentum("CyclicLR", optimizer, baseMomentum, maxMomentum, lastEpoch === -1)
      : {};
    const totalSize = stepSizeUp + stepSizeDown;
    super(optimizer, lastEpoch, {
      ...{ maxLrs, totalSize, stepRatio: stepSizeUp / totalSize, mode, gamma, scaleFn },
      scaleMode: scaleFn === null ? MODES[mode].per : (options.scaleMode ?? "cycle"),
      ...{ cycleMomentum, ...momentums },
    });
    this.baseLrs = baseLrs;
  }

  override getLr(): number[] {
    const cycle = Math.floor(1 + this.lastEpoch / this.totalSize);
    const x = 1 + this.lastEpoch / this.totalSize - cycle;
    const height = x <= this.stepRatio ? x / this.stepRatio : (x - 1) / (this.stepRatio - 1);
    const count = this.scaleMode === "cycle" ? cycle : this.lastEpoch;
    const scale = this.scaleFn === null ? MODES[this.mode].scale(count, this.gamma) : this.scaleFn(count);
    if (this.cycleMomentum)
      for (const [i, group] of this.optimizer.paramGroups.entries()) {
        const most = this.maxMomentums[i] as number;
        setMomentum(group, most - (most - (this.baseMomentums[i] as number)) * height * scale);
      }
    return this.baseLrs.map((base, i) => base + ((this.maxLrs[i] as number) - base) * height * scale);
  }

  /** As PyTorch's: a function is not part of it. */
  override stateDict(): SchedulerStateDict {
    const { scale_fn: _, ...state } = super.stateDict();
    return { ...state, _scale_fn_custom: null };
  }
}
