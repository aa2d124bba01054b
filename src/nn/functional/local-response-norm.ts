/** @file Normalisation by neighbouring channels. */
import { ShapeError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { pad } from "../../ops/pad.ts";
import { checkInt, checkTensor, type Named, named } from "../../ops/params.ts";
import { avgPool2d, avgPool3d } from "../../ops/pool/average.ts";

export interface LocalResponseNormOptions {
  /** How many neighbouring channels count. */
  size: number;
  alpha?: number;
  beta?: number;
  k?: number;
}
type LocalResponseNormArgs = Named<
  [size: number, alpha: number, beta: number, k: number],
  ["size", "alpha", "beta", "k"],
  LocalResponseNormOptions
>;

/**
 * `x / (k + alpha · mean of the squares of neighbouring channels)^beta`. PyTorch: `torch.nn.functional.local_response_norm`.
 *
 * @param input - [N, C, *], at least 3 dimensions
 * @param args - `size` (how many channels count), `alpha` (1e-4), `beta` (0.75), `k` (1)
 * @throws ShapeError for fewer dimensions
 * @see Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional neural networks"
 * @example
 * F.localResponseNorm(torch.ones(1, 2, 1), 2, { alpha: 2, beta: 1 }) // tensor([[[0.5000],
 *                                                                   //          [0.3333]]])
 */
export function localResponseNorm(input: Tensor, ...args: LocalResponseNormArgs): Tensor {
  const op = "localResponseNorm";
  const given = named<LocalResponseNormOptions>(op, ["size", "alpha", "beta", "k"], 1, args);
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = given;
  checkTensor(op, input);
  checkInt(op, "size", size);
  if (input.ndim < 3)
    throw new ShapeError(
      `${op}: expected an input of shape [N, C, …] with at least 3 dimensions, got ${shapeText(input.shape)}`,
    );
  if (input.numel() === 0) return input;
  const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  const squares = input.mul(input).unsqueeze(1);
  let means: Tensor;
  if (input.ndim === 3) means = avgPool2d(pad(squares, [0, 0, before, after]), [size, 1], { stride: 1 }).squeeze(1);
  else {
    const [n, c, h] = input.shape as [number, number, number];
    const boxes = pad(squares.reshape([n, 1, c, h, -1]), [0, 0, 0, 0, before, after]);
    means = avgPool3d(boxes, [size, 1, 1], { stride: 1 }).squeeze(1).view(input.shape);
  }
  return input.div(means.mul(alpha).add(k).pow(beta));
}
