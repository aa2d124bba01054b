/** @file The HTTP side: routes, checks of what comes in, clean shutdown. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { CLASSES, type NeuralNetwork, PIXELS, SIDE } from "./model.ts";
import { Overloaded, Predictor, type PredictorOptions } from "./predictor.ts";

export interface ServeOptions extends PredictorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Serving {
  readonly url: string;
  /** Milliseconds by which the event loop was late in 99 of 100 cases, at most, since the last call. */
  eventLoopDelay(): number;
  /** Takes no more connections, answers what has been asked, and ends the workers. */
  close(): Promise<void>;
}

/** An answer that is no success, with what the client may want to know. */
class HttpError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A picture with every pixel spelled out takes 20 KB. */
const MAX_BODY = 1 << 16;

/** Starts to serve a model, in workers that share its parameters. */
export async function serve(model: NeuralNetwork, options: ServeOptions): Promise<Serving> {
  const predictor = await Predictor.start(model.eval(), options);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const server = createServer(async (request, response) => {
    const { status, body, headers } = await answered(request, predictor);
    if (!server.listening) response.setHeader("Connection", "close"); // else the client would keep us from closing
    const text = `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, options.host, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    eventLoopDelay() {
      const p99 = delay.percentile(99) / 1e6;
      delay.reset();
      return p99;
    },
    async close() {
      await new Promise((resolve) => server.close(resolve)); // also closes connections on which nothing is asked
      delay.disable();
      await predictor.close();
    },
  };
}

type Route = (request: IncomingMessage, predictor: Predictor) => unknown;

const ROUTES: Readonly<Record<string, { readonly method: string; readonly run: Route }>> = {
  "/health": { method: "GET", run: (_, predictor) => ({ status: "ok", ...predictor.status }) },
  "/predict": { method: "POST", run: predict },
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answered(request: IncomingMessage, predictor: Predictor): Promise<Answer> {
  try {
    return { status: 200, body: await routeOf(request)(request, predictor) };
  } catch (error) {
    const { status, message, headers } = asHttpError(error);
    return { status, body: { error: { status, message } }, headers };
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

async function predict(request: IncomingMessage, predictor: Predictor): Promise<unknown> {
  const probabilities = await predictor.predict(pixelsOf(parsed(await bodyOf(request))));
  const best = probabilities.indexOf(Math.max(...probabilities));
  return {
    class: CLASSES[best],
    probabilities: Object.fromEntries(CLASSES.map((name, i) => [name, probabilities[i]])),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY)
      throw new HttpError(413, `expected at most ${MAX_BODY} bytes, got more`, { Connection: "close" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new HttpError(
      400,
      `expected JSON such as {"image": [[0, 0.5, …], …]}, got a ${(cause as Error).name}: ${(cause as Error).message}`,
    );
  }
}

/** Rows of numbers from 0 (black) to 1 (white), or all of them in one list. */
function pixelsOf(body: unknown): Float32Array {
  const image: unknown = (body as { image?: unknown } | null)?.image;
  if (!Array.isArray(image))
    throw new HttpError(400, `image: expected ${SIDE} rows of ${SIDE} numbers, got ${kindOf(image)}`);
  const pixels: readonly unknown[] = image.flat();
  if (pixels.length !== PIXELS)
    throw new HttpError(400, `image: expected ${SIDE} rows of ${SIDE} numbers, got ${pixels.length} numbers`);
  const wrong = pixels.findIndex((pixel) => typeof pixel !== "number" || !(pixel >= 0 && pixel <= 1));
  if (wrong >= 0)
    throw new HttpError(
      400,
      `image: expected numbers from 0 to 1, got ${JSON.stringify(pixels[wrong])} as pixel ${wrong}`,
    );
  return Float32Array.from(pixels as readonly number[]);
}

const kindOf = (x: unknown): string => (x === null ? "null" : x === undefined ? "nothing" : typeof x);

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof Overloaded) return new HttpError(503, error.message, { "Retry-After": "1" });
  console.error(error);
  return new HttpError(500, "the prediction failed");
}
