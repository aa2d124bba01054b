// Special functions of double that take a loop for each element: compiled once for all instruction sets, called by the
// primitives of the same names (native/math/special.h). src/expr/ has them in TypeScript, for tests and constants.
#pragma once

extern "C" {

// Bessel functions of order 0 and 1, and the Airy function (bessel.cc).
double tt_bessel_j0(double x);
double tt_bessel_j1(double x);
double tt_bessel_y0(double x);
double tt_bessel_y1(double x);
double tt_airy_ai(double x);

// Modified Bessel functions; `e` stands for those without their exponential factor (modified_bessel.cc).
double tt_i0(double x);
double tt_i1(double x);
double tt_i0e(double x);
double tt_i1e(double x);
double tt_k0(double x);
double tt_k1(double x);
double tt_k0e(double x);
double tt_k1e(double x);

// Hurwitz's zeta function (zeta.cc).
double tt_zeta(double s, double q);

// Incomplete gamma functions P(a, x) and Q(a, x) (incomplete_gamma.cc).
double tt_igamma(double a, double x);
double tt_igammac(double a, double x);

// e^(x²) erfc(x), and the inverse of the normal distribution function (normal.cc).
double tt_erfcx(double x);
double tt_ndtri(double p);

// Polynomials of degree n, in the precision of the argument, so that they overflow where PyTorch's do (polynomial.cc).
double tt_chebyshev_t(double x, double n);
double tt_chebyshev_u(double x, double n);
double tt_chebyshev_v(double x, double n);
double tt_chebyshev_w(double x, double n);
double tt_hermite_h(double x, double n);
double tt_hermite_he(double x, double n);
double tt_laguerre_l(double x, double n);
double tt_legendre_p(double x, double n);
float tt_chebyshev_tf(float x, float n);
float tt_chebyshev_uf(float x, float n);
float tt_chebyshev_vf(float x, float n);
float tt_chebyshev_wf(float x, float n);
float tt_hermite_hf(float x, float n);
float tt_hermite_hef(float x, float n);
float tt_laguerre_lf(float x, float n);
float tt_legendre_pf(float x, float n);
}
