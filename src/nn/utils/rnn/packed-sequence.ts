/** @file Sequences of several lengths in one tensor, without padding. */
import { Device, type DeviceLike } from "../../../core/device.ts";
import { DType, float16, float32, float64, int8, int16, int32, int64, uint8 } from "../../../core/dtype.ts";
import { ShapeError, ValueError } from "../../../core/errors.ts";
import { shapeText } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { bind, type Call } from "../../../ops/bind.ts";
import { arange, emptyLike } from "../../../ops/creation.ts";
import { checkTensor } from "../../../ops/params.ts";

/**
 * The permutation that undoes another; of `null`, which stands for none, `null`. PyTorch: `torch.nn.utils.rnn.invert_permutation`.
 * @example
 * nn.utils.rnn.invertPermutation(torch.tensor([2, 0, 1])) // tensor([1, 2, 0])
 */
export function invertPermutation(permutation: Tensor): Tensor;
export function invertPermutation(permutation: Tensor | null): Tensor | null;
export function invertPermutation(permutation: Tensor | null): Tensor | null {
  if (permutation === null) return null;
  checkTensor("invertPermutation", permutation, "permutation");
  if (permutation.ndim !== 1)
    throw new ShapeError(`invertPermutation: expected 1 dimension, got shape ${shapeText(permutation.shape)}`);
  const places = arange(permutation.numel(), { dtype: permutation.dtype, device: permutation.device });
  return emptyLike(permutation).scatter_(0, permutation, places);
}

type ToOptions = { dtype?: DType | null; device?: DeviceLike | null };

/**
 * Sequences of several lengths in one tensor: first the first elements of all, longest sequence first, then the second ones of those
 * that have them, and so on. Made by `packPaddedSequence` and `packSequence`; recurrent layers take and give it.
 * PyTorch: `torch.nn.utils.rnn.PackedSequence`.
 *
 * @example
 * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);
 * packed.data // tensor([1, 4, 2, 5, 3])
 * packed.batchSizes // tensor([2, 2, 1])
 */
export class PackedSequence {
  /** All elements: [sum of the lengths, *]. */
  readonly data: Tensor;
  /** How many sequences have a first element, a second one, and so on; int64, on the CPU. */
  readonly batchSizes: Tensor;
  /** Which of the sequences given is the longest, the next, and so on; `null` if they were sorted. */
  readonly sortedIndices: Tensor | null;
  /** Where each of the sequences given is now. */
  readonly unsortedIndices: Tensor | null;

  constructor(
    data: Tensor,
    batchSizes: Tensor,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    checkTensor("PackedSequence", data, "data");
    checkTensor("PackedSequence", batchSizes, "batchSizes");
    if (batchSizes.device.type !== "cpu")
      throw new ValueError(`PackedSequence: expected batchSizes on the CPU, got them on ${batchSizes.device}`);
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices ?? invertPermutation(sortedIndices);
  }

  /** `data`, `batchSizes`, `sortedIndices` and `unsortedIndices`, as Python's named tuple unpacks. */
  *[Symbol.iterator](): Generator<Tensor | null> {
    yield this.data;
    yield this.batchSizes;
    yield this.sortedIndices;
    yield this.unsortedIndices;
  }

  /** The sequences on a device, or in a dtype; itself where nothing changes. PyTorch: `PackedSequence.to`. */
  to(target: DType | DeviceLike | ToOptions, ...rest: Call<[dtype: DType], ToOptions>): this {
    const options: ToOptions =
      target instanceof DType
        ? { dtype: target }
        : typeof target === "string" || target instanceof Device
          ? { ...bind<ToOptions>("to", ["dtype", "device"], rest), device: target }
          : target;
    const data = this.data.to(options);
    if (data === this.data) return this;
    const moved = (t: Tensor | null) => t?.to({ device: data.device }) ?? null;
    return new PackedSequence(data, this.batchSizes, moved(this.sortedIndices), moved(this.unsortedIndices)) as this;
  }

  /** PyTorch: `PackedSequence.double`. */
  double(): this {
    return this.to(float64);
  }
  /** PyTorch: `PackedSequence.float`. */
  float(): this {
    return this.to(float32);
  }
  /** PyTorch: `PackedSequence.half`. */
  half(): this {
    return this.to(float16);
  }
  /** PyTorch: `PackedSequence.long`. */
  long(): this {
    return this.to(int64);
  }
  /** PyTorch: `PackedSequence.int`. */
  int(): this {
    return this.to(int32);
  }
  /** PyTorch: `PackedSequence.short`. */
  short(): this {
    return this.to(int16);
  }
  /** PyTorch: `PackedSequence.char`. */
  char(): this {
    return this.to(int8);
  }
  /** PyTorch: `PackedSequence.byte`. */
  byte(): this {
    return this.to(uint8);
  }

  /** What Python's `print` gives. */
  toString(): string {
    const text = (t: Tensor | null) => (t === null ? "None" : String(t));
    const { data, batchSizes, sortedIndices, unsortedIndices } = this;
    return `PackedSequence(data=${data}, batch_sizes=${batchSizes}, sorted_indices=${text(sortedIndices)}, unsorted_indices=${text(unsortedIndices)})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
