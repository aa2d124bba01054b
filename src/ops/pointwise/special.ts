/** @file Error functions, the Gamma family and the first modified Bessel function, as far as `torch` itself has them; `torch.special` has more. */
import { FLOATING, type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Pair, Unary } from "./signatures.ts";

/**
 * The error function `2/√π ∫₀ˣ e^(−t²) dt`. PyTorch: `torch.erf`.
 * @example
 * torch.erf(torch.tensor([0, 0.5, 3])) // tensor([0.0000, 0.5205, 1.0000])
 */
export const erf: Pointwise<Unary> = pointwise({
  name: "erf",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.erf(),
});

/** `1 − erf(x)`, exact where that is small. PyTorch: `torch.erfc`. */
export const erfc: Pointwise<Unary> = pointwise({
  name: "erfc",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.erfc(),
});

/** The inverse of `erf`; NaN outside of `[−1, 1]`. PyTorch: `torch.erfinv`. */
export const erfinv: Pointwise<Unary> = pointwise({
  name: "erfinv",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.erfinv(),
});

/**
 * `log |Γ(x)|`. PyTorch: `torch.lgamma`.
 * @example
 * torch.lgamma(torch.tensor([0.5, 5])) // tensor([0.5724, 3.1781])
 */
export const lgamma: Pointwise<Unary> = pointwise({
  name: "lgamma",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.lgamma(),
});

/** The derivative of `lgamma`. PyTorch: `torch.digamma`. */
export const digamma: Pointwise<Unary> = pointwise({
  name: "digamma",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.digamma(),
});

/**
 * The regularized lower incomplete gamma function `P(a, x) = 1/Γ(a) ∫₀ˣ t^(a−1) e^(−t) dt`. PyTorch: `torch.igamma`.
 *
 * @param input - `a`, of at least 0; floating dtype
 * @param other - `x`, of at least 0
 * @returns the broadcast shape; as in PyTorch, differentiable by `other` only
 * @example
 * torch.igamma(torch.tensor([4.5]), torch.tensor([3.5])) // tensor([0.3629])
 */
export const igamma: Pointwise<Pair> = pointwise({
  name: "igamma",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input, other }) => input.igamma(other),
  derivative: { input: "missing" },
});

/**
 * The regularized upper incomplete gamma function, `1 − igamma(a, x)`. PyTorch: `torch.igammac`.
 * @example
 * torch.igammac(torch.tensor([4.5]), torch.tensor([3.5])) // tensor([0.6371])
 */
export const igammac: Pointwise<Pair> = pointwise({
  name: "igammac",
  args: ["input", "other"],
  dtype: "same",
  accepts: FLOATING,
  expr: ({ input, other }) => input.igammac(other),
  derivative: { input: "missing" },
});

/**
 * The modified Bessel function of the first kind, of order 0. PyTorch: `torch.i0`.
 * @example
 * torch.i0(torch.tensor([0, 1, 2])) // tensor([1.0000, 1.2661, 2.2796])
 */
export const i0: Pointwise<Unary> = pointwise({
  name: "i0",
  args: ["input"],
  dtype: "float",
  expr: ({ input }) => input.i0(),
});
