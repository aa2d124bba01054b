// Transforms of lines that lie side by side, of a length whose prime factors are small: the passes of Stockham's algorithm.
#pragma once
#include "dtype_switch.h"
#include "../platform.h"
#include "transpose_block.h"

// Not made part of each caller: that would take three times as long to compile, and gain nothing.
#define TT_APART __attribute__((noinline))

namespace TT_NS {
namespace {

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

}  // namespace
}  // namespace TT_NS
