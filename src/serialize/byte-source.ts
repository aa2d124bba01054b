/** @file Where the bytes of a file come from: memory, a Blob, or a file on disk of which only what is needed is read. */
import { builtin } from "./node.ts";

/** A file with random access. */
export interface ByteSource {
  readonly size: number;
  /** These bytes; they may lie in the source's own memory, so they are only read. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Reads as many bytes as `target` has room for. */
  readInto(offset: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    readInto: async (offset, target) => target.set(bytes.subarray(offset, offset + target.length)),
    close: async () => {},
  };
}

/** A Blob or File of the browser. */
export function blobSource(blob: Blob): ByteSource {
  const read = async (offset: number, length: number) =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  return {
    size: blob.size,
    read,
    readInto: async (offset, target) => target.set(await read(offset, target.length)),
    close: async () => {},
  };
}

/** A file up to this size is read at once: many small reads take longer. */
const wholeFileBytes = 1 << 24;

/** One read may ask for 2 GiB at most. */
const largestRead = 1 << 30;

/** A file on disk; only where there is `node:fs`. */
export async function fileSource(path: string | URL): Promise<ByteSource> {
  const { open } = builtin("node:fs/promises");
  const file = await open(path, "r");
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size <= wholeFileBytes) {
      const source = memorySource(await file.readFile());
      await file.close();
      return source;
    }
    const readInto = async (offset: number, target: Uint8Array): Promise<void> => {
      for (let done = 0; done < target.length; ) {
        const length = Math.min(target.length - done, largestRead);
        const { bytesRead } = await file.read(target, done, length, offset + done);
        if (bytesRead === 0) throw new Error("ends too early: it became shorter while it was read");
        done += bytesRead;
      }
    };
    return {
      size: stat.size,
      readInto,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        await readInto(offset, bytes);
        return bytes;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
