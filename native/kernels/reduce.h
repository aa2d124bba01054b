// A reduction as its loops see it: what reduce.cc has made of the arguments.
#pragma once
#include "../abi.h"
#include "load_store.h"

enum { TT_MAX_RESULTS = 4 };

struct tt_reduce_result {
  char* data;
  int32_t dtype;
  int64_t strides[64];  // of the kept dimensions, in bytes
};

struct tt_reduce_job {
  // Input. Strides in bytes; innermost dimension first; at least one dimension of each kind.
  const char* data;
  int32_t dtype;
  tt_box kept, reduced;
  const int64_t *kept_strides, *reduced_strides;
  int64_t outputs, count;  // elements kept, and reduced into each of them
  bool is_columns;         // neighbours in memory belong to different results
  const double* scalars;
  tt_reduce_result result[TT_MAX_RESULTS];
};

typedef int32_t (*tt_reduction)(const tt_reduce_job& job, int64_t results, int64_t scalars);

extern "C" {
extern const tt_reduction TT_SYMBOL(reductions_f32)[], TT_SYMBOL(reductions_f64)[], TT_SYMBOL(reductions_i64)[];
extern const int32_t TT_SYMBOL(reductions_f32_count);
}
