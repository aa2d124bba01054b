// Singular values: Householder bidiagonalisation by blocks (Dongarra, Sorensen and Hammarling 1989), then Gu and Eisenstat's divide and
// conquer (1995); small ones, and values alone, by the implicitly shifted QR iteration of Golub and Reinsch.
//
// linalg_svd: [dtype, batch, m, n, vectors, full; a, u, s, vh, info]
//   For m >= n: a = U diag(s) Vᴴ with s (the real dtype) falling; a is consumed. u is m × m (full) or m × n, vh n × n, neither
//   read nor written without `vectors`. info: −1 for an input that is not finite, 1 if the iteration did not converge.
#include "linalg_block_reflector.h"
#include "linalg_secular.h"

namespace TT_NS {
namespace {

template <class T>
TT_INLINE void conjugate(T* x, int64_t n) {
  if constexpr (Complex<T>)
    for (int64_t i = 0; i < n; i++) x[i] = conj_of(x[i]);
}

// The reflectors of a panel, and what they owe to the rest: a − v yᴴ − x uᴴ is not computed, but used.
template <class T>
struct Panel {
  T *v, *x;  // rows of m
  T *u, *y;  // rows of n
  int64_t m, n;

  // to (length n − from) less Σ conj of element `at` of the first `count` rows of one set times the rows of the other.
  void correct(T* to, const T* factors, int64_t ld_factors, int64_t at, const T* rows, int64_t ld, int64_t from, int64_t count) const {
    T inner[kReflectors];
    for (int64_t q = 0; q < count; q++) inner[q] = conj_of(factors[q * ld_factors + at]);
    subtract_rows<false>(to, 0, inner, 0, 1, rows + from, ld, 1, ld - from, count);
  }
  // to less Σ rows times the inner products of the factors' rows with a vector.
  void project(T* to, const T* factors, int64_t ld_factors, int64_t at, const T* vector, const T* rows, int64_t ld, int64_t from,
               int64_t count) const {
    T inner[kReflectors];
    dot_rows(factors + at, ld_factors, count, vector, ld_factors - at, inner);
    conjugate(inner, count);
    subtract_rows<false>(to, 0, inner, 0, 1, rows + from, ld, 1, ld - from, count);
  }
};

// a = Q B Pᴴ, B with diagonal s and e above it. The reflectors of Q stay in the columns of a, those of P in its rows.
// Room: 2 kReflectors (m + n).
template <class T>
TT_APART void bidiagonalize(T* a, int64_t m, int64_t n, double* s, double* e, T* tau_q, T* tau_p, T* memory) {
  const Panel<T> panel{memory, memory + kReflectors * m, memory + 2 * kReflectors * m, memory + kReflectors * (2 * m + n), m, n};
  for (int64_t begin = 0; begin < n; begin += kReflectors) {
    const int64_t end = smaller(begin + kReflectors, n);
    for (int64_t i = begin; i < end; i++) {
      const int64_t p = i - begin, rows = m - i, size = n - i - 1;
      T *const v = panel.v + p * m, *const x = panel.x + p * m, *const u = panel.u + p * n, *const y = panel.y + p * n;
      for (int64_t r = 0; r < i; r++) v[r] = from_real<T>(0);
      for (int64_t r = i; r < m; r++) v[r] = a[r * n + i];
      panel.correct(v + i, panel.y, n, i, panel.v, m, i, p);
      panel.correct(v + i, panel.u, n, i, panel.x, m, i, p);
      tau_q[i] = make_reflector(v + i, rows);
      s[i] = real_of(v[i]);
      for (int64_t r = i + 1; r < m; r++) a[r * n + i] = v[r];
      v[i] = from_real<T>(1);
      e[i] = 0;
      if (size == 0) break;
      // y = τ (the matrix)ᴴ v
      T *const from = a + i * n + i + 1, *const to = y + i + 1;
      for (int64_t c = 0; c < n; c++) y[c] = u[c] = from_real<T>(0);
      conjugate(v + i, rows);
      parallel(size, rows * size < 131072 ? size : size / 2 + 1, [&](int64_t first, int64_t behind, int) {
        subtract_rows<false>(to + first, 0, v + i, 0, 1, from + first, n, 1, behind - first, rows);
      });
      conjugate(v + i, rows);
      for (int64_t c = 0; c < size; c++) to[c] = -conj_of(to[c]);
      panel.project(to, panel.v, m, i, v + i, panel.y, n, i + 1, p);
      panel.project(to, panel.x, m, i, v + i, panel.u, n, i + 1, p);
      for (int64_t c = 0; c < size; c++) to[c] = tau_q[i] * to[c];
      // Row i, conjugated.
      T* const row = u + i + 1;
      for (int64_t c = 0; c < size; c++) row[c] = conj_of(from[c]);
      panel.correct(row, panel.v, m, i, panel.y, n, i + 1, p + 1);
      panel.correct(row, panel.x, m, i, panel.u, n, i + 1, p);
      tau_p[i] = make_reflector(row, size);
      e[i] = real_of(row[0]);
      row[0] = from_real<T>(1);
      for (int64_t c = 1; c < size; c++) from[c] = row[c];
      // x = τ (the matrix) u
      const int64_t below = rows - 1;
      T* const down = x + i + 1;
      for (int64_t r = 0; r <= i; r++) x[r] = from_real<T>(0);
      conjugate(row, size);
      parallel(below, below * size < 131072 ? below : below / 2 + 1, [&](int64_t first, int64_t behind, int) {
        dot_rows(from + (first + 1) * n, n, behind - first, row, size, down + first);
      });
      conjugate(row, size);
      panel.project(down, panel.y, n, i + 1, row, panel.v, m, i + 1, p + 1);
      panel.project(down, panel.u, n, i + 1, row, panel.x, m, i + 1, p);
      for (int64_t r = 0; r < below; r++) down[r] = tau_p[i] * down[r];
    }
    if (end == n) break;
    conjugate(panel.y, kReflectors * n);
    conjugate(panel.u, kReflectors * n);
    T* const rest = a + end * (n + 1);
    subtract_product<false>(rest, n, panel.v + end, 1, m, panel.y + end, n, m - end, n - end, end - begin);
    subtract_product<false>(rest, n, panel.x + end, 1, m, panel.u + end, n, m - end, n - end, end - begin);
  }
}

// Makes the bidiagonal (s, e) diagonal, and its values positive and rising; the rows of ut (n × n) and vt (n × columns), `ld` apart, turn
// along, if there are any.
template <class R>
TT_APART bool diagonalize(double* s, double* e, int64_t n, R* ut, R* vt, int64_t columns, int64_t ld) {
  // What is small beside the whole matrix is less than the error that it came with.
  const double eps = sizeof(R) == 4 ? 0x1p-26 : 0x1p-53, tiny = (sizeof(R) == 4 ? 0x1p-30 : 0x1p-56) * largest_of(s, e, n);
  const auto turn_u = [&](int64_t i, int64_t j, double c, double sine) {
    if (ut) turn_rows(ut + i * ld, ut + j * ld, c, sine, n);
  };
  const auto turn_v = [&](int64_t i, int64_t j, double c, double sine) {
    if (vt) turn_rows(vt + i * ld, vt + j * ld, c, sine, columns);
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
        if (vt)
          for (int64_t j = 0; j < columns; j++) vt[last * ld + j] = -vt[last * ld + j];
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
      double t = square_root(f * f + g * g);
      double c = t == 0 ? 1 : f / t, sine = t == 0 ? 0 : g / t;
      if (j > begin) e[j - 1] = t;
      f = c * s[j] + sine * e[j];
      e[j] = c * e[j] - sine * s[j];
      g = sine * s[j + 1];
      s[j + 1] *= c;
      turn_v(j, j + 1, c, sine);
      t = square_root(f * f + g * g);
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
  for (int64_t i = 0; i < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++)
      if (s[j] < s[least]) least = j;
    exchange(s[i], s[least]);
    if (!ut) continue;
    swap_rows(ut + i * ld, ut + least * ld, n);
    swap_rows(vt + i * ld, vt + least * ld, columns);
  }
  return true;
}

// Singular values, and vectors as the rows of u and v, of upper bidiagonal matrices. A part has a column more than rows, unless it
// ends the matrix; of v's rows the last then belongs to no value.
template <class R>
struct Conquest {
  double *s, *e;
  R *u, *v;  // n × n each, zeros but ones on the diagonal at first
  int64_t n;
  R *turned, *product;  // room for n × n each
  bool memory = true;

  bool run(int64_t begin, int64_t end) {
    const int64_t size = end - begin, columns = size + (end < n);
    R *const left = u + begin * (n + 1), *const right = v + begin * (n + 1);
    if (size <= 24) {
      if (columns > size) {
        // The last column is chased away upwards.
        double f = e[end - 1];
        e[end - 1] = 0;
        for (int64_t i = end - 1; i >= begin && f != 0; i--) {
          const double t = hypotenuse(s[i], f), c = s[i] / t, sine = f / t;
          s[i] = t;
          f = 0;
          if (i > begin) {
            f = -sine * e[i - 1];
            e[i - 1] *= c;
          }
          turn_rows(right + (i - begin) * n, right + size * n, c, sine, columns);
        }
      }
      return diagonalize(s + begin, e + begin, size, left, right, columns, n);
    }
    // The middle row, with the last element of its left and the first of its right neighbours, joins the parts.
    const int64_t middle = begin + size / 2;
    const double alpha = s[middle], beta = e[middle];
    return run(begin, middle) && run(middle + 1, end) && merge(begin, middle - begin, size, columns, alpha, beta);
  }

  // Rows of `turned` (size × size) times the block diagonal matrix of `basis`, with a 1 between its blocks if `first` < `second`, in place of it.
  void replace(R* basis, int64_t size, int64_t first, int64_t second) {
    for (int64_t i = 0; i < size * size; i++) product[i] = 0;
    subtract_product<false>(product, size, turned, size, 1, basis, n, size, first, first);
    if (second > first)
      for (int64_t i = 0; i < size; i++) product[i * size + first] = -turned[i * size + first];
    subtract_product<false>(product + second, size, turned + second, size, 1, basis + second * (n + 1), n, size, size - second,
                            size - second);
    for (int64_t i = 0; i < size; i++)
      for (int64_t j = 0; j < size; j++) basis[i * n + j] = -product[i * size + j];
  }

  bool merge(int64_t begin, int64_t half, int64_t size, int64_t columns, double alpha, double beta) {
    Scratch<double> reals(6 * size);
    Scratch<int64_t> integers(4 * size);
    Scratch<Turn> turns(size);
    if (!reals.data || !integers.data || !turns.data) return memory = false;
    double *const own = s + begin, *const z = reals.data, *const values = z + size, *const poles = values + size;
    double *const weights = poles + size, *const offsets = weights + size;
    int64_t *const order = integers.data, *const kept = order + size, *const aside = kept + size, *const origins = aside + size;
    R *const left = u + begin * (n + 1), *const right = v + begin * (n + 1);
    // In the basis of the parts' vectors the matrix is diagonal, but for the middle row: z, with a pole of 0.
    double most = larger(magnitude(alpha), magnitude(beta));
    for (int64_t i = 0; i < size; i++) {
      z[i] = i <= half ? alpha * right[i * n + half] : beta * right[i * n + half + 1];
      if (i != half) most = larger(most, own[i]);
    }
    own[half] = 0;
    // The parts' last rows, which belong to no value, turn so that one of them has no part in it.
    double c = 1, sine = 0;
    if (columns > size) {
      const double other = beta * right[size * n + half + 1], both = hypotenuse(z[half], other);
      if (both > 0) {
        c = z[half] / both;
        sine = other / both;
        z[half] = both;
      }
    }
    const double eps = sizeof(R) == 4 ? 0x1p-24 : 0x1p-53, tolerance = 64 * eps * most;
    if (magnitude(z[half]) <= tolerance) z[half] = with_sign(tolerance, z[half]);
    order[0] = half;
    for (int64_t k = 1, i = 0, j = half + 1; k < size; k++) order[k] = j == size || (i < half && own[i] <= own[j]) ? i++ : j++;
    Deflation deflation{.kept = kept, .aside = aside, .turns = turns.data};
    deflation.run(size, order, own, z, 1, tolerance, half);
    const int64_t count = deflation.kept_count;
    for (int64_t k = 0; k < count; k++) {
      poles[k] = own[kept[k]];
      weights[k] = z[kept[k]];
    }
    if (count > 1 && poles[1] < tolerance / 2) poles[1] = tolerance / 2;
    const Secular secular{{count, poles, weights, 1, true, origins, offsets}};
    if (most > 0 && !secular.solve()) return memory = false;
    if (most == 0) {  // all zeros
      for (int64_t k = 0; k < size; k++) own[k] = 0;
      return true;
    }
    for (int64_t k = 0; k < size; k++) {
      order[k] = k;
      values[k] = k < count ? secular.root(k) : own[aside[k - count]];
    }
    sort_order(values, size, order);
    for (int64_t k = 0; k < size; k++) own[k] = values[order[k]];
    for (int side = 0; side < 2; side++) {
      const bool of_left = side == 0;
      const int64_t width = of_left ? size : columns;
      parallel(size, 32768 / size + 1, [&](int64_t first, int64_t behind, int) {
        Scratch<double> scratch(count);
        double* const parts = scratch.data;
        if (!parts) {
          memory = false;
          return;
        }
        for (int64_t k = first; k < behind; k++) {
          R* const row = turned + k * width;
          for (int64_t j = 0; j < width; j++) row[j] = 0;
          const int64_t from = order[k];
          if (from < count) {
            secular.vector(from, parts);
            if (of_left) {
              for (int64_t j = 1; j < count; j++) parts[j] *= poles[j];
              parts[0] = -1;
            }
            const double norm = 1 / square_root(sum_of_squares(parts, count));
            for (int64_t j = 0; j < count; j++) row[kept[j]] = R(parts[j] * norm);
          } else {
            row[aside[from - count]] = 1;
          }
          deflation.undo(row);
          if (width > size) {
            row[size] = R(sine * row[half]);
            row[half] = R(c * row[half]);
          }
        }
      });
      if (width > size) {
        R* const row = turned + size * width;
        for (int64_t j = 0; j < width; j++) row[j] = 0;
        row[half] = R(-sine);
        row[size] = R(c);
      }
      replace(of_left ? left : right, width, of_left ? half : half + 1, half + 1);
    }
    return memory;
  }
};

enum : int { kDone = 0, kFailed = 1, kNotFinite = -1, kNoMemory = 2 };

template <class T>
static int svd(T* a, int64_t m, int64_t n, T* u, Real<T>* s, T* vh, bool full) {
  using R = Real<T>;
  const double most = largest(a, m * n);
  if (most == __builtin_inf()) return kNotFinite;
  const double scale = scale_for<R>(most);
  if (scale != 1)
    for (int64_t i = 0; i < m * n; i++) a[i] = a[i] * R(scale);
  const int64_t columns = full ? m : n;
  Scratch<double> reals(2 * n);
  Scratch<T> work(2 * n + larger(2 * kReflectors * (m + n), u ? Block<T>::room(m, columns) : 0));
  Scratch<R> room(u ? 4 * n * n : 0);
  if (!reals.data || !work.data || !room.data) return kNoMemory;
  double *const values = reals.data, *const e = values + n;
  T *const tau_q = work.data, *const tau_p = tau_q + n, *const memory = tau_p + n;
  bidiagonalize(a, m, n, values, e, tau_q, tau_p, memory);
  drop_tiny(values, e, n);
  bool converged;
  if (u) {
    R *const ut = room.data, *const vt = ut + n * n;
    for (int64_t i = 0; i < n * n; i++) ut[i] = vt[i] = i % (n + 1) == 0;
    Conquest<R> conquest{values, e, ut, vt, n, vt + n * n, vt + 2 * n * n};
    converged = conquest.run(0, n);
    if (!conquest.memory) return kNoMemory;
    // U = Q (U of B), V = P (V of B), the largest value first.
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < columns; j++)
        u[i * columns + j] = from_real<T>(i < n && j < n ? ut[(n - 1 - j) * n + i] : i == j ? 1 : 0);
    apply_reflectors(a, n, 1, tau_q, n, false, u, columns, m, columns, false, memory);
    Scratch<T> right(n * n);
    if (!right.data) return kNoMemory;
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) right.data[i * n + j] = from_real<T>(vt[(n - 1 - j) * n + i]);
    if (n > 1) apply_reflectors(a + 1, 1, n, tau_p, n - 1, false, right.data + n, n, n - 1, n, false, memory);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) vh[i * n + j] = conj_of(right.data[j * n + i]);
  } else {
    converged = diagonalize<R>(values, e, n, nullptr, nullptr, 0, 0);
  }
  for (int64_t i = 0; i < n; i++) s[i] = R(values[n - 1 - i] / scale);
  return converged ? kDone : kFailed;
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
  char* const values = reader.address<char>();
  char* const right = reader.address<char>();
  int32_t* const info = reader.address<int32_t>();
  const int64_t columns = full ? m : n;
  bool memory = true;
  const bool known = switch_three(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * n * (vectors ? 8 : 2), [&](int64_t i) {
      T* const u = vectors ? reinterpret_cast<T*>(left) + i * m * columns : nullptr;
      T* const vh = vectors ? reinterpret_cast<T*>(right) + i * n * n : nullptr;
      info[i] = svd(reinterpret_cast<T*>(data) + i * m * n, m, n, u, reinterpret_cast<Real<T>*>(values) + i * n, vh, full);
      if (info[i] == kNoMemory) memory = false;
    });
  });
  return outcome(known, memory);
}
