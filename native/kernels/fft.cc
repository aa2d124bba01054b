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
// Stockham's algorithm with radices 4, 2, 3 and any other small prime (van Loan 1992, section 1.7); lengths with a large
// prime factor by Bluestein's convolution. Several lines are transformed at a time, lying side by side, so that every loop
// runs over registers full of them. Real lines of even length are complex ones of half the length.
#include "dtype_switch.h"
#include "../platform.h"

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

// Factors and twiddles of one length: for each pass, for each p, those for j = 1 .. r - 1.
template <typename T>
struct Passes {
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
};

// Real and imaginary parts apart.
template <typename T>
struct Split {
  T* re;
  T* im;
};

// One pass: m groups of r rows of s numbers each; row k of group p lies at p + m k, row j of its result at r p + j.
template <typename T>
TT_APART static void pass2(int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
  for (int64_t p = 0; p < m; p++, w++) {
    const T *__restrict ar = x.re + p * s, *__restrict ai = x.im + p * s;
    const T *__restrict br = x.re + (p + m) * s, *__restrict bi = x.im + (p + m) * s;
    T *__restrict yr = y.re + 2 * p * s, *__restrict yi = y.im + 2 * p * s;
    const T wr = w->re, wi = w->im;
    for (int64_t q = 0; q < s; q++) {
      const T dr = ar[q] - br[q], di = ai[q] - bi[q];
      yr[q] = ar[q] + br[q];
      yi[q] = ai[q] + bi[q];
      yr[q + s] = dr * wr - di * wi;
      yi[q + s] = dr * wi + di * wr;
    }
  }
}

template <typename T>
TT_APART static void pass3(int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
  const T half = T(0.5), root3 = T(0.866025403784438646763723170752936183);
  for (int64_t p = 0; p < m; p++, w += 2) {
    const T *__restrict xr = x.re + p * s, *__restrict xi = x.im + p * s;
    T *__restrict yr = y.re + 3 * p * s, *__restrict yi = y.im + 3 * p * s;
    const int64_t b = m * s, c = 2 * b;
    const T w1r = w[0].re, w1i = w[0].im, w2r = w[1].re, w2i = w[1].im;
    for (int64_t q = 0; q < s; q++) {
      const T sr = xr[q + b] + xr[q + c], si = xi[q + b] + xi[q + c];
      const T dr = root3 * (xi[q + b] - xi[q + c]), di = root3 * (xr[q + c] - xr[q + b]);
      const T tr = xr[q] - half * sr, ti = xi[q] - half * si;
      yr[q] = xr[q] + sr;
      yi[q] = xi[q] + si;
      const T ur = tr + dr, ui = ti + di, vr = tr - dr, vi = ti - di;
      yr[q + s] = ur * w1r - ui * w1i;
      yi[q + s] = ur * w1i + ui * w1r;
      yr[q + 2 * s] = vr * w2r - vi * w2i;
      yi[q + 2 * s] = vr * w2i + vi * w2r;
    }
  }
}

template <typename T>
TT_APART static void pass4(int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
  for (int64_t p = 0; p < m; p++, w += 3) {
    const T *__restrict xr = x.re + p * s, *__restrict xi = x.im + p * s;
    T *__restrict yr = y.re + 4 * p * s, *__restrict yi = y.im + 4 * p * s;
    const int64_t b = m * s, c = 2 * b, d = 3 * b;
    const T w1r = w[0].re, w1i = w[0].im, w2r = w[1].re, w2i = w[1].im, w3r = w[2].re, w3i = w[2].im;
    for (int64_t q = 0; q < s; q++) {
      const T pr = xr[q] + xr[q + c], pi = xi[q] + xi[q + c], mr = xr[q] - xr[q + c], mi = xi[q] - xi[q + c];
      const T sr = xr[q + b] + xr[q + d], si = xi[q + b] + xi[q + d];
      const T dr = xi[q + b] - xi[q + d], di = xr[q + d] - xr[q + b];  // -i times the difference
      yr[q] = pr + sr;
      yi[q] = pi + si;
      const T ur = mr + dr, ui = mi + di, vr = pr - sr, vi = pi - si, zr = mr - dr, zi = mi - di;
      yr[q + s] = ur * w1r - ui * w1i;
      yi[q + s] = ur * w1i + ui * w1r;
      yr[q + 2 * s] = vr * w2r - vi * w2i;
      yi[q + 2 * s] = vr * w2i + vi * w2r;
      yr[q + 3 * s] = zr * w3r - zi * w3i;
      yi[q + 3 * s] = zr * w3i + zi * w3r;
    }
  }
}

// Any radix r: r^2 products a group.
template <typename T>
TT_APART static void pass_any(int64_t r, int64_t m, int64_t s, const Pair<T>* w, Split<T> x, Split<T> y) {
  Pair<T> roots[kLargestRadix];
  for (int64_t k = 0; k < r; k++) {
    const Root z = root(k, r);
    roots[k] = {T(z.re), T(z.im)};
  }
  for (int64_t p = 0; p < m; p++, w += r - 1)
    for (int64_t j = 0; j < r; j++) {
      T *__restrict yr = y.re + (r * p + j) * s, *__restrict yi = y.im + (r * p + j) * s;
      const T *__restrict ar = x.re + p * s, *__restrict ai = x.im + p * s;
      for (int64_t q = 0; q < s; q++) yr[q] = ar[q], yi[q] = ai[q];
      for (int64_t k = 1; k < r; k++) {
        const T *__restrict xr = x.re + (p + m * k) * s, *__restrict xi = x.im + (p + m * k) * s;
        const T cr = roots[j * k % r].re, ci = roots[j * k % r].im;
        for (int64_t q = 0; q < s; q++) {
          yr[q] += xr[q] * cr - xi[q] * ci;
          yi[q] += xr[q] * ci + xi[q] * cr;
        }
      }
      if (j == 0) continue;
      const T wr = w[j - 1].re, wi = w[j - 1].im;
      for (int64_t q = 0; q < s; q++) {
        const T re = yr[q], im = yi[q];
        yr[q] = re * wr - im * wi;
        yi[q] = re * wi + im * wr;
      }
    }
}

// Transforms `lines` lines that lie side by side in `x`; the result is in the buffer that is returned.
template <typename T>
TT_APART static Split<T> stockham(const Passes<T>& passes, int64_t lines, Split<T> x, Split<T> y) {
  const Pair<T>* w = passes.twiddles;
  int64_t left = passes.n, s = lines;
  for (int i = 0; i < passes.count; i++) {
    const int64_t r = passes.radix[i], m = left / r;
    switch (r) {
      case 2: pass2(m, s, w, x, y); break;
      case 3: pass3(m, s, w, x, y); break;
      case 4: pass4(m, s, w, x, y); break;
      default: pass_any(r, m, s, w, x, y);
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

// A length of any kind, forward.
template <typename T>
struct Plan {
  int64_t n = 0;
  bool convolves = false;
  Passes<T> passes;  // of n, or of the convolution's length
  Pair<T>* chirp = nullptr;   // exp(-pi i k^2 / n)
  Pair<T>* filter = nullptr;  // the transform of its conjugate, over the convolution's length

  // Numbers that a buffer holds for each line.
  int64_t room() const { return passes.n > n ? passes.n : n; }

  TT_APART bool make(int64_t length) {
    n = length;
    int64_t rest = n;
    for (int64_t r = 2; r <= kLargestRadix; r++)
      while (rest % r == 0) rest /= r;
    convolves = rest > 1;
    if (!convolves) return passes.make(n);
    int64_t m = 1;
    while (m < 2 * n - 1) m *= 2;
    if (!passes.make(m)) return false;
    chirp = static_cast<Pair<T>*>(tt_alloc(size_t(n + m) * sizeof(Pair<T>)));
    T* const memory = static_cast<T*>(tt_alloc(size_t(4 * m) * sizeof(T)));
    if (!chirp || !memory) {
      tt_free(memory);
      return false;
    }
    filter = chirp + n;
    const Split<T> b = {memory, memory + m}, spare = {memory + 2 * m, memory + 3 * m};
    for (int64_t k = 0; k < m; k++) b.re[k] = b.im[k] = 0;
    int64_t square = 0;  // k^2 modulo 2 n
    for (int64_t k = 0; k < n; k++) {
      const Root w = root(square, 2 * n);
      chirp[k] = {T(w.re), T(w.im)};
      b.re[k] = T(w.re), b.im[k] = T(-w.im);
      if (k) b.re[m - k] = T(w.re), b.im[m - k] = T(-w.im);
      square = (square + 2 * k + 1) % (2 * n);
    }
    const Split<T> transformed = stockham(passes, 1, b, spare);
    for (int64_t k = 0; k < m; k++) filter[k] = {transformed.re[k] / T(m), transformed.im[k] / T(m)};
    tt_free(memory);
    return true;
  }
  void drop() {
    passes.drop();
    tt_free(chirp);
  }

  TT_APART Split<T> run(int64_t lines, Split<T> x, Split<T> y) const {
    if (!convolves) return stockham(passes, lines, x, y);
    const int64_t m = passes.n;
    multiply(n, lines, chirp, x);
    for (int64_t i = n * lines; i < m * lines; i++) x.re[i] = x.im[i] = 0;
    const Split<T> z = stockham(passes, lines, x, y);
    multiply(m, lines, filter, z);
    // Backward is forward with the parts exchanged.
    const Split<T> other = z.re == x.re ? y : x;
    const Split<T> back = stockham(passes, lines, Split<T>{z.im, z.re}, Split<T>{other.im, other.re});
    const Split<T> result = {back.im, back.re};
    multiply(n, lines, chirp, result);
    return result;
  }

  TT_APART static void multiply(int64_t count, int64_t lines, const Pair<T>* by, Split<T> x) {
    for (int64_t k = 0; k < count; k++) {
      const T wr = by[k].re, wi = by[k].im;
      T *__restrict re = x.re + k * lines, *__restrict im = x.im + k * lines;
      for (int64_t l = 0; l < lines; l++) {
        const T a = re[l], b = im[l];
        re[l] = a * wr - b * wi;
        im[l] = a * wi + b * wr;
      }
    }
  }
};

constexpr int64_t kMaxLines = 16;

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

template <typename T>
struct Lines {
  const Job& job;
  const Plan<T>& plan;
  const Pair<T>* turns;  // exp(-2 pi i k / n) for real lines of even length
  int64_t count;
  int64_t in[kMaxLines], out[kMaxLines];

  const Pair<T>& in_at(int64_t l, int64_t k) const {
    return reinterpret_cast<const Pair<T>*>(job.in)[in[l] + k * job.in_step];
  }
  const T& real_at(int64_t l, int64_t t) const { return reinterpret_cast<const T*>(job.in)[in[l] + t * job.in_step]; }
  Pair<T>& out_at(int64_t l, int64_t k) const { return reinterpret_cast<Pair<T>*>(job.out)[out[l] + k * job.out_step]; }
  T& real_out(int64_t l, int64_t t) const { return reinterpret_cast<T*>(job.out)[out[l] + t * job.out_step]; }

  TT_APART void complex(Split<T> x, Split<T> y) const {
    // Backward is forward with the parts exchanged, before and after.
    const Split<T> to = job.forward ? x : Split<T>{x.im, x.re};
    for (int64_t t = 0; t < job.n; t++)
      for (int64_t l = 0; l < count; l++) {
        const Pair<T> z = in_at(l, t);
        to.re[t * count + l] = z.re;
        to.im[t * count + l] = z.im;
      }
    const Split<T> z = plan.run(count, x, y);
    const Split<T> from = job.forward ? z : Split<T>{z.im, z.re};
    const T scale = T(job.scale);
    for (int64_t k = 0; k < job.n; k++)
      for (int64_t l = 0; l < count; l++)
        out_at(l, k) = {from.re[k * count + l] * scale, from.im[k * count + l] * scale};
  }

  // Number k of a transform of real numbers, and the one that follows from it.
  void put(int64_t l, int64_t k, T re, T im) const {
    const bool twice = k > 0 && 2 * k < job.n;
    const T scale = T(job.weighted && twice ? 2 * job.scale : job.scale);
    re *= scale;
    im *= job.forward ? scale : -scale;
    out_at(l, k) = {re, im};
    if (job.full && twice) out_at(l, job.n - k) = {re, -im};
  }

  TT_APART void from_real(Split<T> x, Split<T> y) const {
    const int64_t n = job.n, half = n / 2;
    if (n % 2 != 0) {
      for (int64_t t = 0; t < n; t++)
        for (int64_t l = 0; l < count; l++) x.re[t * count + l] = real_at(l, t), x.im[t * count + l] = 0;
      const Split<T> z = plan.run(count, x, y);
      for (int64_t k = 0; k <= half; k++)
        for (int64_t l = 0; l < count; l++) put(l, k, z.re[k * count + l], z.im[k * count + l]);
      return;
    }
    for (int64_t t = 0; t < half; t++)
      for (int64_t l = 0; l < count; l++) {
        x.re[t * count + l] = real_at(l, 2 * t);
        x.im[t * count + l] = real_at(l, 2 * t + 1);
      }
    const Split<T> z = plan.run(count, x, y);
    for (int64_t k = 0; k <= half; k++) {
      const T wr = turns[k].re, wi = turns[k].im;
      const int64_t a = (k == half ? 0 : k) * count, b = (k == 0 ? 0 : half - k) * count;
      for (int64_t l = 0; l < count; l++) {
        // The transforms of the even and of the odd elements.
        const T er = (z.re[a + l] + z.re[b + l]) / 2, ei = (z.im[a + l] - z.im[b + l]) / 2;
        const T odd_r = (z.im[a + l] + z.im[b + l]) / 2, odd_i = (z.re[b + l] - z.re[a + l]) / 2;
        put(l, k, er + odd_r * wr - odd_i * wi, ei + odd_r * wi + odd_i * wr);
      }
    }
  }

  // Number k of what comes in; the imaginary parts of those that are their own conjugates do not count.
  Pair<T> take(int64_t l, int64_t k) const {
    const Pair<T> z = in_at(l, k);
    const bool twice = k > 0 && 2 * k < job.n;
    const T scale = T(job.weighted && twice ? job.scale / 2 : job.scale);
    return {z.re * scale, !twice ? 0 : job.forward ? -z.im * scale : z.im * scale};
  }

  TT_APART void to_real(Split<T> x, Split<T> y) const {
    const int64_t n = job.n, half = n / 2;
    const Split<T> to = {x.im, x.re};
    if (n % 2 != 0) {
      for (int64_t k = 0; k <= half; k++)
        for (int64_t l = 0; l < count; l++) {
          const Pair<T> z = take(l, k);
          to.re[k * count + l] = z.re, to.im[k * count + l] = z.im;
          if (k) to.re[(n - k) * count + l] = z.re, to.im[(n - k) * count + l] = -z.im;
        }
      const Split<T> z = plan.run(count, x, y);
      for (int64_t t = 0; t < n; t++)
        for (int64_t l = 0; l < count; l++) real_out(l, t) = z.im[t * count + l];
      return;
    }
    for (int64_t k = 0; k < half; k++) {
      const T wr = turns[k].re, wi = -turns[k].im;
      for (int64_t l = 0; l < count; l++) {
        const Pair<T> a = take(l, k), b = take(l, half - k);
        const T sr = a.re + b.re, si = a.im - b.im, dr = a.re - b.re, di = a.im + b.im;
        // Even elements in the real parts, odd ones in the imaginary parts.
        to.re[k * count + l] = sr - (dr * wi + di * wr);
        to.im[k * count + l] = si + (dr * wr - di * wi);
      }
    }
    const Split<T> z = plan.run(count, x, y);
    for (int64_t t = 0; t < half; t++)
      for (int64_t l = 0; l < count; l++) {
        real_out(l, 2 * t) = z.im[t * count + l];
        real_out(l, 2 * t + 1) = z.re[t * count + l];
      }
  }
};

// As many lines at a time as stay in the cache.
TT_INLINE int64_t lines_at_once(int64_t n) { return n <= 512 ? kMaxLines : n <= 4096 ? 8 : n <= 32768 ? 4 : 1; }

template <typename T>
static int run(const Job& job) {
  const int64_t total = product(job.sizes, job.ndim);
  if (total == 0) return TT_OK;
  const bool halved = job.kind != kComplex && job.n % 2 == 0;
  Plan<T> plan;
  Pair<T>* turns = nullptr;
  bool failed = !plan.make(halved ? job.n / 2 : job.n);
  if (halved && !failed) {
    Roots roots;
    turns = static_cast<Pair<T>*>(tt_alloc(size_t(job.n / 2 + 1) * sizeof(Pair<T>)));
    failed = turns == nullptr || !roots.make(job.n);
    if (!failed) {
      for (int64_t k = 0; k <= job.n / 2; k++) {
        const Root w = roots.at(k);
        turns[k] = {T(w.re), T(w.im)};
      }
      roots.drop();
    }
  }
  const int64_t at_once = lines_at_once(plan.room());
  const int64_t grain = 16384 / job.n + 1;
  if (!failed)
    parallel(total, grain, [&](int64_t begin, int64_t end, int) {
      const int64_t lines = end - begin < at_once ? end - begin : at_once;
      const int64_t size = plan.room() * lines;
      T* const memory = static_cast<T*>(tt_alloc(size_t(4 * size) * sizeof(T)));
      if (!memory) {
        __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
        return;
      }
      const Split<T> x = {memory, memory + size}, y = {memory + 2 * size, memory + 3 * size};
      Walk<2> walk;
      walk.over(job.ndim, job.sizes, job.in_strides, job.out_strides);
      walk.start(begin);
      Lines<T> group{job, plan, turns, 0, {}, {}};
      for (int64_t at = begin; at < end; at += group.count) {
        group.count = end - at < lines ? end - at : lines;
        for (int64_t l = 0; l < group.count; l++, walk.next())
          group.in[l] = walk.offset[0], group.out[l] = walk.offset[1];
        switch (job.kind) {
          case kComplex: group.complex(x, y); break;
          case kFromReal: group.from_real(x, y); break;
          default: group.to_real(x, y);
        }
      }
      tt_free(memory);
    });
  tt_free(turns);
  plan.drop();
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
