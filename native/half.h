// float16 and bfloat16 as bits, and their conversions to and from float32 (round to nearest even, NaN stays NaN).
#pragma once
#include <string.h>

#include "isa.h"

namespace TT_NS {

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

TT_INLINE float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

TT_INLINE uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

TT_INLINE float to_float(BFloat16 value) { return bits_to_float((uint32_t)value.bits << 16); }

TT_INLINE BFloat16 to_bfloat16(float value) {
  const uint32_t bits = float_to_bits(value);
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  return {(uint16_t)(value != value ? (bits >> 16) | 0x40 : rounded >> 16)};
}

#if defined(__F16C__)
TT_INLINE float to_float(Float16 value) { return _cvtsh_ss(value.bits); }
TT_INLINE Float16 to_float16(float value) { return {(uint16_t)_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT)}; }
#elif defined(__aarch64__)
TT_INLINE float to_float(Float16 value) {
  __fp16 half;
  memcpy(&half, &value, sizeof half);
  return (float)half;
}
TT_INLINE Float16 to_float16(float value) {
  const __fp16 half = (__fp16)value;
  Float16 result;
  memcpy(&result, &half, sizeof half);
  return result;
}
#else
TT_INLINE float to_float(Float16 value) {
  const uint32_t sign = (uint32_t)(value.bits & 0x8000) << 16;
  const uint32_t rest = (uint32_t)(value.bits & 0x7fff) << 13;
  // The exponent's bias differs by 112; infinities and NaN have theirs set to all ones, subnormals are scaled exactly.
  if (rest >= 0x0f800000) return bits_to_float(sign | rest | 0x7f800000);
  const float magnitude = bits_to_float(rest) * 0x1p112f;
  return bits_to_float(sign | float_to_bits(magnitude));
}

TT_INLINE Float16 to_float16(float value) {
  const uint32_t bits = float_to_bits(value);
  const uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
  const uint32_t rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return {(uint16_t)(sign | 0x7e00 | ((rest >> 13) & 0x3ff))};
  if (rest >= 0x477ff000) return {(uint16_t)(sign | 0x7c00)};  // rounds to 65536 or above
  if (rest < 0x38800000) {
    // Subnormal: adding 0.5 lines its last bit up with the float's, and the addition rounds.
    const float shifted = bits_to_float(rest) + 0.5f;
    return {(uint16_t)(sign | (float_to_bits(shifted) - 0x3f000000))};
  }
  const uint32_t rounded = rest + 0xfff + ((rest >> 13) & 1) - 0x38000000;
  return {(uint16_t)(sign | (rounded >> 13))};
}
#endif

}  // namespace TT_NS
