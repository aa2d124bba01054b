/**
 * @file Gets the content of a URL. It is fetched in a worker thread, so that a constructor, which cannot await, can wait for it as in
 * PyTorch, and an asynchronous function without blocking: two ways to wait for one and the same transfer.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";

/** What came: the content, or why not. */
export type Transferred = { readonly bytes: Uint8Array } | { readonly error: string };
/** Told now and then how much has come; `total` is 0 as long as it is not known. */
export type OnProgress = (received: number, total: number) => void;

/** Slots of the memory that the worker shares. */
const Slot = { done: 0, received: 1, total: 2 } as const;
/** How often a waiting thread looks at the progress, in milliseconds. */
const TICK = 100;

/** The worker's program. It is text because a bundle has no file to start a worker from, and the test runner no JavaScript. */
const PROGRAM = `
const { url, port, state } = require("node:worker_threads").workerData;
(async () => {
  const response = await fetch(url);
  if (!response.ok) throw new Error("HTTP status " + response.status);
  state[${Slot.total}] = Number(response.headers.get("content-length") ?? 0);
  const chunks = [];
  for await (const chunk of response.body) {
    chunks.push(chunk);
    state[${Slot.received}] += chunk.length;
  }
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  port.postMessage({ bytes }, [bytes.buffer]);
})().catch((error) => {
  port.postMessage({ error: error.cause?.message || error.cause?.code || error.message });
}).finally(() => {
  state[${Slot.done}] = 1;
  Atomics.notify(state, ${Slot.done});
  port.close();
});
`;

function start(url: string): { worker: Worker; port: MessagePort; state: Int32Array } {
  const { port1, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(16));
  const worker = new Worker(PROGRAM, { eval: true, workerData: { url, port: port2, state }, transferList: [port2] });
  return { worker, port: port1, state };
}

/** Waits for the content without returning to the event loop. */
export function transferNow(url: string, onProgress: OnProgress): Transferred {
  const { worker, port, state } = start(url);
  const report = () => onProgress(state[Slot.received]!, state[Slot.total]!);
  while (Atomics.wait(state, Slot.done, 0, TICK) === "timed-out") report();
  report();
  const got = receiveMessageOnPort(port) as { message: Transferred };
  port.close();
  worker.unref();
  return got.message;
}

/** The same for those who can await. */
export async function transferLater(url: string, onProgress: OnProgress): Promise<Transferred> {
  const { worker, port, state } = start(url);
  const report = () => onProgress(state[Slot.received]!, state[Slot.total]!);
  const timer = setInterval(report, TICK);
  try {
    return await new Promise((resolve, reject) => {
      port.once("message", resolve);
      worker.once("error", reject);
    });
  } finally {
    clearInterval(timer);
    report();
    port.close();
  }
}
