/** @file Reads numbers, lines and runs of bytes one after the other, and never beyond the end. */
import { fail } from "./fail.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 strictly. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    // TextDecoder does not take shared memory in browsers; text is short enough to be copied.
    return utf8.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
  } catch {
    return fail("a text is not valid UTF-8");
  }
}

/** Decodes one byte a character. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  // String.fromCharCode takes its characters as arguments, of which there may not be too many.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

/** A cursor over bytes, little-endian. */
export class ByteReader {
  readonly data: Uint8Array;
  position: number;
  private readonly view: DataView;

  constructor(data: Uint8Array, position = 0) {
    this.data = data;
    this.position = position;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get remaining(): number {
    return this.data.length - this.position;
  }

  /** Moves on by `count` bytes and returns where they begin. */
  private take(count: number): number {
    if (count > this.remaining) fail(`ends too early: ${count} more bytes were expected, ${this.remaining} are left`);
    const start = this.position;
    this.position += count;
    return start;
  }

  uint8(): number {
    return this.view.getUint8(this.take(1));
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  bigInt64(): bigint {
    return this.view.getBigInt64(this.take(8), true);
  }

  /** An unsigned 64-bit number that counts something, so that it must be a safe integer. */
  count64(): number {
    const count = this.view.getBigUint64(this.take(8), true);
    if (count > BigInt(Number.MAX_SAFE_INTEGER)) fail(`has the impossible size ${count}`);
    return Number(count);
  }

  /** A float64, big-endian as pickles have it. */
  float64BigEndian(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  bytes(count: number): Uint8Array {
    const start = this.take(count);
    return this.data.subarray(start, start + count);
  }

  /** Up to the next line break, which is skipped. */
  line(): Uint8Array {
    const end = this.data.indexOf(0x0a, this.position);
    if (end < 0) fail("ends within a line");
    const line = this.data.subarray(this.position, end);
    this.position = end + 1;
    return line;
  }
}
