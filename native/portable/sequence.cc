// Evenly spaced numbers.
//
// sequence: [out address, dtype, n, first, step, last, half]
//   Element i is first + i * step, from element `half` on last - (n - 1 - i) * step, in double; cut to a whole number for int64.
//   dtype is float32, float64 or int64; out is contiguous.
#include "../kernels/dtype_switch.h"
#include "../threads.h"

namespace TT_NS {
namespace {

constexpr int64_t kGrain = 1 << 15;
constexpr double kLargestExact = 0x1p53;

struct Job {
  void* out;
  int64_t n, half;
  double first, step, last;
  bool whole;  // all of it, and all on the way, are whole numbers that double holds
};

// origin + (index + i) * step. Counting in int32 is what vectors of the weakest processors can.
template <typename T>
static void evenly(T* out, int64_t n, double index, double origin, double step) {
  for (int64_t done = 0; done < n; done += kGrain) {
    const int32_t here = int32_t(n - done < kGrain ? n - done : kGrain);
    const double from = index + double(done);
    for (int32_t i = 0; i < here; i++) out[done + i] = T(origin + (from + double(i)) * step);
  }
}

template <typename T>
static void fill(void* context, int64_t begin, int64_t end, int) {
  const Job& job = *static_cast<const Job*>(context);
  T* out = static_cast<T*>(job.out);
  if constexpr (same<T, int64_t>) {
    if (job.whole) {
      const int64_t first = int64_t(job.first), step = int64_t(job.step);
      for (int64_t i = begin; i < end; i++) out[i] = first + i * step;
      return;
    }
  }
  const int64_t turn = begin > job.half ? begin : end < job.half ? end : job.half;
  evenly(out + begin, turn - begin, double(begin), job.first, job.step);
  evenly(out + turn, end - turn, double(turn - (job.n - 1)), job.last, job.step);
}

TT_INLINE bool is_whole(double x) { return x == __builtin_trunc(x) && __builtin_fabs(x) < kLargestExact; }

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(sequence) {
  ArgReader a{args};
  Job job = {};
  job.out = a.address<void>();
  const int dtype = int(a.integer());
  job.n = a.integer();
  job.first = a.number();
  job.step = a.number();
  job.last = a.number();
  job.half = a.integer();
  job.whole = job.half == job.n && is_whole(job.first) && is_whole(job.step) && is_whole(job.n * job.step) &&
              is_whole(job.first + job.n * job.step);
  switch (dtype) {
    case TT_FLOAT32: tt_parallel_for(job.n, kGrain, fill<float>, &job); return TT_OK;
    case TT_FLOAT64: tt_parallel_for(job.n, kGrain, fill<double>, &job); return TT_OK;
    case TT_INT64: tt_parallel_for(job.n, kGrain, fill<int64_t>, &job); return TT_OK;
    default: return TT_UNSUPPORTED_DTYPE;
  }
}
