/** @file Small files in the form of MNIST's, for tests that need no data set. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** An IDX file of bytes. */
export function idx(shape: readonly number[], data: Uint8Array, magic = 0x800 | shape.length): Buffer {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, magic);
  for (const [i, n] of shape.entries()) head.setUint32(4 * (i + 1), n);
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

export const pixels = (n: number) => Uint8Array.from({ length: n * 784 }, (_, i) => (i * 7) % 256);
export const labels = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 10);

/** A fresh empty folder; the system clears these away. */
export const emptyRoot = (): string => mkdtempSync(join(tmpdir(), "typetorch-test-"));

/** Writes files into `name/raw` of a fresh root, packed where the name ends in `.gz`. */
export function rootWith(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const root = emptyRoot();
  const raw = join(root, name, "raw");
  mkdirSync(raw, { recursive: true });
  for (const [file, content] of Object.entries(files))
    writeFileSync(join(raw, file), file.endsWith(".gz") ? gzipSync(content) : content);
  return root;
}

/** A root with `n` training pictures, packed, and 2 test pictures, unpacked. */
export function mnistRoot(name = "MNIST", n = 5): string {
  return rootWith(name, {
    "train-images-idx3-ubyte.gz": idx([n, 28, 28], pixels(n)),
    "train-labels-idx1-ubyte.gz": idx([n], labels(n)),
    "t10k-images-idx3-ubyte": idx([2, 28, 28], pixels(2)),
    "t10k-labels-idx1-ubyte": idx([2], labels(2)),
  });
}
