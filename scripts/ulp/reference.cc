// The exact values that scripts/ulp.ts measures float32 functions against, and the measuring, as a small addon:
//
//   exact(name, arguments: Float32Array[], got: Float32Array, into: Float64Array)
//       f in double: with the C library's vector functions (4 of double's units in the last place at the most, 2^-27 of
//       float's). `got` is where Newton's method begins for a function that is known by its inverse.
//   measure(got: Float32Array, exact: Float64Array, statistics: Float64Array)
//       adds to [largest error in units in the last place, its index, how many are wrong in kind, index of the first,
//       how many are off by more than half a unit]; an index is -1 where this call has changed nothing. A sixth number is the
//       absolute error that does not count.
//   check(name, arguments: number[], got: number): number
//       the error of one value, computed anew in quadruple precision.
//   setThreads(count: number)
//   walk(first: number, stride: number, into: Uint32Array)
//       first, first + stride, …, modulo 2^32.
//
// Wrong in kind: NaN or not NaN, or zero with the other sign.
#include <float.h>
#include <math.h>
#include <node_api.h>
#include <quadmath.h>
#include <stdint.h>
#include <string.h>

#include <thread>
#include <vector>

typedef __float128 quad;

// The vector versions are in libmvec; the attribute is what tells the compiler of them without -ffast-math. Beyond the bounds
// each would call the scalar function for an element after the other: so there the function is what it is at the bound, which
// is out of float's range too (HOLDS), or NaN (ENDS).
#define VECTOR_FUNCTIONS(X) \
  X(exp, -700, 700, HOLDS) X(exp2, -1000, 1000, HOLDS) X(expm1, -700, 700, HOLDS) X(log, 0, kAll, ENDS) \
  X(log2, 0, kAll, ENDS) X(log10, 0, kAll, ENDS) X(log1p, -1, kAll, ENDS) X(sin, -kAll, kAll, TURNS) \
  X(cos, -kAll, kAll, TURNS) X(tan, -kAll, kAll, TURNS) X(asin, -1, 1, ENDS) X(acos, -1, 1, ENDS) \
  X(atan, -kAll, kAll, HOLDS) X(sinh, -700, 700, HOLDS) X(cosh, -700, 700, HOLDS) X(tanh, -50, 50, HOLDS) \
  X(asinh, -kAll, kAll, HOLDS) X(acosh, 1, kAll, ENDS) X(atanh, -1, 1, ENDS) X(erf, -10, 10, HOLDS) X(erfc, -10, 26, HOLDS)
#define VECTOR_FUNCTION(name, ...) \
  extern "C" __attribute__((simd("notinbranch"), const)) double name(double) noexcept;
VECTOR_FUNCTIONS(VECTOR_FUNCTION)
extern "C" __attribute__((simd("notinbranch"), const)) double pow(double, double) noexcept;
extern "C" __attribute__((simd("notinbranch"), const)) double atan2(double, double) noexcept;

namespace {

#define INLINE static inline __attribute__((always_inline))
constexpr double kAll = __builtin_inf();

// 2^E / 2π, less its whole part, in units of 2^-64 and of 2^-96: by Payne and Hanek. From the binary digits of 2/π.
struct Turns {
  static constexpr int kFirst = -9, kCount = 114;
  uint64_t high[kCount] = {}, low[kCount] = {};
  Turns() {
    constexpr uint32_t digits[] = {0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041, 0xfe5163};
    for (int i = 0; i < kCount; i++)
      for (int k = 0; k < 96; k++) {
        const int place = kFirst + i - 2 + k;
        const uint64_t bit = place < 0 ? 0 : digits[place / 24] >> (23 - place % 24) & 1;
        if (k < 64) high[i] |= bit << (63 - k);
        else low[i] |= bit << (95 - k);
      }
  }
};
const Turns turns;

INLINE bool is_large(double x) { return fabs(x) >= 0x1p15 && fabs(x) <= FLT_MAX; }
// sin(x + quarters · π/2) for a large float, from the distance to the nearest multiple of π: near the zeros it keeps its digits.
INLINE double sine(double x, uint64_t quarters) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  const int64_t own = (int64_t)(bits >> 52 & 0x7ff) - (1023 + 23) - Turns::kFirst;
  const int64_t i = own < 0 ? 0 : own < Turns::kCount ? own : Turns::kCount - 1;
  const uint64_t m = (bits >> 29 & 0x7fffff) | 0x800000;
  const uint64_t size = m * turns.high[i] + (m * turns.low[i] >> 32);
  const uint64_t phase = (x < 0 ? 0 - size : size) + (quarters << 62);
  const double value = ::sin((double)(int64_t)(phase << 1) * (M_PI * 0x1p-64));
  return (phase + (1ull << 62)) >> 63 ? -value : value;
}

namespace real {
#define HOLDS(name, low, high) INLINE double name(double x) { return ::name(x < low ? low : x > high ? high : x); }
#define ENDS(name, low, high)                                                      \
  INLINE double name(double x) {                                                   \
    const double inside = (low + (high < kAll ? high : low + 2.0)) / 2;            \
    const bool is_beyond = x < low || x > high;                                    \
    const double y = ::name(is_beyond ? inside : x);                               \
    return is_beyond ? __builtin_nan("") : y;                                      \
  }
#define TURNS(name, low, high) \
  INLINE double name(double x) { const double y = ::name(is_large(x) ? 1.0 : x); return is_large(x) ? name##_large(x) : y; }
INLINE double sin_large(double x) { return sine(x, 0); }
INLINE double cos_large(double x) { return sine(x, 1); }
INLINE double tan_large(double x) { return sine(x, 0) / sine(x, 1); }
#define BOTH(name, ...)                                           \
  INLINE long double name(long double x) { return ::name##l(x); } \
  INLINE quad name(quad x) { return ::name##q(x); }
#define ALL(name, low, high, beyond) beyond(name, low, high) BOTH(name)
#define PLAINLY(name) INLINE double name(double x) { return ::name(x); } BOTH(name)
VECTOR_FUNCTIONS(ALL)
PLAINLY(sqrt)
PLAINLY(fabs)
PLAINLY(lgamma)
PLAINLY(floor)
#undef BOTH
INLINE double pow(double a, double b) { return ::pow(a, b); }
INLINE long double pow(long double a, long double b) { return ::powl(a, b); }
INLINE quad pow(quad a, quad b) { return ::powq(a, b); }
INLINE double atan2(double a, double b) { return ::atan2(a, b); }
INLINE long double atan2(long double a, long double b) { return ::atan2l(a, b); }
INLINE quad atan2(quad a, quad b) { return ::atan2q(a, b); }
}  // namespace real

const quad kPi = M_PIq;

// Arguments a and b (a again where there is one only), and what the engine gave.
#define FUNCTION(name, ...)                                                            \
  struct name##_of {                                                                   \
    template <class T>                                                                 \
    INLINE T at([[maybe_unused]] T x, [[maybe_unused]] T y, [[maybe_unused]] T got) {  \
      using namespace real;                                                            \
      __VA_ARGS__                                                                      \
    }                                                                                  \
  };
#define PLAIN(name, ...) FUNCTION(name, return real::name(x);)
VECTOR_FUNCTIONS(PLAIN)
FUNCTION(pow, return real::pow(x, y);)
FUNCTION(atan2, return real::atan2(x, y);)
FUNCTION(hypot, return fabs(x) > (T)FLT_MAX || fabs(y) > (T)FLT_MAX ? (T)kAll : sqrt(x * x + y * y);)
FUNCTION(xlogy, return x == 0 && y == y ? T(0) : x * log(y);)
FUNCTION(rsqrt, return 1 / sqrt(x);)
FUNCTION(sigmoid, return 1 / (1 + exp(-x));)
FUNCTION(logsigmoid, return (x < 0 ? x : 0) - log1p(exp(-fabs(x)));)
FUNCTION(softplus, return x > 20 ? x : log1p(exp(x));)
FUNCTION(silu, return x / (1 + exp(-x));)
FUNCTION(mish, return x * tanh(log1p(exp(x)));)
FUNCTION(elu, return x > 0 ? x : expm1(x);)
FUNCTION(ndtr, return erfc(-x * (T)M_SQRT1_2q) / 2;)
FUNCTION(logNdtr, const T tail = erfc(fabs(x) * (T)M_SQRT1_2q) / 2;
  if (x > -8) return x < 0 ? log(tail) : log1p(-tail);
  // Mills's ratio by its continued fraction.
  T ratio = 0;
  for (int k = 16; k >= 1; k--) ratio = k / (ratio - x);
  return -x * x / 2 - log((ratio - x) * sqrt(2 * (T)kPi));)
FUNCTION(logit, return x > T(0.25) && x < T(0.75) ? log1p((2 * x - 1) / (1 - x)) : log(x / (1 - x));)
FUNCTION(gelu, return x * (erfc(-x * (T)M_SQRT1_2q) / 2);)
FUNCTION(geluTanh, const T u = x * (1 + (T)0.044715Q * x * x) * sqrt((T)(8 / kPi)); return x / (1 + exp(-u));)
// Two steps of Newton's from what the engine found; near 1 the complement keeps the digits.
FUNCTION(erfinv,
  const T a = fabs(x);
  T r = fabs(got);
  for (int i = 0; i < 2; i++) {
    const T error = a < T(0.5) ? erf(r) - a : (1 - a) - erfc(r);
    r -= error * exp(r * r) * sqrt((T)kPi) / 2;
  }
  const T infinite = a == 1 ? (T)__builtin_inf() : (T)__builtin_nan("");
  const T value = x == 0 ? T(0) : a < 1 ? r : infinite;
  return x < 0 || (x == 0 && 1 / x < 0) ? -value : value;)
FUNCTION(lgamma, return real::lgamma(x);)
FUNCTION(digamma,
  if (x == 0) return 1 / -x;
  T sum = 0;
  if (x < 0) {
    if (x == floor(x)) return (T)__builtin_nan("");
    const T rest = x - floor(x + T(0.5));
    sum -= (T)kPi / tan((T)kPi * rest);
    x = 1 - x;
  }
  for (; x < 30; x += 1) sum -= 1 / x;
  const T z = 1 / (x * x);
  const T series = z * (T(1) / 12 - z * (T(1) / 120 - z * (T(1) / 252 - z * (T(1) / 240 - z * (T(1) / 132 - z * (T(691) / 32760
      - z * (T(1) / 12 - z * (T(3617) / 8160 - z * (T(43867) / 14364)))))))));
  return x > 1e300 ? x : log(x) - 1 / (2 * x) - series + sum;)
#undef PLAIN

struct Operands {
  const float *a, *b, *got;
};

template <class F>
__attribute__((noinline)) double one(double x, double y, double got) {
  return x != x && y != y ? x : (double)F::at((quad)x, (quad)y, (quad)got);
}

// Loops run in blocks, so that the rare case is looked for in those alone that have one.
constexpr size_t kBlock = 1024;

INLINE bool is_plain(float x) { return fabsf(x) > 0 && fabsf(x) <= FLT_MAX; }

template <class F>
void fill(const Operands& from, double* to, size_t begin, size_t end) {
  for (size_t first = begin; first < end; first += kBlock) {
    const size_t last = first + kBlock < end ? first + kBlock : end;
    int special = 0;
    for (size_t i = first; i < last; i++) {
      to[i] = F::at((double)from.a[i], (double)from.b[i], (double)from.got[i]);
      special |= !is_plain(from.a[i]) | !is_plain(from.b[i]);
    }
    // What a vector function does with zeros, infinities and NaN, and beyond its bounds, is its own affair.
    if (!special) continue;
    for (size_t i = first; i < last; i++)
      if (!is_plain(from.a[i]) || !is_plain(from.b[i])) to[i] = one<F>(from.a[i], from.b[i], from.got[i]);
  }
}
// In long double (64 bits) throughout, where double's own function is what is measured, or loses digits.
template <class F>
void fill_long(const Operands& from, double* to, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++)
    to[i] = (double)F::at((long double)from.a[i], (long double)from.b[i], (long double)from.got[i]);
}
template <class F>
quad in_quad(double x, double y, double got) { return F::at((quad)x, (quad)y, (quad)got); }

struct Function {
  const char* name;
  void (*fill)(const Operands&, double*, size_t, size_t);
  quad (*in_quad)(double, double, double);
};
#define ROW(name, ...) {#name, fill<name##_of>, in_quad<name##_of>},
#define LONG_ROW(name) {#name, fill_long<name##_of>, in_quad<name##_of>},
const Function functions[] = {
    VECTOR_FUNCTIONS(ROW) ROW(pow) ROW(atan2) ROW(hypot) ROW(xlogy) ROW(rsqrt) ROW(sigmoid) ROW(logsigmoid) ROW(softplus) ROW(silu) ROW(mish)
    ROW(elu) ROW(ndtr) ROW(logNdtr) ROW(logit) ROW(gelu) ROW(geluTanh) ROW(erfinv) LONG_ROW(lgamma) LONG_ROW(digamma)};

// In units in the last place of the exact value. The next number after the largest counts as 2^128.
template <class T>
INLINE T error_of(float got, T exact) {
  const T size = exact < 0 ? -exact : exact, most = (T)0x1p128;
  const T clamped = size > most ? (exact < 0 ? -most : most) : exact;
  const double near = (double)(size < (T)FLT_MIN ? (T)FLT_MIN : size >= most ? (T)0x1p127 : size);
  uint64_t bits;
  memcpy(&bits, &near, 8);
  const uint64_t unit_bits = ((bits >> 52) - 23) << 52;
  double unit;
  memcpy(&unit, &unit_bits, 8);
  const bool is_infinite = fabsf(got) > FLT_MAX;
  const T value = is_infinite ? (got < 0 ? -most : most) : (T)got;
  const T difference = value < clamped ? clamped - value : value - clamped;
  return difference / (T)unit;
}

struct Statistics {
  double worst = 0, worst_at = -1, wrong = 0, wrong_at = -1, inexact = 0, floor = 0;
};

// One by one: which is the worst, and which are wrong in kind.
void measure_each(const float* got, const double* exact, size_t begin, size_t end, Statistics& found) {
  for (size_t i = begin; i < end; i++) {
    const bool is_nan = got[i] != got[i], should_be = exact[i] != exact[i];
    const bool is_zero = got[i] == 0 && exact[i] == 0;
    if (is_nan != should_be || (is_zero && (signbit(got[i]) != 0) != (signbit(exact[i]) != 0))) {
      if (found.wrong++ == 0) found.wrong_at = (double)i;
      continue;
    }
    if (is_nan) continue;
    const double error = error_of(got[i], exact[i]);
    if (error > 0.5000001) found.inexact++;
    if (error > found.worst && !(fabs(got[i] - exact[i]) <= found.floor)) {
      found.worst = error;
      found.worst_at = (double)i;
    }
  }
}

// Whether any of a block may matter for measure_each is found without a branch; errors, which are positive, compare as integers.
void measure(const float* got, const double* exact, size_t begin, size_t end, Statistics& found) {
  constexpr int64_t kInfinite = 0x7ff0000000000000, kMost = 0x47f0000000000000, kLeast = 0x3810000000000000;  // 2^128, 2^-126
  for (size_t first = begin; first < end; first += kBlock) {
    const size_t last = first + kBlock < end ? first + kBlock : end;
    int64_t worst = 0, doubtful = 0, inexact = 0;
    for (size_t i = first; i < last; i++) {
      int64_t e, g, difference;
      const double value = got[i];
      memcpy(&e, exact + i, 8);
      memcpy(&g, &value, 8);
      const int64_t size = e & INT64_MAX, size_got = g & INT64_MAX;
      doubtful |= ((size > kInfinite) != (size_got > kInfinite)) | (((size | size_got) == 0) & (e != g));
      const int64_t clamped = size < kMost ? size : kMost, clamped_got = size_got < kMost ? size_got : kMost;
      const int64_t signed_exact = clamped | (e & INT64_MIN), signed_got = clamped_got | (g & INT64_MIN);
      double a, b, per_unit;
      memcpy(&a, &signed_exact, 8);
      memcpy(&b, &signed_got, 8);
      const int64_t near = clamped < kLeast ? kLeast : clamped < kMost ? clamped : kMost - 1;
      const int64_t per_unit_bits = ((int64_t)(2046 + 23) << 52) - (near & 0x7ff0000000000000);
      memcpy(&per_unit, &per_unit_bits, 8);
      const double error = fabs(a - b) * per_unit;
      memcpy(&difference, &error, 8);
      worst = difference > worst ? difference : worst;
      inexact += error > 0.5000001 ? 1 : 0;
    }
    double most;
    memcpy(&most, &worst, 8);
    if (doubtful || most > found.worst)
      measure_each(got, exact, first, last, found);
    else
      found.inexact += (double)inexact;
  }
}

size_t count = 1;  // of threads

// Over [0, n), a part for each thread.
template <class Body>
void in_parallel(size_t n, Body body) {
  std::vector<std::thread> threads;
  for (size_t k = 1; k < count; k++) threads.emplace_back([=] { body(k, n * k / count, n * (k + 1) / count); });
  body(0, 0, n / count);
  for (auto& thread : threads) thread.join();
}

struct Call {
  napi_env env;
  napi_value values[4];
  Call(napi_env of, napi_callback_info info) : env(of) {
    size_t count = 4;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
  void* array(napi_value value, size_t* length = nullptr) const {
    void* data = nullptr;
    napi_get_typedarray_info(env, value, nullptr, length, &data, nullptr, nullptr);
    return data;
  }
  double number(napi_value value) const {
    double found = 0;
    napi_get_value_double(env, value, &found);
    return found;
  }
  napi_value element(napi_value list, uint32_t i) const {
    uint32_t length = 0;
    napi_get_array_length(env, list, &length);
    napi_value value;
    napi_get_element(env, list, i < length ? i : 0, &value);
    return value;
  }
  const Function* function(napi_value value) const {
    char name[32];
    napi_get_value_string_utf8(env, value, name, sizeof name, nullptr);
    for (const Function& f : functions)
      if (strcmp(f.name, name) == 0) return &f;
    napi_throw_error(env, nullptr, name);
    return nullptr;
  }
};

napi_value exact(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Function* f = call.function(call.values[0]);
  if (f == nullptr) return nullptr;
  size_t n;
  double* to = (double*)call.array(call.values[3], &n);
  const Operands from = {(const float*)call.array(call.element(call.values[1], 0)),
                         (const float*)call.array(call.element(call.values[1], 1)), (const float*)call.array(call.values[2])};
  in_parallel(n, [=](size_t, size_t begin, size_t end) { f->fill(from, to, begin, end); });
  return nullptr;
}

napi_value measure_all(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  size_t n;
  const double* exact = (const double*)call.array(call.values[1], &n);
  const float* got = (const float*)call.array(call.values[0]);
  Statistics* total = (Statistics*)call.array(call.values[2]);
  std::vector<Statistics> parts(count);
  Statistics* found = parts.data();
  for (Statistics& part : parts) {
    part.worst = total->worst;
    part.floor = total->floor;
  }
  in_parallel(n, [=](size_t k, size_t begin, size_t end) { measure(got, exact, begin, end, found[k]); });
  total->worst_at = total->wrong_at = -1;
  for (const Statistics& part : parts) {
    if (part.worst > total->worst) {
      total->worst = part.worst;
      total->worst_at = part.worst_at;
    }
    if (total->wrong == 0 && part.wrong > 0) total->wrong_at = part.wrong_at;
    total->wrong += part.wrong;
    total->inexact += part.inexact;
  }
  return nullptr;
}

napi_value check(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Function* f = call.function(call.values[0]);
  if (f == nullptr) return nullptr;
  const double x = call.number(call.element(call.values[1], 0)), y = call.number(call.element(call.values[1], 1));
  const double got = call.number(call.values[2]);
  napi_value result;
  napi_create_double(env, (double)error_of((float)got, f->in_quad(x, y, got)), &result);
  return result;
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  count = (size_t)call.number(call.values[0]);
  return nullptr;
}

napi_value walk(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  size_t n;
  uint32_t* to = (uint32_t*)call.array(call.values[2], &n);
  const uint32_t first = (uint32_t)(uint64_t)call.number(call.values[0]), stride = (uint32_t)call.number(call.values[1]);
  for (size_t i = 0; i < n; i++) to[i] = first + (uint32_t)i * stride;
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  const struct { const char* name; napi_callback f; } all[] = {
      {"exact", exact}, {"measure", measure_all}, {"check", check}, {"setThreads", set_threads}, {"walk", walk}};
  for (const auto& [name, f] : all) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, f, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(ulp_reference, init)
