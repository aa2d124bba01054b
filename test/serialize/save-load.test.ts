/** @file `save` and `load` with tensors, files and streams. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as torch from "typetorch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CheckpointError, ValueError } from "../../src/core/errors.ts";
import { load, save } from "../../src/serialize/save-load.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "typetorch-"));
});
afterEach(() => rm(folder, { recursive: true }));

const fixture = (name: string): URL => new URL(`fixtures/${name}`, import.meta.url);

test("tensors and their views come back", async () => {
  const w = torch.arange(6).reshape(2, 3);
  const bytes = await save({ w, wt: w.transpose(0, 1), leaf: torch.tensor([0.5], { requiresGrad: true }), epoch: 3 });
  const back = await load<{ w: torch.Tensor; wt: torch.Tensor; leaf: torch.Tensor; epoch: number }>(bytes);
  expect(back.w).toBeInstanceOf(torch.Tensor);
  expect(back.w.tolist()).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(back.wt.tolist()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(back.wt.storage).toBe(back.w.storage);
  expect(back.leaf.requiresGrad).toBe(true);
  expect(back.leaf.isLeaf).toBe(true);
  expect(back.epoch).toBe(3);
});

test("a large tensor of a file of its own", async () => {
  const path = join(folder, "large.pt");
  const x = torch.arange(5_000_000);
  await save([x], path);
  const [back] = await load<[torch.Tensor]>(path);
  expect(back.storage.nbytes).toBe(40_000_000);
  expect(back.sum().item()).toBe(x.sum().item());
});

test("a file of PyTorch", async () => {
  const { bias, scalar } = await load<{ bias: torch.Tensor; scalar: torch.Tensor }>(fixture("zip.ckpt"));
  expect(bias.tolist()).toEqual([0.5, -0.5]);
  expect(scalar.item()).toBe(7);
});

describe("places to load from", () => {
  test.each(["stream.ckpt", "zip.ckpt", "tar.ckpt"])("%s by path, URL, bytes and Blob", async (name) => {
    const url = fixture(name);
    const bytes = await readFile(url);
    const sources = [
      url,
      url.pathname,
      bytes,
      Uint8Array.from(bytes).buffer,
      new DataView(Uint8Array.from(bytes).buffer),
    ];
    for (const source of [...sources, new Blob([bytes]), new File([bytes], "model.pt")]) {
      const { w } = await load<{ w: torch.Tensor }>(source);
      expect(w.reshape(-1).tolist()).toEqual([0, 1, 2, 3, 4, 5]);
    }
  });

  test("errors name the file", async () => {
    const path = join(folder, "garbage.pt");
    await writeFile(path, "abc");
    await expect(load(path)).rejects.toThrow(new CheckpointError(`load: ${path}: is not a checkpoint`));
    await expect(load(pathToFileURL(path))).rejects.toThrow(`load: ${pathToFileURL(path)}: is not a checkpoint`);
    await expect(load(new File(["abc"], "upload.pt"))).rejects.toThrow("load: upload.pt: is not a checkpoint");
    await expect(load(new Uint8Array(3))).rejects.toThrow("load: the given bytes: is not a checkpoint");
    const missing = join(folder, "missing.pt");
    await expect(load(missing)).rejects.toThrow(CheckpointError);
    await expect(load(missing)).rejects.toThrow(`load: ${missing}: ENOENT`);
    await expect(load(folder)).rejects.toThrow(CheckpointError);
  });

  test("anything else is refused", async () => {
    await expect(load(3 as never)).rejects.toThrow(
      new ValueError("load: expected a path, a URL, an ArrayBuffer, a typed array or a Blob, got 3"),
    );
    await expect(load("x.pt", { weightsOnly: false })).rejects.toThrow(ValueError);
    await expect(load("x.pt", { weightsonly: true } as never)).rejects.toThrow('load: unknown option "weightsonly"');
    await expect(load("x.pt", "cpu", { mapLocation: "cpu" })).rejects.toThrow("load: mapLocation is given twice");
  });
});

describe("mapLocation", () => {
  /** A checkpoint that says it was saved on a GPU. */
  async function fromGpu(): Promise<Uint8Array> {
    const text = Buffer.from(await readFile(fixture("stream.ckpt"))).toString("latin1");
    // BINUNICODE: the length, then the text; "cpu" is the location of the first storage, later ones refer to it.
    return Buffer.from(text.replace("X\x03\0\0\0cpu", "X\x06\0\0\0cuda:0"), "latin1");
  }

  test.each([
    ["a device", "cpu"],
    ["a table", { "cuda:0": "cpu" }],
    ["a function", () => "cpu"],
  ] as const)("%s", async (_, location) => {
    const file = await fromGpu();
    for (const { w } of [
      await load<{ w: torch.Tensor }>(file, location),
      await load<{ w: torch.Tensor }>(file, { mapLocation: location }),
    ])
      expect(String(w.device)).toBe("cpu");
  });

  test("without it, a device that is not there is an error", async () => {
    await expect(load(await fromGpu())).rejects.toThrow(
      'load: the given bytes: has tensors of the device cuda:0, to which nothing can be loaded here: pass { mapLocation: "cpu" }',
    );
  });
});

describe("places to save to", () => {
  test("a path, a file URL and a stream get the same bytes", async () => {
    const value = { x: torch.zeros(3) };
    const bytes = await save(value);
    await save(value, join(folder, "a.pt"));
    await save(value, pathToFileURL(join(folder, "b.pt")));
    const chunks: Uint8Array[] = [];
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(Uint8Array.from(chunk)) });
    await save(value, stream);
    expect(stream.locked).toBe(false);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes));
    for (const name of ["a.pt", "b.pt"]) expect(await readFile(join(folder, name))).toEqual(Buffer.from(bytes));
    expect(await readdir(folder)).toEqual(["a.pt", "b.pt"]);
  });

  test("what fails leaves the old file, and nothing beside it", async () => {
    const path = join(folder, "model.pt");
    await save({ x: 1 }, path);
    const x = torch.zeros(100_000);
    const saving = save({ x }, path);
    x.add_(1);
    await expect(saving).rejects.toThrow(`save: ${path}: a tensor was changed while it was being saved`);
    await expect(save({ f: () => 0 }, path)).rejects.toThrow("save: cannot save a function (at f)");
    expect(await load(path)).toEqual({ x: 1 });
    expect(await readdir(folder)).toEqual(["model.pt"]);
    await expect(save(1, join(folder, "no", "such.pt"))).rejects.toThrow(CheckpointError);
  });

  test("links stay links, and a file keeps its mode", async () => {
    await mkdir(join(folder, "runs"));
    const path = join(folder, "runs", "1.pt");
    const link = join(folder, "latest.pt");
    await save(1, path);
    await chmod(path, 0o640);
    await symlink(path, link);
    await save(2, link);
    expect(await load(path)).toBe(2);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(["latest.pt", "runs"]);
  });

  test("anything else is refused", async () => {
    await expect(save(1, 3 as never)).rejects.toThrow(ValueError);
  });
});
