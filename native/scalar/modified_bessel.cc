// Modified Bessel functions: I by its power series, whose terms are all positive, K by its integral or, near 0, by the
// series with the logarithm; both by Hankel's series above 20.
#include "modified_bessel.h"

#include "constants.h"
#include "hankel.h"
#include "scalar.h"

// K_ν(x) = ∫ exp(-x cosh t) cosh νt dt, without the factor e^-x. The trapezoidal rule is exact to rounding here: its error
// falls as e^(-π²/h), and the integrand dies away as the exponential of an exponential.
double scaled_k(double nu, double x) {
  if (x > 20) {
    const HankelSum sum = hankel_sum(4 * nu * nu, x, false);
    return __builtin_sqrt(kPi / (2 * x)) * (sum.even + sum.odd);
  }
  const double widest = 0.5 / __builtin_sqrt(x), h = widest < 0.22 ? widest : 0.22;
  const double step = __builtin_exp(h), step_nu = __builtin_exp(nu * h);
  double e = 1, e_nu = 1, sum = 0.5, part;
  do {
    e *= step;
    e_nu *= step_nu;
    // cosh t - 1 and cosh νt.
    part = __builtin_exp(-x * (e - 1) * (e - 1) / (2 * e)) * (e_nu + 1 / e_nu) / 2;
    sum += part;
  } while (part > 1e-18 * sum);
  return h * sum;
}

namespace {

// Σ (x²/4)^k / (k! (k + ν)!), and the same with the harmonic numbers: Σ … H_k and Σ … (H_k + H_{k+ν}).
struct Series {
  double i, harmonic;
};
Series series(int nu, double x) {
  const double q = x * x / 4;
  double term = 1, sum = 1, low = 0, high = nu, harmonic = nu;
  for (int k = 1; term > 1e-18 * sum; k++) {
    term *= q / ((double)k * (k + nu));
    low += 1.0 / k;
    high += 1.0 / (k + nu);
    sum += term;
    harmonic += term * (nu == 0 ? low : low + high);
  }
  return {sum, harmonic};
}

// e^-|x| I_ν(|x|).
double scaled_i(int nu, double a) {
  if (a > 20) {
    const HankelSum sum = hankel_sum(4.0 * nu, a, false);
    return (sum.even - sum.odd) / __builtin_sqrt(2 * kPi * a);
  }
  const double value = series(nu, a).i * __builtin_exp(-a);
  return nu == 0 ? value : value * a / 2;
}

// I_ν(|x|), finite as far as it can be.
double unscaled_i(int nu, double a) {
  if (a > 20) {
    const double half = __builtin_exp(a / 2);
    return scaled_i(nu, a) * half * half;
  }
  const double value = series(nu, a).i;
  return nu == 0 ? value : value * a / 2;
}

// K_ν(x) for 0 < x < 1.
double near_k(int nu, double x) {
  const double log = __builtin_log(x / 2) + kEulerGamma;
  const Series s = series(nu, x);
  return nu == 0 ? s.harmonic - log * s.i : 1 / x + x / 2 * (log * s.i - s.harmonic / 2);
}

double k(int nu, double x, bool scaled) {
  if (!(x > 0)) return x == 0 ? kInfinity : kNaN;
  if (x < 1) return near_k(nu, x) * (scaled ? __builtin_exp(x) : 1);
  return scaled_k(nu, x) * (scaled ? 1 : __builtin_exp(-x));
}

// As in PyTorch, +0 at -0.
double odd(double value, double x) { return x < 0 ? -value : value; }

}  // namespace

// As in PyTorch, I itself is NaN at ±inf.
double tt_i0(double x) {
  const double a = __builtin_fabs(x);
  return a < kInfinity ? unscaled_i(0, a) : kNaN;
}
double tt_i1(double x) {
  const double a = __builtin_fabs(x);
  return a < kInfinity ? odd(unscaled_i(1, a), x) : kNaN;
}
double tt_i0e(double x) { return scaled_i(0, __builtin_fabs(x)); }
double tt_i1e(double x) { return odd(scaled_i(1, __builtin_fabs(x)), x); }
double tt_k0(double x) { return k(0, x, false); }
double tt_k1(double x) { return k(1, x, false); }
double tt_k0e(double x) { return k(0, x, true); }
double tt_k1e(double x) { return k(1, x, true); }
