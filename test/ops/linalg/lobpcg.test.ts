/** @file `torch.lobpcg` against PyTorch's: the same vectors after the same number of steps, and the same gradients. */
import { readFileSync } from "node:fs";
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";
import { camel } from "../database.ts";

type Options = Readonly<Record<string, unknown>>;
interface Golden {
  readonly tensors: Readonly<Record<string, number[][]>>;
  readonly cases: readonly { matrix: string; options: Options; steps: number; E: number[]; V: number[][] }[];
  readonly gradients: readonly { k: number; largest: boolean; grad: number[][] }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("lobpcg-golden.json", import.meta.url), "utf8"));
const tensorOf = (values: unknown) => torch.tensor(values as number[], { dtype: torch.float64 });
const A = tensorOf(golden.tensors.A);

/** Python's options in camelCase, with the tensors that they name. */
const optionsOf = (options: Options): Options =>
  Object.fromEntries(
    Object.entries(options).map(([name, v]) => {
      if (typeof v === "string" && v in golden.tensors) return [name, tensorOf(golden.tensors[v])];
      return [camel(name), typeof v === "object" ? optionsOf(v as Options) : v];
    }),
  );

const far = (got: torch.Tensor, want: torch.Tensor): number =>
  got.sub(want).abs().max().item() / want.abs().max().item();

describe("as PyTorch searches", () => {
  it.each(golden.cases.map((c) => [`${c.matrix} ${JSON.stringify(c.options)}`, c] as const))("%s", (_, c) => {
    torch.manualSeed(3);
    let steps = 0;
    const [E, V] = torch.lobpcg(tensorOf(golden.tensors[c.matrix]), {
      ...optionsOf(c.options),
      tracker: () => steps++,
    });
    // With B, PyTorch's "ortho" takes another way: its first residuals leave out the eigenvalues.
    if (c.options.B === undefined || c.options.method === "basic") expect(steps).toBe(c.steps);
    expect(far(E, tensorOf(c.E))).toBeLessThan(1e-10);
    expect(far(V.abs(), tensorOf(c.V))).toBeLessThan(1e-7);
  });
});

describe("gradients", () => {
  it.each(golden.gradients.map((c) => [`k ${c.k}, largest ${c.largest}`, c] as const))(
    "%s",
    (_, { k, largest, grad }) => {
      torch.manualSeed(3);
      const leaf = A.clone().requiresGrad_();
      const [E, V] = torch.lobpcg(leaf, { k, largest, tol: 1e-12 });
      expect(E.gradFn?.name()).toBe("LOBPCGAutogradFunctionBackward");
      const weights = torch.arange(12).to(torch.float64).unsqueeze(1);
      const [got] = torch.autograd.grad(E.sum().add(V.pow(2).mul(weights).sum()), [leaf]);
      expect(far(got as torch.Tensor, tensorOf(grad))).toBeLessThan(1e-8);
    },
  );

  it("finite differences, first and second", () => {
    const search = (a: torch.Tensor) => {
      const [E, V] = torch.lobpcg(a, {
        X: tensorOf(golden.tensors.X).narrow(0, 0, 6).narrow(1, 0, 2),
        tol: 1e-14,
        niter: 80,
      });
      return [E, V.pow(2)];
    };
    const leaf = A.narrow(0, 0, 6).narrow(1, 0, 6).clone().requiresGrad_();
    expect(torch.autograd.gradcheck(search, [leaf], { atol: 1e-5, rtol: 1e-4 })).toBe(true);
    expect(
      torch.autograd.gradgradcheck((a) => search(a)[0] as torch.Tensor, [leaf], undefined, { atol: 1e-4, rtol: 1e-3 }),
    ).toBe(true);
  });

  it("none of B", () => {
    const [E] = torch.lobpcg(A.clone().requiresGrad_(), { B: tensorOf(golden.tensors.B) });
    expect(() => E.sum().backward()).toThrow(torch.AutogradError);
  });
});

it("a tracker sees the search, and ends it", () => {
  const X = torch.randn([12, 2], { dtype: torch.float64 });
  const before = X.clone();
  const seen: number[] = [];
  torch.lobpcg(A, {
    X,
    tracker: (search) => {
      seen.push(search.convergedCount);
      expect(search.R.shape).toEqual([12, 2]);
      expect(search.rerr.shape).toEqual([2]);
      search.forceStop = search.istep === 3;
    },
  });
  expect(seen.length).toBe(3);
  expect(X.equal(before)).toBe(true);
});

it("float32, and an empty batch", () => {
  const [E, V] = torch.lobpcg(A.float(), 2);
  expect(E.dtype).toBe(torch.float32);
  expect(far(A.float().matmul(V), V.mul(E))).toBeLessThan(1e-3);
  expect(torch.lobpcg(torch.zeros(0, 6, 6), 2).map((t) => t.shape)).toEqual([
    [0, 2],
    [0, 6, 2],
  ]);
});

it("refusals", () => {
  const calls: [() => unknown, string][] = [
    [() => torch.lobpcg(torch.eye(5), 2), "lobpcg: expected at least 3 n = 6 rows of A, got 5"],
    [() => torch.lobpcg(torch.eye(6), { k: 2, n: 1 }), "lobpcg: expected k from 1 to n = 1, got 2"],
    [() => torch.lobpcg(torch.eye(6), { k: 0 }), "lobpcg: expected k from 1 to n = 0, got 0"],
    [() => torch.lobpcg(torch.zeros(6, 5)), "expected A to be square"],
    [() => torch.lobpcg(torch.eye(6), { B: torch.eye(5) }), "expected B of the shape of A, [6, 6], got [5, 5]"],
    [() => torch.lobpcg(torch.eye(6), { X: torch.zeros(5, 1) }), "expected X with 6 rows, got [5, 1]"],
    [() => torch.lobpcg(torch.eye(6), { method: "other" as "basic" }), 'expected "basic" or "ortho" as method'],
    [() => torch.lobpcg(torch.eye(6).to(torch.complex64)), "lobpcg: expected float32 or float64, got torch.complex64"],
  ];
  for (const [call, text] of calls) expect(call).toThrow(text);
});
