// Householder reflectors, as LAPACK makes and signs them.
#pragma once
#include "linalg.h"

namespace TT_NS {
namespace {

// Turns a vector x into (β, v₁, v₂, …) such that Hᴴ x = (β, 0, …) for H = I − τ v vᴴ, v = (1, v₁, …) and real β. Gives τ.
template <class T>
TT_APART T make_reflector(T* x, int64_t n) {
  if (n <= 0) return from_real<T>(0);
  double most = 0;
  for (int64_t i = 1; i < n; i++) most = larger(most, size_of(x[i]));
  const T head = x[0];
  if (most == 0 && imag_of(head) == 0) return from_real<T>(0);
  most = larger(most, size_of(head));
  double sum = 0;
  const double scale = most < 1e-140 || most > 1e140 ? 1 / most : 1;
  for (int64_t i = 0; i < n; i++) sum += squared(x[i] * scale);
  const double beta = -with_sign(square_root(sum) / scale, real_of(head));
  T tau, factor;
  if constexpr (Complex<T>) {
    tau = {(beta - head.re) / beta, -head.im / beta};
    factor = from_real<T>(1) / T{head.re - beta, head.im};
  } else {
    tau = (beta - head) / beta;
    factor = 1 / (head - beta);
  }
  x[0] = from_real<T>(beta);
  for (int64_t i = 1; i < n; i++) x[i] = x[i] * factor;
  return tau;
}

// a (m × n) -= τ v (vᴴ a); w has room for n.
template <class T>
TT_APART void reflect_rows(T tau, const T* v, T* a, int64_t lda, int64_t m, int64_t n, T* __restrict w) {
  if (is_zero(tau) || n <= 0) return;
  for (int64_t j = 0; j < n; j++) w[j] = from_real<T>(0);
  for (int64_t i = 0; i < m; i++) {
    const T factor = conj_of(v[i]);
    const T* __restrict row = a + i * lda;
    for (int64_t j = 0; j < n; j++) w[j] += factor * row[j];
  }
  for (int64_t i = 0; i < m; i++) {
    const T factor = tau * v[i];
    T* __restrict row = a + i * lda;
    for (int64_t j = 0; j < n; j++) row[j] -= factor * w[j];
  }
}

// a (m × n) -= τ (a v) vᴴ.
template <class T>
TT_APART void reflect_columns(T tau, const T* v, T* a, int64_t lda, int64_t m, int64_t n) {
  if (is_zero(tau)) return;
  for (int64_t i = 0; i < m; i++) {
    T* row = a + i * lda;
    T s0 = from_real<T>(0), s1 = s0;
    int64_t j = 0;
    for (; j + 2 <= n; j += 2) {
      s0 += row[j] * v[j];
      s1 += row[j + 1] * v[j + 1];
    }
    if (j < n) s0 += row[j] * v[j];
    const T factor = tau * (s0 + s1);
    for (j = 0; j < n; j++) row[j] -= factor * conj_of(v[j]);
  }
}

// Rows a and b become c·a + s·b and c·b − s·a.
template <class T>
TT_INLINE void rotate_rows(T* __restrict a, T* __restrict b, double c, double s, int64_t n) {
  for (int64_t j = 0; j < n; j++) {
    const T x = a[j], y = b[j];
    a[j] = x * c + y * s;
    b[j] = y * c - x * s;
  }
}

}  // namespace
}  // namespace TT_NS
