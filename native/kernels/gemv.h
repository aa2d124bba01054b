// Products with one to four vectors. Reading the matrix once is all their cost, so it is read where it lies.
#pragma once
#include "../platform.h"
#include "../threads.h"
#include "gemm_finish.h"

namespace TT_NS {
namespace {

constexpr int64_t gemv_grain = 1 << 16;  // elements of the matrix for a thread, at least
constexpr int most_vectors = 4;

template <int step, class V, int... lane>
TT_INLINE V fold(V value, Lanes<lane...>) {
  return value + __builtin_shufflevector(value, value, (lane ^ step)...);
}

template <class T, int step = Vec<T>::lanes / 2>
TT_INLINE T sum_of_lanes(typename Vec<T>::type value) {
  if constexpr (step == 0) {
    return value[0];
  } else {
    return sum_of_lanes<T, step / 2>(fold<step>(value, typename LanesUpTo<Vec<T>::lanes>::type{}));
  }
}

// `to` (cols, rows) of dot products; rows of A and columns of B have k contiguous elements each.
template <class T, int rows, int cols>
TT_INLINE void dots(int64_t k, const T* a, int64_t a_stride, const T* b, int64_t b_stride, T* to, int64_t to_stride) {
  typedef typename Vec<T>::type V;
  constexpr int lanes = Vec<T>::lanes;
  V sums[rows][cols] = {};
  int64_t p = 0;
  for (; p + lanes <= k; p += lanes) {
    V column[cols];
#pragma GCC unroll 4
    for (int j = 0; j < cols; j++) column[j] = load<T>(b + j * b_stride + p);
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
      const T* at = a + i * a_stride + p;
      const V row = load<T>(at);
#pragma GCC unroll 4
      for (int j = 0; j < cols; j++) sums[i][j] = multiply_add(row, column[j], sums[i][j]);
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < cols; j++) {
      T sum = sum_of_lanes<T>(sums[i][j]);
      for (int64_t q = p; q < k; q++) sum += a[i * a_stride + q] * b[j * b_stride + q];
      to[j * to_stride + i] = sum;
    }
}

template <class T>
struct FewVectors {
  Product<T, T> product;
  const T* vectors;
  int64_t vector_stride;

  Finish<T, T> finish_at(int64_t row) const {
    const Matrix<T> c = {product.c.at(row, 0), product.c.row_stride, product.c.col_stride};
    const Matrix<const T> d = {product.d.data ? product.d.at(row, 0) : nullptr, product.d.row_stride,
                               product.d.col_stride};
    return {c, d, product.alpha, product.beta, product.relu};
  }

  // Rows of A are contiguous: a dot product each, four rows at a time.
  template <int cols>
  static void along_rows(void* context, int64_t begin, int64_t end, int) {
    constexpr int64_t most = 64;
    const FewVectors& self = *(FewVectors*)context;
    const Matrix<const T> a = self.product.a;
    const int64_t k = self.product.k;
    T sums[cols * most];
    for (; begin < end; begin += most) {
      const int64_t rows = min64(most, end - begin);
      int64_t i = 0;
      for (; i + 4 <= rows; i += 4)
        dots<T, 4, cols>(k, a.at(begin + i, 0), a.row_stride, self.vectors, self.vector_stride, sums + i, most);
      for (; i < rows; i++)
        dots<T, 1, cols>(k, a.at(begin + i, 0), a.row_stride, self.vectors, self.vector_stride, sums + i, most);
      finish_rows(sums, most, cols, rows, self.finish_at(begin).transposed());
    }
  }

  // Columns of A are contiguous: sums of a strip of rows, in registers, while the columns pass by.
  static void along_columns(void* context, int64_t begin, int64_t end, int) {
    typedef typename Vec<T>::type V;
    constexpr int lanes = Vec<T>::lanes, vectors = 8;
    const FewVectors& self = *(FewVectors*)context;
    const Matrix<const T> a = self.product.a;
    const int64_t k = self.product.k;
    T strip[vectors * lanes];
    int64_t row = begin;
    for (; row + vectors * lanes <= end; row += vectors * lanes) {
      V sums[vectors] = {};
      for (int64_t p = 0; p < k; p++) {
        const V element = broadcast<T>(self.vectors[p]);
        const T* column = a.at(row, p);
#pragma GCC unroll 8
        for (int i = 0; i < vectors; i++) sums[i] = multiply_add(element, load<T>(column + i * lanes), sums[i]);
      }
      for (int i = 0; i < vectors; i++) store<T>(strip + i * lanes, sums[i]);
      finish_rows(strip, 0, 1, vectors * lanes, self.finish_at(row).transposed());
    }
    const int64_t rest = end - row;
    if (rest == 0) return;
    for (int64_t i = 0; i < rest; i++) strip[i] = 0;
    for (int64_t p = 0; p < k; p++) {
      const T* column = a.at(row, p);
      for (int64_t i = 0; i < rest; i++) strip[i] += self.vectors[p] * column[i];
    }
    finish_rows(strip, 0, 1, rest, self.finish_at(row).transposed());
  }
};

// Computes the product if it is of this kind; false if it is not (or there is no memory to order the vectors).
template <class T>
bool gemv(Product<T, T> product, bool parallel) {
  if (product.m < product.n) product = product.transposed();
  const int64_t m = product.m, n = product.n, k = product.k;
  const bool rows = product.a.col_stride == 1, columns = product.a.row_stride == 1;
  if (n < 1 || n > most_vectors || !(rows || (columns && n == 1))) return false;

  FewVectors<T> job = {product, product.b.data, product.b.col_stride};
  if (product.b.row_stride != 1) {
    T* ordered = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * max64(1, n * k));
    if (!ordered) return false;
    for (int64_t j = 0; j < n; j++)
      for (int64_t p = 0; p < k; p++) ordered[j * k + p] = *product.b.at(p, j);
    job.vectors = ordered;
    job.vector_stride = k;
  }
  auto body = !rows ? FewVectors<T>::along_columns
              : n == 1 ? FewVectors<T>::template along_rows<1>
              : n == 2 ? FewVectors<T>::template along_rows<2>
              : n == 3 ? FewVectors<T>::template along_rows<3>
                       : FewVectors<T>::template along_rows<4>;
  // Pieces are whole strips.
  const int64_t grain = round_up(max64(1, gemv_grain / max64(1, k)), 128);
  if (parallel && m * k >= 2 * gemv_grain) {
    tt_parallel_for(m, grain, body, &job);
  } else {
    body(&job, 0, m, 0);
  }
  return true;
}

}  // namespace
}  // namespace TT_NS
