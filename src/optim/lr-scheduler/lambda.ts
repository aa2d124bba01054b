/** @file Schedules by functions of the epoch. */
import { describe, ValueError } from "../../core/errors.ts";
import { type Named, named } from "../../ops/params.ts";
import { LRScheduler, loadState, perGroup, type ScheduledOptimizer, type SchedulerStateDict } from "./scheduler.ts";

/** A factor for each epoch. */
export type LrLambda = (epoch: number) => number;

interface LambdaOptions {
  lrLambda: LrLambda | readonly LrLambda[];
  lastEpoch?: number;
}

type LambdaArgs = Named<
  [lrLambda: LrLambda | readonly LrLambda[], lastEpoch: number],
  ["lrLambda", "lastEpoch"],
  LambdaOptions
>;

const NAMES = ["lrLambda", "lastEpoch"] as const;

function lambdasOf(name: string, optimizer: ScheduledOptimizer, lrLambda: LambdaOptions["lrLambda"]): LrLambda[] {
  const lambdas = perGroup(name, "lrLambda", optimizer, lrLambda);
  for (const f of lambdas)
    if (typeof f !== "function") throw new ValueError(`${name}: expected a function as lrLambda, got ${describe(f)}`);
  return lambdas;
}

abstract class ByFunction extends LRScheduler {
  declare readonly lrLambdas: LrLambda[];

  /** As PyTorch's: functions are not part of it. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }

  override loadStateDict(stateDict: SchedulerStateDict): void {
    const { lr_lambdas: _, ...rest } = stateDict;
    loadState(this, rest);
  }
}

/**
 * The first learning rate times a function of the epoch. PyTorch: `torch.optim.lr_scheduler.LambdaLR`.
 *
 * @param args - `lrLambda`: a function, or one for each group; `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.5]
 */
export class LambdaLR extends ByFunction {
  static readonly printedName: string = "LambdaLR";

  constructor(optimizer: ScheduledOptimizer, ...args: LambdaArgs) {
    const { lrLambda, lastEpoch } = named<LambdaOptions>("LambdaLR", NAMES, 1, args);
    super(optimizer, lastEpoch, { lrLambdas: lambdasOf("LambdaLR", optimizer, lrLambda) });
  }

  override getLr(): number[] {
    return this.baseLrs.map((base, i) => base * (this.lrLambdas[i] as LrLambda)(this.lastEpoch));
  }
}

/**
 * The learning rate times a function of the epoch, at each epoch. PyTorch: `torch.optim.lr_scheduler.MultiplicativeLR`.
 *
 * @param args - `lrLambda`: a function, or one for each group; `lastEpoch` (−1)
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.5]
 */
export class MultiplicativeLR extends ByFunction {
  static readonly printedName: string = "MultiplicativeLR";

  constructor(optimizer: ScheduledOptimizer, ...args: LambdaArgs) {
    const { lrLambda, lastEpoch } = named<LambdaOptions>("MultiplicativeLR", NAMES, 1, args);
    super(optimizer, lastEpoch, { lrLambdas: lambdasOf("MultiplicativeLR", optimizer, lrLambda) });
  }

  override getLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }, i) =>
      this.lastEpoch > 0 ? lr * (this.lrLambdas[i] as LrLambda)(this.lastEpoch) : lr,
    );
  }
}
