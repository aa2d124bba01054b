/**
 * @file Convolution of whole numbers, as matrix products of windows: rare, and exact, so that it needs no kernel.
 * N batch, C channels in, O channels out, G groups, K channels of a group times taps, L places.
 */
import type { Slide } from "../../backends/conv-kernels.ts";
import { numelOf, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { pad } from "../pad.ts";

/** For each spatial dimension what goes before and behind it, in the order that `pad` wants. */
const marginsOf = (before: readonly number[], behind: readonly number[]): number[] =>
  before
    .map((n, i) => [n, behind[i] as number])
    .reverse()
    .flat();

/** Input [N, C, …] with weight [O, C/G, …], both int64, into `shape`. */
export function integerConvolution(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  shape: Shape,
  { stride, padding, dilation, groups }: Slide,
): Tensor {
  const [n, c] = input.shape as [number, number];
  const [o, , ...kernel] = weight.shape as [number, number, ...number[]];
  const sizes = shape.slice(2);
  const x = pad(input, marginsOf(padding, padding)).contiguous();
  const [ofSample = 0, ofChannel = 0, ...ofPlace] = x.stride() as number[];
  const windows = x.asStrided(
    [n, groups, c / groups, ...kernel, ...sizes],
    [
      ofSample,
      ofChannel * (c / groups),
      ofChannel,
      ...ofPlace.map((s, i) => s * (dilation[i] as number)),
      ...ofPlace.map((s, i) => s * (stride[i] as number)),
    ],
  );
  const patches = windows.reshape(n, groups, (c / groups) * numelOf(kernel), numelOf(sizes)); // (N, G, K, L)
  const out = weight
    .reshape(groups, o / groups, -1)
    .matmul(patches)
    .reshape([...shape]);
  return bias === null ? out : out.add(bias.view([o, ...sizes.map(() => 1)]));
}

/** The transpose: a convolution of what has zeros between its elements, with the kernel turned around. */
export function integerInputGradient(
  grad: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  shape: Shape,
  { stride, padding, dilation, groups }: Slide,
): Tensor {
  const [n, o, ...sizes] = grad.shape as [number, number, ...number[]];
  const [, c, ...kernel] = weight.shape as [number, number, ...number[]];
  const spread = sizes.map((size, i) => (size - 1) * (stride[i] as number) + 1);
  const x = grad.newZeros([n, o, ...spread]);
  x.at(":", ":", ...stride.map((s) => `::${s}`)).copy_(grad);
  const before = kernel.map((k, i) => (k - 1) * (dilation[i] as number) - (padding[i] as number));
  const behind = kernel.map(
    (k, i) =>
      (shape[2 + i] as number) + (k - 1) * (dilation[i] as number) - (spread[i] as number) - (before[i] as number),
  );
  const turned = weight
    .reshape(groups, o / groups, c, ...kernel)
    .transpose(1, 2)
    .flip(kernel.map((_, i) => 3 + i))
    .reshape(groups * c, o / groups, ...kernel);
  const slide = { stride: stride.map(() => 1), padding: padding.map(() => 0), dilation, groups };
  return integerConvolution(pad(x, marginsOf(before, behind)), turned, bias, shape, slide);
}
