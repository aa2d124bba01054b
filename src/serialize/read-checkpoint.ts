/** @file Reads the files that `torch.save` has written since PyTorch 0.1, whichever of its three formats they have. */
import { ByteReader, decodeLatin1 } from "./byte-reader.ts";
import { type ByteSource, memorySource } from "./byte-source.ts";
import { fail } from "./fail.ts";
import { readLegacy } from "./legacy-format.ts";
import { PyTuple, type PyValue, toJavaScript } from "./python-objects.ts";
import { type CheckpointBuilder, fillStorage, type StorageBytes } from "./spec.ts";
import { isTar } from "./tar.ts";
import { readTarCheckpoint } from "./tar-format.ts";
import { count, LoadedStorage, StorageType, torchGlobals } from "./torch-globals.ts";
import { describe, unpickle } from "./unpickler.ts";
import { type ZipEntry, ZipReader } from "./zip-reader.ts";

/**
 * Reads a checkpoint: what was saved, with the tensors that `builder` makes. Code in a file is never run; a file that
 * asks for more than tensors, containers and plain values is refused.
 *
 * @param file - the bytes, or where to read them
 * @param builder - makes storages and tensors
 * @throws CheckpointError if the file is damaged, is none of the formats, or holds something else
 */
export async function readCheckpoint(file: Uint8Array | ByteSource, builder: CheckpointBuilder): Promise<unknown> {
  const source = file instanceof Uint8Array ? memorySource(file) : file;
  const head = await source.read(0, Math.min(512, source.size));
  if (startsWith(head, "PK\x03\x04")) return readZip(source, builder);
  if (isTar(head)) return readTarCheckpoint(await source.read(0, source.size), builder);
  if (head[0] === 0x80) return readLegacy(await source.read(0, source.size), builder);
  return fail(`is not a checkpoint${lookalike(head, source.size)}`);
}

const startsWith = (bytes: Uint8Array, text: string): boolean => decodeLatin1(bytes.subarray(0, text.length)) === text;

/** Files that are often taken for checkpoints. */
function lookalike(head: Uint8Array, size: number): string {
  if (size === 0) return ": it is empty";
  if (startsWith(head, "version https://git-lfs")) return ": it is a Git LFS pointer, the file itself was not fetched";
  if (head[8] === 0x7b) return ": it looks like safetensors (see loadFile of safetensors)";
  if (startsWith(head, "\x1f\x8b")) return ": it is packed with gzip";
  if (startsWith(head, "\x89HDF")) return ": it is HDF5";
  if (startsWith(head, "\x93NUMPY")) return ": it is a NumPy array";
  if (/^\s*<(!doctype|html)/i.test(decodeLatin1(head))) return ": it is a web page";
  return "";
}

/** Since PyTorch 1.6: a zip archive with the pickle in one entry and each storage in one of its own. */
async function readZip(source: ByteSource, builder: CheckpointBuilder): Promise<unknown> {
  const zip = await ZipReader.open(source);
  const pickleEntry = [...zip.entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleEntry === undefined) fail("is a zip archive, but not a checkpoint: it has no data.pkl");
  const folder = pickleEntry.name.slice(0, -"data.pkl".length);
  if (zip.entries.has(`${folder}constants.pkl`)) fail("is a TorchScript program, not a checkpoint");
  const orderEntry = zip.entries.get(`${folder}byteorder`);
  const order = orderEntry === undefined ? "little" : decodeLatin1(await zip.read(orderEntry));
  if (order !== "little" && order !== "big") fail(`has the unknown byte order ${JSON.stringify(order)}`);

  const storages = new Map<string, { entry: ZipEntry; storage: StorageBytes; loaded: LoadedStorage }>();
  const persistentLoad = (id: PyValue): PyValue => {
    const [kind, type, key, location, numel] = id instanceof PyTuple ? id.items : [];
    if (kind !== "storage" || !(type instanceof StorageType)) fail(`refers to ${describe(id)} instead of a storage`);
    if (typeof key !== "string" || typeof location !== "string") fail("has a storage without a name");
    const known = storages.get(key);
    const nbytes = count(numel, "size of a storage") * (type.dtype?.itemsize ?? 1);
    const entry = known?.entry ?? zip.entries.get(`${folder}data/${key}`) ?? fail(`has no data of storage ${key}`);
    if (nbytes > entry.size) fail(`has ${entry.size} bytes of storage ${key}, which needs ${nbytes}`);
    const storage = known?.storage ?? builder.storage(entry.size, location);
    const loaded = new LoadedStorage(storage, type.dtype, 0, nbytes);
    if (known === undefined) storages.set(key, { entry, storage, loaded });
    return loaded;
  };
  const find = torchGlobals(builder);
  const root = unpickle(new ByteReader(await zip.read(pickleEntry)), { find, persistentLoad });
  const result = toJavaScript(root);
  for (const { entry, storage, loaded } of storages.values()) {
    await fillStorage(storage, (into) => zip.readInto(entry, into));
    if (order === "big") swapBytes(storage.bytes, loaded);
  }
  return result;
}

/** Turns a storage round that was written by a big-endian machine. */
function swapBytes(bytes: Uint8Array, { dtype }: LoadedStorage): void {
  const width = dtype === null ? 1 : dtype.isComplex ? dtype.itemsize / 2 : dtype.itemsize;
  for (let i = 0; i + width <= bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}
