/** @file Copies of modules, and of whatever else holds tensors: Python's `copy.deepcopy`. */
import { metaOf } from "../../autograd/meta.ts";
import { noGrad } from "../../autograd/modes.ts";
import { Device } from "../../core/device.ts";
import { DType, uint8 } from "../../core/dtype.ts";
import { AutogradError, ValueError } from "../../core/errors.ts";
import { Layout } from "../../core/layout.ts";
import { Buffer, Parameter } from "../../core/parameter.ts";
import type { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import { className } from "../../format/python-names.ts";
import { INTERNALS, isModule } from "./contents.ts";
import { internalsOf } from "./hook-lists.ts";
import { callable, Module } from "./module.ts";
import { isUninitialized } from "./uninitialized.ts";
import { hasPrivates } from "./unregistered.ts";

/**
 * A copy of a module, a tensor, a state_dict, or anything made of these, that shares nothing with the original. What is shared inside
 * of `x` (tied parameters, a module in two places, views of one memory) is shared in the copy, too. Python: `copy.deepcopy`.
 *
 * Functions are not copied: a hook serves the copy as well, and a function in a field goes on to use the `this` it was made with.
 *
 * @throws ValueError for an object of a class with `#private` fields, which nothing can copy
 * @throws AutogradError for a tensor that is no leaf
 * @example
 * const model = new nn.Linear(2, 1);
 * const best = torch.utils.deepcopy(model);
 * torch.noGrad(() => model.weight.zero_());
 * torch.equal(best.weight, model.weight) // false
 */
export function deepcopy<T>(x: T): T {
  return copied(x, new Map()) as T;
}

/** What has been copied already; storages beside what users see. */
type Memo = Map<unknown, unknown>;

function copied(x: unknown, memo: Memo): unknown {
  const isObject = (typeof x === "object" && x !== null) || isModule(x);
  if (!isObject || x instanceof DType || x instanceof Device) return x;
  const known = memo.get(x);
  return known === undefined ? copiedObject(x, memo) : known;
}

function copiedObject(x: object, memo: Memo): unknown {
  const noted = <T>(copy: T): T => {
    memo.set(x, copy);
    return copy;
  };
  if (x instanceof Tensor) return noted(copiedTensor(x, memo));
  if (Array.isArray(x)) {
    const copy: unknown[] = noted([]);
    for (const item of x) copy.push(copied(item, memo));
    return Object.isFrozen(x) ? Object.freeze(copy) : copy;
  }
  if (x instanceof Map) {
    const copy = noted(new Map<unknown, unknown>());
    for (const [key, value] of x) copy.set(copied(key, memo), copied(value, memo));
    return copy;
  }
  if (x instanceof Set) {
    const copy = noted(new Set<unknown>());
    for (const item of x) copy.add(copied(item, memo));
    return copy;
  }
  if (x instanceof Date || x instanceof RegExp || x instanceof ArrayBuffer || ArrayBuffer.isView(x))
    return noted(structuredClone(x));
  return copiedFields(x, noted(blank(x)), memo);
}

/** An object of the same class without its fields. */
function blank(x: object): object {
  const type: unknown = x.constructor;
  if (typeof type === "function" && hasPrivates(type as new () => unknown, isModule(x) ? Module : Function.prototype))
    throw new ValueError(
      `deepcopy: expected objects whose fields can be read, got ${className(x)}, whose class has #private names; ` +
        "declare them private instead (private count = 0), or make a new one and load the state_dict",
    );
  if (!isModule(x)) return Object.create(Object.getPrototypeOf(x) as object | null);
  return callable(Object.getPrototypeOf(x) as object, internalsOf(x).copy());
}

function copiedFields(from: object, to: object, memo: Memo): object {
  for (const key of Reflect.ownKeys(from)) {
    if (key === INTERNALS) continue;
    const field = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
    Object.defineProperty(to, key, "value" in field ? { ...field, value: copied(field.value, memo) } : field);
  }
  return to;
}

function copiedTensor(x: Tensor, memo: Memo): Tensor {
  if (isUninitialized(x))
    throw new ValueError(
      "deepcopy: expected parameters with a shape, got one of a lazy module that was not called yet",
    );
  if (!x.isLeaf)
    throw new AutogradError(
      `deepcopy: expected a leaf of the graph, got a result of ${x.gradFn?.name()}; copy x.detach()`,
    );
  return noGrad(() => {
    if (x instanceof Parameter) return new Parameter(x.detach().clone(), x.requiresGrad);
    const data = new Tensor(copiedStorage(x.storage, memo), x.layout, x.dtype);
    if (x instanceof Buffer) return new Buffer(data, x.persistent);
    if (x.requiresGrad) data.requiresGrad_();
    const grad = x.meta?.grad ?? null;
    if (grad !== null) metaOf(data).grad = copied(grad, memo) as Tensor;
    return data;
  });
}

function copiedStorage(storage: Storage, memo: Memo): Storage {
  const known = memo.get(storage);
  if (known !== undefined) return known as Storage;
  const { storage: copy } = new Tensor(storage, new Layout([storage.nbytes], [1], 0), uint8).clone();
  memo.set(storage, copy);
  return copy;
}
