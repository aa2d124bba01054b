// Scalar functions of the C library that kernels need beside their vector code: the one place to give WASM its own.
#pragma once

#include "../isa.h"

namespace TT_NS {

TT_INLINE double log_of(double x) { return __builtin_log(x); }
TT_INLINE double log1p_of(double x) { return __builtin_log1p(x); }
#ifdef __wasm__
TT_INLINE float log1p_of(float x) { return float(__builtin_log1p(x)); }
#else
TT_INLINE float log1p_of(float x) { return __builtin_log1pf(x); }
#endif
TT_INLINE double exp_of(double x) { return __builtin_exp(x); }
TT_INLINE double sin_of(double x) { return __builtin_sin(x); }
TT_INLINE double cos_of(double x) { return __builtin_cos(x); }
TT_INLINE double tan_of(double x) { return __builtin_tan(x); }

}  // namespace TT_NS
