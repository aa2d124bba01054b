// Eigenvalues of symmetric and Hermitian matrices: Householder tridiagonalisation by blocks (Dongarra, Sorensen and Hammarling
// 1989), then Cuppen's divide and conquer in the form of Gu and Eisenstat 1995; small ones by implicit QL with Wilkinson's
// shift, and values alone by its rational form.
//
// linalg_eigh: [dtype, batch, n, vectors; a, w, info]
//   The lower triangle of a is read; w (the real dtype) takes the eigenvalues in rising order, a the eigenvectors as columns
//   if wanted (else arbitrary content). info: not 0 if the iteration did not converge.
#include "linalg_block_reflector.h"
#include "linalg_secular.h"

namespace TT_NS {
namespace {

// y = a (n × n) x.
template <class T>
static void matrix_times(const T* a, int64_t lda, int64_t n, T* x, T* y) {
  if constexpr (Complex<T>)
    for (int64_t j = 0; j < n; j++) x[j] = conj_of(x[j]);
  parallel(n, n < 512 ? n : 65536 / n, [&](int64_t begin, int64_t end, int) {
    dot_rows(a + begin * lda, lda, end - begin, x, n, y + begin);
  });
  if constexpr (Complex<T>)
    for (int64_t j = 0; j < n; j++) x[j] = conj_of(x[j]);
}

// a = Q T Qᴴ, for an `a` that is given whole: T's diagonal goes to d, what is beside it to e; the reflectors to the columns of a below
// the subdiagonal. Within a panel a − v wᴴ − w vᴴ is not computed, but used. Room: (2 kReflectors) (n + 1).
template <class T>
TT_APART void tridiagonalize(T* a, int64_t n, double* d, double* e, T* tau, T* memory) {
  T *const vs = memory, *const ws = vs + kReflectors * n, *const inner = ws + kReflectors * n;
  for (int64_t begin = 0; begin < n; begin += kReflectors) {
    const int64_t end = smaller(begin + kReflectors, n);
    for (int64_t i = begin; i < end; i++) {
      const int64_t p = i - begin, size = n - i - 1;
      T* const v = vs + p * n;
      T* const w = ws + p * n;
      for (int64_t r = i; r < n; r++) v[r] = conj_of(a[i * n + r]);  // column i
      for (int64_t q = 0; q < p; q++) {
        inner[q] = conj_of(ws[q * n + i]);
        inner[q + p] = conj_of(vs[q * n + i]);
      }
      subtract_rows<false>(v + i, 0, inner, 0, 1, vs + i, n, 1, n - i, p);
      subtract_rows<false>(v + i, 0, inner + p, 0, 1, ws + i, n, 1, n - i, p);
      d[i] = real_of(v[i]);
      e[i] = 0;
      for (int64_t r = 0; r <= i; r++) v[r] = w[r] = from_real<T>(0);
      if (size == 0) break;
      T *const x = v + i + 1, *const y = w + i + 1;
      tau[i] = make_reflector(x, size);
      e[i] = real_of(x[0]);
      x[0] = from_real<T>(1);
      for (int64_t r = 1; r < size; r++) a[(i + 1 + r) * n + i] = x[r];
      // w = τ (A − v wᴴ − w vᴴ) v for the panel's v and w, less what of it lies along v.
      matrix_times(a + (i + 1) * (n + 1), n, size, x, y);
      dot_rows(ws + i + 1, n, p, x, size, inner);
      dot_rows(vs + i + 1, n, p, x, size, inner + p);
      for (int64_t q = 0; q < 2 * p; q++) inner[q] = conj_of(inner[q]);
      subtract_rows<false>(y, 0, inner, 0, 1, vs + i + 1, n, 1, size, p);
      subtract_rows<false>(y, 0, inner + p, 0, 1, ws + i + 1, n, 1, size, p);
      for (int64_t r = 0; r < size; r++) y[r] = tau[i] * y[r];
      T along;
      dot_rows(x, 0, 1, y, size, &along);
      const T half = tau[i] * along * Real<T>(0.5);
      for (int64_t r = 0; r < size; r++) y[r] -= half * x[r];
    }
    if (end == n) break;
    if constexpr (Complex<T>)
      for (int64_t j = 0; j < 2 * kReflectors * n; j++) vs[j] = conj_of(vs[j]);
    T* const rest = a + end * (n + 1);
    subtract_product<true>(rest, n, vs + end, 1, n, ws + end, n, n - end, n - end, end - begin);
    subtract_product<true>(rest, n, ws + end, 1, n, vs + end, n, n - end, n - end, end - begin);
  }
}

// Diagonalises (d, e) and sorts; the rows of z (of `size` elements, `ldz` apart) turn along.
template <class R>
TT_APART bool diagonalize(double* d, double* e, int64_t n, R* z, int64_t ldz, int64_t size) {
  // What is small beside the whole matrix is less than the error that it came with.
  const double eps = 0x1p-53, tiny = (sizeof(R) == 4 ? 0x1p-30 : 0x1p-56) * largest_of(d, e, n);
  for (int64_t low = 0; low < n; low++) {
    for (int iteration = 0;; iteration++) {
      int64_t high = low;
      while (high < n - 1 && magnitude(e[high]) > tiny + eps * (magnitude(d[high]) + magnitude(d[high + 1])))
        high++;
      if (high == low) break;
      if (iteration == 60) return false;
      double g = (d[low + 1] - d[low]) / (2 * e[low]);
      double r = hypotenuse(g, 1);
      g = d[high] - d[low] + e[low] / (g + with_sign(r, g));
      double s = 1, c = 1, p = 0;
      int64_t i = high - 1;
      for (; i >= low; i--) {
        const double f = s * e[i], b = c * e[i];
        r = square_root(f * f + g * g);
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
        turn_rows(z + (i + 1) * ldz, z + i * ldz, c, s, size);
      }
      if (i >= low) continue;
      d[low] -= p;
      e[low] = g;
      e[high] = 0;
    }
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++)
      if (d[j] < d[least]) least = j;
    exchange(d[i], d[least]);
    swap_rows(z + i * ldz, z + least * ldz, size);
  }
  return true;
}

// The eigenvalues alone, sorted, by rational QL: without square roots, over squares of what is beside the diagonal (Pal, Walker and
// Kahan; LAPACK's sterf).
template <class R>
TT_APART bool find_values(double* d, double* e, int64_t n) {
  const double eps = 0x1p-53, tiny = (sizeof(R) == 4 ? 0x1p-30 : 0x1p-56) * largest_of(d, e, n);
  for (int64_t i = 0; i + 1 < n; i++) e[i] *= e[i];
  for (int64_t low = 0; low < n; low++) {
    for (int iteration = 0;; iteration++) {
      int64_t high = low;
      for (; high < n - 1; high++) {
        const double limit = tiny + eps * (magnitude(d[high]) + magnitude(d[high + 1]));
        if (e[high] <= limit * limit) break;
      }
      if (high == low) break;
      if (iteration == 60) return false;
      const double root = square_root(e[low]), g = (d[low + 1] - d[low]) / (2 * root);
      const double shift = d[low] - root / (g + with_sign(hypotenuse(g, 1), g));
      double c = 1, s = 0, gamma = d[high] - shift, p = gamma * gamma;
      for (int64_t i = high - 1; i >= low; i--) {
        const double beside = e[i], r = p + beside, old = c, old_gamma = gamma, own = d[i];
        if (i < high - 1) e[i + 1] = s * r;
        c = p / r;
        s = beside / r;
        gamma = c * (own - shift) - s * old_gamma;
        d[i + 1] = old_gamma + (own - gamma);
        p = c != 0 ? gamma * gamma / c : old * beside;
      }
      e[low] = s * p;
      d[low] = shift + gamma;
    }
  }
  for (int64_t i = 1; i < n; i++) {
    const double own = d[i];
    int64_t at = i;
    for (; at > 0 && d[at - 1] > own; at--) d[at] = d[at - 1];
    d[at] = own;
  }
  return true;
}

// The order in which the first `half` and the rest of rising numbers rise together.
TT_APART void merged_order(const double* d, int64_t half, int64_t n, int64_t* order) {
  int64_t i = 0, j = half;
  for (int64_t k = 0; k < n; k++) order[k] = j == n || (i < half && d[i] <= d[j]) ? i++ : j++;
}

// Eigenvalues, and eigenvectors as the rows of z, of a tridiagonal matrix.
template <class R>
struct Conquest {
  double *d, *e;
  R* z;           // n × n, all zeros but the diagonal's ones at first
  int64_t n;
  R *turned, *product;  // room for n × n each
  bool memory = true;

  bool run(int64_t begin, int64_t end) {
    const int64_t size = end - begin;
    if (size <= 32) return diagonalize(d + begin, e + begin, size, z + begin * (n + 1), n, size);
    // T = (T₁, T₂) + |e| u uᵀ, u of one ±1 on either side of the middle.
    const int64_t middle = begin + size / 2;
    const double weight = e[middle - 1];
    e[middle - 1] = 0;
    d[middle - 1] -= magnitude(weight);
    d[middle] -= magnitude(weight);
    return run(begin, middle) && run(middle, end) && merge(begin, middle - begin, size, weight);
  }

  bool merge(int64_t begin, int64_t half, int64_t size, double weight) {
    Scratch<double> reals(5 * size);
    Scratch<int64_t> integers(4 * size);
    Scratch<Turn> turns(size);
    if (!reals.data || !integers.data || !turns.data) return memory = false;
    double *const own = d + begin, *const w = reals.data, *const values = w + size, *const poles = values + size;
    double *const weights = poles + size, *const offsets = weights + size;
    int64_t *const order = integers.data, *const kept = order + size, *const aside = kept + size, *const origins = aside + size;
    R* const block = z + begin * (n + 1);
    double most = 0, most_weight = 0;
    for (int64_t i = 0; i < size; i++) {
      w[i] = i < half ? block[i * n + half - 1] : with_sign(1, weight) * block[i * n + half];
      most = larger(most, magnitude(own[i]));
      most_weight = larger(most_weight, magnitude(w[i]));
    }
    const double rho = magnitude(weight), eps = sizeof(R) == 4 ? 0x1p-24 : 0x1p-53;
    merged_order(own, half, size, order);
    Deflation deflation{.kept = kept, .aside = aside, .turns = turns.data};
    deflation.run(size, order, own, w, rho, 8 * eps * larger(most, most_weight * rho), -1);
    const int64_t count = deflation.kept_count;
    for (int64_t k = 0; k < count; k++) {
      poles[k] = own[kept[k]];
      weights[k] = w[kept[k]];
    }
    const Secular secular{{count, poles, weights, 1 / rho, false, origins, offsets}};
    if (count > 0 && !secular.solve()) return memory = false;
    for (int64_t k = 0; k < size; k++) {
      order[k] = k;
      values[k] = k < count ? secular.root(k) : own[aside[k - count]];
    }
    sort_order(values, size, order);
    for (int64_t k = 0; k < size; k++) own[k] = values[order[k]];
    // Vectors in the basis of the halves' vectors, then in that of the matrix.
    parallel(size, 32768 / size + 1, [&](int64_t first, int64_t behind, int) {
      Scratch<double> parts(count);
      if (!parts.data) {
        memory = false;
        return;
      }
      for (int64_t k = first; k < behind; k++) {
        R* const row = turned + k * size;
        for (int64_t j = 0; j < size; j++) row[j] = 0;
        const int64_t from = order[k];
        if (from < count) {
          secular.vector(from, parts.data);
          const double norm = 1 / square_root(sum_of_squares(parts.data, count));
          for (int64_t j = 0; j < count; j++) row[kept[j]] = R(parts.data[j] * norm);
        } else {
          row[aside[from - count]] = 1;
        }
        deflation.undo(row);
      }
    });
    for (int64_t i = 0; i < size * size; i++) product[i] = 0;
    subtract_product<false>(product, size, turned, size, 1, block, n, size, half, half);
    subtract_product<false>(product + half, size, turned + half, size, 1, block + half * (n + 1), n, size, size - half,
                            size - half);
    for (int64_t i = 0; i < size; i++)
      for (int64_t j = 0; j < size; j++) block[i * n + j] = -product[i * size + j];
    return memory;
  }
};

enum class Outcome { done, failed, no_memory };

template <class T>
static Outcome eigh(T* a, int64_t n, Real<T>* values, bool vectors) {
  using R = Real<T>;
  for (int64_t i = 0; i < n; i++) a[i * n + i] = from_real<T>(real_of(a[i * n + i]));
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = larger(most, largest(a + i * n, i + 1));
  if (most == __builtin_inf()) {
    for (int64_t i = 0; i < n; i++) values[i] = R(__builtin_nan(""));
    for (int64_t i = 0; i < n * n; i++) a[i] = from_real<T>(__builtin_nan(""));
    return Outcome::done;
  }
  const double scale = scale_for<R>(most);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      if (scale != 1) a[i * n + j] = a[i * n + j] * R(scale);
      a[j * n + i] = conj_of(a[i * n + j]);
    }
  Scratch<double> reals(2 * n);
  Scratch<T> work(n + larger(Block<T>::room(n, vectors ? n : 0), 2 * kReflectors * (n + 1)));
  Scratch<R> room(vectors ? 3 * n * n : 0);
  if (!reals.data || !work.data || !room.data) return Outcome::no_memory;
  double *const d = reals.data, *const e = d + n;
  T* const tau = work.data;
  tridiagonalize(a, n, d, e, tau, tau + n);
  drop_tiny(d, e, n);
  bool converged;
  if (vectors) {
    R* const z = room.data;
    for (int64_t i = 0; i < n * n; i++) z[i] = i % (n + 1) == 0;
    Conquest<R> conquest{d, e, z, n, z + n * n, z + 2 * n * n};
    converged = conquest.run(0, n);
    if (!conquest.memory) return Outcome::no_memory;
    // The columns of Q Zᵀ, in the memory of a; the reflectors are copied out of it first.
    Scratch<T> reflectors(n * n);
    if (!reflectors.data) return Outcome::no_memory;
    for (int64_t i = 0; i < n * n; i++) reflectors.data[i] = a[i];
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) a[i * n + j] = from_real<T>(z[j * n + i]);
    if (n > 1) apply_reflectors(reflectors.data + n, n, 1, tau, n - 1, false, a + n, n, n - 1, n, false, tau + n);
  } else {
    converged = find_values<R>(d, e, n);
  }
  for (int64_t i = 0; i < n; i++) values[i] = R(d[i] / scale);
  return converged ? Outcome::done : Outcome::failed;
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
  char* const values = reader.address<char>();
  int32_t* const info = reader.address<int32_t>();
  bool memory = true;
  const bool known = switch_three(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, n * n * n * (vectors ? 6 : 2), [&](int64_t i) {
      const Outcome result =
          eigh(reinterpret_cast<T*>(data) + i * n * n, n, reinterpret_cast<Real<T>*>(values) + i * n, vectors);
      if (result == Outcome::no_memory) memory = false;
      info[i] = result == Outcome::failed;
    });
  });
  return outcome(known, memory);
}
