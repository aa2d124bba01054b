// A batch of products of one floating dtype.
#pragma once
#include "gemm_block.h"
#include "gemm_shares.h"
#include "gemv.h"
#include "matmul.h"

namespace TT_NS {
namespace {

template <class S, class T>
int32_t multiply(const Product<S, T>& product, bool parallel) {
  if constexpr (same_type<S, T>) {
    if (gemv(product, parallel)) return TT_OK;
  }
  return gemm(product, parallel);
}

template <class S, class T>
struct Batch {
  const Arguments& arguments;
  bool parallel_inside;
  int32_t status = TT_OK;

  static void run(void* context, int64_t begin, int64_t end, int) {
    Batch& self = *(Batch*)context;
    for (int64_t i = begin; i < end; i++) {
      const int32_t status = multiply(self.arguments.template product<S, T>(i), self.parallel_inside);
      if (status != TT_OK) self.status = status;
    }
  }
};

// Many small products are shared out whole; few large ones are divided each.
template <class S, class T>
int32_t run_float(const Arguments& arguments) {
  if constexpr (same_type<S, T>) {
    int32_t status;
    if (arguments.batches == 1 && multiply_in_shares(arguments.product<S, T>(0), status)) return status;
  }
  const int64_t work = max64(1, arguments.m * arguments.n * max64(arguments.k, 1));
  const int64_t threads = tt_num_threads();
  const bool share = threads > 1 && arguments.batches >= threads && work * arguments.batches >= parallel_work &&
                     (arguments.batches >= 4 * threads || work < 4 * parallel_work);
  Batch<S, T> batch = {arguments, !share};
  tt_parallel_for(arguments.batches, share ? max64(1, parallel_work / 8 / work) : arguments.batches, Batch<S, T>::run,
                  &batch);
  return batch.status;
}

}  // namespace
}  // namespace TT_NS
