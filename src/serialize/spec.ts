/**
 * @file What a checkpoint holds, said without tensors: the readers and writers of this folder work on bytes, and
 * save-load.ts alone knows how a tensor is made.
 */
import type { DType } from "../core/dtype.ts";

/** How a tensor lies in its storage; everything counts in elements. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly requiresGrad: boolean;
  readonly isParameter: boolean;
}

/** Memory that one or more tensors of a checkpoint share. */
export interface StorageBytes {
  readonly bytes: Uint8Array;
  /** Whether the bytes may be elsewhere after an `await`, and are to be asked for anew. */
  readonly moves?: boolean;
}

/** Fills a storage from what takes its time. */
export async function fillStorage(storage: StorageBytes, read: (into: Uint8Array) => Promise<void>): Promise<void> {
  if (!storage.moves) return read(storage.bytes);
  const content = new Uint8Array(storage.bytes.length);
  await read(content);
  storage.bytes.set(content);
}

/** Makes what a checkpoint describes. */
export interface CheckpointBuilder<S extends StorageBytes = StorageBytes> {
  /**
   * Memory for a storage of the file. It is asked for once a storage, before any of its tensors; the bytes are filled in
   * before {@link readCheckpoint} resolves.
   *
   * @param nbytes - its size
   * @param location - where it lived when it was saved: `"cpu"`, `"cuda:0"`
   */
  storage(nbytes: number, location: string): S;
  /** A tensor over such a storage; it lies within its bounds. */
  tensor(storage: S, spec: TensorSpec): unknown;
}

/** A tensor to be written. */
export interface SavedTensor extends TensorSpec {
  /** The storage's identity: tensors that share one are written over one. */
  readonly storage: object;
  /** All bytes of the storage, not of the tensor alone; a copy if they may move while they are written. */
  readonly bytes: Uint8Array;
  /** Counts the changes of the storage, so that one made during the writing is noticed. */
  readonly version?: () => number;
}

/** Says what an object is if it is a tensor, and `null` if it is not. */
export type DescribeTensor = (value: object) => SavedTensor | null;
