// Fused multiply-add with one rounding on every target, for results that must agree bit by bit with PyTorch's,
// whose x86 kernels are compiled with FMA contraction.
#pragma once

#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

#if defined(__FMA__) || defined(__aarch64__)
TT_INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
TT_INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
// x + y rounded to odd: an inexact sum gets an odd last bit, so that a second rounding cannot go the wrong way
// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
TT_INLINE double add_to_odd(double x, double y) {
  const double sum = x + y;
  const double back = sum - x;
  const double error = (x - (sum - back)) + (y - back);
  uint64_t bits = bit_cast_to<uint64_t>(sum);
  if (error != 0 && (bits & 1) == 0) bits += (error > 0) == (sum > 0) ? 1 : -1;
  return bit_cast_to<double>(bits);
}
// The product of two floats is exact in double.
TT_INLINE float fused(float a, float b, float c) { return float(add_to_odd(double(a) * b, c)); }
TT_INLINE double fused(double a, double b, double c) {
  constexpr double kSplit = 0x1p27 + 1;
  const double product = a * b;
  const double a_part = a * kSplit, b_part = b * kSplit;
  const double a_high = a_part - (a_part - a), b_high = b_part - (b_part - b);
  const double a_low = a - a_high, b_low = b - b_high;
  const double product_low = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low);
  const double low = c + product_low;
  const double low_back = low - c;
  const double low_error = (c - (low - low_back)) + (product_low - low_back);
  const double high = product + low;
  const double high_back = high - product;
  const double high_error = (product - (high - high_back)) + (low - high_back);
  return high + add_to_odd(low_error, high_error);
}
#endif

}  // namespace
}  // namespace TT_NS
