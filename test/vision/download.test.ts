import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasets } from "../../src/vision/index.ts";
import { emptyRoot, idx, labels, pixels } from "./idx-files.ts";
import { type Mirror, startMirror } from "./mirror.ts";

const files: Record<string, Uint8Array> = {};
for (const [prefix, n] of [
  ["train", 3],
  ["t10k", 2],
] as const) {
  files[`${prefix}-images-idx3-ubyte.gz`] = gzipSync(idx([n, 28, 28], pixels(n)));
  files[`${prefix}-labels-idx1-ubyte.gz`] = gzipSync(idx([n], labels(n)));
}
const resources = Object.entries(files).map(([filename, content]) => ({
  filename,
  md5: createHash("md5").update(content).digest("hex"),
}));

let mirror: Mirror;
let spoiled: Mirror;
beforeAll(async () => {
  mirror = await startMirror(files);
  spoiled = await startMirror(Object.fromEntries(Object.keys(files).map((name) => [name, new Uint8Array(9)])));
});
afterAll(async () => {
  await mirror.stop();
  await spoiled.stop();
});

/** As MNIST, from other mirrors. */
function fromMirrors(...urls: string[]) {
  return class extends datasets.MNIST {
    static override readonly mirrors = urls;
    static override readonly resources = resources;
  };
}
const rawOf = (root: string) => join(root, "MNIST", "raw");
const NOBODY = "http://127.0.0.1:9/";

describe("download", () => {
  it("fetches in the constructor, trying the mirrors in turn", () => {
    const root = emptyRoot();
    const data = new (fromMirrors(NOBODY, spoiled.url, mirror.url))({ root, download: true });
    expect(data.length).toBe(3);
    expect(readdirSync(rawOf(root)).sort()).toEqual(Object.keys(files).sort());
  });
  it("fetches asynchronously", async () => {
    const root = emptyRoot();
    const Data = fromMirrors(NOBODY, mirror.url);
    await Data.download(root);
    expect(new Data({ root, train: false }).length).toBe(2);
  });
  it("leaves good files alone, and replaces those with a wrong md5", async () => {
    const root = emptyRoot();
    const Data = fromMirrors(mirror.url);
    await Data.download(root);
    const [good, bad] = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"].map((name) =>
      join(rawOf(root), name),
    ) as [string, string];
    const before = statSync(good).mtimeMs;
    writeFileSync(bad, "damaged");
    expect(new Data({ root, download: true }).length).toBe(3);
    expect(statSync(good).mtimeMs).toBe(before);
    expect(readFileSync(bad)).toEqual(Buffer.from(files["train-labels-idx1-ubyte.gz"]!));
  });
  it("needs no mirror for files that are there, packed or not", () => {
    const root = emptyRoot();
    mkdirSync(rawOf(root), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(rawOf(root), name), content);
    expect(new (fromMirrors())({ root, download: true }).length).toBe(3);
    const unpacked = emptyRoot();
    mkdirSync(rawOf(unpacked), { recursive: true });
    for (const prefix of ["train", "t10k"]) {
      writeFileSync(join(rawOf(unpacked), `${prefix}-images-idx3-ubyte`), idx([1, 28, 28], pixels(1)));
      writeFileSync(join(rawOf(unpacked), `${prefix}-labels-idx1-ubyte`), idx([1], labels(1)));
    }
    expect(new (fromMirrors())({ root: unpacked, download: true }).length).toBe(1);
  });
  it("says what each mirror did, and leaves nothing behind", async () => {
    const root = emptyRoot();
    const path = join(rawOf(root), "train-images-idx3-ubyte.gz");
    const failure = await fromMirrors(NOBODY, spoiled.url, `${mirror.url}elsewhere/`)
      .download(root)
      .catch((error) => error);
    expect(failure).toBeInstanceOf(datasets.DatasetError);
    expect(failure.problem).toBe("download");
    expect(failure.message).toContain(`MNIST: could not download ${path}: ${NOBODY}: `);
    expect(failure.message).toContain(`${spoiled.url}: expected md5 ${resources[0]?.md5}, got `);
    expect(failure.message).toContain(`${mirror.url}elsewhere/: HTTP status 404`);
    expect(existsSync(join(root, "MNIST"))).toBe(false);
  });
});

it("knows torchvision's sums", () => {
  const sums = datasets.FashionMNIST.resources.map(({ filename, md5 }) => `${filename} ${md5}`);
  expect(sums).toEqual([
    "train-images-idx3-ubyte.gz 8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz 25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz bb300cfdad3c16e7a12a480ee83cd310",
  ]);
});
