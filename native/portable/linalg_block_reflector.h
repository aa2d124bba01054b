// Householder reflectors taken many at a time: H₀ H₁ … = I − V T Vᴴ with V's columns v and T upper triangular (Schreiber and
// Van Loan 1989), so that they are applied by products.
#pragma once
#include "linalg_reflector.h"
#include "linalg_product.h"

namespace TT_NS {
namespace {

constexpr int64_t kReflectors = 32;  // in a block

// Some reflectors: the v as rows, with their ones and zeros.
template <class T>
struct Block {
  T* v;  // count × height
  T* t;  // count × count
  T* w;  // room for two products of count rows
  int64_t count, height;

  static int64_t room(int64_t height, int64_t columns) {
    return kReflectors * (height + kReflectors + 2 * columns);
  }
  Block(T* memory, int64_t many, int64_t high)
      : v(memory), t(v + many * high), w(t + many * many), count(many), height(high) {}

  // T from V and the factors.
  void couple(const T* tau) const {
    for (int64_t j = 0; j < count; j++) {
      // T v's column above the diagonal: −τ T (Vᴴ v).
      T inner[kReflectors];
      dot_rows(v + j, height, j, v + j * height + j, height - j, inner);
      for (int64_t i = 0; i < count; i++) {
        T sum = from_real<T>(0);
        for (int64_t p = i; p < j; p++) sum += t[i * count + p] * conj_of(inner[p]);
        t[i * count + j] = i == j ? tau[j] : -(tau[j] * sum);
      }
    }
  }

  // c (height × n) becomes Q c, or Qᴴ c.
  void apply(bool adjoint, T* c, int64_t ldc, int64_t n) const {
    T *const inner = w, *const turned = w + count * n;
    for (int64_t i = 0; i < 2 * count * n; i++) w[i] = from_real<T>(0);
    subtract_product<true>(inner, n, v, height, 1, c, ldc, count, n, height);
    if (adjoint)
      subtract_product<true>(turned, n, t, 1, count, inner, n, count, n, count);
    else
      subtract_product<false>(turned, n, t, count, 1, inner, n, count, n, count);
    subtract_product<false>(c, ldc, v, 1, height, turned, n, height, n, count);
  }
};

// Applies reflectors to c (m × n): Q c or Qᴴ c. Element i of reflector j stands at a[i * rows + j * columns] for i > j, as geqrf
// leaves it. `from_identity`: c is the identity, so that each block meets fewer columns. The room of a block is wanted.
template <class T>
TT_APART void apply_reflectors(const T* a, int64_t rows, int64_t columns, const T* tau, int64_t k, bool adjoint, T* c, int64_t ldc,
                             int64_t m, int64_t n, bool from_identity, T* memory) {
  const int64_t blocks = (k + kReflectors - 1) / kReflectors;
  for (int64_t step = 0; step < blocks; step++) {
    const int64_t begin = (adjoint ? step : blocks - 1 - step) * kReflectors, first = from_identity ? begin : 0;
    const Block<T> block(memory, smaller(kReflectors, k - begin), m - begin);
    for (int64_t i = 0; i < block.height; i++)
      for (int64_t j = 0; j < block.count; j++)
        block.v[j * block.height + i] =
            i > j ? a[(begin + i) * rows + (begin + j) * columns] : from_real<T>(i == j ? 1 : 0);
    block.couple(tau + begin);
    block.apply(adjoint, c + begin * ldc + first, ldc, n - first);
  }
}

}  // namespace
}  // namespace TT_NS
