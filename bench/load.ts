/** @file Load for a server: autocannon in a process of its own, which bench/serve.ts starts and tells what to ask. */
import { createRequire } from "node:module";

export interface Load {
  readonly url: string;
  readonly connections: number;
  /** Seconds. */
  readonly duration: number;
  readonly method: "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The part of autocannon's report that is read here; times are in milliseconds. */
export interface Report {
  readonly requests: { readonly average: number };
  readonly latency: Readonly<Record<"p50" | "p90" | "p99" | "max", number>>;
  readonly errors: number;
  readonly non2xx: number;
  /** How many processor cores the load itself kept busy. */
  readonly cores: number;
}

const autocannon = createRequire(import.meta.url)("autocannon") as (load: Load) => Promise<Omit<Report, "cores">>;

process.on("message", async (load: Load) => {
  const start = process.cpuUsage();
  const { requests, latency, errors, non2xx } = await autocannon(load);
  const { user, system } = process.cpuUsage(start);
  const cores = (user + system) / 1e6 / load.duration;
  process.send?.({ requests, latency, errors, non2xx, cores } satisfies Report);
});
process.send?.("ready");
