// Householder reflectors, as LAPACK makes and signs them.
#pragma once
#include "linalg.h"

namespace TT_NS {
namespace {

// The sum of |x|², in eight parts.
template <class T>
TT_INLINE double sum_of_squares(const T* x, int64_t n) {
  double parts[8] = {};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int64_t j = 0; j < 8; j++) parts[j] += squared(x[i + j]);
  for (; i < n; i++) parts[0] += squared(x[i]);
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}

// Turns a vector x into (β, v₁, v₂, …) such that Hᴴ x = (β, 0, …) for H = I − τ v vᴴ, v = (1, v₁, …) and real β. Gives τ.
template <class T>
TT_APART T make_reflector(T* x, int64_t n) {
  if (n <= 0) return from_real<T>(0);
  const double tail = sum_of_squares(x + 1, n - 1);
  double sum = tail + squared(x[0]), unit = 1;
  if (!(tail > 1e-280 && sum < 1e280)) {  // squares may have left the range of numbers
    double most = 0;
    for (int64_t i = 1; i < n; i++) most = larger(most, size_of(x[i]));
    if (most == 0 && imag_of(x[0]) == 0) return from_real<T>(0);
    most = larger(most, size_of(x[0]));
    if (most < 1e-140 || most > 1e140) unit = most;
    if (unit != 1)
      for (int64_t i = 0; i < n; i++) x[i] = x[i] / Real<T>(unit);
    sum = sum_of_squares(x, n);
  }
  const T head = x[0];
  const double beta = -with_sign(square_root(sum), real_of(head));
  x[0] = from_real<T>(beta * unit);
  // In double precision, whose inverse of a small float is a number.
  if constexpr (Complex<T>) {
    const c128 factor = c128{1, 0} / c128{head.re - beta, head.im};
    for (int64_t i = 1; i < n; i++) {
      const c128 v = c128{x[i].re, x[i].im} * factor;
      x[i] = {Real<T>(v.re), Real<T>(v.im)};
    }
    return {Real<T>((beta - head.re) / beta), Real<T>(-head.im / beta)};
  } else {
    const double factor = 1 / (head - beta);
    for (int64_t i = 1; i < n; i++) x[i] = T(x[i] * factor);
    return T((beta - head) / beta);
  }
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
