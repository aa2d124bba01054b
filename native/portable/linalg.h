// What the kernels of dense linear algebra share: complex scalars, products of blocks, batches of matrices.
//
// Every matrix is row-major and contiguous, a batch of them too; what is written was copied there before. Inner loops run
// along rows. `kernels/dtype_switch.h` has the complex structs; here they get their arithmetic.
#pragma once
#include "../kernels/dtype_switch.h"
#include "../platform.h"

// One copy of a large loop is enough.
#define TT_APART static __attribute__((noinline))

namespace TT_NS {
namespace {

template <class T>
concept Complex = IsComplex<T>::value;

// Of complex types only: clang looks at the operators' declarations below before it looks at what they require.
template <class T>
struct PartOf;
template <>
struct PartOf<c64> {
  using type = float;
};
template <>
struct PartOf<c128> {
  using type = double;
};
template <class T>
using Part = typename PartOf<T>::type;

template <class T>
struct RealOf {
  using type = T;
};
template <Complex T>
struct RealOf<T> {
  using type = Part<T>;
};
template <class T>
using Real = typename RealOf<T>::type;

template <Complex T>
TT_INLINE T operator+(T a, T b) {
  return {a.re + b.re, a.im + b.im};
}
template <Complex T>
TT_INLINE T operator-(T a, T b) {
  return {a.re - b.re, a.im - b.im};
}
template <Complex T>
TT_INLINE T operator-(T a) {
  return {-a.re, -a.im};
}
template <Complex T>
TT_INLINE T operator*(T a, T b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
// Smith's: no square of a large number overflows.
template <Complex T>
TT_INLINE T operator/(T a, T b) {
  using R = Real<T>;
  const R re = b.re < 0 ? -b.re : b.re, im = b.im < 0 ? -b.im : b.im;
  if (re >= im) {
    const R ratio = b.im / b.re, scale = b.re + b.im * ratio;
    return {(a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale};
  }
  const R ratio = b.re / b.im, scale = b.im + b.re * ratio;
  return {(a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale};
}
template <Complex T>
TT_INLINE T operator*(T a, Part<T> b) {
  return {a.re * b, a.im * b};
}
template <Complex T>
TT_INLINE T operator*(Part<T> a, T b) {
  return b * a;
}
template <Complex T>
TT_INLINE T operator/(T a, Part<T> b) {
  return {a.re / b, a.im / b};
}
template <Complex T>
TT_INLINE T& operator+=(T& a, T b) {
  return a = a + b;
}
template <Complex T>
TT_INLINE T& operator-=(T& a, T b) {
  return a = a - b;
}

TT_INLINE double magnitude(double x) { return __builtin_fabs(x); }
TT_INLINE double square_root(double x) { return __builtin_sqrt(x); }
TT_INLINE double hypotenuse(double x, double y) { return __builtin_hypot(x, y); }
TT_INLINE double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }
template <class A>
TT_INLINE A larger(A a, A b) {
  return a < b ? b : a;
}
template <class A>
TT_INLINE A smaller(A a, A b) {
  return b < a ? b : a;
}
template <class A>
TT_INLINE void exchange(A& a, A& b) {
  const A kept = a;
  a = b;
  b = kept;
}

template <class T>
TT_INLINE T conj_of(T x) {
  if constexpr (Complex<T>)
    return {x.re, -x.im};
  else
    return x;
}
template <class T>
TT_INLINE Real<T> real_of(T x) {
  if constexpr (Complex<T>)
    return x.re;
  else
    return x;
}
template <class T>
TT_INLINE Real<T> imag_of(T x) {
  if constexpr (Complex<T>)
    return x.im;
  else
    return 0;
}
template <class T>
TT_INLINE T from_real(double x) {
  if constexpr (Complex<T>)
    return {Real<T>(x), 0};
  else
    return T(x);
}
// |re| + |im|: what LAPACK compares complex pivots by.
template <class T>
TT_INLINE double size_of(T x) {
  return magnitude(real_of(x)) + magnitude(imag_of(x));
}
template <class T>
TT_INLINE double absolute(T x) {
  if constexpr (Complex<T>)
    return hypotenuse(x.re, x.im);
  else
    return magnitude(x);
}
template <class T>
TT_INLINE double squared(T x) {
  return double(real_of(x)) * real_of(x) + double(imag_of(x)) * imag_of(x);
}
template <class T>
TT_INLINE bool is_zero(T x) {
  return real_of(x) == 0 && imag_of(x) == 0;
}
template <class T>
TT_INLINE bool is_finite(T x) {
  const double sum = double(real_of(x)) - double(real_of(x)) + (double(imag_of(x)) - double(imag_of(x)));
  return sum == 0;
}

// Memory for one matrix's work; null if there is none.
template <class T>
struct Scratch {
  T* data;
  explicit Scratch(int64_t count) : data(static_cast<T*>(tt_alloc(size_t(count + 1) * sizeof(T)))) {}
  ~Scratch() { tt_free(data); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

template <class T>
TT_INLINE void swap_rows(T* a, T* b, int64_t n) {
  if (a == b) return;
  for (int64_t j = 0; j < n; j++) exchange(a[j], b[j]);
}

// The larger of largest |element| so far and those of a row; NaN and infinity give infinity.
template <class T>
static double largest(const T* a, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!is_finite(a[i])) return __builtin_inf();
    most = larger(most, size_of(a[i]));
  }
  return most;
}

// c (m × n) -= a (m × k) · b (k × n). An element of a stands at i * rows + p * columns, so that it may be transposed; with
// `conjugate` it is conjugated. Two rows of c and four of b are worked on at a time.
template <bool conjugate, class T>
TT_APART void subtract_rows(T* __restrict c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb,
                          int64_t m, int64_t n, int64_t k) {
  const int64_t tile = 2048 / int64_t(sizeof(T));
  const auto at = [&](int64_t i, int64_t p) {
    const T x = a[i * rows + p * columns];
    return conjugate ? conj_of(x) : x;
  };
  for (int64_t start = 0; start < n; start += tile) {
    const int64_t width = smaller(tile, n - start);
    int64_t i = 0;
    for (; i + 2 <= m; i += 2) {
      T* __restrict c0 = c + i * ldc + start;
      T* __restrict c1 = c0 + ldc;
      int64_t p = 0;
      for (; p + 4 <= k; p += 4) {
        const T a00 = at(i, p), a01 = at(i, p + 1), a02 = at(i, p + 2), a03 = at(i, p + 3);
        const T a10 = at(i + 1, p), a11 = at(i + 1, p + 1), a12 = at(i + 1, p + 2), a13 = at(i + 1, p + 3);
        const T *b0 = b + p * ldb + start, *b1 = b0 + ldb, *b2 = b1 + ldb, *b3 = b2 + ldb;
        for (int64_t j = 0; j < width; j++) {
          c0[j] -= (a00 * b0[j] + a01 * b1[j]) + (a02 * b2[j] + a03 * b3[j]);
          c1[j] -= (a10 * b0[j] + a11 * b1[j]) + (a12 * b2[j] + a13 * b3[j]);
        }
      }
      for (; p < k; p++) {
        const T a0 = at(i, p), a1 = at(i + 1, p);
        const T* b0 = b + p * ldb + start;
        for (int64_t j = 0; j < width; j++) {
          c0[j] -= a0 * b0[j];
          c1[j] -= a1 * b0[j];
        }
      }
    }
    if (i < m)
      for (int64_t p = 0; p < k; p++) {
        const T a0 = at(i, p);
        T* __restrict c0 = c + i * ldc + start;
        const T* b0 = b + p * ldb + start;
        for (int64_t j = 0; j < width; j++) c0[j] -= a0 * b0[j];
      }
  }
}

// The same, with the rows shared among threads.
template <bool conjugate, class T>
TT_APART void subtract_product(T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb, int64_t m,
                             int64_t n, int64_t k) {
  if (m <= 0 || n <= 0 || k <= 0) return;
  if (m * n * k < 65536) return subtract_rows<conjugate>(c, ldc, a, rows, columns, b, ldb, m, n, k);
  parallel(m, 65536 / (n * k) + 8, [&](int64_t begin, int64_t end, int) {
    subtract_rows<conjugate>(c + begin * ldc, ldc, a + begin * rows, rows, columns, b, ldb, end - begin, n, k);
  });
}

// Solves A X = B in place of B (n × k), for a triangle A whose element (i, j) stands at i * rows + j * columns.
template <bool conjugate, class T>
TT_APART void solve_triangle(const T* a, int64_t rows, int64_t columns, bool lower, bool unit, T* b, int64_t ldb, int64_t n,
                           int64_t k) {
  constexpr int64_t kBlock = 32;
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  for (int64_t step = 0; step < blocks; step++) {
    const int64_t begin = (lower ? step : blocks - 1 - step) * kBlock, end = smaller(begin + kBlock, n);
    for (int64_t s = begin; s < end; s++) {
      const int64_t i = lower ? s : end - 1 - (s - begin);
      T* row = b + i * ldb;
      const int64_t from = lower ? begin : i + 1, to = lower ? i : end;
      subtract_rows<conjugate>(row, ldb, a + i * rows + from * columns, rows, columns, b + from * ldb, ldb, 1, k, to - from);
      if (unit) continue;
      const T pivot = conjugate ? conj_of(a[i * (rows + columns)]) : a[i * (rows + columns)];
      for (int64_t j = 0; j < k; j++) row[j] = row[j] / pivot;
    }
    const int64_t rest = lower ? end : 0, count = lower ? n - end : begin;
    subtract_product<conjugate>(b + rest * ldb, ldb, a + rest * rows + begin * columns, rows, columns, b + begin * ldb, ldb,
                                count, k, end - begin);
  }
}

// Runs `f(i)` for each matrix of a batch, on several threads if `work` (operations a matrix) makes that worth it.
template <class F>
TT_INLINE void each_matrix(int64_t batch, int64_t work, F f) {
  if (batch == 1) return f(int64_t(0));
  parallel(batch, 32768 / larger(work, int64_t(1)) + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) f(i);
  });
}

// Calls f with the element type: all four floating types that linear algebra knows, or only the two that compute in double.
template <class F>
TT_INLINE bool switch_linalg(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT32: f(TypeTag<float>{}); return true;
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    case TT_COMPLEX64: f(TypeTag<c64>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return false;
  }
}
template <class F>
TT_INLINE bool switch_double(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return false;
  }
}

}  // namespace
}  // namespace TT_NS
