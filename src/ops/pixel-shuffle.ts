/** @file Channels rearranged into pixels and back, and among themselves. */
import { ShapeError, ValueError } from "../core/errors.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type KernelOp, kernelOp } from "./kernel-form.ts";
import { checkInt, checkTensor, type Named, named } from "./params.ts";

interface Attrs {
  readonly factor: number;
}

// H height, W width, r factor; `lead` are the dimensions before the channels.
const pixelShuffleOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "pixelShuffle",
  forward: ([input], { factor: r }) => {
    const x = input as Tensor;
    const lead = x.shape.slice(0, -3);
    const [channels, H, W] = x.shape.slice(-3) as [number, number, number];
    const n = lead.length;
    const apart = x.reshape([...lead, channels / r ** 2, r, r, H, W]);
    const order = [...lead.map((_, d) => d), n, n + 3, n + 1, n + 4, n + 2];
    return apart.permute(order).reshape([...lead, channels / r ** 2, H * r, W * r]);
  },
  backward: ([grad], { attrs }) => [pixelUnshuffleOp.call([grad as Tensor], attrs)],
});

const pixelUnshuffleOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "pixelUnshuffle",
  forward: ([input], { factor: r }) => {
    const x = input as Tensor;
    const lead = x.shape.slice(0, -3);
    const [channels, H, W] = x.shape.slice(-3) as [number, number, number];
    const n = lead.length;
    const apart = x.reshape([...lead, channels, H / r, r, W / r, r]);
    const order = [...lead.map((_, d) => d), n, n + 2, n + 4, n + 1, n + 3];
    return apart.permute(order).reshape([...lead, channels * r ** 2, H / r, W / r]);
  },
  backward: ([grad], { attrs }) => [pixelShuffleOp.call([grad as Tensor], attrs)],
});

const channelShuffleOp: KernelOp<Attrs> = kernelOp<Attrs>({
  name: "channelShuffle",
  forward: ([input], { factor: groups }) => {
    const x = input as Tensor;
    const [n, channels, ...rest] = x.shape as [number, number, ...number[]];
    return x
      .reshape([n, groups, channels / groups, ...rest])
      .transpose(1, 2)
      .reshape(x.shape);
  },
  // Groups of channels become channels of groups: the way back has as many groups as these had channels.
  backward: ([grad], context) => [
    channelShuffleOp.call([grad as Tensor], { factor: (context.shape(0)[1] as number) / context.attrs.factor }),
  ],
});

function checkFactor(op: string, name: string, input: Tensor, factor: unknown): asserts factor is number {
  checkTensor(op, input);
  checkInt(op, name, factor);
  if (factor < 1) throw new ValueError(`${op}: expected ${name} of at least 1, got ${factor}`);
  if (input.ndim < 3)
    throw new ShapeError(`${op}: expected at least 3 dimensions, got shape ${shapeText(input.shape)}`);
}

interface ShuffleOptions {
  upscaleFactor: number;
}

/**
 * Channels turned into pixels: `[*, C r², H, W]` into `[*, C, H r, W r]`. PyTorch: `torch.pixel_shuffle`.
 *
 * @param args - `upscaleFactor`, r
 * @throws ShapeError if the channels are no multiple of r²
 * @see Shi et al. 2016, arXiv:1609.05158
 * @example
 * torch.pixelShuffle(torch.tensor([[[1]], [[2]], [[3]], [[4]]]), 2) // tensor([[[1, 2],
 *                                                                   //          [3, 4]]])
 */
export function pixelShuffle(
  input: Tensor,
  ...args: Named<[upscaleFactor: number], ["upscaleFactor"], ShuffleOptions>
): Tensor {
  const { upscaleFactor } = named<ShuffleOptions>("pixelShuffle", ["upscaleFactor"], 1, args);
  checkFactor("pixelShuffle", "upscaleFactor", input, upscaleFactor);
  if ((input.shape.at(-3) as number) % upscaleFactor ** 2 !== 0)
    throw new ShapeError(
      `pixelShuffle: expected a multiple of ${upscaleFactor ** 2} channels, got ${input.shape.at(-3)} in shape ${shapeText(input.shape)}`,
    );
  return pixelShuffleOp.call([input], { factor: upscaleFactor });
}

interface UnshuffleOptions {
  downscaleFactor: number;
}

/**
 * Pixels turned into channels, the inverse of `pixelShuffle`. PyTorch: `torch.pixel_unshuffle`.
 *
 * @param args - `downscaleFactor`, r
 * @throws ShapeError if height or width is no multiple of r
 * @example
 * torch.pixelUnshuffle(torch.tensor([[[1, 2], [3, 4]]]), 2).shape // [4, 1, 1]
 */
export function pixelUnshuffle(
  input: Tensor,
  ...args: Named<[downscaleFactor: number], ["downscaleFactor"], UnshuffleOptions>
): Tensor {
  const { downscaleFactor } = named<UnshuffleOptions>("pixelUnshuffle", ["downscaleFactor"], 1, args);
  checkFactor("pixelUnshuffle", "downscaleFactor", input, downscaleFactor);
  if (input.shape.slice(-2).some((n) => n % downscaleFactor !== 0))
    throw new ShapeError(
      `pixelUnshuffle: expected height and width that are multiples of ${downscaleFactor}, got shape ${shapeText(input.shape)}`,
    );
  return pixelUnshuffleOp.call([input], { factor: downscaleFactor });
}

interface GroupsOptions {
  groups: number;
}

/**
 * Channels of groups rearranged so that each new group has one of every old one: `[N, C, *]` seen as `[N, groups, C / groups, *]`,
 * with these two dimensions exchanged. PyTorch: `torch.channel_shuffle`.
 *
 * @throws ShapeError if the channels are no multiple of `groups`
 * @see Zhang et al. 2018, ShuffleNet, arXiv:1707.01083
 * @example
 * torch.channelShuffle(torch.tensor([[[1], [2], [3], [4]]]), 2).flatten() // tensor([1, 3, 2, 4])
 */
export function channelShuffle(input: Tensor, ...args: Named<[groups: number], ["groups"], GroupsOptions>): Tensor {
  const { groups } = named<GroupsOptions>("channelShuffle", ["groups"], 1, args);
  checkFactor("channelShuffle", "groups", input, groups);
  if ((input.shape[1] as number) % groups !== 0)
    throw new ShapeError(
      `channelShuffle: expected a multiple of ${groups} channels, got ${input.shape[1]} in shape ${shapeText(input.shape)}`,
    );
  return channelShuffleOp.call([input], { factor: groups });
}
