/** @file The safetensors format. */

import * as torch from "typetorch";
import { describe, expect, test } from "vitest";
import { bfloat16, complex128, int64 } from "../../src/core/dtype.ts";
import { CheckpointError } from "../../src/core/errors.ts";
import { loadFile, loadMetadata, saveFile } from "../../src/serialize/safetensors.ts";

/** A file with this header and so many bytes of tensors. */
function file(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

test("tensors come back, views as contiguous ones", async () => {
  const w = torch.arange(6).reshape(2, 3);
  const bytes = await saveFile({
    w,
    wt: w.transpose(0, 1),
    half: torch.zeros(2, { dtype: bfloat16 }),
    scalar: torch.tensor(1.5),
  });
  const back = await loadFile(bytes);
  expect(Object.keys(back)).toEqual(["w", "wt", "scalar", "half"]);
  expect(back.w?.dtype).toBe(int64);
  expect(back.wt?.tolist()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(back.wt?.layout.isContiguous).toBe(true);
  expect(back.scalar?.item()).toBe(1.5);
});

test("the bytes are those of the reference implementation", async () => {
  const bytes = await saveFile(
    { b: torch.tensor([1, 2]), a: torch.tensor([true]), "0": torch.tensor([1.5]) },
    undefined,
    {
      metadata: { format: "pt" },
    },
  );
  const header =
    '{"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},' +
    '"0":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"a":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
  expect(bytes.length).toBe(8 + padded.length + 21);
  expect(await loadMetadata(bytes)).toEqual({ format: "pt" });
});

describe("refusals", () => {
  const entry = (more: string) => `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]${more}}}`;

  test.each([
    [new Uint8Array(3), "is too short for safetensors"],
    [file("{}", 0).fill(255, 0, 8), "has the impossible size"],
    [file("{}", 0).fill(255, 0, 3), "is not safetensors: the size of its header is impossible"],
    [file("[]", 0), "is not safetensors: its header is not an object"],
    [file("{", 0), "is not safetensors: its header is not JSON"],
    [file(entry(""), 3), "has 3 bytes of tensors, its header says 2"],
    [file(entry(',"x":1').replace("U8", "F8_E4M3"), 2), "has a of dtype F8_E4M3, which is not available"],
    [file(entry("").replace("[2]", "[3]"), 2), "has 2 bytes of a, which needs 3"],
    [file(entry("").replace("[2]", "[-2]"), 2), "has a of an impossible shape"],
    [file(entry("").replace("[0,2]", "[2,4]"), 4), "has a gap or an overlap before a"],
  ])("%#", async (bytes, message) => {
    await expect(loadFile(bytes)).rejects.toThrow(CheckpointError);
    await expect(loadFile(bytes)).rejects.toThrow(`loadFile: the given bytes: ${message}`);
  });

  test("a dtype that the format does not have", async () => {
    await expect(saveFile({ z: torch.zeros(1, { dtype: complex128 }) })).rejects.toThrow(
      "saveFile: cannot save z: safetensors has no torch.complex128",
    );
  });
});
