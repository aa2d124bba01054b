/** @file Convolution along the first dimension. */
import { inLowerPrecision, isAutocasting } from "../../autograd/autocast.ts";
import { ShapeError } from "../../core/errors.ts";
import { shapeText } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkInt, checkTensor, type Named, named } from "../params.ts";
import { conv1d } from "./convolve.ts";

interface ConvTbcOptions {
  weight: Tensor;
  bias: Tensor;
  /** Zeros on both sides; 0. */
  pad?: number;
}
type ConvTbcArgs = Named<[weight: Tensor, bias: Tensor, pad: number], ["weight", "bias", "pad"], ConvTbcOptions>;

/**
 * Convolves sequences that have time first and channels last. PyTorch: `torch.nn.functional.conv_tbc`.
 *
 * @param input - [T, N, C]
 * @param args - `weight` [K, C, O], `bias` [O], `pad` (0)
 * @returns [T + 2 · pad − K + 1, N, O]
 * @throws ShapeError if the shapes do not fit, or the kernel is larger than the input
 */
export function convTbc(input: Tensor, ...args: ConvTbcArgs): Tensor {
  if (isAutocasting()) return inLowerPrecision(convTbc, [input, ...args]);
  const { weight, bias, pad = 0 } = named<ConvTbcOptions>("convTbc", ["weight", "bias", "pad"], 2, args);
  checkTensor("convTbc", input);
  checkTensor("convTbc", weight, "weight");
  checkTensor("convTbc", bias, "bias");
  checkInt("convTbc", "pad", pad);
  if (input.ndim !== 3 || weight.ndim !== 3 || input.shape[2] !== weight.shape[1])
    throw new ShapeError(
      `convTbc: expected an input [T, N, C] and a weight [K, C, O], got ${shapeText(input.shape)} and ${shapeText(weight.shape)}`,
    );
  const out = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, { padding: pad });
  return out.permute(2, 0, 1);
}
