// A product whose threads share out k: each multiplies a stretch of B's rows, and what they get is added together.
//
// It is for a B that is much larger than C, as the gradient of a layer's input has it: B is the weight, of which each thread
// then reads the part that it also updates and multiplies forward. A part of a weight that two cores read must be called back
// from one of them before the other may write it, and where they share no cache, that takes four times as long as the update.
#pragma once
#include "gemm_block.h"
#include "gemv.h"

namespace TT_NS {
namespace {

constexpr int64_t least_shared_b_bytes = 256 << 10;

template <class T>
struct Shares {
  Product<T, T> product;
  int64_t count;
  T* sums;  // of each share: m rows of n
  bool failed;

  // Share i's sums.
  static void multiply(void* context, int64_t begin, int64_t end, int) {
    Shares& shares = *(Shares*)context;
    const Product<T, T>& whole = shares.product;
    for (int64_t i = begin; i < end; i++) {
      const int64_t from = whole.k * i / shares.count, to = whole.k * (i + 1) / shares.count;
      Product<T, T> part = whole;
      part.k = to - from;
      part.a.data = whole.a.at(0, from);
      part.b.data = whole.b.at(from, 0);
      part.c = {shares.sums + i * whole.m * whole.n, whole.n, 1};
      part.d = {};
      part.alpha = 1;
      part.relu = false;
      if (gemm(part, false) != TT_OK) shares.failed = true;
    }
  }

  // Rows begin..end of C.
  static void add(void* context, int64_t begin, int64_t end, int) {
    const Shares& shares = *(Shares*)context;
    const auto& [m, n, k, a, b, c, d, alpha, beta, relu] = shares.product;
    for (int64_t row = begin; row < end; row++) {
      T* const sums = shares.sums + row * n;
      for (int64_t i = 1; i < shares.count; i++)
        for (int64_t j = 0; j < n; j++) sums[j] += sums[i * m * n + j];
      const Matrix<const T> row_of_d = {d.data ? d.at(row, 0) : nullptr, d.row_stride, d.col_stride};
      finish_rows<T, T>(sums, n, 1, n, {{c.at(row, 0), c.row_stride, c.col_stride}, row_of_d, alpha, beta, relu});
    }
  }
};

// Computes a product in this way if it is one for it.
template <class T>
bool multiply_in_shares(const Product<T, T>& product, int32_t& status) {
  const int64_t m = product.m, n = product.n, k = product.k;
  const int64_t count = tt_num_sharers();
  const bool suits = count > 1 && m > most_vectors && product.b.col_stride == 1 && 2 * m * count <= k &&
                     k * n * (int64_t)sizeof(T) >= least_shared_b_bytes && m * n * k >= parallel_work;
  if (!suits) return false;
  Shares<T> shares = {product, count, (T*)tt_alloc(sizeof(T) * count * m * n), false};
  if (!shares.sums) return false;
  tt_parallel_for(count, 1, Shares<T>::multiply, &shares);
  tt_parallel_for(m, divide_up(parallel_pack, n * count), Shares<T>::add, &shares);
  tt_free(shares.sums);
  status = shares.failed ? TT_OUT_OF_MEMORY : TT_OK;
  return true;
}

}  // namespace
}  // namespace TT_NS
