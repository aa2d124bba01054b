/** @file Writes pickles of protocol 2, the one that `torch.save` writes. */
import { Device } from "../core/device.ts";
import { DType } from "../core/dtype.ts";
import { type Complex, isComplexScalar, isIntLike } from "../core/scalar.ts";
import { decodeLatin1 } from "./byte-reader.ts";
import { fail } from "./fail.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { op } from "./opcodes.ts";
import type { DescribeTensor, SavedTensor } from "./spec.ts";
import { storageClassName } from "./torch-globals.ts";

/** Python's own limit, near which it cannot read what is nested more deeply. */
const maxDepth = 500;

/** A pickle, and the storages that its tensors lie in, in the order of their names "0", "1", … */
export interface Pickled {
  readonly bytes: Uint8Array;
  readonly storages: readonly SavedTensor[];
}

/**
 * Pickles a value.
 *
 * @param value - tensors, numbers, bigints, booleans, texts, `null`, bytes, dtypes and devices, in arrays (lists; frozen ones
 *   are tuples), objects, Maps and Sets
 * @param describe - says which objects are tensors
 * @throws CheckpointError for any other value, naming where it is
 */
export function pickle(value: unknown, describe: DescribeTensor): Pickled {
  return new Pickler(describe).dump(value);
}

class Pickler {
  private readonly describe: DescribeTensor;
  private readonly out = new GrowingBytes();
  private readonly memo = new Map<unknown, number>();
  private readonly storages = new Map<object, { name: string; tensor: SavedTensor }>();
  /** Keys that lead to the value at hand, for errors. */
  private readonly path: string[] = [];

  constructor(describe: DescribeTensor) {
    this.describe = describe;
  }

  dump(value: unknown): Pickled {
    this.out.byte(op.PROTO, 2);
    this.save(value);
    this.out.byte(op.STOP);
    return { bytes: this.out.toBytes(), storages: [...this.storages.values()].map(({ tensor }) => tensor) };
  }

  private save(value: unknown): void {
    if (typeof value === "boolean") this.out.byte(value ? op.NEWTRUE : op.NEWFALSE);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.long(value);
    else if (typeof value === "string") this.text(value);
    else if (value === null) this.out.byte(op.NONE);
    else if (typeof value === "object") this.object(value);
    else this.refuse(typeof value === "function" ? "a function" : typeof value);
  }

  private object(value: object): void {
    if (this.recall(value)) return;
    if (this.path.length > maxDepth) fail(`cannot save containers that are nested more than ${maxDepth} deep`);
    const tensor = this.describe(value);
    // A list or a dictionary is known before its content, which may refer to it; the others are known afterwards.
    if (tensor === null && Array.isArray(value) && !Object.isFrozen(value)) this.list(value, value);
    else if (tensor === null && value instanceof Map) this.dict(value, [...value]);
    else if (tensor === null && isRecord(value) && !isComplexNumber(value)) this.record(value);
    else {
      if (tensor !== null) this.tensor(tensor);
      else this.finished(value);
      this.remember(value);
    }
  }

  private finished(value: object): void {
    if (value instanceof DType) this.global("torch", value.name);
    else if (value instanceof Device) this.device(value);
    else if (Array.isArray(value)) this.tuple(Array.from(value, (item, i) => () => this.at(i, item)));
    else if (value instanceof Set) this.call("__builtin__", "set", [() => this.list([...value], null)]);
    else if (value instanceof Uint8Array)
      this.call("_codecs", "encode", [() => this.text(decodeLatin1(value)), () => this.text("latin1")]);
    else if (isComplexNumber(value))
      this.call("__builtin__", "complex", [() => this.float(value.re), () => this.float(value.im)]);
    else this.refuse(`a ${value.constructor?.name || "class instance"}`);
  }

  private record(value: object): void {
    const entries = Object.entries(value);
    const isStateDict =
      entries.length > 0 && entries.every(([, item]) => isObject(item) && this.describe(item) !== null);
    this.dict(value, entries, isStateDict);
  }

  private dict(identity: object, entries: readonly (readonly [unknown, unknown])[], ordered = false): void {
    if (ordered) this.call("collections", "OrderedDict", []);
    else this.out.byte(op.EMPTY_DICT);
    this.remember(identity);
    if (entries.length === 0) return;
    this.out.byte(op.MARK);
    for (const [key, item] of entries) {
      if (isObject(key) && !Object.isFrozen(key)) this.refuse("a container or tensor as a key");
      this.save(key);
      this.at(key, item);
    }
    this.out.byte(op.SETITEMS);
  }

  private list(items: readonly unknown[], identity: object | null): void {
    this.out.byte(op.EMPTY_LIST);
    if (identity !== null) this.remember(identity);
    if (items.length === 0) return;
    this.out.byte(op.MARK);
    // Not forEach: a hole in an array is an `undefined`, and refused.
    for (let i = 0; i < items.length; i++) this.at(i, items[i]);
    this.out.byte(op.APPENDS);
  }

  private at(key: unknown, item: unknown): void {
    this.path.push(typeof key === "string" ? `.${key}` : `[${String(key)}]`);
    this.save(item);
    this.path.pop();
  }

  private tensor(tensor: SavedTensor): void {
    const rebuild = (): void =>
      this.call("torch._utils", "_rebuild_tensor_v2", [
        () => this.storage(tensor),
        () => this.int(tensor.offset),
        () => this.ints(tensor.shape),
        () => this.ints(tensor.strides),
        () => this.save(tensor.isParameter ? false : tensor.requiresGrad),
        () => this.call("collections", "OrderedDict", []), // hooks
      ]);
    if (tensor.isParameter)
      this.call("torch._utils", "_rebuild_parameter", [
        rebuild,
        () => this.save(tensor.requiresGrad),
        () => this.call("collections", "OrderedDict", []),
      ]);
    else rebuild();
  }

  private storage(tensor: SavedTensor): void {
    const { dtype, bytes } = tensor;
    let known = this.storages.get(tensor.storage);
    if (known === undefined) {
      known = { name: String(this.storages.size), tensor };
      this.storages.set(tensor.storage, known);
    } else if (known.tensor.dtype !== dtype)
      fail(
        `cannot save tensors of ${known.tensor.dtype} and ${dtype} that share their memory${this.where()}: clone one of them`,
      );
    const { name } = known;
    this.tuple([
      () => this.text("storage"),
      () => this.global("torch", storageClassName(dtype)),
      () => this.text(name),
      () => this.text("cpu"),
      () => this.int(Math.floor(bytes.length / dtype.itemsize)),
    ]);
    this.out.byte(op.BINPERSID);
  }

  private device({ type, index }: Device): void {
    this.call("torch", "device", [() => this.text(type), ...(index === null ? [] : [() => this.int(index)])]);
  }

  private call(module: string, name: string, args: readonly (() => void)[]): void {
    this.global(module, name);
    this.tuple(args);
    this.out.byte(op.REDUCE);
  }

  private tuple(items: readonly (() => void)[]): void {
    const short = [op.EMPTY_TUPLE, op.TUPLE1, op.TUPLE2, op.TUPLE3][items.length];
    if (short === undefined) this.out.byte(op.MARK);
    for (const save of items) save();
    this.out.byte(short ?? op.TUPLE);
  }

  private ints(values: readonly number[]): void {
    this.tuple(values.map((n) => () => this.int(n)));
  }

  private global(module: string, name: string): void {
    const key = `global ${module} ${name}`;
    if (this.recall(key)) return;
    this.out.byte(op.GLOBAL);
    this.out.bytes(new TextEncoder().encode(`${module}\n${name}\n`));
    this.remember(key);
  }

  private text(value: string): void {
    const key = `text ${value}`;
    if (this.recall(key)) return;
    if (/\p{Surrogate}/u.test(value)) fail(`cannot save a text with half a character${this.where()}`);
    const utf8 = new TextEncoder().encode(value);
    this.out.byte(op.BINUNICODE);
    this.out.uint32(utf8.length);
    this.out.bytes(utf8);
    this.remember(key);
  }

  private number(value: number): void {
    if (isIntLike(value)) this.int(value);
    else this.float(value);
  }

  private int(value: number): void {
    if (value >= 0 && value < 256) this.out.byte(op.BININT1, value);
    else if (value >= 0 && value < 65536) this.out.byte(op.BININT2, value & 255, value >> 8);
    else if (value === (value | 0)) {
      this.out.byte(op.BININT);
      this.out.uint32(value >>> 0);
    } else this.long(BigInt(value));
  }

  private long(value: bigint): void {
    const bytes: number[] = [];
    // Two's complement: on until the rest is the sign alone, which the last byte must show.
    for (let rest = value; ; rest >>= 8n) {
      const byte = Number(rest & 255n);
      bytes.push(byte);
      if ((rest >> 8n === 0n && byte < 128) || (rest >> 8n === -1n && byte >= 128)) break;
    }
    if (bytes.length < 256) this.out.byte(op.LONG1, bytes.length);
    else {
      this.out.byte(op.LONG4);
      this.out.uint32(bytes.length);
    }
    this.out.bytes(Uint8Array.from(bytes));
  }

  private float(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, false);
    this.out.byte(op.BINFLOAT);
    this.out.bytes(bytes);
  }

  /** Refers to a value that was written before. */
  private recall(key: unknown): boolean {
    const index = this.memo.get(key);
    if (index === undefined) return false;
    if (index < 256) this.out.byte(op.BINGET, index);
    else {
      this.out.byte(op.LONG_BINGET);
      this.out.uint32(index);
    }
    return true;
  }

  private remember(key: unknown): void {
    const index = this.memo.size;
    this.memo.set(key, index);
    if (index < 256) this.out.byte(op.BINPUT, index);
    else {
      this.out.byte(op.LONG_BINPUT);
      this.out.uint32(index);
    }
  }

  private where(): string {
    return this.path.length === 0 ? "" : ` (at ${this.path.join("").replace(/^\./, "")})`;
  }

  private refuse(what: string): never {
    return fail(
      `cannot save ${what}${this.where()}: only tensors, numbers, texts, bytes, dtypes, devices, and arrays, objects, Maps and Sets of them`,
    );
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether this is an object of no class: a literal, or what a dictionary was loaded as. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Whether this is exactly `{ re, im }`. */
const isComplexNumber = (value: object): value is Complex => isComplexScalar(value) && Object.keys(value).length === 2;
