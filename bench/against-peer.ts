/** @file Runs this library and another of JavaScript in turn, case by case, and prints the ratios. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type OwnOptions, oneCase, ours, timingsOf } from "./processes.ts";

/**
 * Prints a line a case that `peer` can run: our time over its own, each in a process of its own.
 * @param peer one of those in peers/run.mjs
 */
export function compareWithPeer(peer: string, names: readonly string[], options: OwnOptions): void {
  const script = fileURLToPath(new URL("peers/run.mjs", import.meta.url));
  if (!existsSync(new URL("peers/node_modules", import.meta.url)))
    throw new Error("bench: expected the other libraries to be installed (npm --prefix bench/peers install)");
  const known = timingsOf(process.execPath, [script, "--peer", peer, "--list"]);
  for (const name of names.filter((name) => known.has(name))) {
    const own = ours(name, options);
    const other = timingsOf(process.execPath, [script, "--peer", peer, ...oneCase(name, options.seconds)]).get(name);
    if (!own || !other) continue;
    const ratio = Math.round((own.ms / other.ms) * 1000) / 1000;
    console.log(JSON.stringify({ name, ms: own.ms, max: own.max, peer, peerMs: other.ms, ratio }));
  }
}
