// Functions around the normal distribution.
#include "constants.h"
#include "scalar.h"

namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;

// e^(x²), whose exponent would lose digits: the square is taken in two parts, the first of them exact.
double exp_square(double x) {
  const double high = (double)(float)x;
  return __builtin_exp(high * high) * __builtin_exp((x - high) * (x + high));
}

}  // namespace

double tt_erfcx(double x) {
  if (x < 25) return x < -27 ? kInfinity : exp_square(x) * __builtin_erfc(x);
  // 1/(x√π) Σ (-1)^k (2k-1)!! / (2x²)^k
  const double z = 0.5 / (x * x);
  return (1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z * (1 - 9 * z))))) / (x * __builtin_sqrt(kPi));
}

double tt_ndtri(double p) {
  if (!(p > 0 && p < 1)) return p == 0 ? -kInfinity : p == 1 ? kInfinity : kNaN;
  if (p > 0.5) return -tt_ndtri(1 - p);
  // Newton's steps for log Φ(x) = log p, whose curve is concave: from any start they come from below after the first, and
  // the logarithm is nearly a parabola. Near ½ the equation is in Φ(x) - ½ = erf(x/√2)/2 itself.
  const double log_p = __builtin_log(p);
  double x = p > 0.25 ? (p - 0.5) * 2.5066282746310005 : -__builtin_sqrt(-2 * log_p - __builtin_log(-2 * log_p + 1.5));
  for (int i = 0; i < 12; i++) {
    double step;
    if (p > 0.25) {
      step = (0.5 * __builtin_erf(x * kSqrtHalf) - (p - 0.5)) * 2.5066282746310005 * __builtin_exp(0.5 * x * x);
    } else {
      const double tail = tt_erfcx(-x * kSqrtHalf);
      step = (__builtin_log(0.5 * tail) - 0.5 * x * x - log_p) * tail * 1.2533141373155003;
    }
    x -= step;
    if (__builtin_fabs(step) < 1e-9 * __builtin_fabs(x)) break;
  }
  return x;
}
