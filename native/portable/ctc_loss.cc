// Connectionist temporal classification: the sum over all alignments of a target with a sequence of class probabilities,
// by the forward-backward algorithm in logarithms (Graves et al. 2006).
//
// ctc_loss: [backward, T, N, C, longest, blank, zeroInfinity, dtype; logProbs: address, strides[T, N, C];
//            targets address (int64), starts address, inputLengths address, targetLengths address (int64, [N] each);
//            alpha address (double, [N, T, 2 longest + 1]), loss address ([N]);
//            backward: grad address, grad stride, gradInput address (contiguous [T, N, C])]
//   float or double; the recursions are in double. Forward writes alpha and loss, backward reads both and writes gradInput.
//   starts[n] is where the target of sample n begins in targets. A target that is no class gives TT_INDEX_OUT_OF_RANGE:
//   target in slot 0.
#include "../kernels/dtype_switch.h"
#include "../kernels/scalar_math.h"
#include "../platform.h"

namespace TT_NS {
namespace {

constexpr double kNever = -__builtin_inf();

struct Job {
  bool backward, zero_infinity;
  int64_t steps, samples, classes, longest, blank;
  char* log_probs;
  int64_t strides[3];
  const int64_t *targets, *starts, *input_lengths, *target_lengths;
  double* alpha;
  char* loss;
  char* grad;
  int64_t grad_stride;
  char* grad_input;
  bool failed = false;
};

TT_INLINE double log_add(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return low == kNever ? high : high + log1p_of(exp_of(low - high));
}

// What one sample's recursions walk over: blank, first label, blank, second label, …, blank.
template <typename T>
struct Sample {
  const T* log_probs;
  int64_t step_t, step_c, blank;
  const int64_t* target;
  int64_t length, steps;

  __attribute__((always_inline)) int64_t states() const { return 2 * length + 1; }
  __attribute__((always_inline)) int64_t label(int64_t s) const { return s & 1 ? target[s >> 1] : blank; }
  __attribute__((always_inline)) double at(int64_t t, int64_t c) const { return double(log_probs[t * step_t + c * step_c]); }
  // A label may follow another one without a blank between them only if they differ.
  __attribute__((always_inline)) bool may_skip(int64_t s) const { return s > 1 && label(s) != label(s - 2); }
};

template <typename T>
static double forward(const Sample<T>& x, double* alpha, int64_t pitch) {
  const int64_t states = x.states();
  if (x.steps == 0) return x.length == 0 ? 0 : -kNever;
  for (int64_t s = 0; s < states; s++) alpha[s] = s < 2 ? x.at(0, x.label(s)) : kNever;
  for (int64_t t = 1; t < x.steps; t++) {
    const double* const before = alpha + (t - 1) * pitch;
    double* const now = alpha + t * pitch;
    for (int64_t s = 0; s < states; s++) {
      double total = before[s];
      if (s > 0) total = log_add(total, before[s - 1]);
      if (x.may_skip(s)) total = log_add(total, before[s - 2]);
      now[s] = total + x.at(t, x.label(s));
    }
  }
  const double* const last = alpha + (x.steps - 1) * pitch;
  return -(states > 1 ? log_add(last[states - 1], last[states - 2]) : last[0]);
}

// `scratch`: two rows of states, one of classes.
template <typename T>
static void backward(const Sample<T>& x, const double* alpha, int64_t pitch, double loss, double grad, int64_t classes,
                     T* grad_input, int64_t step_t, double* scratch) {
  const int64_t states = x.states();
  double *beta = scratch, *after = scratch + pitch, *through = scratch + 2 * pitch;
  for (int64_t t = x.steps - 1; t >= 0; t--) {
    double* const swapped = beta;
    beta = after;
    after = swapped;
    for (int64_t s = states - 1; s >= 0; s--) {
      double total;
      if (t == x.steps - 1) {
        total = s >= states - 2 ? 0.0 : kNever;
      } else {
        total = after[s];
        if (s + 1 < states) total = log_add(total, after[s + 1]);
        if (s + 2 < states && x.may_skip(s + 2)) total = log_add(total, after[s + 2]);
      }
      beta[s] = total + x.at(t, x.label(s));
    }
    for (int64_t c = 0; c < classes; c++) through[c] = kNever;
    for (int64_t s = 0; s < states; s++) {
      double& sum = through[x.label(s)];
      sum = log_add(sum, alpha[t * pitch + s] + beta[s]);
    }
    // The gradient that PyTorch gives: that of log probabilities made by log_softmax.
    for (int64_t c = 0; c < classes; c++) {
      const double p = x.at(t, c);
      grad_input[t * step_t + c] = T((exp_of(p) - exp_of(through[c] + loss - p)) * grad);
    }
  }
}

template <typename T>
static void run(Job& job) {
  const int64_t pitch = 2 * job.longest + 1;
  const int64_t step_t = job.samples * job.classes;
  parallel(job.samples, 1, [&](int64_t begin, int64_t end, int) {
    double* scratch = nullptr;
    if (job.backward) {
      scratch = static_cast<double*>(tt_scratch(TT_SCRATCH_OTHER, size_t(2 * pitch + job.classes) * sizeof(double)));
      if (!scratch) {
        __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
        return;
      }
    }
    for (int64_t n = begin; n < end; n++) {
      const Sample<T> x = {reinterpret_cast<const T*>(job.log_probs) + n * job.strides[1],
                           job.strides[0],
                           job.strides[2],
                           job.blank,
                           job.targets + job.starts[n],
                           job.target_lengths[n],
                           job.input_lengths[n]};
      double* const alpha = job.alpha + n * job.steps * pitch;
      T* const loss = reinterpret_cast<T*>(job.loss) + n;
      if (!job.backward) {
        *loss = T(forward(x, alpha, pitch));
        continue;
      }
      T* const to = reinterpret_cast<T*>(job.grad_input) + n * job.classes;
      const bool nothing = job.zero_infinity && *loss == -T(kNever);
      for (int64_t t = nothing ? 0 : x.steps; t < job.steps; t++)
        for (int64_t c = 0; c < job.classes; c++) to[t * step_t + c] = 0;
      if (!nothing)
        backward(x, alpha, pitch, double(*loss), double(reinterpret_cast<const T*>(job.grad)[n * job.grad_stride]),
                 job.classes, to, step_t, scratch);
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(ctc_loss) {
  ArgReader reader{args};
  Job job;
  job.backward = reader.integer() != 0;
  job.steps = reader.integer();
  job.samples = reader.integer();
  job.classes = reader.integer();
  job.longest = reader.integer();
  job.blank = reader.integer();
  job.zero_infinity = reader.integer() != 0;
  const int dtype = int(reader.integer());
  job.log_probs = reader.address<char>();
  read_sizes(reader, 3, job.strides);
  job.targets = reader.address<const int64_t>();
  job.starts = reader.address<const int64_t>();
  job.input_lengths = reader.address<const int64_t>();
  job.target_lengths = reader.address<const int64_t>();
  job.alpha = reader.address<double>();
  job.loss = reader.address<char>();
  job.grad = reader.address<char>();
  job.grad_stride = reader.integer();
  job.grad_input = reader.address<char>();
  for (int64_t n = 0; n < job.samples; n++)
    for (int64_t s = 0; s < job.target_lengths[n]; s++) {
      const int64_t target = job.targets[job.starts[n] + s];
      if (uint64_t(target) < uint64_t(job.classes)) continue;
      answer(args, 0, double(target));
      return TT_INDEX_OUT_OF_RANGE;
    }
  if (dtype == TT_FLOAT32)
    run<float>(job);
  else if (dtype == TT_FLOAT64)
    run<double>(job);
  else
    return TT_UNSUPPORTED_DTYPE;
  return job.failed ? TT_OUT_OF_MEMORY : TT_OK;
}
