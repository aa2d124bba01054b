/** @file Data sets made of several parts of one length: tensors, or other data sets. */
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { isOptions } from "../ops/bind.ts";
import { Dataset, knownSizeOf, type Samples } from "./dataset.ts";

/**
 * Tensors as a data set: sample `i` holds what each of them has at `i` in its first dimension.
 * PyTorch: `torch.utils.data.TensorDataset`.
 * @throws ShapeError if the first dimensions differ
 * @example
 * new TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([0, 1, 0])).at(1) // [tensor([2, 3]), tensor(1)]
 */
export class TensorDataset<T extends readonly Tensor[] = readonly Tensor[]> extends Dataset<T> {
  readonly tensors: T;

  constructor(...tensors: T) {
    super();
    if (tensors.length === 0) throw new ValueError("TensorDataset: expected at least one tensor, got none");
    for (const x of tensors) {
      if (!(x instanceof Tensor)) throw new ValueError(`TensorDataset: expected tensors, got ${describe(x)}`);
      if (x.ndim === 0)
        throw new ShapeError("TensorDataset: expected tensors of at least one dimension, got a 0-dim one");
    }
    if (tensors.some((x) => x.shape[0] !== (tensors[0] as Tensor).shape[0])) {
      const shapes = tensors.map((x) => shapeText(x.shape)).join(", ");
      throw new ShapeError(`TensorDataset: expected tensors of one size in their first dimension, got ${shapes}`);
    }
    this.tensors = tensors;
  }

  get length(): number {
    return (this.tensors[0] as Tensor).shape[0] as number;
  }

  at(index: number): T {
    // A tuple of the same length: map does not say so.
    return this.tensors.map((x) => x.at(index)) as readonly Tensor[] as T;
  }
}

/** The samples of data sets side by side, in a tuple or a record. */
export type Stacked<D> = { -readonly [K in keyof D]: D[K] extends Samples<infer T> ? T : never };

type Stackable = readonly Samples<unknown>[] | Readonly<Record<string, Samples<unknown>>>;

/**
 * Data sets of one length side by side: sample `i` is the tuple of their samples at `i`, or the record of them.
 * PyTorch: `torch.utils.data.StackDataset`.
 * @example
 * new StackDataset(["a", "b"], [1, 2]).at(0)                   // ["a", 1]
 * new StackDataset({ name: ["a", "b"], size: [1, 2] }).at(1)   // { name: "b", size: 2 }
 */
export class StackDataset<D extends Stackable> extends Dataset<Stacked<D>> {
  readonly datasets: D;
  readonly length: number;

  constructor(...datasets: (D extends readonly Samples<unknown>[] ? D : never) | [datasets: D]) {
    super();
    const [first] = datasets;
    this.datasets = (datasets.length === 1 && isOptions(first) ? first : datasets) as D;
    const sizes = Object.values(this.datasets).map((dataset) => knownSizeOf("StackDataset", dataset as object));
    if (sizes.length === 0) throw new ValueError("StackDataset: expected at least one data set, got none");
    if (sizes.some((size) => size !== sizes[0]))
      throw new ShapeError(`StackDataset: expected data sets of one length, got ${sizes.join(", ")}`);
    this.length = sizes[0] as number;
  }

  at(index: number): Stacked<D> {
    const { datasets } = this;
    const sample = Array.isArray(datasets)
      ? datasets.map((dataset: Samples<unknown>) => dataset.at(index))
      : Object.fromEntries(Object.entries(datasets).map(([name, dataset]) => [name, dataset.at(index)]));
    return sample as Stacked<D>;
  }
}
