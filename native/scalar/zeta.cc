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
  // Outwards from zero, with q = d - m where m is whole, so that d keeps its digits: d^-s, which may be very large, then terms
  // of falling size, which for odd s cancel in pairs, then what is left on either side, to the left a stretch of a series.
  const double d = q - __builtin_rint(q), m = d - q, sign = __builtin_fmod(s, 2) == 0 ? 1 : -1;
  const double near = d < 0 ? -d : d, inner = d < 0 ? 1 : sign, outer = d < 0 ? sign : 1;
  double sum = __builtin_pow(d, -s), j = 1;
  for (; j <= m && j <= 30; j++) {
    sum += inner * __builtin_pow(j - near, -s);
    sum += outer * __builtin_pow(j + near, -s);
  }
  return sum + positive(s, j + d) + sign * (positive(s, j - d) - positive(s, 1 - q));
}
