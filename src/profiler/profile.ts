/** @file `torch.profiler.profile`. */
import { describe, TorchError, ValueError } from "../core/errors.ts";
import { setTracer, tracer } from "../core/trace.ts";
import { bind, type Call, isOptions } from "../ops/bind.ts";
import { writeAtomically } from "../serialize/atomic-file.ts";
import { chromeTrace } from "./chrome-trace.ts";
import { averagesOf, type EventList, eventsOf, type FunctionEventAvg, type KeyAveragesOptions } from "./events.ts";
import { runThen } from "./record-function.ts";
import { Recorder, type Span } from "./recorder.ts";
import { ProfilerAction, ProfilerActivity } from "./schedule.ts";

export interface ProfileOptions {
  /** What to record; there is but the processor. */
  readonly activities?: Iterable<ProfilerActivity>;
  /** What happens in each step, by its number (see `schedule`); everything is recorded if not given. */
  readonly schedule?: ((step: number) => ProfilerAction) | null;
  /** Called with the profile whenever a recording is complete. */
  readonly onTraceReady?: ((prof: Profile) => void) | null;
  /** Keep the shapes of inputs. */
  readonly recordShapes?: boolean;
  /** Count the memory that ops are given. */
  readonly profileMemory?: boolean;
  /** Not there: `node --cpu-prof` says where in the source the time goes. */
  readonly withStack?: false;
  /** Not there. */
  readonly withFlops?: false;
  /** Not there, as for most models of PyTorch. */
  readonly withModules?: false;
}

const OPTIONS = [
  "activities",
  "schedule",
  "onTraceReady",
  "recordShapes",
  "profileMemory",
  "withStack",
  "withFlops",
  "withModules",
] as const;

interface Recording {
  readonly recorder: Recorder;
  /** When it began, in microseconds of the process. */
  readonly origin: number;
}

/** A profile under way, then what it has recorded last. PyTorch: an object of the class `torch.profiler.profile`. */
export class Profile {
  /** How often `step` was called. */
  stepNum = 0;
  private readonly options: ProfileOptions;
  private action: ProfilerAction = ProfilerAction.NONE;
  private current: Recording | null = null;
  private last: Recording | null = null;
  private stepSpan: Span | null = null;
  private isStopped = false;
  private list: EventList | null = null;

  /** @internal */
  constructor(options: ProfileOptions) {
    this.options = options;
    this.become(this.actionOf(0));
  }

  /** Says that the next step begins. PyTorch: `profile.step`. */
  step(): void {
    if (this.isStopped) throw new ValueError("step: expected a profile that goes on, got one that was stopped");
    this.stepNum++;
    this.become(this.actionOf(this.stepNum));
  }

  /** Ends the profile; nothing happens if it has ended. PyTorch: `profile.stop`. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.become(null);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /**
   * What was recorded, in the order in which it began. PyTorch: `profile.events`.
   * @throws ValueError while it is being recorded, or if nothing was
   */
  events(): EventList {
    const { recorder, origin } = this.recorded("events");
    this.list ??= eventsOf(recorder.spans, origin, this.options.profileMemory === true);
    return this.list;
  }

  /** The same, summed up by name. PyTorch: `profile.key_averages`. */
  keyAverages(...args: Call<[groupByInputShape: boolean], KeyAveragesOptions>): EventList<FunctionEventAvg> {
    const options = bind<KeyAveragesOptions>("keyAverages", ["groupByInputShape"], args);
    return averagesOf(this.events(), this.options.profileMemory === true, options);
  }

  /** Writes a file for chrome://tracing and https://ui.perfetto.dev. PyTorch: `profile.export_chrome_trace`. */
  async exportChromeTrace(path: string): Promise<void> {
    if (typeof path !== "string")
      throw new ValueError(`exportChromeTrace: expected the path of a file, got ${describe(path)}`);
    const { recorder, origin } = this.recorded("exportChromeTrace");
    const bytes = new TextEncoder().encode(chromeTrace(recorder.spans, origin));
    await writeAtomically(path, async (sink) => void (await sink(bytes)));
  }

  private recorded(op: string): Recording {
    if (this.current !== null) throw new ValueError(`${op}: expected a recording that is complete; call stop() before`);
    if (this.last === null) throw new ValueError(`${op}: expected a profile that has recorded, got one that has not`);
    return this.last;
  }

  private actionOf(step: number): ProfilerAction {
    return this.options.schedule ? this.options.schedule(step) : ProfilerAction.RECORD;
  }

  /** Goes over to another action; `null`: ends. */
  private become(next: ProfilerAction | null): void {
    const before = this.action;
    if (this.stepSpan !== null) this.current?.recorder.leave(this.stepSpan);
    this.stepSpan = null;
    const goesOn = before === ProfilerAction.RECORD && next !== null && next >= ProfilerAction.RECORD;
    if (this.current !== null && !goesOn) {
      this.finish();
      const isReady = before === ProfilerAction.RECORD_AND_SAVE || (before === ProfilerAction.RECORD && next === null);
      if (isReady) this.options.onTraceReady?.(this);
    }
    this.action = next ?? ProfilerAction.NONE;
    if (this.current === null && this.action !== ProfilerAction.NONE) this.begin();
    if (this.options.schedule && this.current !== null)
      this.stepSpan = this.current.recorder.enter("range", `ProfilerStep#${this.stepNum}`, []);
  }

  private begin(): void {
    if (tracer !== null) throw new TorchError("profile: expected one profile at a time, got another that is recording");
    const { recordShapes = false, profileMemory = false } = this.options;
    const recorder = new Recorder({ recordShapes, profileMemory });
    this.current = { recorder, origin: performance.now() * 1000 };
    setTracer(recorder);
  }

  /** Ends the recording, and keeps it unless it was for warming up. */
  private finish(): void {
    const { current } = this;
    if (current === null) return;
    setTracer(null);
    current.recorder.finish();
    this.current = null;
    if (this.action === ProfilerAction.WARMUP) return;
    this.last = current;
    this.list = null;
  }
}

/**
 * Records which ops run, when, and for how long. PyTorch: `torch.profiler.profile`.
 *
 * Ops have PyTorch's names (`aten::addmm`), nodes of the graph theirs (`AddmmBackward0`, inside of
 * `autograd::engine::evaluate_function: AddmmBackward0`), steps of optimizers as well; `recordFunction` names stretches of your own. What
 * runs inside of something else is its child. Functions that are made of other ops (`linear`, `crossEntropy`) show as these, and a fused
 * computation is one event. `console.log(prof.keyAverages().table({ sortBy: "cpu_time_total" }))` prints PyTorch's table.
 *
 * Differs: recording begins with the call, and a callback gives the profile back. Memory that the garbage collector frees counts to no
 * op. What other threads do is not seen. `withStack`, `withFlops` and `withModules` are refused.
 *
 * @param args - options, then the code to record; a profile that goes on until `stop()`, or for `using`, without it
 * @returns the profile; a promise of it for an asynchronous callback
 * @throws ValueError for an unknown option, or one that is not there
 * @throws TorchError if a profile is being recorded already
 * @example
 * const model = new nn.Linear(3, 1);
 * const prof = torch.profiler.profile({ recordShapes: true }, () => model(torch.ones(2, 3)).sum().backward());
 * const addmm = prof.keyAverages({ groupByInputShape: true }).find(({ key }) => key === "aten::addmm");
 * addmm?.inputShapes // [[1], [2, 3], [3, 1]]
 * prof.events().some(({ name }) => name === "AddmmBackward0") // true
 */
export function profile(options?: ProfileOptions): Profile;
export function profile(body: (prof: Profile) => Promise<unknown>): Promise<Profile>;
export function profile(body: (prof: Profile) => unknown): Profile;
export function profile(options: ProfileOptions, body: (prof: Profile) => Promise<unknown>): Promise<Profile>;
export function profile(options: ProfileOptions, body: (prof: Profile) => unknown): Profile;
export function profile(...args: readonly unknown[]): Profile | Promise<Profile> {
  const options = isOptions(args[0]) ? checked(args[0]) : {};
  const body = isOptions(args[0]) ? args[1] : args[0];
  if (body === undefined) return new Profile(options);
  if (typeof body !== "function")
    throw new ValueError(`profile: expected options and a function, got ${describe(body)}`);
  const prof = new Profile(options);
  const result: unknown = runThen(
    () => body(prof) as unknown,
    () => prof.stop(),
  );
  return result instanceof Promise ? result.then(() => prof) : prof;
}

function checked(given: Record<string, unknown>): ProfileOptions {
  const options = bind<ProfileOptions>("profile", OPTIONS, [given]);
  for (const name of ["withStack", "withFlops", "withModules"] as const)
    if (options[name])
      throw new ValueError(
        `profile: expected no ${name}, which is not there (node --cpu-prof says where in the source the time goes), got true`,
      );
  for (const activity of options.activities ?? [])
    if (activity !== ProfilerActivity.CPU)
      throw new ValueError(`profile: expected ProfilerActivity.CPU as activities, got ${describe(activity)}`);
  return options;
}
