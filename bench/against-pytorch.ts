/** @file Runs both sides in turn, case by case, and prints the ratios. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { Timing } from "./measure.ts";
import { type OwnOptions, oneCase, ours, timingsOf } from "./processes.ts";

const python = process.env["PYTHON"] ?? "/usr/bin/python3";

export interface PeerOptions extends OwnOptions {
  /** The comparison's `pytorch.py`. */
  readonly script: string;
}

/**
 * OpenBLAS 0.3.21 does not know the newer AVX-512 processors and falls back to a kernel five times slower, so it is
 * told; on others its own choice is right (and SKYLAKEX would be an illegal instruction).
 */
function openblasCore(): Record<string, string> {
  const chosen = process.env["OPENBLAS_CORETYPE"];
  if (chosen !== undefined) return { OPENBLAS_CORETYPE: chosen };
  const flags = process.platform === "linux" ? readFileSync("/proc/cpuinfo", "utf8") : "";
  return flags.includes("avx512bw") ? { OPENBLAS_CORETYPE: "SKYLAKEX" } : {};
}

/** PyTorch on its fair settings; see the comparison's README for why each matters. */
function pytorch(name: string, threads: number, { script, seconds, data }: PeerOptions): Timing | undefined {
  const args = [script, "--threads", String(threads), ...oneCase(name, seconds)];
  if (data !== undefined) args.push("--data", data);
  return timingsOf(python, args, {
    ...openblasCore(),
    OPENBLAS_NUM_THREADS: String(threads),
  }).get(name);
}

/** Prints a line a case: both times, and ours over the better of PyTorch's at one thread and at all. */
export function compare(names: readonly string[], options: PeerOptions): void {
  for (const name of names) {
    const own = ours(name, options);
    const one = pytorch(name, 1, options);
    const all = pytorch(name, Math.min(2, cpus().length), options);
    if (!own || !one || !all) continue;
    const peer = Math.min(one.ms, all.ms);
    console.log(
      JSON.stringify({
        name,
        ms: own.ms,
        max: own.max,
        pytorch1: one.ms,
        pytorch2: all.ms,
        ratio: Math.round((own.ms / peer) * 1000) / 1000,
      }),
    );
  }
}
