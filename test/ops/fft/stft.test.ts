/** @file Short-time Fourier transforms: there and back, against transforms of single windows, derivatives, refusals. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import { checkGradients, leaf, numbers } from "../gradients.ts";

const hann = (n: number) =>
  torch.tensor(
    Array.from({ length: n }, (_, i) => 0.6 + 0.4 * Math.cos((2 * Math.PI * i) / n)),
    { dtype: torch.float64 },
  );
const complexNumbers = (...shape: number[]) => torch.complex(numbers(...shape), numbers(...shape).flip(0));
const untyped = (f: unknown) => f as (...args: unknown[]) => torch.Tensor;

describe("istft undoes stft", () => {
  it.each([
    ["one signal", numbers(23), { hopLength: 2 }],
    ["a batch with a window", numbers(3, 24), { hopLength: 3, window: hann(8) }],
    ["a short window", numbers(2, 24), { winLength: 5, hopLength: 1, window: hann(5) }],
    ["normalized, two-sided", numbers(24), { normalized: true, onesided: false }],
    ["other padding", numbers(24), { padMode: "circular" as const }],
    ["complex", complexNumbers(2, 20), { window: hann(8) }],
    ["not centred", numbers(2, 24), { center: false, window: hann(8) }],
  ])("%s", (_, x, options) => {
    const spectrum = torch.stft(x, 8, { returnComplex: true, ...options });
    const { padMode, ...rest } = { padMode: null, ...options };
    const back = torch.istft(spectrum, 8, { ...rest, length: x.size(-1), returnComplex: x.isComplex() });
    // Windows that are not centred end where no whole one fits.
    expect(torch.allclose(back, x)).toBe(true);
    const real = torch.stft(x, 8, { ...options, returnComplex: false });
    expect(torch.equal(torch.viewAsComplex(real.contiguous()), spectrum)).toBe(true);
    expect(
      torch.equal(
        torch.istft(real, 8, { ...rest, returnComplex: x.isComplex() }),
        torch.istft(spectrum, 8, { ...rest, returnComplex: x.isComplex() }),
      ),
    ).toBe(true);
  });
});

it("each column is the transform of a window", () => {
  const [x, w] = [numbers(20), hann(6)];
  const got = x.stft(6, 4, 6, w, { center: false, returnComplex: true });
  expect(got.shape).toEqual([4, 4]);
  for (let t = 0; t < 4; t++)
    expect(torch.allclose(got.select(1, t), torch.fft.rfft(x.narrow(0, 4 * t, 6).mul(w)))).toBe(true);
});

it("istft cuts off and fills up", () => {
  const spectrum = torch.stft(numbers(16), 4, { returnComplex: true });
  const whole = torch.istft(spectrum, 4);
  expect(torch.istft(spectrum, 4, { length: 7 }).tolist()).toEqual(whole.narrow(0, 0, 7).tolist());
  const long = torch.istft(spectrum, 4, { length: 30 });
  expect(long.shape).toEqual([30]);
  expect(long.narrow(0, 18, 12).tolist()).toEqual(new Array(12).fill(0));
});

it("derivatives", () => {
  const window = hann(4).requiresGrad_();
  expect(
    checkGradients((x, w) => torch.viewAsReal(x.stft(4, { window: w, returnComplex: true })), leaf(2, 7), window),
  ).toBe(true);
  const input = numbers(2, 3, 5, 2).requiresGrad_();
  expect(checkGradients((x, w) => torch.istft(torch.viewAsComplex(x), 4, { window: w }), input, window)).toBe(true);
});

describe("refusals", () => {
  const x = numbers(12);
  const z = torch.stft(x, 4, { returnComplex: true });
  it.each<[string, () => unknown, string]>([
    ["no returnComplex", () => x.stft(4), "stft: expected returnComplex to be given"],
    ["integers", () => torch.arange(9).stft(4), "stft: expected a floating-point or complex dtype, got torch.int64"],
    [
      "three dimensions",
      () => numbers(2, 2, 9).stft(4),
      "stft: expected a signal [L] or signals [B, L], got shape [2, 2, 9]",
    ],
    [
      "a large transform",
      () => x.stft(13, { center: false, returnComplex: true }),
      "stft: expected an nFft of 1 to 12",
    ],
    ["a window of another size", () => x.stft(4, { window: hann(5) }), "stft: expected a window of shape [4]"],
    [
      "a window of integers",
      () => x.stft(4, { window: torch.arange(4) }),
      "stft: expected a window of a floating-point",
    ],
    [
      "half of complex numbers",
      () => complexNumbers(9).stft(4, { onesided: true }),
      "stft: expected onesided to be false",
    ],
    ["no nFft", () => untyped(torch.stft)(x), "stft: expected nFft, got no nFft"],
    ["another nFft", () => z.istft(8), "istft: expected 5 frequencies for nFft = 8 and onesided, got 3"],
    [
      "a hop beyond the window",
      () => z.istft(4, { hopLength: 5 }),
      "istft: expected a hopLength of 1 to winLength = 4",
    ],
    ["real numbers", () => x.istft(4), "istft: expected complex numbers [B, N, T] or [N, T]"],
    ["a gap", () => z.istft(4, { window: torch.tensor([0, 0, 1, 1.5]), hopLength: 4, center: false }), "got a gap"],
    ["half for a complex signal", () => z.istft(4, { returnComplex: true }), "istft: expected onesided to be false"],
  ])("%s", (_, call, text) => {
    expect(call).toThrow(torch.TorchError);
    expect(call).toThrow(text);
  });
});
