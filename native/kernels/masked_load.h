// Reads and writes some lanes of a vector, and leaves memory outside of them alone: it may belong to somebody else.
#pragma once
#include "../isa.h"

namespace TT_NS {
namespace {

// The lanes begin..end of a vector of T.
template <class T>
struct LaneMask {
  typedef typename Vec<T>::type V;
  static constexpr int lanes = Vec<T>::lanes;

#if defined(__AVX512F__)
  uint16_t mask;
  static __attribute__((always_inline)) LaneMask range(int begin, int end) {
    return {(uint16_t)(((1u << end) - 1) & ~((1u << begin) - 1))};
  }
#elif defined(__AVX2__)
  __m256i mask;
  static __attribute__((always_inline)) LaneMask range(int begin, int end) {
    if constexpr (sizeof(T) == 4) {
      const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
      return {_mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(begin), lane),
                                  _mm256_cmpgt_epi32(_mm256_set1_epi32(end), lane))};
    } else {
      const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
      return {_mm256_andnot_si256(_mm256_cmpgt_epi64(_mm256_set1_epi64x(begin), lane),
                                  _mm256_cmpgt_epi64(_mm256_set1_epi64x(end), lane))};
    }
  }
#else
  int begin, end;
  static __attribute__((always_inline)) LaneMask range(int begin, int end) { return {begin, end}; }
  __attribute__((always_inline)) bool has(int lane) const { return begin <= lane && lane < end; }
#endif
};

// `rest`, with the lanes that are named read from memory: lane i from from[i].
TT_INLINE VecF32 load_lanes(LaneMask<float> lanes, const float* from, VecF32 rest) {
#if defined(__AVX512F__)
  return (VecF32)_mm512_mask_loadu_ps((__m512)rest, lanes.mask, from);
#elif defined(__AVX2__)
  return (VecF32)_mm256_blendv_ps((__m256)rest, _mm256_maskload_ps(from, lanes.mask), (__m256)lanes.mask);
#else
  if (lanes.end - lanes.begin == LaneMask<float>::lanes) return load<float>(from);
  // Unrolled: a lane whose number is not known is reached by way of memory.
#pragma GCC unroll 4
  for (int i = 0; i < LaneMask<float>::lanes; i++)
    if (lanes.has(i)) rest[i] = from[i];
  return rest;
#endif
}

TT_INLINE VecF64 load_lanes(LaneMask<double> lanes, const double* from, VecF64 rest) {
#if defined(__AVX512F__)
  return (VecF64)_mm512_mask_loadu_pd((__m512d)rest, (__mmask8)lanes.mask, from);
#elif defined(__AVX2__)
  return (VecF64)_mm256_blendv_pd((__m256d)rest, _mm256_maskload_pd(from, lanes.mask), (__m256d)lanes.mask);
#else
  if (lanes.end - lanes.begin == LaneMask<double>::lanes) return load<double>(from);
#pragma GCC unroll 2
  for (int i = 0; i < LaneMask<double>::lanes; i++)
    if (lanes.has(i)) rest[i] = from[i];
  return rest;
#endif
}

TT_INLINE void store_lanes(LaneMask<float> lanes, float* to, VecF32 value) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, lanes.mask, (__m512)value);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, lanes.mask, (__m256)value);
#else
#pragma GCC unroll 4
  for (int i = 0; i < LaneMask<float>::lanes; i++)
    if (lanes.has(i)) to[i] = value[i];
#endif
}

TT_INLINE void store_lanes(LaneMask<double> lanes, double* to, VecF64 value) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_pd(to, (__mmask8)lanes.mask, (__m512d)value);
#elif defined(__AVX2__)
  _mm256_maskstore_pd(to, lanes.mask, (__m256d)value);
#else
#pragma GCC unroll 2
  for (int i = 0; i < LaneMask<double>::lanes; i++)
    if (lanes.has(i)) to[i] = value[i];
#endif
}

TT_INLINE void store_lanes(LaneMask<int64_t> lanes, int64_t* to, Vec<int64_t>::type value) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_epi64(to, (__mmask8)lanes.mask, (__m512i)value);
#elif defined(__AVX2__)
  _mm256_maskstore_epi64((long long*)to, lanes.mask, (__m256i)value);
#else
#pragma GCC unroll 2
  for (int i = 0; i < LaneMask<int64_t>::lanes; i++)
    if (lanes.has(i)) to[i] = value[i];
#endif
}

}  // namespace
}  // namespace TT_NS
