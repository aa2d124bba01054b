// Normal samples as PyTorch makes them for 16 or more contiguous elements: Box-Muller in blocks of 16 uniform numbers, with
// the cosines of a block before its sines; and one at a time for all others.
#pragma once

#include "exact_fma.h"
#include "mt19937.h"
#include "../kernels/scalar_math.h"

namespace TT_NS {
namespace {

constexpr double kPi = 3.141592653589793238462643383279502884;

// The one-at-a-time normal of PyTorch: Box-Muller in double, whose second sample waits in the generator.
TT_INLINE double standard_normal(State* s) {
  if (s->has_normal) {
    s->has_normal = 0;
    return s->normal;
  }
  const double u1 = unit_double(s);
  const double u2 = unit_double(s);
  const double radius = __builtin_sqrt(-2.0 * log_of(1.0 - u2));
  const double theta = 2.0 * kPi * u1;
  s->normal = radius * sin_of(theta);
  s->has_normal = 1;
  return radius * cos_of(theta);
}

// log and sincos of Cephes in the single-precision form that PyTorch's AVX2 kernel uses, with its fusing.
TT_INLINE float cephes_log(float x) {
  const uint32_t bits = bit_cast_to<uint32_t>(x < 0x1p-126f ? 0x1p-126f : x);
  float exponent = float(int32_t(bits >> 23) - 0x7f) + 1.0f;
  const float mantissa = bit_cast_to<float>((bits & ~0x7f800000u) | 0x3f000000u);
  const bool small = mantissa < 0.707106781186547524f;
  exponent -= small ? 1.0f : 0.0f;
  float m = (mantissa - 1.0f) + (small ? mantissa : 0.0f);
  const float square = m * m;
  float y = 7.0376836292E-2f;
  y = fused(y, m, -1.1514610310E-1f);
  y = fused(y, m, 1.1676998740E-1f);
  y = fused(y, m, -1.2420140846E-1f);
  y = fused(y, m, 1.4249322787E-1f);
  y = fused(y, m, -1.6668057665E-1f);
  y = fused(y, m, 2.0000714765E-1f);
  y = fused(y, m, -2.4999993993E-1f);
  y = fused(y, m, 3.3333331174E-1f);
  y = y * m;
  y = fused(y, square, exponent * -2.12194440e-4f);
  y = fused(-square, 0.5f, y);
  return fused(exponent, 0.693359375f, m + y);
}

TT_INLINE void cephes_sincos(float x, float* sine, float* cosine) {  // x >= 0
  const int32_t octant = (int32_t(x * 1.27323954473516f) + 1) & ~1;
  const float y = float(octant);
  x = fused(y, -0.78515625f, x);
  x = fused(y, -2.4187564849853515625e-4f, x);
  x = fused(y, -3.77489497744594108e-8f, x);
  const float square = x * x;
  float c = 2.443315711809948E-005f;
  c = fused(c, square, -1.388731625493765E-003f);
  c = fused(c, square, 4.166664568298827E-002f);
  c = c * square;
  c = fused(c, square, -(square * 0.5f)) + 1.0f;
  float s = -1.9515295891E-4f;
  s = fused(s, square, 8.3321608736E-3f);
  s = fused(s, square, -1.6666654611E-1f);
  s = s * square;
  s = fused(s, x, x);
  const bool straight = (octant & 2) == 0;
  const uint32_t sine_sign = uint32_t(octant & 4) << 29;
  const uint32_t cosine_sign = uint32_t(~(octant - 2) & 4) << 29;
  *sine = bit_cast_to<float>(bit_cast_to<uint32_t>(straight ? s : c) ^ sine_sign);
  *cosine = bit_cast_to<float>(bit_cast_to<uint32_t>(straight ? c : s) ^ cosine_sign);
}

[[maybe_unused]] static void normal_block(float* data, float mean, float std) {
  for (int i = 0; i < 8; i++) {
    const float radius = __builtin_sqrtf(-2.0f * cephes_log(1.0f - data[i]));
    float sine, cosine;
    cephes_sincos(float(2.0 * kPi) * data[i + 8], &sine, &cosine);
    data[i] = fused(radius * cosine, std, mean);
    data[i + 8] = fused(radius * sine, std, mean);
  }
}

[[maybe_unused]] static void normal_block(double* data, double mean, double std) {
  for (int i = 0; i < 8; i++) {
    const double radius = __builtin_sqrt(-2.0 * log_of(1.0 - data[i]));
    const double theta = 2.0 * kPi * data[i + 8];
    data[i] = fused(radius * cos_of(theta), std, mean);
    data[i + 8] = fused(radius * sin_of(theta), std, mean);
  }
}

// float16 is rounded where PyTorch stores it, bfloat16 after every operation.
[[maybe_unused]] static void normal_block(f16* data, f16 mean, f16 std) {
  for (int i = 0; i < 8; i++) {
    const float u1 = to_float(to_float16(1.0f - to_float(data[i])));
    const float u2 = to_float(data[i + 8]);
    const float radius = to_float(to_float16(__builtin_sqrtf(-2.0f * float(log_of(double(u1))))));
    const float theta = to_float(to_float16(float(2.0 * kPi * u2)));
    const float cosine = float(cos_of(double(theta)));
    const float sine = float(sin_of(double(theta)));
    data[i] = to_float16(fused(radius * cosine, to_float(std), to_float(mean)));
    data[i + 8] = to_float16(fused(radius * sine, to_float(std), to_float(mean)));
  }
}

TT_INLINE float round_bf16(double x) { return to_float(to_bfloat16(float(x))); }

[[maybe_unused]] static void normal_block(bf16* data, bf16 mean, bf16 std) {
  for (int i = 0; i < 8; i++) {
    const float u1 = round_bf16(1.0f - to_float(data[i]));
    const float u2 = to_float(data[i + 8]);
    const float radius = round_bf16(__builtin_sqrt(round_bf16(-2.0f * round_bf16(log_of(double(u1))))));
    const float theta = round_bf16(2.0 * kPi * u2);
    const float cosine = round_bf16(radius * round_bf16(cos_of(double(theta))));
    const float sine = round_bf16(radius * round_bf16(sin_of(double(theta))));
    data[i] = to_bfloat16(round_bf16(cosine * to_float(std)) + to_float(mean));
    data[i + 8] = to_bfloat16(round_bf16(sine * to_float(std)) + to_float(mean));
  }
}

}  // namespace
}  // namespace TT_NS
