// The order of elements: unsigned keys in the same order, NaN above all, and what comes of equal ones.
//
// Sorting and selecting go as the C++ library that PyTorch is built with does it, step by step: among equal keys these algorithms
// leave an order of their own, and PyTorch's indices show it. The textbook algorithms are introsort and introselect with a median
// of three, heaps below them, and a quickselect; what is fixed here is which pairs they compare and exchange, and when.
#pragma once
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

// Keys of 4 bytes where they suffice: half the memory traffic.
template <typename T>
struct KeyOf {
  using type = uint32_t;
};
template <>
struct KeyOf<int64_t> {
  using type = uint64_t;
};
template <>
struct KeyOf<double> {
  using type = uint64_t;
};

template <typename T>
TT_INLINE typename KeyOf<T>::type key_of(T x) {
  if constexpr (same<T, double>) {
    const uint64_t bits = bit_cast_to<uint64_t>(x + 0.0);  // -0 becomes 0: they are equal
    const uint64_t key = bits ^ (uint64_t(int64_t(bits) >> 63) | uint64_t(1) << 63);
    return x != x ? ~uint64_t(0) : key;
  } else if constexpr (is_float<T>) {
    const float wide = widen(x) + 0.0f;
    const uint32_t bits = bit_cast_to<uint32_t>(wide);
    const uint32_t key = bits ^ (uint32_t(int32_t(bits) >> 31) | 0x80000000u);
    return wide != wide ? ~uint32_t(0) : key;
  } else if constexpr (same<T, int64_t>) {
    return uint64_t(x) ^ uint64_t(1) << 63;
  } else if constexpr (same<T, bool8>) {
    return x.bits != 0;
  } else if constexpr (same<T, uint8_t>) {
    return x;
  } else {
    return uint32_t(int32_t(x)) ^ 0x80000000u;
  }
}

// A key and the position of the element that it stands for.
template <typename K>
struct Pair {
  K key;
  K place;
};

template <typename P>
TT_INLINE void swap_pairs(P& a, P& b) {
  const P kept = a;
  a = b;
  b = kept;
}

// Sifts `value` from `hole` down to a leaf of the heap of `length` pairs, then up to where it belongs.
template <typename P>
static void adjust_heap(P* heap, int64_t hole, int64_t length, P value) {
  const int64_t top = hole;
  int64_t child = hole;
  while (child < (length - 1) / 2) {
    child = 2 * (child + 1);
    if (heap[child].key < heap[child - 1].key) child--;
    heap[hole] = heap[child];
    hole = child;
  }
  if ((length & 1) == 0 && child == (length - 2) / 2) {
    child = 2 * (child + 1);
    heap[hole] = heap[child - 1];
    hole = child - 1;
  }
  for (int64_t parent = (hole - 1) / 2; hole > top && heap[parent].key < value.key; parent = (hole - 1) / 2) {
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = value;
}

// The `middle - first` smallest come to the front, as a heap.
template <typename P>
static void heap_select(P* first, P* middle, P* last) {
  const int64_t length = middle - first;
  if (length >= 2)
    for (int64_t parent = (length - 2) / 2; parent >= 0; parent--) adjust_heap(first, parent, length, first[parent]);
  for (P* i = middle; i < last; i++) {
    if (!(i->key < first->key)) continue;
    const P value = *i;
    *i = *first;
    adjust_heap(first, 0, length, value);
  }
}

// The `middle - first` smallest come to the front, in order.
template <typename P>
static void partial_sort(P* first, P* middle, P* last) {
  if (first == middle) return;
  heap_select(first, middle, last);
  while (middle - first > 1) {
    --middle;
    const P value = *middle;
    *middle = *first;
    adjust_heap(first, 0, middle - first, value);
  }
}

// Splits around the median of the second, the middle and the last pair.
template <typename P>
static P* partition_around_pivot(P* first, P* last) {
  P* const a = first + 1;
  P* const b = first + (last - first) / 2;
  P* const c = last - 1;
  if (a->key < b->key)
    swap_pairs(*first, b->key < c->key ? *b : a->key < c->key ? *c : *a);
  else
    swap_pairs(*first, a->key < c->key ? *a : b->key < c->key ? *c : *b);
  const auto pivot = first->key;
  P* low = first + 1;
  P* high = last;
  for (;;) {
    while (low->key < pivot) low++;
    high--;
    while (pivot < high->key) high--;
    if (!(low < high)) return low;
    swap_pairs(*low, *high);
    low++;
  }
}

template <typename P>
static void insertion_sort(P* first, P* last) {
  for (P* i = first + 1; i < last; i++) {
    const P value = *i;
    P* j = i;
    for (; j > first && value.key < j[-1].key; j--) *j = j[-1];
    *j = value;
  }
}

TT_INLINE int depth_limit(int64_t n) { return 2 * (63 - __builtin_clzll(uint64_t(n))); }

template <typename P>
static void introsort_loop(P* first, P* last, int depth) {
  while (last - first > 16) {
    if (depth-- == 0) return partial_sort(first, last, last);
    P* const cut = partition_around_pivot(first, last);
    introsort_loop(cut, last, depth);
    last = cut;
  }
}

// All in order; not stable.
template <typename P>
static void introsort(P* first, P* last) {
  if (last - first < 2) return;
  introsort_loop(first, last, depth_limit(last - first));
  insertion_sort(first, last);
}

// What belongs at `nth` comes there; what is smaller before it.
template <typename P>
static void introselect(P* first, P* nth, P* last) {
  if (first == last || nth == last) return;
  int depth = depth_limit(last - first);
  while (last - first > 3) {
    if (depth-- == 0) {
      heap_select(first, nth + 1, last);
      return swap_pairs(*first, *nth);
    }
    P* const cut = partition_around_pivot(first, last);
    if (cut <= nth)
      first = cut;
    else
      last = cut;
  }
  insertion_sort(first, last);
}

// What belongs at `k` comes there. The pivot is the median of the first, the middle and the last.
template <typename P>
static void quickselect(P* pairs, int64_t n, int64_t k) {
  int64_t left = 0, right = n - 1;
  while (right > left) {
    if (right == left + 1) {
      if (pairs[left].key > pairs[right].key) swap_pairs(pairs[left], pairs[right]);
      return;
    }
    swap_pairs(pairs[left + (right - left) / 2], pairs[left + 1]);
    if (pairs[left + 1].key > pairs[right].key) swap_pairs(pairs[left + 1], pairs[right]);
    if (pairs[left].key > pairs[right].key) swap_pairs(pairs[left], pairs[right]);
    if (pairs[left + 1].key > pairs[left].key) swap_pairs(pairs[left + 1], pairs[left]);
    const auto pivot = pairs[left].key;
    int64_t i = left + 1, j = right;
    for (;;) {
      do i++;
      while (pivot > pairs[i].key);
      do j--;
      while (pairs[j].key > pivot);
      if (j < i) break;
      swap_pairs(pairs[i], pairs[j]);
    }
    swap_pairs(pairs[left], pairs[j]);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
}

}  // namespace
}  // namespace TT_NS
