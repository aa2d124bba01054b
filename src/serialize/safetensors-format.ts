/**
 * @file The safetensors format: a JSON header of names, dtypes, shapes and places, then the bytes of all tensors, without gaps.
 * https://huggingface.co/docs/safetensors
 */
import { DTYPES, type DType, type DTypeName } from "../core/dtype.ts";
import { contiguousStrides } from "../core/layout.ts";
import { ByteReader, decodeUtf8 } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { fail } from "./fail.ts";
import { type CheckpointBuilder, fillStorage } from "./spec.ts";
import type { Sink } from "./zip-writer.ts";

const safeNames = {
  bool: "BOOL",
  uint8: "U8",
  int8: "I8",
  int16: "I16",
  int32: "I32",
  int64: "I64",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
  complex64: "C64",
  complex128: null, // the format has no name for it
} as const satisfies Readonly<Record<DTypeName, string | null>>;

const dtypesBySafeName = new Map<string, DType>(
  Object.values(DTYPES).flatMap((dtype) => {
    const name = safeNames[dtype.name];
    return name === null ? [] : [[name, dtype] as const];
  }),
);

/** The reference implementation reads no longer headers. */
const longestHeader = 100_000_000;
const metadataKey = "__metadata__";

interface SafeEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface SafeHeader {
  readonly entries: readonly SafeEntry[];
  readonly metadata: Record<string, string>;
}

/** Reads a whole file. */
export async function readSafetensors(
  source: ByteSource,
  builder: CheckpointBuilder,
): Promise<Record<string, unknown>> {
  const { entries, start } = await readHeader(source);
  const tensors: Record<string, unknown> = Object.create(null);
  for (const { name, dtype, shape, begin, end } of entries) {
    const storage = builder.storage(end - begin, "cpu");
    await fillStorage(storage, (into) => source.readInto(start + begin, into));
    const strides = contiguousStrides(shape);
    tensors[name] = builder.tensor(storage, {
      dtype,
      shape,
      strides,
      offset: 0,
      requiresGrad: false,
      isParameter: false,
    });
  }
  return tensors;
}

/** What a file says of its tensors, and where their bytes begin. */
export async function readHeader(source: ByteSource): Promise<SafeHeader & { readonly start: number }> {
  if (source.size < 8) fail("is too short for safetensors");
  const headerBytes = new ByteReader(await source.read(0, 8)).count64();
  if (headerBytes > longestHeader || headerBytes + 8 > source.size)
    fail("is not safetensors: the size of its header is impossible");
  const start = 8 + headerBytes;
  const header = parseHeader(decodeUtf8(await source.read(8, headerBytes)));
  let next = 0;
  for (const { name, begin, end } of header.entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) fail(`has a gap or an overlap before ${name}`);
    next = end;
  }
  if (start + next !== source.size) fail(`has ${source.size - start} bytes of tensors, its header says ${next}`);
  return { ...header, start };
}

function parseHeader(text: string): SafeHeader {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    fail("is not safetensors: its header is not JSON");
  }
  if (!isRecord(header)) fail("is not safetensors: its header is not an object");
  const metadata: Record<string, string> = Object.create(null);
  const entries: SafeEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) fail(`has an entry ${name} that is not an object`);
    if (name === metadataKey) {
      for (const [key, item] of Object.entries(value))
        metadata[key] = typeof item === "string" ? item : fail(`has the metadata ${key}, which is no text`);
    } else entries.push(parseEntry(name, value));
  }
  return { entries, metadata };
}

function parseEntry(
  name: string,
  { dtype: dtypeName, shape, data_offsets: offsets }: Record<string, unknown>,
): SafeEntry {
  const dtype = typeof dtypeName === "string" ? dtypesBySafeName.get(dtypeName) : undefined;
  if (dtype === undefined) fail(`has ${name} of dtype ${String(dtypeName)}, which is not available`);
  if (!isCounts(shape)) fail(`has ${name} of an impossible shape`);
  if (!isCounts(offsets) || offsets.length !== 2) fail(`has ${name} at an impossible place`);
  const [begin = 0, end = 0] = offsets;
  const nbytes = shape.reduce((product, n) => product * n, dtype.itemsize);
  if (end - begin !== nbytes) fail(`has ${end - begin} bytes of ${name}, which needs ${nbytes}`);
  if (shape.length > 64) fail(`has ${name} of ${shape.length} dimensions`);
  return { name, dtype, shape, begin, end };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === "number" && Number.isSafeInteger(n) && n >= 0);

/** A tensor to be written: its elements, contiguous. */
export interface SafeTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Writes a file to `sink`. The order is the reference implementation's: dtypes with wide elements first, so that all lie
 * aligned, then by name.
 */
export async function writeSafetensors(
  tensors: readonly (readonly [name: string, SafeTensor])[],
  metadata: Readonly<Record<string, string>> | undefined,
  sink: Sink,
): Promise<void> {
  const ordered = tensors.toSorted(([a, x], [b, y]) => y.dtype.itemsize - x.dtype.itemsize || (a < b ? -1 : 1));
  const header: [string, unknown][] = metadata === undefined ? [] : [[metadataKey, metadata]];
  let position = 0;
  for (const [name, { dtype, shape, bytes }] of ordered) {
    if (name === metadataKey) fail(`cannot save a tensor under the name ${metadataKey}`);
    const safeName = safeNames[dtype.name] ?? fail(`cannot save ${name}: safetensors has no ${dtype}`);
    header.push([name, { dtype: safeName, shape, data_offsets: [position, position + bytes.length] }]);
    position += bytes.length;
  }
  // Not one object for JSON.stringify: that would put names like "0" before all others.
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const padded = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(text, 8);
  await sink(padded);
  for (const [, { bytes }] of ordered) await sink(bytes);
}
