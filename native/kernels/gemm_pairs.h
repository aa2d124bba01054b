// bfloat16 for processors that multiply pairs of it (AVX512-BF16): packed panels hold two steps of k in each element, and an
// instruction adds two products to each of sixteen float32 sums. It takes subnormal numbers for zero.
#pragma once
#include "gemm_block.h"

#if defined(__AVX512F__)
#define TT_HAS_PAIRS 1

namespace TT_NS {
namespace {

struct BFloat16Pair {
  uint32_t bits;  // the earlier step of k is the lower half
};
template <>
inline constexpr int64_t elements_of<BFloat16Pair> = 2;

TT_INLINE BFloat16Pair pair_of(BFloat16 first, BFloat16 second) {
  return {(uint32_t)first.bits | (uint32_t)second.bits << 16};
}

// Sixteen columns of two rows of B.
TT_INLINE void store_pairs(const BFloat16* first, const BFloat16* second, BFloat16Pair* to) {
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)first));
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)second));
  _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

// out[p / 2][i] = the pair of from[i][p] and from[i][p + 1] (0 past k); otherwise like the other pack_panel.
__attribute__((noinline)) void pack_panel(const BFloat16* from, int64_t i_stride, int64_t p_stride, int64_t width,
                                          int64_t k, BFloat16Pair* out, int64_t out_stride) {
  constexpr int lanes = Vec<float>::lanes;
  for (int64_t i0 = 0; i0 < width; i0 += lanes) {
    const BFloat16* source = from + i0 * i_stride;
    BFloat16Pair* target = out + i0;
    const int64_t count = min64(lanes, width - i0);
    int64_t p = 0;
    if (i_stride == 1 && count == lanes) {
      for (; p + 2 <= k; p += 2)
        store_pairs(source + p * p_stride, source + (p + 1) * p_stride, target + p / 2 * out_stride);
    } else if (p_stride == 1) {
      for (; p + 2 * lanes <= k; p += 2 * lanes) {
        VecF32 block[lanes];  // moved as bits, never computed with
#pragma GCC unroll 16
        for (int i = 0; i < lanes; i++)
          block[i] = i < count ? (VecF32)_mm512_loadu_ps(source + i * i_stride + p) : VecF32{};
        transpose_block<float>(block);
#pragma GCC unroll 16
        for (int i = 0; i < lanes; i++) _mm512_storeu_ps(target + (p / 2 + i) * out_stride, (__m512)block[i]);
      }
    }
    for (; p < k; p += 2) {
      BFloat16Pair* row = target + p / 2 * out_stride;
      for (int64_t i = 0; i < count; i++) {
        const BFloat16* at = source + i * i_stride + p * p_stride;
        row[i] = pair_of(*at, p + 1 < k ? at[p_stride] : BFloat16{});
      }
      for (int64_t i = count; i < lanes; i++) row[i] = {};
    }
  }
}

// As `micro`, with steps of two; A is packed always.
template <int mr, int vectors>
__attribute__((noinline, target("avx512bf16"))) void micro_pairs(int64_t steps, const BFloat16Pair* a, int64_t,
                                                                 const BFloat16Pair* b, int64_t b_stride, float* tile,
                                                                 int64_t tile_stride, Addend<float> addend) {
  constexpr int lanes = Vec<float>::lanes;
  __m512 sums[mr][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_setzero_ps();

  for (int64_t p = 0; p < steps; p++) {
    __m512bh row_of_b[vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) row_of_b[j] = (__m512bh)_mm512_loadu_si512(b + j * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      const __m512bh element = (__m512bh)_mm512_set1_epi32((int)a[i].bits);
#pragma GCC unroll 2
      for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], element, row_of_b[j]);
    }
    for (int j = 0; j < vectors; j++) __builtin_prefetch(b + prefetch_steps * b_stride + j * lanes);
    __builtin_prefetch(a + prefetch_steps * Tile<float>::packed_rows);
    b += b_stride;
    a += Tile<float>::packed_rows;
  }

  if (addend.data) {
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; j++) sums[i][j] += _mm512_loadu_ps(addend.data + i * addend.row_stride + j * lanes);
  }
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) _mm512_storeu_ps(tile + i * tile_stride + j * lanes, sums[i][j]);
}

using PairsKernel = void (*)(int64_t, const BFloat16Pair*, int64_t, const BFloat16Pair*, int64_t, float*, int64_t, Addend<float>);

template <int mr = Tile<float>::rows>
PairsKernel find_micro_pairs(int rows, int vectors) {
  if constexpr (mr == 0) {
    return nullptr;
  } else {
    if (rows != mr) return find_micro_pairs<mr - 1>(rows, vectors);
    return vectors == 1 ? micro_pairs<mr, 1> : micro_pairs<mr, 2>;
  }
}

template <>
struct Micro<BFloat16Pair> {
  static PairsKernel find(int rows, int vectors, bool) { return find_micro_pairs(rows, vectors); }
};

}  // namespace
}  // namespace TT_NS
#endif
