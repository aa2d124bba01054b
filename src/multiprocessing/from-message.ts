/** @file Out of messages. */
import { adopt } from "../backends/cpu/memory.ts";
import { device } from "../core/device.ts";
import { DTYPES } from "../core/dtype.ts";
import { describe, ValueError } from "../core/errors.ts";
import { extent, Layout } from "../core/layout.ts";
import { Buffer, Parameter } from "../core/parameter.ts";
import type { Storage } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { FORM, type Message, type MessageRecord, type StorageRecord, type TensorRecord } from "./message.ts";
import { setOwn } from "./to-message.ts";

/**
 * What a message of `toMessage` carries. Its tensors lie in the memory of the message: in that of the sender where this is shared.
 * PyTorch: what `torch.multiprocessing` does to what is taken from a queue.
 *
 * @param message - as it was received
 * @throws ValueError if it is no message, was made by another version of the library, or its memory was transferred on
 * @example
 * const message = torch.multiprocessing.toMessage({ epoch: 3, loss: torch.tensor([0.5, 0.25]) });
 * const { port1, port2 } = new MessageChannel();
 * port1.postMessage(message, message.transfer);
 * const value = await new Promise((resolve) => port2.once("message", (data) => resolve(fromMessage(data))));
 * port1.close();
 * value // { epoch: 3, loss: tensor([0.5000, 0.2500]) }
 */
export function fromMessage<T>(message: Message<T>): T {
  if (typeof message !== "object" || message === null || !Array.isArray(message.records))
    throw new ValueError(`fromMessage: expected what toMessage gave, got ${describe(message)}`);
  if (message.typetorch !== FORM)
    throw new ValueError(
      `fromMessage: expected a message of form ${FORM}, got ${describe(message.typetorch)}: both threads must use one version of typetorch`,
    );
  return new Reader(message.records).read(message.value) as T;
}

class Reader {
  private readonly made = new Map<unknown, unknown>();
  private readonly storages = new Map<StorageRecord, Storage>();

  constructor(records: readonly MessageRecord[]) {
    for (const record of records) this.made.set(record, this.restored(record));
  }

  read(x: unknown): unknown {
    if (typeof x !== "object" || x === null) return x;
    const known = this.made.get(x);
    return known === undefined ? this.readContainer(x) : known;
  }

  private readContainer(x: object): unknown {
    if (Array.isArray(x)) {
      const list: unknown[] = this.noted(x, []);
      for (const item of x) list.push(this.read(item));
      return list;
    }
    if (x instanceof Map) {
      const map = this.noted(x, new Map<unknown, unknown>());
      for (const [key, item] of x) map.set(this.read(key), this.read(item));
      return map;
    }
    if (x instanceof Set) {
      const set = this.noted(x, new Set<unknown>());
      for (const item of x) set.add(this.read(item));
      return set;
    }
    if (Object.getPrototypeOf(x) !== Object.prototype) return x;
    const entries = this.noted<object>(x, {});
    for (const [key, item] of Object.entries(x)) setOwn(entries, key, this.read(item));
    return entries;
  }

  private noted<C>(x: object, copy: C): C {
    this.made.set(x, copy);
    return copy;
  }

  private restored(record: MessageRecord): unknown {
    if (record.kind === "dtype") return DTYPES[record.name];
    if (record.kind === "device") return device(record.name);
    return this.tensor(record);
  }

  private tensor(record: TensorRecord): Tensor {
    const { shape, strides, offset, requiresGrad, persistent } = record;
    const dtype = DTYPES[record.dtype];
    const layout = new Layout(shape, strides, offset);
    const storage = this.storage(record.storage);
    if (offset < 0 || strides.some((s) => s < 0) || (offset + extent(layout)) * dtype.itemsize > storage.nbytes)
      throw new ValueError(
        "fromMessage: expected a message as toMessage made it, got a tensor that exceeds its memory",
      );
    const data = new Tensor(storage, layout, dtype);
    if (record.kind === "parameter") return new Parameter(data, requiresGrad);
    const t = record.kind === "buffer" ? new Buffer(data, persistent) : data;
    return requiresGrad ? t.requiresGrad_() : t;
  }

  private storage(record: StorageRecord): Storage {
    let storage = this.storages.get(record);
    if (storage === undefined) {
      const { buffer, byteOffset, nbytes } = record;
      if (byteOffset + nbytes > buffer.byteLength)
        throw new ValueError(
          `fromMessage: expected ${nbytes} bytes, got a buffer with ${buffer.byteLength}: the memory of this message was transferred on`,
        );
      storage = adopt("fromMessage", buffer, byteOffset, nbytes);
      this.storages.set(record, storage);
    }
    return storage;
  }
}
