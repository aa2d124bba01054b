/** @file `torch.profiler`. */
export { EventList, type FunctionEvent, type FunctionEventAvg, type SortKey, type TableOptions } from "./events.ts";
export { type Profile, type ProfileOptions, profile } from "./profile.ts";
export { type RangeScope, recordFunction } from "./record-function.ts";
export { ProfilerAction, ProfilerActivity, type ScheduleOptions, schedule, supportedActivities } from "./schedule.ts";
