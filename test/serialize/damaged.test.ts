/** @file Whatever is done to a file, only a CheckpointError comes out. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { float32 } from "../../src/core/dtype.ts";
import { CheckpointError } from "../../src/core/errors.ts";
import { memorySource } from "../../src/serialize/byte-source.ts";
import { crc32 } from "../../src/serialize/crc32.ts";
import { GrowingBytes } from "../../src/serialize/growing-bytes.ts";
import { readCheckpoint } from "../../src/serialize/read-checkpoint.ts";
import { readSafetensors, writeSafetensors } from "../../src/serialize/safetensors-format.ts";
import type { CheckpointBuilder } from "../../src/serialize/spec.ts";
import { ZipReader } from "../../src/serialize/zip-reader.ts";
import { ZipWriter } from "../../src/serialize/zip-writer.ts";
import { builder } from "./spec-tensor.ts";

const fixture = (name: string): Uint8Array => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

type Damage = {
  readonly kind: "set" | "flip" | "insert" | "copy" | "cut";
  readonly at: number;
  readonly value: number;
};

const damages = fc.array(
  fc.record<Damage>({
    kind: fc.constantFrom("set", "flip", "insert", "copy", "cut"),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.integer({ min: 0, max: 255 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function damage(file: Uint8Array, changes: readonly Damage[]): Uint8Array {
  let bytes = Array.from(file);
  for (const { kind, at, value } of changes) {
    const i = Math.floor(at * bytes.length);
    if (kind === "set") bytes[i] = value;
    else if (kind === "flip") bytes[i] = (bytes[i] ?? 0) ^ (1 << (value & 7));
    else if (kind === "insert") bytes.splice(i, 0, value, value ^ 255);
    else if (kind === "copy") bytes.splice(i, value & 7, ...bytes.slice(value, value + 8));
    else bytes = bytes.slice(0, i);
  }
  return Uint8Array.from(bytes);
}

/** Runs `read` on damaged files; what it throws must be a CheckpointError. */
function check(file: Uint8Array, read: (file: Uint8Array) => Promise<unknown>, numRuns = 1000): Promise<void> {
  const property = fc.asyncProperty(damages, async (changes) => {
    try {
      await read(damage(file, changes));
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
    }
  });
  return fc.assert(property, { numRuns });
}

test.each([
  ["zip.ckpt", 1000],
  ["deflated.ckpt", 200],
  ["stream.ckpt", 1000],
  ["tar.ckpt", 300],
])("%s", (name, numRuns) => check(fixture(name), (file) => readCheckpoint(file, builder), numRuns));

test.each(["zip.ckpt", "zip-protocol4.ckpt"])("the pickle of %s, in an archive that is sound", async (name) => {
  const zip = await ZipReader.open(memorySource(fixture(name)));
  const contents = new Map<string, Uint8Array>();
  for (const entry of zip.entries.values()) contents.set(entry.name, await zip.read(entry));
  const [pickleName = "", pickle = new Uint8Array()] =
    [...contents].find(([entry]) => entry.endsWith("data.pkl")) ?? [];
  await check(pickle, async (damaged) => {
    const out = new GrowingBytes();
    const writer = new ZipWriter((bytes) => out.bytes(bytes), crc32);
    for (const [entry, content] of contents) await writer.add(entry, entry === pickleName ? damaged : content);
    await writer.finish();
    return readCheckpoint(out.toBytes(), builder);
  });
});

test("safetensors", async () => {
  const out = new GrowingBytes();
  const tensor = { dtype: float32, shape: [2, 1], bytes: new Uint8Array(8) };
  await writeSafetensors(
    [
      ["a", tensor],
      ["b", tensor],
    ],
    { k: "v" },
    (bytes) => out.bytes(bytes),
  );
  await check(out.toBytes(), (file) => readSafetensors(memorySource(file), builder));
});

test("nothing is allocated that the file cannot fill", async () => {
  const allocated: number[] = [];
  const counting: CheckpointBuilder = {
    ...builder,
    storage: (nbytes) => {
      allocated.push(nbytes);
      return { bytes: new Uint8Array() };
    },
  };
  const huge = "\x8a\x05\0\0\0\0\x7f"; // about 2^39 elements
  const storage = `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu${huge}NtQ`;
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\0K\x01\x85K\x01\x85\x89NtR.`;
  const magic = "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
  const file = Buffer.from(`${magic}\x80\x02${tensor}`, "latin1");
  await expect(readCheckpoint(file, counting)).rejects.toThrow("ends too early: its storages need");
  expect(allocated).toEqual([]);
});
