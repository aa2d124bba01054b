// Bessel functions of order 0 and 1: Miller's recurrence with Neumann's series below 25, Hankel's series above. The Airy
// function: Taylor's series around the whole numbers, Bessel functions of order 1/3 beyond.
#include "constants.h"
#include "hankel.h"
#include "modified_bessel.h"
#include "scalar.h"

namespace {

constexpr double kFar = 25;

struct Bessel {
  double j0, j1, y0, y1;
};

// For 0 < x < 25. The recurrence J_{n-1} = 2n/x J_n - J_{n+1} is stable downwards; J_0 + 2 Σ J_2k = 1 gives the scale.
// Y_0 and Y_1 are sums of the J_n (Abramowitz & Stegun 9.1.88).
Bessel near(double x) {
  const double log = __builtin_log(x / 2) + kEulerGamma;
  if (x < 1e-4) {
    const double q = x * x / 4;
    return {1 - q, x / 2 * (1 - q / 2), 2 / kPi * (log * (1 - q) + q), x / kPi * (log - 0.5) - 2 / (kPi * x)};
  }
  const int start = 20 + 2 * (int)x;
  double above = 0, here = 1e-280, sum = 0, y0 = 0, y1 = 0;
  for (int n = start; n > 0; n--) {
    // `here` is J_n.
    const int k = n / 2;
    const double alternating = k & 1 ? -here : here;
    if ((n & 1) == 0) {
      sum += here;
      y0 += alternating / k;
    } else if (k > 0) {
      y1 += alternating * n / ((double)k * (k + 1));
    }
    const double below = 2 * n / x * here - above;
    above = here;
    here = below;
  }
  const double scale = 1 / (here + 2 * sum);
  const double j0 = here * scale, j1 = above * scale;
  return {j0, j1, 2 / kPi * (log * j0 - 2 * y0 * scale), 2 / kPi * ((log - 1) * j1 - j0 / x - y1 * scale)};
}

// √(2/πx) (P cos χ - Q sin χ) and √(2/πx) (P sin χ + Q cos χ) with χ = x - π/4 - νπ/2.
Bessel far(double x) {
  const double scale = 1 / __builtin_sqrt(kPi * x);  // √(2/πx) / √2
  const double s = __builtin_sin(x), c = __builtin_cos(x);
  const HankelSum zero = hankel_sum(0, x, true), one = hankel_sum(4, x, true);
  const double plus = c + s, minus = s - c;  // √2 cos χ and √2 sin χ for ν = 0
  return {scale * (zero.even * plus - zero.odd * minus), scale * (one.even * minus + one.odd * plus),
          scale * (zero.even * minus + zero.odd * plus), scale * (one.odd * minus - one.even * plus)};
}

Bessel bessel(double x) { return x < kFar ? near(x) : far(x); }

// Ai and its derivative at -9, -8, …, 1 (to 17 digits, from mpmath.airyai).
constexpr double kAiry[][2] = {
    {-0.022133721547341404, -0.97566398092633159}, {-0.052705050356386203, 0.93556093819830655},
    {0.18428083525050564, -0.77100816841012655},   {-0.32914517362982311, 0.34593548728134289},
    {0.35076100902411432, 0.32719281855444314},    {-0.070265532949289515, -0.79062857536858138},
    {-0.37881429367765807, 0.31458376921659881},   {0.22740742820168558, 0.61825902074169104},
    {0.53556088329235212, -0.010160567116645209},  {0.35502805388781724, -0.2588194037928068},
    {0.13529241631288142, -0.15914744129679321},
};

// Taylor's series around the nearest whole number: y″ = x y gives (n+2)(n+1) a_{n+2} = c a_n + a_{n-1}.
double airy_near(double x) {
  const double c = __builtin_rint(x), h = x - c;
  const double* start = kAiry[(int)c + 9];
  double before = 0, a = start[0], next = start[1], power = 1, sum = 0;
  for (int n = 0; n < 32; n++) {
    sum += a * power;
    power *= h;
    const double second = (c * a + before) / ((n + 1) * (n + 2));
    before = a;
    a = next;
    next = second;
  }
  return sum;
}

}  // namespace

double tt_bessel_j0(double x) {
  const double a = __builtin_fabs(x);
  return a == 0 ? 1 : bessel(a).j0;
}

double tt_bessel_j1(double x) {
  const double a = __builtin_fabs(x);
  return a == 0 ? x : x < 0 ? -bessel(a).j1 : bessel(a).j1;
}

double tt_bessel_y0(double x) { return x > 0 ? bessel(x).y0 : x == 0 ? -kInfinity : kNaN; }

double tt_bessel_y1(double x) { return x > 0 ? bessel(x).y1 : x == 0 ? -kInfinity : kNaN; }

double tt_airy_ai(double x) {
  if (x >= -9.5 && x < 1.5) return airy_near(x);
  const double z = __builtin_fabs(x), zeta = 2 * z * __builtin_sqrt(z) / 3;
  if (!(zeta < kInfinity)) return x < kInfinity && x > 0 ? 0 : kNaN;
  if (x > 0) return __builtin_sqrt(z / 3) / kPi * __builtin_exp(-zeta) * scaled_k(1.0 / 3, zeta);
  // cos(ζ - π/4) P + sin(ζ - π/4) Q, where the terms of P and Q alternate.
  const HankelSum sum = hankel_sum(4.0 / 9, zeta, true);
  const double s = __builtin_sin(zeta), c = __builtin_cos(zeta);
  return ((c + s) * sum.even - (s - c) * sum.odd) / __builtin_sqrt(2 * kPi * __builtin_sqrt(z));
}
