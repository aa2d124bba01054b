/** @file The HTTP side: routes, limits of what comes in, clean shutdown. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, failure, HttpError, success } from "./answer.ts";
import type { NeuralNetwork } from "./model.ts";
import { Predictor, type PredictorOptions } from "./predictor.ts";

export interface ServeOptions extends PredictorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Milliseconds that `close` gives to clients who have sent half a request, or read half an answer. */
  readonly grace: number;
}

export interface Serving {
  readonly url: string;
  /** Takes no more connections, answers what has been asked, and ends the workers. */
  close(): Promise<void>;
}

/** How much at once, and for how long: of 16 to 128 connections none waits long, nor does the event loop (bench/serve.ts). */
export const LIMITS = { maxBatch: 32, maxDelay: 1, maxQueue: 1024, grace: 10_000 } as const;

/** A picture with every pixel spelled out takes 20 KB. */
const MAX_BODY = 1 << 16;

/** Starts to serve a model, in workers that share its parameters. */
export async function serve(model: NeuralNetwork, options: ServeOptions): Promise<Serving> {
  const predictor = await Predictor.start(model.eval(), options);
  const server = createServer(async (request, response) => {
    const { status, body, headers } = await answered(request, predictor);
    if (!server.listening) response.setHeader("Connection", "close"); // else the client would keep us from closing
    response.writeHead(status, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
      ...headers,
    });
    response.end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, options.host, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    async close() {
      const patience = setTimeout(() => server.closeAllConnections(), options.grace);
      await new Promise((resolve) => server.close(resolve)); // also closes connections on which nothing is asked
      clearTimeout(patience);
      await predictor.close();
    },
  };
}

type Route = (request: IncomingMessage, predictor: Predictor) => Answer | Promise<Answer>;

const ROUTES: Readonly<Record<string, { readonly method: string; readonly run: Route }>> = {
  "/health": { method: "GET", run: (_, predictor) => success({ status: "ok", ...predictor.status }) },
  "/predict": { method: "POST", run: predict },
};

async function answered(request: IncomingMessage, predictor: Predictor): Promise<Answer> {
  try {
    return await routeOf(request)(request, predictor);
  } catch (error) {
    return failure(error);
  }
}

function routeOf({ url = "/", method }: IncomingMessage): Route {
  const path = url.replace(/\?.*/, "");
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined) throw new HttpError(404, `expected one of ${Object.keys(ROUTES).join(", ")}, got ${path}`);
  if (method !== route.method)
    throw new HttpError(405, `${path}: expected ${route.method}, got ${method}`, { Allow: route.method });
  return route.run;
}

async function predict(request: IncomingMessage, predictor: Predictor): Promise<Answer> {
  predictor.admit(); // what will be refused is not worth reading
  return predictor.predict(await bodyOf(request));
}

function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY) chunks.push(chunk);
      else reject(new HttpError(413, `expected at most ${MAX_BODY} bytes, got more`, { Connection: "close" }));
    });
    request.on("end", () => resolve(inOwnMemory(chunks)));
    request.on("error", () => reject(new HttpError(400, "the connection broke off within the body")));
  });
}

/** The chunks as one, in memory that can be given away: without a copy where possible, since the copies' garbage would stop the loop. */
function inOwnMemory(chunks: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const fillsItsMemory = bytes.length === bytes.buffer.byteLength; // unlike what lies in Node's pool of small buffers
  return fillsItsMemory ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
