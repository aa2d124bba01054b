/** @file Error functions and the Gamma family. */
import { type Pointwise, pointwise } from "../pointwise-form.ts";
import type { Unary } from "./signatures.ts";

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
