/**
 * @file Orthogonal polynomials. The degree may be a tensor that broadcasts with the argument, or a number; fractions of it are cut
 * off, and a degree that is negative or beyond int64 gives 0, as in PyTorch. They are not differentiable.
 *
 * Differs: where more than 2^30 steps of the recurrence would be needed, the result is NaN.
 */

import type { Tensor } from "../../core/tensor.ts";
import type { Expr } from "../../expr/index.ts";
import type { TensorOrScalar } from "../dtypes.ts";
import { noHalves } from "../pointwise/checks.ts";
import { type PointwiseOnly, pointwise } from "../pointwise-form.ts";

/** An argument and a degree, one of them at least a tensor. */
type Polynomial = (input: TensorOrScalar, n: TensorOrScalar) => Tensor;

const polynomial = (name: string, expr: (x: Expr, n: Expr) => Expr): PointwiseOnly<Polynomial> =>
  pointwise({
    name: `special.${name}`,
    args: ["input", "n"],
    numbers: ["input", "n"],
    dtype: "float",
    inplace: false,
    check: noHalves(`special.${name}`),
    derivative: "none",
    expr: ({ input, n }) => expr(input, n),
  });

/** `2x − 1`, which maps [0, 1] to [−1, 1]. */
const shifted = (x: Expr) => x.add(x).sub(1);

/**
 * Chebyshev polynomial of the first kind, of degree `n`. PyTorch: `torch.special.chebyshev_polynomial_t`.
 * @example
 * torch.special.chebyshevPolynomialT(torch.tensor([0.5, 2]), 3) // tensor([-1., 26.])
 */
export const chebyshevPolynomialT: PointwiseOnly<Polynomial> = polynomial("chebyshevPolynomialT", (x, n) =>
  x.chebyshevT(n),
);

/**
 * Chebyshev polynomial of the second kind, of degree `n`. PyTorch: `torch.special.chebyshev_polynomial_u`.
 * @example
 * torch.special.chebyshevPolynomialU(torch.tensor([0.5, 2]), 3) // tensor([-1., 56.])
 */
export const chebyshevPolynomialU: PointwiseOnly<Polynomial> = polynomial("chebyshevPolynomialU", (x, n) =>
  x.chebyshevU(n),
);

/**
 * Chebyshev polynomial of the third kind, of degree `n`. PyTorch: `torch.special.chebyshev_polynomial_v`.
 * @example
 * torch.special.chebyshevPolynomialV(torch.tensor([0.5, 2]), 3) // tensor([-1., 41.])
 */
export const chebyshevPolynomialV: PointwiseOnly<Polynomial> = polynomial("chebyshevPolynomialV", (x, n) =>
  x.chebyshevV(n),
);

/**
 * Chebyshev polynomial of the fourth kind, of degree `n`. PyTorch: `torch.special.chebyshev_polynomial_w`.
 * @example
 * torch.special.chebyshevPolynomialW(torch.tensor([0.5, 2]), 3) // tensor([-1., 71.])
 */
export const chebyshevPolynomialW: PointwiseOnly<Polynomial> = polynomial("chebyshevPolynomialW", (x, n) =>
  x.chebyshevW(n),
);

/**
 * Chebyshev polynomial of the first kind of `2x − 1`, of degree `n`. PyTorch: `torch.special.shifted_chebyshev_polynomial_t`.
 * @example
 * torch.special.shiftedChebyshevPolynomialT(torch.tensor([0.5, 2]), 3) // tensor([-0., 99.])
 */
export const shiftedChebyshevPolynomialT: PointwiseOnly<Polynomial> = polynomial(
  "shiftedChebyshevPolynomialT",
  (x, n) => shifted(x).chebyshevT(n),
);

/**
 * Chebyshev polynomial of the second kind of `2x − 1`, of degree `n`. PyTorch: `torch.special.shifted_chebyshev_polynomial_u`.
 * @example
 * torch.special.shiftedChebyshevPolynomialU(torch.tensor([0.5, 2]), 3) // tensor([ -0., 204.])
 */
export const shiftedChebyshevPolynomialU: PointwiseOnly<Polynomial> = polynomial(
  "shiftedChebyshevPolynomialU",
  (x, n) => shifted(x).chebyshevU(n),
);

/**
 * Chebyshev polynomial of the third kind of `2x − 1`, of degree `n`. PyTorch: `torch.special.shifted_chebyshev_polynomial_v`.
 * @example
 * torch.special.shiftedChebyshevPolynomialV(torch.tensor([0.5, 2]), 3) // tensor([  1., 169.])
 */
export const shiftedChebyshevPolynomialV: PointwiseOnly<Polynomial> = polynomial(
  "shiftedChebyshevPolynomialV",
  (x, n) => shifted(x).chebyshevV(n),
);

/**
 * Chebyshev polynomial of the fourth kind of `2x − 1`, of degree `n`. PyTorch: `torch.special.shifted_chebyshev_polynomial_w`.
 * @example
 * torch.special.shiftedChebyshevPolynomialW(torch.tensor([0.5, 2]), 3) // tensor([ -1., 239.])
 */
export const shiftedChebyshevPolynomialW: PointwiseOnly<Polynomial> = polynomial(
  "shiftedChebyshevPolynomialW",
  (x, n) => shifted(x).chebyshevW(n),
);

/**
 * Physicist's Hermite polynomial, of degree `n`. PyTorch: `torch.special.hermite_polynomial_h`.
 * @example
 * torch.special.hermitePolynomialH(torch.tensor([0.5, 2]), 3) // tensor([-5., 40.])
 */
export const hermitePolynomialH: PointwiseOnly<Polynomial> = polynomial("hermitePolynomialH", (x, n) => x.hermiteH(n));

/**
 * Probabilist's Hermite polynomial, of degree `n`. PyTorch: `torch.special.hermite_polynomial_he`.
 * @example
 * torch.special.hermitePolynomialHe(torch.tensor([0.5, 2]), 3) // tensor([-1.3750,  2.0000])
 */
export const hermitePolynomialHe: PointwiseOnly<Polynomial> = polynomial("hermitePolynomialHe", (x, n) =>
  x.hermiteHe(n),
);

/**
 * Laguerre polynomial, of degree `n`. PyTorch: `torch.special.laguerre_polynomial_l`.
 * @example
 * torch.special.laguerrePolynomialL(torch.tensor([0.5, 2]), 3) // tensor([-0.1458, -0.3333])
 */
export const laguerrePolynomialL: PointwiseOnly<Polynomial> = polynomial("laguerrePolynomialL", (x, n) =>
  x.laguerreL(n),
);

/**
 * Legendre polynomial, of degree `n`. PyTorch: `torch.special.legendre_polynomial_p`.
 * @example
 * torch.special.legendrePolynomialP(torch.tensor([0.5, 2]), 3) // tensor([-0.4375, 17.0000])
 */
export const legendrePolynomialP: PointwiseOnly<Polynomial> = polynomial("legendrePolynomialP", (x, n) =>
  x.legendreP(n),
);
