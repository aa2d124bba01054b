/**
 * @file Where ops report that they run. Nobody listens but while a profiler records: otherwise an op pays one comparison,
 * `tracer === null`, which stands where all ops of a form pass.
 */
import type { Tensor } from "./tensor.ts";

/** What kind of thing has a span: an op (by its name here), a node of the graph, or a stretch of code that has a name of its own. */
export type SpanKind = "op" | "node" | "range";

/** A listener. */
export interface Tracer {
  /** Something begins; what is given back says so when it ends. */
  enter(kind: SpanKind, name: string, inputs: readonly (Tensor | null)[]): object;
  leave(span: object): void;
  /** Memory was handed out, or (negative) has come back. */
  allocated(nbytes: number): void;
}

/** Who listens; `null` for nobody. */
export let tracer: Tracer | null = null;

export function setTracer(next: Tracer | null): void {
  tracer = next;
}

const NONE: readonly never[] = [];

/** Runs `body` as a span of the listener. */
export function traced<R>(kind: SpanKind, name: string, inputs: readonly (Tensor | null)[] | null, body: () => R): R {
  const to = tracer;
  if (to === null) return body();
  const span = to.enter(kind, name, inputs ?? NONE);
  try {
    return body();
  } finally {
    to.leave(span);
  }
}
