/**
 * @file Predictions by a pool of workers. Pictures that arrive within a few milliseconds travel as one batch: a matrix product of 32 rows
 * takes little longer than one of a single row, and the event loop has one message to handle instead of 32.
 */
import type { Worker } from "node:worker_threads";
import * as torch from "typetorch";
import { CLASSES, type NeuralNetwork, PIXELS } from "./model.ts";
import { typescriptWorker } from "./typescript-worker.ts";

export interface PredictorOptions {
  readonly workers: number;
  /** Pictures in a batch, at most. */
  readonly maxBatch: number;
  /** Milliseconds that a picture waits for others. */
  readonly maxDelay: number;
  /** Pictures that may wait; further ones are refused. */
  readonly maxQueue: number;
}

/** The queue is full: try again later. */
export class Overloaded extends Error {}

interface Waiting {
  readonly pixels: Float32Array;
  resolve(probabilities: Float32Array): void;
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

  /** The probabilities of the classes for one picture. */
  predict(pixels: Float32Array): Promise<Float32Array> {
    if (this.queue.length >= this.options.maxQueue)
      return Promise.reject(new Overloaded("too many requests are waiting"));
    return new Promise((resolve, reject) => {
      this.queue.push({ pixels, resolve, reject });
      this.timer ??= setTimeout(() => this.due(), this.options.maxDelay);
      this.dispatch();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  private due(): void {
    this.timer = null;
    this.isDue = this.queue.length > 0;
    this.dispatch();
  }

  /** Hands batches out: full ones at once, others when their first picture has waited long enough. */
  private dispatch(): void {
    const { queue, idle } = this;
    while (queue.length > 0 && (this.isDue || queue.length >= this.options.maxBatch)) {
      const worker = idle.pop();
      if (worker === undefined) return; // the next to become idle goes on here, by then with a larger batch
      const batch = queue.splice(0, this.options.maxBatch);
      if (queue.length === 0) this.isDue = false;
      const pixels = new Float32Array(batch.length * PIXELS);
      for (const [i, waiting] of batch.entries()) pixels.set(waiting.pixels, i * PIXELS);
      this.busy.set(worker, batch);
      worker.postMessage(pixels, [pixels.buffer]);
    }
  }

  private startWorker(): Promise<void> {
    const worker = typescriptWorker(new URL("./worker.ts", import.meta.url), { workerData: this.message });
    this.workers.add(worker);
    return new Promise((resolve, reject) => {
      worker.on("message", (answer: "ready" | Float32Array) => {
        if (answer === "ready") resolve();
        else this.answer(worker, answer);
        this.idle.push(worker);
        this.dispatch();
      });
      worker.on("error", (error) => {
        for (const waiting of this.busy.get(worker) ?? []) waiting.reject(error);
        reject(error);
      });
      worker.on("exit", () => this.replace(worker));
    });
  }

  private answer(worker: Worker, probabilities: Float32Array): void {
    const n = CLASSES.length;
    const batch = this.busy.get(worker) ?? [];
    this.busy.delete(worker);
    for (const [i, waiting] of batch.entries()) waiting.resolve(probabilities.subarray(i * n, (i + 1) * n));
  }

  /** A worker that dies after it was ready is replaced. */
  private replace(worker: Worker): void {
    const wasBusy = this.busy.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    this.workers.delete(worker);
    if (!this.isClosed && (wasBusy || at >= 0)) this.startWorker().catch((error: unknown) => console.error(error));
  }
}
