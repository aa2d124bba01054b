// Negative log likelihood: picks the log probability of each target class.
//
// nll_loss: [backward, reduction, ignoreIndex, classes, ndim, sizes[ndim],
//            input: address, dtype, class stride, strides[ndim]; target: address, dtype, strides[ndim];
//            weight address (or 0), weight stride; output: address, strides[ndim]; total address]
//   The dimensions are those of the target: input's without its class dimension. reduction 0 none, 1 mean, 2 sum.
//   Forward: input is read; output takes the losses (reduction none) or one number; total takes the summed weights.
//   Backward: input is written whole, the gradient of the forward's input; output is read, the gradient of the
//   forward's output (stride 0 after a reduction); total is read for the mean.
//   A target outside of 0..classes-1 that is not ignoreIndex gives TT_INDEX_OUT_OF_RANGE: target in slot 0.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

enum Reduction { kNone, kMean, kSum };

struct Job {
  bool backward;
  int reduction;
  int64_t ignore, classes;
  int ndim;
  int64_t sizes[kMaxDims];
  Operand input, target, output;
  int64_t class_step;
  char* weight;
  int64_t weight_step;
  char* total;
  bool failed = false;
  int64_t bad_target = 0;
};

TT_INLINE int64_t target_at(const Operand& target, int64_t offset) {
  switch (target.dtype) {
    case TT_UINT8: return reinterpret_cast<const uint8_t*>(target.data)[offset];
    case TT_INT32: return reinterpret_cast<const int32_t*>(target.data)[offset];
    default: return reinterpret_cast<const int64_t*>(target.data)[offset];
  }
}

// Calls visit(class, input offset, output offset) for each target; -1 for an ignored one.
template <typename Visit>
TT_INLINE void visit_targets(Job& job, Visit visit) {
  const int64_t n = product(job.sizes, job.ndim);
  Walk<3> walk;
  walk.over(job.ndim, job.sizes, job.input.strides, job.target.strides, job.output.strides);
  walk.start(0);
  for (int64_t i = 0; i < n; i++, walk.next()) {
    int64_t target = target_at(job.target, walk.offset[1]);
    if (target == job.ignore) {
      target = -1;
    } else if (uint64_t(target) >= uint64_t(job.classes)) {
      job.failed = true;
      job.bad_target = target;
      return;
    }
    visit(target, walk.offset[0], walk.offset[2]);
  }
}

template <typename T>
static void forward(Job& job) {
  using C = Compute<T>;
  const T* const input = reinterpret_cast<const T*>(job.input.data);
  const T* const weight = reinterpret_cast<const T*>(job.weight);
  T* const output = reinterpret_cast<T*>(job.output.data);
  double sum = 0, total = 0;
  visit_targets(job, [&](int64_t target, int64_t from, int64_t to) {
    C loss = 0;
    if (target >= 0) {
      const C w = weight ? widen(weight[target * job.weight_step]) : C(1);
      loss = -w * widen(input[from + target * job.class_step]);
      total += w;
    }
    if (job.reduction == kNone)
      output[to] = narrow<T>(loss);
    else
      sum += loss;
  });
  if (job.reduction == kMean) sum /= total;
  if (job.reduction != kNone) *output = convert<T>(sum);
  *reinterpret_cast<T*>(job.total) = convert<T>(job.reduction == kNone ? 0.0 : total);
}

template <typename T>
static void clear(const Job& job) {
  T* const input = reinterpret_cast<T*>(job.input.data);
  Walk<1> walk;
  int64_t sizes[kMaxDims + 1], steps[kMaxDims + 1];
  const int last = job.ndim;
  for (int d = 0; d < last; d++) sizes[d] = job.sizes[d], steps[d] = job.input.strides[d];
  sizes[last] = job.classes;
  steps[last] = job.class_step;
  walk.over(last, sizes, steps);
  const int64_t rows = product(sizes, last);
  if (rows == 0) return;
  walk.start(0);
  for (int64_t row = 0; row < rows; row++, walk.next()) {
    T* const to = input + walk.offset[0];
    if (job.class_step == 1)
      memset(to, 0, size_t(job.classes) * sizeof(T));
    else
      for (int64_t c = 0; c < job.classes; c++) to[c * job.class_step] = T{};
  }
}

template <typename T>
static void backward(Job& job) {
  using C = Compute<T>;
  T* const input = reinterpret_cast<T*>(job.input.data);
  const T* const weight = reinterpret_cast<const T*>(job.weight);
  const T* const grad = reinterpret_cast<const T*>(job.output.data);
  const C total = job.reduction == kMean ? widen(*reinterpret_cast<const T*>(job.total)) : C(1);
  clear<T>(job);
  visit_targets(job, [&](int64_t target, int64_t to, int64_t from) {
    if (target < 0) return;
    const C w = weight ? widen(weight[target * job.weight_step]) : C(1);
    input[to + target * job.class_step] = narrow<T>(-w * widen(grad[from]) / total);
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(nll_loss) {
  ArgReader reader{args};
  Job job;
  job.backward = reader.integer() != 0;
  job.reduction = int(reader.integer());
  job.ignore = reader.integer();
  job.classes = reader.integer();
  job.ndim = int(reader.integer());
  read_sizes(reader, job.ndim, job.sizes);
  job.input.data = reader.address<char>();
  job.input.dtype = int(reader.integer());
  job.class_step = reader.integer();
  read_sizes(reader, job.ndim, job.input.strides);
  read_operand(reader, job.ndim, job.target);
  job.weight = reader.address<char>();
  job.weight_step = reader.integer();
  job.output.data = reader.address<char>();
  read_sizes(reader, job.ndim, job.output.strides);
  job.total = reader.address<char>();
  const bool known = switch_float(job.input.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (job.backward)
      backward<T>(job);
    else
      forward<T>(job);
  });
  if (!known) return TT_UNSUPPORTED_DTYPE;
  if (job.failed) {
    answer(args, 0, double(job.bad_target));
    return TT_INDEX_OUT_OF_RANGE;
  }
  return TT_OK;
}
