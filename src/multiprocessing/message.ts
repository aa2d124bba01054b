/**
 * @file What crosses between threads. Structured cloning, which `postMessage` does, drops classes but keeps identity: so a message
 * holds the containers with a record in place of each tensor, and beside them a list of these very records. The receiver tells by
 * identity what stands for a tensor, and no value of the user can be mistaken for one.
 */
import type { DTypeName } from "../core/dtype.ts";

/** Memory of one or more tensors: records of views share it. */
export interface StorageRecord {
  /** A `SharedArrayBuffer` where the memory is shared, else an `ArrayBuffer` with a copy. */
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly nbytes: number;
}

export interface TensorRecord {
  readonly kind: "tensor" | "parameter" | "buffer";
  readonly storage: StorageRecord;
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
  readonly requiresGrad: boolean;
  /** Of a buffer: whether it is part of the state_dict. */
  readonly persistent: boolean;
}

/** What stands in a message for what cannot be cloned. */
export type MessageRecord =
  | TensorRecord
  | { readonly kind: "dtype"; readonly name: DTypeName }
  | { readonly kind: "device"; readonly name: string };

/** Tells a message from anything else, and this form of it from later ones. */
export const FORM = 1;

declare const carried: unique symbol;

/** What `toMessage` makes of a `T`: for `postMessage` and `workerData`, as it is or inside of other objects. */
export interface Message<T = unknown> {
  /** The copies in it: `postMessage(m, m.transfer)` moves them instead of copying once more. */
  readonly transfer: ArrayBuffer[];
  /** @internal */
  readonly typetorch: typeof FORM;
  /** @internal */
  readonly records: readonly MessageRecord[];
  /** @internal */
  readonly value: unknown;
  /** @internal Only for the compiler: what `fromMessage` will give. */
  readonly [carried]?: T;
}
