/** @file The base of all learning-rate schedulers. */
import { describe, ValueError } from "../../core/errors.ts";
import { camelCase, className, snakeCase } from "../../format/python-names.ts";
import { Optimizer } from "../optimizer.ts";

/** What a scheduler reads and writes of a group. */
export interface Scheduled {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** An optimizer whose learning rate can be scheduled. */
export type ScheduledOptimizer = Optimizer<{ lr: number }>;

/** The state of a scheduler, under Python's names. */
export type SchedulerStateDict = Record<string, unknown>;

/** Names of fields whose Python name is not theirs in snake_case. */
export type StateNames = Readonly<Record<string, string>>;

/** What all schedulers are: they know an optimizer, the epoch that its learning rates are of, and what they have set. */
export abstract class Schedule {
  static readonly stateNames: StateNames = { stepCount: "_step_count", lastRates: "_last_lr" };

  readonly optimizer: ScheduledOptimizer;
  /** The epoch that the groups' learning rates are of. */
  lastEpoch: number;
  protected lastRates: number[];

  /** @param fields - of the subclass */
  constructor(optimizer: ScheduledOptimizer, lastEpoch: number, fields: object) {
    this.optimizer = checkOptimizer(className(this), optimizer);
    if (!Number.isSafeInteger(lastEpoch))
      throw new ValueError(`${className(this)}: expected a whole number as lastEpoch, got ${describe(lastEpoch)}`);
    this.lastEpoch = lastEpoch;
    this.lastRates = [];
    Object.assign(this, fields);
  }

  /** The learning rates that were set last. PyTorch: `LRScheduler.get_last_lr`. */
  getLastLr(): number[] {
    return this.lastRates;
  }

  /** Writes learning rates into the groups; one that was added later keeps its own. */
  protected set(rates: readonly number[]): void {
    const { paramGroups } = this.optimizer;
    for (const [i, rate] of rates.entries()) {
      if (typeof rate !== "number" || Number.isNaN(rate))
        throw new ValueError(
          `${className(this)}: expected numbers from getLr, got ${describe(rate)}; fields that it needs are passed to super(optimizer, lastEpoch, fields)`,
        );
      const group = paramGroups[i];
      if (group !== undefined) group.lr = rate;
    }
    this.lastRates = paramGroups.map(({ lr }) => lr);
  }

  /** All fields but the optimizer and functions, under Python's names. PyTorch: `LRScheduler.state_dict`. */
  stateDict(): SchedulerStateDict {
    return stateOf(this);
  }

  /** Takes over a state. PyTorch: `LRScheduler.load_state_dict`. */
  loadStateDict(stateDict: SchedulerStateDict): void {
    loadState(this, stateDict);
  }
}

/**
 * Base of the schedulers. PyTorch: `torch.optim.lr_scheduler.LRScheduler`. A subclass gives the learning rates of an epoch in `getLr`,
 * from those of the epoch before, so that several schedulers on one optimizer compose.
 *
 * Differs: PyTorch warns where `step` is called before the optimizer's. The constructor takes the first step, when fields of the
 * subclass are not set yet: what `getLr` needs is handed to it as `fields`. `ReduceLROnPlateau` is none of these: it steps by a metric.
 *
 * @param optimizer - whose groups are scheduled
 * @param lastEpoch - the epoch to go on after; −1 to begin
 * @param fields - of the subclass, set before the first step
 * @throws ValueError if `lastEpoch` is given and a group has no `initialLr`
 * @example
 * class Halving extends torch.optim.lrScheduler.LRScheduler {
 *   getLr() {
 *     return this.optimizer.paramGroups.map(({ lr }) => (this.lastEpoch === 0 ? lr : lr / 2));
 *   }
 * }
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new Halving(optimizer);
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr() // [0.125]
 */
export abstract class LRScheduler extends Schedule {
  /** What the groups' learning rates began with. */
  declare baseLrs: number[];
  declare protected stepCount: number;

  constructor(optimizer: ScheduledOptimizer, lastEpoch = -1, fields: object = {}) {
    super(optimizer, lastEpoch, fields);
    this.begin();
  }

  /** Notes what the learning rates began with, and takes the first step. */
  protected begin(): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      if (this.lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined)
        throw new ValueError(
          `${className(this)}: param 'initialLr' is not specified in paramGroups[${i}] when resuming an optimizer`,
        );
    }
    this.baseLrs = this.optimizer.paramGroups.map((group) => group.initialLr as number);
    this.initialStep();
  }

  /** Takes the first step. */
  initialStep(): void {
    this.stepCount = 0;
    this.step();
  }

  /** The learning rates of `lastEpoch`, one for each group; for subclasses. PyTorch: `LRScheduler.get_lr`. */
  abstract getLr(): number[];

  /** The same from `baseLrs` alone, where there is a formula; for subclasses. */
  protected closedFormLr?(): number[];

  /**
   * Goes to the next epoch, or to a given one. PyTorch: `LRScheduler.step`.
   * @throws ValueError if `getLr` gives something else than numbers
   */
  step(epoch: number | null = null): void {
    this.stepCount++;
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.set(epoch === null || this.closedFormLr === undefined ? this.getLr() : this.closedFormLr());
  }
}

/** @throws ValueError for what is no optimizer with learning rates */
export function checkOptimizer(name: string, optimizer: unknown): ScheduledOptimizer {
  if (!(optimizer instanceof Optimizer))
    throw new ValueError(`${name}: expected an Optimizer as optimizer, got ${describe(optimizer)}`);
  return optimizer as ScheduledOptimizer;
}

const namesOf = (scheduler: object): StateNames => (scheduler.constructor as typeof Schedule).stateNames;

/** The fields of a scheduler that are its state. */
export function stateOf(scheduler: object): SchedulerStateDict {
  const names = namesOf(scheduler);
  return Object.fromEntries(
    Object.entries(scheduler)
      .filter(([key, value]) => key !== "optimizer" && typeof value !== "function")
      .map(([key, value]) => [names[key] ?? snakeCase(key), Array.isArray(value) ? [...value] : value]),
  );
}

/** Sets the fields that are in a state; what PyTorch keeps besides is left out. */
export function loadState(scheduler: object, stateDict: unknown): void {
  const entries =
    stateDict instanceof Map
      ? [...stateDict]
      : typeof stateDict === "object" && stateDict !== null
        ? Object.entries(stateDict)
        : null;
  if (entries === null)
    throw new ValueError(`loadStateDict: expected a state_dict of ${className(scheduler)}, got ${describe(stateDict)}`);
  const fields = new Map(Object.entries(namesOf(scheduler)).map(([field, key]) => [key, field]));
  for (const [key, value] of entries as [string, unknown][]) {
    const field = fields.get(key) ?? camelCase(key);
    if (field === "optimizer" || typeof Reflect.get(scheduler, field) === "function" || !(field in scheduler)) continue;
    Reflect.set(scheduler, field, Array.isArray(value) ? [...value] : value);
  }
}

/** One value for each group, from one for all or a list. */
export function perGroup<T>(name: string, option: string, optimizer: ScheduledOptimizer, value: T | readonly T[]): T[] {
  const { length } = checkOptimizer(name, optimizer).paramGroups;
  if (!Array.isArray(value)) return Array.from({ length }, () => value as T);
  if (value.length !== length)
    throw new ValueError(
      `${name}: expected ${length} values for ${option}, one a parameter group, got ${value.length}`,
    );
  return [...(value as readonly T[])];
}

/** How many of the sorted numbers are at most `x`. */
export const bisectRight = (sorted: readonly number[], x: number): number => sorted.filter((y) => y <= x).length;
