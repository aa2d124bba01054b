// Transforms of lines of any length: by passes, by Bailey's four steps, or by Bluestein's convolution; and where plans are kept.
#pragma once
#include "fft_passes.h"

namespace TT_NS {
namespace {

// A transform of one line as one of a matrix, `rows` by `columns`: x[t1 columns + t2] gives X[k1 + rows k2].
template <typename T>
struct FourSteps {
  typedef typename Vec<T>::type V;
  static constexpr int lanes = Vec<T>::lanes;

  Passes<T> down, along;   // of the lengths `rows` and `columns`
  Split<T> twist = {nullptr, nullptr};  // exp(-2 pi i k1 t2 / n)

  // The shorter side of the matrix, or 0 if the length falls into none whose sides fill registers.
  static int64_t side(int64_t n) {
    int64_t rows = 1;
    while ((rows + 1) * (rows + 1) <= n) rows++;
    while (n % rows != 0) rows--;
    return rows >= lanes && rows >= 8 ? rows : 0;
  }

  TT_APART bool make(int64_t n) {
    const int64_t rows = side(n), columns = n / rows;
    Roots roots;
    if (!down.make(rows) || !along.make(columns) || !roots.make(n)) return false;
    twist.re = static_cast<T*>(tt_alloc(size_t(2 * n) * sizeof(T)));
    twist.im = twist.re + n;
    if (twist.re)
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
          const Root w = roots.at(i * j);
          twist.re[i * columns + j] = T(w.re);
          twist.im[i * columns + j] = T(w.im);
        }
    roots.drop();
    return twist.re != nullptr;
  }
  void drop() {
    down.drop();
    along.drop();
    tt_free(twist.re);
  }

  // Calls f(where, first, memory) for each register of `size` lines; the last of them begins early, and from `first` on is new.
  template <typename F>
  bool each_register(int64_t size, int64_t length, F f) const {
    bool memory = true;
    parallel((size + lanes - 1) / lanes, 16384 / (length * lanes) + 1, [&](int64_t begin, int64_t end, int) {
      T* const room = static_cast<T*>(tt_alloc(size_t(4 * length * lanes) * sizeof(T)));
      if (!room) {
        __atomic_store_n(&memory, false, __ATOMIC_RELAXED);
        return;
      }
      const int64_t part = length * lanes;
      for (int64_t i = begin; i < end; i++) {
        const int64_t where = i * lanes + lanes <= size ? i * lanes : size - lanes;
        f(where, i * lanes - where, Split<T>{room, room + part}, Split<T>{room + 2 * part, room + 3 * part});
      }
      tt_free(room);
    });
    return memory;
  }
  TT_INLINE void put(T* to, V value, int64_t first) {
    if (first == 0) return store<T>(to, value);
    for (int64_t l = first; l < lanes; l++) to[l] = value[l];
  }

  // The result is in x; y is used up. False without memory.
  TT_APART bool run(Split<T> x, Split<T> y) const {
    const int64_t rows = down.n, columns = along.n;
    return each_register(columns, rows, [&](int64_t t2, int64_t first, Split<T> a, Split<T> b) {
      for (int64_t i = 0; i < rows; i++) {
        store<T>(a.re + i * lanes, load<T>(x.re + i * columns + t2));
        store<T>(a.im + i * lanes, load<T>(x.im + i * columns + t2));
      }
      const Split<T> z = down.run(lanes, a, b);
      for (int64_t i = 0; i < rows; i++) {
        const int64_t at = i * columns + t2;
        const V re = load<T>(z.re + i * lanes), im = load<T>(z.im + i * lanes);
        const V wr = load<T>(twist.re + at), wi = load<T>(twist.im + at);
        put(y.re + at, multiply_add(re, wr, -(im * wi)), first);
        put(y.im + at, multiply_add(re, wi, im * wr), first);
      }
    }) && each_register(rows, columns, [&](int64_t k1, int64_t first, Split<T> a, Split<T> b) {
      gather(y.re + k1 * columns, columns, columns, a.re);
      gather(y.im + k1 * columns, columns, columns, a.im);
      const Split<T> z = along.run(lanes, a, b);
      for (int64_t k2 = 0; k2 < columns; k2++) {
        put(x.re + k2 * rows + k1, load<T>(z.re + k2 * lanes), first);
        put(x.im + k2 * rows + k1, load<T>(z.im + k2 * lanes), first);
      }
    });
  }

  // A register of rows, as columns.
  TT_INLINE void gather(const T* from, int64_t stride, int64_t length, T* to) {
    int64_t t = 0;
    for (; t + lanes <= length; t += lanes) {
      V block[lanes];
      for (int l = 0; l < lanes; l++) block[l] = load<T>(from + l * stride + t);
      transpose_block<T>(block);
      for (int l = 0; l < lanes; l++) store<T>(to + (t + l) * lanes, block[l]);
    }
    for (; t < length; t++)
      for (int l = 0; l < lanes; l++) to[t * lanes + l] = from[l * stride + t];
  }
};

// A length of any kind, forward; for single lines, or for registers of them.
template <typename T>
struct Plan {
  int64_t n = 0, length = 0;  // of the transform, and of that by which it is computed
  bool single = false, convolves = false;
  Passes<T> passes;
  FourSteps<T> steps;
  Split<T> chirp = {nullptr, nullptr};   // exp(-pi i k^2 / n)
  Split<T> filter = {nullptr, nullptr};  // the transform of its conjugate, over `length`
  Pair<T>* turns = nullptr;              // exp(-2 pi i k / 2 n), for real lines of twice the length

  static int64_t length_for(int64_t n) {
    int64_t rest = n;
    for (int64_t r = 2; r <= kLargestRadix; r++)
      while (rest % r == 0) rest /= r;
    if (rest == 1) return n;
    int64_t m = 1;
    while (m < 2 * n - 1) m *= 2;
    return m;
  }

  TT_APART bool make(int64_t size, bool alone) {
    n = size;
    single = alone;
    length = length_for(n);
    convolves = length != n;
    if (single ? !steps.make(length) : !passes.make(length)) return false;
    Roots roots;
    turns = static_cast<Pair<T>*>(tt_alloc(size_t(n + 1) * sizeof(Pair<T>)));
    if (!turns || !roots.make(2 * n)) return false;
    for (int64_t k = 0; k <= n; k++) {
      const Root w = roots.at(k);
      turns[k] = {T(w.re), T(w.im)};
    }
    roots.drop();
    return !convolves || make_filter();
  }

  bool make_filter() {
    constexpr int lanes = Vec<T>::lanes;
    const int64_t m = length, lines = single ? 1 : lanes;
    chirp.re = static_cast<T*>(tt_alloc(size_t(2 * (n + m)) * sizeof(T)));
    T* const memory = static_cast<T*>(tt_alloc(size_t(4 * m * lines) * sizeof(T)));
    if (!chirp.re || !memory) {
      tt_free(memory);
      return false;
    }
    chirp.im = chirp.re + n;
    filter = {chirp.im + n, chirp.im + n + m};
    const int64_t part = m * lines;
    const Split<T> b = {memory, memory + part}, spare = {memory + 2 * part, memory + 3 * part};
    for (int64_t k = 0; k < part; k++) b.re[k] = b.im[k] = 0;
    int64_t square = 0;  // k^2 modulo 2 n
    for (int64_t k = 0; k < n; k++) {
      const Root w = root(square, 2 * n);
      chirp.re[k] = T(w.re), chirp.im[k] = T(w.im);
      b.re[k * lines] = T(w.re), b.im[k * lines] = T(-w.im);
      if (k) b.re[(m - k) * lines] = T(w.re), b.im[(m - k) * lines] = T(-w.im);
      square = (square + 2 * k + 1) % (2 * n);
    }
    bool fine = true;
    const Split<T> transformed = plain(lines, b, spare, fine);
    for (int64_t k = 0; k < m; k++)
      filter.re[k] = transformed.re[k * lines] / T(m), filter.im[k] = transformed.im[k * lines] / T(m);
    tt_free(memory);
    return fine;
  }
  void drop() {
    passes.drop();
    steps.drop();
    tt_free(chirp.re);
    tt_free(turns);
  }

  Split<T> plain(int64_t lines, Split<T> x, Split<T> y, bool& fine) const {
    if (!single) return passes.run(lines, x, y);
    fine = steps.run(x, y) && fine;
    return x;
  }

  // The result is in the buffer that is returned; `fine` becomes false without memory.
  TT_APART Split<T> run(int64_t lines, Split<T> x, Split<T> y, bool& fine) const {
    if (!convolves) return plain(lines, x, y, fine);
    multiply(n, lines, chirp, x);
    for (int64_t i = n * lines; i < length * lines; i++) x.re[i] = x.im[i] = 0;
    const Split<T> z = plain(lines, x, y, fine);
    multiply(length, lines, filter, z);
    // Backward is forward with the parts exchanged.
    const Split<T> other = z.re == x.re ? y : x;
    const Split<T> back = plain(lines, Split<T>{z.im, z.re}, Split<T>{other.im, other.re}, fine);
    const Split<T> result = {back.im, back.re};
    multiply(n, lines, chirp, result);
    return result;
  }

  TT_APART static void multiply(int64_t count, int64_t lines, Split<T> by, Split<T> x) {
    const auto times = [](T* __restrict re, T* __restrict im, const T* wr, const T* wi, int64_t step, int64_t size) {
      for (int64_t l = 0; l < size; l++) {
        const T a = re[l], b = im[l];
        re[l] = a * wr[l * step] - b * wi[l * step];
        im[l] = a * wi[l * step] + b * wr[l * step];
      }
    };
    if (lines == 1) return times(x.re, x.im, by.re, by.im, 1, count);
    for (int64_t k = 0; k < count; k++) times(x.re + k * lines, x.im + k * lines, by.re + k, by.im + k, 0, lines);
  }
};

// Plans that were used last. Whoever takes one has it alone, and puts it back.
template <typename T>
struct Shelf {
  static inline Plan<T>* places[4] = {};
  static inline uint32_t next = 0;

  static void drop(Plan<T>* plan) {
    if (!plan) return;
    plan->drop();
    tt_free(plan);
  }
  static void put(Plan<T>* plan) {
    drop(__atomic_exchange_n(&places[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % 4], plan, __ATOMIC_ACQ_REL));
  }
  TT_APART static Plan<T>* take(int64_t n, bool single) {
    for (Plan<T>*& place : places) {
      Plan<T>* const plan = __atomic_exchange_n(&place, nullptr, __ATOMIC_ACQ_REL);
      if (!plan) continue;
      if (plan->n == n && plan->single == single) return plan;
      drop(__atomic_exchange_n(&place, plan, __ATOMIC_ACQ_REL));
    }
    Plan<T>* const plan = static_cast<Plan<T>*>(tt_alloc(sizeof(Plan<T>)));
    if (!plan) return nullptr;
    *plan = Plan<T>{};
    if (plan->make(n, single)) return plan;
    drop(plan);
    return nullptr;
  }
};

}  // namespace
}  // namespace TT_NS
