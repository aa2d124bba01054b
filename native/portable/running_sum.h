// The running sum of one row.
//
// A plain loop waits for each addition before it can begin the next. So a row is cut into segments, four of which run beside
// each other: where one begins follows from the sums of those before it, which need not wait. The cuts depend on the length of
// the row only, so the number of threads changes nothing.
#pragma once
#include "../kernels/dtype_switch.h"
#include "../platform.h"

namespace TT_NS {
namespace {

// Sums and products of T accumulate in this.
template <typename T>
struct AccumulatorOf {
  using type = Compute<T>;
};
template <>
struct AccumulatorOf<float> {
  using type = double;
};
template <>
struct AccumulatorOf<int64_t> {
  using type = uint64_t;  // wraps around
};
template <>
struct AccumulatorOf<c64> {
  using type = c128;
};
template <typename T>
using Accumulator = typename AccumulatorOf<T>::type;

template <typename A>
TT_INLINE A add(A a, A b) {
  if constexpr (IsComplex<A>::value)
    return {a.re + b.re, a.im + b.im};
  else
    return a + b;
}

template <typename T>
TT_INLINE Accumulator<T> read_element(const T* from) {
  if constexpr (IsComplex<T>::value)
    return {from->re, from->im};
  else
    return Accumulator<T>(widen(*from));
}
template <typename T>
TT_INLINE void write_element(T* to, Accumulator<T> value) {
  if constexpr (same<T, c64>)
    *to = {float(value.re), float(value.im)};
  else if constexpr (same<T, c128>)
    *to = value;
  else
    *to = narrow<T>(Compute<T>(value));
}

template <typename A>
TT_INLINE bool is_finite(A value) {
  if constexpr (IsComplex<A>::value)
    return is_finite(value.re) && is_finite(value.im);
  else
    return value - value == 0;
}

constexpr int64_t kBeside = 4, kSegment = 512;

// A row, or a part of one; `contiguous` ones get loops that know it.
template <typename T, bool contiguous>
struct Row {
  using A = Accumulator<T>;
  const T* from;
  T* to;
  int64_t from_step, to_step, n;

  const T* source(int64_t i) const { return from + (contiguous ? i : i * from_step); }
  T* target(int64_t i) const { return to + (contiguous ? i : i * to_step); }
  Row part(int64_t begin, int64_t end) const { return {source(begin), target(begin), from_step, to_step, end - begin}; }

  // One after the other, from `total` on.
  void scan(A total) const {
    for (int64_t i = 0; i < n; i++) {
      total = add(total, read_element(source(i)));
      write_element(target(i), total);
    }
  }

  A sum() const {
    constexpr int kLanes = 8;
    A lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; j++) lanes[j] = add(lanes[j], read_element(source(i + j)));
    for (; i < n; i++) lanes[0] = add(lanes[0], read_element(source(i)));
    for (int width = kLanes / 2; width > 0; width /= 2)
      for (int j = 0; j < width; j++) lanes[j] = add(lanes[j], lanes[j + width]);
    return lanes[0];
  }

  // The first kBeside segments, each from its own total on.
  void scan_beside(int64_t length, const A* totals) const {
    A total[kBeside];
    Row segment[kBeside];
    for (int j = 0; j < kBeside; j++) {
      total[j] = totals[j];
      segment[j] = part(j * length, (j + 1) * length);
    }
    for (int64_t i = 0; i < length; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kBeside; j++) {
        total[j] = add(total[j], read_element(segment[j].source(i)));
        write_element(segment[j].target(i), total[j]);
      }
    }
  }
};

// `each(count, body)` calls body(begin, end) for all of [0, count).
template <typename T, bool contiguous, typename Each>
TT_INLINE void running_sum(const Row<T, contiguous>& row, Each each) {
  using A = Accumulator<T>;
  const int64_t length = row.n < kBeside * kSegment ? row.n / kBeside : kSegment;
  const int64_t groups = length < kSegment / 32 ? 0 : row.n / (kBeside * length), segments = kBeside * groups;
  A few[kBeside];
  A* const totals = groups <= 1 ? few : static_cast<A*>(tt_alloc(size_t(segments) * sizeof(A)));
  // A short row, or no memory.
  if (groups == 0 || totals == nullptr) {
    row.scan(A{});
    return;
  }
  each(groups, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * kBeside; i < end * kBeside; i++) totals[i] = row.part(i * length, (i + 1) * length).sum();
  });
  A before = {};
  for (int64_t i = 0; i < segments; i++) {
    const A own = totals[i];
    totals[i] = before;
    before = add(before, own);
  }
  // From the first infinity on a sum stays what it is, in whichever segment that may be.
  if (is_finite(before)) {
    each(groups, [&](int64_t begin, int64_t end) {
      for (; begin < end; begin++)
        row.part(begin * kBeside * length, row.n).scan_beside(length, totals + begin * kBeside);
    });
    row.part(segments * length, row.n).scan(before);
  } else {
    row.scan(A{});
  }
  if (totals != few) tt_free(totals);
}

}  // namespace
}  // namespace TT_NS
