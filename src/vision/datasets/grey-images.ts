/** @file Grey pictures of classes, held in memory. */
import { int64 } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sampleIndex } from "../../data/dataset.ts";
import { fromNumpy } from "../../ops/from-data.ts";
import { Image } from "../image.ts";
import { type TransformOf, VisionDataset } from "./vision-dataset.ts";

/** Pictures, row-major, and the class of each. */
export interface Labelled {
  readonly images: { readonly shape: readonly number[]; readonly data: Uint8Array };
  readonly labels: Uint8Array;
}

/**
 * Pictures that lie in memory as one tensor, each with the number of its class.
 * @internal Base of `MNIST` and of the generated `Shapes`.
 */
export abstract class GreyImages<X, Y> extends VisionDataset<X, Y> {
  static readonly classes: readonly string[];

  readonly train: boolean;
  /** The numbers of the classes, int64. */
  targets: Tensor;
  private images: Tensor;
  /** The bytes of `images`, to read them without an op. */
  private pixels: Uint8Array;

  constructor(
    root: string | URL | null,
    train: boolean,
    transform: TransformOf<Image, X> | null,
    targetTransform: TransformOf<number, Y> | null,
    { images, labels }: Labelled,
  ) {
    super(root, transform, targetTransform);
    this.train = train;
    this.images = fromNumpy(images.data).reshape(images.shape);
    this.pixels = images.data;
    this.targets = fromNumpy(labels).to(int64);
  }

  /** The pictures, uint8 of shape (N, H, W). What is assigned here is what `at` reads. */
  get data(): Tensor {
    return this.images;
  }

  set data(images: Tensor) {
    this.images = images;
    this.pixels = images.numpy() as Uint8Array;
  }

  /** The names of the classes. */
  get classes(): readonly string[] {
    return (this.constructor as typeof GreyImages).classes;
  }

  /** The number of each class by its name. torchvision: `class_to_idx`. */
  get classToIdx(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.classes.map((name, i) => [name, i]));
  }

  get length(): number {
    return this.images.shape[0] as number;
  }

  /** Picture and class at an index, after the transforms. */
  at(index: number): [X, Y] {
    const i = sampleIndex(`${(this.constructor as typeof VisionDataset).printedName}.at`, index, this.length);
    const { transform } = this;
    // A picture of its own: what a transform or the user does to it must not reach the data set.
    const image = this.picture(this.bytesAt(i).slice());
    return [transform === null ? (image as X) : transform(image), this.target(i)];
  }

  /** As `at` for each index; transforms that do many pictures faster together get them together. */
  atMany(indices: readonly number[]): [X, Y][] {
    const { transform } = this;
    if (!transform?.many) return indices.map((index) => this.at(index));
    const length = this.length;
    const op = `${(this.constructor as typeof VisionDataset).printedName}.at`;
    const own = indices.map((index) => sampleIndex(op, index, length));
    const inputs = transform.many(own.map((i) => this.picture(this.bytesAt(i))));
    return own.map((i, k) => [inputs[k] as X, this.target(i)]);
  }

  private bytesAt(i: number): Uint8Array {
    const [, height, width] = this.images.shape as [number, number, number];
    return this.pixels.subarray(i * height * width, (i + 1) * height * width);
  }

  private picture(bytes: Uint8Array): Image {
    const [, height, width] = this.images.shape as [number, number, number];
    return new Image("L", width, height, bytes);
  }

  private target(i: number): Y {
    const { targetTransform } = this;
    const target = Number(this.labels[i]);
    return targetTransform === null ? (target as Y) : targetTransform(target);
  }

  private labelsOf: Tensor | null = null;
  private labelValues: ArrayLike<number | bigint> = [];

  /** The elements of `targets`, which may have been assigned since the last time. */
  private get labels(): ArrayLike<number | bigint> {
    if (this.labelsOf !== this.targets) {
      this.labelValues = this.targets.numpy();
      this.labelsOf = this.targets;
    }
    return this.labelValues;
  }

  override extraRepr(): readonly string[] {
    return [`Split: ${this.train ? "Train" : "Test"}`];
  }
}
