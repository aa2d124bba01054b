/** @file A mirror to download from, in a thread of its own: a constructor that downloads blocks this one. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const PROGRAM = `
const { createServer } = require("node:http");
const { parentPort, workerData: files } = require("node:worker_threads");
const server = createServer((request, response) => {
  const content = files[request.url.slice(1)];
  if (content === undefined) return response.writeHead(404).end();
  response.writeHead(200, { "content-length": content.length }).end(content);
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

export interface Mirror {
  readonly url: string;
  stop(): Promise<number>;
}

export async function startMirror(files: Readonly<Record<string, Uint8Array>>): Promise<Mirror> {
  const worker = new Worker(PROGRAM, { eval: true, workerData: files });
  const [port] = (await once(worker, "message")) as [number];
  return { url: `http://127.0.0.1:${port}/`, stop: () => worker.terminate() };
}
