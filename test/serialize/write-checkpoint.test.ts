/** @file What is written can be read again, and has the layout that PyTorch expects. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Device } from "../../src/core/device.ts";
import { float16, float32 } from "../../src/core/dtype.ts";
import { CheckpointError } from "../../src/core/errors.ts";
import { memorySource } from "../../src/serialize/byte-source.ts";
import { bestCrc32, crc32 } from "../../src/serialize/crc32.ts";
import { GrowingBytes } from "../../src/serialize/growing-bytes.ts";
import { readCheckpoint } from "../../src/serialize/read-checkpoint.ts";
import { checkpointWriter } from "../../src/serialize/write-checkpoint.ts";
import { ZipReader } from "../../src/serialize/zip-reader.ts";
import { ZipWriter } from "../../src/serialize/zip-writer.ts";
import { builder, describeSpec, SpecTensor, written } from "./spec-tensor.ts";

const roundTrip = async <T>(value: T): Promise<T> => (await readCheckpoint(await written(value), builder)) as T;

describe("round trips", () => {
  test("numbers keep their kind and size", async () => {
    const numbers = [0, -0, 1, -1, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1];
    const more = [2 ** 53 - 1, 1 - 2 ** 53, 2 ** 53, 0.1, 5e-324, Infinity, -Infinity, NaN];
    const big = [2n ** 53n, -(2n ** 63n), 2n ** 63n, 2n ** 2040n, -(2n ** 2048n)];
    expect(await roundTrip([...numbers, ...more, ...big])).toEqual([...numbers, ...more, ...big]);
    expect(await roundTrip([0n, 127n, 128n, -128n, -129n])).toEqual([0, 127, 128, -128, -129]);
  });

  test("containers", async () => {
    const value = {
      list: [true, null, "é\u{1f600}", ""],
      tuple: Object.freeze([0.9, 0.999]),
      map: new Map<unknown, unknown>([
        [0, "a"],
        [null, [1]],
      ]),
      set: new Set([1, "b"]),
      bytes: Uint8Array.of(0, 127, 128, 255),
      z: { re: 1, im: -0.5 },
      dtype: float16,
      device: new Device("cuda", 1),
      nothing: {},
    };
    const back = await roundTrip(value);
    expect(back).toEqual(value);
    expect(Object.isFrozen(back.tuple)).toBe(true);
    expect(Object.keys(back)).toEqual(Object.keys(value));
  });

  test("names that objects treat specially", async () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}');
    const back = await roundTrip(value);
    expect(Object.entries(back)).toEqual([
      ["__proto__", { a: 1 }],
      ["constructor", 2],
      ["toString", 3],
    ]);
  });

  test("what is shared stays shared, also in a cycle", async () => {
    const inner = [1];
    const outer: unknown[] = [inner, inner];
    outer.push(outer);
    const back = (await roundTrip(outer)) as unknown[];
    expect(back[0]).toBe(back[1]);
    expect(back[2]).toBe(back);
  });

  test("views share their storage", async () => {
    const whole = SpecTensor.of("float32", new Float32Array([0, 1, 2, 3, 4, 5]), [2, 3]);
    const column = new SpecTensor(whole.storage, {
      ...whole.spec,
      shape: [2],
      strides: [3],
      offset: 1,
      requiresGrad: true,
    });
    const parameter = SpecTensor.of("float64", new Float64Array([7]), [1], { isParameter: true, requiresGrad: true });
    const back = await roundTrip({ whole, column, parameter, again: column });
    expect(back.column.floats()).toEqual([1, 4]);
    expect(back.column.spec).toEqual(column.spec);
    expect(back.column.storage).toBe(back.whole.storage);
    expect(back.again).toBe(back.column);
    expect(back.parameter.spec).toEqual(parameter.spec);
    expect(back.parameter.storage).not.toBe(back.whole.storage);
  });

  test("any structure", async () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.double(),
        fc.maxSafeInteger(),
        fc.bigInt().filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
        fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
        fc.uint8Array(),
        fc.array(tie("value")),
        fc.array(tie("value")).map((items) => Object.freeze(items)),
        fc.dictionary(fc.string(), tie("value")),
        fc.array(fc.tuple(fc.integer(), tie("value")), { minLength: 1 }).map((entries) => new Map(entries)),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(value, async (x) => {
        expect(await roundTrip(x)).toEqual(x);
      }),
      { numRuns: 200 },
    );
  });
});

test("values that Python would not know are refused, naming where they are", async () => {
  const shared = new ArrayBuffer(8);
  const storage = { bytes: new Uint8Array(shared) };
  const f = SpecTensor.of("float32", new Float32Array(shared), [2]);
  const a = new SpecTensor(storage, f.spec);
  const b = new SpecTensor(storage, { ...f.spec, dtype: float16 });
  const cases: [unknown, string][] = [
    [{ layers: [1, { act: () => 0 }] }, "cannot save a function (at layers[1].act)"],
    [{ a: undefined }, "cannot save undefined (at a)"],
    [[Symbol("s")], "cannot save symbol (at [0])"],
    [new Date(), "cannot save a Date"],
    [{ x: new Float32Array(2) }, "cannot save a Float32Array (at x)"],
    [new Map([[[1], 2]]), "cannot save a container or tensor as a key"],
    ["half \ud83d", "cannot save a text with half a character"],
    [{ a, b }, "cannot save tensors of torch.float32 and torch.float16 that share their memory (at b)"],
  ];
  for (const [value, message] of cases) {
    await expect(written(value)).rejects.toThrow(CheckpointError);
    await expect(written(value)).rejects.toThrow(message);
  }
  let deep: unknown = 1;
  for (let i = 0; i < 600; i++) deep = [deep];
  await expect(written(deep)).rejects.toThrow("nested more than 500 deep");
});

test("a tensor that changes meanwhile is noticed", async () => {
  const x = SpecTensor.of("float32", new Float32Array(2), [2]);
  let version = 0;
  const write = checkpointWriter([x], (value) => {
    const saved = describeSpec(value);
    return saved && { ...saved, version: () => version };
  });
  version++;
  await expect(write(() => {})).rejects.toThrow("await save before going on");
});

describe("zip archives", () => {
  const names = async (file: Uint8Array) => [...(await ZipReader.open(memorySource(file))).entries.keys()];

  test("have PyTorch's entries, each at a multiple of 64 bytes", async () => {
    const x = SpecTensor.of("float32", new Float32Array([1, 2, 3]), [3]);
    const file = await written({ x, y: SpecTensor.of("uint8", Uint8Array.of(9), [1]) });
    expect(await names(file)).toEqual(
      ["data.pkl", "byteorder", "data/0", "data/1", "version"].map((name) => `archive/${name}`),
    );
    const view = new DataView(file.buffer);
    for (const { headerOffset, size, crc } of (await ZipReader.open(memorySource(file))).entries.values()) {
      const start =
        headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
      expect(start % 64).toBe(0);
      expect(crc32(file.subarray(start, start + size))).toBe(crc);
    }
    expect(await written({ x })).toEqual(await written({ x })); // no times, no random numbers
  });

  test.each([1, 40])("ZIP64 records from %i bytes on", async (limit) => {
    const out = new GrowingBytes();
    const writer = new ZipWriter((bytes) => out.bytes(bytes), crc32, limit);
    const contents = new Map([1, 39, 40, 41, 200].map((size) => [`f${size}`, new Uint8Array(size).fill(size)]));
    for (const [name, content] of contents) await writer.add(name, content);
    await writer.finish();
    const zip = await ZipReader.open(memorySource(out.toBytes()));
    expect([...zip.entries.keys()]).toEqual([...contents.keys()]);
    for (const entry of zip.entries.values()) expect(await zip.read(entry)).toEqual(contents.get(entry.name));
  });

  test("more entries than a plain directory counts", async () => {
    const out = new GrowingBytes();
    const writer = new ZipWriter((bytes) => out.bytes(bytes), crc32);
    for (let i = 0; i < 65540; i++) await writer.add(String(i), new Uint8Array());
    await writer.finish();
    expect(await names(out.toBytes())).toHaveLength(65540);
  });

  test("the checksum is zip's, with and without help", async () => {
    const native = bestCrc32();
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32(a)).toBe(native(a));
        expect(crc32(b, crc32(a))).toBe(crc32(Uint8Array.of(...a, ...b)));
      }),
    );
  });
});

test("float32 without elements", async () => {
  const x = SpecTensor.of("float32", new Float32Array(), [0, 3]);
  const back = await roundTrip([x]);
  expect(back[0]?.spec).toMatchObject({ shape: [0, 3], dtype: float32 });
});
