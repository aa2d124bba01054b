/** @file A data set that needs no file: pictures drawn by code. */
import { describe, ValueError } from "../../core/errors.ts";
import { bind, type Call } from "../../ops/bind.ts";
import type { Image } from "../image.ts";
import { drawShape, SHAPES, SIDE } from "./draw-shape.ts";
import { GreyImages, type Labelled } from "./grey-images.ts";
import { randomBits } from "./random-numbers.ts";
import type { TransformOf } from "./vision-dataset.ts";

export interface ShapesOptions<X, Y> {
  /** The training set; the test set, of other pictures, if false. */
  train?: boolean;
  transform?: TransformOf<Image, X> | null;
  targetTransform?: TransformOf<number, Y> | null;
  /** Number of pictures; 60,000 to train with and 10,000 to test, as MNIST has, if not given. */
  size?: number | null;
  /** Other seeds give other pictures. */
  seed?: number;
}

type Positional<X, Y> = [
  train: boolean,
  transform: TransformOf<Image, X> | null,
  targetTransform: TransformOf<number, Y> | null,
  size: number | null,
  seed: number,
];

const NAMES = ["train", "transform", "targetTransform", "size", "seed"] as const;

/**
 * Generated pictures in the form of MNIST, for where there is neither a network nor a file: ten shapes of random place, size, angle,
 * thickness and brightness, among stray strokes and noise. It has no counterpart in torchvision. It leaves PyTorch's generators alone:
 * the same seed gives the same pictures.
 *
 * @param args - `train` (true), `transform`, `targetTransform`, `size`, `seed` (0)
 * @example
 * new datasets.Shapes({ size: 100 }).classes[3] // "triangle"
 */
export class Shapes<X = Image, Y = number> extends GreyImages<X, Y> {
  static override readonly printedName = "Shapes";
  static override readonly classes: readonly string[] = SHAPES.map(({ name }) => name);

  constructor(...args: Call<Positional<X, Y>, ShapesOptions<X, Y>>) {
    const o = bind<ShapesOptions<X, Y>>("Shapes", NAMES, args);
    const { train = true, transform = null, targetTransform = null, seed = 0 } = o;
    const size = o.size ?? (train ? 60_000 : 10_000);
    for (const [name, value] of Object.entries({ size, seed }))
      if (!Number.isInteger(value) || value < 0)
        throw new ValueError(`Shapes: expected a whole number of at least 0 as ${name}, got ${describe(value)}`);
    super(null, train, transform, targetTransform, draw(size, seed, train));
  }
}

function draw(size: number, seed: number, train: boolean): Labelled {
  const data = new Uint8Array(size * SIDE * SIDE);
  const labels = new Uint8Array(size);
  const bits = randomBits(2 * seed + (train ? 0 : 1));
  for (let i = 0; i < size; i++) {
    labels[i] = (bits() >>> 0) % SHAPES.length;
    drawShape(labels[i]!, data.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), bits);
  }
  return { images: { shape: [size, SIDE, SIDE], data }, labels };
}
