/** @file Layers that rearrange channels and pixels. */
import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkInt, type Named, named } from "../../ops/params.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../../ops/pixel-shuffle.ts";
import { Module } from "../module/module.ts";
import { extra } from "./extra-repr.ts";

function checkFactor(op: string, name: string, n: number): number {
  checkInt(op, name, n);
  if (n < 1) throw new ValueError(`${op}: expected ${name} of at least 1, got ${n}`);
  return n;
}

interface PixelShuffleOptions {
  upscaleFactor: number;
}

/**
 * Turns channels into pixels: [*, C r², H, W] into [*, C, H r, W r]. PyTorch: `torch.nn.PixelShuffle`.
 * @see Shi et al. 2016, arXiv:1609.05158
 * @example
 * new nn.PixelShuffle(3)(torch.randn(1, 9, 4, 4)).shape // [1, 1, 12, 12]
 */
export class PixelShuffle extends Module {
  static readonly printedName: string = "PixelShuffle";
  readonly upscaleFactor: number;

  constructor(...args: Named<[upscaleFactor: number], ["upscaleFactor"], PixelShuffleOptions>) {
    super();
    const { upscaleFactor } = named<PixelShuffleOptions>("PixelShuffle", ["upscaleFactor"], 1, args);
    this.upscaleFactor = checkFactor("PixelShuffle", "upscaleFactor", upscaleFactor);
  }

  override forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return extra({ upscaleFactor: this.upscaleFactor });
  }
}

interface PixelUnshuffleOptions {
  downscaleFactor: number;
}

/**
 * Turns pixels into channels, the inverse of `PixelShuffle`. PyTorch: `torch.nn.PixelUnshuffle`.
 * @example
 * new nn.PixelUnshuffle(3)(torch.randn(1, 1, 12, 12)).shape // [1, 9, 4, 4]
 */
export class PixelUnshuffle extends Module {
  static readonly printedName: string = "PixelUnshuffle";
  readonly downscaleFactor: number;

  constructor(...args: Named<[downscaleFactor: number], ["downscaleFactor"], PixelUnshuffleOptions>) {
    super();
    const { downscaleFactor } = named<PixelUnshuffleOptions>("PixelUnshuffle", ["downscaleFactor"], 1, args);
    this.downscaleFactor = checkFactor("PixelUnshuffle", "downscaleFactor", downscaleFactor);
  }

  override forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return extra({ downscaleFactor: this.downscaleFactor });
  }
}

interface ChannelShuffleOptions {
  groups: number;
}

/**
 * Rearranges channels so that each new group has one of every old one. PyTorch: `torch.nn.ChannelShuffle`.
 *
 * Shape: input and output [N, C, *]; `groups` divides C.
 *
 * @see Zhang et al. 2018, ShuffleNet, arXiv:1707.01083
 * @example
 * new nn.ChannelShuffle(2)(torch.tensor([[[1], [2], [3], [4]]])).flatten() // tensor([1, 3, 2, 4])
 */
export class ChannelShuffle extends Module {
  static readonly printedName: string = "ChannelShuffle";
  readonly groups: number;

  constructor(...args: Named<[groups: number], ["groups"], ChannelShuffleOptions>) {
    super();
    const { groups } = named<ChannelShuffleOptions>("ChannelShuffle", ["groups"], 1, args);
    this.groups = checkFactor("ChannelShuffle", "groups", groups);
  }

  override forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return extra({ groups: this.groups });
  }
}
