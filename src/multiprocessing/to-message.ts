/** @file Into messages. */
import { backendOf } from "../backends/backend.ts";
import { Device } from "../core/device.ts";
import { DType } from "../core/dtype.ts";
import { AutogradError, DeviceError, describe, ValueError } from "../core/errors.ts";
import { Buffer, Parameter } from "../core/parameter.ts";
import type { Storage } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { isModule } from "../nn/module/contents.ts";
import { isUninitialized } from "../nn/module/uninitialized.ts";
import { FORM, type Message, type MessageRecord, type StorageRecord, type TensorRecord } from "./message.ts";

/**
 * Prepares a tensor, a state_dict, or whatever is made of tensors, dtypes, devices, arrays, plain objects, maps, sets and values that
 * JavaScript can clone, for another thread, where `fromMessage` gives it back. PyTorch: what `torch.multiprocessing` does to what is
 * put into a queue.
 *
 * Memory that is shared (`shareMemory_`, `Module.shareMemory`) is shared with the receiver: both see what either writes, and neither
 * waits for the other. All other memory is copied, once, whole storages at a time: views of one memory stay that. Parameters stay
 * parameters; gradients do not go along.
 *
 * Differs: PyTorch moves tensors into shared memory when they are sent; here only `shareMemory_` does. A module is sent as its
 * state_dict: code does not cross between threads.
 *
 * @param x - what to send
 * @returns a plain object, to be posted as it is or inside of others
 * @throws AutogradError for a tensor that is no leaf
 * @throws DeviceError for a tensor that is not on the cpu
 * @throws ValueError for a module, a function, or an object of a class that would arrive without it
 * @example
 * const model = new nn.Linear(2, 1).shareMemory();
 * const message = torch.multiprocessing.toMessage(model.stateDict());
 * const received = torch.multiprocessing.fromMessage(structuredClone(message));
 * torch.noGrad(() => model.weight.fill_(3));
 * received.weight // tensor([[3., 3.]])
 */
export function toMessage<T>(x: T): Message<T> {
  const writer = new Writer();
  const value = writer.write(x, "");
  return { typetorch: FORM, value, records: writer.records, transfer: writer.transfer };
}

/** What structured cloning keeps as it is, besides what the writer looks into. */
const CLONEABLE = [
  Date,
  RegExp,
  Error,
  ArrayBuffer,
  ...(typeof SharedArrayBuffer === "undefined" ? [] : [SharedArrayBuffer]),
];

class Writer {
  readonly records: MessageRecord[] = [];
  readonly transfer: ArrayBuffer[] = [];
  private readonly written = new Map<object, unknown>();
  private readonly storages = new Map<Storage, StorageRecord>();

  /** @param path - where `x` stands in what is sent, for errors */
  write(x: unknown, path: string): unknown {
    if (isModule(x)) throw refusal(path, "the state_dict of a module (module.stateDict())", x.constructor.name);
    if (typeof x === "function" || typeof x === "symbol") throw refusal(path, "values that can be cloned", describe(x));
    if (typeof x !== "object" || x === null) return x;
    const known = this.written.get(x);
    return known === undefined ? this.writeObject(x, path) : known;
  }

  private writeObject(x: object, path: string): unknown {
    if (x instanceof Tensor)
      return this.noted(x, this.record(tensorRecord(x, path, (storage) => this.storage(storage))));
    if (x instanceof DType) return this.noted(x, this.record({ kind: "dtype", name: x.name }));
    if (x instanceof Device) return this.noted(x, this.record({ kind: "device", name: String(x) }));
    if (Array.isArray(x)) {
      const list: unknown[] = this.noted(x, []);
      for (const [i, item] of x.entries()) list.push(this.write(item, `${path}[${i}]`));
      return list;
    }
    if (x instanceof Map) {
      const map = this.noted(x, new Map<unknown, unknown>());
      for (const [key, item] of x)
        map.set(this.write(key, `${path}.keys()`), this.write(item, `${path}.get(${describe(key)})`));
      return map;
    }
    if (x instanceof Set) {
      const set = this.noted(x, new Set<unknown>());
      for (const item of x) set.add(this.write(item, `${path}.values()`));
      return set;
    }
    const proto: unknown = Object.getPrototypeOf(x);
    if (proto === Object.prototype || proto === null) {
      const entries = this.noted<object>(x, {});
      for (const [key, item] of Object.entries(x)) setOwn(entries, key, this.write(item, `${path}.${key}`));
      return entries;
    }
    if (ArrayBuffer.isView(x) || CLONEABLE.some((type) => x instanceof type)) return x;
    throw refusal(path, "plain objects, whose class cannot be lost on the way", describe(x));
  }

  /** Where an object is met again (or holds itself), the same copy stands again. */
  private noted<C>(x: object, copy: C): C {
    this.written.set(x, copy);
    return copy;
  }

  private record<R extends MessageRecord>(record: R): R {
    this.records.push(record);
    return record;
  }

  private storage(storage: Storage): StorageRecord {
    let record = this.storages.get(storage);
    if (record === undefined) {
      record = backendOf(storage.device).isShared(storage) ? sharedRecord(storage) : this.copiedRecord(storage);
      this.storages.set(storage, record);
    }
    return record;
  }

  private copiedRecord(storage: Storage): StorageRecord {
    const { buffer } = backendOf(storage.device).bytes(storage).slice();
    this.transfer.push(buffer);
    return { buffer, byteOffset: 0, nbytes: storage.nbytes };
  }
}

const sharedRecord = ({ block, byteOffset, nbytes }: Storage): StorageRecord => ({
  buffer: block.buffer as ArrayBufferLike,
  byteOffset,
  nbytes,
});

function tensorRecord(x: Tensor, path: string, storageOf: (storage: Storage) => StorageRecord): TensorRecord {
  if (isUninitialized(x))
    throw refusal(path, "parameters with a shape", "one of a lazy module that was not called yet");
  if (x.device.type !== "cpu")
    throw new DeviceError(
      `toMessage: expected tensors on the cpu${at(path)}, got one on ${x.device}; send await x.cpu()`,
    );
  if (x.requiresGrad && !x.isLeaf)
    throw new AutogradError(
      `toMessage: expected a leaf of the graph${at(path)}, got a result of ${x.gradFn?.name()}: the graph cannot leave its thread; send x.detach()`,
    );
  const { shape, strides, offset } = x.layout;
  return {
    kind: x instanceof Parameter ? "parameter" : x instanceof Buffer ? "buffer" : "tensor",
    storage: storageOf(x.storage),
    dtype: x.dtype.name,
    shape: [...shape],
    strides: [...strides],
    offset,
    requiresGrad: x.requiresGrad,
    persistent: x instanceof Buffer && x.persistent,
  };
}

/** Sets a key as own property, whatever it is called. */
export function setOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

const at = (path: string): string => (path === "" ? "" : ` at ${path.replace(/^\./, "")}`);

const refusal = (path: string, expected: string, got: string): ValueError =>
  new ValueError(`toMessage: expected ${expected}${at(path)}, got ${got}`);
