/** @file Writes down what ops report. */
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { SpanKind, Tracer } from "../core/trace.ts";
import { snakeCase } from "../format/python-names.ts";

export interface Span {
  readonly kind: SpanKind;
  readonly name: string;
  readonly parent: Span | null;
  readonly inputShapes: readonly Shape[];
  /** In microseconds of the process. */
  readonly start: number;
  end: number;
  /** Bytes, children included: first what was counted before, then what was handed out meanwhile. */
  memory: number;
}

export interface RecorderOptions {
  readonly recordShapes: boolean;
  readonly profileMemory: boolean;
}

const now = (): number => performance.now() * 1000;

const NO_SHAPES: readonly never[] = [];

export class Recorder implements Tracer {
  /** In the order in which they began. */
  readonly spans: Span[] = [];
  /** Those under way, the innermost last. */
  private readonly open: Span[] = [];
  private readonly options: RecorderOptions;
  private memory = 0;
  /** Names of ops as PyTorch has them. */
  private readonly names = new Map<string, string>();

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  enter(kind: SpanKind, name: string, inputs: readonly (Tensor | null)[]): Span {
    const span: Span = {
      kind,
      name: kind === "op" ? this.opName(name) : name,
      parent: this.open.at(-1) ?? null,
      inputShapes: this.options.recordShapes ? inputs.map((t) => t?.shape ?? NO_SHAPES) : NO_SHAPES,
      start: now(),
      end: Number.NaN,
      memory: this.memory,
    };
    this.spans.push(span);
    this.open.push(span);
    return span;
  }

  leave(span: Span): void {
    // Mostly the last; ranges of asynchronous functions may end in any order.
    const at = this.open.lastIndexOf(span);
    if (at < 0) return; // the recording has ended before
    this.open.splice(at, 1);
    this.close(span);
  }

  allocated(nbytes: number): void {
    if (this.options.profileMemory) this.memory += nbytes;
  }

  /** Ends what is still under way. */
  finish(): void {
    for (const span of this.open.splice(0).reverse()) this.close(span);
  }

  private close(span: Span): void {
    span.end = now();
    span.memory = this.memory - span.memory;
  }

  private opName(name: string): string {
    let found = this.names.get(name);
    if (found === undefined) {
      found = `aten::${snakeCase(name)}`;
      this.names.set(name, found);
    }
    return found;
  }
}
