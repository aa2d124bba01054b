// Functions of double: the C library's.
#pragma once
#include "special.h"

namespace TT_NS {
namespace fn {

#define TT_LIBM(name) \
  TT_MATH double name(double x) { return __builtin_##name(x); }
TT_LIBM(exp)
TT_LIBM(exp2)
TT_LIBM(expm1)
TT_LIBM(log)
TT_LIBM(log2)
TT_LIBM(log10)
TT_LIBM(log1p)
TT_LIBM(sin)
TT_LIBM(cos)
TT_LIBM(tan)
TT_LIBM(asin)
TT_LIBM(acos)
TT_LIBM(atan)
TT_LIBM(sinh)
TT_LIBM(cosh)
TT_LIBM(tanh)
TT_LIBM(asinh)
TT_LIBM(acosh)
TT_LIBM(atanh)
TT_LIBM(erf)
TT_LIBM(erfc)
#undef TT_LIBM

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
