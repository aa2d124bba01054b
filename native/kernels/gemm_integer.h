// Integer products: plain blocked loops with wraparound.
#pragma once
#include "../threads.h"
#include "gemm.h"

namespace TT_NS {
namespace {

// U is the unsigned type of S's width: overflow wraps, as in PyTorch.
template <class S, class U>
struct IntegerJob {
  static constexpr int64_t width = 64, depth = 64;
  Product<S, S> product;

  // Columns begin..end, in units of `width`.
  static void run(void* context, int64_t begin, int64_t end, int) {
    const Product<S, S>& product = ((IntegerJob*)context)->product;
    for (int64_t unit = begin; unit < end; unit++) block(product, unit * width, min64(width, product.n - unit * width));
  }

  static void block(const Product<S, S>& product, int64_t col, int64_t cols) {
    U b[depth][width];
    for (int64_t p = 0; p < product.k || p == 0; p += depth) {
      const int64_t steps = min64(depth, product.k - p);
      for (int64_t q = 0; q < steps; q++)
        for (int64_t j = 0; j < width; j++) b[q][j] = j < cols ? (U)*product.b.at(p + q, col + j) : 0;
      for (int64_t i = 0; i < product.m; i++) {
        U sums[width] = {};
        for (int64_t q = 0; q < steps; q++) {
          const auto element = (U)*product.a.at(i, p + q) + 0u;  // at least unsigned int: narrower ones multiply as int
          for (int64_t j = 0; j < width; j++) sums[j] += (U)(element * b[q][j]);
        }
        S* c = product.c.at(i, col);
        const int64_t c_step = product.c.col_stride;
        if (p == 0) {
          const S* d = product.d.data ? product.d.at(i, col) : nullptr;
          for (int64_t j = 0; j < cols; j++)
            c[j * c_step] = d ? (S)((U)product.beta * (U)d[j * product.d.col_stride]) : S(0);
        }
        for (int64_t j = 0; j < cols; j++) c[j * c_step] = (S)((U)c[j * c_step] + (U)product.alpha * sums[j]);
        if (product.relu && p + depth >= product.k) {
          for (int64_t j = 0; j < cols; j++) c[j * c_step] = relu_of(c[j * c_step]);
        }
      }
    }
  }
};

template <class S, class U>
void integer_gemm(const Product<S, S>& product) {
  if (product.m <= 0 || product.n <= 0) return;
  IntegerJob<S, U> job = {product};
  const int64_t units = divide_up(product.n, IntegerJob<S, U>::width);
  const bool parallel = product.m * product.n * product.k >= 1 << 17;
  tt_parallel_for(units, parallel ? 1 : units, IntegerJob<S, U>::run, &job);
}

}  // namespace
}  // namespace TT_NS
