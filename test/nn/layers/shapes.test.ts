/** What golden values cannot say of the layers that pad, resize, rearrange and compare: what they refuse. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { expect, test } from "vitest";

const image = torch.ones(1, 4, 3, 3);

test.each<[string, () => unknown, string]>([
  ["no padding", () => new nn.ZeroPad2d(undefined as never), "ZeroPad2d: expected padding, got no padding"],
  [
    "sides",
    () => new nn.ReflectionPad2d([1, 2]),
    "ReflectionPad2d: expected a whole number or 4 of them as padding, got [1, 2",
  ],
  ["half a side", () => new nn.CircularPad1d(0.5), "CircularPad1d: expected a whole number as padding, got 0.5"],
  [
    "no value",
    () => new nn.ConstantPad1d(1, undefined as never),
    "ConstantPad1d: expected padding, value, got no value",
  ],
  ["a value", () => new nn.ConstantPad1d(1, "0" as never), 'ConstantPad1d: expected a number as value, got "0"'],
  ["too far to reflect", () => new nn.ReflectionPad2d(3)(image), "pad: expected padding of at most 2 (reflect)"],
  [
    "dimensions",
    () => new nn.ReplicationPad1d(1)(image),
    "pad: expected 2, 4 or 6 numbers as pad for an input with one",
  ],
  ["a factor", () => new nn.PixelShuffle(0), "PixelShuffle: expected upscaleFactor of at least 1, got 0"],
  ["channels", () => new nn.PixelShuffle(3)(image), "pixelShuffle: expected a multiple of 9 channels, got 4"],
  [
    "pixels",
    () => new nn.PixelUnshuffle(2)(image),
    "pixelUnshuffle: expected height and width that are multiples of 2",
  ],
  ["groups", () => new nn.ChannelShuffle(3)(image), "channelShuffle: expected a multiple of 3 channels, got 4"],
  ["no size", () => new nn.Upsample()(image), "interpolate: expected size or scaleFactor, got neither"],
  ["a mode", () => new nn.Upsample({ size: 2, mode: "cubic" as never })(image), 'expected a mode of "nearest"'],
  [
    "an option",
    () => new nn.UpsamplingNearest2d({ mode: "area" } as never),
    'UpsamplingNearest2d: unknown option "mod',
  ],
  [
    "a block",
    () => new nn.Unfold([1, 2, 3]),
    "Unfold: expected a whole number or 2 of them as kernelSize, got [1, 2, 3]",
  ],
  ["no block", () => new nn.Fold(3, undefined as never), "Fold: expected outputSize, kernelSize, got no kernelSize"],
  ["features", () => new nn.Bilinear(0, 2, 3), "Bilinear: expected in1Features of at least 1, got 0"],
  ["features", () => new nn.Bilinear(2, 2, 3)(torch.ones(2), torch.ones(3)), "bilinear: expected a weight of shape [*"],
  ["slopes", () => new nn.PReLU(0), "PReLU: expected numParameters of at least 1, got 0"],
  ["bounds", () => new nn.RReLU(0.5, 0.2), "RReLU: expected lower <= upper, got 0.5 and 0.2"],
  [
    "dimensions",
    () => new nn.Softmax2d()(torch.ones(2, 2)),
    "Softmax2d: expected an input of shape [C, H, W] or [N, C,",
  ],
  ["an option", () => new nn.ReLU({ inPlace: true } as never), 'ReLU: unknown option "inPlace"; it knows inplace'],
])("refused: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});
