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
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

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
      const name = url.slice(url.lastIndexOf("/") + 1);
      const format = `${name} [{bar}] {percentage}% | {received}/{size} MB | {eta_formatted}`;
      const current = new SingleBar({ format, hideCursor: true, stopOnComplete: true }, Presets.shades_classic);
      bar = current;
      return (received, total) => {
        if (total === 0) return;
        const figures = { received: megabytes(received), size: megabytes(total) };
        if (current.getProgress() === 0 && !current.isActive) current.start(total, 0, figures);
        current.update(received, figures);
      };
    },
  };
}
