/** @file Events in the format that chrome://tracing and Perfetto read. */
import { shapeText } from "../core/shape.ts";
import type { Span } from "./recorder.ts";

const CATEGORIES = { op: "cpu_op", node: "cpu_op", range: "user_annotation" } as const;

/** One JSON text. Times are in microseconds since `origin`. */
export function chromeTrace(spans: readonly Span[], origin: number): string {
  const track = { pid: 0, tid: 0 };
  const events = spans.map(({ kind, name, start, end, inputShapes, memory }, id) => ({
    ph: "X",
    cat: CATEGORIES[kind],
    name,
    ...track,
    ts: start - origin,
    dur: end - start,
    args: {
      "External id": id,
      ...(inputShapes.length > 0 ? { "Input Dims": inputShapes.map(shapeText) } : {}),
      ...(memory === 0 ? {} : { Bytes: memory }),
    },
  }));
  const names = [
    { ph: "M", name: "process_name", ...track, args: { name: "typetorch" } },
    { ph: "M", name: "thread_name", ...track, args: { name: "JavaScript" } },
  ];
  return JSON.stringify({ schemaVersion: 1, displayTimeUnit: "ms", traceEvents: [...names, ...events] });
}
