/** @file Files written by PyTorch, in each of its formats. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Device } from "../../src/core/device.ts";
import { bfloat16, DTYPES } from "../../src/core/dtype.ts";
import { CheckpointError } from "../../src/core/errors.ts";
import { readCheckpoint } from "../../src/serialize/read-checkpoint.ts";
import { builder, type SpecTensor } from "./spec-tensor.ts";

const fixture = (name: string): Uint8Array => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

type Content = Record<string, unknown> &
  Record<"w" | "wt" | "row" | "bias" | "frozen" | "leaf" | "empty" | "scalar", SpecTensor>;

test.each(["zip.ckpt", "zip-protocol4.ckpt", "stream.ckpt", "deflated.ckpt"])("%s", async (name) => {
  const content = (await readCheckpoint(fixture(name), builder)) as Content;
  expect(Object.getPrototypeOf(content)).toBe(null);
  const { w, wt, row, bias, frozen, leaf, empty, scalar, dtypes, again, ...plain } = content;

  expect(w.floats()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(wt.spec).toMatchObject({ shape: [3, 2], strides: [1, 3], offset: 0 });
  expect(row.spec).toMatchObject({ shape: [3], strides: [1], offset: 3, requiresGrad: false, isParameter: false });
  expect(wt.storage).toBe(w.storage);
  expect(row.storage).toBe(w.storage);
  expect(bias.floats()).toEqual([0.5, -0.5]);
  expect(bias.spec).toMatchObject({ requiresGrad: true, isParameter: true });
  expect(frozen.spec).toMatchObject({ requiresGrad: false, isParameter: true });
  expect(leaf.spec).toMatchObject({ requiresGrad: true, isParameter: false });
  expect(empty.spec.shape).toEqual([0, 3]);
  expect(scalar.spec.shape).toEqual([]);
  expect(scalar.longs()).toEqual([7n]);

  expect(again).toBe(dtypes);
  const elements = (dtypes as SpecTensor[]).map((x) => [x.spec.dtype.name, Buffer.from(x.elements()).toString("hex")]);
  expect(Object.fromEntries(elements)).toEqual({
    uint8: "000102",
    int8: "000102",
    int16: "000001000200",
    int32: "000000000100000002000000",
    int64: "000000000000000001000000000000000200000000000000",
    float16: "0000003c0040",
    bfloat16: "0000803f0040",
    float32: "000000000000803f00000040",
    float64: "0000000000000000000000000000f03f0000000000000040",
    bool: "000101",
    complex64: "00000000000000000000803f000000000000004000000000",
    complex128: "00000000000000000000000000000000000000000000f03f000000000000000000000000000000400000000000000000",
  });
  expect(elements).toHaveLength(Object.keys(DTYPES).length);

  expect(plain).toEqual({
    epoch: 3,
    lr: 1e-3,
    betas: [0.9, 0.999],
    big: 2n ** 70n,
    negative: -(2 ** 40),
    name: "café 😀",
    flags: new Map<unknown, unknown>([
      [1, true],
      [2, null],
    ]),
    size: [2, 3],
    dtype: bfloat16,
    device: new Device("cuda", 1),
    raw: Uint8Array.of(0, 255),
    z: { re: 1, im: -2 },
    seen: new Set(["a"]),
    counts: { a: [1] },
  });
  expect(Object.isFrozen(plain.betas)).toBe(true);
  expect(Object.isFrozen(dtypes)).toBe(false);
});

test("the tar format of before 0.1.10", async () => {
  const content = (await readCheckpoint(fixture("tar.ckpt"), builder)) as Record<"w" | "wt" | "n" | "part", SpecTensor>;
  expect(Object.keys(content)).toEqual(["w", "wt", "n", "part", "epoch"]);
  expect(content.w.floats()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(content.wt.floats()).toEqual([0, 3, 1, 4, 2, 5]);
  expect(content.wt.storage).toBe(content.w.storage);
  expect(content.n.longs()).toEqual([7n, 8n, 9n]);
  expect(content.part.floats()).toEqual([3, 4]);
  expect(content).toMatchObject({ epoch: 3 });
});

test("a whole module is refused, with what to do instead", async () => {
  const reading = readCheckpoint(fixture("module.ckpt"), builder);
  await expect(reading).rejects.toThrow(CheckpointError);
  await expect(reading).rejects.toThrow("needs torch.nn.modules.linear.Linear, which is not loaded");
});

test.each([
  ["", "is not a checkpoint: it is empty"],
  ["abc", "is not a checkpoint"],
  ["version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"],
  ["\x10\0\0\0\0\0\0\0{}", "it looks like safetensors"],
  ["\x1f\x8b\x08", "it is packed with gzip"],
  ["\x93NUMPY\x01", "it is a NumPy array"],
  ["<!DOCTYPE html>", "it is a web page"],
  ["PK\x03\x04 and nothing more", "is a zip archive that was cut off"],
  ["\x80\x02K\x01.", "is a pickle, but not a checkpoint"],
])("%j is no checkpoint", async (text, message) => {
  const reading = readCheckpoint(Buffer.from(text, "latin1"), builder);
  await expect(reading).rejects.toThrow(CheckpointError);
  await expect(reading).rejects.toThrow(message);
});

test.each(["zip.ckpt", "stream.ckpt", "tar.ckpt", "deflated.ckpt"])("%s cut off anywhere is refused", async (name) => {
  const whole = fixture(name);
  // A tar archive ends with blocks of zeros that nobody needs.
  const end = name === "tar.ckpt" ? whole.findLastIndex((byte) => byte !== 0) : whole.length;
  for (let length = 0; length < end; length += 97)
    await expect(readCheckpoint(whole.subarray(0, length), builder), `${length}`).rejects.toThrow(CheckpointError);
});

test("a changed byte of a tensor is noticed", async () => {
  const file = Uint8Array.from(fixture("zip.ckpt"));
  const at = Buffer.from(file).indexOf(new Uint8Array(new Float32Array([3, 4, 5]).buffer));
  file[at] = 1;
  await expect(readCheckpoint(file, builder)).rejects.toThrow("the checksum of zip/data/0 is wrong");
});
