// What the kernels of dense linear algebra share: complex scalars, products of blocks, batches of matrices.
//
// Every matrix is row-major and contiguous, a batch of them too; what is written was copied there before. Inner loops run
// along rows. `kernels/dtype_switch.h` has the complex structs; here they get their arithmetic.
#pragma once
#include "../kernels/dtype_switch.h"
#include "../platform.h"

// One copy of a large loop is enough.
#define TT_APART static __attribute__((noinline))

namespace TT_NS {
namespace {

template <class T>
concept Complex = IsComplex<T>::value;

// Of complex types only: clang looks at the operators' declarations below before it looks at what they require.
template <class T>
struct PartOf;
template <>
struct PartOf<c64> {
  using type = float;
};
template <>
struct PartOf<c128> {
  using type = double;
};
template <class T>
using Part = typename PartOf<T>::type;

template <class T>
struct RealOf {
  using type = T;
};
template <Complex T>
struct RealOf<T> {
  using type = Part<T>;
};
template <class T>
using Real = typename RealOf<T>::type;

template <Complex T>
TT_INLINE T operator+(T a, T b) {
  return {a.re + b.re, a.im + b.im};
}
template <Complex T>
TT_INLINE T operator-(T a, T b) {
  return {a.re - b.re, a.im - b.im};
}
template <Complex T>
TT_INLINE T operator-(T a) {
  return {-a.re, -a.im};
}
template <Complex T>
TT_INLINE T operator*(T a, T b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
// Smith's: no square of a large number overflows.
template <Complex T>
TT_INLINE T operator/(T a, T b) {
  using R = Real<T>;
  const R re = b.re < 0 ? -b.re : b.re, im = b.im < 0 ? -b.im : b.im;
  if (re >= im) {
    const R ratio = b.im / b.re, scale = b.re + b.im * ratio;
    return {(a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale};
  }
  const R ratio = b.re / b.im, scale = b.im + b.re * ratio;
  return {(a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale};
}
template <Complex T>
TT_INLINE T operator*(T a, Part<T> b) {
  return {a.re * b, a.im * b};
}
template <Complex T>
TT_INLINE T operator*(Part<T> a, T b) {
  return b * a;
}
template <Complex T>
TT_INLINE T operator/(T a, Part<T> b) {
  return {a.re / b, a.im / b};
}
template <Complex T>
TT_INLINE T& operator+=(T& a, T b) {
  return a = a + b;
}
template <Complex T>
TT_INLINE T& operator-=(T& a, T b) {
  return a = a - b;
}

TT_INLINE double magnitude(double x) { return __builtin_fabs(x); }
TT_INLINE double square_root(double x) { return __builtin_sqrt(x); }
TT_INLINE double hypotenuse(double x, double y) { return __builtin_hypot(x, y); }
TT_INLINE double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }
template <class A>
TT_INLINE A larger(A a, A b) {
  return a < b ? b : a;
}
template <class A>
TT_INLINE A smaller(A a, A b) {
  return b < a ? b : a;
}
template <class A>
TT_INLINE void exchange(A& a, A& b) {
  const A kept = a;
  a = b;
  b = kept;
}

template <class T>
TT_INLINE T conj_of(T x) {
  if constexpr (Complex<T>)
    return {x.re, -x.im};
  else
    return x;
}
template <class T>
TT_INLINE Real<T> real_of(T x) {
  if constexpr (Complex<T>)
    return x.re;
  else
    return x;
}
template <class T>
TT_INLINE Real<T> imag_of(T x) {
  if constexpr (Complex<T>)
    return x.im;
  else
    return 0;
}
template <class T>
TT_INLINE T from_real(double x) {
  if constexpr (Complex<T>)
    return {Real<T>(x), 0};
  else
    return T(x);
}
// |re| + |im|: what LAPACK compares complex pivots by.
template <class T>
TT_INLINE double size_of(T x) {
  return magnitude(real_of(x)) + magnitude(imag_of(x));
}
template <class T>
TT_INLINE double absolute(T x) {
  if constexpr (Complex<T>)
    return hypotenuse(x.re, x.im);
  else
    return magnitude(x);
}
template <class T>
TT_INLINE double squared(T x) {
  return double(real_of(x)) * real_of(x) + double(imag_of(x)) * imag_of(x);
}
template <class T>
TT_INLINE bool is_zero(T x) {
  return real_of(x) == 0 && imag_of(x) == 0;
}
template <class T>
TT_INLINE bool is_finite(T x) {
  const double sum = double(real_of(x)) - double(real_of(x)) + (double(imag_of(x)) - double(imag_of(x)));
  return sum == 0;
}

// Memory for one matrix's work; null if there is none.
template <class T>
struct Scratch {
  T* data;
  explicit Scratch(int64_t count) : data(static_cast<T*>(tt_alloc(size_t(count + 1) * sizeof(T)))) {}
  ~Scratch() { tt_free(data); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

template <class T>
TT_INLINE void swap_rows(T* a, T* b, int64_t n) {
  if (a == b) return;
  for (int64_t j = 0; j < n; j++) exchange(a[j], b[j]);
}

// The larger of largest |element| so far and those of a row; NaN and infinity give infinity.
template <class T>
static double largest(const T* a, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!is_finite(a[i])) return __builtin_inf();
    most = larger(most, size_of(a[i]));
  }
  return most;
}

// A power of two that brings the largest element near 1, where squares of elements would leave the range of R; else 1.
template <class R>
TT_INLINE double scale_for(double most) {
  const bool single = sizeof(R) == 4;
  const double far = single ? 1e12 : 1e120, most_scale = single ? 0x1p96 : 0x1p960;
  double scale = 1;
  if (most > far)
    while (most * scale > 0x1p16) scale *= 0x1p-32;
  if (most > 0 && most < 1 / far)
    while (most * scale < 0x1p-16 && scale < most_scale) scale *= 0x1p32;
  return scale;
}

// Runs `f(i)` for each matrix of a batch, on several threads if `work` (operations a matrix) makes that worth it.
template <class F>
TT_INLINE void each_matrix(int64_t batch, int64_t work, F f) {
  if (batch == 1) return f(int64_t(0));
  parallel(batch, 32768 / larger(work, int64_t(1)) + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) f(i);
  });
}

// Calls f with the element type: all four floating types that linear algebra knows, all but the one that gains least from being
// computed in its own precision and not in double, or only those two that compute in double.
template <class F>
TT_INLINE bool switch_linalg(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT32: f(TypeTag<float>{}); return true;
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    case TT_COMPLEX64: f(TypeTag<c64>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return false;
  }
}
template <class F>
TT_INLINE bool switch_three(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT32: f(TypeTag<float>{}); return true;
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return false;
  }
}
template <class F>
TT_INLINE bool switch_double(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return false;
  }
}

}  // namespace
}  // namespace TT_NS
