/** @file Finds the files of a tar archive, the container of PyTorch before 0.1.10. */
import { decodeLatin1 } from "./byte-reader.ts";
import { fail } from "./fail.ts";

const block = 512;

/** Whether these are the first bytes of a tar archive: POSIX ones say so, older ones have the right checksum. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < block) return false;
  const sum = head.subarray(0, block).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  return sum > 8 * 0x20 && octal(head.subarray(148, 156)) === sum;
}

/** Content of each regular file, by name. */
export function untar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + block);
    if (!isTar(header)) fail("is a damaged tar archive: a header has the wrong checksum");
    const size = octal(header.subarray(124, 136));
    const start = at + block;
    if (size === undefined || start + size > bytes.length) fail("is a tar archive that was cut off, or is damaged");
    const type = header[156];
    if (type === 0x30 || type === 0) files.set(text(header.subarray(0, 100)), bytes.subarray(start, start + size));
    at = start + Math.ceil(size / block) * block;
  }
  return files;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decodeLatin1(end < 0 ? field : field.subarray(0, end));
}

function octal(field: Uint8Array): number | undefined {
  const digits = text(field).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
