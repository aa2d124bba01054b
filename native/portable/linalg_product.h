// What the factorizations spend their time on, by the type of what it is done to.
#pragma once
#include "../linalg_kernels.h"
#include "linalg.h"

namespace TT_NS {
namespace {

// What an entry answers.
TT_INLINE int32_t outcome(bool known, bool memory) {
  const bool failed = tt_linalg_failed() || !memory;
  return !known ? TT_UNSUPPORTED_DTYPE : failed ? TT_OUT_OF_MEMORY : TT_OK;
}

template <class T>
TT_INLINE int dtype_of() {
  const bool single = sizeof(Real<T>) == sizeof(float);
  return Complex<T> ? (single ? TT_COMPLEX64 : TT_COMPLEX128) : single ? TT_FLOAT32 : TT_FLOAT64;
}

// c (m × n) -= a (m × k) · b (k × n). An element of a stands at i * rows + p * columns, so that it may be transposed; with
// `conjugate` it is conjugated.
template <bool conjugate, class T>
TT_INLINE void subtract_product(T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb, int64_t m,
                                int64_t n, int64_t k) {
  tt_linalg_kernels()->subtract(dtype_of<T>(), false, conjugate, c, ldc, a, rows, columns, b, ldb, m, n, k);
}

// The same for few rows, on this thread.
template <bool conjugate, class T>
TT_INLINE void subtract_rows(T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb, int64_t m,
                             int64_t n, int64_t k) {
  tt_linalg_kernels()->subtract(dtype_of<T>(), true, conjugate, c, ldc, a, rows, columns, b, ldb, m, n, k);
}

// Solves A X = B in place of B (n × k), for a triangle A whose element (i, j) stands at i * rows + j * columns.
template <bool conjugate, class T>
TT_INLINE void solve_triangle(const T* a, int64_t rows, int64_t columns, bool lower, bool unit, T* b, int64_t ldb, int64_t n,
                              int64_t k) {
  tt_linalg_kernels()->triangle(dtype_of<T>(), conjugate, a, rows, columns, lower, unit, b, ldb, n, k);
}

// out[i] = the product of row i of a (count × n) and x, conjugated.
template <class T>
TT_INLINE void dot_rows(const T* a, int64_t lda, int64_t count, const T* x, int64_t n, T* out) {
  tt_linalg_kernels()->dots(dtype_of<T>(), a, lda, count, x, n, out);
}

// Rows a and b become c·a + s·b and c·b − s·a.
template <class R>
TT_INLINE void turn_rows(R* a, R* b, double c, double s, int64_t n) {
  tt_linalg_kernels()->turn(dtype_of<R>(), a, b, c, s, n);
}

}  // namespace
}  // namespace TT_NS
