// Triangular factorizations and solvers: Cholesky, LU with partial pivoting, triangles.
//
// linalg_cholesky: [dtype, batch, n; a, info]
//   The lower triangle of each n × n matrix a becomes its factor L, the rest zero. info (int32): the order of the first
//   leading minor that is not positive-definite, or 0.
// linalg_lu: [dtype, batch, m, n; a, pivots, info]
//   a becomes U and, below the diagonal, L; pivots (int32, counted from 1): the row that each was exchanged with; info: the
//   first diagonal element of U that is zero, counted from 1, or 0.
// linalg_lu_solve: [dtype, batch, n, k, mode; lu, pivots, b]
//   b (n × k) becomes the solution of A X = B (mode 0), Aᵀ X = B (1) or Aᴴ X = B (2).
// linalg_solve_triangular: [dtype, batch, n, k, upper, unit, mode; a, b]
//   The same for a triangle; `upper` says which one of a is read, before it is transposed.
#include "linalg_panels.h"

namespace TT_NS {
namespace {

// Blocks of columns are factored as rows of `panel` (48 × n), those of Lᴴ, so that loops run along them.
template <class T>
TT_APART int32_t cholesky(T* a, int64_t n, T* panel) {
  constexpr int64_t kBlock = 48;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t width = smaller(kBlock, n - begin), length = n - begin, below = length - width;
    T* const block = a + begin * (n + 1);
    for (int64_t i = 0; i < length; i++)
      for (int64_t p = 0; p <= smaller(i, width - 1); p++) panel[p * length + i] = conj_of(block[i * n + p]);
    int64_t minor;
    if constexpr (Complex<T>)
      minor = cholesky_panel(panel, width, length);
    else
      minor = tt_linalg_kernels()->cholesky(dtype_of<T>(), panel, width, length);
    if (minor) return int32_t(begin + minor);
    for (int64_t i = 0; i < length; i++)
      for (int64_t p = 0; p <= smaller(i, width - 1); p++) block[i * n + p] = conj_of(panel[p * length + i]);
    constexpr int64_t kRows = 64;
    for (int64_t i = 0; i < below; i += kRows) {
      const int64_t count = smaller(kRows, below - i);
      subtract_product<true>(block + (width + i) * n + width, n, panel + width + i, 1, length, panel + width, length, count,
                             i + count, width);
    }
  }
  return 0;
}

// Panels of columns are factored as rows of `panel` (32 × m), so that loops run along them.
template <class T>
TT_APART int32_t lu(T* a, int64_t m, int64_t n, int32_t* pivots, T* panel) {
  constexpr int64_t kBlock = 32;
  const int64_t rank = smaller(m, n);
  int32_t info = 0;
  for (int64_t begin = 0; begin < rank; begin += kBlock) {
    const int64_t end = smaller(begin + kBlock, rank), width = end - begin, height = m - begin;
    T* const block = a + begin * (n + 1);
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < width; j++) panel[j * height + i] = block[i * n + j];
    int64_t own[kBlock], zero;
    if constexpr (Complex<T>)
      zero = lu_panel(panel, width, height, own);
    else
      zero = tt_linalg_kernels()->lu(dtype_of<T>(), panel, width, height, own);
    if (zero && info == 0) info = int32_t(begin + zero);
    for (int64_t j = 0; j < width; j++) {
      pivots[begin + j] = int32_t(begin + own[j] + 1);
      swap_rows(a + (begin + j) * n, a + (begin + own[j]) * n, begin);
      swap_rows(block + j * n + width, block + own[j] * n + width, n - end);
    }
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < width; j++) block[i * n + j] = panel[j * height + i];
    if (end == n) continue;
    solve_triangle<false>(block, n, 1, true, true, block + width, n, width, n - end);
    subtract_product<false>(a + end * (n + 1), n, a + end * n + begin, n, 1, block + width, n, m - end, n - end, width);
  }
  return info;
}

template <class T>
TT_APART void solve(const T* a, bool lower, bool unit, int mode, T* b, int64_t n, int64_t k) {
  if (mode == 0)
    solve_triangle<false>(a, n, 1, lower, unit, b, k, n, k);
  else if (mode == 1 || !Complex<T>)
    solve_triangle<false>(a, 1, n, !lower, unit, b, k, n, k);
  else
    solve_triangle<true>(a, 1, n, !lower, unit, b, k, n, k);
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_cholesky) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer();
  char* const data = reader.address<char>();
  int32_t* const info = reader.address<int32_t>();
  bool memory = true;
  const bool known = switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * n / 3, [&](int64_t i) {
      T* const a = reinterpret_cast<T*>(data) + i * n * n;
      Scratch<T> panel(48 * n);
      if (!panel.data) {
        memory = false;
        return;
      }
      info[i] = cholesky(a, n, panel.data);
      for (int64_t r = 0; r < n; r++)
        for (int64_t c = r + 1; c < n; c++) a[r * n + c] = from_real<T>(0);
    });
  });
  return outcome(known, memory);
}

TT_ENTRY(linalg_lu) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), m = reader.integer(), n = reader.integer();
  char* const data = reader.address<char>();
  int32_t* const pivots = reader.address<int32_t>();
  int32_t* const info = reader.address<int32_t>();
  bool memory = true;
  const bool known = switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * smaller(m, n), [&](int64_t i) {
      Scratch<T> panel(32 * m);
      if (!panel.data) {
        memory = false;
        return;
      }
      info[i] = lu(reinterpret_cast<T*>(data) + i * m * n, m, n, pivots + i * smaller(m, n), panel.data);
    });
  });
  return outcome(known, memory);
}

TT_ENTRY(linalg_lu_solve) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer(), k = reader.integer();
  const int mode = int(reader.integer());
  const char* const data = reader.address<char>();
  const int32_t* const pivots = reader.address<int32_t>();
  char* const right = reader.address<char>();
  for (int64_t i = 0; i < batch * n; i++)
    if (pivots[i] < 1 || pivots[i] > n) return TT_INDEX_OUT_OF_RANGE;
  const bool known = switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * k, [&](int64_t i) {
      const T* const a = reinterpret_cast<const T*>(data) + i * n * n;
      T* const b = reinterpret_cast<T*>(right) + i * n * k;
      const int32_t* const order = pivots + i * n;
      if (mode == 0) {
        for (int64_t r = 0; r < n; r++) swap_rows(b + r * k, b + (order[r] - 1) * k, k);
        solve(a, true, true, 0, b, n, k);
        solve(a, false, false, 0, b, n, k);
      } else {
        solve(a, false, false, mode, b, n, k);
        solve(a, true, true, mode, b, n, k);
        for (int64_t r = n - 1; r >= 0; r--) swap_rows(b + r * k, b + (order[r] - 1) * k, k);
      }
    });
  });
  return outcome(known, true);
}

TT_ENTRY(linalg_solve_triangular) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer(), k = reader.integer();
  const bool upper = reader.integer() != 0, unit = reader.integer() != 0;
  const int mode = int(reader.integer());
  const char* const data = reader.address<char>();
  char* const right = reader.address<char>();
  const bool known = switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * k, [&](int64_t i) {
      solve(reinterpret_cast<const T*>(data) + i * n * n, !upper, unit, mode, reinterpret_cast<T*>(right) + i * n * k, n, k);
    });
  });
  return outcome(known, true);
}
