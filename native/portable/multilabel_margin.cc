// Multi-label margin loss: how much the scores of other classes come within 1 of those of the target classes.
//
// multilabel_margin: [backward, N, C, dtype; input address, target address (int64), output address, grad address (or 0)]
//   All contiguous; float or double. input [N, C]; target [N, C]: class indices up to the first negative one.
//   Forward: output [N] takes the losses. Backward: output [N, C] takes the gradient of input, grad [N] is that of the losses.
//   A target above C-1 gives TT_INDEX_OUT_OF_RANGE: target in slot 0.
#include "../kernels/dtype_switch.h"
#include "../platform.h"

namespace TT_NS {
namespace {

struct Job {
  bool backward;
  int64_t samples, classes;
  char* input;
  const int64_t* target;
  char* output;
  char* grad;
  bool failed = false, index_failed = false;
  int64_t bad_target = 0;
};

template <typename T>
static void run(Job& job) {
  const int64_t classes = job.classes;
  parallel(job.samples, 4096 / (classes + 1) + 1, [&](int64_t begin, int64_t end, int) {
    uint8_t* const is_target = static_cast<uint8_t*>(tt_scratch(TT_SCRATCH_OTHER, size_t(classes)));
    if (!is_target) {
      __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
      return;
    }
    for (int64_t n = begin; n < end; n++) {
      const T* const x = reinterpret_cast<const T*>(job.input) + n * classes;
      const int64_t* const target = job.target + n * classes;
      memset(is_target, 0, size_t(classes));
      int64_t count = 0;
      for (; count < classes && target[count] >= 0; count++) {
        if (target[count] >= classes) {
          __atomic_store_n(&job.bad_target, target[count], __ATOMIC_RELAXED);
          __atomic_store_n(&job.index_failed, true, __ATOMIC_RELAXED);
          return;
        }
        is_target[target[count]] = 1;
      }
      T* const grad_input = reinterpret_cast<T*>(job.output) + n * classes;
      const double factor = job.backward ? double(reinterpret_cast<const T*>(job.grad)[n]) / double(classes) : 0;
      if (job.backward)
        for (int64_t c = 0; c < classes; c++) grad_input[c] = 0;
      double sum = 0;
      for (int64_t k = 0; k < count; k++) {
        const double reach = 1 - double(x[target[k]]);
        double pulled = 0;
        for (int64_t c = 0; c < classes; c++) {
          if (is_target[c]) continue;
          const double z = reach + double(x[c]);
          if (!(z > 0)) continue;
          sum += z;
          if (job.backward) {
            grad_input[c] += T(factor);
            pulled += factor;
          }
        }
        if (job.backward) grad_input[target[k]] -= T(pulled);
      }
      if (!job.backward) reinterpret_cast<T*>(job.output)[n] = T(sum / double(classes));
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(multilabel_margin) {
  ArgReader reader{args};
  Job job;
  job.backward = reader.integer() != 0;
  job.samples = reader.integer();
  job.classes = reader.integer();
  const int dtype = int(reader.integer());
  job.input = reader.address<char>();
  job.target = reader.address<const int64_t>();
  job.output = reader.address<char>();
  job.grad = reader.address<char>();
  if (dtype == TT_FLOAT32)
    run<float>(job);
  else if (dtype == TT_FLOAT64)
    run<double>(job);
  else
    return TT_UNSUPPORTED_DTYPE;
  if (job.failed) return TT_OUT_OF_MEMORY;
  if (job.index_failed) {
    answer(args, 0, double(job.bad_target));
    return TT_INDEX_OUT_OF_RANGE;
  }
  return TT_OK;
}
