// Eigenvalues of symmetric and Hermitian matrices: Householder tridiagonalisation, then implicit QL with Wilkinson's shift.
//
// linalg_eigh: [dtype, batch, n, vectors; a, w, info]
//   The lower triangle of a is read; w (the real dtype) takes the eigenvalues in rising order, a the eigenvectors as columns
//   if wanted (else arbitrary content). info: not 0 if the iteration did not converge. All in double precision.
#include "linalg.h"
#include "linalg_reflector.h"

namespace TT_NS {
namespace {

// a = Q T Qᴴ: T's diagonal goes to d, what is beside it to e; the reflectors to the columns of a below the subdiagonal.
template <class T>
static void tridiagonalize(T* a, int64_t n, double* d, double* e, T* tau, T* v, T* w) {
  for (int64_t i = 0; i + 1 < n; i++) {
    const int64_t size = n - i - 1;
    T* const rest = a + (i + 1) * n + i + 1;
    for (int64_t r = 0; r < size; r++) v[r] = a[(i + 1 + r) * n + i];
    tau[i] = make_reflector(v, size);
    e[i] = real_of(v[0]);
    for (int64_t r = 0; r < size; r++) a[(i + 1 + r) * n + i] = v[r];
    v[0] = from_real<T>(1);
    if (is_zero(tau[i])) continue;
    // w = τ A v, from the lower triangle alone.
    for (int64_t r = 0; r < size; r++) w[r] = from_real<T>(0);
    for (int64_t r = 0; r < size; r++) {
      const T* __restrict row = rest + r * n;
      const T factor = v[r];
      T sum = v[r] * real_of(row[r]);
      for (int64_t c = 0; c < r; c++) w[c] += conj_of(row[c]) * factor;
      for (int64_t c = 0; c < r; c++) sum += row[c] * v[c];
      w[r] += sum;
    }
    T inner = from_real<T>(0);
    for (int64_t r = 0; r < size; r++) {
      w[r] = tau[i] * w[r];
      inner += conj_of(w[r]) * v[r];
    }
    const T half = tau[i] * inner * 0.5;
    for (int64_t r = 0; r < size; r++) w[r] -= half * v[r];
    // A ← A − v wᴴ − w vᴴ
    for (int64_t r = 0; r < size; r++) {
      T* __restrict row = rest + r * n;
      const T x = v[r], y = w[r];
      for (int64_t c = 0; c <= r; c++) row[c] -= x * conj_of(w[c]) + y * conj_of(v[c]);
    }
  }
  for (int64_t i = 0; i < n; i++) d[i] = real_of(a[i * n + i]);
  if (n > 0) e[n - 1] = 0;
}

// Diagonalises (d, e); the rows of z turn along.
template <class T>
static bool diagonalize(double* d, double* e, T* z, int64_t n) {
  const double eps = 0x1p-53;
  for (int64_t low = 0; low < n; low++) {
    for (int iteration = 0;; iteration++) {
      int64_t high = low;
      while (high < n - 1 && magnitude(e[high]) > eps * (magnitude(d[high]) + magnitude(d[high + 1]))) high++;
      if (high == low) break;
      if (iteration == 60) return false;
      double g = (d[low + 1] - d[low]) / (2 * e[low]);
      double r = hypotenuse(g, 1);
      g = d[high] - d[low] + e[low] / (g + with_sign(r, g));
      double s = 1, c = 1, p = 0;
      int64_t i = high - 1;
      for (; i >= low; i--) {
        const double f = s * e[i], b = c * e[i];
        r = hypotenuse(f, g);
        e[i + 1] = r;
        if (r == 0) {  // split here
          d[i + 1] -= p;
          e[high] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        if (z) rotate_rows(z + (i + 1) * n, z + i * n, c, s, n);
      }
      if (i >= low) continue;
      d[low] -= p;
      e[low] = g;
      e[high] = 0;
    }
  }
  return true;
}

template <class T>
static bool eigh(T* a, int64_t n, double* w, bool vectors, double* reals, T* work) {
  for (int64_t i = 0; i < n; i++) a[i * n + i] = from_real<T>(real_of(a[i * n + i]));
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = larger(most, largest(a + i * n, i + 1));
  if (most == __builtin_inf()) {
    for (int64_t i = 0; i < n; i++) w[i] = __builtin_nan("");
    for (int64_t i = 0; i < n * n; i++) a[i] = from_real<T>(__builtin_nan(""));
    return true;
  }
  const double scale = most > 0 && (most < 1e-120 || most > 1e120) ? most : 1;
  if (scale != 1)
    for (int64_t i = 0; i < n * n; i++) a[i] = a[i] / scale;
  double* const e = reals;
  T *const tau = work, *const v = work + n, *const t = work + 2 * n;
  T* const z = vectors ? work + 3 * n : nullptr;
  tridiagonalize(a, n, w, e, tau, v, t);
  if (vectors) {
    // Q, backwards from the last reflector, then transposed, so that its columns are rows.
    for (int64_t i = 0; i < n * n; i++) z[i] = from_real<T>(i % (n + 1) == 0 ? 1 : 0);
    for (int64_t i = n - 2; i >= 0; i--) {
      const int64_t size = n - i - 1;
      v[0] = from_real<T>(1);
      for (int64_t r = 1; r < size; r++) v[r] = a[(i + 1 + r) * n + i];
      reflect_rows(tau[i], v, z + (i + 1) * (n + 1), n, size, size, t);
    }
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < i; j++) exchange(z[i * n + j], z[j * n + i]);
  }
  const bool converged = diagonalize(w, e, z, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++)
      if (w[j] < w[least]) least = j;
    exchange(w[i], w[least]);
    if (vectors) swap_rows(z + i * n, z + least * n, n);
    w[i] *= scale;
  }
  if (vectors)
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) a[i * n + j] = z[j * n + i];
  return converged;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_eigh) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer();
  const bool vectors = reader.integer() != 0;
  char* const data = reader.address<char>();
  double* const values = reader.address<double>();
  int32_t* const info = reader.address<int32_t>();
  bool memory = true;
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * n * (vectors ? 6 : 2), [&](int64_t i) {
      Scratch<double> reals(n);
      Scratch<T> work(3 * n + (vectors ? n * n : 0));
      if (!reals.data || !work.data) {
        memory = false;
        return;
      }
      info[i] = eigh(reinterpret_cast<T*>(data) + i * n * n, n, values + i * n, vectors, reals.data, work.data) ? 0 : 1;
    });
  });
  return !known ? TT_UNSUPPORTED_DTYPE : memory ? TT_OK : TT_OUT_OF_MEMORY;
}
