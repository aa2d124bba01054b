/**
 * @file The threads of the WASM engine's pool: workers that instantiate the same module over the same memory, and wait in it for
 * work as long as the page or process lives.
 */
import { node } from "../platform.ts";
import type { WasmMemory, WasmModule } from "./webassembly.ts";

/** What a worker is given: the module and its memory, where its stack ends and its thread-local data begin, what it runs. */
export interface ThreadStart {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly stack: number;
  readonly locals: number;
  readonly body: number;
  readonly context: number;
}

/** A worker's whole program, for Node's workers and for those of browsers. It is text, so that no bundler needs to know of it. */
const PROGRAM = `
const run = ({ module, memory, stack, locals, body, context }, ready) => {
  const math = { fmod: (a, b) => a % b };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) if (from === "math") math[name] ??= Math[name];
  const tt = { now: () => performance.now(), cores: () => 1, startThread: () => 0 };
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, math, tt });
  exports.__stack_pointer.value = stack;
  exports.__wasm_init_tls(locals);
  ready();
  exports.runThread(body, context);
};
if (typeof self === "undefined") {
  const { parentPort, workerData } = require("node:worker_threads");
  run(workerData, () => parentPort.postMessage("ready"));
} else self.onmessage = ({ data }) => run(data, () => self.postMessage("ready"));
`;

interface WebWorker {
  onmessage: (() => void) | null;
  onerror: ((event: { preventDefault(): void }) => void) | null;
  postMessage(message: unknown): void;
}
interface Web {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string) => WebWorker;
  readonly Blob: new (parts: string[], options: { type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string };
}
const web = globalThis as unknown as Web;

/** Threads that can work at the same time; 1 where memory cannot be shared with workers. */
export function cores(): number {
  if (node) return node.builtin("node:os").availableParallelism();
  return web.crossOriginIsolated && web.Worker ? (web.navigator?.hardwareConcurrency ?? 1) : 1;
}

/** Resolves once each worker that was started runs, or has failed to. */
export const started: Promise<void>[] = [];

/** Starts a thread; false where that cannot be. It joins the pool when it runs: nobody waits for it. */
export function startThread(start: ThreadStart): boolean {
  try {
    started.push(node ? startOnNode(start) : startInBrowser(start));
    return true;
  } catch {
    return false; // for instance by a Content-Security-Policy
  }
}

function startOnNode(start: ThreadStart): Promise<void> {
  const { Worker } = (node as NonNullable<typeof node>).builtin("node:worker_threads");
  const worker = new Worker(PROGRAM, { eval: true, workerData: start, execArgv: [] });
  worker.unref();
  return new Promise((resolve) => {
    worker.once("message", () => resolve());
    worker.once("error", () => resolve());
  });
}

let program: string | undefined;

function startInBrowser(start: ThreadStart): Promise<void> {
  program ??= web.URL.createObjectURL(new web.Blob([PROGRAM], { type: "text/javascript" }));
  const worker = new (web.Worker as NonNullable<Web["Worker"]>)(program);
  return new Promise((resolve) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault();
      resolve();
    };
    worker.postMessage(start);
  });
}
