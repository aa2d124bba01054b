// What the engine needs of C's math library and WebAssembly has no instruction for.
//
// Most of it is JavaScript's `Math` (engines know these imports and call their C functions directly), which differs from C
// at a few points; `fmod` is its `%`. The rest is computed here, with polynomials that are Chebyshev fits (mpmath 1.3
// `chebyfit`; the function, variable, interval and relative error beside each).
#include <stdint.h>

#include "../scalar/constants.h"

#define TT_IMPORT(name) __attribute__((import_module("math"), import_name(name)))

extern "C" {
#define TT_MATH_UNARY(name)                        \
  TT_IMPORT(#name) double tt_math_##name(double); \
  double name(double x) { return tt_math_##name(x); }
TT_MATH_UNARY(acos)
TT_MATH_UNARY(acosh)
TT_MATH_UNARY(asin)
TT_MATH_UNARY(asinh)
TT_MATH_UNARY(atan)
TT_MATH_UNARY(atanh)
TT_MATH_UNARY(cos)
TT_MATH_UNARY(cosh)
TT_MATH_UNARY(exp)
TT_MATH_UNARY(expm1)
TT_MATH_UNARY(log)
TT_MATH_UNARY(log10)
TT_MATH_UNARY(log1p)
TT_MATH_UNARY(log2)
TT_MATH_UNARY(sin)
TT_MATH_UNARY(sinh)
TT_MATH_UNARY(tan)
TT_MATH_UNARY(tanh)
TT_IMPORT("atan2") double tt_math_atan2(double, double);
TT_IMPORT("pow") double tt_math_pow(double, double);
TT_IMPORT("fmod") double tt_math_fmod(double, double);
}

namespace {

double poly(double, double c0) { return c0; }
// c0 + x (c1 + x (c2 + …)).
template <class... Rest>
double poly(double x, double c0, Rest... rest) { return c0 + x * poly(x, rest...); }

double power_of_two(int n) {
  const uint64_t bits = (uint64_t)(n + 1023) << 52;
  return __builtin_bit_cast(double, bits);
}

// erf(x) for |x| up to 1. erf(√u)/√u on [0, 1]: 2^-62
double erf_near(double x) {
  return x * poly(x * x,
                      1.1283791670955126, -0.37612638903183748, 0.11283791670954879, -0.026866170645076792,
                      0.0052239776248180145, -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-5,
                      1.6461000484121368e-6, -1.6350312701054695e-7, 1.4659775274047436e-8, -1.1372848856791674e-9,
                      5.9571761477489113e-11);
}

// erfc(x) for x from 1 on.
double erfc_far(double x) {
  if (x > 28) return 0;
  // e^(-x²), with the square in two parts, the first of them exact.
  const double high = (double)(float)x;
  const double e = exp(-high * high) * exp((high - x) * (high + x));
  // (1 + 2x) e^(x²) erfc(x) in (x - 4)/(x + 4), x on [1, 28]: 2^-61
  const double p = poly((x - 4) / (x + 4),
                        1.2329951186255526, -0.1396211168405625, 0.015379652102620203, 0.06809705425469012,
                        -0.10103906603633933, 0.093732834998474804, -0.066330365811167219, 0.037167515534618514,
                        -0.016197734074054268, 0.0050319700151294838, -0.00075777314259800491,
                        -0.00019925699475102887, 0.00015062087513990392, -2.4397635268586562e-5,
                        -1.121933376412479e-5, 5.7042871693989797e-6, 2.8849692078548872e-7, -8.1348785146500785e-7,
                        7.9784185248342362e-8, 9.4734386135742777e-8, -1.8579578619427961e-8, -4.6953581615745365e-9);
  return e * p / (1 + 2 * x);
}

// log Γ(x) for x from 1 to 2: log Γ(x) / ((x - 1)(x - 2)) in x - 3/2: 2^-60
double log_gamma_unit(double x) {
  return (x - 1) * (x - 2) * poly(x - 1.5,
                                0.48312895054098087, -0.14595989591430608, 0.062911401074564388,
                                -0.031308487501010646, 0.016797098631274161, -0.0094256224485257979,
                                0.0054464578391260647, -0.0032120740737152814, 0.0019229163127905161,
                                -0.0011644145847310124, 0.00071151906751529596, -0.00043799307479613914,
                                0.00027131373861446925, -0.00016891782155248981, 0.00010535512483785591,
                                -6.6141360223464138e-5, 4.3027681497650298e-5, -2.7201673025504752e-5,
                                1.3186019073996835e-5, -8.3550758697952728e-6, 1.2140008083973407e-5,
                                -7.7606601525134463e-6);
}

// By Stirling, for x from 10 on.
double log_gamma_far(double x) {
  const double z = 1 / (x * x);
  const double series = poly(z, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156);
  return (x - 0.5) * (log(x) - 1) + (0.91893853320467274178 - 0.5) + series / x;
}

double log_gamma_positive(double x) {
  if (x < 1) return log_gamma_unit(1 + x) - log(x);
  if (x <= 2) return log_gamma_unit(x);
  if (x >= 10) return log_gamma_far(x);
  double product = 1;
  for (; x > 2; product *= x) x -= 1;
  return log(product) + log_gamma_unit(x);
}

// sin(πx), exactly 0 where x is whole.
double sin_pi(double x) {
  const double r = x - 2 * __builtin_rint(0.5 * x);  // -1 to 1
  return __builtin_fabs(r) > 0.5 ? sin(kPi * (__builtin_copysign(1.0, r) - r)) : sin(kPi * r);
}

}  // namespace

extern "C" {

double atan2(double y, double x) { return tt_math_atan2(y, x); }

double pow(double a, double b) {
  // In JavaScript these are NaN.
  const bool is_unit = a == 1 || (a == -1 && __builtin_fabs(b) == kInfinity);
  return is_unit ? 1 : tt_math_pow(a, b);
}

double exp2(double x) {
  if (!(x > -1080 && x < 1025)) return x > 0 ? kInfinity : x < 0 ? 0 : x;
  const double n = __builtin_rint(x);
  // In two steps, since 2^n alone may be subnormal or infinite.
  const int whole = (int)n, half = whole / 2;
  return exp((x - n) * 0.69314718055994530942) * power_of_two(half) * power_of_two(whole - half);
}

double hypot(double a, double b) {
  double x = __builtin_fabs(a), y = __builtin_fabs(b);
  if (x == kInfinity || y == kInfinity) return kInfinity;
  if (x < y) {
    const double other = x;
    x = y;
    y = other;
  }
  if (x == 0 || !(x + y < kInfinity) || x >= 0x1p500 || y <= 0x1p-500) {
    if (x != x || y != y) return kNaN;
    if (y == 0) return x;
    const double scale = x >= 0x1p400 ? 0x1p-600 : x <= 0x1p-400 ? 0x1p600 : 1;
    const double s = x * scale, t = y * scale;
    return __builtin_sqrt(s * s + t * t) / scale;
  }
  return __builtin_sqrt(x * x + y * y);
}

double fmod(double a, double b) { return tt_math_fmod(a, b); }
// Both operands, and so the rest, are exact in double.
float fmodf(float a, float b) { return (float)tt_math_fmod(a, b); }

double erf(double x) {
  const double a = __builtin_fabs(x);
  if (a <= 1) return erf_near(x);
  return x != x ? x : __builtin_copysign(a > 6 ? 1 : 1 - erfc_far(a), x);
}

double erfc(double x) {
  if (x < 1) return x < -1 ? 2 - (x < -6 ? 0 : erfc_far(-x)) : 1 - erf_near(x);
  return x != x ? x : erfc_far(x);
}

double lgamma(double x) {
  if (x != x) return x;
  if (__builtin_fabs(x) == kInfinity) return kInfinity;
  if (x > 0) return log_gamma_positive(x);
  if (x == __builtin_trunc(x)) return kInfinity;
  return log(kPi / __builtin_fabs(sin_pi(x) * x)) - log_gamma_positive(-x);
}

double tgamma(double x) {
  if (x != x || x == kInfinity) return x;
  if (x == 0) return __builtin_copysign(kInfinity, x);
  if (x > 171.7) return kInfinity;
  if (x < 0) {
    if (x == __builtin_trunc(x)) return kNaN;
    return -kPi / (sin_pi(x) * x * tgamma(-x));
  }
  double product = 1;
  for (; x > 2; product *= x) x -= 1;
  return x < 1 ? exp(log_gamma_unit(1 + x)) / x : product * exp(log_gamma_unit(x));
}
}
