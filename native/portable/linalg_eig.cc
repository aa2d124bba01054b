// Eigenvalues of general matrices: balancing, Hessenberg form, shifted QR to Schur form (Francis' double steps for real
// matrices, so that their pairs are exactly conjugate; single steps for complex ones), and eigenvectors by substitution.
//
// linalg_eig: [dtype, batch, n, vectors; a, w, v, info]
//   a is consumed; w and v (n × n, columns of norm 1, the largest component real) are complex128. info: not 0 if the iteration
//   did not converge. All in double precision.
#include "linalg.h"
#include "linalg_reflector.h"

namespace TT_NS {
namespace {

constexpr double kEps = 0x1p-52;

// Scales rows and columns by powers of two until their norms are near each other; `scale` takes the factors.
template <class T>
TT_APART void balance(T* a, int64_t n, double* scale) {
  for (int64_t i = 0; i < n; i++) scale[i] = 1;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = 0; i < n; i++) {
      double row = 0, column = 0;
      for (int64_t j = 0; j < n; j++) {
        if (j == i) continue;
        row += size_of(a[i * n + j]);
        column += size_of(a[j * n + i]);
      }
      if (row == 0 || column == 0) continue;
      double factor = 1;
      const double sum = row + column;
      for (; column < row / 2 && factor < 0x1p400; column *= 4) factor *= 2;
      for (; column >= row * 2 && factor > 0x1p-400; column /= 4) factor /= 2;
      if (factor == 1 || (column + row) / factor >= 0.95 * sum) continue;
      changed = true;
      scale[i] *= factor;
      for (int64_t j = 0; j < n; j++) a[i * n + j] = a[i * n + j] / factor;
      for (int64_t j = 0; j < n; j++) a[j * n + i] = a[j * n + i] * factor;
    }
  }
}

// a = Q H Qᴴ; the rows of zt (nullable) become those of Qᵀ.
template <class T>
TT_APART void hessenberg(T* a, int64_t n, T* zt, T* v, T* w) {
  if (zt)
    for (int64_t i = 0; i < n * n; i++) zt[i] = from_real<T>(i % (n + 1) == 0 ? 1 : 0);
  for (int64_t i = 0; i + 2 < n; i++) {
    const int64_t size = n - i - 1;
    for (int64_t r = 0; r < size; r++) v[r] = a[(i + 1 + r) * n + i];
    const T tau = make_reflector(v, size);
    a[(i + 1) * n + i] = v[0];
    for (int64_t r = 1; r < size; r++) a[(i + 1 + r) * n + i] = from_real<T>(0);
    v[0] = from_real<T>(1);
    reflect_rows(conj_of(tau), v, a + (i + 1) * n + i + 1, n, size, size, w);
    reflect_columns(tau, v, a + i + 1, n, n, size);
    if (!zt) continue;
    // Qᵀ ← Hᵀ Qᵀ, Hᵀ = I − τ conj(v) vᵀ
    for (int64_t r = 0; r < size; r++) v[r] = conj_of(v[r]);
    reflect_rows(tau, v, zt + (i + 1) * n, n, size, n, w);
  }
}

// Real Schur form by double QR steps: h becomes quasi-triangular, with 2 × 2 blocks for complex pairs only.
static bool real_schur(double* h, int64_t n, double* zt, c128* w) {
  const auto at = [&](int64_t i, int64_t j) -> double& { return h[i * n + j]; };
  double norm = 0;
  for (int64_t i = 0; i < n * n; i++) norm += magnitude(h[i]);
  int64_t high = n - 1;
  int iteration = 0;
  while (high >= 0) {
    int64_t low = high;
    for (; low > 0; low--) {
      double beside = magnitude(at(low - 1, low - 1)) + magnitude(at(low, low));
      if (beside == 0) beside = norm;
      if (magnitude(at(low, low - 1)) <= kEps * beside) {
        at(low, low - 1) = 0;
        break;
      }
    }
    if (low == high) {
      w[high] = {at(high, high), 0};
      high--;
      iteration = 0;
      continue;
    }
    double x = at(high, high), y = at(high - 1, high - 1), product = at(high, high - 1) * at(high - 1, high);
    if (low == high - 1) {
      const double p = (y - x) / 2, q = p * p + product, z = square_root(magnitude(q));
      if (q >= 0) {
        // Two real ones: a rotation makes the block triangular.
        const double root = p + with_sign(z, p);
        const double below = at(high, low);
        const double r = hypotenuse(root, below);
        const double c = root / r, s = below / r;
        for (int64_t j = low; j < n; j++) {
          const double a = at(low, j), b = at(high, j);
          at(low, j) = c * a + s * b;
          at(high, j) = c * b - s * a;
        }
        for (int64_t i = 0; i <= high; i++) {
          const double a = at(i, low), b = at(i, high);
          at(i, low) = c * a + s * b;
          at(i, high) = c * b - s * a;
        }
        if (zt) rotate_rows(zt + low * n, zt + high * n, c, s, n);
        at(high, low) = 0;
        w[low] = {at(low, low), 0};
        w[high] = {at(high, high), 0};
      } else {
        w[low] = {x + p, z};
        w[high] = {x + p, -z};
      }
      high -= 2;
      iteration = 0;
      continue;
    }
    if (iteration == 60) return false;
    iteration++;
    if (iteration % 10 == 0) {  // a shift from elsewhere breaks cycles
      const double s = magnitude(at(high, high - 1)) + magnitude(at(high - 1, high - 2));
      x = y = 0.75 * s + x;
      product = -0.4375 * s * s;
    }
    // Two small subdiagonal elements in a row let the step start between them.
    int64_t m = high - 2;
    double p, q, r;
    for (;; m--) {
      const double z = at(m, m), dx = x - z, dy = y - z;
      p = (dx * dy - product) / at(m + 1, m) + at(m, m + 1);
      q = at(m + 1, m + 1) - z - dx - dy;
      r = at(m + 2, m + 1);
      const double s = magnitude(p) + magnitude(q) + magnitude(r);
      p /= s;
      q /= s;
      r /= s;
      if (m == low) break;
      if (magnitude(at(m, m - 1)) * (magnitude(q) + magnitude(r)) <
          kEps * magnitude(p) * (magnitude(at(m - 1, m - 1)) + magnitude(z) + magnitude(at(m + 1, m + 1))))
        break;
    }
    for (int64_t i = m + 2; i <= high; i++) {
      at(i, i - 2) = 0;
      if (i > m + 2) at(i, i - 3) = 0;
    }
    for (int64_t k = m; k < high; k++) {
      const bool three = k < high - 1;
      double v[3] = {p, q, three ? r : 0};
      if (k > m) {
        v[0] = at(k, k - 1);
        v[1] = at(k + 1, k - 1);
        v[2] = three ? at(k + 2, k - 1) : 0;
      }
      const double tau = make_reflector(v, three ? 3 : 2);
      if (k > m) {
        at(k, k - 1) = v[0];
        at(k + 1, k - 1) = 0;
        if (three) at(k + 2, k - 1) = 0;
      } else if (low < m) {
        at(k, k - 1) *= 1 - tau;
      }
      if (tau == 0) continue;
      const double v1 = v[1], v2 = three ? v[2] : 0;
      double *row0 = h + k * n, *row1 = row0 + n, *row2 = three ? row1 + n : row1;
      for (int64_t j = k; j < n; j++) {
        const double sum = tau * (row0[j] + v1 * row1[j] + (three ? v2 * row2[j] : 0));
        row0[j] -= sum;
        row1[j] -= sum * v1;
        if (three) row2[j] -= sum * v2;
      }
      const int64_t bottom = smaller(high, k + 3);
      for (int64_t i = 0; i <= bottom; i++) {
        double* row = h + i * n + k;
        const double sum = tau * (row[0] + v1 * row[1] + (three ? v2 * row[2] : 0));
        row[0] -= sum;
        row[1] -= sum * v1;
        if (three) row[2] -= sum * v2;
      }
      if (!zt) continue;
      double *z0 = zt + k * n, *z1 = z0 + n, *z2 = three ? z1 + n : z1;
      for (int64_t j = 0; j < n; j++) {
        const double sum = tau * (z0[j] + v1 * z1[j] + (three ? v2 * z2[j] : 0));
        z0[j] -= sum;
        z1[j] -= sum * v1;
        if (three) z2[j] -= sum * v2;
      }
    }
  }
  return true;
}

// Complex Schur form by single QR steps: h becomes triangular.
static bool complex_schur(c128* h, int64_t n, c128* zt, c128* w) {
  const auto at = [&](int64_t i, int64_t j) -> c128& { return h[i * n + j]; };
  const auto root = [](c128 x) -> c128 {
    const double size = absolute(x);
    if (size == 0) return {0, 0};
    const double re = square_root((size + magnitude(x.re)) / 2), im = x.im / (2 * re);
    return x.re >= 0 ? c128{re, im} : c128{magnitude(im), with_sign(re, x.im)};
  };
  double norm = 0;
  for (int64_t i = 0; i < n * n; i++) norm += size_of(h[i]);
  int64_t high = n - 1;
  int iteration = 0;
  while (high >= 0) {
    int64_t low = high;
    for (; low > 0; low--) {
      double beside = size_of(at(low - 1, low - 1)) + size_of(at(low, low));
      if (beside == 0) beside = norm;
      if (size_of(at(low, low - 1)) <= kEps * beside) {
        at(low, low - 1) = {0, 0};
        break;
      }
    }
    if (low == high) {
      w[high] = at(high, high);
      high--;
      iteration = 0;
      continue;
    }
    if (iteration == 60) return false;
    iteration++;
    c128 shift;
    if (iteration % 10 == 0) {
      shift = at(high, high) + c128{0.75 * size_of(at(high, high - 1)), 0};
    } else {
      // The eigenvalue of the last 2 × 2 block that is nearer to its last element.
      const c128 d = at(high, high), half = (at(high - 1, high - 1) - d) * 0.5;
      const c128 bc = at(high - 1, high) * at(high, high - 1);
      const c128 s = root(half * half + bc);
      const c128 plus = half + s, minus = half - s;
      const c128 far = squared(plus) > squared(minus) ? plus : minus;
      shift = is_zero(far) ? d : d - bc / far;
    }
    c128 x = at(low, low) - shift, y = at(low + 1, low);
    for (int64_t k = low; k < high; k++) {
      if (k > low) {
        x = at(k, k - 1);
        y = at(k + 1, k - 1);
      }
      const double r = hypotenuse(absolute(x), absolute(y));
      if (r == 0) continue;
      // G = [c, s; −s̄, c̄] with G (x, y) = (r, 0)
      const c128 c = conj_of(x) / r, s = conj_of(y) / r;
      c128 *row0 = h + k * n, *row1 = row0 + n;
      for (int64_t j = k > low ? k - 1 : low; j < n; j++) {
        const c128 a = row0[j], b = row1[j];
        row0[j] = c * a + s * b;
        row1[j] = conj_of(c) * b - conj_of(s) * a;
      }
      if (k > low) at(k + 1, k - 1) = {0, 0};
      for (int64_t i = 0; i <= smaller(high, k + 2); i++) {
        c128* row = h + i * n + k;
        const c128 a = row[0], b = row[1];
        row[0] = a * conj_of(c) + b * conj_of(s);
        row[1] = b * c - a * s;
      }
      if (!zt) continue;
      c128 *z0 = zt + k * n, *z1 = z0 + n;
      for (int64_t j = 0; j < n; j++) {
        const c128 a = z0[j], b = z1[j];
        z0[j] = a * conj_of(c) + b * conj_of(s);
        z1[j] = b * c - a * s;
      }
    }
  }
  return true;
}

TT_INLINE c128 widen_to_complex(double x) { return {x, 0}; }
TT_INLINE c128 widen_to_complex(c128 x) { return x; }

// The eigenvector of (quasi-)triangular t for the eigenvalue at `k`, by substitution from below into x[0..k].
template <class T>
TT_APART void substitute(const T* t, int64_t n, const c128* w, int64_t k, double least, c128* x) {
  const c128 value = w[k];
  const auto at = [&](int64_t i, int64_t j) { return widen_to_complex(t[i * n + j]); };
  const auto guarded = [&](c128 d) -> c128 { return size_of(d) < least ? c128{least, 0} : d; };
  int64_t i = k - 1;
  x[k] = {1, 0};
  if (!Complex<T> && value.im != 0) {
    // Of the block's two rows the larger one gives the start.
    const c128 b = at(k - 1, k), c = at(k, k - 1);
    if (size_of(b) >= size_of(c)) {
      x[k - 1] = b;
      x[k] = value - at(k - 1, k - 1);
    } else {
      x[k - 1] = value - at(k, k);
      x[k] = c;
    }
    i = k - 2;
  }
  const int64_t last = k;
  while (i >= 0) {
    const bool two = !Complex<T> && i > 0 && !is_zero(at(i, i - 1));
    c128 sum = {0, 0};
    for (int64_t j = i + 1; j <= last; j++) sum += at(i, j) * x[j];
    if (!two) {
      x[i] = -sum / guarded(at(i, i) - value);
      i--;
    } else {
      c128 above = {0, 0};
      for (int64_t j = i + 1; j <= last; j++) above += at(i - 1, j) * x[j];
      const c128 a = at(i - 1, i - 1) - value, b = at(i - 1, i), c = at(i, i - 1), d = at(i, i) - value;
      const c128 det = guarded(a * d - b * c);
      x[i - 1] = (b * sum - d * above) / det;
      x[i] = (c * above - a * sum) / det;
      i -= 2;
    }
    double most = 0;
    for (int64_t j = i + 1; j <= last; j++) most = larger(most, size_of(x[j]));
    if (most > 0x1p300)
      for (int64_t j = i + 1; j <= last; j++) x[j] = x[j] / most;
  }
}

// v's columns: Z times the eigenvectors of t, unscaled from balancing, of norm 1.
template <class T>
TT_APART void eigenvectors(const T* t, const T* zt, int64_t n, const c128* w, const double* scale, c128* v, c128* x, c128* y) {
  double norm = 0;
  for (int64_t i = 0; i < n * n; i++) norm = larger(norm, size_of(t[i]));
  const double least = larger(kEps * norm, 0x1p-1000);
  for (int64_t k = 0; k < n; k++) {
    const bool pair = !Complex<T> && k + 1 < n && w[k].im > 0 && !is_zero(t[(k + 1) * n + k]);
    const int64_t last = pair ? k + 1 : k;
    if (pair) {
      // The vector of the first of the pair; its substitution starts at the block's second row.
      const c128 both[2] = {w[k + 1], w[k]};
      c128* const shifted = x + n;
      for (int64_t j = 0; j < n; j++) shifted[j] = w[j];
      shifted[last] = both[1];
      substitute(t, n, shifted, last, least, x);
    } else {
      substitute(t, n, w, k, least, x);
    }
    for (int64_t i = 0; i < n; i++) y[i] = {0, 0};
    for (int64_t j = 0; j <= last; j++) {
      const T* const row = zt + j * n;
      const c128 factor = x[j];
      for (int64_t i = 0; i < n; i++) y[i] += factor * row[i];
    }
    double most = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) {
      y[i] = y[i] * scale[i];
      most = larger(most, size_of(y[i]));
    }
    int64_t best = 0;
    double peak = -1;
    for (int64_t i = 0; i < n; i++) {
      y[i] = y[i] / most;
      const double size = squared(y[i]);
      sum += size;
      if (size > peak) {
        peak = size;
        best = i;
      }
    }
    c128 factor = {1 / square_root(sum), 0};
    if (Complex<T> || pair) factor = conj_of(y[best]) / (square_root(peak) * square_root(sum));
    for (int64_t i = 0; i < n; i++) {
      c128 value = y[i] * factor;
      if ((Complex<T> || pair) && i == best) value.im = 0;
      v[i * n + k] = value;
      if (pair) v[i * n + k + 1] = conj_of(value);
    }
    k = last;
  }
}

template <class T>
TT_APART bool eig(T* a, int64_t n, c128* w, c128* v, T* work, double* scale, c128* rooms) {
  T *const zt = v ? work + 2 * n : nullptr;
  balance(a, n, scale);
  hessenberg(a, n, zt, work, work + n);
  bool converged;
  if constexpr (Complex<T>)
    converged = complex_schur(a, n, zt, w);
  else
    converged = real_schur(a, n, zt, w);
  if (converged && v) eigenvectors(a, zt, n, w, scale, v, rooms, rooms + 2 * n);
  return converged;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_eig) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), n = reader.integer();
  const bool vectors = reader.integer() != 0;
  char* const data = reader.address<char>();
  c128* const values = reader.address<c128>();
  c128* const columns = reader.address<c128>();
  int32_t* const info = reader.address<int32_t>();
  bool memory = true;
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * n * 10, [&](int64_t i) {
      Scratch<T> work(2 * n + (vectors ? n * n : 0));
      Scratch<double> scale(n);
      Scratch<c128> rooms(3 * n);
      if (!work.data || !scale.data || !rooms.data) {
        memory = false;
        return;
      }
      c128* const v = vectors ? columns + i * n * n : nullptr;
      info[i] = eig(reinterpret_cast<T*>(data) + i * n * n, n, values + i * n, v, work.data, scale.data, rooms.data) ? 0 : 1;
    });
  });
  return !known ? TT_UNSUPPORTED_DTYPE : memory ? TT_OK : TT_OUT_OF_MEMORY;
}
