/** @file Transforms of every kind of length, against their definition; what the operator database does not ask. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";

const { fft } = torch;

interface Complex {
  re: number;
  im: number;
}

/** The definition: `Σ x[t] exp(sign 2πi kt / n)`. */
function transform(x: readonly Complex[], sign: number): Complex[] {
  const n = x.length;
  return x.map((_, k) => {
    const sum = { re: 0, im: 0 };
    for (const [t, { re, im }] of x.entries()) {
      const angle = (sign * 2 * Math.PI * ((k * t) % n)) / n;
      sum.re += re * Math.cos(angle) - im * Math.sin(angle);
      sum.im += re * Math.sin(angle) + im * Math.cos(angle);
    }
    return sum;
  });
}

const complexes = (t: torch.Tensor): Complex[] => t.flatten().tolist() as Complex[];

function expectClose(got: readonly Complex[], want: readonly Complex[], within: number): void {
  expect(got).toHaveLength(want.length);
  for (const [i, { re, im }] of want.entries()) {
    expect(Math.abs((got[i] as Complex).re - re)).toBeLessThan(within);
    expect(Math.abs((got[i] as Complex).im - im)).toBeLessThan(within);
  }
}

// Radices 2, 3, 4 and any other, several factors, powers of primes, and lengths that need a convolution.
const LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 22, 30, 31, 32, 37, 49, 60, 74, 97, 128, 210, 243, 360, 1009];

describe.each([torch.float64, torch.float32])("%s", (dtype) => {
  const within = dtype === torch.float64 ? 1e-10 : 2e-3;

  it.each(LENGTHS)("transforms %i numbers by the definition", (n) => {
    torch.manualSeed(n);
    const x = torch.complex(torch.randn([n], { dtype }), torch.randn([n], { dtype }));
    expectClose(complexes(fft.fft(x)), transform(complexes(x), -1), within);
    const back = complexes(fft.ifft(x)).map(({ re, im }) => ({ re: re * n, im: im * n }));
    expectClose(back, transform(complexes(x), 1), within * n);
  });

  it.each(LENGTHS)("transforms %i real numbers, and back", (n) => {
    torch.manualSeed(n);
    const x = torch.randn([2, n], { dtype });
    for (const row of [x.select(0, 0), x.select(0, 1)]) {
      const want = transform(
        (row.tolist() as number[]).map((re) => ({ re, im: 0 })),
        -1,
      );
      expectClose(complexes(fft.rfft(row)), want.slice(0, Math.floor(n / 2) + 1), within);
      expectClose(complexes(fft.fft(row)), want, within);
    }
    const again = fft.irfft(fft.rfft(x), n);
    expect(again.sub(x).abs().max().item()).toBeLessThan(within);
    const mirrored = fft.ihfft(x);
    expect(fft.hfft(mirrored, n).sub(x).abs().max().item()).toBeLessThan(within);
  });

  // Many lines lie side by side in registers, a single or a long one is a matrix: they must not differ, nor where lines lie.
  it.each([1, 5, 31, 37, 64, 100, 360, 1009, 4096, 5000])("transforms 19 lines of %i numbers as it does one", (n) => {
    torch.manualSeed(n);
    const x = torch.complex(torch.randn([19, n], { dtype }), torch.randn([19, n], { dtype }));
    const r = torch.randn([19, n], { dtype });
    const close = (a: torch.Tensor, b: torch.Tensor) =>
      expect(torch.viewAsReal(a.sub(b)).abs().max().item()).toBeLessThan(within);
    const [X, R, F] = [fft.fft(x), fft.rfft(r), fft.fft(r)];
    close(fft.fft(x.t().contiguous(), { dim: 0 }).t(), X);
    close(fft.rfft(r.t().contiguous(), { dim: 0 }).t(), R);
    close(fft.fft(r.t().contiguous(), { dim: 0 }).t(), F);
    expect(fft.irfft(R.t().contiguous(), { n, dim: 0 }).t().sub(r).abs().max().item()).toBeLessThan(within);
    for (const i of [0, 7, 18]) {
      close(fft.fft(x.at(i)), X.at(i));
      close(fft.rfft(r.at(i)), R.at(i));
      close(fft.fft(r.at(i)), F.at(i));
      expect(fft.irfft(R.at(i), n).sub(r.at(i)).abs().max().item()).toBeLessThan(within);
    }
  });

  it.each([4036, 65536, 100000, 131071])("transforms a line of %i numbers by the definition", (n) => {
    torch.manualSeed(n);
    const x = torch.complex(torch.randn([n], { dtype }), torch.randn([n], { dtype }));
    const [X, R] = [fft.fft(x), fft.rfft(x.real)];
    for (const k of [0, 1, 977, Math.floor(n / 2)]) {
      const angle = torch
        .arange(n)
        .mul(k)
        .remainder(n)
        .to(torch.float64)
        .mul((-2 * Math.PI) / n);
      const root = torch.complex(angle.cos(), angle.sin());
      for (const [from, to] of [
        [x, X],
        [x.real, R],
      ] as const)
        expect(root.mul(from).sum().sub(to.at(k)).abs().item()).toBeLessThan(within);
    }
    expect(torch.viewAsReal(fft.ifft(X).sub(x)).abs().max().item()).toBeLessThan(within);
    expect(fft.irfft(R, n).sub(x.real).abs().max().item()).toBeLessThan(within);
  });

  it("transforms along any dimension of any strides, many lines at a time", () => {
    torch.manualSeed(0);
    const x = torch.randn([37, 12, 5], { dtype });
    for (const dim of [0, 1, 2]) {
      const moved = fft.rfft(x.movedim(dim, -1).contiguous()).movedim(-1, dim);
      expect(torch.viewAsReal(fft.rfft(x, { dim })).sub(torch.viewAsReal(moved)).abs().max().item()).toBeLessThan(1e-5);
    }
    const strided = x.permute(2, 0, 1);
    expect(fft.irfftn(fft.rfftn(strided), { s: strided.shape }).sub(strided).abs().max().item()).toBeLessThan(1e-4);
  });
});

describe("gradients", () => {
  it.each([5, 6, 37])("of every transform of %i numbers agree with finite differences, twice", (n) => {
    torch.manualSeed(n);
    const x = torch.randn([2, n], { dtype: torch.float64 }).requiresGrad_();
    const parts = (t: torch.Tensor) => torch.viewAsReal(t).mul(torch.viewAsReal(t)).sum(-1);
    for (const f of [
      (t: torch.Tensor) => parts(fft.rfft(t)),
      (t: torch.Tensor) => parts(fft.fft(t)),
      (t: torch.Tensor) => parts(fft.ihfft2(t)),
      (t: torch.Tensor) => fft.irfft(fft.rfft2(t), n).mul(t),
      (t: torch.Tensor) => fft.hfftn(fft.rfftn(t.mul(t))),
    ]) {
      expect(torch.autograd.gradcheck(f, [x])).toBe(true);
      expect(torch.autograd.gradgradcheck(f, [x])).toBe(true);
    }
  });
});

describe("refusals", () => {
  const x = torch.ones(3);
  it("name what was expected and what came", () => {
    expect(() => fft.fft(torch.tensor(1.5))).toThrow("fft: expected a tensor with at least 1 dimension, got shape []");
    expect(() => fft.fft(x, 0)).toThrow("fft: expected at least 1 element to transform, got 0");
    expect(() => fft.irfft(torch.ones(1))).toThrow("irfft: expected at least 1 element to transform, got 0");
    expect(() => fft.fft(x.half())).toThrow(torch.DTypeError);
    expect(() => fft.rfft(fft.fft(x))).toThrow("rfft: expected a real tensor, got torch.complex64");
    expect(() => fft.fft(x, { norm: "none" as "ortho" })).toThrow('fft: expected a norm of "backward"');
    expect(() => fft.fftn(x, [2, 2])).toThrow("fftn: expected at most 1 sizes for shape [3], got 2");
    expect(() => fft.fftn(x, { s: [2], dim: [] })).toThrow("fftn: expected as many sizes as dims, got 1 and 0");
    expect(() => fft.rfftn(x, { dim: [] })).toThrow("rfftn: expected at least one dimension to transform, got none");
    expect(() => fft.fft2(x)).toThrow(torch.IndexError);
  });
});
