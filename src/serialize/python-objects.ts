/**
 * @file Python's objects while a pickle is being read, and what they become. Two steps are needed because a dictionary is
 * known to be a record or a Map only once it is full.
 */
import { fail } from "./fail.ts";

export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

export class PyList {
  readonly items: PyValue[];
  constructor(items: PyValue[] = []) {
    this.items = items;
  }
}

export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();

  set(key: PyValue, value: PyValue): void {
    if (key instanceof PyList || key instanceof PyDict || key instanceof PySet)
      fail("a container is the key of a dictionary");
    this.entries.set(key, value);
  }
}

export class PySet {
  readonly items: Set<PyValue>;
  constructor(items: Iterable<PyValue> = []) {
    this.items = new Set(items);
  }
}

/** A value that stays as it is: a tensor, a dtype, a device, a complex number. */
export class PyHost {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** A class or function that a pickle names. Only those of torch-globals.ts exist, and `call` is ours. */
export class PyGlobal {
  readonly path: string;
  readonly call: ((args: readonly PyValue[]) => PyValue) | undefined;
  constructor(path: string, call?: (args: readonly PyValue[]) => PyValue) {
    this.path = path;
    this.call = call;
  }
}

/** Something a pickle may point to but not return, such as a bare storage. Says in errors what it is. */
export abstract class PyInternal {
  abstract readonly what: string;
}

export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyTuple
  | PyList
  | PyDict
  | PySet
  | PyHost
  | PyGlobal
  | PyInternal;

/** Python itself cannot pickle deeper structures without raising its recursion limit of 1000. */
const maxDepth = 1000;

/**
 * What a Python value is in JavaScript: a dictionary becomes an object without prototype, or a Map where a key is not a
 * string; a list an array, a tuple a frozen array. What was one object stays one object, also in cycles.
 */
export function toJavaScript(root: PyValue): unknown {
  const done = new Map<object, unknown>();
  const convert = (value: PyValue, depth: number): unknown => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    if (done.has(value)) return done.get(value);
    if (depth > maxDepth) fail(`containers are nested more than ${maxDepth} deep`);
    if (value instanceof PyHost) return value.value;
    if (value instanceof PyGlobal) fail(`holds the class ${value.path} as a value`);
    if (value instanceof PyInternal) fail(`holds ${value.what} as a value`);
    const child = (item: PyValue): unknown => convert(item, depth + 1);
    if (value instanceof PyList)
      return fill(value, [] as unknown[], (array) => {
        for (const item of value.items) array.push(child(item));
      });
    if (value instanceof PyTuple)
      return Object.freeze(
        fill(value, [] as unknown[], (array) => {
          for (const item of value.items) array.push(child(item));
        }),
      );
    if (value instanceof PySet)
      return fill(value, new Set<unknown>(), (set) => {
        for (const item of value.items) set.add(child(item));
      });
    if ([...value.entries.keys()].every((key) => typeof key === "string"))
      return fill(value, Object.create(null) as Record<string, unknown>, (record) => {
        for (const [key, item] of value.entries) record[key as string] = child(item);
      });
    return fill(value, new Map<unknown, unknown>(), (map) => {
      for (const [key, item] of value.entries) map.set(child(key), child(item));
    });
  };
  /** Remembers the empty container before it is filled, so that a cycle finds it. */
  const fill = <C extends object>(value: object, container: C, put: (container: C) => void): C => {
    done.set(value, container);
    put(container);
    return container;
  };
  return convert(root, 0);
}
