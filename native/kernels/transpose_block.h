// Transposes a square of as many rows as a vector has lanes, in registers: log2(lanes) rounds, each of which swaps the
// off-diagonal halves of 2 x 2 blocks twice as large as the round before. And takes pairs of neighbours apart.
#pragma once
#include "../isa.h"

namespace TT_NS {
namespace {

template <int... lane>
struct Lanes {};
template <int count, int... lane>
struct LanesUpTo : LanesUpTo<count - 1, count - 1, lane...> {};
template <int... lane>
struct LanesUpTo<0, lane...> {
  typedef Lanes<lane...> type;
};

template <int step, class V, int... lane>
TT_INLINE void exchange(V& top, V& bottom, Lanes<lane...>) {
  constexpr int lanes = sizeof...(lane);
  const V left = __builtin_shufflevector(top, bottom, (lane & step ? lanes + lane - step : lane)...);
  const V right = __builtin_shufflevector(top, bottom, (lane & step ? lanes + lane : lane + step)...);
  top = left;
  bottom = right;
}

template <class T, int step = 1>
TT_INLINE void transpose_block(typename Vec<T>::type (&rows)[Vec<T>::lanes]) {
  constexpr int lanes = Vec<T>::lanes;
  if constexpr (step < lanes) {
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) {
      if ((i & step) == 0) exchange<step>(rows[i], rows[i + step], typename LanesUpTo<lanes>::type{});
    }
    transpose_block<T, step * 2>(rows);
  }
}

template <class V, int... lane>
TT_INLINE void separate_pairs(V left, V right, V& even, V& odd, Lanes<lane...>) {
  even = __builtin_shufflevector(left, right, (2 * lane)...);
  odd = __builtin_shufflevector(left, right, (2 * lane + 1)...);
}

// The first and the second of each pair of neighbours in two vectors.
template <class T>
TT_INLINE void separate_pairs(typename Vec<T>::type left, typename Vec<T>::type right, typename Vec<T>::type& even,
                              typename Vec<T>::type& odd) {
  separate_pairs(left, right, even, odd, typename LanesUpTo<Vec<T>::lanes>::type{});
}

}  // namespace
}  // namespace TT_NS
