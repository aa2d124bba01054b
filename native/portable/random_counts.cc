// Random numbers of distributions over counts whose parameters are tensors, drawn one after the other as PyTorch draws them.
//
// random_counts: [state, distribution, ndim, sizes[ndim], out: address, dtype, strides[ndim]; parameters: the same]
//   distribution 0 Poisson (parameters: rates)   1 binomial (parameters: counts, probabilities)
//   All operands have one floating dtype; samples come in PyTorch's order (sampling_order.h).
#include "../platform.h"
#include "../kernels/dtype_switch.h"
#include "../kernels/scalar_math.h"
#include "../math/special.h"
#include "mt19937.h"
#include "sampling_order.h"

namespace TT_NS {
namespace {

// Multiplies uniform numbers until they fall below exp(-rate) (Knuth).
static double small_poisson(State* s, double rate) {
  const double limit = exp_of(-rate);
  double count = 0, product = 1;
  for (;;) {
    product *= unit_double(s);
    if (!(product > limit)) return count;
    count += 1;
  }
}

// Transformed rejection (Hörmann 1993, "The transformed rejection method for generating Poisson random variables").
static double large_poisson(State* s, double rate) {
  const double root = __builtin_sqrt(rate), log_rate = log_of(rate);
  const double b = 0.931 + 2.53 * root;
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = unit_double(s) - 0.5;
    const double v = unit_double(s);
    const double us = 0.5 - __builtin_fabs(u);
    const double k = __builtin_floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= v_r) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log_of(v) + log_of(inverse_alpha) - log_of(a / (us * us) + b) <= -rate + k * log_rate - fn::log_gamma(k + 1))
      return k;
  }
}

static double poisson(State* s, double rate) {
  if (rate == 0) return 0;
  return rate < 10 ? small_poisson(s, rate) : large_poisson(s, rate);
}

// PyTorch computes with `S`, the operands' type (float for half types), where no double comes in; its streams depend on it.
template <typename S>
TT_INLINE S root_of(S x) {
  return same<S, float> ? __builtin_sqrtf(x) : __builtin_sqrt(x);
}
// Gaps between successes are geometric: how many fit into `count` trials.
template <typename S>
static S binomial_by_gaps(State* s, S count, S p) {
  const double log_q = log1p_of(S(-p));
  double trials = 0;
  S successes = 0;
  for (;;) {
    trials += __builtin_ceil(log_of(unit_double(s)) / log_q);
    if (trials > count) return successes;
    successes = successes + 1;
  }
}

// log k! less Stirling's approximation of it.
static double stirling_tail(double k) {
  static const double small[] = {0.0810614667953272,  0.0413406959554092,  0.0276779256849983,  0.02079067210376509,
                                 0.0166446911898211,  0.0138761288230707,  0.0118967099458917,  0.0104112652619720,
                                 0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return small[int(k)];
  const double squared = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / squared) / squared) / (k + 1);
}

// Transformed rejection with squeeze, BTRS (Hörmann 1993, "The generation of binomial random variates").
template <typename S>
static S binomial_by_rejection(State* s, S count, S p) {
  const double deviation = root_of(S(count * p * (1 - p)));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = S(count * p) + 0.5;
  const double v_r = 0.92 - 4.2 / b;
  const double r = S(p / (1 - p));
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double m = __builtin_floor(S((count + 1) * p));
  for (;;) {
    const double u = unit_double(s) - 0.5;
    double v = unit_double(s);
    const double us = 0.5 - __builtin_fabs(u);
    const S k = S(__builtin_floor((2 * a / us + b) * u + c));
    if (k < 0 || k > count) continue;
    if (us >= 0.07 && v <= v_r) return k;
    v = log_of(v * alpha / (a / (us * us) + b));
    const double bound = (m + 0.5) * log_of((m + 1) / (r * (count - m + 1))) +
                         S(count + 1) * log_of((count - m + 1) / S(count - k + 1)) +
                         (k + 0.5) * log_of(r * S(count - k + 1) / S(k + 1)) + stirling_tail(m) +
                         stirling_tail(count - m) - stirling_tail(k) - stirling_tail(S(count - k));
    if (v <= bound) return k;
  }
}

template <typename S>
static S binomial(State* s, S count, S p) {
  if (count != count || p != p) return S(__builtin_nan(""));
  if (count <= 0 || p <= 0) return 0;
  if (p >= 1) return count;
  const S rarer = p <= S(0.5) ? p : S(1 - p);
  const S k = S(count * rarer) >= 10 ? binomial_by_rejection(s, count, rarer) : binomial_by_gaps(s, count, rarer);
  return p <= S(0.5) ? k : S(count - k);
}

template <typename T, typename Draw>
static void draw_each(int ndim, const int64_t* sizes, const Operand* operands, int parameters, const Draw& sample) {
  const int64_t numel = product(sizes, ndim);
  const Operand& second = operands[parameters];
  Walk<3> walk;
  walk.over(ndim, sizes, operands[0].strides, operands[1].strides, second.strides);
  walk.start(0);
  for (int64_t i = 0; i < numel; i++, walk.next()) {
    const Compute<T> a = widen(reinterpret_cast<const T*>(operands[1].data)[walk.offset[1]]);
    const Compute<T> b = widen(reinterpret_cast<const T*>(second.data)[walk.offset[2]]);
    reinterpret_cast<T*>(operands[0].data)[walk.offset[0]] = convert<T>(sample(a, b));
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(random_counts) {
  ArgReader a{args};
  State* state = a.address<State>();
  const bool is_binomial = a.integer() == 1;
  const int parameters = is_binomial ? 2 : 1;
  const int ndim = int(a.integer());
  int64_t sizes[kMaxDims];
  Operand operands[3];
  read_sizes(a, ndim, sizes);
  for (int k = 0; k <= parameters; k++) read_operand(a, ndim, operands[k]);
  if (product(sizes, ndim) == 0) return TT_OK;
  sort_dims(ndim, sizes, operands, parameters + 1);
  const bool known = switch_float(operands[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using S = Compute<T>;
    if (is_binomial)
      draw_each<T>(ndim, sizes, operands, 2, [&](S count, S p) { return binomial(state, count, p); });
    else
      draw_each<T>(ndim, sizes, operands, 1, [&](S rate, S) { return poisson(state, rate); });
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
