/** @file Writes zip archives as PyTorch does: entries stored, their content at multiples of 64 bytes, ZIP64 where needed. */
import type { Crc32 } from "./crc32.ts";
import { moved16, moved32, signature, zip64ExtraId } from "./zip-reader.ts";

/** PyTorch maps files into memory and wants tensors aligned there. */
const alignment = 64;

/** The id under which PyTorch pads headers: "FB". */
const paddingId = 0x4246;

const storedVersion = 10;
const zip64Version = 45;
/** 1980-01-01, the first day that zip knows: the same content gives the same file. */
const dosDate = 0x21;

interface WrittenEntry {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** Takes the archive piece by piece. */
export type Sink = (bytes: Uint8Array) => void | Promise<void>;

/** Writes one entry after the other, then the directory. */
export class ZipWriter {
  private readonly sink: Sink;
  private readonly crc32: Crc32;
  /** Sizes from this on go to ZIP64 records; a test lowers it. */
  private readonly limit: number;
  private readonly entries: WrittenEntry[] = [];
  private position = 0;

  constructor(sink: Sink, crc32: Crc32, limit = moved32) {
    this.sink = sink;
    this.crc32 = crc32;
    this.limit = limit;
  }

  async add(name: string, content: Uint8Array): Promise<void> {
    const entry = {
      name: new TextEncoder().encode(name),
      crc: this.crc32(content),
      size: content.length,
      offset: this.position,
    };
    this.entries.push(entry);
    await this.write(this.localHeader(entry));
    await this.write(content);
  }

  async finish(): Promise<void> {
    const start = this.position;
    for (const entry of this.entries) await this.write(this.centralHeader(entry));
    await this.write(this.end(start, this.position - start));
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.position += bytes.length;
    await this.sink(bytes);
  }

  private localHeader({ name, crc, size, offset }: WrittenEntry): Uint8Array {
    const large = size >= this.limit;
    const fixedBytes = 30 + name.length + (large ? 20 : 0) + 4;
    const padding = (alignment - ((offset + fixedBytes) % alignment)) % alignment;
    const header = new ByteWriter(fixedBytes + padding);
    header.uint32(signature.localHeader);
    header.uint16(large ? zip64Version : storedVersion);
    header.uint16(0x0800); // names are UTF-8
    header.uint16(0); // stored
    header.uint16(0); // midnight
    header.uint16(dosDate);
    header.uint32(crc);
    header.uint32(large ? moved32 : size);
    header.uint32(large ? moved32 : size);
    header.uint16(name.length);
    header.uint16((large ? 20 : 0) + 4 + padding);
    header.bytes(name);
    if (large) {
      header.uint16(zip64ExtraId);
      header.uint16(16);
      header.uint64(size);
      header.uint64(size);
    }
    header.uint16(paddingId);
    header.uint16(padding);
    return header.done;
  }

  private centralHeader({ name, crc, size, offset }: WrittenEntry): Uint8Array {
    const largeSize = size >= this.limit;
    const farAway = offset >= this.limit;
    const zip64Bytes = (largeSize ? 16 : 0) + (farAway ? 8 : 0);
    const extraBytes = zip64Bytes > 0 ? 4 + zip64Bytes : 0;
    const header = new ByteWriter(46 + name.length + extraBytes);
    const version = zip64Bytes > 0 ? zip64Version : storedVersion;
    header.uint32(signature.centralHeader);
    header.uint16(version);
    header.uint16(version);
    header.uint16(0x0800);
    header.uint16(0);
    header.uint16(0);
    header.uint16(dosDate);
    header.uint32(crc);
    header.uint32(largeSize ? moved32 : size);
    header.uint32(largeSize ? moved32 : size);
    header.uint16(name.length);
    header.uint16(extraBytes);
    header.uint16(0); // comment
    header.uint16(0); // disk
    header.uint16(0);
    header.uint32(0); // attributes
    header.uint32(farAway ? moved32 : offset);
    header.bytes(name);
    if (zip64Bytes > 0) {
      header.uint16(zip64ExtraId);
      header.uint16(zip64Bytes);
      if (largeSize) {
        header.uint64(size);
        header.uint64(size);
      }
      if (farAway) header.uint64(offset);
    }
    return header.done;
  }

  private end(start: number, size: number): Uint8Array {
    const count = this.entries.length;
    const large = start >= this.limit || size >= this.limit || count >= moved16;
    const end = new ByteWriter(22 + (large ? 56 + 20 : 0));
    if (large) {
      end.uint32(signature.end64);
      end.uint64(44); // bytes that follow in this record
      end.uint16(zip64Version);
      end.uint16(zip64Version);
      end.uint32(0);
      end.uint32(0);
      end.uint64(count);
      end.uint64(count);
      end.uint64(size);
      end.uint64(start);
      end.uint32(signature.end64Locator);
      end.uint32(0);
      end.uint64(start + size);
      end.uint32(1);
    }
    end.uint32(signature.end);
    end.uint16(0);
    end.uint16(0);
    end.uint16(large ? moved16 : count);
    end.uint16(large ? moved16 : count);
    end.uint32(large ? moved32 : size);
    end.uint32(large ? moved32 : start);
    end.uint16(0);
    return end.done;
  }
}

/** Numbers one after the other, little-endian. */
class ByteWriter {
  readonly done: Uint8Array;
  private readonly view: DataView;
  private position = 0;

  constructor(size: number) {
    this.done = new Uint8Array(size);
    this.view = new DataView(this.done.buffer);
  }

  uint16(value: number): void {
    this.view.setUint16(this.position, value, true);
    this.position += 2;
  }

  uint32(value: number): void {
    this.view.setUint32(this.position, value, true);
    this.position += 4;
  }

  uint64(value: number): void {
    this.view.setBigUint64(this.position, BigInt(value), true);
    this.position += 8;
  }

  bytes(value: Uint8Array): void {
    this.done.set(value, this.position);
    this.position += value.length;
  }
}
