/** @file The checksum of zip archives. */
import { builtin, isNode } from "./node.ts";

/** Continues the checksum `crc` (0 to begin with) with `bytes`. */
export type Crc32 = (bytes: Uint8Array, crc?: number) => number;

/** Node's own implementation where there is one, about eight times as fast. */
export function bestCrc32(): Crc32 {
  return isNode() ? (builtin("node:zlib").crc32 ?? crc32) : crc32;
}

/** The polynomial of zip, bits reversed. */
const polynomial = 0xedb88320;

type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** `tables[k][b]`: what byte `b` contributes when `k` more bytes follow, so that four are taken a step. */
function makeTables(): Tables {
  const table = () => new Uint32Array(256);
  const tables: Tables = [table(), table(), table(), table()];
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    tables[0][byte] = value;
  }
  for (let byte = 0; byte < 256; byte++)
    for (let k = 1; k < 4; k++) {
      const shorter = tables[k - 1]?.[byte] ?? 0;
      (tables[k] as Uint32Array)[byte] = (shorter >>> 8) ^ (tables[0][shorter & 255] ?? 0);
    }
  return tables;
}

let tables: Tables | undefined;

/** The checksum without help from the platform. */
export const crc32: Crc32 = (bytes, crc = 0) => {
  tables ??= makeTables();
  const [t0, t1, t2, t3] = tables;
  let value = ~crc;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    value ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    value = t3[value & 255]! ^ t2[(value >>> 8) & 255]! ^ t1[(value >>> 16) & 255]! ^ t0[value >>> 24]!;
  }
  for (; i < bytes.length; i++) value = (value >>> 8) ^ t0[(value ^ bytes[i]!) & 255]!;
  return ~value >>> 0;
};
