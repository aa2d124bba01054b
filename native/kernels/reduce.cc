// reduce: sums, extremes, moments and norms over any dimensions of a strided operand.
//
// Arguments: reduction, accumulator type, ndim, results, scalars, sizes[ndim]; the input's address, dtype,
// strides[ndim] in elements; for each result the same, with stride 0 in the dimensions that are reduced; scalars.
#include "reduce.h"

#include "../args.h"

namespace TT_NS {
namespace {

// Dimensions of one kind, innermost first.
struct Dims {
  int32_t count = 0;
  int64_t sizes[kMaxDims], strides[kMaxDims];
};

// Orders the dimensions by the input's strides and merges those that can be walked as one; the results' strides follow.
void simplify(Dims& dims, tt_reduce_result* results, int64_t count) {
  const auto move = [&](int32_t to, int32_t from) {
    dims.sizes[to] = dims.sizes[from];
    dims.strides[to] = dims.strides[from];
    for (int64_t k = 0; k < count; k++) results[k].strides[to] = results[k].strides[from];
  };
  const int32_t spare = kMaxDims - 1;  // ndim is smaller
  for (int32_t i = 1; i < dims.count; i++) {
    for (int32_t d = i; d > 0 && dims.strides[d] < dims.strides[d - 1]; d--) {
      move(spare, d);
      move(d, d - 1);
      move(d - 1, spare);
    }
  }
  int32_t last = 0;
  for (int32_t d = 1; d < dims.count; d++) {
    bool merges = dims.strides[d] == dims.strides[last] * dims.sizes[last];
    for (int64_t k = 0; k < count && merges; k++)
      merges = results[k].strides[d] == results[k].strides[last] * dims.sizes[last];
    if (merges) dims.sizes[last] *= dims.sizes[d];
    else move(++last, d);
  }
  if (dims.count == 0) {
    dims.sizes[0] = 1;
    dims.strides[0] = 0;
    for (int64_t k = 0; k < count; k++) results[k].strides[0] = 0;
  }
  dims.count = dims.count == 0 ? 1 : last + 1;
}

int64_t product(const Dims& dims) {
  int64_t n = 1;
  for (int32_t d = 0; d < dims.count; d++) n *= dims.sizes[d];
  return n;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(reduce) {
  ArgReader in{args};
  const int64_t reduction = in.integer(), type = in.integer(), ndim = in.integer(), results = in.integer(),
                scalars = in.integer();
  if (ndim >= kMaxDims || results > TT_MAX_RESULTS || reduction >= TT_SYMBOL(reductions_f32_count))
    return TT_BAD_ARGUMENT;
  const tt_reduction* table = type == TT_FLOAT32   ? TT_SYMBOL(reductions_f32)
                              : type == TT_FLOAT64 ? TT_SYMBOL(reductions_f64)
                              : type == TT_INT64   ? TT_SYMBOL(reductions_i64)
                                                   : nullptr;
  if (table == nullptr || table[reduction] == nullptr) return TT_UNSUPPORTED_DTYPE;

  const double* sizes = in.array(ndim);
  tt_reduce_job job;
  job.data = in.address<const char>();
  job.dtype = (int32_t)in.integer();
  const int64_t item = item_size(job.dtype);
  const double* strides = in.array(ndim);
  const double* result_strides[TT_MAX_RESULTS];
  int64_t result_items[TT_MAX_RESULTS];
  for (int64_t k = 0; k < results; k++) {
    job.result[k].data = in.address<char>();
    job.result[k].dtype = (int32_t)in.integer();
    result_strides[k] = in.array(ndim);
    result_items[k] = item_size(job.result[k].dtype);
    if (result_items[k] == 0) return TT_UNSUPPORTED_DTYPE;
  }
  if (item == 0) return TT_UNSUPPORTED_DTYPE;
  job.scalars = in.array(scalars);

  Dims kept, reduced;
  for (int64_t d = ndim - 1; d >= 0; d--) {
    if (sizes[d] == 1) continue;
    const bool is_kept = result_strides[0][d] != 0;
    Dims& dims = is_kept ? kept : reduced;
    for (int64_t k = 0; k < results && is_kept; k++)
      job.result[k].strides[dims.count] = (int64_t)result_strides[k][d] * result_items[k];
    dims.sizes[dims.count] = (int64_t)sizes[d];
    dims.strides[dims.count++] = (int64_t)strides[d] * item;
  }
  job.outputs = product(kept);
  job.count = product(reduced);
  if (job.outputs == 0) return TT_OK;
  simplify(kept, job.result, results);
  simplify(reduced, nullptr, 0);
  job.kept = {kept.count, kept.sizes};
  job.reduced = {reduced.count, reduced.sizes};
  job.kept_strides = kept.strides;
  job.reduced_strides = reduced.strides;
  job.is_columns = job.outputs > 1 && kept.strides[0] < reduced.strides[0];
  return table[reduction](job, results, scalars);
}
