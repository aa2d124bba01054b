// Hurwitz's zeta function ζ(s, q) = Σ (q + n)^-s.
#include "constants.h"
#include "scalar.h"

namespace {

// For positive q, term by term until Euler's and Maclaurin's series is good for the rest, from about s on, or nothing is left.
double positive(double s, double q) {
  if (s == kInfinity) return q > 1 ? 0 : q == 1 ? 1 : s;
  double sum = 0;
  for (; q < 10 + s; q += 1) {
    const double term = __builtin_pow(q, -s);
    sum += term;
    if (term <= 1e-18 * sum) return sum;
  }
  const double power = __builtin_pow(q, -s);
  sum += power * q / (s - 1) + 0.5 * power;
  // (2k)! / B₂ₖ
  static constexpr double kFactors[] = {
      12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1307674368000.0 / 691, 74724249600.0, -10670622842880000.0 / 3617,
  };
  double term = s * power / q;
  for (int k = 0; k < 8; k++) {
    sum += term / kFactors[k];
    term *= (s + 2 * k + 1) / q * ((s + 2 * k + 2) / q);
  }
  return sum;
}

}  // namespace

// At the poles, PyTorch's answers.
double tt_zeta(double s, double q) {
  if (s == 1) return kInfinity;
  if (s < 1 || q != q) return kNaN;
  if (q <= 0 && q == __builtin_floor(q)) return kInfinity;
  if (s != s || q == kInfinity) return kNaN;
  if (q > 0) return positive(s, q);
  if (s != __builtin_floor(s)) return kNaN;
  if (s == kInfinity) return s;
  // With q = m + d, where m is the nearest whole number, so that d keeps its digits: the terms (d+m)^-s … (d-1)^-s, which are
  // a stretch of the series of 1-d, then d^-s, which may be very large, then those of 1+d.
  const double d = q - __builtin_rint(q);
  const double below = positive(s, 1 - d) - positive(s, 1 - q);
  return __builtin_pow(d, -s) + positive(s, 1 + d) + (__builtin_fmod(s, 2) == 0 ? below : -below);
}
