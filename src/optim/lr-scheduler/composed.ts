/** @file Schedules made of others. */
import { describe, ValueError } from "../../core/errors.ts";
import { className } from "../../format/python-names.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { ReduceLROnPlateau } from "./plateau.ts";
import {
  bisectRight,
  checkOptimizer,
  LRScheduler,
  loadState,
  type Schedule,
  type ScheduledOptimizer,
  type SchedulerStateDict,
  type StateNames,
  stateOf,
} from "./scheduler.ts";

function checkSchedulers(
  name: string,
  optimizer: ScheduledOptimizer | null | undefined,
  schedulers: readonly LRScheduler[],
): ScheduledOptimizer {
  if (!Array.isArray(schedulers) || schedulers.length === 0)
    throw new ValueError(`${name}: expected at least one scheduler, got ${describe(schedulers)}`);
  const own = checkOptimizer(name, optimizer ?? (schedulers[0] as LRScheduler).optimizer);
  for (const [i, scheduler] of (schedulers as readonly LRScheduler[]).entries()) {
    if ((scheduler as Schedule) instanceof ReduceLROnPlateau)
      throw new ValueError(`${name}: does not support ReduceLROnPlateau, as it needs a metric (index ${i})`);
    if (!(scheduler instanceof LRScheduler))
      throw new ValueError(`${name}: expected schedulers, got ${describe(scheduler)} at index ${i}`);
    if (scheduler.optimizer !== own)
      throw new ValueError(`${name}: expected all schedulers to have the same optimizer, got another at index ${i}`);
  }
  return own;
}

/** A scheduler of others: what it is a composition of takes the steps. */
abstract class Composed extends LRScheduler {
  static override readonly stateNames: StateNames = { ...LRScheduler.stateNames, schedulers: "_schedulers" };
  declare readonly schedulers: readonly LRScheduler[];

  override getLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  override stateDict(): SchedulerStateDict {
    return { ...stateOf(this), _schedulers: this.schedulers.map((s) => s.stateDict()) };
  }

  override loadStateDict(stateDict: SchedulerStateDict): void {
    const { _schedulers: states, ...own } = stateDict;
    if (!Array.isArray(states) || states.length !== this.schedulers.length)
      throw new ValueError(
        `loadStateDict: expected a state_dict of ${className(this)} with ${this.schedulers.length} schedulers, got ${describe(states)}`,
      );
    loadState(this, own);
    for (const [i, s] of this.schedulers.entries()) s.loadStateDict(states[i] as SchedulerStateDict);
  }
}

interface SequentialOptions {
  schedulers: readonly LRScheduler[];
  milestones: readonly number[];
  lastEpoch?: number;
}

/**
 * One scheduler after another: the next begins at each milestone. PyTorch: `torch.optim.lr_scheduler.SequentialLR`.
 *
 * @param args - `schedulers`, all of this optimizer; `milestones`: epochs, one less than schedulers; `lastEpoch` (−1)
 * @throws ValueError if a scheduler is of another optimizer, or the numbers do not match
 * @example
 * const { LinearLR, ExponentialLR } = torch.optim.lrScheduler;
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const warmup = new LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const scheduler = new torch.optim.lrScheduler.SequentialLR(optimizer, [warmup, new ExponentialLR(optimizer, 0.5)], [2]);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [0.5, 0.75, 1, 0.5]
 */
export class SequentialLR extends Composed {
  static readonly printedName: string = "SequentialLR";
  static override readonly stateNames: StateNames = { ...Composed.stateNames, milestones: "_milestones" };
  declare milestones: number[];

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<
      [schedulers: readonly LRScheduler[], milestones: readonly number[], lastEpoch: number],
      ["schedulers", "milestones", "lastEpoch"],
      SequentialOptions
    >
  ) {
    const names = ["schedulers", "milestones", "lastEpoch"] as const;
    const { schedulers, milestones, lastEpoch = -1 } = named<SequentialOptions>("SequentialLR", names, 2, args);
    checkSchedulers("SequentialLR", checkOptimizer("SequentialLR", optimizer), schedulers);
    if (milestones.length !== schedulers.length - 1)
      throw new ValueError(
        `SequentialLR: expected one milestone less than schedulers, got ${schedulers.length} schedulers and ${milestones.length} milestones`,
      );
    for (const epoch of milestones) checkInt("SequentialLR", "milestones", epoch);
    super(optimizer, lastEpoch, { schedulers: [...schedulers], milestones: [...milestones] });
  }

  /** Begins anew with the first scheduler: the others have taken a first step when they were made, which is undone. */
  protected override begin(): void {
    this.lastEpoch++;
    for (const group of this.optimizer.paramGroups) group.lr = group.initialLr as number;
    const undo = (scheduler: LRScheduler): void => {
      if (scheduler instanceof Composed) scheduler.schedulers.forEach(undo);
      else scheduler.lastEpoch--;
    };
    this.schedulers.forEach(undo);
    const first = this.schedulers[0] as LRScheduler;
    first.initialStep();
    this.lastRates = first.getLastLr();
  }

  override step(): void {
    this.lastEpoch++;
    const i = bisectRight(this.milestones, this.lastEpoch);
    const scheduler = this.schedulers[i] as LRScheduler;
    if (i > 0 && this.milestones[i - 1] === this.lastEpoch) scheduler.step(0);
    else scheduler.step();
    this.lastRates = scheduler.getLastLr();
  }
}

/**
 * Several schedulers at once, each on what the one before has set. PyTorch: `torch.optim.lr_scheduler.ChainedScheduler`.
 *
 * @param schedulers - all of one optimizer
 * @param optimizer - that of the schedulers if not given
 * @throws ValueError if a scheduler is of another optimizer
 * @example
 * const { ConstantLR, ExponentialLR } = torch.optim.lrScheduler;
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const constant = new ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const scheduler = new torch.optim.lrScheduler.ChainedScheduler([constant, new ExponentialLR(optimizer, 0.5)]);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * rates // [0.5, 0.25, 0.25, 0.125]
 */
export class ChainedScheduler extends Composed {
  static readonly printedName: string = "ChainedScheduler";

  constructor(schedulers: readonly LRScheduler[], optimizer: ScheduledOptimizer | null = null) {
    super(checkSchedulers("ChainedScheduler", optimizer, schedulers), -1, { schedulers: [...schedulers] });
  }

  /** The schedulers have taken theirs. */
  protected override begin(): void {
    this.lastRates = this.getLr();
  }

  override step(): void {
    for (const scheduler of this.schedulers) scheduler.step();
    this.lastRates = this.getLr();
  }
}
