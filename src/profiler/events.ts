/** @file What was recorded, as PyTorch's profiler presents it. */
import { describe, ValueError } from "../core/errors.ts";
import { type Shape, shapeText } from "../core/shape.ts";
import { bind, type Call } from "../ops/bind.ts";
import type { Span } from "./recorder.ts";
import { buildTable } from "./table.ts";

/** One run of an op, a node, or a named stretch. Times are in microseconds. PyTorch: `FunctionEvent`. */
export interface FunctionEvent {
  readonly id: number;
  readonly name: string;
  readonly key: string;
  readonly count: 1;
  /** Counted from the beginning of the recording. */
  readonly timeRange: { readonly start: number; readonly end: number };
  /** What ran inside counts too. */
  readonly cpuTimeTotal: number;
  /** Without what ran inside. */
  readonly selfCpuTimeTotal: number;
  readonly cpuTime: number;
  readonly cpuParent: FunctionEvent | null;
  readonly cpuChildren: readonly FunctionEvent[];
  /** Shapes of the tensors that it got, where `recordShapes` was on. */
  readonly inputShapes: readonly Shape[];
  /** Bytes handed out less those given back, where `profileMemory` was on. */
  readonly cpuMemoryUsage: number;
  readonly selfCpuMemoryUsage: number;
}

/** All runs of one name. PyTorch: `FunctionEventAvg`. */
export interface FunctionEventAvg {
  readonly key: string;
  readonly count: number;
  readonly cpuTimeTotal: number;
  readonly selfCpuTimeTotal: number;
  /** The average of one run. */
  readonly cpuTime: number;
  readonly cpuParent: null;
  /** Where they were told apart by it. */
  readonly inputShapes: readonly Shape[];
  readonly cpuMemoryUsage: number;
  readonly selfCpuMemoryUsage: number;
}

/** What tables can be sorted by, under PyTorch's names. */
const SORT_KEYS = {
  cpu_time: "cpuTime",
  cpu_time_total: "cpuTimeTotal",
  self_cpu_time_total: "selfCpuTimeTotal",
  cpu_memory_usage: "cpuMemoryUsage",
  self_cpu_memory_usage: "selfCpuMemoryUsage",
  count: "count",
} as const satisfies Record<string, keyof FunctionEventAvg>;
export type SortKey = keyof typeof SORT_KEYS;

export interface TableOptions {
  /** The largest first; in the order of their first run if not given. */
  readonly sortBy?: SortKey | null;
  /** Rows at most; −1 for all. */
  readonly rowLimit?: number;
  readonly maxNameColumnWidth?: number | null;
  readonly maxShapesColumnWidth?: number | null;
  /** A line above the table. */
  readonly header?: string | null;
  /** Leave out what ran inside of something else. */
  readonly topLevelEventsOnly?: boolean;
}
type TableArgs = Call<[sortBy: SortKey | null, rowLimit: number], TableOptions>;

export interface KeyAveragesOptions {
  /** Tell runs apart by the shapes of their inputs, too. */
  readonly groupByInputShape?: boolean;
}

/** Events, or averages of them. PyTorch: `EventList`. */
export class EventList<E extends FunctionEvent | FunctionEventAvg = FunctionEvent> extends Array<E> {
  /** Whether memory was recorded, and has columns. */
  private readonly withMemory: boolean;

  /** @internal */
  constructor(events: readonly E[], withMemory: boolean) {
    super();
    for (const event of events) this.push(event);
    this.withMemory = withMemory;
    Object.defineProperty(this, "withMemory", { enumerable: false });
  }

  /** `map`, `filter` and their like give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  get selfCpuTimeTotal(): number {
    return this.reduce((sum, event) => sum + event.selfCpuTimeTotal, 0);
  }

  /**
   * A table as PyTorch prints it. PyTorch: `EventList.table`.
   * @throws ValueError if it cannot be sorted by `sortBy`
   */
  table(...args: TableArgs): string {
    const options = bind<TableOptions>(
      "table",
      ["sortBy", "rowLimit", "maxNameColumnWidth", "maxShapesColumnWidth", "header", "topLevelEventsOnly"],
      args,
    );
    const { sortBy = null } = options;
    if (sortBy !== null && !Object.hasOwn(SORT_KEYS, sortBy))
      throw new ValueError(
        `table: expected one of ${Object.keys(SORT_KEYS).join(", ")} as sortBy, got ${describe(sortBy)}`,
      );
    const rows: readonly E[] =
      sortBy === null ? this : this.filter(() => true).sort((a, b) => b[SORT_KEYS[sortBy]] - a[SORT_KEYS[sortBy]]);
    return buildTable(rows, this.withMemory, options);
  }

  override toString(): string {
    return this.table();
  }
}

/** The events of a recording, with the time and memory that each has for itself. */
export function eventsOf(spans: readonly Span[], origin: number, withMemory: boolean): EventList {
  type Building = { -readonly [K in keyof FunctionEvent]: FunctionEvent[K] } & { cpuChildren: FunctionEvent[] };
  const events = new Map<Span, Building>();
  for (const [id, span] of spans.entries()) {
    const parent = span.parent === null ? null : (events.get(span.parent) as Building);
    const time = span.end - span.start;
    const event: Building = {
      id,
      name: span.name,
      key: span.name,
      count: 1,
      timeRange: { start: span.start - origin, end: span.end - origin },
      cpuTimeTotal: time,
      selfCpuTimeTotal: time,
      cpuTime: time,
      cpuParent: parent,
      cpuChildren: [],
      inputShapes: span.inputShapes,
      cpuMemoryUsage: span.memory,
      selfCpuMemoryUsage: span.memory,
    };
    events.set(span, event);
    if (parent === null) continue;
    parent.cpuChildren.push(event);
    // What goes on when an asynchronous parent has ended is not its own.
    parent.selfCpuTimeTotal = Math.max(0, parent.selfCpuTimeTotal - time);
    parent.selfCpuMemoryUsage -= span.memory;
  }
  return new EventList([...events.values()], withMemory);
}

/** Sums over all runs of a name. */
export function averagesOf(
  events: EventList,
  withMemory: boolean,
  { groupByInputShape = false }: KeyAveragesOptions,
): EventList<FunctionEventAvg> {
  const groups = new Map<string, FunctionEvent[]>();
  for (const event of events) {
    const key = groupByInputShape ? `${event.key} ${event.inputShapes.map(shapeText).join()}` : event.key;
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  const averages = [...groups.values()].map((group): FunctionEventAvg => {
    const sum = (of: (event: FunctionEvent) => number) => group.reduce((total, event) => total + of(event), 0);
    const { key, inputShapes } = group[0] as FunctionEvent;
    const cpuTimeTotal = sum((event) => event.cpuTimeTotal);
    return {
      key,
      count: group.length,
      cpuTimeTotal,
      selfCpuTimeTotal: sum((event) => event.selfCpuTimeTotal),
      cpuTime: cpuTimeTotal / group.length,
      cpuParent: null,
      inputShapes: groupByInputShape ? inputShapes : [],
      cpuMemoryUsage: sum((event) => event.cpuMemoryUsage),
      selfCpuMemoryUsage: sum((event) => event.selfCpuMemoryUsage),
    };
  });
  return new EventList<FunctionEventAvg>(averages, withMemory);
}
