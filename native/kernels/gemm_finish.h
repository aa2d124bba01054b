// The last step for a tile of sums: alpha, beta · D, relu, rounding to the stored type, and into C's layout.
#pragma once
#include "gemm_pack.h"

namespace TT_NS {
namespace {

// A tile's corner of C and of D, and what to do on the way.
template <class S, class T>
struct Finish {
  Matrix<S> c;
  Matrix<const S> d;
  T alpha, beta;
  bool relu;

  Finish transposed() const { return {c.transposed(), d.transposed(), alpha, beta, relu}; }
};

template <class S, class T>
void finish_rows(const T* tile, int64_t stride, int64_t rows, int64_t cols, const Finish<S, T>& finish) {
  typedef typename Vec<T>::type V;
  constexpr int lanes = Vec<T>::lanes;
  const bool has_d = finish.d.data != nullptr;
  for (int64_t i = 0; i < rows; i++) {
    const T* from = tile + i * stride;
    S* to = finish.c.at(i, 0);
    const S* d = has_d ? finish.d.at(i, 0) : nullptr;
    const int64_t c_step = finish.c.col_stride, d_step = finish.d.col_stride;
    int64_t j = 0;
    if constexpr (same_type<S, T>) {
      if (c_step == 1 && (!has_d || d_step == 0 || d_step == 1)) {
        for (; j + lanes <= cols; j += lanes) {
          V value = load<T>(from + j) * broadcast<T>(finish.alpha);
          if (has_d) value += (d_step ? load<T>(d + j) : broadcast<T>(*d)) * broadcast<T>(finish.beta);
          if (finish.relu) value = value < 0 ? V{} : value;
          store<T>(to + j, value);
        }
      }
    }
    for (; j < cols; j++) {
      T value = from[j] * finish.alpha;
      if (has_d) value += widen(d[j * d_step]) * finish.beta;
      to[j * c_step] = Narrow<S>::from(finish.relu ? relu_of(value) : value);
    }
  }
}

// Writes a tile of sums, whose rows are `stride` apart, to C.
template <class S, class T>
__attribute__((noinline)) void finish_tile(const T* tile, int64_t stride, int64_t rows, int64_t cols,
                                           const Finish<S, T>& finish) {
  if (finish.c.row_stride == 1 && finish.c.col_stride != 1) {
    // C lies in columns: turn the tile around, so that the writes go along memory.
    constexpr int height = Tile<T>::packed_rows;
    alignas(64) T turned[Tile<T>::cols * height];
    // (All columns of the tile, which is whole vectors wide: the transposition then needs no remainder.)
    pack_panel<T, T>(tile, stride, 1, rows, round_up(cols, Vec<T>::lanes), turned, height);
    finish_rows(turned, height, cols, rows, finish.transposed());
  } else {
    finish_rows(tile, stride, rows, cols, finish);
  }
}

}  // namespace
}  // namespace TT_NS
