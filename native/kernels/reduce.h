// What gen/reductions.ts makes of a reduction, and reduce.cc runs.
//
// All work is done in lanes side by side: along a contiguous row, lane j takes the elements j, j + lanes, …; where
// neighbours belong to different results, a lane is a result. Accumulator k of lane j is lanes[k * kLanes + j].
#pragma once
#include "../abi.h"
#include "load_store.h"
#include "whole_numbers.h"

struct tt_reduction {
  int32_t accumulators, results, scalars;  // no accumulators: no such reduction
  // All lanes as before the first element.
  void (*init)(void* lanes);
  // Rows of `width` elements, `stride` elements apart: element j of each goes to lane j.
  void (*step)(void* lanes, const void* rows, int64_t stride, int64_t rows_count, int64_t width, const void* scalars);
  // n lanes of `a` take lanes of `b`, which come after them.
  void (*combine)(void* a, int64_t first_a, const void* b, int64_t first_b, int64_t n);
  // The results of n lanes, result k of lane j at results[k * kLanes + j]; `count` elements went into each.
  void (*finish)(const void* lanes, int64_t n, int64_t count, const void* scalars, void* results);
  // The results of a few elements, one after the other.
  void (*stretch)(const void* elements, int64_t count, const void* scalars, void* results);
};

extern "C" {
extern const tt_reduction TT_SYMBOL(reductions_f32)[], TT_SYMBOL(reductions_f64)[], TT_SYMBOL(reductions_i64)[];
extern const int32_t TT_SYMBOL(reductions_f32_count);
}

namespace TT_NS {
namespace {

template <class T>
constexpr int lanes_of = 512 / (int)sizeof(T);
enum { kMaxResults = 4, kMaxAccumulators = 4 };
// Rows that a lane takes one after the other before what they come to is joined with others.
constexpr int64_t kRowsInTurn = 16;
// Whether a reduction is asked to take more at once, whole rows of lanes: those whose accumulators stay in registers.
constexpr bool takes_long_leaves(int32_t accumulators) { return accumulators == 1 && TT_VECTOR_REGISTERS == 32; }

}  // namespace
}  // namespace TT_NS
