// Attention of a few queries: their scores in rows.
#pragma once
#include "attention.h"

namespace TT_NS {
namespace {

TT_INLINE int32_t multiply(const Product<float, float>& product) { return TT_SYMBOL(product_float32)(&product, false); }
TT_INLINE int32_t multiply(const Product<double, double>& product) { return TT_SYMBOL(product_float64)(&product, false); }

template <class T>
struct AttentionRows {
  const Head<T>& head;

  // c (m, n) = a (m, k) @ b (k, n).
  static bool product(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, Matrix<T> c) {
    const Product<T, T> product = {m, n, k, {a.data, a.row_stride, a.col_stride}, {b.data, b.row_stride, b.col_stride},
                                   c, {}, 1, 0, false};
    return multiply(product) == TT_OK;
  }

  // Scores become weights that are still to be divided by their sum, which it gives: 0 where every key is barred.
  T exponentials(T* scores, int64_t query, int64_t n) const {
    const T lowest = -T(__builtin_inff());
    const V<T> scale = broadcast(T(head.job.scale));
    if (const Matrix<T> mask = head.matrices[kMask]; mask.data)
      each_register<T>(n, [&](auto at) TT_INLINED {
        at.write(scores, at.read(scores) * scale + at.read(mask.at(query, 0)));
      });
    else
      each_register<T>(n, [&](auto at) TT_INLINED { at.write(scores, at.read(scores) * scale); });
    V<T> peaks = broadcast(lowest);
    each_register<T>(n, [&](auto at) TT_INLINED {
      peaks = larger(peaks, at.read(scores, lowest));
    });
    const T peak = lane_max<T>(peaks), shift = peak == lowest ? T(0) : peak;
    const V<T> shifts = broadcast(shift);
    V<T> sums = {};
    each_register<T>(n, [&](auto at) TT_INLINED {
      const V<T> e = vector_exp(at.read(scores, lowest) - shifts);
      sums += e;
      at.write(scores, e);
    });
    const T sum = lane_sum<T>(sums);
    head.log_sums[query] = sum == 0 ? T(__builtin_inff()) : shift + T(log_of(double(sum)));
    return sum;
  }

  // `scores`: room for queries · keys.
  bool forward(T* scores, T* sums) const {
    const Job& job = head.job;
    const int64_t count = job.queries, keys = head.keys_for(count);
    if (!product(count, keys, job.width, head.matrices[kQuery], head.matrices[kKey].transposed(), {scores, keys, 1}))
      return false;
    for (int64_t i = 0; i < count; i++) {
      T* const row = scores + i * keys;
      const int64_t n = head.keys_for(i + 1);
      sums[i] = exponentials(row, i, n);
      for (int64_t j = n; j < keys; j++) row[j] = 0;
    }
    const Matrix<T> out = head.matrices[kOut];
    if (!product(count, job.value_width, keys, {scores, keys, 1}, head.matrices[kValue], out)) return false;
    for (int64_t i = 0; i < count; i++) {
      const T factor = 1 / sums[i];
      for (int64_t j = 0; j < job.value_width; j++) {
        T* const x = out.at(i, j);
        *x = sums[i] == 0 ? T(0) : *x * factor;
      }
    }
    return true;
  }
};

}  // namespace
}  // namespace TT_NS
