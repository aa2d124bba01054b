// Functions of double: the common ones within an ulp (tanh and logit within 2) and branch-free, the others the C library's.
#pragma once
#include "special.h"
#include "wide.h"

namespace TT_NS {
namespace fn {

#define TT_LIBM(name) \
  TT_MATH double name(double x) { return __builtin_##name(x); }
TT_LIBM(exp2)
TT_LIBM(expm1)
TT_LIBM(log2)
TT_LIBM(log10)
TT_LIBM(log1p)
TT_LIBM(tan)
TT_LIBM(asin)
TT_LIBM(acos)
TT_LIBM(atan)
TT_LIBM(sinh)
TT_LIBM(cosh)
TT_LIBM(asinh)
TT_LIBM(acosh)
TT_LIBM(atanh)
TT_LIBM(erf)
TT_LIBM(erfc)
#undef TT_LIBM

// ln 2 in two pieces, the first with zeros enough for an exponent times it to be exact (fdlibm).
constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
// 2^n for n from -1022 to 1023.
TT_MATH double power_of_two(double n) { return bits_of<double>(bits_of<uint64_t>(n + (0x1.8p52 + 1023)) << 52); }

TT_MATH double exp(double x) {
  // e^-746 rounds to 0, e^710 to infinity. Comparisons keep NaN.
  x = x < -746 ? -746 : x;
  x = x > 710 ? 710 : x;
  const double n = fma(x, 1 / kLn2, 0x1.8p52) - 0x1.8p52;
  const double high = x - n * kLn2High, low = n * kLn2Low, r = high - low;  // the first difference is exact
  const double tail = poly(r, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
                           1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800);
  const double p = fma(r * r, tail, (high - r) - low) + r + 1;
  // In two steps, since 2^n alone may be subnormal or infinite.
  const double half = floor(n * 0.5);
  return p * power_of_two(half) * power_of_two(n - half);
}

// fdlibm's, from √½ to √2.
TT_MATH double log(double x) {
  constexpr uint64_t kRootHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000, kFraction = 0x000fffffffffffff;
  const bool is_subnormal = x < 0x1p-1022;
  const uint64_t bits = bits_of<uint64_t>(is_subnormal ? x * 0x1p54 : x) + (kOne - kRootHalf);
  // The exponent, turned into a double by putting it into the low bits of 2^52.
  const double n = bits_of<double>((bits >> 52) | 0x4330000000000000) - (is_subnormal ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023);
  const double f = bits_of<double>((bits & kFraction) + kRootHalf) - 1;
  const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  const double series = z * poly(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                                 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                                 1.479819860511658591e-01);
  const double finite = n * kLn2High - ((half - (s * (half + series) + n * kLn2Low)) - f);
  const double edge = x == 0 ? lowest<double>() : x > 0 ? x : not_a_number<double>();
  return (x > 0) & (x < highest<double>()) ? finite : edge;
}

TT_MATH double logit(double x) {
  const double rest = 1 - x;
  const Odds odds = odds_of(x, (1 - rest) - x);
  const double s = odds.s, s2 = s * s;
  const double tail = s2 * poly(s2, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21,
                                2.0 / 23);
  return with_edges_of_logit(x, odds.n * kLn2High + (fma(s, tail, odds.n * kLn2Low) + 2 * s));
}

// Cephes' quotient near zero, 1 - 2 / (e^2x + 1) beyond.
TT_MATH double tanh(double x) {
  const double z = x * x;
  const double p = poly(z, -1.61468768441708447952e3, -9.92877231001918586564e1, -9.64399179425052238628e-1);
  const double q = poly(z, 4.84406305325125486048e3, 2.23548839060100448583e3, 1.12811678491632931402e2, 1.0);
  const double near = fma(x * z, p / q, x);
  const double a = abs(x), far = 1 - 2 / (exp(2 * a) + 1);
  return copysign(a < 0.625 ? near : far, x);
}

// sin and cos of |x| up to 2^20 by fdlibm: k·(π/2) in pieces of 33, 33 and 53 bits leaves a rest of two doubles.
TT_MATH int32_t angle_far_sign(double x) { return abs(x) > 0x1p20 ? -1 : 0; }
struct Turned {
  double sin, cos;
  uint64_t k;
};
TT_MATH Turned turn(double angle) {
  const double shifted = angle * (2 / kPi) + kRounder, k = shifted - kRounder;
  const double first = angle - k * 1.57079632673412561417e+00, second = k * 6.07710050630396597660e-11;
  const double high = first - second, low = ((first - high) - second) - k * 2.02226624879595063154e-21;
  const double x = high + low, y = low - (x - high), z = x * x;
  const double s = poly(z, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                        -2.50507602534068634195e-08, 1.58969099521155010221e-10);
  const double c = poly(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
                        -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11);
  const double v = z * x, half = 0.5 * z, w = 1 - half;
  return {x - ((z * (0.5 * y - v * s) - y) - v * -1.66666666666666324348e-01), w + (((1 - w) - half) + (z * (z * c) - x * y)),
          bits_of<uint64_t>(shifted)};
}
TT_MATH double sin_near(double x) {
  const Turned t = turn(x);
  return x == 0 ? x : flip(t.k & 1 ? t.cos : t.sin, (t.k >> 1) & 1);
}
TT_MATH double cos_near(double x) {
  const Turned t = turn(x);
  return flip(t.k & 1 ? t.sin : t.cos, ((t.k + 1) >> 1) & 1);
}
TT_MATH double sin(double x) { return angle_far_sign(x) < 0 ? __builtin_sin(x) : sin_near(x); }
TT_MATH double cos(double x) { return angle_far_sign(x) < 0 ? __builtin_cos(x) : cos_near(x); }

TT_MATH double sigmoid(double x) {
  const double e = exp(-abs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
TT_MATH double silu(double x) { return x * sigmoid(x); }
TT_MATH double ndtr(double x) { return 0.5 * erfc(x * -0.70710678118654752440); }
TT_MATH double gelu(double x) { return x * ndtr(x); }
TT_MATH double gelu_tanh(double x) { return x * sigmoid(1.59576912160573071176 * x * (1 + 0.044715 * x * x)); }
// tanh(log(1 + e)) = ((1 + e)² - 1) / ((1 + e)² + 1).
TT_MATH double mish(double x) {
  const double e = exp(x > 40 ? 40 : x), u = e * (e + 2);
  return x * (u / (u + 2));
}
TT_MATH double pow(double a, double b) { return __builtin_pow(a, b); }
TT_MATH double atan2(double a, double b) { return __builtin_atan2(a, b); }
TT_MATH double hypot(double a, double b) { return __builtin_hypot(a, b); }

TT_MATH double erfinv(double x) { return inverse_erf(x); }
TT_MATH double lgamma(double x) { return log_gamma(x); }
TT_MATH double digamma(double x) { return psi(x); }

}  // namespace fn
}  // namespace TT_NS
