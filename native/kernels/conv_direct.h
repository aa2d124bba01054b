// Convolutions of groups with one channel: too little to multiply for a matrix product. A plane is copied with its padding
// (and with its columns sorted by their remainder, if it is read with a step), so that every tap reads whole vectors.
#pragma once
#include <string.h>

#include "conv_gemm.h"
#include "conv_weight.h"

namespace TT_NS {
namespace {

constexpr int64_t direct_rows = 4;       // results a channel, up to which this is faster
constexpr int64_t direct_work = 1 << 17;  // multiplications of a task

// A padded plane, and where in it each tap reads for the first result.
template <class T>
struct PaddedPlane {
  static constexpr int64_t lanes = Vec<T>::lanes;

  Walk walk;
  int64_t first[conv_dims];  // position in the input of the first element
  int64_t size[conv_dims];   // elements; of the width, those of one remainder
  int64_t row;               // elements of a row
  T* data;
  int64_t* taps;
  T* weights;  // of one result, by tap

  explicit PaddedPlane(const Walk& walk) : walk(walk) {
    for (int d = 0; d < conv_dims; d++) {
      const Axis& axis = walk.axes[d];
      int64_t least = 0, most = 0;
      for (int64_t t = 0; t < axis.tap_count; t++) {
        const int64_t offset = axis.taps[t].offset;
        least = t == 0 || offset < least ? offset : least;
        most = t == 0 || offset > most ? offset : most;
      }
      first[d] = least;
      size[d] = (axis.count - 1) * axis.read_step + most - least + 1;
    }
    // Vectors reach beyond the last result of a row.
    size[2] = divide_up(size[2], walk.axes[2].read_step) + lanes;
    row = size[2] * walk.axes[2].read_step;
  }

  // Takes its memory from the thread; false if there is none.
  bool allocate() {
    data = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * size[0] * size[1] * row);
    taps = (int64_t*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(int64_t) * max64(1, walk.taps()));
    weights = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * max64(1, walk.taps()));
    if (!data || !taps || !weights) return false;
    memset(data, 0, sizeof(T) * size[0] * size[1] * row);
    const Axis* axes = walk.axes;
    int64_t* to = taps;
    for (int64_t d = 0; d < axes[0].tap_count; d++)
      for (int64_t h = 0; h < axes[1].tap_count; h++)
        for (int64_t w = 0; w < axes[2].tap_count; w++) {
          const int64_t column = axes[2].taps[w].offset - first[2], step = axes[2].read_step;
          *to++ = ((axes[0].taps[d].offset - first[0]) * size[1] + axes[1].taps[h].offset - first[1]) * row +
                  column % step * size[2] + column / step;
        }
    return true;
  }

  // Copies a plane in. What is padding is never written, and has been zero from the beginning.
  void fill(const T* x) const {
    const Axis &depth = walk.axes[0], &height = walk.axes[1], &width = walk.axes[2];
    const int64_t step = width.read_step;
    for (int64_t d = max64(0, -first[0]); d < min64(size[0], depth.read_size - first[0]); d++)
      for (int64_t h = max64(0, -first[1]); h < min64(size[1], height.read_size - first[1]); h++) {
        T* to = data + (d * size[1] + h) * row;
        const T* from = x + ((d + first[0]) * height.read_size + h + first[1]) * width.read_size;
        for (int64_t r = 0; r < step; r++, to += size[2]) {
          // Element i lies at start + i · step of the input.
          const int64_t start = first[2] + r;
          const int64_t begin = start >= 0 ? 0 : divide_up(-start, step);
          const int64_t end = min64(size[2], divide_up(width.read_size - start, step));
          if (step == 1) {
            copy(from + start + begin, to + begin, end - begin);
          } else {
            for (int64_t i = begin; i < end; i++) to[i] = from[start + i * step];
          }
        }
      }
  }

  static void copy(const T* from, T* to, int64_t count) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) store<T>(to + i, load<T>(from + i));
    if (i >= count) return;
    const auto rest = LaneMask<T>::range(0, (int)(count - i));
    store_lanes(rest, to + i, load_lanes(rest, from + i, typename Vec<T>::type{}));
  }

  // What the first tap-less place of a row of results reads.
  const T* row_of(int64_t d, int64_t h) const {
    return data + (d * walk.axes[0].read_step * size[1] + h * walk.axes[1].read_step) * row;
  }

  void gather_weights(const T* from) const {
    const Axis* axes = walk.axes;
    T* to = weights;
    for (int64_t d = 0; d < axes[0].tap_count; d++)
      for (int64_t h = 0; h < axes[1].tap_count; h++)
        for (int64_t w = 0; w < axes[2].tap_count; w++)
          *to++ = from[axes[0].taps[d].index + axes[1].taps[h].index + axes[2].taps[w].index];
  }
};

template <class T>
struct DirectJob {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  const ConvJob<T>& job;
  bool failed;

  // Planes begin..end of the input, over all samples.
  static void run(void* context, int64_t begin, int64_t end, int) {
    DirectJob& self = *(DirectJob*)context;
    const ConvJob<T>& job = self.job;
    PaddedPlane<T> plane(job.walk);
    if (!plane.allocate()) {
      self.failed = true;
      return;
    }
    const Axis* axes = job.walk.axes;
    const int64_t read_plane = axes[0].read_size * axes[1].read_size * axes[2].read_size;
    for (int64_t p = begin; p < end; p++) {
      plane.fill(job.x + p * read_plane);
      const int64_t group = p % job.groups;
      for (int64_t r = 0; r < job.rows; r++) {
        plane.gather_weights(job.weights.data + group * job.weights.group_stride + r * job.weights.row_stride);
        const T bias = job.bias ? job.bias[group * job.rows + r] : T(0);
        T* out = job.out + (p * job.rows + r) * job.walk.write_plane();
        for (int64_t d = 0; d < axes[0].count; d++) {
          int64_t h = 0;
          for (; h + 4 <= axes[1].count; h += 4) rows<4>(plane, d, h, bias, out);
          for (; h < axes[1].count; h++) rows<1>(plane, d, h, bias, out);
        }
      }
    }
  }

  // So many rows of results at once.
  template <int count>
  static __attribute__((noinline)) void rows(const PaddedPlane<T>& plane, int64_t d, int64_t h, T bias, T* out) {
    const Walk& walk = plane.walk;
    const Axis& width = walk.axes[2];
    const int64_t taps = walk.taps(), step = walk.axes[1].read_step * plane.row;
    const T* from = plane.row_of(d, h);
    for (int64_t w = 0; w < width.count; w += lanes) {
      V sums[count];
#pragma GCC unroll 4
      for (int i = 0; i < count; i++) sums[i] = broadcast<T>(bias);
      for (int64_t t = 0; t < taps; t++) {
        const V weight = broadcast<T>(plane.weights[t]);
        const T* x = from + w + plane.taps[t];
#pragma GCC unroll 4
        for (int i = 0; i < count; i++) sums[i] = multiply_add(weight, load<T>(x + i * step), sums[i]);
      }
      const int64_t columns = min64(lanes, width.count - w);
      for (int i = 0; i < count; i++) {
        T* to = out + Place{0, d, h + i, w}.write_offset(walk, 0);
        if (width.write_step == 1) {
          store_lanes(LaneMask<T>::range(0, (int)columns), to, sums[i]);
        } else {
          for (int64_t c = 0; c < columns; c++) to[c * width.write_step] = sums[i][c];
        }
      }
    }
  }
};

// Computes `job`, of which the caller has filled in what comes before `taps`, with one channel a group.
template <class T>
int32_t conv_direct(const ConvJob<T>& job) {
  if (job.walk.columns() <= 0) return TT_OK;
  DirectJob<T> direct = {job, false};
  const int64_t work = job.walk.places() * max64(1, job.walk.taps()) * job.rows;
  tt_parallel_for(job.walk.batch * job.groups, max64(1, direct_work / work), DirectJob<T>::run, &direct);
  return direct.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

template <class T>
struct DirectWeightJob {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  const WeightJob<T>& job;
  bool failed;

  static void run(void* context, int64_t begin, int64_t end, int) {
    DirectWeightJob& self = *(DirectWeightJob*)context;
    const WeightJob<T>& job = self.job;
    PaddedPlane<T> plane(job.walk);
    if (!plane.allocate()) {
      self.failed = true;
      return;
    }
    const Axis* axes = job.walk.axes;
    const int64_t read_plane = axes[0].read_size * axes[1].read_size * axes[2].read_size;
    const int64_t taps = job.walk.taps(), places = job.walk.places(), size = job.out_channels * taps;
    for (int64_t i = begin * size; i < end * size; i++) job.out[i] = 0;
    for (int64_t group = begin; group < end; group++)
      for (int64_t n = 0; n < job.walk.batch; n++) {
        const int64_t p = n * job.groups + group;
        plane.fill(job.x + p * read_plane);
        for (int64_t r = 0; r < job.out_channels; r++) {
          const T* grad = job.grad + (p * job.out_channels + r) * places;
          T* out = job.out + group * size + r * taps;
          int64_t t = 0;
          for (; t + 8 <= taps; t += 8) add<8>(plane, grad, t, out);
          for (; t + 4 <= taps; t += 4) add<4>(plane, grad, t, out);
          for (; t < taps; t++) add<1>(plane, grad, t, out);
        }
      }
  }

  // So many taps at once.
  template <int count>
  static __attribute__((noinline)) void add(const PaddedPlane<T>& plane, const T* grad, int64_t tap, T* out) {
    const Axis* axes = plane.walk.axes;
    const T* taps[count];
    for (int i = 0; i < count; i++) taps[i] = plane.data + plane.taps[tap + i];
    V sums[count] = {};
    for (int64_t d = 0; d < axes[0].count; d++)
      for (int64_t h = 0; h < axes[1].count; h++, grad += axes[2].count) {
        const int64_t at = plane.row_of(d, h) - plane.data;
        for (int64_t w = 0; w < axes[2].count; w += lanes) {
          const auto mask = LaneMask<T>::range(0, (int)min64(lanes, axes[2].count - w));
          const V value = load_lanes(mask, grad + w, V{});
#pragma GCC unroll 8
          for (int i = 0; i < count; i++) sums[i] = multiply_add(value, load<T>(taps[i] + at + w), sums[i]);
        }
      }
    for (int i = 0; i < count; i++) {
      T sum = 0;
      for (int lane = 0; lane < lanes; lane++) sum += sums[i][lane];
      out[tap + i] += sum;
    }
  }
};

// The same for the gradient of the weights.
template <class T>
int32_t conv_direct_weight_gradient(const WeightJob<T>& job) {
  DirectWeightJob<T> direct = {job, false};
  const int64_t work = job.walk.columns() * job.walk.taps() * job.out_channels;
  tt_parallel_for(job.groups, max64(1, direct_work / work), DirectWeightJob<T>::run, &direct);
  return direct.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS
