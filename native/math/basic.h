// The scalar functions behind the primitives (src/expr/primitives.ts names them), for every register type: arithmetic,
// rounding, comparisons and bits. All are branch-free on floats, so that a loop over them vectorises.
#pragma once
#include <stdint.h>
#include <string.h>

#include "../isa.h"

#define TT_MATH static inline __attribute__((always_inline, unused))

namespace TT_NS {
namespace fn {

template <class To, class From>
TT_MATH To bits_of(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
struct Limits;
template <>
struct Limits<float> {
  static constexpr float lowest = -__builtin_huge_valf(), highest = __builtin_huge_valf(), nan = __builtin_nanf("");
};
template <>
struct Limits<double> {
  static constexpr double lowest = -__builtin_huge_val(), highest = __builtin_huge_val(), nan = __builtin_nan("");
};
template <>
struct Limits<int64_t> {
  // An integer NaN only stands where a condition never picks it.
  static constexpr int64_t lowest = INT64_MIN, highest = INT64_MAX, nan = 0;
};
template <class T>
TT_MATH T lowest() { return Limits<T>::lowest; }
template <class T>
TT_MATH T highest() { return Limits<T>::highest; }
template <class T>
TT_MATH T not_a_number() { return Limits<T>::nan; }

// a * b + c, fused where the processor can.
TT_MATH float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
TT_MATH double fma(double a, double b, double c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// c0 + x (c1 + x (c2 + …)).
template <class T>
TT_MATH T poly(T, T c0) { return c0; }
template <class T, class... Rest>
TT_MATH T poly(T x, T c0, Rest... rest) { return fma(x, poly(x, T(rest)...), c0); }

// Sign and rounding.
template <class T>
TT_MATH T neg(T x) { return -x; }
TT_MATH int64_t neg(int64_t x) { return (int64_t)(0 - (uint64_t)x); }
TT_MATH float abs(float x) { return __builtin_fabsf(x); }
TT_MATH double abs(double x) { return __builtin_fabs(x); }
TT_MATH int64_t abs(int64_t x) { return x < 0 ? neg(x) : x; }
template <class T>
TT_MATH T sign(T x) { return (x > T(0) ? T(1) : T(0)) - (x < T(0) ? T(1) : T(0)); }
TT_MATH float floor(float x) { return __builtin_floorf(x); }
TT_MATH double floor(double x) { return __builtin_floor(x); }
TT_MATH int64_t floor(int64_t x) { return x; }
TT_MATH float ceil(float x) { return __builtin_ceilf(x); }
TT_MATH double ceil(double x) { return __builtin_ceil(x); }
TT_MATH int64_t ceil(int64_t x) { return x; }
TT_MATH float trunc(float x) { return __builtin_truncf(x); }
TT_MATH double trunc(double x) { return __builtin_trunc(x); }
TT_MATH int64_t trunc(int64_t x) { return x; }
TT_MATH float round(float x) { return __builtin_rintf(x); }
TT_MATH double round(double x) { return __builtin_rint(x); }
TT_MATH int64_t round(int64_t x) { return x; }
TT_MATH float copysign(float a, float b) { return __builtin_copysignf(a, b); }
TT_MATH double copysign(double a, double b) { return __builtin_copysign(a, b); }

// x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1; 0, inf and NaN are their own mantissas, with exponent 0.
TT_MATH float exponent(float x) {
  const bool is_subnormal = abs(x) < 0x1p-126f;
  const uint32_t bits = bits_of<uint32_t>(is_subnormal ? x * 0x1p30f : x);
  const float scale = (float)((int32_t)(bits >> 23 & 0xff) - 126 - (is_subnormal ? 30 : 0));
  return (x == 0) | !(abs(x) < highest<float>()) ? 0.0f : scale;
}
TT_MATH double exponent(double x) {
  const bool is_subnormal = abs(x) < 0x1p-1022;
  const uint64_t bits = bits_of<uint64_t>(is_subnormal ? x * 0x1p60 : x);
  const double scale = (double)((int32_t)(bits >> 52 & 0x7ff) - 1022 - (is_subnormal ? 60 : 0));
  return (x == 0) | !(abs(x) < highest<double>()) ? 0.0 : scale;
}
TT_MATH float mantissa(float x) {
  const bool is_subnormal = abs(x) < 0x1p-126f;
  const uint32_t bits = bits_of<uint32_t>(is_subnormal ? x * 0x1p30f : x);
  const float halved = bits_of<float>((bits & 0x807fffffu) | 0x3f000000u);
  return (x == 0) | !(abs(x) < highest<float>()) ? x : halved;
}
TT_MATH double mantissa(double x) {
  const bool is_subnormal = abs(x) < 0x1p-1022;
  const uint64_t bits = bits_of<uint64_t>(is_subnormal ? x * 0x1p60 : x);
  const double halved = bits_of<double>((bits & 0x800fffffffffffffu) | 0x3fe0000000000000u);
  return (x == 0) | !(abs(x) < highest<double>()) ? x : halved;
}

// Arithmetic. Integers wrap.
template <class T>
TT_MATH T add(T a, T b) { return a + b; }
template <class T>
TT_MATH T sub(T a, T b) { return a - b; }
template <class T>
TT_MATH T mul(T a, T b) { return a * b; }
TT_MATH int64_t add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
TT_MATH int64_t sub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
TT_MATH int64_t mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
template <class T>
TT_MATH T div(T a, T b) { return a / b; }
template <class T>
TT_MATH T reciprocal(T x) { return T(1) / x; }
TT_MATH float sqrt(float x) { return __builtin_sqrtf(x); }
TT_MATH double sqrt(double x) { return __builtin_sqrt(x); }
template <class T>
TT_MATH T rsqrt(T x) { return T(1) / sqrt(x); }

// Picking. min and max give NaN if there is one, fmin and fmax the other operand.
template <class T>
TT_MATH T min(T a, T b) {
  const T better = a < b ? a : b;  // b if it is NaN
  return a != a ? a : better;
}
template <class T>
TT_MATH T max(T a, T b) {
  const T better = a > b ? a : b;  // b if it is NaN
  return a != a ? a : better;
}
template <class T>
TT_MATH T fmin(T a, T b) {
  const T better = a < b ? a : b;  // b if a is NaN
  return b != b ? a : better;
}
template <class T>
TT_MATH T fmax(T a, T b) {
  const T better = a > b ? a : b;  // b if a is NaN
  return b != b ? a : better;
}
template <class T>
TT_MATH T where(T condition, T a, T b) { return condition != T(0) ? a : b; }

// Comparisons and logic give 1 or 0.
template <class T>
TT_MATH T eq(T a, T b) { return a == b ? T(1) : T(0); }
template <class T>
TT_MATH T ne(T a, T b) { return a != b ? T(1) : T(0); }
template <class T>
TT_MATH T lt(T a, T b) { return a < b ? T(1) : T(0); }
template <class T>
TT_MATH T le(T a, T b) { return a <= b ? T(1) : T(0); }
template <class T>
TT_MATH T gt(T a, T b) { return a > b ? T(1) : T(0); }
template <class T>
TT_MATH T ge(T a, T b) { return a >= b ? T(1) : T(0); }
template <class T>
TT_MATH T logical_not(T x) { return x == T(0) ? T(1) : T(0); }
template <class T>
TT_MATH T logical_and(T a, T b) { return (a != T(0)) & (b != T(0)) ? T(1) : T(0); }
template <class T>
TT_MATH T logical_or(T a, T b) { return (a != T(0)) | (b != T(0)) ? T(1) : T(0); }
template <class T>
TT_MATH T logical_xor(T a, T b) { return (a != T(0)) != (b != T(0)) ? T(1) : T(0); }
template <class T>
TT_MATH T isnan(T x) { return x != x ? T(1) : T(0); }
template <class T>
TT_MATH T isinf(T x) { return abs(x) == highest<T>() ? T(1) : T(0); }
TT_MATH int64_t isinf(int64_t) { return 0; }

// The neighbour of a towards b.
template <class T, class Bits>
TT_MATH T neighbour(T a, T b) {
  const Bits bits = bits_of<Bits>(a);
  const Bits away = (b > a) == (a > T(0)) ? Bits(1) : Bits(-1);
  const T smallest = copysign(bits_of<T>(Bits(1)), b);
  const T moved = a == T(0) ? smallest : bits_of<T>((Bits)(bits + away));
  return (a != a) | (b != b) ? a + b : a == b ? b : moved;
}
TT_MATH float nextafter(float a, float b) { return neighbour<float, int32_t>(a, b); }
TT_MATH double nextafter(double a, double b) { return neighbour<double, int64_t>(a, b); }

}  // namespace fn
}  // namespace TT_NS
