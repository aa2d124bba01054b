// The loops of every reduction: gen/reductions.ts instantiates them from the declarations in src/expr/reductions.ts.
#pragma once
#include "reduce.h"

namespace TT_NS {
namespace {

template <class R, class T>
struct Loops {
  static constexpr int kLanes = lanes_of<T>;
  static constexpr int N = R::accumulators;
  static_assert(N <= kMaxAccumulators && R::results <= kMaxResults, "");

  static void init(void* lanes_) {
    T* lanes = (T*)lanes_;
    T fresh[N];
    R::init(fresh);
    for (int k = 0; k < N; k++)
      for (int j = 0; j < kLanes; j++) lanes[k * kLanes + j] = fresh[k];
  }

  static void step(void* lanes_, const void* rows_, int64_t stride, int64_t count, int64_t width, const void* scalars) {
    T* lanes = (T*)lanes_;
    const T* rows = (const T*)rows_;
    const T* s = (const T*)scalars;
    // A few vectors of lanes at a time, so that their accumulators stay in registers from row to row: where they all do, memory
    // is read from front to back.
    constexpr int kVectors = N == 1 && TT_VECTOR_REGISTERS == 32 ? 8 : 4;
    constexpr int kBlock = kVectors * TT_VECTOR_BYTES / (int)sizeof(T);
    if constexpr (takes_long_leaves(N)) {
      if (width == kLanes)
        for (; count >= kRowsInTurn; count -= kRowsInTurn, rows += kRowsInTurn * stride)
          for (int64_t first = 0; first < kLanes; first += kBlock) step_apart<kBlock>(lanes + first, rows + first, stride, s);
    }
    int64_t first = 0;
    for (; first + kBlock <= width; first += kBlock) {
      T acc[N][kBlock];
      for (int k = 0; k < N; k++)
        for (int j = 0; j < kBlock; j++) acc[k][j] = lanes[k * kLanes + first + j];
      for (int64_t r = 0; r < count; r++) {
        const T* row = rows + r * stride + first;
        for (int j = 0; j < kBlock; j++) {
          T own[N];
          for (int k = 0; k < N; k++) own[k] = acc[k][j];
          R::step(own, row[j], s);
          for (int k = 0; k < N; k++) acc[k][j] = own[k];
        }
      }
      for (int k = 0; k < N; k++)
        for (int j = 0; j < kBlock; j++) lanes[k * kLanes + first + j] = acc[k][j];
    }
    for (int64_t r = 0; r < count; r++) {
      const T* row = rows + r * stride;
      TT_INDEPENDENT for (int64_t j = first; j < width; j++) {
        T own[N];
        for (int k = 0; k < N; k++) own[k] = lanes[k * kLanes + j];
        R::step(own, row[j], s);
        for (int k = 0; k < N; k++) lanes[k * kLanes + j] = own[k];
      }
    }
  }

  // What kRowsInTurn rows come to by themselves is combined with a block of lanes.
  template <int kBlock>
  static __attribute__((always_inline)) void step_apart(T* lanes, const T* rows, int64_t stride, const T* scalars) {
    T fresh[1], acc[kBlock];
    R::init(fresh);
    for (int j = 0; j < kBlock; j++) acc[j] = fresh[0];
    for (int64_t r = 0; r < kRowsInTurn; r++)
      for (int j = 0; j < kBlock; j++) R::step(acc + j, rows[r * stride + j], scalars);
    for (int j = 0; j < kBlock; j++) R::combine(lanes + j, acc + j);
  }

  static void combine(void* a_, int64_t first_a, const void* b_, int64_t first_b, int64_t n) {
    T* a = (T*)a_ + first_a;
    const T* b = (const T*)b_ + first_b;
    TT_INDEPENDENT for (int64_t j = 0; j < n; j++) {
      T acc[N], other[N];
      for (int k = 0; k < N; k++) {
        acc[k] = a[k * kLanes + j];
        other[k] = b[k * kLanes + j];
      }
      R::combine(acc, other);
      for (int k = 0; k < N; k++) a[k * kLanes + j] = acc[k];
    }
  }

  static void finish(const void* lanes_, int64_t n, int64_t count, const void* scalars, void* results_) {
    const T* lanes = (const T*)lanes_;
    T* results = (T*)results_;
    for (int64_t j = 0; j < n; j++) {
      T acc[N], result[R::results];
      for (int k = 0; k < N; k++) acc[k] = lanes[k * kLanes + j];
      R::finish(acc, (T)count, (const T*)scalars, result);
      for (int k = 0; k < R::results; k++) results[k * kLanes + j] = result[k];
    }
  }

  static void stretch(const void* elements, int64_t count, const void* scalars, void* results_) {
    const T* x = (const T*)elements;
    T* results = (T*)results_;
    T acc[N], result[R::results];
    R::init(acc);
    for (int64_t i = 0; i < count; i++) R::step(acc, x[i], (const T*)scalars);
    R::finish(acc, (T)count, (const T*)scalars, result);
    for (int k = 0; k < R::results; k++) results[k * kLanes] = result[k];
  }

  static constexpr tt_reduction entry = {N, R::results, R::scalars, init, step, combine, finish, stretch};
};

}  // namespace
}  // namespace TT_NS
