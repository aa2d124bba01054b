/** @file Every pointwise op against PyTorch's values, dtypes, refusals, gradients and node names. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import * as functionsOnly from "../../src/ops/functions.ts";
import * as activations from "../../src/ops/pointwise/activation.ts";
import * as shared from "../../src/ops/shared.ts";
import { argsOf, cases, type DTypeName, decode, numbersOf, opOf, optionsOf, title } from "./pointwise-cases.ts";

const dtypeNames = ["float32", "float64", "bfloat16", "int64", "int32", "uint8", "bool"] as const;

/** Units in the last place, roughly; float32 functions are right to 4 of them, PyTorch's vectorised ones to as many. */
const RTOL: Record<DTypeName, number> = { float32: 2e-6, float64: 1e-12, bfloat16: 2 ** -7, int64: 0, int32: 0, uint8: 0, bool: 0 };

function isNear(got: number, want: number, rtol: number): boolean {
  if (Object.is(got, want) || got === want) return true; // +0 and −0 count as equal
  return Math.abs(got - want) <= rtol * Math.abs(want) + rtol * 1e-3;
}

function expectNear(got: readonly number[], want: readonly number[], rtol: number, inputs: readonly (torch.Tensor | number)[]): void {
  expect(got.length).toBe(want.length);
  const wrong = want.flatMap((w, i) => {
    const g = got[i] as number;
    if (isNear(g, w, rtol)) return [];
    return [{ at: inputs.map((x) => (typeof x === "number" ? x : numbersOf(x)[i])), got: g, want: w }];
  });
  expect(wrong).toEqual([]);
}

describe("the table", () => {
  it("has a case for every pointwise op there is", () => {
    const tested = new Set(cases.map((c) => opOf(c).op?.name ?? c.op));
    for (const name of cases.map((c) => c.op.replace("nn.functional.", ""))) tested.add(name.replace(/_([a-z0-9])/g, (_, l: string) => l.toUpperCase()));
    const ops = Object.values({ ...shared, ...functionsOnly, ...activations }) as { op?: { name: string } }[];
    const names = ops.flatMap((f) => (typeof f === "function" && f.op ? [f.op.name] : []));
    expect(names.length).toBeGreaterThan(120);
    expect([...new Set(names)].filter((name) => !tested.has(name))).toEqual([]);
  });
});

describe.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
  const op = opOf(c);

  it.each(dtypeNames)("%s", (name) => {
    const want = c.results[name];
    const args = argsOf(c, torch[name]);
    if (want === null) {
      expect(() => op(...args, ...optionsOf(c))).toThrow(torch.TorchError);
      return;
    }
    const got = op(...args, ...optionsOf(c));
    expect(String(got.dtype)).toBe(`torch.${want.dtype}`);
    expectNear(numbersOf(got), decode(want), RTOL[want.dtype], args);
  });

  if (c.grads === null) return;
  it("node and gradient", () => {
    const args = argsOf(c, torch.float64);
    const leaves = args.filter((x) => x instanceof torch.Tensor && x.dtype.isFloatingPoint) as torch.Tensor[];
    for (const leaf of leaves) leaf.requiresGrad_();
    const out = op(...args, ...optionsOf(c));
    expect(out.gradFn?.name()).toBe(c.node);
    const seed = torch.full([out.numel()], 1.5, { dtype: torch.float64 });
    if (c.grads === "missing") {
      expect(() => torch.autograd.grad([out], leaves, [seed])).toThrow(/not implemented/);
      return;
    }
    const grads = torch.autograd.grad([out], leaves, [seed]);
    c.grads?.forEach((data, i) => {
      expectNear(numbersOf(grads[i] as torch.Tensor), decode({ dtype: "float64", data }), 1e-12, args);
    });
  });
});
