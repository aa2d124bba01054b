/** @file Writes a file so that it is whole or not there: to a new file beside it, which then takes its name. */
import { builtin } from "./node.ts";
import type { Sink } from "./zip-writer.ts";

/**
 * Calls `write` with a place to put bytes, and gives them the name `path` once all are on the disk. If anything fails, the
 * file that was there before is untouched. Only where there is `node:fs`.
 */
export async function writeAtomically(path: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  const { chmod, open, realpath, rename, rm, stat } = builtin("node:fs/promises");
  const { basename, dirname, join } = builtin("node:path");
  const target = await realpath(path).catch(() => path); // through links: they stay links
  const old = await stat(target).catch(() => null);
  const isDevice = old !== null && !old.isFile(); // a pipe or /dev/stdout cannot be replaced
  const written = isDevice ? target : join(dirname(target), `.${basename(target)}.${process.pid}-${randomName()}.tmp`);
  const file = await open(written, isDevice ? "w" : "wx");
  try {
    try {
      await write(async (bytes) => {
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, largestWrite));
          done += bytesWritten;
        }
      });
      if (!isDevice) await file.sync();
    } finally {
      await file.close();
    }
    if (isDevice) return;
    if (old !== null) await chmod(written, old.mode & 0o7777);
    await rename(written, target);
  } catch (error) {
    if (!isDevice) await rm(written, { force: true });
    throw error;
  }
}

/** One write may have 2 GiB at most. */
const largestWrite = 1 << 30;

const randomName = (): string => Math.random().toString(36).slice(2, 10);
