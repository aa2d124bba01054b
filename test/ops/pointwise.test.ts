/** @file Every pointwise op against PyTorch's values, dtypes, refusals, gradients and node names. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import * as functionsOnly from "../../src/ops/functions.ts";
import * as activations from "../../src/ops/pointwise/activation.ts";
import * as shared from "../../src/ops/shared.ts";
import * as special from "../../src/ops/special/index.ts";
import { records } from "./database.ts";
import {
  argsOf,
  camel,
  cases,
  type DTypeName,
  decode,
  dtypeOf,
  numbersOf,
  opOf,
  optionsOf,
  title,
} from "./pointwise-cases.ts";

const dtypeNames = ["float32", "float64", "bfloat16", "int64", "int32", "uint8", "bool"] as const;

/**
 * Relative and absolute. Both libraries are right to about 4 units in the last place, where nothing cancels; PyTorch's bfloat16
 * formulas round at every step. float64 judges the formulas, the others that their engine computes the same.
 */
const EXACT = [0, 0] as const;
const TOLERANCES: Record<DTypeName, readonly [number, number]> = {
  float64: [1e-12, 1e-15],
  float32: [2e-6, 2e-7],
  bfloat16: [2 ** -7, 2e-3],
  int64: EXACT,
  int32: EXACT,
  uint8: EXACT,
  bool: EXACT,
};

function isNear(got: number, want: number, dtype: DTypeName): boolean {
  if (Object.is(got, want) || got === want) return true; // +0 and −0 count as equal
  const [relative, absolute] = TOLERANCES[dtype];
  return Math.abs(got - want) <= relative * Math.abs(want) + absolute;
}

function expectNear(
  got: readonly number[],
  want: readonly number[],
  dtype: DTypeName,
  inputs: readonly (torch.Tensor | number)[],
): void {
  expect(got.length).toBe(want.length);
  const wrong = want.flatMap((w, i) => {
    const g = got[i] as number;
    if (isNear(g, w, dtype)) return [];
    return [{ at: inputs.map((x) => (typeof x === "number" ? x : numbersOf(x)[i])), got: g, want: w }];
  });
  expect(
    wrong
      .map((w) => JSON.stringify(w, (_, v) => (Number.isFinite(v) || typeof v !== "number" ? v : String(v))))
      .join(" "),
  ).toBe("");
}

describe("the table", () => {
  it("has a case for every pointwise op there is", () => {
    // Here at the edges of their domains, or in PyTorch's database.
    const tested = new Set([...cases, ...records].map(({ op }) => camel(op.replace("nn.functional.", ""))));
    const ops: object[] = Object.values({ ...shared, ...functionsOnly, ...activations, ...special }).filter(
      (f) => typeof f === "function",
    );
    const names = ops.flatMap((f) => ("op" in f ? [(f.op as { name: string }).name] : []));
    expect(names.length).toBeGreaterThan(120);
    expect([...new Set(names)].filter((name) => !tested.has(name))).toEqual([]);
  });
});

describe.each(cases.map((c) => [title(c), c] as const))("%s", (_, c) => {
  const op = opOf(c);

  it.each(dtypeNames)("%s", (name) => {
    const want = c.results[name];
    const args = argsOf(c, dtypeOf(name));
    if (want === undefined) return; // PyTorch's version lacks it
    if (want === null) {
      expect(() => op(...args, ...optionsOf(c))).toThrow(torch.TorchError);
      return;
    }
    const got = op(...args, ...optionsOf(c));
    expect(String(got.dtype)).toBe(`torch.${want.dtype}`);
    expectNear(numbersOf(got), decode(want), want.dtype, args);
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
      expectNear(numbersOf(grads[i] as torch.Tensor), decode({ dtype: "float64", data }), "float64", args);
    });
  });
});
