/** @file What holds for every pointwise op, whatever it computes: layouts, in-place forms, derivatives by finite differences. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import { type Case, cases, numbersOf, opOf, optionsOf, title } from "./pointwise-cases.ts";

const float64 = { dtype: torch.float64 };
/** Away from kinks, ties and the edges of domains. */
const SMOOTH = [-0.83, -0.62, -0.37, -0.13, 0.17, 0.34, 0.66, 0.93];
const OTHER = [0.41, 0.73, -0.57, 0.22, -0.28, 0.89, 0.47, -0.76];
const THIRD = [0.29, -0.44, 0.58, 0.81, 0.36, -0.69, 0.77, 0.52];
const POOLS = [SMOOTH, OTHER, THIRD];

/** Arguments of a case with fresh values: 8 elements, or what `make` makes of them. */
function smoothArgs(c: Case, make: (values: readonly number[]) => torch.Tensor, dtype: torch.DType = torch.float64) {
  let used = 0;
  return c.args.map((a) => {
    if ("number" in a) return a.number;
    const t = make(POOLS[used++] as number[]);
    return a.tensor === "mask" ? t.gt(0) : t.to(dtype);
  });
}
const flat = (values: readonly number[]) => torch.tensor([...values], float64);
const isTensor = (x: unknown): x is torch.Tensor => x instanceof torch.Tensor;
const run = (c: Case, args: readonly unknown[]) => opOf(c)(...args, ...optionsOf(c));
/** The first float dtype, or int64 for ops on bits. */
const dtypeFor = (c: Case) => (c.results.float64 ? torch.float64 : torch.int64);

const scaled = (values: readonly number[], dtype: torch.DType) =>
  values.map((v) => (dtype === torch.int64 ? Math.round(v * 9) || 1 : v));

describe.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
  const dtype = dtypeFor(c);
  const make = (values: readonly number[]) => flat(scaled(values, dtype));
  const expected = () => numbersOf(run(c, smoothArgs(c, make, dtype)));

  it("of strided, sliced and expanded tensors", () => {
    const want = expected();
    const transposed = (values: readonly number[]) => make(values).reshape([4, 2]).t().contiguous().t();
    expect(numbersOf(run(c, smoothArgs(c, transposed, dtype)))).toEqual(want);
    const sliced = (values: readonly number[]) =>
      torch
        .stack([make(values), make(values).neg()], 1)
        .to(dtype)
        .select(1, 0);
    expect(numbersOf(run(c, smoothArgs(c, sliced, dtype)))).toEqual(want);
    const first = (values: readonly number[]) => make(values).narrow(0, 0, 1).expand([3, 5]);
    expect(numbersOf(run(c, smoothArgs(c, first, dtype)))).toEqual(new Array(15).fill(want[0]));
  });

  it("of tensors without elements or dimensions", () => {
    const empty = run(
      c,
      smoothArgs(c, () => torch.zeros([0, 3], float64), dtype),
    );
    expect(empty.shape).toEqual([0, 3]);
    const single = run(
      c,
      smoothArgs(c, (values) => make(values).select(0, 2), dtype),
    );
    expect(single.shape).toEqual([]);
    if (c.args.every((a) => "tensor" in a)) expect(numbersOf(single)).toEqual([expected()[2]]);
  });

  const { inplace } = opOf(c);
  if (inplace && "tensor" in (c.args[0] as object)) {
    it("in place", () => {
      const args = smoothArgs(c, make, dtype);
      const target = args[0] as torch.Tensor;
      const want = run(c, args);
      const write = () => inplace(...args, ...optionsOf(c));
      if (!torch.canCast(want.dtype, target.dtype)) {
        expect(write).toThrow(torch.DTypeError);
        return;
      }
      expect(write()).toBe(target);
      expect(target.version).toBe(1);
      expect(numbersOf(target)).toEqual(numbersOf(want.to(target.dtype)));
    });
  }

  if (c.node === null || c.grads === "missing") return;

  if (inplace && "tensor" in (c.args[0] as object)) {
    it("has the same gradient in place", () => {
      const grads = [false, true].map((isInplace) => {
        const args = smoothArgs(c, flat);
        const leaves = args.filter((x) => isTensor(x) && x.dtype.isFloatingPoint) as torch.Tensor[];
        for (const leaf of leaves) leaf.requiresGrad_();
        const [first, ...others] = args as [torch.Tensor, ...unknown[]];
        const call = isInplace ? inplace : opOf(c);
        const out = call(first.mul(1), ...others, ...optionsOf(c));
        return torch.autograd.grad([out.sum()], leaves).map((g) => numbersOf(g as torch.Tensor));
      });
      expect(grads[1]).toEqual(grads[0]);
    });
  }

  it("derivatives by finite differences, to the second order", () => {
    const args = smoothArgs(c, flat);
    const wanted = args.flatMap((x, i) => (isTensor(x) && x.dtype.isFloatingPoint ? [i] : []));
    for (const i of wanted) (args[i] as torch.Tensor).requiresGrad_();
    const seed = torch.tensor([...THIRD], float64).requiresGrad_();
    const out = run(c, args);
    const grads = torch.autograd.grad(
      [out],
      wanted.map((i) => args[i] as torch.Tensor),
      [seed],
      { createGraph: true, allowUnused: true },
    );
    for (const [k, i] of wanted.entries()) {
      const grad = grads[k];
      expectSlope(
        numbersOf(grad as torch.Tensor),
        slope((h) => numbersOf(run(c, shifted(args, i, h)))).map((d, j) => d * (THIRD[j] as number)),
      );
      if (!grad?.requiresGrad) continue;
      // The gradient depends on its seed, and on all the arguments.
      const inner = [seed, ...wanted.map((j) => args[j] as torch.Tensor)];
      const second = torch.autograd.grad([grad.sum()], inner, { allowUnused: true, retainGraph: true });
      if (second[0])
        expectSlope(
          numbersOf(second[0]),
          numbersOf(grad).map((g, j) => g / (THIRD[j] as number)),
        );
      for (const [m, j] of wanted.entries()) {
        const got = second[m + 1] ? numbersOf(second[m + 1] as torch.Tensor) : new Array(8).fill(0);
        expectSlope(
          got,
          slope((h) => gradientAt(c, shifted(args, j, h), i)),
        );
      }
    }
  });
});

/** The arguments, with argument `i` moved by `h` and all of them free of history. */
function shifted(args: readonly unknown[], i: number, h: number): unknown[] {
  return args.map((x, j) => (isTensor(x) ? (i === j ? x.detach().add(h) : x.detach()) : x));
}

function gradientAt(c: Case, args: unknown[], i: number): number[] {
  const leaf = (args[i] as torch.Tensor).requiresGrad_();
  return numbersOf(torch.autograd.grad([run(c, args)], [leaf], [torch.tensor([...THIRD], float64)])[0] as torch.Tensor);
}

/** Central differences, extrapolated: the error is of fourth order. */
function slope(f: (h: number) => number[]): number[] {
  const h = 2e-4;
  const [a, b, c, d] = [f(-2 * h), f(-h), f(h), f(2 * h)] as [number[], number[], number[], number[]];
  return a.map((x, i) => (8 * ((c[i] as number) - (b[i] as number)) - ((d[i] as number) - x)) / (12 * h));
}

/** Where the function is not defined, neither is its slope. */
function expectSlope(got: readonly number[], want: readonly number[]): void {
  const wrong = want.flatMap((w, i) => {
    const g = got[i] as number;
    return !Number.isFinite(w) || Math.abs(g - w) <= 1e-8 * Math.max(1, Math.abs(w))
      ? []
      : [{ at: SMOOTH[i], got: g, want: w }];
  });
  expect(wrong).toEqual([]);
}
