/** @file What a profiler records, and in which steps. */
import { describe, ValueError } from "../core/errors.ts";
import { bind, type Call } from "../ops/bind.ts";

/** What can be recorded. PyTorch: `torch.profiler.ProfilerActivity`. */
export const ProfilerActivity = { CPU: "CPU" } as const;
export type ProfilerActivity = (typeof ProfilerActivity)[keyof typeof ProfilerActivity];

/** All that can be recorded here. PyTorch: `torch.profiler.supported_activities`. */
export function supportedActivities(): Set<ProfilerActivity> {
  return new Set(Object.values(ProfilerActivity));
}

/** What happens in a step. PyTorch: `torch.profiler.ProfilerAction`. */
export const ProfilerAction = { NONE: 0, WARMUP: 1, RECORD: 2, RECORD_AND_SAVE: 3 } as const;
export type ProfilerAction = (typeof ProfilerAction)[keyof typeof ProfilerAction];

export interface ScheduleOptions {
  /** Steps without recording that begin each cycle. */
  readonly wait: number;
  /** Steps after them that run as recorded ones do, whose events are dropped. */
  readonly warmup: number;
  /** Steps after them that are recorded. */
  readonly active: number;
  /** Cycles; 0 for as long as it runs. */
  readonly repeat?: number;
  /** Steps before the first cycle. */
  readonly skipFirst?: number;
}

/**
 * Cycles of waiting, warming up and recording, as a function from the number of a step to what happens in it. PyTorch:
 * `torch.profiler.schedule`.
 * @throws ValueError for numbers that are no counts, or no step to record
 * @example
 * const plan = torch.profiler.schedule({ wait: 1, warmup: 1, active: 2, repeat: 1 });
 * [0, 1, 2, 3, 4].map(plan) // [0, 1, 2, 3, 0]
 */
export function schedule(
  ...args: Call<[wait: number, warmup: number, active: number, repeat: number, skipFirst: number], ScheduleOptions>
): (step: number) => ProfilerAction {
  const names = ["wait", "warmup", "active", "repeat", "skipFirst"] as const;
  const given = { repeat: 0, skipFirst: 0, ...bind<ScheduleOptions>("schedule", names, args) };
  for (const name of names) {
    const least = name === "active" ? 1 : 0;
    const value = given[name];
    if (!Number.isInteger(value) || (value as number) < least)
      throw new ValueError(`schedule: expected a whole number of at least ${least} as ${name}, got ${describe(value)}`);
  }
  const { wait, warmup, active, repeat, skipFirst } = given as Required<ScheduleOptions>;
  const cycle = wait + warmup + active;
  return (step) => {
    const done = step - skipFirst;
    if (done < 0 || (repeat > 0 && done >= repeat * cycle)) return ProfilerAction.NONE;
    const at = done % cycle;
    if (at < wait) return ProfilerAction.NONE;
    if (at < wait + warmup) return ProfilerAction.WARMUP;
    return at < cycle - 1 ? ProfilerAction.RECORD : ProfilerAction.RECORD_AND_SAVE;
  };
}
