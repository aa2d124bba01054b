/** @file Timings that other processes print: a JSON line a case. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Timing } from "./measure.ts";

/** Runs a command; what it timed, by case. */
export function timingsOf(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Map<string, Timing> {
  const { stdout, status, error } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error || status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? `status ${status}`}`);
  const results = new Map<string, Timing>();
  for (const line of stdout.split("\n"))
    if (line.startsWith("{")) {
      const { name, ms, max } = JSON.parse(line);
      results.set(name, { ms, max });
    }
  return results;
}

/** The options that time one case, on either side. */
export const oneCase = (name: string, seconds: number): string[] => [
  "--only",
  `^${name.replaceAll(".", "\\.")}$`,
  "--seconds",
  String(seconds),
];

export interface OwnOptions {
  readonly seconds: number;
  readonly data: string | undefined;
  readonly threads: number | undefined;
  readonly engine: string;
}

/** One case of this library, in a process of its own. */
export function ours(name: string, { seconds, data, threads, engine }: OwnOptions): Timing | undefined {
  const script = fileURLToPath(new URL("run.ts", import.meta.url));
  const args = ["--import", "tsx", script, ...oneCase(name, seconds), "--engine", engine];
  if (data !== undefined) args.push("--data", data);
  if (threads !== undefined) args.push("--threads", String(threads));
  return timingsOf(process.execPath, args).get(name);
}
