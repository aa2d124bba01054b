/** @file The places that users read from and write to. */
import { describe, ValueError } from "../core/errors.ts";
import { writeAtomically } from "./atomic-file.ts";
import { type ByteSource, blobSource, fileSource, memorySource } from "./byte-source.ts";
import { fail, namingFile } from "./fail.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { builtin, isNode } from "./node.ts";
import type { Sink } from "./zip-writer.ts";

/** A path, an address, or the content itself. */
export type FileLike = string | URL | ArrayBufferLike | ArrayBufferView | Blob;

/** A path, or a stream that takes bytes. */
export type FileTarget = string | URL | WritableStream<Uint8Array>;

/** Opens a file, lets `read` have it, and closes it. Errors name `op` and the file. */
export async function readingFile<T>(op: string, file: FileLike, read: (source: ByteSource) => Promise<T>): Promise<T> {
  const [name, open] = locate(op, file);
  return namingFile(op, name, async () => {
    const source = await open();
    try {
      return await read(source);
    } finally {
      await source.close();
    }
  });
}

function locate(op: string, file: FileLike): [name: string, open: () => Promise<ByteSource>] {
  if (typeof file === "string") return [file, () => (isNode() ? fileSource(file) : fetchSource(file))];
  if (file instanceof URL) return [file.href, () => (file.protocol === "file:" ? fileSource(file) : fetchSource(file))];
  if (ArrayBuffer.isView(file)) {
    const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
    return ["the given bytes", async () => memorySource(bytes)];
  }
  if (isBuffer(file)) return ["the given bytes", async () => memorySource(new Uint8Array(file))];
  if (typeof Blob !== "undefined" && file instanceof Blob)
    return ["name" in file ? String(file.name) : "the given Blob", async () => blobSource(file)];
  throw new ValueError(`${op}: expected a path, a URL, an ArrayBuffer, a typed array or a Blob, got ${describe(file)}`);
}

const isBuffer = (value: unknown): value is ArrayBufferLike =>
  value instanceof ArrayBuffer || (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer);

async function fetchSource(address: string | URL): Promise<ByteSource> {
  const response = await fetch(address);
  if (!response.ok) fail(`the server answers ${response.status} ${response.statusText}`);
  return memorySource(new Uint8Array(await response.arrayBuffer()));
}

/** Gives what `write` writes to a file or stream; where there is none, returns it. Errors name `op` and the file. */
export async function writingFile(
  op: string,
  target: FileTarget | undefined,
  write: (sink: Sink) => Promise<void>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (target === undefined) {
    const collected = new GrowingBytes();
    await namingFile(op, null, () => write((bytes) => collected.bytes(bytes)));
    return collected.toBytes();
  }
  if (typeof target === "string" || target instanceof URL) {
    if (!isNode())
      throw new ValueError(
        `${op}: there are no files to write to here: leave the path out to get the bytes, or give a WritableStream`,
      );
    const path = typeof target === "string" ? target : builtin("node:url").fileURLToPath(target);
    await namingFile(op, path, () => writeAtomically(path, write));
    return undefined;
  }
  if (typeof target !== "object" || target === null || typeof target.getWriter !== "function")
    throw new ValueError(`${op}: expected a path, a URL, a WritableStream or nothing, got ${describe(target)}`);
  const writer = target.getWriter();
  try {
    await namingFile(op, null, () => write((bytes) => writer.write(bytes)));
  } finally {
    writer.releaseLock();
  }
  return undefined;
}
