/** @file Derivatives of `digamma`, and the multivariate Gamma function. */
import { describe, ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type Expr, trigamma as trigammaOf, zeta } from "../../expr/index.ts";
import { bind, type Call } from "../bind.ts";
import { checkInt, type Named, named } from "../params.ts";
import { family, NUMBERS, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Unary } from "./signatures.ts";
import { lgamma } from "./special.ts";

/** `factor · ζ(order, x)`; `order` is `n + 1`. */
const zetaMultiple: Pointwise<(input: Tensor, options: { order: number; factor: number }) => Tensor> = pointwise({
  name: "polygamma",
  args: ["input"],
  options: { order: 0, factor: 0 },
  dtype: "float",
  expr: ({ input }, { order, factor }) => zeta(order, input).mul(factor),
});

/** `digamma` by its other name. */
const zeroth: Pointwise<Unary> = pointwise({
  name: "polygamma",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.digamma(),
});

/** The first derivative. */
const trigamma: Pointwise<Unary> = pointwise({
  name: "polygamma",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => trigammaOf(input),
  derivative: { input: ({ grad, input }) => grad.mul(zeta(3, input)).mul(-2) },
});

function factorial(n: number): number {
  let product = 1;
  for (let k = 2; k <= n && product < Infinity; k++) product *= k;
  return product;
}

/** `polygamma` with the tensor first. PyTorch: `Tensor.polygamma`. */
export const polygammaMethod: Pointwise<(input: Tensor, n: number) => Tensor> = family(zetaMultiple, (given) => {
  const { input, n } = bind<{ input: unknown; n: unknown }>("polygamma", ["input", "n"], given);
  checkInt("polygamma", "n", n);
  if (n < 0) throw new ValueError(`polygamma: expected n of at least 0, got ${n}`);
  if (n <= 1) return [n === 0 ? zeroth : trigamma, [input]];
  return [zetaMultiple, [input, { order: n + 1, factor: n % 2 === 0 ? -factorial(n) : factorial(n) }]];
});

/**
 * The `n`-th derivative of `digamma`. PyTorch: `torch.polygamma`.
 *
 * @param n - a whole number of at least 0
 * @param input - any shape; integers are taken as floats
 * @throws ValueError if `n` is negative
 * @example
 * torch.polygamma(1, torch.tensor([1, 0.5])) // tensor([1.6449, 4.9348])
 */
export function polygamma(n: number, ...args: Named<[input: Tensor], ["input"], { input: Tensor }>): Tensor {
  return polygammaMethod(named<{ input: Tensor }>("polygamma", ["input"], 1, args).input, n);
}

/** By dimension `p`. */
const multivariate = new Map<number, Pointwise<Unary>>();

/** `p (p − 1)/4 · log π + Σ log Γ(x − j/2)` for `j` from 0 to `p − 1`. */
function multivariateOf(p: number): Pointwise<Unary> {
  let op = multivariate.get(p);
  if (op === undefined) {
    op = pointwise({
      name: "mvlgamma",
      args: ["input"],
      dtype: "float",
      accepts: NUMBERS,
      expr({ input }) {
        let x: Expr = input;
        let sum = input.lgamma();
        for (let j = 1; j < p; j++) {
          x = x.sub(0.5);
          sum = sum.add(x.lgamma());
        }
        return sum.add(((p * (p - 1)) / 4) * Math.log(Math.PI));
      },
    });
    multivariate.set(p, op);
  }
  return op;
}

/**
 * The logarithm of the multivariate Gamma function of dimension `p`. PyTorch: `torch.mvlgamma`.
 *
 * @param options.p - a whole number of at least 1; 1 gives `lgamma`
 * @returns finite where every element is above `(p − 1)/2`
 * @throws ValueError if `p` is less than 1
 * @example
 * torch.mvlgamma(torch.tensor([1.5, 3]), 2) // tensor([0.4516, 1.5502])
 */
export const mvlgamma: Pointwise<(input: Tensor, ...args: Call<[p: number], { p?: number }>) => Tensor> = family(
  lgamma,
  (given) => {
    const { input, p } = bind<{ input: unknown; p: unknown }>("mvlgamma", ["input", "p"], given);
    if (typeof p !== "number" || !Number.isSafeInteger(p) || p < 1)
      throw new ValueError(`mvlgamma: expected a whole number of at least 1 as p, got ${describe(p)}`);
    return [multivariateOf(p), [input]];
  },
);
