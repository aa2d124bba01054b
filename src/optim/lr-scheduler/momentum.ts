/** @file Momentum that moves against the learning rate, in `CyclicLR` and `OneCycleLR`. */
import { ValueError } from "../../core/errors.ts";
import type { ParamGroup } from "../optimizer.ts";
import { tuple } from "../options.ts";
import { perGroup, type Scheduled, type ScheduledOptimizer } from "./scheduler.ts";

/** Sets the momentum of a group, which Adam and its like call beta1. */
export function setMomentum(group: ParamGroup<Scheduled>, momentum: number): void {
  if (group.betas !== undefined) group.betas = tuple(momentum, group.betas[1]);
  else group.momentum = momentum;
}

interface Momentums {
  readonly useBeta1: boolean;
  readonly baseMomentums: number[];
  readonly maxMomentums: number[];
}

/**
 * Begins with the highest momentum, and notes the bounds in the groups.
 * @throws ValueError if the optimizer has no momentum
 */
export function beginMomentum(
  name: string,
  optimizer: ScheduledOptimizer,
  base: number | readonly number[],
  max: number | readonly number[],
  isFirst: boolean,
): Momentums {
  const useBeta1 = "betas" in optimizer.defaults;
  if (!useBeta1 && !("momentum" in optimizer.defaults))
    throw new ValueError(`${name}: optimizer must support momentum or beta1 with cycleMomentum enabled`);
  const baseMomentums = perGroup(name, "baseMomentum", optimizer, base);
  const maxMomentums = perGroup(name, "maxMomentum", optimizer, max);
  if (isFirst)
    for (const [i, group] of optimizer.paramGroups.entries()) {
      setMomentum(group, maxMomentums[i] as number);
      group.maxMomentum = maxMomentums[i];
      group.baseMomentum = baseMomentums[i];
    }
  return { useBeta1, baseMomentums, maxMomentums };
}
