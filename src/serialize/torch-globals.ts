/**
 * @file The classes and functions that a checkpoint may name, and what they do here. Nothing else is ever called: this
 * table is the whole reason why a file cannot run code.
 */

import { device } from "../core/device.ts";
import { DTYPES, type DType, type DTypeName } from "../core/dtype.ts";
import { fail } from "./fail.ts";
import { PyDict, PyGlobal, PyHost, PyInternal, PyList, PySet, PyTuple, type PyValue } from "./python-objects.ts";
import type { CheckpointBuilder, StorageBytes } from "./spec.ts";
import { describe } from "./unpickler.ts";

/** A class of storages such as `torch.FloatStorage`; `dtype` is `null` for `UntypedStorage`. */
export class StorageType extends PyInternal {
  readonly dtype: DType | null;
  constructor(dtype: DType | null) {
    super();
    this.dtype = dtype;
  }
  get what(): string {
    return "a class of storages";
  }
}

/** A storage, or the part of one that a persistent id of the old formats names. */
export class LoadedStorage<S extends StorageBytes = StorageBytes> extends PyInternal {
  readonly storage: S;
  readonly dtype: DType | null;
  /** Where the part begins, and its size. */
  readonly byteOffset: number;
  readonly nbytes: number;

  constructor(storage: S, dtype: DType | null, byteOffset: number, nbytes: number) {
    super();
    this.storage = storage;
    this.dtype = dtype;
    this.byteOffset = byteOffset;
    this.nbytes = nbytes;
  }
  get what(): string {
    return "a storage without a tensor";
  }
}

/** What a tensor was made of: a Parameter is made again, of the parts of a tensor. */
export interface LoadedTensor {
  readonly storage: LoadedStorage;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly requiresGrad: boolean;
}

const storageNames: Readonly<Record<DTypeName, string>> = {
  float32: "Float",
  float64: "Double",
  float16: "Half",
  bfloat16: "BFloat16",
  int64: "Long",
  int32: "Int",
  int16: "Short",
  int8: "Char",
  uint8: "Byte",
  bool: "Bool",
  complex64: "ComplexFloat",
  complex128: "ComplexDouble",
};

/** `FloatStorage` for float32. */
export const storageClassName = (dtype: DType): string => `${storageNames[dtype.name]}Storage`;

const storageTypes = new Map<string, StorageType>([
  ["UntypedStorage", new StorageType(null)],
  ...Object.values(DTYPES).map((dtype) => [storageClassName(dtype), new StorageType(dtype)] as const),
]);

/** Python 2's names of modules, which protocol 2 keeps. */
const modernModules: Readonly<Record<string, string>> = { __builtin__: "builtins", copy_reg: "copyreg" };

/**
 * The names that a file may use, for one file and what its tensors are made with.
 *
 * @param builder - makes the tensors
 * @param storageOf - what stands for a storage in the file's pickle, if not the storage itself
 */
export function torchGlobals(
  builder: CheckpointBuilder,
  storageOf: (value: PyValue | undefined) => PyValue | undefined = (value) => value,
): (module: string, name: string) => PyValue {
  const table = new Map<string, PyValue>();
  const define = (path: string, call?: (args: readonly PyValue[]) => PyValue): void => {
    table.set(path, new PyGlobal(path, call));
  };
  for (const dtype of Object.values(DTYPES)) table.set(`torch.${dtype.name}`, new PyHost(dtype));

  define("collections.OrderedDict", ([pairs]) => dictOfPairs(pairs));
  define("collections.defaultdict", ([, items]) => dictOfPairs(items));
  define("collections.Counter", ([counts]) => dictOfPairs(counts));
  define("builtins.dict", ([pairs]) => dictOfPairs(pairs));
  define("builtins.list", ([items]) => new PyList([...itemsOf(items)]));
  define("builtins.tuple", ([items]) => new PyTuple(itemsOf(items)));
  define("builtins.set", ([items]) => new PySet(itemsOf(items)));
  define("builtins.frozenset", ([items]) => new PySet(itemsOf(items)));
  define("builtins.complex", ([re, im]) => new PyHost({ re: number(re), im: number(im) }));
  define("builtins.bytearray", ([content, encoding]) => bytesOf(content, encoding));
  define("_codecs.encode", ([text, encoding]) => bytesOf(text, encoding));
  for (const factory of ["int", "float", "str", "bool"]) define(`builtins.${factory}`); // a defaultdict may name them

  define("torch.Size", ([sizes]) => new PyTuple(itemsOf(sizes)));
  define("torch.device", ([type, index]) => new PyHost(deviceOf(type, index)));

  const parts = new Map<PyHost, LoadedTensor>();
  const finish = (tensor: LoadedTensor, isParameter: boolean): PyHost => {
    const { storage, offset, ...rest } = tensor;
    const first = offset + storage.byteOffset / tensor.dtype.itemsize;
    const host = new PyHost(builder.tensor(storage.storage, { ...rest, offset: first, isParameter }));
    parts.set(host, tensor);
    return host;
  };
  const parameter = ([data, requiresGrad]: readonly PyValue[]): PyValue => {
    const tensor = data instanceof PyHost ? parts.get(data) : undefined;
    if (tensor === undefined) fail(`makes a Parameter of ${describe(data)}`);
    return finish({ ...tensor, requiresGrad: requiresGradOf(tensor.dtype, requiresGrad) }, true);
  };
  const tensor = (
    [storage, ...place]: readonly PyValue[],
    requiresGrad: PyValue | undefined,
    dtype: DType | null,
  ): PyHost => finish(tensorOf(storageOf(storage), place, requiresGrad, dtype), false);
  define("torch._utils._rebuild_tensor", (args) => tensor(args, false, null));
  define("torch._utils._rebuild_tensor_v2", (args) => tensor(args, args[4], null));
  define("torch._utils._rebuild_tensor_v3", (args) => tensor(args, args[4], dtypeOf(args[6])));
  define("torch._utils._rebuild_parameter", parameter);
  define("torch._utils._rebuild_parameter_with_state", parameter); // the state holds Python attributes of the object
  define("torch._tensor._rebuild_from_type_v2", ([rebuild, type, args]) => {
    if (!(rebuild instanceof PyGlobal && rebuild.call)) fail(`rebuilds a tensor with ${describe(rebuild)}`);
    if (type !== table.get("torch.Tensor") && type !== table.get("torch.nn.parameter.Parameter"))
      fail(`holds a tensor of the class ${describe(type)}, which is not known`);
    return rebuild.call(itemsOf(args));
  });
  define("torch.Tensor");
  define("torch.nn.parameter.Parameter", parameter);

  return (module, name) => {
    const path = `${modernModules[module] ?? module}.${name}`;
    // Storages on devices were called torch.cuda.FloatStorage, and the untyped one has moved between modules.
    const storageType = module === "torch" || module.startsWith("torch.") ? storageTypes.get(name) : undefined;
    return storageType ?? table.get(path) ?? refuse(path);
  };
}

function refuse(path: string): never {
  const hint = path.startsWith("torch.") ? "" : ' (of a module, save "model.state_dict()", not the module itself)';
  return fail(`needs ${path}, which is not loaded: only tensors, containers and plain values are${hint}`);
}

function tensorOf(
  storage: PyValue | undefined,
  [offset, size, stride]: readonly PyValue[],
  requiresGrad: PyValue | undefined,
  givenDtype: DType | null,
): LoadedTensor {
  if (!(storage instanceof LoadedStorage)) fail(`has a tensor whose storage is ${describe(storage)}`);
  const dtype = givenDtype ?? storage.dtype;
  if (dtype === null) fail("has a tensor without a dtype");
  const shape = itemsOf(size).map((n) => count(n, "size"));
  const strides = itemsOf(stride).map((n) => count(n, "stride"));
  const first = count(offset, "offset");
  if (strides.length !== shape.length) fail(`has a tensor of ${shape.length} sizes and ${strides.length} strides`);
  if (shape.length > 64) fail(`has a tensor of ${shape.length} dimensions`);
  const numel = shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(numel)) fail(`has a tensor of the impossible shape [${shape.join(", ")}]`);
  const end = numel === 0 ? 0 : shape.reduce((last, n, i) => last + (n - 1) * (strides[i] ?? 0), first) + 1;
  if (end * dtype.itemsize > storage.nbytes)
    fail(`has a tensor that needs ${end * dtype.itemsize} bytes of a storage of ${storage.nbytes}`);
  if (storage.byteOffset % dtype.itemsize !== 0) fail("has a tensor that begins in the middle of an element");
  return { storage, dtype, shape, strides, offset: first, requiresGrad: requiresGradOf(dtype, requiresGrad) };
}

function requiresGradOf(dtype: DType, value: PyValue | undefined): boolean {
  if (typeof value !== "boolean") fail(`has a tensor whose requires_grad is ${describe(value)}`);
  if (value && !dtype.isFloatingPoint && !dtype.isComplex) fail(`has a ${dtype} tensor that requires a gradient`);
  return value;
}

/** A number of elements. */
export function count(value: PyValue | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    fail(`has an impossible ${what}: ${String(value)}`);
  return value;
}

function number(value: PyValue | undefined): number {
  if (typeof value !== "number") fail(`has ${describe(value)} where a number is expected`);
  return value;
}

function dtypeOf(value: PyValue | undefined): DType {
  const dtype = value instanceof PyHost ? Object.values(DTYPES).find((known) => known === value.value) : undefined;
  return dtype ?? fail(`has ${describe(value)} where a dtype is expected`);
}

function deviceOf(type: PyValue | undefined, index: PyValue | undefined): unknown {
  if (typeof type !== "string") fail(`has a device that is ${describe(type)}`);
  return device(index === undefined || index === null ? type : `${type}:${count(index, "device")}`);
}

/** The items of a list, tuple or set; none if there is none. */
export function itemsOf(value: PyValue | undefined): readonly PyValue[] {
  if (value === undefined) return [];
  if (value instanceof PyTuple || value instanceof PyList) return value.items;
  if (value instanceof PySet) return [...value.items];
  return fail(`has ${describe(value)} where a list is expected`);
}

function dictOfPairs(value: PyValue | undefined): PyDict {
  const dict = new PyDict();
  if (value instanceof PyDict) for (const [key, item] of value.entries) dict.set(key, item);
  else
    for (const pair of itemsOf(value)) {
      const [key, item] = itemsOf(pair);
      if (key === undefined || item === undefined) fail("has a dictionary of something else than pairs");
      dict.set(key, item);
    }
  return dict;
}

/** Protocol 2 writes bytes as a text of their values. */
function bytesOf(content: PyValue | undefined, encoding: PyValue | undefined): Uint8Array {
  if (content === undefined) return new Uint8Array();
  if (content instanceof Uint8Array) return content;
  if (typeof content !== "string" || (encoding !== "latin1" && encoding !== "latin-1"))
    fail(`has bytes made of ${describe(content)} with the encoding ${describe(encoding)}`);
  return Uint8Array.from(content, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 256 ? code : fail("has bytes with a value above 255");
  });
}
