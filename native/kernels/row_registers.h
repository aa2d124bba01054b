// Loops over a row of contiguous elements, a register at a time.
#pragma once
#include "masked_load.h"

namespace TT_NS {
namespace {

// For formulas: lambdas that are called at every register.
#define TT_INLINED __attribute__((always_inline))

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

// A register's place in a row: formulas read their operands there, and write their results.
template <typename C>
struct At {
  int64_t i;
  // Of an array that holds whole registers, whatever the row's length.
  TT_INLINED V<C> read_padded(const C* from) const { return load(from + i); }
  TT_INLINED void write_padded(C* to, V<C> v) const { store(to + i, v); }
};
template <typename C>
struct Whole : At<C> {
  TT_INLINED V<C> read(const C* from, C = 0) const { return this->read_padded(from); }
  TT_INLINED void write(C* to, V<C> v) const { this->write_padded(to, v); }
};
// The last, partial one: lanes past the end of the row are read as `filler`, and not written.
template <typename C>
struct Partial : At<C> {
  LaneMask<C> lanes;
  TT_INLINED V<C> read(const C* from, C filler = 0) const {
    return load_lanes(lanes, from + this->i, broadcast(filler));
  }
  TT_INLINED void write(C* to, V<C> v) const { store_lanes(lanes, to + this->i, v); }
};

// Calls f(at) at each register of a row of n elements.
template <typename C, typename F>
TT_INLINE void each_register(int64_t n, F f) {
  constexpr int64_t lanes = Vec<C>::lanes;
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(Whole<C>{{i}});
  if (i < n) f(Partial<C>{{i}, LaneMask<C>::range(0, int(n - i))});
}

}  // namespace
}  // namespace TT_NS
