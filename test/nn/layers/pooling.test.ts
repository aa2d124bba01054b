/** What golden values cannot say of the pooling layers: refusals, the layer that PyTorch 1.13 lacks, what they hold. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { expect, test } from "vitest";

const image = torch.ones(1, 2, 4, 4);

test.each<[string, () => unknown, string]>([
  ["no window", () => new nn.MaxPool2d(undefined as never), "MaxPool2d: expected kernelSize, got no kernelSize"],
  ["no number", () => new nn.MaxPool2d("2" as never), "MaxPool2d: expected a whole number or 2 of them as kernelSize"],
  ["too many", () => new nn.MaxPool2d([2, 2, 2]), "MaxPool2d: expected a whole number or 2 of them as kernelSize, got"],
  ["an option", () => new nn.AvgPool2d(2, { pad: 1 } as never), 'AvgPool2d: unknown option "pad"; it knows kernelSize'],
  ["given twice", () => new nn.AvgPool1d(2, 2, { stride: 2 } as never), "AvgPool1d: option stride was given twice"],
  ["a power of 0", () => new nn.LPPool2d(0, 2), "LPPool2d: expected a number other than 0 as normType, got 0"],
  [
    "sizes",
    () => new nn.AdaptiveAvgPool2d([1, 2, 3]),
    "AdaptiveAvgPool2d: expected a whole number or 2 of them as out",
  ],
  [
    "neither",
    () => new nn.FractionalMaxPool2d(2),
    "FractionalMaxPool2d: expected either outputSize or outputRatio, got ne",
  ],
  [
    "a ratio",
    () => new nn.FractionalMaxPool3d(2, { outputRatio: 1 }),
    "expected a number above 0 and below 1, or 3 of",
  ],
  ["dimensions", () => new nn.MaxPool1d(2)(image), "maxPool1d: expected an input of 2 dimensions, or 3 with a batch"],
  [
    "padding",
    () => new nn.MaxPool2d(2, { padding: 2 })(image),
    "maxPool2d: expected padding of at most half the kernel",
  ],
])("refused: %s", (_, call, message) => {
  expect(call).toThrow(torch.TorchError);
  expect(call).toThrow(message);
});

test("LPPool3d is lpPool3d", () => {
  const x = torch.rand(1, 2, 4, 4, 4);
  const layer = new nn.LPPool3d(2, 2, { stride: 1 });
  expect(layer(x).tolist()).toEqual(nn.functional.lpPool3d(x, 2, 2, 1).tolist());
  expect(String(layer)).toBe("LPPool3d(norm_type=2, kernel_size=2, stride=1, ceil_mode=False)");
});

test("given random samples are part of the state", () => {
  const layer = new nn.FractionalMaxPool2d(2, 2, { _randomSamples: torch.zeros(1, 2, 2) });
  expect(Object.keys(layer.stateDict())).toEqual(["_random_samples"]);
  expect(layer(image).shape).toEqual([1, 2, 2, 2]);
});
