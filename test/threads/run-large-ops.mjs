// node run-large-ops.mjs PATH/dist/index.js [REGEX]: each of the large ops, with four threads, and from two JavaScript threads at once.
import { pathToFileURL } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { largeOps } from "./large-ops.mjs";

const [library, only = ""] = isMainThread ? process.argv.slice(2) : workerData;
const torch = await import(pathToFileURL(library).href);
torch.setNumThreads(4);
let count = 0;
let failed = 0;
// The pool is one for the process: the other thread finds it taken now and then.
const other = isMainThread
  ? new Promise((resolve) =>
      new Worker(new URL(import.meta.url), { workerData: [library, only] }).once("exit", resolve),
    )
  : null;
for (const [name, run] of largeOps(torch)) {
  if (!new RegExp(only).test(name)) continue;
  try {
    run();
    count++;
  } catch (error) {
    failed++;
    console.log(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
await other;
if (isMainThread) console.log(`${count} ops ran with four threads, ${failed} threw`);
