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
#include "linalg.h"

namespace TT_NS {
namespace {

template <class T>
TT_APART int32_t cholesky(T* a, int64_t n, T* panel) {
  constexpr int64_t kBlock = 48;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = smaller(begin + kBlock, n), width = end - begin, below = n - end;
    for (int64_t j = begin; j < end; j++) {
      T* row = a + j * n;
      for (int64_t p = begin; p < j; p++) {
        T sum = row[p];
        const T* other = a + p * n;
        for (int64_t q = begin; q < p; q++) sum -= row[q] * conj_of(other[q]);
        row[p] = sum / real_of(other[p]);
      }
      double left = real_of(row[j]);
      for (int64_t p = begin; p < j; p++) left -= squared(row[p]);
      if (!(left > 0)) return int32_t(j + 1);
      row[j] = from_real<T>(square_root(left));
    }
    if (below == 0) break;
    // What is below the block, transposed, so that loops run along rows.
    for (int64_t i = 0; i < below; i++)
      for (int64_t p = 0; p < width; p++) panel[p * below + i] = conj_of(a[(end + i) * n + begin + p]);
    solve_triangle<false>(a + begin * n + begin, n, 1, true, false, panel, below, width, below);
    for (int64_t i = 0; i < below; i++)
      for (int64_t p = 0; p < width; p++) a[(end + i) * n + begin + p] = conj_of(panel[p * below + i]);
    constexpr int64_t kRows = 64;
    for (int64_t i = 0; i < below; i += kRows) {
      const int64_t count = smaller(kRows, below - i);
      subtract_product<false>(a + (end + i) * n + end, n, a + (end + i) * n + begin, n, 1, panel, below, count, i + count,
                              width);
    }
  }
  return 0;
}

template <class T>
TT_APART int32_t lu(T* a, int64_t m, int64_t n, int32_t* pivots) {
  constexpr int64_t kBlock = 32;
  const int64_t rank = smaller(m, n);
  int32_t info = 0;
  for (int64_t begin = 0; begin < rank; begin += kBlock) {
    const int64_t end = smaller(begin + kBlock, rank);
    for (int64_t j = begin; j < end; j++) {
      int64_t best = j;
      double most = size_of(a[j * n + j]);
      for (int64_t i = j + 1; i < m; i++) {
        const double size = size_of(a[i * n + j]);
        if (size > most) {
          most = size;
          best = i;
        }
      }
      pivots[j] = int32_t(best + 1);
      swap_rows(a + j * n, a + best * n, n);
      const T pivot = a[j * n + j];
      if (is_zero(pivot)) {
        if (info == 0) info = int32_t(j + 1);
        continue;
      }
      const T* from = a + j * n;
      for (int64_t i = j + 1; i < m; i++) {
        T* row = a + i * n;
        const T factor = row[j] / pivot;
        row[j] = factor;
        for (int64_t q = j + 1; q < end; q++) row[q] -= factor * from[q];
      }
    }
    if (end == n) continue;
    solve_triangle<false>(a + begin * n + begin, n, 1, true, true, a + begin * n + end, n, end - begin, n - end);
    subtract_product<false>(a + end * n + end, n, a + end * n + begin, n, 1, a + begin * n + end, n, m - end, n - end,
                            end - begin);
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
  return !known ? TT_UNSUPPORTED_DTYPE : memory ? TT_OK : TT_OUT_OF_MEMORY;
}

TT_ENTRY(linalg_lu) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), m = reader.integer(), n = reader.integer();
  char* const data = reader.address<char>();
  int32_t* const pivots = reader.address<int32_t>();
  int32_t* const info = reader.address<int32_t>();
  const bool known = switch_linalg(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * smaller(m, n), [&](int64_t i) {
      info[i] = lu(reinterpret_cast<T*>(data) + i * m * n, m, n, pivots + i * smaller(m, n));
    });
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
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
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
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
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
