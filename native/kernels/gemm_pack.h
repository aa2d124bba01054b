// Copies parts of A and B into the order in which the inner loop reads them, converting half types on the way.
#pragma once
#include "gemm_micro.h"
#include "transpose_block.h"

namespace TT_NS {
namespace {

// out[p][i] = from[i][p] for i < width, p < k, and anything up to whole vectors of i. `i_stride` and `p_stride` are from's; in
// `out` a step of p is `out_stride` elements, at least `width` rounded up to whole vectors.
template <class S, class T>
__attribute__((noinline)) void pack_panel(const S* from, int64_t i_stride, int64_t p_stride, int64_t width, int64_t k,
                                          T* out, int64_t out_stride) {
  typedef typename Vec<T>::type V;
  constexpr int lanes = Vec<T>::lanes;
  if constexpr (same_type<S, T>) {
    if (i_stride == 1 && width == 2 * lanes) {
      for (int64_t p = 0; p < k; p++) {
        const V left = load<T>(from + p * p_stride), right = load<T>(from + p * p_stride + lanes);
        store<T>(out + p * out_stride, left);
        store<T>(out + p * out_stride + lanes, right);
      }
      return;
    }
  }
  for (int64_t i0 = 0; i0 < width; i0 += lanes) {
    const S* source = from + i0 * i_stride;
    T* target = out + i0;
    const int64_t count = min64(lanes, width - i0);
    int64_t p = 0;
    if constexpr (same_type<S, T>) {
      if (i_stride == 1 && (count == lanes || p_stride >= lanes)) {
        // Past a narrow panel lies the next step of p, but for the last one; what is read there meets no sum that is kept.
        const int64_t readable = count == lanes ? k : k - 1;
        for (; p < readable; p++) store<T>(target + p * out_stride, load<T>(source + p * p_stride));
      } else if (p_stride == 1) {
        for (; p + lanes <= k; p += lanes) {
          V block[lanes];
#pragma GCC unroll 16
          for (int i = 0; i < lanes; i++) block[i] = i < count ? load<T>(source + i * i_stride + p) : V{};
          transpose_block<T>(block);
#pragma GCC unroll 16
          for (int i = 0; i < lanes; i++) store<T>(target + (p + i) * out_stride, block[i]);
        }
      }
    }
    for (; p < k; p++) {
      T* row = target + p * out_stride;
      for (int64_t i = 0; i < count; i++) row[i] = widen(source[i * i_stride + p * p_stride]);
      for (int64_t i = count; i < lanes; i++) row[i] = 0;
    }
  }
}

#if defined(__wasm__)
// Touches a matrix's cache lines, all at once: packing asks for a few at a time, and those that another core has written take
// long to come. (Packing with longer vectors gains nothing by it.)
template <class S>
void call_up(Matrix<const S> from, int64_t rows, int64_t cols) {
  if (from.col_stride != 1) {
    from = from.transposed();
    const int64_t turned = rows;
    rows = cols;
    cols = turned;
  }
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j += 64 / (int64_t)sizeof(S)) (void)*(const volatile char*)from.at(i, j);
}
#endif

}  // namespace
}  // namespace TT_NS
