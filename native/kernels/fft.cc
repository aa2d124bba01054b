// Discrete Fourier transforms of lines.
//
// fft: [kind, dtype, n, sign, weighted, full, scale, ndim, sizes[ndim],
//       in address, in step, in strides[ndim], out address, out step, out strides[ndim]]
//   dtype is float32 or float64, that of the parts; sizes are those of the other dimensions; strides and steps count
//   elements (pairs, where they are complex). X[k] = scale * sum of x[t] exp(sign * 2 pi i k t / n).
//   kind 0: complex to complex. kind 1: n real numbers to n / 2 + 1 complex ones, or to all n if full; weighted doubles those
//   that stand for two. kind 2: n / 2 + 1 complex numbers, of which the rest are the conjugates, to n real ones; weighted
//   halves those that stand for two. Weights make each of kind 1 and kind 2 the adjoint of the other.
//
// Stockham's algorithm with radices 4, 2, 3, 5 and any other small prime (van Loan 1992, section 1.7); lengths with a large prime
// factor by Bluestein's convolution. As many lines as fill registers are transformed at a time, lying side by side, so that every
// loop runs over whole registers. A line that is long, or alone, is taken for a matrix of which first the columns and then the rows are
// such lines (Bailey's four steps). Real lines of even length are complex ones of half the length.
#include "dtype_switch.h"
#include "../platform.h"
#include "transpose_block.h"

// Not made part of each caller: that would take three times as long to compile, and gain nothing.
#define TT_APART __attribute__((noinline))

namespace TT_NS {
namespace {

enum Kind { kComplex, kFromReal, kToReal };

// Larger prime factors cost less by convolution.
constexpr int64_t kLargestRadix = 31;
constexpr int kMaxFactors = 64;
constexpr double kTau = 6.283185307179586476925286766559;

template <typename T>
struct Pair {
  T re, im;
};
typedef Pair<double> Root;

TT_INLINE Root product_of(Root a, Root b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

// exp(-2 pi i k / n) for 0 <= k < n, the angle reduced to the first octant so that all roots are exact to rounding.
TT_APART static Root root(int64_t k, int64_t n) {
  const bool lower = 2 * k > n;
  if (lower) k = n - k;  // conjugate
  const bool left = 4 * k > n;
  int64_t twice = left ? n - 2 * k : 2 * k;  // the angle is pi * twice / n, at most a quarter turn
  const bool steep = 4 * twice > n;
  double c, s;
  if (steep) {
    const double rest = kTau / 4 * double(n - 2 * twice) / double(n);
    c = __builtin_sin(rest), s = __builtin_cos(rest);
  } else {
    const double angle = kTau / 2 * double(twice) / double(n);
    c = __builtin_cos(angle), s = __builtin_sin(angle);
  }
  return {left ? -c : c, lower ? s : -s};
}

// Roots of one n by two short tables, of which each is a product.
struct Roots {
  int64_t n, step;
  Root* coarse;
  Root* fine;

  TT_APART bool make(int64_t length) {
    n = length;
    for (step = 1; step * step < n;) step *= 2;
    const int64_t count = (n + step - 1) / step;
    coarse = static_cast<Root*>(tt_alloc(size_t(count + step) * sizeof(Root)));
    if (!coarse) return false;
    fine = coarse + count;
    for (int64_t i = 0; i < count; i++) coarse[i] = root(i * step, n);
    for (int64_t i = 0; i < step; i++) fine[i] = root(i < n ? i : 0, n);
    return true;
  }
  Root at(int64_t k) const { return product_of(coarse[k / step], fine[k % step]); }
  void drop() { tt_free(coarse); }
};

// Real and imaginary parts apart.
template <typename T>
struct Split {
  T* re;
  T* im;
};

// Factors and twiddles of one length: for each pass, for each p, those for j = 1 .. r - 1.
template <typename T>
struct Passes {
  typedef typename Vec<T>::type V;
  static constexpr int lanes = Vec<T>::lanes;

  int64_t n = 0;
  int count = 0;
  int64_t radix[kMaxFactors];
  Pair<T>* twiddles = nullptr;

  // False without memory. The length must have no prime factor above kLargestRadix.
  TT_APART bool make(int64_t length) {
    n = length;
    int64_t rest = n;
    for (; rest % 4 == 0; rest /= 4) radix[count++] = 4;
    for (; rest % 2 == 0; rest /= 2) radix[count++] = 2;
    for (int64_t r = 3; rest > 1; r += 2)
      for (; rest % r == 0; rest /= r) radix[count++] = r;
    Roots roots;
    if (!roots.make(n)) return false;
    twiddles = static_cast<Pair<T>*>(tt_alloc(size_t(n) * sizeof(Pair<T>)));
    if (twiddles) {
      Pair<T>* to = twiddles;
      int64_t left = n, stride = 1;
      for (int i = 0; i < count; i++) {
        const int64_t r = radix[i], m = left / r;
        for (int64_t p = 0; p < m; p++)
          for (int64_t j = 1; j < r; j++) {
            const Root w = roots.at(p * j * stride);
            *to++ = {T(w.re), T(w.im)};
          }
        left = m;
        stride *= r;
      }
    }
    roots.drop();
    return twiddles != nullptr;
  }
  void drop() { tt_free(twiddles); }

  // Transforms `lines` lines (whole registers of them) that lie side by side in `x`; the result is in the buffer that is returned.
  TT_APART Split<T> run(int64_t lines, Split<T> x, Split<T> y) const {
    const Pair<T>* w = twiddles;
    int64_t left = n, s = lines;
    for (int i = 0; i < count; i++) {
      const int64_t r = radix[i], m = left / r;
      switch (r) {
        case 2: pass2(m, s, w, x, y); break;
        case 3: pass_odd<3>(r, m, s, w, x, y); break;
        case 4: pass4(m, s, w, x, y); break;
        case 5: pass_odd<5>(r, m, s, w, x, y); break;
        default: pass_odd<0>(r, m, s, w, x, y);
      }
      const Split<T> other = x;
      x = y;
      y = other;
      w += m * (r - 1);
      left = m;
      s *= r;
    }
    return x;
  }

  TT_INLINE void put(Split<T> y, int64_t at, V re, V im, Pair<T> w) {
    const V wr = broadcast<T>(w.re), wi = broadcast<T>(w.im);
    store<T>(y.re + at, multiply_add(re, wr, -(im * wi)));
    store<T>(y.im + at, multiply_add(re, wi, im * wr));
  }

  // One pass: m groups of r rows of s numbers each; row k of group p lies at p + m k, row j of its result at r p + j.
  TT_APART static void pass2(int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
    for (int64_t p = 0; p < m; p++, w++)
      for (int64_t q = 0; q < s; q += lanes) {
        const int64_t a = p * s + q, b = a + m * s, to = 2 * p * s + q;
        const V ar = load<T>(x.re + a), ai = load<T>(x.im + a), br = load<T>(x.re + b), bi = load<T>(x.im + b);
        store<T>(y.re + to, ar + br);
        store<T>(y.im + to, ai + bi);
        put(y, to + s, ar - br, ai - bi, *w);
      }
  }

  TT_APART static void pass4(int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
    for (int64_t p = 0; p < m; p++, w += 3)
      for (int64_t q = 0; q < s; q += lanes) {
        const int64_t a = p * s + q, b = a + m * s, c = b + m * s, d = c + m * s, to = 4 * p * s + q;
        const V ar = load<T>(x.re + a), ai = load<T>(x.im + a), br = load<T>(x.re + b), bi = load<T>(x.im + b);
        const V cr = load<T>(x.re + c), ci = load<T>(x.im + c), dr = load<T>(x.re + d), di = load<T>(x.im + d);
        const V pr = ar + cr, pi = ai + ci, mr = ar - cr, mi = ai - ci, sr = br + dr, si = bi + di;
        const V tr = bi - di, ti = dr - br;  // -i times the difference
        store<T>(y.re + to, pr + sr);
        store<T>(y.im + to, pi + si);
        put(y, to + s, mr + tr, mi + ti, w[0]);
        put(y, to + 2 * s, pr - sr, pi - si, w[1]);
        put(y, to + 3 * s, mr - tr, mi - ti, w[2]);
      }
  }

  // Any odd radix: number j and number r - j are made of the same sums.
  template <int fixed>
  TT_APART static void pass_odd(int64_t any, int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
    constexpr int most = fixed ? fixed : kLargestRadix;
    const int r = fixed ? fixed : int(any), half = r / 2;
    T cosines[most], sines[most];
    for (int k = 0; k < r; k++) {
      const Root z = root(k, r);
      cosines[k] = T(z.re);
      sines[k] = T(z.im);
    }
    for (int64_t p = 0; p < m; p++, w += r - 1)
      for (int64_t q = 0; q < s; q += lanes) {
        const int64_t from = p * s + q, step = m * s, to = r * p * s + q;
        V sum_r[most / 2 + 1], sum_i[most / 2 + 1], dif_r[most / 2 + 1], dif_i[most / 2 + 1];
        const V xr = load<T>(x.re + from), xi = load<T>(x.im + from);
        V all_r = xr, all_i = xi;
        for (int k = 1; k <= half; k++) {
          const int64_t a = from + k * step, b = from + (r - k) * step;
          const V ar = load<T>(x.re + a), ai = load<T>(x.im + a), br = load<T>(x.re + b), bi = load<T>(x.im + b);
          sum_r[k] = ar + br, sum_i[k] = ai + bi, dif_r[k] = ar - br, dif_i[k] = ai - bi;
          all_r += sum_r[k], all_i += sum_i[k];
        }
        store<T>(y.re + to, all_r);
        store<T>(y.im + to, all_i);
        for (int j = 1; j <= half; j++) {
          V even_r = xr, even_i = xi, odd_r = {}, odd_i = {};
          int at = 0;
          for (int k = 1; k <= half; k++) {
            at = at + j < r ? at + j : at + j - r;  // j k modulo r
            const V c = broadcast<T>(cosines[at]), sine = broadcast<T>(sines[at]);
            even_r = multiply_add(c, sum_r[k], even_r);
            even_i = multiply_add(c, sum_i[k], even_i);
            odd_r = multiply_add(sine, dif_r[k], odd_r);
            odd_i = multiply_add(sine, dif_i[k], odd_i);
          }
          put(y, to + j * s, even_r - odd_i, even_i + odd_r, w[j - 1]);
          put(y, to + (r - j) * s, even_r + odd_i, even_i - odd_r, w[r - j - 1]);
        }
      }
  }
};

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

constexpr int64_t kLines = 16;  // at a time: one or more registers

struct Job {
  int kind;
  int64_t n;
  bool forward, weighted, full;
  double scale;
  int ndim;
  int64_t sizes[kMaxDims];
  char *in, *out;
  int64_t in_step, out_step;
  int64_t in_strides[kMaxDims], out_strides[kMaxDims];
};

// One side of some lines, in numbers of the kind of the parts: pairs of them, or real ones taken two by two.
template <typename T>
struct Side {
  typedef typename Vec<T>::type V;
  static constexpr int lanes = Vec<T>::lanes;

  T* data;
  bool pairs;
  int64_t step;  // between what comes next in a line
  int64_t lines, filled;  // the first `filled` of them are there, the others repeat the first
  int64_t start[kLines];

  T* at(int64_t l, int64_t t, int part) const {
    return pairs ? data + 2 * (start[l] + t * step) + part : data + start[l] + (2 * t + part) * step;
  }
  // Whether line l + 1 lies right behind line l.
  bool neighbours() const {
    for (int64_t l = 1; l < filled; l++)
      if (start[l] != start[0] + l) return false;
    return filled == lines;
  }

  // The first `length` pairs of each line, by parts, the lines side by side. One line is shared among threads.
  TT_APART void load_lines(int64_t length, Split<T> to) const {
    if (lines == 1) {
      parallel(length, 1 << 15, [&](int64_t begin, int64_t end, int) {
        if (step == 1) {
          const T* __restrict from = at(0, 0, 0);
          T *__restrict re = to.re, *__restrict im = to.im;
          for (int64_t t = begin; t < end; t++) re[t] = from[2 * t], im[t] = from[2 * t + 1];
        } else {
          for (int64_t t = begin; t < end; t++) to.re[t] = *at(0, t, 0), to.im[t] = *at(0, t, 1);
        }
      });
      return;
    }
    int64_t t = 0;
    if (step == 1) {
      for (; t + lanes / 2 <= length; t += lanes / 2)
        for (int64_t first = 0; first < lines; first += lanes) {
          V block[lanes];
          for (int l = 0; l < lanes; l++) block[l] = load<T>(at(first + l, t, 0));
          transpose_block<T>(block);
          for (int i = 0; i < lanes / 2; i++) {
            store<T>(to.re + (t + i) * lines + first, block[2 * i]);
            store<T>(to.im + (t + i) * lines + first, block[2 * i + 1]);
          }
        }
    } else if (neighbours()) {
      for (; t < length; t++) {
        T *__restrict re = to.re + t * lines, *__restrict im = to.im + t * lines;
        const T *real = at(0, t, 0), *imaginary = at(0, t, 1);
        if (pairs)
          for (int l = 0; l < kLines; l++) re[l] = real[2 * l], im[l] = real[2 * l + 1];
        else
          for (int l = 0; l < kLines; l++) re[l] = real[l], im[l] = imaginary[l];
      }
    }
    for (; t < length; t++)
      for (int64_t l = 0; l < lines; l++) to.re[t * lines + l] = *at(l, t, 0), to.im[t * lines + l] = *at(l, t, 1);
  }

  // The same the other way round, scaled.
  TT_APART void store_lines(int64_t length, Split<T> from, T scale) const {
    if (lines == 1) {
      parallel(length, 1 << 15, [&](int64_t begin, int64_t end, int) {
        if (step == 1) {
          T* __restrict to = at(0, 0, 0);
          const T *__restrict re = from.re, *__restrict im = from.im;
          for (int64_t t = begin; t < end; t++) to[2 * t] = re[t] * scale, to[2 * t + 1] = im[t] * scale;
        } else {
          for (int64_t t = begin; t < end; t++) *at(0, t, 0) = from.re[t] * scale, *at(0, t, 1) = from.im[t] * scale;
        }
      });
      return;
    }
    int64_t t = 0;
    if (step == 1) {
      for (; t + lanes / 2 <= length; t += lanes / 2)
        for (int64_t first = 0; first < filled; first += lanes) {
          V block[lanes];
          for (int i = 0; i < lanes / 2; i++) {
            block[2 * i] = load<T>(from.re + (t + i) * lines + first) * scale;
            block[2 * i + 1] = load<T>(from.im + (t + i) * lines + first) * scale;
          }
          transpose_block<T>(block);
          for (int l = 0; l < lanes && first + l < filled; l++) store<T>(at(first + l, t, 0), block[l]);
        }
    } else if (neighbours()) {
      for (; t < length; t++) {
        const T *__restrict re = from.re + t * lines, *__restrict im = from.im + t * lines;
        T *real = at(0, t, 0), *imaginary = at(0, t, 1);
        if (pairs)
          for (int l = 0; l < kLines; l++) real[2 * l] = re[l] * scale, real[2 * l + 1] = im[l] * scale;
        else
          for (int l = 0; l < kLines; l++) real[l] = re[l] * scale, imaginary[l] = im[l] * scale;
      }
    }
    for (; t < length; t++)
      for (int64_t l = 0; l < filled; l++) *at(l, t, 0) = from.re[t * lines + l] * scale, *at(l, t, 1) = from.im[t * lines + l] * scale;
  }
};

// One line or a few registers of them, from memory to memory.
template <typename T>
struct Group {
  const Job& job;
  const Plan<T>& plan;
  Side<T> in, out;
  bool fine = true;

  int64_t lines() const { return in.lines; }

  // Calls f(k, l) for rows begin … end of what lies side by side, whole registers as V, or single numbers.
  template <typename F>
  void each(int64_t rows, F f) const {
    if (lines() == 1)
      parallel(rows, 1 << 14, [&](int64_t begin, int64_t end, int) {
        for (int64_t k = begin; k < end; k++) f(k, int64_t(0), T{});
      });
    else
      for (int64_t k = 0; k < rows; k++)
        for (int64_t l = 0; l < lines(); l += Vec<T>::lanes) f(k, l, typename Vec<T>::type{});
  }
  template <typename V>
  static V get(const T* from) {
    if constexpr (sizeof(V) == sizeof(T))
      return *from;
    else
      return load<T>(from);
  }
  static void set(T* to, T value) { *to = value; }
  static void set(T* to, typename Vec<T>::type value) { store<T>(to, value); }

  void run(Split<T> x, Split<T> y) {
    switch (job.kind) {
      case kComplex: return complex(x, y);
      case kFromReal: return from_real(x, y);
      default: return to_real(x, y);
    }
  }

  TT_APART void complex(Split<T> x, Split<T> y) {
    // Backward is forward with the parts exchanged, before and after.
    in.load_lines(job.n, job.forward ? x : Split<T>{x.im, x.re});
    const Split<T> z = plan.run(lines(), x, y, fine);
    out.store_lines(job.n, job.forward ? z : Split<T>{z.im, z.re}, T(job.scale));
  }

  TT_APART void from_real(Split<T> x, Split<T> y) {
    const int64_t n = job.n, half = n / 2, count = lines();
    const bool odd = n % 2 != 0;
    if (odd) {
      for (int64_t t = 0; t < n; t++)
        for (int64_t l = 0; l < count; l++) x.re[t * count + l] = in.data[in.start[l] + t * in.step], x.im[t * count + l] = 0;
    } else {
      in.load_lines(half, x);
    }
    const Split<T> z = plan.run(count, x, y, fine), to = z.re == x.re ? y : x;
    each(half + 1, [&](int64_t k, int64_t l, auto kind) {
      typedef decltype(kind) V;
      V re, im;
      if (odd) {
        re = get<V>(z.re + k * count + l);
        im = get<V>(z.im + k * count + l);
      } else {
        const T wr = plan.turns[k].re, wi = plan.turns[k].im;
        const int64_t a = (k == half ? 0 : k) * count + l, b = (k == 0 ? 0 : half - k) * count + l;
        const V ar = get<V>(z.re + a), ai = get<V>(z.im + a), br = get<V>(z.re + b), bi = get<V>(z.im + b);
        // The transforms of the even and of the odd elements.
        const V even_r = (ar + br) * T(0.5), even_i = (ai - bi) * T(0.5), odd_r = (ai + bi) * T(0.5), odd_i = (br - ar) * T(0.5);
        re = even_r + odd_r * wr - odd_i * wi;
        im = even_i + odd_r * wi + odd_i * wr;
      }
      if (!job.forward) im = -im;
      const bool twice = k > 0 && 2 * k < n;
      if (job.weighted && twice) re *= T(2), im *= T(2);
      set(to.re + k * count + l, re);
      set(to.im + k * count + l, im);
      if (!job.full || !twice) return;
      set(to.re + (n - k) * count + l, re);
      set(to.im + (n - k) * count + l, V(-im));
    });
    out.store_lines(job.full ? n : half + 1, to, T(job.scale));
  }

  TT_APART void to_real(Split<T> x, Split<T> y) {
    const int64_t n = job.n, half = n / 2, count = lines();
    const bool odd = n % 2 != 0;
    in.load_lines(half + 1, y);
    const T sign = T(job.forward ? -1 : 1);
    // Number k; the imaginary parts of those that are their own conjugates do not count.
    const auto take = [&](int64_t k, int64_t l, auto& re, auto& im) {
      typedef __decltype(re + re) V;
      const bool twice = k > 0 && 2 * k < n;
      const T scale = job.weighted && twice ? T(0.5) : T(1);
      re = get<V>(y.re + k * count + l) * scale;
      im = get<V>(y.im + k * count + l) * (twice ? scale * sign : T(0));
      if (!twice) im = V{};
    };
    each(odd ? half + 1 : half, [&](int64_t k, int64_t l, auto kind) {
      typedef decltype(kind) V;
      V ar, ai;
      take(k, l, ar, ai);
      if (odd) {
        set(x.im + k * count + l, ar);
        set(x.re + k * count + l, ai);
        if (k == 0) return;
        set(x.im + (n - k) * count + l, ar);
        set(x.re + (n - k) * count + l, V(-ai));
        return;
      }
      V br, bi;
      take(half - k, l, br, bi);
      const T wr = plan.turns[k].re, wi = -plan.turns[k].im;
      const V sr = ar + br, si = ai - bi, dr = ar - br, di = ai + bi;
      // Even elements in the real parts, odd ones in the imaginary parts, which are exchanged: backward.
      set(x.im + k * count + l, V(sr - (dr * wi + di * wr)));
      set(x.re + k * count + l, V(si + (dr * wr - di * wi)));
    });
    const Split<T> z = plan.run(count, x, y, fine);
    const T scale = T(job.scale);
    if (!odd) return out.store_lines(half, Split<T>{z.im, z.re}, scale);
    for (int64_t t = 0; t < n; t++)
      for (int64_t l = 0; l < out.filled; l++) out.data[out.start[l] + t * out.step] = z.im[t * count + l] * scale;
  }
};

TT_INLINE int64_t most(int64_t a, int64_t b) { return a < b ? b : a; }

template <typename T>
static int run(const Job& job) {
  const int64_t total = product(job.sizes, job.ndim);
  if (total == 0) return TT_OK;
  const int64_t size = job.kind != kComplex && job.n % 2 == 0 ? job.n / 2 : job.n, length = Plan<T>::length_for(size);
  // Lines are taken one by one if few of them are there to fill registers, or if together they would not stay in the cache.
  const bool large = length * kLines * 4 * int64_t(sizeof(T)) >= 1 << 20;
  const bool single = (large || 2 * total <= Vec<T>::lanes) && FourSteps<T>::side(length) > 0;
  Plan<T>* const plan = Shelf<T>::take(size, single);
  if (!plan) return TT_OUT_OF_MEMORY;
  bool failed = false;
  const int64_t at_once = single ? 1 : kLines;
  parallel(total, single ? 1 : 16384 / job.n / kLines * kLines + kLines, [&](int64_t begin, int64_t end, int) {
    const int64_t rows = most(length, job.full ? job.n : job.n / 2 + 1);
    const int64_t part = most(rows, size + 1) * at_once;
    T* const memory = static_cast<T*>(tt_alloc(size_t(4 * part) * sizeof(T)));
    if (!memory) {
      __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
      return;
    }
    const Split<T> x = {memory, memory + part}, y = {memory + 2 * part, memory + 3 * part};
    Walk<2> walk;
    walk.over(job.ndim, job.sizes, job.in_strides, job.out_strides);
    walk.start(begin);
    for (int64_t at = begin; at < end; at += at_once) {
      const int64_t filled = end - at < at_once ? end - at : at_once;
      Group<T> group{job, *plan,
                     {reinterpret_cast<T*>(job.in), job.kind != kFromReal, job.in_step, at_once, filled, {}},
                     {reinterpret_cast<T*>(job.out), job.kind != kToReal, job.out_step, at_once, filled, {}}};
      for (int64_t l = 0; l < filled; l++, walk.next())
        group.in.start[l] = walk.offset[0], group.out.start[l] = walk.offset[1];
      for (int64_t l = filled; l < at_once; l++) group.in.start[l] = group.in.start[0];
      group.run(x, y);
      if (!group.fine) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    }
    tt_free(memory);
  });
  Shelf<T>::put(plan);
  return failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(fft) {
  ArgReader reader{args};
  Job job;
  job.kind = int(reader.integer());
  const int dtype = int(reader.integer());
  job.n = reader.integer();
  job.forward = reader.integer() < 0;
  job.weighted = reader.integer() != 0;
  job.full = reader.integer() != 0;
  job.scale = reader.number();
  job.ndim = int(reader.integer());
  read_sizes(reader, job.ndim, job.sizes);
  job.in = reader.address<char>();
  job.in_step = reader.integer();
  read_sizes(reader, job.ndim, job.in_strides);
  job.out = reader.address<char>();
  job.out_step = reader.integer();
  read_sizes(reader, job.ndim, job.out_strides);
  if (job.n < 1) return TT_BAD_ARGUMENT;
  if (dtype == TT_FLOAT32) return run<float>(job);
  if (dtype == TT_FLOAT64) return run<double>(job);
  return TT_UNSUPPORTED_DTYPE;
}
