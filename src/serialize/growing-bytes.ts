/** @file Bytes whose number is not known beforehand. */

export class GrowingBytes {
  private buffer = new Uint8Array(1024);
  private length = 0;

  byte(...values: number[]): void {
    this.bytes(values);
  }

  bytes(values: ArrayLike<number>): void {
    const end = this.length + values.length;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.buffer.length));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(values, this.length);
    this.length = end;
  }

  uint32(value: number): void {
    this.byte(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
