/** @file Worker threads from TypeScript files. */
import { Worker, type WorkerOptions } from "node:worker_threads";

/** Workers do not inherit tsx from the main thread, so each registers it for itself. A program in JavaScript needs none of this. */
export function typescriptWorker(file: URL, options: WorkerOptions = {}): Worker {
  const tsx = import.meta.resolve("tsx/esm/api");
  const start = `import("${tsx}").then(({ register }) => { register(); return import("${file}"); });`;
  return new Worker(start, { ...options, eval: true });
}
