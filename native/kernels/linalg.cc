// The innermost loops of linear algebra, for each instruction set.
//
// linalg_start: []     makes the factorizations of portable/linalg_*.cc use them
#include "../portable/linalg_panels.h"
#include "gemv.h"
#include "matmul.h"

namespace TT_NS {
namespace {

// c (m × n) -= a (m × k) · b (k × n). An element of a stands at i * rows + p * columns, so that it may be transposed; with
// `conjugate` it is conjugated. One or two rows of c and four of b are worked on at a time.
template <bool conjugate, int kRows, class T>
TT_INLINE void subtract_strip(T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb, int64_t n,
                              int64_t k) {
  const auto at = [&](int64_t i, int64_t p) {
    const T x = a[i * rows + p * columns];
    return conjugate ? conj_of(x) : x;
  };
  T* __restrict c0 = c;
  T* __restrict c1 = c + ldc;
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    const T a00 = at(0, p), a01 = at(0, p + 1), a02 = at(0, p + 2), a03 = at(0, p + 3);
    const T *b0 = b + p * ldb, *b1 = b0 + ldb, *b2 = b1 + ldb, *b3 = b2 + ldb;
    if constexpr (kRows == 2) {
      const T a10 = at(1, p), a11 = at(1, p + 1), a12 = at(1, p + 2), a13 = at(1, p + 3);
      for (int64_t j = 0; j < n; j++) {
        c0[j] -= (a00 * b0[j] + a01 * b1[j]) + (a02 * b2[j] + a03 * b3[j]);
        c1[j] -= (a10 * b0[j] + a11 * b1[j]) + (a12 * b2[j] + a13 * b3[j]);
      }
    } else {
      for (int64_t j = 0; j < n; j++) c0[j] -= (a00 * b0[j] + a01 * b1[j]) + (a02 * b2[j] + a03 * b3[j]);
    }
  }
  for (; p < k; p++)
    for (int row = 0; row < kRows; row++) {
      const T factor = at(row, p);
      T* __restrict to = row == 0 ? c0 : c1;
      const T* from = b + p * ldb;
      for (int64_t j = 0; j < n; j++) to[j] -= factor * from[j];
    }
}

template <bool conjugate, class T>
TT_APART void subtract_strips(T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb, int64_t m,
                            int64_t n, int64_t k) {
  const int64_t tile = 2048 / int64_t(sizeof(T));
  for (int64_t start = 0; start < n; start += tile) {
    const int64_t width = smaller(tile, n - start);
    int64_t i = 0;
    for (; i + 2 <= m; i += 2)
      subtract_strip<conjugate, 2>(c + i * ldc + start, ldc, a + i * rows, rows, columns, b + start, ldb, width, k);
    if (i < m) subtract_strip<conjugate, 1>(c + i * ldc + start, ldc, a + i * rows, rows, columns, b + start, ldb, width, k);
  }
}

template <class T>
TT_INLINE void subtract_rows_of(bool conjugate, T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b,
                                int64_t ldb, int64_t m, int64_t n, int64_t k) {
  if (Complex<T> && conjugate)
    subtract_strips<Complex<T>>(c, ldc, a, rows, columns, b, ldb, m, n, k);
  else
    subtract_strips<false>(c, ldc, a, rows, columns, b, ldb, m, n, k);
}

// By the library's matrix product where the type is real, else by strips, shared among threads.
template <class T>
TT_APART void product_of(bool conjugate, T* c, int64_t ldc, const T* a, int64_t rows, int64_t columns, const T* b, int64_t ldb,
                       int64_t m, int64_t n, int64_t k) {
  if (m <= 0 || n <= 0 || k <= 0) return;
  if (m * n * k < 4096) return subtract_rows_of(conjugate, c, ldc, a, rows, columns, b, ldb, m, n, k);
  if constexpr (Complex<T>) {
    parallel(m, 65536 / (n * k) + 8, [&](int64_t begin, int64_t end, int) {
      subtract_rows_of(conjugate, c + begin * ldc, ldc, a + begin * rows, rows, columns, b, ldb, end - begin, n, k);
    });
  } else {
    const Product<T, T> product = {m, n, k, {a, rows, columns}, {b, ldb, 1}, {c, ldc, 1}, {c, ldc, 1}, -1, 1, false};
    const auto multiply = same_type<T, float> ? TT_SYMBOL(product_float32) : TT_SYMBOL(product_float64);
    if (multiply(&product, true) != TT_OK) tt_fail_linalg();
  }
}

template <class T>
TT_APART void solve_of(bool conjugate, const T* a, int64_t rows, int64_t columns, bool lower, bool unit, T* b, int64_t ldb, int64_t n,
                           int64_t k) {
  constexpr int64_t kLeaf = 32;
  if (n > kLeaf) {
    // One half, what it takes from the other, the other.
    const int64_t half = (n / 2 + kLeaf - 1) / kLeaf * kLeaf, first = lower ? 0 : half, second = lower ? half : 0;
    const int64_t size = lower ? half : n - half, rest = n - size, step = rows + columns;
    solve_of(conjugate, a + first * step, rows, columns, lower, unit, b + first * ldb, ldb, size, k);
    product_of(conjugate, b + second * ldb, ldb, a + second * rows + first * columns, rows, columns, b + first * ldb,
                                ldb, rest, k, size);
    solve_of(conjugate, a + second * step, rows, columns, lower, unit, b + second * ldb, ldb, rest, k);
    return;
  }
  for (int64_t s = 0; s < n; s++) {
    const int64_t i = lower ? s : n - 1 - s, from = lower ? 0 : i + 1;
    T* row = b + i * ldb;
    subtract_rows_of(conjugate, row, ldb, a + i * rows + from * columns, rows, columns, b + from * ldb, ldb, 1, k, s);
    if (unit) continue;
    const T pivot = conjugate ? conj_of(a[i * (rows + columns)]) : a[i * (rows + columns)];
    for (int64_t j = 0; j < k; j++) row[j] = row[j] / pivot;
  }
}

// Four rows at a time.
template <class T>
TT_APART void dots_of(const T* a, int64_t lda, int64_t count, const T* x, int64_t n, T* out) {
  int64_t i = 0;
  if constexpr (Complex<T>) {
    for (; i < count; i++) {
      T sum = from_real<T>(0);
      for (int64_t j = 0; j < n; j++) sum += a[i * lda + j] * conj_of(x[j]);
      out[i] = sum;
    }
  } else {
    for (; i + 4 <= count; i += 4) dots<T, 4, 1>(n, a + i * lda, lda, x, 0, out + i, 0);
    for (; i < count; i++) dots<T, 1, 1>(n, a + i * lda, lda, x, 0, out + i, 0);
  }
}

template <class R>
TT_APART void turn_of(R* __restrict a, R* __restrict b, R c, R s, int64_t n) {
  typedef typename Vec<R>::type V;
  constexpr int lanes = Vec<R>::lanes;
  const V cosine = broadcast<R>(c), sine = broadcast<R>(s);
  int64_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    const V x = load<R>(a + j), y = load<R>(b + j);
    store<R>(a + j, multiply_add(x, cosine, y * sine));
    store<R>(b + j, multiply_add(y, cosine, -(x * sine)));
  }
  for (; j < n; j++) {
    const R x = a[j], y = b[j];
    a[j] = x * c + y * s;
    b[j] = y * c - x * s;
  }
}

// The roots of 1/ρ + Σ zⱼ² / (pⱼ − λ) = 0 (linalg_secular.h).
struct Roots : SecularEquation {
  static double gap(double a, double b, bool squares) { return squares ? (a - b) * (a + b) : a - b; }
  // Σ z² / (gap − τ), and its derivative.
  static void sums(const double* z, const double* gaps, double tau, int64_t begin, int64_t end, double& value, double& slope) {
    typedef Vec<double>::type V;
    constexpr int lanes = Vec<double>::lanes;
    V values = {}, slopes = {};
    int64_t j = begin;
    for (; j + lanes <= end; j += lanes) {
      const V weight = load<double>(z + j), ratio = weight / (load<double>(gaps + j) - tau);
      values = multiply_add(weight, ratio, values);
      slopes = multiply_add(ratio, ratio, slopes);
    }
    value = sum_of_lanes<double>(values);
    slope = sum_of_lanes<double>(slopes);
    for (; j < end; j++) {
      const double ratio = z[j] / (gaps[j] - tau);
      value += z[j] * ratio;
      slope += ratio * ratio;
    }
  }

  // Root i, between poles i and i + 1 (the last one beyond all poles), by interpolation with the two poles beside it and a
  // constant (the "middle way", Li 1993), within a bracket. `gaps` has room for `count`.
  void solve(int64_t i, double* gaps) const {
    const bool last = i == count - 1;
    const int64_t split = last && count > 1 ? count - 2 : i;
    const auto from = [&](int64_t o) {
      origin[i] = o;
      for (int64_t j = 0; j < count; j++) gaps[j] = gap(d[j], d[o], squares);
    };
    from(i);
    double below, above, slope_below, slope_above, low = 0, high, tau;
    if (last) {
      high = 0;
      for (int64_t j = 0; j < count; j++) high += z[j] * z[j];
      high /= inverse_rho;
      low = z[i] * z[i] / inverse_rho;
      if (count == 1 || !(low < high)) {
        offset[i] = high;
        return;
      }
      tau = (low + high) / 2;
    } else {
      const double width = gaps[i + 1];
      tau = width / 2;
      sums(z, gaps, tau, 0, i + 1, below, slope_below);
      sums(z, gaps, tau, i + 1, count, above, slope_above);
      const double value = inverse_rho + below + above, left = z[i] * z[i], right = z[i + 1] * z[i + 1];
      // What all other poles give is taken for constant.
      const double rest = value + (left - right) / tau;
      if (value >= 0) {
        high = tau;
        const double a = rest * width + left + right, b = left * width;
        const double root = square_root(larger(0.0, a * a - 4 * b * rest));
        tau = a > 0 ? 2 * b / (a + root) : (a - root) / (2 * rest);
      } else {
        from(i + 1);
        low = -tau;
        high = 0;
        const double a = rest * width - left - right, b = right * width;
        const double root = square_root(larger(0.0, a * a + 4 * b * rest));
        tau = a < 0 ? 2 * b / (a - root) : -(a + root) / (2 * rest);
      }
      if (!(tau > low && tau < high)) tau = (low + high) / 2;
    }
    for (int step = 0; step < 100; step++) {
      sums(z, gaps, tau, 0, split + 1, below, slope_below);
      sums(z, gaps, tau, split + 1, count, above, slope_above);
      const double value = inverse_rho + below + above, slope = slope_below + slope_above;
      const double noise = 8 * (magnitude(below) + magnitude(above)) + inverse_rho + magnitude(tau) * slope;
      if (magnitude(value) <= 0x1p-52 * noise) break;
      (value < 0 ? low : high) = tau;
      const double one = gaps[split] - tau, two = gaps[split + 1] - tau;
      double c = value - one * slope_below - two * slope_above;
      const double a = (one + two) * value - one * two * slope, b = one * two * value;
      const double root = square_root(larger(0.0, a * a - 4 * b * c));
      double change;
      if (last) {
        c = magnitude(c);
        change = a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root);
      } else {
        change = a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
      }
      if (!(value * change < 0)) change = -value / slope;
      double next = tau + change;
      if (!(next > low && next < high)) next = low == 0 ? high / 16 : high == 0 ? low / 16 : (low + high) / 2;
      if (next == tau) break;
      tau = next;
    }
    offset[i] = tau;
  }

  // z over the poles less root i: of an eigenvector, or a right singular vector, all but its length.
  void vector(int64_t i, double* out) const {
    const double o = d[origin[i]], tau = offset[i];
    if (squares)
      for (int64_t j = 0; j < count; j++) out[j] = z[j] / ((d[j] - o) * (d[j] + o) - tau);
    else
      for (int64_t j = 0; j < count; j++) out[j] = z[j] / ((d[j] - o) - tau);
  }

  // All roots; z becomes that of which they are the roots to full precision (Löwner's formula), so that vectors made with it are
  // orthogonal. False without memory.
  bool solve_all() const {
    bool memory = true;
    parallel(count, 8192 / count + 1, [&](int64_t begin, int64_t end, int) {
      Scratch<double> gaps(count);
      if (!gaps.data) {
        memory = false;
        return;
      }
      for (int64_t i = begin; i < end; i++) solve(i, gaps.data);
    });
    if (!memory) return false;
    Scratch<double> product(count);
    if (!product.data) return false;
    double* const p = product.data;
    parallel(count, 16384 / count + 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t j = begin; j < end; j++) p[j] = 1;
      for (int64_t i = 0; i < count; i++) {
        const double o = d[origin[i]], tau = offset[i], own = d[i];
        const auto range = [&](int64_t first, int64_t behind) {
          if (squares)
            for (int64_t j = first; j < behind; j++) p[j] *= ((d[j] - o) * (d[j] + o) - tau) / ((d[j] - own) * (d[j] + own));
          else
            for (int64_t j = first; j < behind; j++) p[j] *= ((d[j] - o) - tau) / (d[j] - own);
        };
        range(begin, smaller(i, end));
        range(larger(i + 1, begin), end);
        if (i >= begin && i < end) p[i] *= tau - gap(own, o, squares);
      }
    });
    for (int64_t j = 0; j < count; j++) z[j] = with_sign(square_root(magnitude(p[j])), z[j]);
    return true;
  }
};

// The untyped doors.
static void subtract(int dtype, bool alone, bool conjugate, void* c, int64_t ldc, const void* a, int64_t rows, int64_t columns,
                     const void* b, int64_t ldb, int64_t m, int64_t n, int64_t k) {
  switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto run = alone ? subtract_rows_of<T> : product_of<T>;
    run(conjugate, static_cast<T*>(c), ldc, static_cast<const T*>(a), rows, columns, static_cast<const T*>(b), ldb, m, n, k);
  });
}

static void triangle(int dtype, bool conjugate, const void* a, int64_t rows, int64_t columns, bool lower, bool unit, void* b,
                     int64_t ldb, int64_t n, int64_t k) {
  switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    solve_of(conjugate, static_cast<const T*>(a), rows, columns, lower, unit, static_cast<T*>(b), ldb, n, k);
  });
}

static void dots(int dtype, const void* a, int64_t lda, int64_t count, const void* x, int64_t n, void* out) {
  switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    dots_of(static_cast<const T*>(a), lda, count, static_cast<const T*>(x), n, static_cast<T*>(out));
  });
}

// Of the real types.
template <class F>
TT_INLINE auto as_real(int dtype, F f) {
  return dtype == TT_FLOAT32 ? f(TypeTag<float>{}) : f(TypeTag<double>{});
}

static void turn(int dtype, void* a, void* b, double c, double s, int64_t n) {
  as_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    turn_of(static_cast<T*>(a), static_cast<T*>(b), T(c), T(s), n);
  });
}

static int64_t cholesky(int dtype, void* panel, int64_t width, int64_t length) {
  return as_real(dtype, [&](auto tag) {
    return cholesky_panel(static_cast<typename decltype(tag)::type*>(panel), width, length);
  });
}

static int64_t lu(int dtype, void* panel, int64_t width, int64_t height, int64_t* pivots) {
  return as_real(dtype, [&](auto tag) {
    return lu_panel(static_cast<typename decltype(tag)::type*>(panel), width, height, pivots);
  });
}

static void qr(int dtype, void* panel, int64_t width, int64_t height, void* tau) {
  as_real(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    qr_panel(static_cast<T*>(panel), width, height, static_cast<T*>(tau));
  });
}

static bool solve(const SecularEquation* equation) { return Roots{*equation}.solve_all(); }
static void vector(const SecularEquation* equation, int64_t root, double* out) { Roots{*equation}.vector(root, out); }

static const LinalgKernels kernels = {subtract, triangle, dots, turn, cholesky, lu, qr, solve, vector};

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_start) {
  (void)args;
  tt_use_linalg_kernels(&kernels);
  return TT_OK;
}
