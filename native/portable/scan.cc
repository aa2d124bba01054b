// Running sums, products, maxima and minima along one dimension.
//
// scan: [kind, ndim, dim, sizes[ndim]; in: operand; out: operand; for cummax and cummin also indices: operand (int64)]
//   kind 0 cumsum, 1 cumprod (in and out of one dtype: convert before), 2 cummax, 3 cummin, 4 logcumsumexp (floating)
//   An operand is address, dtype, strides[ndim]. float16 and bfloat16 accumulate in float; float sums in double, as
//   PyTorch's do. Of equal elements (and of NaN) cummax and cummin point at the last so far; nothing follows NaN but NaN.
#include "../kernels/dtype_switch.h"
#include "../kernels/scalar_math.h"
#include "running_sum.h"

namespace TT_NS {
namespace {

// A row that several threads share is at least so long.
constexpr int64_t kLongRow = 1 << 15;

enum Kind { kSum, kProduct, kMax, kMin, kLogSumExp };

struct Job {
  int kind;
  int ndim;  // without the scanned dimension
  int64_t n;
  int64_t sizes[kMaxDims];
  Operand operands[3];  // in, out, indices
  int64_t steps[3];
};

template <typename A>
TT_INLINE A multiply(A a, A b) {
  if constexpr (IsComplex<A>::value)
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  else
    return a * b;
}

template <typename T>
TT_INLINE void running_product(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t n) {
  using A = Accumulator<T>;
  A total;
  if constexpr (IsComplex<A>::value)
    total = {1.0, 0.0};
  else
    total = A(1);
  for (int64_t i = 0; i < n; i++) {
    total = multiply(total, read_element(from + i * from_step));
    write_element(to + i * to_step, total);
  }
}

// `in_parallel`: this row is all the work there is for the threads.
template <typename T, bool contiguous>
static void sum_row(const Row<T, contiguous>& row, bool in_parallel) {
  if (in_parallel)
    running_sum(row, [](int64_t count, auto body) {
      parallel(count, 16, [&](int64_t begin, int64_t end, int) { body(begin, end); });
    });
  else
    running_sum(row, [](int64_t count, auto body) { body(0, count); });
}

template <int kind, typename T>
TT_INLINE void extreme(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t* places, int64_t place_step,
                       int64_t n) {
  Compute<T> best = widen(from[0]);
  int64_t place = 0;
  for (int64_t i = 0; i < n; i++) {
    const Compute<T> x = widen(from[i * from_step]);
    if (x != x || (best == best && (kind == kMax ? x >= best : x <= best))) {
      best = x;
      place = i;
    }
    to[i * to_step] = narrow<T>(best);
    places[i * place_step] = place;
  }
}

template <typename T>
TT_INLINE void log_sum_exp(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t n) {
  double total = -__builtin_inf();
  for (int64_t i = 0; i < n; i++) {
    const double x = widen(from[i * from_step]);
    const double high = x > total ? x : total, low = x > total ? total : x;
    // Equal infinities would give inf - inf; NaN passes through the sum.
    if (high != low || high - high == 0) total = high + log1p_of(exp_of(low - high));
    if (x != x) total = x;
    to[i * to_step] = narrow<T>(Compute<T>(total));
  }
}

template <typename T>
static void run(Job& job) {
  const int count = job.kind == kMax || job.kind == kMin ? 3 : 2;
  const T* const in = reinterpret_cast<const T*>(job.operands[0].data);
  T* const out = reinterpret_cast<T*>(job.operands[1].data);
  int64_t* const places = reinterpret_cast<int64_t*>(job.operands[count - 1].data);
  const int64_t rows = product(job.sizes, job.ndim);
  // Long rows are shared out among the threads one by one, unless there are enough for all.
  const bool in_parallel = job.kind == kSum && rows < 4 * tt_num_threads() && job.n >= kLongRow;
  const auto run_rows = [&](int64_t begin, int64_t end, int) {
    Walk<3> walk;
    walk.over(job.ndim, job.sizes, job.operands[0].strides, job.operands[1].strides, job.operands[count - 1].strides);
    walk.start(begin);
    for (int64_t i = begin; i < end; i++, walk.next()) {
      const T* const from = in + walk.offset[0];
      T* const to = out + walk.offset[1];
      const int64_t from_step = job.steps[0], to_step = job.steps[1];
      switch (job.kind) {
        case kSum:
          if (from_step == 1 && to_step == 1)
            sum_row(Row<T, true>{from, to, 1, 1, job.n}, in_parallel);
          else
            sum_row(Row<T, false>{from, to, from_step, to_step, job.n}, in_parallel);
          break;
        case kProduct: running_product(from, from_step, to, to_step, job.n); break;
        default:
          if constexpr (!IsComplex<T>::value) {
            if (job.kind == kMax)
              extreme<kMax>(from, from_step, to, to_step, places + walk.offset[2], job.steps[2], job.n);
            else if (job.kind == kMin)
              extreme<kMin>(from, from_step, to, to_step, places + walk.offset[2], job.steps[2], job.n);
            else if constexpr (is_float<T>)
              log_sum_exp(from, from_step, to, to_step, job.n);
          }
      }
    }
  };
  if (in_parallel)
    run_rows(0, rows, 0);
  else
    parallel(rows, 8192 / job.n + 1, run_rows);
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(scan) {
  ArgReader reader{args};
  Job job;
  job.kind = int(reader.integer());
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  const int count = job.kind == kMax || job.kind == kMin ? 3 : 2;
  read_sizes(reader, ndim, job.sizes);
  for (int k = 0; k < count; k++) read_operand(reader, ndim, job.operands[k]);
  if (product(job.sizes, ndim) == 0) return TT_OK;
  const int dtype = job.operands[0].dtype;
  job.n = ndim ? job.sizes[dim] : 1;
  job.ndim = 0;
  for (int k = 0; k < count; k++) job.steps[k] = ndim ? job.operands[k].strides[dim] : 1;
  for (int d = 0; d < ndim; d++) {
    if (d == dim) continue;
    job.sizes[job.ndim] = job.sizes[d];
    for (int k = 0; k < count; k++) job.operands[k].strides[job.ndim] = job.operands[k].strides[d];
    job.ndim++;
  }
  const bool floating = dtype == TT_FLOAT16 || dtype == TT_BFLOAT16 || dtype == TT_FLOAT32 || dtype == TT_FLOAT64;
  const bool complex = dtype == TT_COMPLEX64 || dtype == TT_COMPLEX128;
  if (job.kind == kLogSumExp ? !floating : complex && job.kind >= kMax) return TT_UNSUPPORTED_DTYPE;
  const bool known = switch_any(dtype, [&](auto tag) { run<typename decltype(tag)::type>(job); });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
