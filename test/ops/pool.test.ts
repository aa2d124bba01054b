import * as torch from "typetorch";
import { describe, expect, test } from "vitest";

const F = torch.nn.functional;
const ramp = (...shape: number[]) =>
  torch
    .arange(
      shape.reduce((a, b) => a * b, 1),
      { dtype: torch.float64 },
    )
    .reshape(shape)
    .mul(0.7)
    .sin();

describe("maxima over windows", () => {
  test("the first of equal elements wins, the last NaN, and minus infinity is an element", () => {
    const row = torch.tensor([[1, 1, 0, Number.NaN, 2, Number.NaN]], { dtype: torch.float32 });
    const [values, indices] = F.maxPool1d(row, 3, { returnIndices: true });
    expect(values.tolist()).toEqual([[1, Number.NaN]]);
    expect(indices.tolist()).toEqual([[0, 5]]);
    const low = torch.full([1, 4], Number.NEGATIVE_INFINITY);
    expect(F.maxPool1dWithIndices(low, 3, 2, 1)[1].tolist()).toEqual([[0, 1]]);
  });

  test("strided input, any stride, are as computed by hand", () => {
    const x = ramp(2, 9, 8, 3).permute(0, 3, 1, 2);
    for (const [kernel, stride, padding, dilation] of [
      [3, 1, 1, 1],
      [2, 2, 0, 2],
      [3, 3, 1, 2],
    ] as const) {
      const [values, indices] = F.maxPool2d(x, kernel, stride, padding, dilation, true, true);
      const flat = x
        .reshape(2, 3, -1)
        .gather(2, indices.reshape(2, 3, -1))
        .reshape(values.shape);
      expect(flat.eq(values).all().item()).toBe(true);
      const padded = torch.full([2, 3, 9 + 4 * padding + 6, 8 + 4 * padding + 6], -9, { dtype: torch.float64 });
      padded.narrow(2, padding, 9).narrow(3, padding, 8).copy_(x);
      const reach = (kernel - 1) * dilation + 1;
      const windows = padded.unfold(2, reach, stride).unfold(3, reach, stride);
      const taken = windows.at("...", `::${dilation}`, `::${dilation}`).amax([-1, -2]);
      const [, , h, w] = values.shape as [number, number, number, number];
      expect(taken.narrow(2, 0, h).narrow(3, 0, w).eq(values).all().item()).toBe(true);
    }
  });

  test("gradients of both orders", () => {
    const x = ramp(1, 2, 5, 6).requiresGrad_();
    const pool = (t: torch.Tensor) => F.maxPool2d(t.mul(t), [2, 3], 1, [1, 1]);
    expect(torch.autograd.gradcheck(pool, [x])).toBe(true);
    expect(torch.autograd.gradgradcheck(pool, [x])).toBe(true);
  });

  test("nodes are PyTorch's", () => {
    const x = ramp(1, 1, 4, 4).requiresGrad_();
    expect(F.maxPool2d(x, 2).gradFn?.name()).toBe("MaxPool2DWithIndicesBackward0");
    expect(F.avgPool2d(x, 2).gradFn?.name()).toBe("AvgPool2DBackward0");
    expect(F.adaptiveAvgPool2d(x, 1).gradFn?.name()).toBe("MeanBackward1");
    expect(F.avgPool1d(x.at(0), 2).gradFn?.name()).toBe("SqueezeBackward1");
  });
});

describe("averages over windows", () => {
  test("padding counts, or not, or something else does", () => {
    const x = torch.tensor([[6, 12, 18]], { dtype: torch.float32 });
    expect(F.avgPool1d(x, 3, 1, 1).tolist()).toEqual([[6, 12, 10]]);
    expect(F.avgPool1d(x, 3, 1, 1, false, false).tolist()).toEqual([[9, 12, 15]]);
    expect(F.avgPool2d(x.unsqueeze(0), [1, 3], { divisorOverride: 6 }).tolist()).toEqual([[[6]]]);
    expect(F.avgPool1d(x, 2, { ceilMode: true }).tolist()).toEqual([[9, 18]]);
  });

  test("half precision is rounded once", () => {
    const x = torch.tensor([[2049, 2050, 2051]], { dtype: torch.float32 });
    const sum = F.avgPool1d(x.to(torch.float16), 3);
    expect(sum.dtype).toBe(torch.float16);
    expect(sum.tolist()).toEqual([[2050]]);
  });

  test("adaptive windows overlap where they must", () => {
    const x = torch.tensor([[0, 3, 6, 9, 12]], { dtype: torch.float32 });
    expect(F.adaptiveAvgPool1d(x, 2).tolist()).toEqual([[3, 9]]);
    expect(F.adaptiveAvgPool2d(torch.zeros(2, 4, 6, 8), [null, 3]).shape).toEqual([2, 4, 6, 3]);
    expect(F.adaptiveAvgPool2d(torch.zeros(2, 4, 6, 8), 0).shape).toEqual([2, 4, 0, 0]);
  });
});

test("fractional windows come from the samples", () => {
  const x = torch.arange(7, { dtype: torch.float32 }).reshape(1, 1, 7).expand(1, 7, 7);
  const randomSamples = torch.tensor([[[0.75, 0.25]]], { dtype: torch.float32 });
  const [values, indices] = F.fractionalMaxPool2d(x, 2, 3, { returnIndices: true, randomSamples });
  expect(values.at(0, 0).tolist()).toEqual([1, 4, 6]);
  expect(indices.at(0, 0).tolist()).toEqual([1, 4, 6]);
});

describe("refusals name what was expected", () => {
  const image = torch.zeros(1, 1, 4, 4);
  test.each<[string, () => unknown, string]>([
    [
      "kernel",
      () => F.maxPool2d(image, [1, 2, 3]),
      "maxPool2d: expected a whole number or 2 of them as kernelSize, got [1, 2, 3]",
    ],
    ["stride", () => F.avgPool2d(image, 2, 0), "avgPool2d: expected stride of at least 1, got [0, 0]"],
    [
      "padding",
      () => F.maxPool1d(torch.zeros(1, 4), 2, 2, 2),
      "maxPool1d: expected padding of at most half the kernel size",
    ],
    [
      "size",
      () => F.avgPool2d(image, 5),
      "avgPool2d: expected an input at least as large as the kernel of [5, 5], got shape [1, 1, 4, 4]",
    ],
    [
      "dimensions",
      () => F.maxPool2d(torch.zeros(4, 4), 2),
      "maxPool2d: expected an input of 3 dimensions, or 4 with a batch",
    ],
    [
      "dtype",
      () => F.maxPool2d(torch.ones(1, 4, 4, { dtype: torch.int64 }), 2),
      "maxPool2d: expected a floating-point dtype, got torch.int64",
    ],
    [
      "index",
      () => F.maxUnpool2d(image, torch.full([1, 1, 4, 4], 99), 2),
      "maxUnpool2d: expected indices from 0 to 63 for planes of [8, 8], got 99",
    ],
    [
      "neither",
      () => F.fractionalMaxPool2d(image, 2),
      "fractionalMaxPool2d: expected an outputSize or an outputRatio, got neither",
    ],
  ])("%s", (_, call, text) => expect(call).toThrow(text));
});
