// Bunch-Kaufman factorization of symmetric and Hermitian matrices, with LAPACK's pivots. All in double precision.
//
// linalg_ldl: [dtype, batch, n, hermitian; a, pivots, info]
//   The lower triangle of a becomes L D Lᵀ (Lᴴ), the rest zero; pivots as of LAPACK's sytrf, lower: a row exchanged with (from
//   1) for a block of one, twice its negative for a block of two. info: the first block of D that is zero, from 1, or 0.
// linalg_ldl_solve: [dtype, batch, n, k, hermitian; ld, pivots, b]     b (n × k) becomes the solution
#include "linalg.h"

namespace TT_NS {
namespace {

template <class T>
TT_INLINE T conj_if(bool hermitian, T x) {
  return hermitian ? conj_of(x) : x;
}
template <class T>
TT_INLINE void make_real(bool hermitian, T& x) {
  if (hermitian) x = from_real<T>(real_of(x));
}

// Exchanges rows and columns `to` and `with` of the part of a symmetric matrix behind column `to`, of which the lower half is stored.
template <class T>
static void exchange_both(T* a, int64_t n, int64_t to, int64_t with, bool hermitian) {
  for (int64_t i = with + 1; i < n; i++) exchange(a[i * n + to], a[i * n + with]);
  for (int64_t i = to + 1; i < with; i++) {
    const T kept = conj_if(hermitian, a[i * n + to]);
    a[i * n + to] = conj_if(hermitian, a[with * n + i]);
    a[with * n + i] = kept;
  }
  a[with * n + to] = conj_if(hermitian, a[with * n + to]);
  exchange(a[to * n + to], a[with * n + with]);
}

template <class T>
static int32_t factor(T* a, int64_t n, int32_t* pivots, bool hermitian) {
  const double alpha = (1 + square_root(17)) / 8;
  int32_t info = 0;
  for (int64_t k = 0; k < n;) {
    make_real(hermitian, a[k * n + k]);
    const double diagonal = size_of(a[k * n + k]);
    double most = 0;
    int64_t at = k;
    for (int64_t i = k + 1; i < n; i++)
      if (size_of(a[i * n + k]) > most) {
        most = size_of(a[i * n + k]);
        at = i;
      }
    int64_t with = k;
    bool two = false;
    if (larger(diagonal, most) == 0) {
      if (info == 0) info = int32_t(k + 1);
      pivots[k] = int32_t(k + 1);
      k++;
      continue;
    }
    if (diagonal < alpha * most) {
      double row = 0;
      for (int64_t j = k; j < at; j++) row = larger(row, size_of(a[at * n + j]));
      for (int64_t i = at + 1; i < n; i++) row = larger(row, size_of(a[i * n + at]));
      if (diagonal < alpha * most * (most / row)) {
        with = at;
        two = magnitude(hermitian ? double(real_of(a[at * n + at])) : size_of(a[at * n + at])) < alpha * row;
      }
    }
    const int64_t last = two ? k + 1 : k;
    if (with != last) {
      exchange_both(a, n, last, with, hermitian);
      if (two) exchange(a[last * n + k], a[with * n + k]);
    }
    make_real(hermitian, a[k * n + k]);
    // Row i of L times D is the row of a that it replaces: (x) or (x, y).
    if (!two) {
      const T inverse = from_real<T>(1) / a[k * n + k];
      for (int64_t i = k + 1; i < n; i++) {
        const T x = a[i * n + k];
        a[i * n + k] = x * inverse;
        for (int64_t j = k + 1; j <= i; j++) a[i * n + j] -= x * conj_if(hermitian, a[j * n + k]);
        make_real(hermitian, a[i * n + i]);
      }
    } else {
      make_real(hermitian, a[last * n + last]);
      const T d21 = a[last * n + k], d12 = conj_if(hermitian, d21);
      const T d22 = a[last * n + last] / d21, d11 = a[k * n + k] / d12;
      const T scale = from_real<T>(1) / (d11 * d22 - from_real<T>(1));
      for (int64_t i = k + 2; i < n; i++) {
        const T x = a[i * n + k], y = a[i * n + last];
        a[i * n + k] = scale * ((x * d22 - y) / d12);
        a[i * n + last] = scale * ((y * d11 - x) / d21);
        for (int64_t j = k + 2; j <= i; j++)
          a[i * n + j] -= x * conj_if(hermitian, a[j * n + k]) + y * conj_if(hermitian, a[j * n + last]);
        make_real(hermitian, a[i * n + i]);
      }
    }
    pivots[k] = pivots[last] = int32_t(two ? -(with + 1) : with + 1);
    k = last + 1;
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) a[i * n + j] = from_real<T>(0);
  return info;
}

template <class T>
TT_INLINE void subtract_row(T* to, T factor, const T* from, int64_t k) {
  for (int64_t j = 0; j < k; j++) to[j] -= factor * from[j];
}

// Whether the pivots are such as `factor` gives; they are the user's.
static bool valid(const int32_t* pivots, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t pivot = pivots[i];
    if (pivot == 0 || pivot > n || pivot < -n) return false;
    if (pivot < 0) {
      if (i + 1 == n || pivots[i + 1] != pivots[i]) return false;
      i++;
    }
  }
  return true;
}

template <class T>
static void solve(const T* a, int64_t n, const int32_t* pivots, T* b, int64_t k, bool hermitian) {
  for (int64_t i = 0; i < n;) {
    const bool two = pivots[i] < 0;
    const int64_t last = two ? i + 1 : i, with = (two ? -pivots[i] : pivots[i]) - 1;
    swap_rows(b + last * k, b + with * k, k);
    for (int64_t r = last + 1; r < n; r++) {
      subtract_row(b + r * k, a[r * n + i], b + i * k, k);
      if (two) subtract_row(b + r * k, a[r * n + last], b + last * k, k);
    }
    if (two) {
      const T d21 = a[last * n + i], d12 = conj_if(hermitian, d21);
      const T d11 = a[i * n + i] / d12, d22 = a[last * n + last] / d21;
      const T scale = from_real<T>(1) / (d11 * d22 - from_real<T>(1));
      for (int64_t j = 0; j < k; j++) {
        const T x = b[i * k + j] / d12, y = b[last * k + j] / d21;
        b[i * k + j] = (d22 * x - y) * scale;
        b[last * k + j] = (d11 * y - x) * scale;
      }
    } else {
      for (int64_t j = 0; j < k; j++) b[i * k + j] = b[i * k + j] / a[i * n + i];
    }
    i = last + 1;
  }
  for (int64_t last = n - 1; last >= 0;) {
    const bool two = pivots[last] < 0;
    const int64_t i = two ? last - 1 : last, with = (two ? -pivots[last] : pivots[last]) - 1;
    for (int64_t r = last + 1; r < n; r++) {
      subtract_row(b + i * k, conj_if(hermitian, a[r * n + i]), b + r * k, k);
      if (two) subtract_row(b + last * k, conj_if(hermitian, a[r * n + last]), b + r * k, k);
    }
    swap_rows(b + last * k, b + with * k, k);
    last = i - 1;
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_ldl) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer();
  const bool hermitian = reader.integer() != 0;
  char* const data = reader.address<char>();
  int32_t* const pivots = reader.address<int32_t>();
  int32_t* const info = reader.address<int32_t>();
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * n / 3, [&](int64_t i) {
      info[i] = factor(reinterpret_cast<T*>(data) + i * n * n, n, pivots + i * n, hermitian);
    });
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(linalg_ldl_solve) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer(), k = reader.integer();
  const bool hermitian = reader.integer() != 0;
  const char* const data = reader.address<char>();
  const int32_t* const pivots = reader.address<int32_t>();
  char* const right = reader.address<char>();
  for (int64_t i = 0; i < batch; i++)
    if (!valid(pivots + i * n, n)) return TT_INDEX_OUT_OF_RANGE;
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * k, [&](int64_t i) {
      solve(reinterpret_cast<const T*>(data) + i * n * n, n, pivots + i * n, reinterpret_cast<T*>(right) + i * n * k, k,
            hermitian);
    });
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
