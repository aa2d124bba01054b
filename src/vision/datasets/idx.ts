/** @file Reads IDX files, the format of MNIST: sizes, then bytes. */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DatasetError } from "./error.ts";

export interface Idx {
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: Uint8Array;
}

/** The third byte of a file of unsigned bytes. */
const UNSIGNED_BYTE = 8;

/**
 * Reads an IDX file of unsigned bytes, or the same name with `.gz`.
 * @param ndim - how many dimensions it must have
 * @throws DatasetError if there is neither, or if it is damaged
 */
export function readIdx(op: string, path: string, ndim: number): Idx {
  const file = [path, `${path}.gz`].find(existsSync);
  if (file === undefined)
    throw new DatasetError("missing", `${op}: no ${path} (nor ${path}.gz); pass { download: true } to fetch it`);
  const content = file.endsWith(".gz") ? unzip(op, file) : readFileSync(file);
  const corrupt = (what: string) =>
    new DatasetError("corrupt", `${op}: ${file} ${what}; delete it, and pass { download: true } to fetch it anew`);
  const start = 4 * (ndim + 1);
  if (content.length < start) throw corrupt(`is truncated: expected at least ${start} bytes, got ${content.length}`);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const magic = view.getUint32(0);
  const expected = (UNSIGNED_BYTE << 8) | ndim;
  if (magic !== expected)
    throw corrupt(
      `is no IDX file of ${ndim} dimensions: expected it to begin with ${hex(expected)}, got ${hex(magic)}`,
    );
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 * (i + 1)));
  const numel = shape.reduce((a, b) => a * b, 1);
  if (content.length - start !== numel) {
    const what = content.length - start < numel ? "is truncated" : "is too long";
    throw corrupt(`${what}: expected ${numel} bytes of data (${shape.join(" x ")}), got ${content.length - start}`);
  }
  // Not `subarray`: of a Buffer that is a Buffer, whose `slice` shares memory instead of copying.
  return { shape, data: new Uint8Array(content.buffer, content.byteOffset + start, numel) };
}

const hex = (x: number) => `0x${x.toString(16).padStart(8, "0")}`;

function unzip(op: string, file: string): Uint8Array {
  const packed = readFileSync(file);
  try {
    return gunzipSync(packed);
  } catch (error) {
    const reason = (error as Error).message;
    throw new DatasetError(
      "corrupt",
      `${op}: ${file} is truncated or corrupt (${reason}); delete it, and pass { download: true } to fetch it anew`,
    );
  }
}
