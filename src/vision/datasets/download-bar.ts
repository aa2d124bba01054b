/** @file How far a download is, on a terminal. */
import { createRequire } from "node:module";
import type { SingleBar } from "cli-progress";
import type { OnProgress } from "./transfer.ts";

export interface DownloadBar {
  /** Begins with the next file; what it gives is told how much has come. */
  begin(url: string): OnProgress;
  stop(): void;
}

const SILENT: DownloadBar = { begin: () => () => {}, stop: () => {} };
const MEGABYTE = 1e6;

/** A bar on standard error, where that is a terminal. */
export function downloadBar(): DownloadBar {
  if (!process.stderr.isTTY) return SILENT;
  let bar: SingleBar | null = null;
  const stop = () => bar?.stop();
  return {
    stop,
    begin(url) {
      stop();
      // Loaded when it is needed, and without await: a constructor may be waiting.
      const { SingleBar, Presets } = createRequire(import.meta.url)("cli-progress") as typeof import("cli-progress");
      const format = `${url.slice(url.lastIndexOf("/") + 1)} [{bar}] {percentage}% | {value}/{total} MB | {eta_formatted}`;
      bar = new SingleBar({ format, hideCursor: true, stopOnComplete: true }, Presets.shades_classic);
      const current = bar;
      let started = false;
      return (received, total) => {
        if (total === 0) return;
        const size = Math.round(total / MEGABYTE);
        if (!started) current.start(size, 0);
        started = true;
        current.update(Math.min(size, Math.round(received / MEGABYTE)));
      };
    },
  };
}
