// Loops over a row of contiguous elements, a register at a time.
#pragma once
#include "../isa.h"

namespace TT_NS {
namespace {

template <typename C>
using V = typename Vec<C>::type;

template <typename C>
TT_INLINE C lane_sum(V<C> v) {
  C sum = 0;
  for (int i = 0; i < Vec<C>::lanes; i++) sum += v[i];
  return sum;
}
template <typename C>
TT_INLINE C lane_max(V<C> v) {
  C max = v[0];
  for (int i = 1; i < Vec<C>::lanes; i++) max = v[i] > max ? v[i] : max;
  return max;
}
// The last, partial register of a row, filled up with `filler`.
template <typename C>
TT_INLINE V<C> load_partial(const C* from, int64_t n, C filler) {
  C lanes[Vec<C>::lanes];
  for (int i = 0; i < Vec<C>::lanes; i++) lanes[i] = i < n ? from[i] : filler;
  return load(lanes);
}
template <typename C>
TT_INLINE void store_partial(C* to, int64_t n, V<C> v) {
  for (int i = 0; i < n; i++) to[i] = v[i];
}

// Calls f(register of a, register of b, the same for results) along a row; lanes past the end hold `filler` in a, 0 in b.
template <typename C, bool kWrites, bool kSecond, typename F>
TT_INLINE void each_register(const C* a, const C* b, C* out, int64_t n, C filler, F f) {
  constexpr int64_t lanes = Vec<C>::lanes;
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V<C> x = load(a + i), y = {};
    if constexpr (kSecond) y = load(b + i);
    const V<C> result = f(x, y);
    if constexpr (kWrites) store(out + i, result);
  }
  if (i < n) {
    V<C> x = load_partial(a + i, n - i, filler), y = {};
    if constexpr (kSecond) y = load_partial(b + i, n - i, C(0));
    const V<C> result = f(x, y);
    if constexpr (kWrites) store_partial(out + i, n - i, result);
  }
}

}  // namespace
}  // namespace TT_NS
