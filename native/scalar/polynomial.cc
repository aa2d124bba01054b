// Orthogonal polynomials by their recurrences, rounded step for step as PyTorch's: src/expr/polynomials.ts says why. Degrees are
// truncated; a negative one gives 0, as in PyTorch.
#include <stdint.h>

#include "constants.h"
#include "scalar.h"

namespace {

constexpr int64_t kMostSteps = 1 << 30;

// Out of its range, PyTorch's conversion to int64 gives the least one.
int64_t degree(double n) { return n > -1 && n < 0x1p63 ? (int64_t)n : -1; }

// p_k = (a_k x + b_k) p_{k-1} - c_k p_{k-2}, from p_0 = 1 and p_1 = q; stops where nothing can change any more. Degrees that
// would take many seconds an element give NaN.
template <class T, class Next>
T recur(int64_t n, T q, Next next) {
  if (n == 0) return 1;
  if (n > kMostSteps) return (T)kNaN;
  T p = 1;
  for (int64_t k = 2; k <= n && q == q; k++) {
    const T r = next(k, q, p);
    p = q;
    q = r;
  }
  return q;
}

// The four kinds differ in p_1 = 2x - d (d = x for the first). Within (-1, 1) and for high degrees the closed forms are
// more accurate; they are ratios of sines and cosines of multiples of θ = arccos x.
enum Kind { kT, kU, kV, kW };
template <class T>
T chebyshev(Kind kind, T x, double degree_of) {
  const int64_t n = degree(degree_of);
  if (n < 0) return 0;
  if (x == 1 || x == -1) {
    const double odd = n % 2 == 0 ? 1 : -1;
    const double many = kind == kU ? (double)n + 1 : 2 * (double)n + 1;
    if (kind == kT) return (T)(x == 1 ? 1 : odd);
    if (kind == kU) return (T)(x == 1 ? many : odd * many);
    return (T)((x == 1) == (kind == kW) ? (x == 1 ? many : odd * many) : (x == 1 ? 1 : odd));
  }
  if (n > (kind == kT ? 6 : 8) && x > -1 && x < 1) {
    const double theta = __builtin_acos((double)x);
    switch (kind) {
      case kT: return (T)__builtin_cos(n * theta);
      case kU: return (T)(__builtin_sin((n + 1) * theta) / __builtin_sin(theta));
      case kV: return (T)(__builtin_cos((n + 0.5) * theta) / __builtin_cos(theta / 2));
      case kW: return (T)(__builtin_sin((n + 0.5) * theta) / __builtin_sin(theta / 2));
    }
  }
  const T first = kind == kT ? x : kind == kU ? x + x : kind == kV ? x + x - 1 : x + x + 1;
  return recur<T>(n, first, [x](int64_t, T q, T p) { return (x + x) * q - p; });
}

template <class T>
constexpr int64_t kHermiteLimit = sizeof(T) == 4 ? 128 : 512;  // PyTorch's: above it gives NaN

template <class T>
T hermite_h(T x, double degree_of) {
  const int64_t n = degree(degree_of);
  if (n < 0) return 0;
  if (n > kHermiteLimit<T>) return (T)kNaN;
  return recur<T>(n, x + x, [x](int64_t k, T q, T p) { return (x + x) * q - (T)(2 * (k - 1)) * p; });
}

template <class T>
T hermite_he(T x, double degree_of) {
  const int64_t n = degree(degree_of);
  if (n < 0) return 0;
  if (n > kHermiteLimit<T>) return (T)kNaN;
  return recur<T>(n, x, [x](int64_t k, T q, T p) { return x * q - (T)(k - 1) * p; });
}

template <class T>
T laguerre(T x, double degree_of) {
  const int64_t n = degree(degree_of);
  if (n < 0) return 0;
  if (x == 0) return 1;
  return recur<T>(n, 1 - x, [x](int64_t k, T q, T p) {
    return (((T)(2 * (k - 1)) + (1 - x)) * q - (T)(k - 1) * p) / (T)k;
  });
}

template <class T>
T legendre(T x, double degree_of) {
  const int64_t n = degree(degree_of);
  if (n < 0) return 0;
  if (x == 1 || x == -1) return x == 1 || n % 2 == 0 ? 1 : -1;
  return recur<T>(n, x, [x](int64_t k, T q, T p) { return ((T)(2 * k - 1) * x * q - (T)(k - 1) * p) / (T)k; });
}

}  // namespace

double tt_chebyshev_t(double x, double n) { return chebyshev(kT, x, n); }
double tt_chebyshev_u(double x, double n) { return chebyshev(kU, x, n); }
double tt_chebyshev_v(double x, double n) { return chebyshev(kV, x, n); }
double tt_chebyshev_w(double x, double n) { return chebyshev(kW, x, n); }
double tt_hermite_h(double x, double n) { return hermite_h(x, n); }
double tt_hermite_he(double x, double n) { return hermite_he(x, n); }
double tt_laguerre_l(double x, double n) { return laguerre(x, n); }
double tt_legendre_p(double x, double n) { return legendre(x, n); }
float tt_chebyshev_tf(float x, float n) { return chebyshev(kT, x, n); }
float tt_chebyshev_uf(float x, float n) { return chebyshev(kU, x, n); }
float tt_chebyshev_vf(float x, float n) { return chebyshev(kV, x, n); }
float tt_chebyshev_wf(float x, float n) { return chebyshev(kW, x, n); }
float tt_hermite_hf(float x, float n) { return hermite_h(x, n); }
float tt_hermite_hef(float x, float n) { return hermite_he(x, n); }
float tt_laguerre_lf(float x, float n) { return laguerre(x, n); }
float tt_legendre_pf(float x, float n) { return legendre(x, n); }
