/** @file Tensors for tests of the formats: a spec over bytes, without an engine. */
import { DTYPES, type DTypeName } from "../../src/core/dtype.ts";
import { GrowingBytes } from "../../src/serialize/growing-bytes.ts";
import type { CheckpointBuilder, DescribeTensor, StorageBytes, TensorSpec } from "../../src/serialize/spec.ts";
import { checkpointWriter } from "../../src/serialize/write-checkpoint.ts";

export class SpecTensor {
  readonly storage: StorageBytes;
  readonly spec: TensorSpec;

  constructor(storage: StorageBytes, spec: TensorSpec) {
    this.storage = storage;
    this.spec = spec;
  }

  /** A contiguous tensor of these values. */
  static of(
    dtype: DTypeName,
    values: ArrayBufferView,
    shape: readonly number[],
    more: Partial<TensorSpec> = {},
  ): SpecTensor {
    const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const spec = { dtype: DTYPES[dtype], shape, strides, offset: 0, requiresGrad: false, isParameter: false, ...more };
    return new SpecTensor({ bytes }, spec);
  }

  /** The elements in row-major order, as their bytes. */
  elements(): Uint8Array {
    const { shape, strides, offset, dtype } = this.spec;
    let places = [offset];
    for (const [d, size] of shape.entries())
      places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[d] as number)));
    const { itemsize } = dtype;
    return Uint8Array.from(
      places.flatMap((place) => [...this.storage.bytes.subarray(place * itemsize, (place + 1) * itemsize)]),
    );
  }

  floats(): number[] {
    return [...new Float32Array(this.elements().buffer)];
  }

  longs(): bigint[] {
    return [...new BigInt64Array(this.elements().buffer)];
  }
}

export const builder: CheckpointBuilder = {
  storage: (nbytes) => ({ bytes: new Uint8Array(nbytes) }),
  tensor: (storage, spec) => new SpecTensor(storage, spec),
};

export const describeSpec: DescribeTensor = (value) =>
  value instanceof SpecTensor ? { storage: value.storage, bytes: value.storage.bytes, ...value.spec } : null;

/** A checkpoint of `value`, as bytes. */
export async function written(value: unknown): Promise<Uint8Array> {
  const out = new GrowingBytes();
  await checkpointWriter(value, describeSpec)((bytes) => out.bytes(bytes));
  return out.toBytes();
}
