/**
 * @file Reads zip archives as PyTorch's are: a directory at the end, entries stored (or deflated, where somebody packed one
 * anew), ZIP64 beyond 4 GB.
 *
 * Why not a library: fflate has no ZIP64. @zip.js/zip.js can do all this, and aligns entries to 64 bytes too, but brings 8.6 MB,
 * and streams through which the 200 MB of a stored checkpoint took twice as long to write and to read as here. Stored entries need
 * little code, inflating is the platform's, and what a damaged or hostile file may cost is bounded in one place.
 */
import { ByteReader, decodeUtf8 } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { bestCrc32 } from "./crc32.ts";
import { fail } from "./fail.ts";

export const signature = {
  localHeader: 0x04034b50,
  centralHeader: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  end64Locator: 0x07064b50,
} as const;

/** A 32-bit field with this value has its true value in the ZIP64 records. */
export const moved32 = 0xffffffff;
export const moved16 = 0xffff;
export const zip64ExtraId = 1;

const stored = 0;
const deflated = 8;
const encryptedFlag = 1;
const endBytes = 22;
/** Deflate cannot pack more tightly than this. */
const greatestDeflateRatio = 1032;

/** One file of the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** The directory of an archive. */
export class ZipReader {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  private readonly source: ByteSource;

  private constructor(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>) {
    this.source = source;
    this.entries = entries;
  }

  static async open(source: ByteSource): Promise<ZipReader> {
    const { offset, size, count } = await findDirectory(source);
    if (offset + size > source.size)
      fail("is a zip archive that was cut off, or is damaged: its directory is not inside");
    const reader = new ByteReader(await source.read(offset, size));
    const entries = new Map<string, ZipEntry>();
    let packed = 0;
    for (let i = 0; i < count; i++) {
      const entry = readEntry(reader);
      if (entries.has(entry.name)) fail(`is a zip archive with two entries ${entry.name}`);
      packed += entry.compressedSize;
      if (entry.headerOffset + entry.compressedSize > source.size)
        fail(`is a zip archive whose entry ${entry.name} is not inside`);
      entries.set(entry.name, entry);
    }
    if (packed > source.size) fail("is a zip archive whose entries overlap");
    return new ZipReader(source, entries);
  }

  /** The content of an entry. */
  async read(entry: ZipEntry): Promise<Uint8Array> {
    const bytes = new Uint8Array(entry.size);
    await this.readInto(entry, bytes);
    return bytes;
  }

  /** Puts the content of an entry into `target`, which has its size. */
  async readInto(entry: ZipEntry, target: Uint8Array): Promise<void> {
    const start = await this.dataOffset(entry);
    if (entry.method === stored) await this.source.readInto(start, target);
    else await inflateInto(await this.source.read(start, entry.compressedSize), target, entry.name);
    const crc32 = bestCrc32();
    // torch.serialization.set_crc32_options(False) leaves checksums out.
    if (entry.crc !== 0 && crc32(target) !== entry.crc) fail(`is damaged: the checksum of ${entry.name} is wrong`);
  }

  /** Where the content begins: the header before it has names and extra fields of its own. */
  private async dataOffset(entry: ZipEntry): Promise<number> {
    const headerBytes = 30;
    if (entry.headerOffset + headerBytes > this.source.size) fail(`is damaged: ${entry.name} is not inside`);
    const header = new ByteReader(await this.source.read(entry.headerOffset, headerBytes));
    if (header.uint32() !== signature.localHeader)
      fail(`is damaged: ${entry.name} does not begin where the directory says`);
    header.position = 26;
    const start = entry.headerOffset + headerBytes + header.uint16() + header.uint16();
    if (start + entry.compressedSize > this.source.size) fail(`is damaged: ${entry.name} is not inside`);
    return start;
  }
}

/** Finds the directory by the record at the very end, which only a comment may follow. */
async function findDirectory(source: ByteSource): Promise<{ offset: number; size: number; count: number }> {
  const tailStart = Math.max(0, source.size - endBytes - 0xffff);
  const tail = await source.read(tailStart, source.size - tailStart);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tail.length - endBytes;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === signature.end && at + endBytes + view.getUint16(at + 20, true) === tail.length)
  )
    at--;
  if (at < 0) fail("is a zip archive that was cut off: it has no directory at its end");
  const end = new ByteReader(tail, at + 8);
  end.uint16(); // entries on this disk
  const count = end.uint16();
  const size = end.uint32();
  const offset = end.uint32();
  if (count !== moved16 && size !== moved32 && offset !== moved32) return { offset, size, count };

  const locatorAt = tailStart + at - 20;
  if (locatorAt < 0) return { offset, size, count };
  const locator = new ByteReader(await source.read(locatorAt, 20));
  if (locator.uint32() !== signature.end64Locator) return { offset, size, count }; // so many entries and no more
  locator.uint32();
  const end64At = locator.count64();
  if (end64At + 56 > source.size) fail("is damaged: its ZIP64 directory is not inside");
  const end64 = new ByteReader(await source.read(end64At, 56));
  if (end64.uint32() !== signature.end64) fail("is damaged: its ZIP64 directory is not where it should be");
  end64.position = 32;
  return { count: end64.count64(), size: end64.count64(), offset: end64.count64() };
}

function readEntry(reader: ByteReader): ZipEntry {
  if (reader.uint32() !== signature.centralHeader) fail("is damaged: an entry of its directory is not one");
  reader.bytes(4); // versions
  const flags = reader.uint16();
  const method = reader.uint16();
  reader.bytes(4); // time
  const crc = reader.uint32();
  let compressedSize = reader.uint32();
  let size = reader.uint32();
  const nameBytes = reader.uint16();
  const extraBytes = reader.uint16();
  const commentBytes = reader.uint16();
  reader.bytes(8); // disk, attributes
  let headerOffset = reader.uint32();
  const name = decodeUtf8(reader.bytes(nameBytes));
  const extra = zip64Extra(reader.bytes(extraBytes));
  reader.bytes(commentBytes);
  if (extra !== undefined) {
    if (size === moved32) size = extra.count64();
    if (compressedSize === moved32) compressedSize = extra.count64();
    if (headerOffset === moved32) headerOffset = extra.count64();
  }
  if (flags & encryptedFlag) fail(`is encrypted: ${name}`);
  if (method !== stored && method !== deflated)
    fail(`packs ${name} by method ${method}; stored and deflated are known`);
  if (method === stored ? size !== compressedSize : size > compressedSize * greatestDeflateRatio)
    fail(`is damaged: ${name} cannot have ${size} bytes of ${compressedSize}`);
  return { name, method, crc, compressedSize, size, headerOffset };
}

function zip64Extra(bytes: Uint8Array): ByteReader | undefined {
  const extra = new ByteReader(bytes);
  while (extra.remaining >= 4) {
    const id = extra.uint16();
    const content = extra.bytes(Math.min(extra.uint16(), extra.remaining));
    if (id === zip64ExtraId) return new ByteReader(content);
  }
  return undefined;
}

async function inflateInto(packed: Uint8Array, target: Uint8Array, name: string): Promise<void> {
  let filled = 0;
  try {
    const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    for await (const chunk of stream) {
      filled += chunk.length;
      if (filled > target.length) break;
      target.set(chunk, filled - chunk.length);
    }
  } catch (error) {
    fail(`cannot be inflated: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (filled !== target.length) fail(`is damaged: ${name} does not have the size that the directory says`);
}
