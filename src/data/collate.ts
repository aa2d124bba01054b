/** @file From samples to batches. */
import { float64 } from "../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { isIntLike } from "../core/scalar.ts";
import { Tensor } from "../core/tensor.ts";
import { isOptions } from "../ops/bind.ts";
import { fromNumpy, type TypedArray, tensor } from "../ops/from-data.ts";
import { stack } from "../ops/joining.ts";

/** What `defaultCollate` makes of samples of type `S`. */
export type Collated<S> = unknown extends S
  ? S
  : S extends Tensor | number | bigint | boolean | TypedArray
    ? Tensor
    : S extends string
      ? string[]
      : S extends ReadonlyMap<infer K, infer V>
        ? Map<K, Collated<V>>
        : S extends object
          ? { -readonly [K in keyof S]: Collated<S[K]> }
          : never;

/** What `defaultConvert` makes of a value of type `S`. */
export type Converted<S> = unknown extends S
  ? S
  : S extends TypedArray
    ? Tensor
    : S extends Tensor
      ? S
      : S extends readonly unknown[]
        ? { -readonly [K in keyof S]: Converted<S[K]> }
        : S;

function isTypedArray(x: unknown): x is TypedArray {
  return ArrayBuffer.isView(x) && !(x instanceof DataView);
}

/**
 * One batch from many samples: tensors and typed arrays are stacked along a new first dimension, numbers become a tensor, strings
 * stay an array, and arrays, records and maps are collated item by item. PyTorch: `torch.utils.data.default_collate`.
 * Differs: JavaScript has one type of number, so a batch of numbers is int64 if all of them are whole, float64 otherwise.
 *
 * @throws ShapeError if samples differ in size; ValueError if one is nothing of the above
 * @example
 * defaultCollate([[torch.zeros(2), 3], [torch.ones(2), 4]]) // [tensor([[0., 0.], [1., 1.]]), tensor([3, 4])]
 */
export function defaultCollate<S>(batch: readonly S[]): Collated<S> {
  if (batch.length === 0) throw new ValueError("defaultCollate: expected at least one sample, got none");
  return collate(batch) as Collated<S>;
}

function collate(batch: readonly unknown[]): unknown {
  const first = batch[0];
  if (first instanceof Tensor) return stack(batch as readonly Tensor[]);
  if (Array.isArray(first)) return collateArrays(batch, first.length);
  switch (typeof first) {
    case "number":
      return collateNumbers(batch);
    case "bigint":
    case "boolean":
      return tensor(batch as readonly bigint[]);
    case "string":
      return batch;
  }
  if (isTypedArray(first)) return stack((batch as readonly TypedArray[]).map(fromNumpy));
  if (first instanceof Map)
    return new Map([...first.keys()].map((key) => [key, collate(batch.map((sample) => field(sample, key)))]));
  if (isOptions(first))
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, collate(batch.map((sample) => field(sample, key)))]),
    );
  throw new ValueError(
    `defaultCollate: expected samples of tensors, typed arrays, numbers, strings, arrays or records, got ${describe(first)}; ` +
      "give the data set a transform that makes tensors, or the DataLoader a collateFn",
  );
}

function collateNumbers(batch: readonly unknown[]): Tensor {
  const numbers = batch as readonly number[];
  return numbers.every(isIntLike) ? tensor(numbers) : tensor(numbers, { dtype: float64 });
}

function collateArrays(batch: readonly unknown[], size: number): unknown[] {
  for (const sample of batch)
    if (!Array.isArray(sample) || sample.length !== size) {
      const got = Array.isArray(sample) ? `one of length ${sample.length}` : describe(sample);
      throw new ShapeError(`defaultCollate: expected arrays of one length in a batch, here ${size}, got ${got}`);
    }
  const columns = new Array<unknown>(size);
  for (let i = 0; i < size; i++) columns[i] = collate((batch as readonly unknown[][]).map((sample) => sample[i]));
  return columns;
}

/** What a record or map has under a key that the first sample of the batch has. */
function field(sample: unknown, key: unknown): unknown {
  if (sample instanceof Map && sample.has(key)) return sample.get(key);
  if (isOptions(sample) && Object.hasOwn(sample, key as string)) return sample[key as string];
  throw new ValueError(
    `defaultCollate: expected the key ${describe(key)} in each sample, got ${describe(sample)} without it`,
  );
}

/**
 * A sample as tensors, without batching: typed arrays become tensors, also those inside arrays and records; the rest stays.
 * PyTorch: `torch.utils.data.default_convert`.
 */
export function defaultConvert<S>(data: S): Converted<S> {
  return convert(data) as Converted<S>;
}

function convert(data: unknown): unknown {
  if (isTypedArray(data)) return fromNumpy(data);
  if (Array.isArray(data)) return data.map(convert);
  if (data instanceof Map) return new Map([...data].map(([key, value]) => [key, convert(value)]));
  if (isOptions(data)) return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, convert(value)]));
  return data;
}
