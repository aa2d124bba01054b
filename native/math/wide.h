// Functions of double accurate to about 2^-33 relative, branch-free: what most float functions are computed with. A float
// is exact in double and its whole range is normal there, so neither rounding nor subnormals need care.
//
// Polynomials are Taylor's where that is short enough; the others are Chebyshev fits (mpmath 1.2 `chebyfit`, the function,
// variable, interval and relative error beside each).
#pragma once
#include "basic.h"

namespace TT_NS {
namespace fn {

constexpr double kLn2 = 0.69314718055994530942, kPi = 3.14159265358979323846;
// Adding and subtracting this rounds to an integer, whose two's complement is then in the low bits.
constexpr double kRounder = 0x1.8p52;

// For x in a float's range and somewhat beyond: e^±160 is out of float's range on both sides.
TT_MATH double wide_exp(double x) {
  x = x < -160 ? -160 : x;
  x = x > 160 ? 160 : x;
  const double shifted = fma(x, 1 / kLn2, kRounder);
  const double r = fma(shifted - kRounder, -kLn2, x);
  const double p = poly(r, 1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880);
  return bits_of<double>(bits_of<uint64_t>(p) + (bits_of<uint64_t>(shifted) << 52));
}

// For positive, finite, normal x.
TT_MATH double wide_log_positive(double x) {
  constexpr uint64_t kRootHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000, kFraction = 0x000fffffffffffff;
  const uint64_t bits = bits_of<uint64_t>(x) + (kOne - kRootHalf);
  // The exponent, turned into a double by putting it into the low bits of 2^52.
  const double exponent = bits_of<double>((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
  const double m = bits_of<double>((bits & kFraction) + kRootHalf);  // √½ to √2
  const double s = (m - 1) / (m + 1), s2 = s * s;
  const double series = poly(s2, 2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13);
  return fma(exponent, kLn2, s * series);
}
TT_MATH double wide_log(double x) {
  const double finite = wide_log_positive(x);
  const double edge = x == 0 ? lowest<double>() : x > 0 ? x : not_a_number<double>();
  return (x > 0) & (x < highest<double>()) ? finite : edge;
}
// log(p / (1 - p)) for p in (0, 1) by p / (1 - p) = 2^n (1 + s) / (1 - s), with one division; |s| is up to 0.2.
// `lost` is what the difference 1 - p loses: nothing, where p is a float.
struct Odds {
  double s, n;
};
TT_MATH Odds odds_of(double p, double lost) {
  constexpr uint64_t kOne = 0x3ff0000000000000, kFraction = 0x000fffffffffffff, kHalf = 0x0008000000000000;
  const bool is_subnormal = p < 0x1p-1022;
  const double w = is_subnormal ? p * 0x1p54 : p, rest = 1 - p;
  // The difference of two numbers' bits is nearly that of their logarithms.
  const uint64_t bits = bits_of<uint64_t>(w) - bits_of<uint64_t>(rest) + (kOne + kHalf);
  const double n = bits_of<double>((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
  const double scaled = bits_of<double>(bits_of<uint64_t>(w) - ((bits & ~kFraction) - kOne));
  return {(n == 0 ? 2 * p - 1 : scaled - rest - lost) / (scaled + rest), is_subnormal ? n - 54 : n};
}
TT_MATH double with_edges_of_logit(double p, double inside) {
  const double edge = p == 0 ? lowest<double>() : p == 1 ? highest<double>() : not_a_number<double>();
  return (p > 0) & (p < 1) ? inside : edge;
}
TT_MATH double wide_logit(double p) {
  const Odds odds = odds_of(p, 0);
  const double s = odds.s, series = poly(s * s, 2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13);
  return with_edges_of_logit(p, fma(odds.n, kLn2, s * series));
}
TT_MATH double wide_log1p(double x) {
  return abs(x) < 0x1p-20 ? fma(x * x, -0.5, x) : wide_log(1 + x);
}
TT_MATH double wide_expm1(double x) {
  return abs(x) < 0x1p-10 ? x * poly(x, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24) : wide_exp(x) - 1;
}

// |x| up to 1. atan(√u)/√u on [0, 1]: 2^-33.7
TT_MATH double wide_atan_unit(double x) {
  return x * poly(x * x, 0.99999999992930368, -0.33333331290889988, 0.19999901102171554, -0.14283813255743194,
                  0.11091922963683302, -0.089741719583638811, 0.072282783453772522, -0.053956680571371718,
                  0.033826218952786872, -0.015828322749149416, 0.0047324841934219207, -0.00066339545711047872);
}
TT_MATH double wide_atan(double x) {
  const double a = abs(x);
  const bool is_steep = a > 1;
  const double angle = wide_atan_unit(is_steep ? 1 / a : a);
  return copysign(is_steep ? kPi / 2 - angle : angle, x);
}
TT_MATH double wide_atan2(double y, double x) {
  const double ay = abs(y), ax = abs(x);
  const bool is_steep = ay > ax;
  const double low = is_steep ? ax : ay, high = is_steep ? ay : ax;
  const double ratio = high == 0 ? 0 : low == high ? 1 : low / high;  // of two infinities too
  const double unit = wide_atan_unit(ratio);
  const double first = is_steep ? kPi / 2 - unit : unit;
  const double half = bits_of<int64_t>(x) < 0 ? kPi - first : first;
  return (x != x) | (y != y) ? x + y : copysign(half, y);
}

// sin and cos of |x| below 2^28, where k·(π/2) in three pieces, the first two of 25 bits, leaves every bit that matters.
struct Quadrant {
  double sin, cos;
  uint64_t k;
};
constexpr double kTrigLimit = 0x1p28;
TT_MATH Quadrant wide_quadrant(double x) {
  constexpr double kHalfPi1 = 0x1.921fb5p+0, kHalfPi2 = 0x1.110b46p-26, kHalfPi3 = 0x1.1a62633145c07p-54;
  const double shifted = x * (2 / kPi) + kRounder;
  const double k = shifted - kRounder;
  const double r = ((x - k * kHalfPi1) - k * kHalfPi2) - k * kHalfPi3;
  const double r2 = r * r;
  const double s = r * poly(r2, 1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800);
  const double c = poly(r2, 1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600);
  return {s, c, bits_of<uint64_t>(shifted)};
}
// Flips the sign of x where `bit` is 1.
TT_MATH double flip(double x, uint64_t bit) { return bits_of<double>(bits_of<uint64_t>(x) ^ (bit << 63)); }
TT_MATH double wide_sin(double x) {
  const Quadrant q = wide_quadrant(x);
  return flip(q.k & 1 ? q.cos : q.sin, (q.k >> 1) & 1);
}
TT_MATH double wide_cos(double x) {
  const Quadrant q = wide_quadrant(x);
  return flip(q.k & 1 ? q.sin : q.cos, ((q.k + 1) >> 1) & 1);
}
TT_MATH double wide_tan(double x) {
  const Quadrant q = wide_quadrant(x);
  return flip((q.k & 1 ? q.cos : q.sin) / (q.k & 1 ? q.sin : q.cos), q.k & 1);
}

// For x from 0 on (beyond 10.5, where erfc is below float's range, still 0 after rounding).
// exp(x²) erfc(x) in t = 1 / (1 + x/2), x on [0, 10.5]: 2^-32.8
TT_MATH double wide_erfc_positive(double x) {
  const double t = 1 / (1 + 0.5 * x);
  return wide_exp(-x * x) * poly(t, -5.34739845496069e-7, 0.28211527705641458, 0.28174453709091046, 0.25036671973008635,
                                 0.15287996563258586, 0.19124503219135549, -0.3538507743688488, 0.75049984339750256,
                                 -1.3535662535918275, 1.3783262190777073, -0.79671481070596509, 0.25080066316143093,
                                 -0.033845883980675739);
}

}  // namespace fn
}  // namespace TT_NS
