/** @file `poisson` and `binomial`: PyTorch's streams, sample for sample. */
import { readFileSync } from "node:fs";
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import type { DTypeName } from "../../src/core/dtype.ts";

interface Case {
  readonly op: "poisson" | "binomial";
  readonly dtype: DTypeName;
  /** Whether the memory of the parameters is column by column: samples then come in that order. */
  readonly turned: boolean;
  readonly arguments: readonly (readonly number[] | readonly (readonly number[])[])[];
  readonly values: readonly (readonly number[])[];
  readonly next: number;
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("counts-golden.json", import.meta.url), "utf8"),
);

describe("streams are PyTorch's", () => {
  it.each(cases.map((c, i) => [`${i} ${c.op} ${c.dtype}${c.turned ? " turned" : ""}`, c] as const))("%s", (_, c) => {
    const [a, b] = c.arguments.map((given) => {
      const t = torch.tensor(given as number[], { dtype: Reflect.get(torch, c.dtype) as torch.DType });
      return c.turned && t.ndim === 2 ? t.t().contiguous().t() : t;
    }) as [torch.Tensor, torch.Tensor];
    torch.manualSeed(7);
    const drawn = c.op === "poisson" ? torch.poisson(a) : torch.binomial(a, b);
    expect(drawn.dtype.name).toBe(c.dtype);
    expect(drawn.tolist()).toEqual(c.values);
    expect(torch.rand(1).item()).toBe(c.next);
  });
});

it("a generator of one's own, float16, and nothing", () => {
  const draw = () => torch.poisson(torch.full([5], 20.5), { generator: new torch.Generator().manualSeed(3) }).tolist();
  expect(draw()).toEqual(draw());
  const halves = torch.binomial(
    torch.full([200], 100, { dtype: torch.float16 }),
    torch.tensor(0.3, { dtype: torch.float16 }),
  );
  expect(halves.dtype).toBe(torch.float16);
  expect(Math.abs(halves.to(torch.float32).mean().item() - 30)).toBeLessThan(1.5);
  expect(torch.poisson(torch.zeros(0, 3)).shape).toEqual([0, 3]);
});

it("NaN gives NaN, and gradients are 0 or refused", () => {
  const nan = torch.binomial(torch.tensor([Number.NaN, 3.5]), torch.tensor([0.5, Number.NaN]));
  expect(nan.isnan().all().item()).toBe(true);
  const rates = torch.tensor([3.5, 20.5], { requiresGrad: true });
  const drawn = torch.poisson(rates);
  expect(drawn.gradFn?.name()).toBe("PoissonBackward0");
  drawn.sum().backward();
  expect(rates.grad?.tolist()).toEqual([0, 0]);
  const prob = torch.tensor([0.5], { requiresGrad: true });
  expect(() =>
    torch
      .binomial(torch.tensor([5.5]), prob)
      .sum()
      .backward(),
  ).toThrow(new torch.AutogradError("binomial: its derivative is not implemented"));
});

it("refusals", () => {
  const float = (x: number[]) => torch.tensor(x, { dtype: torch.float32 });
  expect(() => torch.poisson(float([1, -1]))).toThrow("poisson: expected finite rates of at least 0, got -1");
  expect(() => torch.poisson(float([1, Infinity]))).toThrow(
    "poisson: expected finite rates of at least 0, got Infinity",
  );
  expect(() => torch.poisson(float([1, Number.NaN]))).toThrow("got NaN");
  expect(() => torch.poisson(torch.tensor([1]))).toThrow(torch.DTypeError);
  expect(() => torch.binomial(float([3, 3]), float([0.1, 0.2, 0.3]))).toThrow(
    "binomial: expected prob of a shape that broadcasts to that of count, [2], got [3]",
  );
  expect(() => torch.binomial(float([3]), float([0.5]).double())).toThrow(torch.DTypeError);
});
