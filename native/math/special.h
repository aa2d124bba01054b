// Functions that take a loop or a case distinction for each element, in double. They are not inlined: one copy serves.
#pragma once
#include "../scalar/scalar.h"
#include "basic.h"

#define TT_MATH_CALL static __attribute__((noinline, unused))

#if defined(__unix__) || defined(__APPLE__)
extern "C" double lgamma_r(double, int*) noexcept;  // lgamma itself writes a global
#endif

namespace TT_NS {
namespace fn {

// Compiled once elsewhere; float takes them through double.
#define TT_SCALAR(name)                                    \
  TT_MATH double name(double x) { return tt_##name(x); } \
  TT_MATH float name(float x) { return (float)tt_##name(x); }
TT_SCALAR(bessel_j0)
TT_SCALAR(bessel_j1)
TT_SCALAR(bessel_y0)
TT_SCALAR(bessel_y1)
TT_SCALAR(airy_ai)
TT_SCALAR(i0)
TT_SCALAR(i1)
TT_SCALAR(i0e)
TT_SCALAR(i1e)
TT_SCALAR(k0)
TT_SCALAR(k1)
TT_SCALAR(k0e)
TT_SCALAR(k1e)
TT_SCALAR(erfcx)
TT_SCALAR(ndtri)
#undef TT_SCALAR
TT_MATH double zeta(double s, double q) { return tt_zeta(s, q); }
TT_MATH float zeta(float s, float q) { return (float)tt_zeta(s, q); }
TT_MATH double igamma(double a, double x) { return tt_igamma(a, x); }
TT_MATH float igamma(float a, float x) { return (float)tt_igamma(a, x); }
TT_MATH double igammac(double a, double x) { return tt_igammac(a, x); }
TT_MATH float igammac(float a, float x) { return (float)tt_igammac(a, x); }

// Polynomials of degree n.
#define TT_POLYNOMIAL(name)                                          \
  TT_MATH double name(double x, double n) { return tt_##name(x, n); } \
  TT_MATH float name(float x, float n) { return tt_##name##f(x, n); }
TT_POLYNOMIAL(chebyshev_t)
TT_POLYNOMIAL(chebyshev_u)
TT_POLYNOMIAL(chebyshev_v)
TT_POLYNOMIAL(chebyshev_w)
TT_POLYNOMIAL(hermite_h)
TT_POLYNOMIAL(hermite_he)
TT_POLYNOMIAL(laguerre_l)
TT_POLYNOMIAL(legendre_p)
#undef TT_POLYNOMIAL

TT_MATH float c_fmod(float a, float b) { return __builtin_fmodf(a, b); }
TT_MATH double c_fmod(double a, double b) { return __builtin_fmod(a, b); }

// a - q b is exact for the truncated quotient q. Of floats below 2^28 the quotient in double cannot round up to a whole number, and
// its product with b has no more than 53 bits. Of doubles it may round up, and takes one more b then. `divides_far` is negative
// where the quotient is too large for that (or b is 0).
TT_MATH int32_t divides_far(float a, float b) {
  return (abs(a) > abs(b) * 0x1p27f) & (abs(a) < highest<float>()) ? -1 : 0;
}
TT_MATH float near_fmod(float a, float b) {
  const double wa = a, wb = b;
  const float rest = (float)(wa - trunc(wa / wb) * wb);
  return abs(a) < abs(b) ? a : copysign(rest, a);
}
TT_MATH int32_t divides_far([[maybe_unused]] double a, [[maybe_unused]] double b) {
#if defined(__FMA__) || defined(__aarch64__)
  return (abs(a) > abs(b) * 0x1p51) & (abs(a) < highest<double>()) ? -1 : 0;
#else
  return -1;  // a product in two roundings serves nobody
#endif
}
TT_MATH double near_fmod(double a, double b) {
  const double x = abs(a), y = abs(b), rest = fma(-trunc(x / y), y, x);
  return x < y ? a : copysign(rest < 0 ? rest + y : rest, a);
}

// Python's a % b and a // b, by the rest of C's division. The second is not floor(a / b), whose division may round up to the next
// whole number.
template <class T>
TT_MATH T remainder_of(T rest, T b) {
  return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
}
template <class T>
TT_MATH T floordiv_of(T rest, T a, T b) {
  const T quotient = (a - rest) / b - ((rest != 0) & ((rest < 0) != (b < 0)) ? T(1) : T(0));
  const T whole = floor(quotient);
  const T near = quotient - whole > T(0.5) ? whole + T(1) : whole;
  return b == 0 ? a / b : quotient == 0 ? copysign(T(0), a / b) : near;
}
#define TT_DIVISIONS(T)                                                               \
  TT_MATH T fmod_near(T a, T b) { return near_fmod(a, b); }                           \
  TT_MATH T remainder_near(T a, T b) { return remainder_of(near_fmod(a, b), b); }     \
  TT_MATH T floordiv_near(T a, T b) { return floordiv_of(near_fmod(a, b), a, b); }    \
  TT_MATH T fmod(T a, T b) { return c_fmod(a, b); }                                   \
  TT_MATH T remainder(T a, T b) { return remainder_of(c_fmod(a, b), b); }             \
  TT_MATH T floordiv(T a, T b) { return floordiv_of(c_fmod(a, b), a, b); }            \
  TT_MATH T truncdiv(T a, T b) { return trunc(a / b); }
TT_DIVISIONS(float)
TT_DIVISIONS(double)
#undef TT_DIVISIONS

// Giles, "Approximating the erfinv function" (2010), to float's accuracy, then two of Newton's steps.
TT_MATH_CALL double inverse_erf(double y) {
  const double a = abs(y);
  if (!(a < 1)) return a == 1 ? copysign(highest<double>(), y) : not_a_number<double>();
  double w = -__builtin_log1p(-y * y);
  double x;
  if (w < 5) {
    w -= 2.5;
    x = poly(w, 1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06,
             3.43273939e-07, 2.81022636e-08);
  } else {
    w = __builtin_sqrt(w) - 3;
    x = poly(w, 2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322,
             0.000100950558, -0.000200214257);
  }
  x *= a;
  for (int i = 0; i < 2; i++) {
    // Near 1 the complement keeps the digits.
    const double error = a < 0.5 ? __builtin_erf(x) - a : (1 - a) - __builtin_erfc(x);
    const double step = error / (1.12837916709551257390 * __builtin_exp(-x * x));
    x -= step / (1 + x * step);
  }
  return copysign(x, y);
}

TT_MATH_CALL double log_gamma(double x) {
#if defined(__unix__) || defined(__APPLE__)
  int sign;
  return ::lgamma_r(x, &sign);
#else
  return __builtin_lgamma(x);
#endif
}

// The recurrence up to 10, then the asymptotic series: log x - 1/2x - Σ B₂ₖ / (2k x²ᵏ).
TT_MATH_CALL double psi(double x) {
  if (x == 0) return copysign(highest<double>(), -x);
  double reflection = 0;
  if (x < 0) {
    if (x == __builtin_trunc(x)) return not_a_number<double>();
    const double rest = x - __builtin_rint(x);
    reflection = 3.14159265358979323846 / __builtin_tan(3.14159265358979323846 * rest);
    x = 1 - x;
  }
  double shift = 0;
  for (; x < 10; x += 1) shift += 1 / x;
  const double z = 1 / (x * x);
  const double series = z * poly(z, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12);
  return __builtin_log(x) - 0.5 / x - series - shift - reflection;
}

}  // namespace fn
}  // namespace TT_NS
