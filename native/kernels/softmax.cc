// softmax and log_softmax along one dimension, and their derivatives.
//
// softmax: [kind, ndim, dim, sizes[ndim]; out: operand, a: operand, and for derivatives b: operand]
//   kind 0 softmax(a)   1 log_softmax(a)   2 derivative of softmax   3 derivative of log_softmax
//   (a = gradient, b = the forward's result)
//   An operand is address, dtype, strides[ndim]; all have the same floating dtype. Half types compute in float.
#include "../platform.h"
#include "dtype_switch.h"
#include "row_registers.h"
#include "scalar_math.h"
#include "vector_exp.h"

namespace TT_NS {
namespace {

enum Kind { kSoftmax, kLogSoftmax, kSoftmaxBackward, kLogSoftmaxBackward };

// One row of contiguous elements; `out` may be `a` or `b`.
template <int kind, typename C>
static __attribute__((noinline)) void row(const C* a, const C* b, C* out, int64_t n) {
  const C lowest = -C(__builtin_inff());
  if constexpr (kind == kSoftmax || kind == kLogSoftmax) {
    V<C> max_lanes = broadcast(lowest);
    each_register<C, false, false>(a, b, out, n, lowest, [&](V<C> x, V<C>) {
      max_lanes = x > max_lanes ? x : max_lanes;
      return x;
    });
    const V<C> max = broadcast(lane_max<C>(max_lanes));
    V<C> sum_lanes = {};
    if constexpr (kind == kSoftmax) {
      each_register<C, true, false>(a, b, out, n, lowest, [&](V<C> x, V<C>) {
        const V<C> e = vector_exp(x - max);
        sum_lanes += e;
        return e;
      });
      const V<C> sum = broadcast(lane_sum<C>(sum_lanes));
      each_register<C, true, false>(out, b, out, n, C(0), [&](V<C> x, V<C>) { return x / sum; });
    } else {
      each_register<C, false, false>(a, b, out, n, lowest, [&](V<C> x, V<C>) {
        sum_lanes += vector_exp(x - max);
        return x;
      });
      const V<C> log_sum = broadcast(C(log_of(double(lane_sum<C>(sum_lanes)))));
      each_register<C, true, false>(a, b, out, n, C(0), [&](V<C> x, V<C>) { return x - max - log_sum; });
    }
  } else {
    V<C> sum_lanes = {};
    each_register<C, false, true>(a, b, out, n, C(0), [&](V<C> grad, V<C> y) {
      sum_lanes += kind == kSoftmaxBackward ? grad * y : grad;
      return grad;
    });
    const V<C> sum = broadcast(lane_sum<C>(sum_lanes));
    each_register<C, true, true>(a, b, out, n, C(0), [&](V<C> grad, V<C> y) {
      if constexpr (kind == kSoftmaxBackward)
        return y * (grad - sum);
      else
        return grad - vector_exp(y) * sum;
    });
  }
}

constexpr int64_t kColumns = 128;

// `width` columns at once, one step of the strides apart; elements of a step are contiguous.
template <int kind, typename C>
static __attribute__((noinline)) void columns(const C* a, const C* b, C* out, int64_t n, const int64_t* steps, int64_t width) {
  C peak[kColumns], sum[kColumns];
  const int64_t out_step = steps[0], a_step = steps[1], b_step = steps[2];
  const C lowest = -C(__builtin_inff());
  constexpr bool forward = kind == kSoftmax || kind == kLogSoftmax;
  for (int64_t i = 0; i < width; i++) peak[i] = lowest, sum[i] = 0;
  if constexpr (forward) {
    for (int64_t k = 0; k < n; k++)
      each_register<C, true, true>(a + k * a_step, peak, peak, width, lowest,
                                   [](V<C> x, V<C> best) { return x > best ? x : best; });
    for (int64_t k = 0; k < n; k++) {
      C* const to = out + k * out_step;
      const C* const from = a + k * a_step;
      constexpr int64_t lanes = Vec<C>::lanes;
      for (int64_t i = 0; i < width; i += lanes) {
        const int64_t here = width - i;
        const bool whole = here >= lanes;
        const V<C> x = whole ? load(from + i) : load_partial(from + i, here, lowest);
        const V<C> e = vector_exp(x - load(peak + i));
        store(sum + i, load(sum + i) + e);
        if constexpr (kind == kSoftmax) {
          if (whole)
            store(to + i, e);
          else
            store_partial(to + i, here, e);
        }
      }
    }
    if constexpr (kind == kLogSoftmax)
      for (int64_t i = 0; i < width; i++) sum[i] = C(log_of(double(sum[i])));
    for (int64_t k = 0; k < n; k++) {
      C* const to = out + k * out_step;
      if constexpr (kind == kSoftmax) {
        for (int64_t i = 0; i < width; i++) to[i] /= sum[i];
      } else {
        const C* const from = a + k * a_step;
        for (int64_t i = 0; i < width; i++) to[i] = from[i] - peak[i] - sum[i];
      }
    }
  } else {
    for (int64_t k = 0; k < n; k++) {
      const C* const grad = a + k * a_step;
      const C* const y = b + k * b_step;
      for (int64_t i = 0; i < width; i++) sum[i] += kind == kSoftmaxBackward ? grad[i] * y[i] : grad[i];
    }
    for (int64_t k = 0; k < n; k++) {
      const C* const grad = a + k * a_step;
      const C* const y = b + k * b_step;
      C* const to = out + k * out_step;
      if constexpr (kind == kSoftmaxBackward) {
        for (int64_t i = 0; i < width; i++) to[i] = y[i] * (grad[i] - sum[i]);
      } else {
        // `peak` takes e^y.
        each_register<C, true, false>(y, y, peak, width, C(0), [](V<C> v, V<C>) { return vector_exp(v); });
        for (int64_t i = 0; i < width; i++) to[i] = grad[i] - peak[i] * sum[i];
      }
    }
  }
}

struct Job {
  int ndim;  // without the dimension of the softmax
  int64_t n;
  int64_t sizes[kMaxDims];
  Operand operands[3];  // out, a, b
  int64_t steps[3];     // along the dimension
  bool failed = false;
};

// Short rows would waste most of a register: they are turned, so that registers hold elements of many rows.
constexpr int64_t kShort = 32;
constexpr int64_t kTile = 32;

template <int kind, typename T>
static void run_short(Job& job, T* const (&data)[3], int64_t grain) {
  using C = Compute<T>;
  constexpr int count = kind >= kSoftmaxBackward ? 3 : 2;
  parallel(product(job.sizes, job.ndim), (grain + kTile - 1) / kTile * kTile, [&](int64_t begin, int64_t end, int) {
    C tiles[2][kShort * kTile];
    int64_t out_rows[kTile];
    const int64_t steps[3] = {kTile, kTile, kTile};
    Walk<3> walk;
    walk.over(job.ndim, job.sizes, job.operands[0].strides, job.operands[1].strides, job.operands[count - 1].strides);
    walk.start(begin);
    for (int64_t done = begin; done < end; done += kTile) {
      const int64_t width = end - done < kTile ? end - done : kTile;
      for (int64_t r = 0; r < width; r++, walk.next()) {
        out_rows[r] = walk.offset[0];
        for (int k = 1; k < count; k++) {
          const T* const from = data[k] + walk.offset[k];
          for (int64_t j = 0; j < job.n; j++) tiles[k - 1][j * kTile + r] = widen(from[j * job.steps[k]]);
        }
      }
      columns<kind>(tiles[0], tiles[1], tiles[0], job.n, steps, width);
      for (int64_t r = 0; r < width; r++) {
        T* const to = data[0] + out_rows[r];
        for (int64_t j = 0; j < job.n; j++) to[j * job.steps[0]] = narrow<T>(tiles[0][j * kTile + r]);
      }
    }
  });
}

template <int kind, typename T>
static void run(Job& job) {
  using C = Compute<T>;
  constexpr int count = kind >= kSoftmaxBackward ? 3 : 2;
  T* const data[3] = {reinterpret_cast<T*>(job.operands[0].data), reinterpret_cast<T*>(job.operands[1].data),
                      reinterpret_cast<T*>(job.operands[count - 1].data)};
  bool unit = true, wide = job.ndim > 0;
  for (int k = 0; k < count; k++) {
    unit = unit && job.steps[k] == 1;
    wide = wide && job.operands[k].strides[job.ndim - 1] == 1;
  }
  const int64_t grain = 16384 / (job.n + 1) + 1;
  if (job.n <= kShort && (unit || !wide || !same<T, C>)) return run_short<kind, T>(job, data, grain);
  if constexpr (same<T, C>) {
    if (!unit && wide) {
      const int64_t inner = job.sizes[job.ndim - 1];
      const int64_t blocks = (inner + kColumns - 1) / kColumns;
      const int64_t outer = product(job.sizes, job.ndim - 1);
      parallel(outer * blocks, grain / kColumns + 1, [&](int64_t begin, int64_t end, int) {
        Walk<3> walk;
        walk.over(job.ndim - 1, job.sizes, job.operands[0].strides, job.operands[1].strides,
                  job.operands[count - 1].strides);
        for (int64_t i = begin; i < end; i++) {
          walk.start(i / blocks);
          const int64_t from = i % blocks * kColumns;
          columns<kind>(data[1] + walk.offset[1] + from, data[2] + walk.offset[2] + from,
                        data[0] + walk.offset[0] + from, job.n, job.steps,
                        inner - from < kColumns ? inner - from : kColumns);
        }
      });
      return;
    }
  }
  parallel(product(job.sizes, job.ndim), grain, [&](int64_t begin, int64_t end, int) {
    Walk<3> walk;
    walk.over(job.ndim, job.sizes, job.operands[0].strides, job.operands[1].strides, job.operands[count - 1].strides);
    walk.start(begin);
    C* scratch[2] = {nullptr, nullptr};
    if (!(same<T, C> && unit)) {
      scratch[0] = static_cast<C*>(tt_scratch(TT_SCRATCH_OTHER, size_t(job.n) * 2 * sizeof(C)));
      if (!scratch[0]) {
        __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
        return;
      }
      scratch[1] = scratch[0] + job.n;
    }
    for (int64_t i = begin; i < end; i++, walk.next()) {
      if constexpr (same<T, C>) {
        if (unit) {
          row<kind>(data[1] + walk.offset[1], data[2] + walk.offset[2], data[0] + walk.offset[0], job.n);
          continue;
        }
      }
      for (int k = 1; k < count; k++) {
        const T* const from = data[k] + walk.offset[k];
        for (int64_t j = 0; j < job.n; j++) scratch[k - 1][j] = widen(from[j * job.steps[k]]);
      }
      row<kind>(scratch[0], scratch[1], scratch[0], job.n);
      T* const to = data[0] + walk.offset[0];
      for (int64_t j = 0; j < job.n; j++) to[j * job.steps[0]] = narrow<T>(scratch[0][j]);
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(softmax) {
  ArgReader reader{args};
  const int kind = int(reader.integer());
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  const int count = kind >= kSoftmaxBackward ? 3 : 2;
  Job job;
  read_sizes(reader, ndim, job.sizes);
  for (int k = 0; k < count; k++) read_operand(reader, ndim, job.operands[k]);
  if (product(job.sizes, ndim) == 0) return TT_OK;

  job.n = ndim ? job.sizes[dim] : 1;
  job.ndim = 0;
  for (int k = 0; k < 3; k++) job.steps[k] = ndim ? job.operands[k < count ? k : 1].strides[dim] : 1;
  for (int d = 0; d < ndim; d++) {
    if (d == dim) continue;
    job.sizes[job.ndim] = job.sizes[d];
    for (int k = 0; k < count; k++) job.operands[k].strides[job.ndim] = job.operands[k].strides[d];
    job.ndim++;
  }
  int64_t* strides[3] = {job.operands[0].strides, job.operands[1].strides, job.operands[count - 1].strides};
  if (count == 2) {
    int64_t* two[2] = {strides[0], strides[1]};
    job.ndim = coalesce<2>(job.ndim, job.sizes, two);
  } else {
    job.ndim = coalesce<3>(job.ndim, job.sizes, strides);
  }
  const bool known = switch_float(job.operands[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    switch (kind) {
      case kSoftmax: return run<kSoftmax, T>(job);
      case kLogSoftmax: return run<kLogSoftmax, T>(job);
      case kSoftmaxBackward: return run<kSoftmaxBackward, T>(job);
      default: return run<kLogSoftmaxBackward, T>(job);
    }
  });
  if (job.failed) return TT_OUT_OF_MEMORY;
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
