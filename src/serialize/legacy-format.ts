/** @file PyTorch's format from 0.1.10 to 1.5: five pickles one after the other, then the storages. */
import { ByteReader } from "./byte-reader.ts";
import { fail } from "./fail.ts";
import { PyTuple, type PyValue, toJavaScript } from "./python-objects.ts";
import type { CheckpointBuilder, StorageBytes } from "./spec.ts";
import { count, itemsOf, LoadedStorage, StorageType, torchGlobals } from "./torch-globals.ts";
import { describe, plainHost, unpickle } from "./unpickler.ts";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** Reads a whole file of this format. */
export function readLegacy(file: Uint8Array, builder: CheckpointBuilder): unknown {
  const reader = new ByteReader(file);
  if (unpickle(reader, plainHost) !== magicNumber) fail("is a pickle, but not a checkpoint: it has no magic number");
  const version = unpickle(reader, plainHost);
  if (version !== protocolVersion) fail(`has the unknown version ${String(version)} of the old format`);
  unpickle(reader, plainHost); // sizes of C types on the machine that wrote it

  const storages = new Map<string, { storage: StorageBytes; itemsize: number; nbytes: number }>();
  let allBytes = 0;
  const persistentLoad = (id: PyValue): PyValue => {
    const [kind, type, key, location, numel, view] = id instanceof PyTuple ? id.items : [];
    if (kind !== "storage" || !(type instanceof StorageType)) fail(`refers to ${describe(kind)} instead of a storage`);
    if (typeof key !== "string" || typeof location !== "string") fail("has a storage without a name");
    const itemsize = type.dtype?.itemsize ?? 1;
    const nbytes = count(numel, "size of a storage") * itemsize;
    let root = storages.get(key);
    if (root === undefined) {
      allBytes += nbytes;
      if (allBytes > file.length) fail(`ends too early: its storages need ${allBytes} bytes`);
      root = { storage: builder.storage(nbytes, location), itemsize, nbytes };
      storages.set(key, root);
    }
    if (nbytes > root.nbytes) fail(`has two sizes of storage ${key}`);
    if (view === undefined || view === null) return new LoadedStorage(root.storage, type.dtype, 0, nbytes);
    // A storage that is a part of another.
    const [, offset, viewSize] = itemsOf(view);
    const start = count(offset, "offset of a storage") * itemsize;
    const viewBytes = count(viewSize, "size of a storage") * itemsize;
    if (start + viewBytes > root.nbytes) fail(`has a part of storage ${key} that is not inside`);
    return new LoadedStorage(root.storage, type.dtype, start, viewBytes);
  };
  const result = toJavaScript(unpickle(reader, { find: torchGlobals(builder), persistentLoad }));

  for (const key of itemsOf(unpickle(reader, plainHost))) {
    const root = typeof key === "string" ? storages.get(key) : undefined;
    if (root === undefined) fail("has data of a storage that is not used");
    const nbytes = reader.count64() * root.itemsize;
    if (nbytes !== root.nbytes) fail(`has ${nbytes} bytes of a storage that needs ${root.nbytes}`);
    root.storage.bytes.set(reader.bytes(nbytes));
    storages.delete(String(key));
  }
  if (storages.size > 0) fail(`has no data of storage ${[...storages.keys()].join(", ")}`);
  return result;
}
