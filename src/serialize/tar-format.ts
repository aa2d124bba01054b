/**
 * @file PyTorch's format before 0.1.10: a tar archive of the storages, the tensors, and the pickle that refers to both. What other
 * programs write in its likeness, with the tensors inside of the pickle and storages that it names in plain tuples, is read too.
 */
import { ByteReader } from "./byte-reader.ts";
import { fail } from "./fail.ts";
import { PyGlobal, PyHost, PyList, PyTuple, type PyValue, toJavaScript } from "./python-objects.ts";
import type { CheckpointBuilder } from "./spec.ts";
import { untar } from "./tar.ts";
import { count, itemsOf, LoadedStorage, StorageType, torchGlobals } from "./torch-globals.ts";
import { describe, plainHost, type UnpicklerHost, unpickle } from "./unpickler.ts";

/** Reads a whole file of this format. */
export function readTarCheckpoint(file: Uint8Array, builder: CheckpointBuilder): unknown {
  const files = untar(file);
  const open = (name: string): ByteReader =>
    new ByteReader(files.get(name) ?? fail(`is a tar archive without ${name}`));
  const known = new Map<string, PyValue>();
  const resolve = (id: PyValue | undefined): PyValue | undefined => {
    if (id instanceof LoadedStorage) return id;
    const [, , storageKey] = id instanceof PyTuple ? id.items : [];
    return known.get(keyOf(storageKey ?? id));
  };
  const find = torchGlobals(builder, resolve);
  const rebuildTensor = find("torch._utils", "_rebuild_tensor_v2");
  const rebuild = (args: readonly PyValue[]): PyValue =>
    rebuildTensor instanceof PyGlobal ? (rebuildTensor.call?.(args) ?? null) : null;

  const storages = open("storages");
  // The class of a tensor, such as torch.FloatTensor, says what its storage says already.
  const typesOnly: UnpicklerHost = {
    ...plainHost,
    find: (module, name) => (name.endsWith("Tensor") ? new PyGlobal(`${module}.${name}`) : find(module, name)),
  };
  for (let left = count(unpickle(storages, plainHost), "number of storages"); left > 0; left--) {
    const [key, location, type] = itemsOf(unpickle(storages, typesOnly));
    if (!(type instanceof StorageType) || typeof location !== "string") fail("has a storage without a type");
    const nbytes = storages.count64() * (type.dtype?.itemsize ?? 1);
    const data = storages.bytes(nbytes);
    const storage = builder.storage(nbytes, location);
    storage.bytes.set(data);
    known.set(keyOf(key), new LoadedStorage(storage, type.dtype, 0, nbytes));
  }
  const views = storages.remaining > 0 ? itemsOf(unpickle(storages, plainHost)) : [];
  for (const view of views) {
    const [key, rootKey, offset, size] = itemsOf(view);
    const root = known.get(keyOf(rootKey));
    if (!(root instanceof LoadedStorage)) fail("has a part of a storage that is not there");
    const itemsize = root.dtype?.itemsize ?? 1;
    const start = count(offset, "offset of a storage") * itemsize;
    const nbytes = count(size, "size of a storage") * itemsize;
    if (start + nbytes > root.nbytes) fail("has a part of a storage that is not inside");
    known.set(keyOf(key), new LoadedStorage(root.storage, root.dtype, root.byteOffset + start, nbytes));
  }

  const tensors = files.has("tensors") ? open("tensors") : null;
  for (let left = tensors ? count(unpickle(tensors, plainHost), "number of tensors") : 0; tensors && left > 0; left--) {
    const [key, storageKey] = itemsOf(unpickle(tensors, typesOnly));
    const ndim = tensors.int32();
    tensors.int32(); // ndim once took eight bytes
    if (ndim < 0 || ndim > 64) fail(`has a tensor of ${ndim} dimensions`);
    const numbers = (): PyTuple => new PyTuple(Array.from({ length: ndim }, () => Number(tensors.bigInt64())));
    const shape = numbers();
    const strides = numbers();
    const offset = Number(tensors.bigInt64());
    const storage = known.get(keyOf(storageKey));
    if (storage === undefined) fail("has a tensor without a storage");
    known.set(keyOf(key), rebuild([storage, offset, shape, strides, false, new PyList()]));
  }

  const persistentLoad = (id: PyValue): PyValue => {
    const value = resolve(id);
    if (!(value instanceof PyHost || value instanceof LoadedStorage)) fail("refers to a tensor that is not there");
    return value;
  };
  return toJavaScript(unpickle(open("pickle"), { find, persistentLoad }));
}

/** Names are addresses in the memory of the program that wrote the file; some come as texts. */
function keyOf(key: PyValue | undefined): string {
  if (typeof key !== "number" && typeof key !== "bigint" && typeof key !== "string")
    fail(`is named by ${describe(key)}`);
  return String(key);
}
