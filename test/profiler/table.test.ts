/** @file Tables of events with known times, against those of PyTorch (tables.py made them). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { camelCase } from "../../src/format/python-names.ts";
import { averagesOf, eventsOf, type TableOptions } from "../../src/profiler/events.ts";
import type { Span } from "../../src/profiler/recorder.ts";

type Event = [name: string, start: number, end: number, bytes: number, shapes: number[][]];
const golden = JSON.parse(readFileSync(new URL("./tables.json", import.meta.url), "utf8")) as {
  readonly events: readonly Event[];
  readonly options: readonly Record<string, unknown>[];
  readonly tables: readonly { withMemory: boolean; byShape: boolean; texts: readonly string[] }[];
};

function spans(): Span[] {
  const made: Span[] = [];
  for (const [name, start, end, memory, inputShapes] of golden.events) {
    const parent = made.findLast((span) => span.start <= start && end <= span.end) ?? null;
    made.push({ kind: "op", name, parent, inputShapes, start, end, memory });
  }
  return made;
}

describe.each(golden.tables)("memory: $withMemory, by shape: $byShape", ({ withMemory, byShape, texts }) => {
  const events = eventsOf(spans(), 0, withMemory);
  const averages = averagesOf(events, withMemory, { groupByInputShape: byShape });

  test.each(golden.options.map((options, i) => [JSON.stringify(options), options, texts[i]] as const))(
    "%s",
    (_, options, text) => {
      const named = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]));
      expect(averages.table(named as TableOptions)).toBe(text);
    },
  );

  test("events at the top", () => {
    expect(events.table({ topLevelEventsOnly: true })).toBe(texts.at(-1));
  });
});

test("refusals, and no rows", () => {
  const events = eventsOf(spans(), 0, false);
  expect(() => events.table({ sortBy: "cuda_time" as never })).toThrow(
    'table: expected one of cpu_time, cpu_time_total, self_cpu_time_total, cpu_memory_usage, self_cpu_memory_usage, count as sortBy, got "cuda_time"',
  );
  expect(eventsOf([], 0, false).table()).toBe("");
});
