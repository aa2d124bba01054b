// The gradient of the weights of a convolution of few channels: some out channels by some taps at once, which read vectors of
// the gradient and of padded copies of the input, and add up lane by lane.
#pragma once
#include "conv_padded.h"
#include "conv_weight.h"

namespace TT_NS {
namespace {

constexpr int64_t direct_weight_work = 1 << 17;     // multiplications of a task
constexpr int64_t direct_weight_bytes = 192 << 10;  // of the copies of some samples: some of a second-level cache

template <class T>
struct DirectWeights {
  static constexpr int64_t lanes = Vec<T>::lanes;
  static constexpr int taps_at_once = 4, most_rows = TT_VECTOR_REGISTERS == 32 ? 6 : 2;
  typedef typename Vec<T>::type V;

  const WeightJob<T>& job;
  int64_t depth;
  int64_t parts;  // of the samples
  T* sums;        // [parts][groups][out channels][depth]
  bool failed;

  int64_t places() const { return job.walk.places(); }

  // Tasks are groups of parts of the samples.
  static void run(void* context, int64_t begin, int64_t end, int) {
    DirectWeights& self = *(DirectWeights*)context;
    const WeightJob<T>& job = self.job;
    const PaddedPlanes<T> planes(job.walk);
    const int64_t each = job.channels * planes.plane();
    const int64_t most = max64(1, min64(direct_weight_bytes / (int64_t)sizeof(T) / each, divide_up(job.walk.batch, self.parts)));
    T* copies = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * most * each);
    int64_t* offsets = (int64_t*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(int64_t) * (self.depth + taps_at_once));
    if (!copies || !offsets) {
      self.failed = true;
      return;
    }
    planes.offsets(job.channels, offsets);
    for (int i = 0; i < taps_at_once; i++) offsets[self.depth + i] = offsets[0];
    const Axis* axes = job.walk.axes;
    const int64_t read_plane = axes[0].read_size * axes[1].read_size * axes[2].read_size;
    for (int64_t task = begin; task < end; task++) {
      const int64_t group = task % job.groups, part = task / job.groups;
      T* sums = self.sums + task * job.out_channels * self.depth;
      for (int64_t i = 0; i < job.out_channels * self.depth; i++) sums[i] = 0;
      int64_t n = job.walk.batch * part / self.parts;
      const int64_t last = job.walk.batch * (part + 1) / self.parts;
      while (n < last) {
        const int64_t samples = min64(most, last - n);
        for (int64_t s = 0; s < samples; s++)
          for (int64_t c = 0; c < job.channels; c++)
            planes.fill(job.x + (((n + s) * job.groups + group) * job.channels + c) * read_plane, T(0),
                        copies + s * each + c * planes.plane());
        const T* grad = job.grad + (n * job.groups + group) * job.out_channels * self.places();
        int64_t o = 0;
        if constexpr (most_rows >= 6)
          for (; o + 6 <= job.out_channels; o += 6) self.add_rows<6>(planes, samples, copies, offsets, grad, o, sums);
        if constexpr (most_rows >= 4)
          for (; o + 4 <= job.out_channels; o += 4) self.add_rows<4>(planes, samples, copies, offsets, grad, o, sums);
        for (; o + 2 <= job.out_channels; o += 2) self.add_rows<2>(planes, samples, copies, offsets, grad, o, sums);
        for (; o < job.out_channels; o++) self.add_rows<1>(planes, samples, copies, offsets, grad, o, sums);
        n += samples;
      }
    }
  }

  template <int rows>
  void add_rows(const PaddedPlanes<T>& planes, int64_t samples, const T* copies, const int64_t* offsets, const T* grad, int64_t o,
                T* sums) const {
    for (int64_t t = 0; t < depth; t += taps_at_once)
      add<rows>(planes, samples, copies, offsets + t, grad + o * places(), sums + o * depth + t, min64(taps_at_once, depth - t));
  }

  // The sums of so many out channels and of some taps, of which `kept` count.
  template <int rows>
  __attribute__((noinline)) void add(const PaddedPlanes<T>& planes, int64_t samples, const T* copies, const int64_t* offsets,
                                     const T* grad, T* to, int64_t kept) const {
    const Axis* axes = job.walk.axes;
    const int64_t each = job.channels * planes.plane(), grad_sample = job.groups * job.out_channels * places();
    const int64_t plane = places();
    V sums[rows][taps_at_once];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
      for (int t = 0; t < taps_at_once; t++) sums[i][t] = V{};
    for (int64_t s = 0; s < samples; s++, grad += grad_sample) {
      const T* g = grad;
      for (int64_t d = 0; d < axes[0].count; d++)
        for (int64_t h = 0; h < axes[1].count; h++, g += axes[2].count) {
          const T* x = copies + s * each + planes.place(d, h, 0);
          for (int64_t w = 0; w < axes[2].count; w += lanes) {
            const auto mask = LaneMask<T>::range(0, (int)min64(lanes, axes[2].count - w));
            V value[rows];
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++) value[i] = load_lanes(mask, g + i * plane + w, V{});
#pragma GCC unroll 4
            for (int t = 0; t < taps_at_once; t++) {
              const V read = load<T>(x + offsets[t] + w);
#pragma GCC unroll 6
              for (int i = 0; i < rows; i++) sums[i][t] = multiply_add(value[i], read, sums[i][t]);
            }
          }
        }
    }
    // (Indexed by constants only, so that the sums are registers.)
    T lanes_of[rows][taps_at_once][lanes];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
      for (int t = 0; t < taps_at_once; t++) store<T>(lanes_of[i][t], sums[i][t]);
    for (int i = 0; i < rows; i++)
      for (int64_t t = 0; t < kept; t++) {
        T sum = 0;
        for (int lane = 0; lane < lanes; lane++) sum += lanes_of[i][t][lane];
        to[i * depth + t] += sum;
      }
  }
};

// As for prefers_direct of the others; of many out channels the panels of a product serve more taps than can be added up here.
template <class T>
bool prefers_direct(const WeightJob<T>& job) {
  constexpr int64_t copying = 12, most_channels = 16;
  const int64_t width = job.walk.axes[2].count, vectors = round_up(width, Vec<T>::lanes);
  return job.channels <= most_channels && job.out_channels <= 2 * most_channels &&
         job.out_channels * vectors <= (job.out_channels + copying) * width;
}

// Computes `job`, of which the caller has filled in what comes before `taps`; there is something to sum over.
template <class T>
int32_t conv_direct_weight_gradient(const WeightJob<T>& job) {
  DirectWeights<T> direct = {job, job.channels * job.walk.taps(), 1, job.out, false};
  const int64_t size = job.groups * job.out_channels * direct.depth, work = job.walk.columns() * direct.depth * job.out_channels;
  const int64_t sharers = tt_num_sharers();
  if (sharers > 1 && job.groups < 4 * sharers)
    direct.parts = max64(1, min64(min64(job.walk.batch, divide_up(2 * sharers, job.groups)), work / direct_weight_work));
  if (direct.parts > 1) {
    direct.sums = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * direct.parts * size);
    if (!direct.sums) return TT_OUT_OF_MEMORY;
  }
  tt_parallel_for(job.groups * direct.parts, max64(1, direct_weight_work * direct.parts / work), DirectWeights<T>::run, &direct);
  if (direct.failed) return TT_OUT_OF_MEMORY;
  if (direct.parts > 1)
    for (int64_t i = 0; i < size; i++) {
      T sum = direct.sums[i];
      for (int64_t part = 1; part < direct.parts; part++) sum += direct.sums[part * size + i];
      job.out[i] = sum;
    }
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS
