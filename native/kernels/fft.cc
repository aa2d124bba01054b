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
#include "fft_plan.h"

namespace TT_NS {
namespace {

enum Kind { kComplex, kFromReal, kToReal };

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
