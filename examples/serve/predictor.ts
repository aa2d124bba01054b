/**
 * @file Predictions by a pool of workers. Requests that arrive within a few milliseconds travel as one batch: a matrix product of 32 rows
 * takes little longer than one of a single row, and the event loop has one message to handle instead of 32.
 *
 * The event loop only moves bytes, and does not even copy them. To parse them takes longer than to predict from them: the answers of a batch
 * bring its clients' next requests all at once, and 64 of them would stop the loop for 10 ms. So workers parse, too.
 */
import type { Worker } from "node:worker_threads";
import * as torch from "typetorch";
import { type Answer, HttpError } from "./answer.ts";
import type { NeuralNetwork } from "./model.ts";
import { typescriptWorker } from "./typescript-worker.ts";

export interface PredictorOptions {
  readonly workers: number;
  /** Requests in a batch, at most. */
  readonly maxBatch: number;
  /** Milliseconds that a request waits for others. */
  readonly maxDelay: number;
  /** Requests that may wait; further ones are refused. */
  readonly maxQueue: number;
}

interface Waiting {
  readonly body: Uint8Array<ArrayBuffer>;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class Predictor {
  private readonly options: PredictorOptions;
  private readonly message: torch.multiprocessing.Message<unknown>;
  private readonly workers = new Set<Worker>();
  private readonly idle: Worker[] = [];
  /** The batch that each worker is busy with. */
  private readonly busy = new Map<Worker, readonly Waiting[]>();
  private readonly queue: Waiting[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isDue = false;
  private isClosed = false;

  private constructor(model: NeuralNetwork, options: PredictorOptions) {
    this.options = options;
    this.message = torch.multiprocessing.toMessage(model.shareMemory().stateDict());
  }

  /** Moves the model's parameters into shared memory, and waits for the workers. */
  static async start(model: NeuralNetwork, options: PredictorOptions): Promise<Predictor> {
    const predictor = new Predictor(model, options);
    await Promise.all(Array.from({ length: options.workers }, () => predictor.startWorker()));
    return predictor;
  }

  get status(): { readonly workers: number; readonly waiting: number } {
    return { workers: this.workers.size, waiting: this.queue.length };
  }

  /** Asks whether there is room. @throws HttpError (503) while the queue is full */
  admit(): void {
    if (this.queue.length >= this.options.maxQueue)
      throw new HttpError(503, "too many requests are waiting", { "Retry-After": "1" });
  }

  /**
   * The answer to a request.
   *
   * @param body - alone in its memory, which goes to the worker
   */
  predict(body: Uint8Array<ArrayBuffer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.admit();
      this.queue.push({ body, resolve, reject });
      this.timer ??= setTimeout(() => this.due(), this.options.maxDelay);
      this.dispatch();
    });
  }

  /** Ends the workers. What they may still be at, clients who are gone had asked for. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  private due(): void {
    this.timer = null;
    this.isDue = this.queue.length > 0;
    this.dispatch();
  }

  /** Hands batches out: full ones at once, others when their first request has waited long enough. */
  private dispatch(): void {
    const { queue, idle } = this;
    while (queue.length > 0 && (this.isDue || queue.length >= this.options.maxBatch)) {
      const worker = idle.pop();
      if (worker === undefined) return; // the next to become idle goes on here, by then with a larger batch
      const batch = queue.splice(0, this.options.maxBatch);
      if (queue.length === 0) this.isDue = false;
      const bodies = batch.map(({ body }) => body);
      this.busy.set(worker, batch);
      worker.postMessage(
        bodies,
        bodies.map(({ buffer }) => buffer),
      );
    }
  }

  private startWorker(): Promise<void> {
    const worker = typescriptWorker(new URL("./worker.ts", import.meta.url), { workerData: this.message });
    this.workers.add(worker);
    return new Promise((resolve, reject) => {
      worker.on("message", (message: "ready" | readonly Answer[]) => {
        if (message === "ready") resolve();
        else this.answer(worker, message);
        this.idle.push(worker);
        this.dispatch();
      });
      worker.on("error", (error) => {
        for (const waiting of this.busy.get(worker) ?? []) waiting.reject(error);
        reject(error);
      });
      worker.on("exit", () => {
        reject(new Error("a worker ended before it was ready"));
        this.replace(worker);
      });
    });
  }

  private answer(worker: Worker, answers: readonly Answer[]): void {
    const batch = this.busy.get(worker) ?? [];
    this.busy.delete(worker);
    for (const [i, waiting] of batch.entries()) waiting.resolve(answers[i] as Answer);
  }

  /** A worker that dies after it was ready is replaced; if that fails, the rejection ends the process. */
  private replace(worker: Worker): void {
    if (this.isClosed) return;
    for (const waiting of this.busy.get(worker) ?? []) waiting.reject(new Error("the worker ended"));
    const wasBusy = this.busy.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    this.workers.delete(worker);
    if (wasBusy || at >= 0) void this.startWorker();
  }
}
