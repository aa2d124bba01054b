/** @file One cycle of the learning rate: up, down, and far down. */
import { describe, ValueError } from "../../core/errors.ts";
import { camelCase } from "../../format/python-names.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import type { ParamGroup } from "../optimizer.ts";
import { beginMomentum, setMomentum } from "./momentum.ts";
import { LRScheduler, perGroup, type Scheduled, type ScheduledOptimizer, type StateNames } from "./scheduler.ts";

interface OneCycleOptions {
  maxLr: number | readonly number[];
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  pctStart?: number;
  annealStrategy?: "cos" | "linear";
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  divFactor?: number;
  finalDivFactor?: number;
  threePhase?: boolean;
  lastEpoch?: number;
}

const NAMES = [
  ...(["maxLr", "totalSteps", "epochs", "stepsPerEpoch", "pctStart", "annealStrategy", "cycleMomentum"] as const),
  ...(["baseMomentum", "maxMomentum", "divFactor", "finalDivFactor", "threePhase", "lastEpoch"] as const),
] as const;

type Names = [
  ...["maxLr", "totalSteps", "epochs", "stepsPerEpoch", "pctStart", "annealStrategy", "cycleMomentum"],
  ...["baseMomentum", "maxMomentum", "divFactor", "finalDivFactor", "threePhase", "lastEpoch"],
];

type Positional = [
  maxLr: number | readonly number[],
  totalSteps: number | null,
  epochs: number | null,
  stepsPerEpoch: number | null,
  pctStart: number,
  annealStrategy: "cos" | "linear",
  cycleMomentum: boolean,
  baseMomentum: number | readonly number[],
  maxMomentum: number | readonly number[],
  divFactor: number,
  finalDivFactor: number,
  threePhase: boolean,
  lastEpoch: number,
];

/** A phase ends at a step; the others say under which names the group has what it leads from and to. PyTorch's names, as in its state. */
interface Phase {
  end_step: number;
  start_lr: "initial_lr" | "max_lr";
  end_lr: "initial_lr" | "max_lr" | "min_lr";
  start_momentum: "base_momentum" | "max_momentum";
  end_momentum: "base_momentum" | "max_momentum";
}

function phasesOf(total: number, start: number, three: boolean): Phase[] {
  const momentum = (from: "base" | "max", to: "base" | "max") =>
    ({ start_momentum: `${from}_momentum`, end_momentum: `${to}_momentum` }) as const;
  const up: Phase = {
    end_step: start * total - 1,
    start_lr: "initial_lr",
    end_lr: "max_lr",
    ...momentum("max", "base"),
  };
  const last = total - 1;
  if (!three) return [up, { end_step: last, start_lr: "max_lr", end_lr: "min_lr", ...momentum("base", "max") }];
  return [
    up,
    { end_step: 2 * start * total - 2, start_lr: "max_lr", end_lr: "initial_lr", ...momentum("base", "max") },
    { end_step: last, start_lr: "initial_lr", end_lr: "min_lr", ...momentum("max", "max") },
  ];
}

const ANNEAL = {
  cos: (start: number, end: number, part: number) => end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1),
  linear: (start: number, end: number, part: number) => (end - start) * part + start,
};

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleOptions): number {
  const positive = (name: string, n: unknown): number => {
    checkInt("OneCycleLR", name, n);
    if (n <= 0) throw new ValueError(`OneCycleLR: expected a positive number as ${name}, got ${n}`);
    return n;
  };
  if (totalSteps != null) return positive("totalSteps", totalSteps);
  if (epochs == null || stepsPerEpoch == null)
    throw new ValueError("OneCycleLR: expected either totalSteps, or epochs and stepsPerEpoch");
  return positive("epochs", epochs) * positive("stepsPerEpoch", stepsPerEpoch);
}

/**
 * Goes up from `maxLr / divFactor` to `maxLr`, then down to `maxLr / divFactor / finalDivFactor`, and the momentum the other way; to be
 * stepped after each batch. PyTorch: `torch.optim.lr_scheduler.OneCycleLR`.
 *
 * @param args - `maxLr`, one for all groups or one each; `totalSteps`, or `epochs` and `stepsPerEpoch`; `pctStart` (0.3): the part of
 *   the steps that goes up; `annealStrategy` (`"cos"`, `"linear"`), `cycleMomentum` (true), `baseMomentum` (0.85), `maxMomentum` (0.95),
 *   `divFactor` (25), `finalDivFactor` (10,000), `threePhase` (false): down as far as it went up before it goes on down; `lastEpoch` (−1)
 * @throws ValueError if the number of steps is not given, or exceeded
 * @see Smith & Topin 2018, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates"
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1, momentum: 0.9 });
 * const scheduler = new torch.optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, divFactor: 4 });
 * const first = scheduler.getLastLr();
 * for (let step = 0; step < 2; step++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * [...first, ...scheduler.getLastLr()] // [0.25, 1]
 */
export class OneCycleLR extends LRScheduler {
  static readonly printedName: string = "OneCycleLR";
  static override readonly stateNames: StateNames = {
    ...LRScheduler.stateNames,
    ...{ phases: "_schedule_phases", annealStrategy: "_anneal_func_type" },
  };
  declare totalSteps: number;
  declare cycleMomentum: boolean;
  declare useBeta1: boolean;
  declare private phases: Phase[];
  declare private annealStrategy: keyof typeof ANNEAL;

  constructor(optimizer: ScheduledOptimizer, ...args: Named<Positional, Names, OneCycleOptions>) {
    const options = named<OneCycleOptions>("OneCycleLR", NAMES, 1, args);
    const { maxLr, pctStart = 0.3, annealStrategy = "cos", threePhase = false, lastEpoch = -1 } = options;
    const { divFactor = 25, finalDivFactor = 1e4 } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = options;
    const totalSteps = stepsOf(options);
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ValueError(`OneCycleLR: expected a number from 0 to 1 as pctStart, got ${describe(pctStart)}`);
    if (!Object.hasOwn(ANNEAL, annealStrategy))
      throw new ValueError(`OneCycleLR: expected "cos" or "linear" as annealStrategy, got ${describe(annealStrategy)}`);
    const maxLrs = perGroup("OneCycleLR", "maxLr", optimizer, maxLr);
    if (lastEpoch === -1)
      for (const [i, group] of optimizer.paramGroups.entries()) {
        group.initialLr = (maxLrs[i] as number) / divFactor;
        group.maxLr = maxLrs[i];
        group.minLr = group.initialLr / finalDivFactor;
      }
    const isFirst = lastEpoch === -1;
    const useBeta1 =
      cycleMomentum && beginMomentum("OneCycleLR", optimizer, baseMomentum, maxMomentum, isFirst).useBeta1;
    super(optimizer, lastEpoch, {
      ...{ totalSteps, phases: phasesOf(totalSteps, pctStart, threePhase), annealStrategy },
      ...{ cycleMomentum, ...(cycleMomentum ? { useBeta1 } : {}) },
    });
  }

  override getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps)
      throw new ValueError(
        `OneCycleLR: tried to step ${step} times; the specified number of total steps is ${this.totalSteps}`,
      );
    const found = this.phases.findIndex((phase) => step <= phase.end_step);
    const i = found < 0 ? this.phases.length - 1 : found;
    const phase = this.phases[i] as Phase;
    const begin = this.phases[i - 1]?.end_step ?? 0;
    const part = (step - begin) / (phase.end_step - begin);
    const between = (group: ParamGroup<Scheduled>, from: string, to: string) => {
      const value = (key: string) => Reflect.get(group, camelCase(key)) as number;
      return ANNEAL[this.annealStrategy](value(from), value(to), part);
    };
    return this.optimizer.paramGroups.map((group) => {
      if (this.cycleMomentum) setMomentum(group, between(group, phase.start_momentum, phase.end_momentum));
      return between(group, phase.start_lr, phase.end_lr);
    });
  }
}
