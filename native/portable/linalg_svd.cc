// Singular values: Householder bidiagonalisation, then the implicitly shifted QR iteration of Golub and Reinsch.
//
// linalg_svd: [dtype, batch, m, n, vectors, full; a, u, s, vh, info]
//   For m >= n: a = U diag(s) Vᴴ with s (the real dtype) falling; a is consumed. u is m × m (full) or m × n, vh n × n, neither
//   read nor written without `vectors`. info: −1 for an input that is not finite, 1 if the iteration did not converge. All
//   in double precision.
#include "linalg.h"
#include "linalg_reflector.h"

namespace TT_NS {
namespace {

// a = Q B Pᴴ, B with diagonal s and e above it. The reflectors of Q stay in the columns of a, those of P in its rows.
template <class T>
static void bidiagonalize(T* a, int64_t m, int64_t n, double* s, double* e, T* tau_q, T* tau_p, T* v, T* w) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t r = i; r < m; r++) v[r - i] = a[r * n + i];
    tau_q[i] = make_reflector(v, m - i);
    s[i] = real_of(v[0]);
    for (int64_t r = i; r < m; r++) a[r * n + i] = v[r - i];
    v[0] = from_real<T>(1);
    reflect_rows(conj_of(tau_q[i]), v, a + i * n + i + 1, n, m - i, n - i - 1, w);
    e[i] = 0;
    if (i + 1 == n) break;
    const int64_t size = n - i - 1;
    T* const row = a + i * n + i + 1;
    for (int64_t c = 0; c < size; c++) v[c] = conj_of(row[c]);
    tau_p[i] = make_reflector(v, size);
    e[i] = real_of(v[0]);
    for (int64_t c = 0; c < size; c++) row[c] = v[c];
    v[0] = from_real<T>(1);
    reflect_columns(tau_p[i], v, a + (i + 1) * n + i + 1, n, m - i - 1, size);
  }
}

// Makes the bidiagonal (s, e) diagonal; the rows of ut (length m) and vh (length n) turn along, if there are any.
template <class T>
static bool diagonalize(double* s, double* e, int64_t n, T* ut, int64_t m, T* vh) {
  const double eps = 0x1p-53, tiny = 0x1p-966;
  const auto turn_u = [&](int64_t i, int64_t j, double c, double sine) {
    if (ut) rotate_rows(ut + i * m, ut + j * m, c, sine, m);
  };
  const auto turn_v = [&](int64_t i, int64_t j, double c, double sine) {
    if (vh) rotate_rows(vh + i * n, vh + j * n, c, sine, n);
  };
  int64_t end = n;
  int iteration = 0;
  while (end > 0) {
    const int64_t last = end - 1;
    int64_t begin = last;  // of the block that is worked on: e[begin − 1] is negligible
    while (begin > 0) {
      if (magnitude(e[begin - 1]) <= tiny + eps * (magnitude(s[begin - 1]) + magnitude(s[begin]))) {
        e[begin - 1] = 0;
        break;
      }
      begin--;
    }
    if (begin == last) {
      if (s[last] < 0) {
        s[last] = -s[last];
        if (vh)
          for (int64_t j = 0; j < n; j++) vh[last * n + j] = -vh[last * n + j];
      }
      end--;
      iteration = 0;
      continue;
    }
    if (iteration++ == 75) return false;
    int64_t zero = last;  // a negligible diagonal element in the block
    for (; zero >= begin; zero--) {
      const double beside = (zero < last ? magnitude(e[zero]) : 0) + (zero > begin ? magnitude(e[zero - 1]) : 0);
      if (magnitude(s[zero]) <= tiny + eps * beside) {
        s[zero] = 0;
        break;
      }
    }
    if (zero == last) {  // its column is chased away upwards
      double f = e[last - 1];
      e[last - 1] = 0;
      for (int64_t j = last - 1; j >= begin; j--) {
        const double t = hypotenuse(s[j], f);
        if (t == 0) break;
        const double c = s[j] / t, sine = f / t;
        s[j] = t;
        if (j > begin) {
          f = -sine * e[j - 1];
          e[j - 1] *= c;
        }
        turn_v(j, last, c, sine);
      }
      continue;
    }
    if (zero >= begin) {  // its row is chased away to the right, and the block falls apart
      double f = e[zero];
      e[zero] = 0;
      for (int64_t j = zero + 1; j < end; j++) {
        const double t = hypotenuse(s[j], f);
        if (t == 0) break;
        const double c = s[j] / t, sine = f / t;
        s[j] = t;
        f = -sine * e[j];
        e[j] *= c;
        turn_u(j, zero, c, sine);
      }
      continue;
    }
    // One QR step, with the eigenvalue of the last 2 × 2 block of BᵀB that is nearer to its last element as shift.
    double scale = larger(larger(magnitude(s[last]), magnitude(s[last - 1])), magnitude(e[last - 1]));
    scale = larger(scale, larger(magnitude(s[begin]), magnitude(e[begin])));
    const double sp = s[last] / scale, spm = s[last - 1] / scale, epm = e[last - 1] / scale;
    const double sk = s[begin] / scale, ek = e[begin] / scale;
    const double b = ((spm + sp) * (spm - sp) + epm * epm) / 2, c2 = (sp * epm) * (sp * epm);
    double shift = 0;
    if (b != 0 || c2 != 0) shift = c2 / (b + with_sign(square_root(b * b + c2), b));
    double f = (sk + sp) * (sk - sp) + shift, g = sk * ek;
    for (int64_t j = begin; j < last; j++) {
      double t = hypotenuse(f, g);
      double c = t == 0 ? 1 : f / t, sine = t == 0 ? 0 : g / t;
      if (j > begin) e[j - 1] = t;
      f = c * s[j] + sine * e[j];
      e[j] = c * e[j] - sine * s[j];
      g = sine * s[j + 1];
      s[j + 1] *= c;
      turn_v(j, j + 1, c, sine);
      t = hypotenuse(f, g);
      c = t == 0 ? 1 : f / t;
      sine = t == 0 ? 0 : g / t;
      s[j] = t;
      f = c * e[j] + sine * s[j + 1];
      s[j + 1] = c * s[j + 1] - sine * e[j];
      g = sine * e[j + 1];
      e[j + 1] *= c;
      turn_u(j, j + 1, c, sine);
    }
    e[last - 1] = f;
  }
  return true;
}

template <class T>
static int svd(T* a, int64_t m, int64_t n, T* u, double* s, T* vh, bool full, double* e, T* work) {
  const double most = largest(a, m * n);
  if (most == __builtin_inf()) return -1;
  const double scale = most > 0 && (most < 1e-120 || most > 1e120) ? most : 1;
  if (scale != 1)
    for (int64_t i = 0; i < m * n; i++) a[i] = a[i] / scale;
  T *const tau_q = work, *const tau_p = work + n, *const v = work + 2 * n, *const w = v + m;
  T* const ut = u ? w + m : nullptr;
  bidiagonalize(a, m, n, s, e, tau_q, tau_p, v, w);
  const int64_t columns = full ? m : n;
  if (u) {
    // The first columns of Q, as rows: Qᵀ = … H₁ᵀ H₀ᵀ, built from the last reflector on.
    for (int64_t i = 0; i < columns; i++)
      for (int64_t j = 0; j < m; j++) ut[i * m + j] = from_real<T>(i == j ? 1 : 0);
    for (int64_t i = n - 1; i >= 0; i--) {
      // Qᵀ ← Qᵀ (I − τ conj(v) vᵀ): reflect_columns takes v and conjugates it for the other side.
      v[0] = from_real<T>(1);
      for (int64_t r = 1; r < m - i; r++) v[r] = a[(i + r) * n + i];
      for (int64_t r = 0; r < m - i; r++) v[r] = conj_of(v[r]);
      reflect_columns(tau_q[i], v, ut + i * m + i, m, columns - i, m - i);
    }
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) vh[i * n + j] = from_real<T>(i == j ? 1 : 0);
    // Pᴴ ← Pᴴ Gᴴ from the last on; Gᴴ = I − conj(τ) v vᴴ.
    for (int64_t i = n - 2; i >= 0; i--) {
      v[0] = from_real<T>(1);
      for (int64_t r = 1; r < n - i - 1; r++) v[r] = a[i * n + i + 1 + r];
      reflect_columns(conj_of(tau_p[i]), v, vh + (i + 1) * (n + 1), n, n - i - 1, n - i - 1);
    }
  }
  const bool converged = diagonalize(s, e, n, ut, m, u ? vh : nullptr);
  for (int64_t i = 0; i < n; i++) {
    int64_t most_at = i;
    for (int64_t j = i + 1; j < n; j++)
      if (s[j] > s[most_at]) most_at = j;
    exchange(s[i], s[most_at]);
    if (u) {
      swap_rows(ut + i * m, ut + most_at * m, m);
      swap_rows(vh + i * n, vh + most_at * n, n);
    }
    s[i] *= scale;
  }
  if (u)
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < columns; j++) u[i * columns + j] = ut[j * m + i];
  return converged ? 0 : 1;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_svd) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), m = reader.integer(), n = reader.integer();
  const bool vectors = reader.integer() != 0, full = reader.integer() != 0;
  char* const data = reader.address<char>();
  char* const left = reader.address<char>();
  double* const values = reader.address<double>();
  char* const right = reader.address<char>();
  int32_t* const info = reader.address<int32_t>();
  const int64_t columns = full ? m : n;
  bool memory = true;
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * n * (vectors ? 8 : 2), [&](int64_t i) {
      Scratch<double> e(n);
      Scratch<T> work(2 * n + 2 * m + (vectors ? columns * m : 0));
      if (!e.data || !work.data) {
        memory = false;
        return;
      }
      T* const u = vectors ? reinterpret_cast<T*>(left) + i * m * columns : nullptr;
      T* const vh = vectors ? reinterpret_cast<T*>(right) + i * n * n : nullptr;
      info[i] = svd(reinterpret_cast<T*>(data) + i * m * n, m, n, u, values + i * n, vh, full, e.data, work.data);
    });
  });
  return !known ? TT_UNSUPPORTED_DTYPE : memory ? TT_OK : TT_OUT_OF_MEMORY;
}
