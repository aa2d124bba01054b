// Convolutions of few channels and narrow planes, whose rows would leave most lanes of a vector idle: here vectors go along channels.
// What is read is copied with its channels last (and its padding to the left and right), so that what a row of taps reads for a place
// lies side by side: the run of `kernel width · channels` elements, which the next place reads `step · channels` further on.
//
//   forward           a vector is some out channels of a place; its sum runs along the runs of all rows of taps
//   weight gradient   a vector is some out channels of an element of a run; its sum runs along the places of all rows
//   input gradient    a vector is some elements of a run; its sum runs along the out channels of a place, and is added to what other
//                     places gave to the same elements
//
// All three are one tile of sums, of elements that are broadcast by vectors that are loaded.
#pragma once
#include "conv_direct.h"
#include "conv_weight.h"

namespace TT_NS {
namespace {

constexpr int64_t last_work = 1 << 17;         // multiplications of a task
constexpr int64_t last_bytes = 128 << 10;      // of what is read and written for some samples: some of a second-level cache
constexpr int64_t last_most_channels = 16;

// to[column · to_step + row] = from[row · from_step + column]
template <class T>
__attribute__((noinline)) void turn(const T* from, int64_t from_step, int64_t rows, int64_t columns, T* to, int64_t to_step) {
  typedef typename Vec<T>::type V;
  constexpr int64_t lanes = Vec<T>::lanes;
  for (int64_t row = 0; row < rows; row += lanes) {
    const int64_t some_rows = min64(lanes, rows - row);
    const auto written = LaneMask<T>::range(0, (int)some_rows);
    for (int64_t column = 0; column < columns; column += lanes) {
      const int64_t some_columns = min64(lanes, columns - column);
      const auto read = LaneMask<T>::range(0, (int)some_columns);
      V block[lanes];
#pragma GCC unroll 16
      for (int64_t i = 0; i < lanes; i++)
        block[i] = i < some_rows ? load_lanes(read, from + (row + i) * from_step + column, V{}) : V{};
      transpose_block<T>(block);
#pragma GCC unroll 16
      for (int64_t i = 0; i < lanes; i++)
        if (i < some_columns) store_lanes(written, to + (column + i) * to_step + row, block[i]);
    }
  }
}

// A part of a sum: `length` elements for each row of a tile, and as many vectors.
template <class T>
struct Stretch {
  const T* elements;
  const T* vectors;
};

// to[row][lane] += Σ over stretches and k of elements[row · row_step + k · step] · vectors[k · vector_step + lane]
// Rows of a tile come in pairs, so that there are half as many kernels; a last odd one computes a row that nobody keeps.
template <class T>
struct LastTile {
  typedef typename Vec<T>::type V;
  static constexpr int64_t lanes = Vec<T>::lanes;
  static constexpr int most_rows = Tile<T>::rows;

  int64_t length, row_step, step, vector_step;
  int64_t width;    // lanes that are kept
  int64_t to_step;  // between two rows of results

  template <int tile_rows, int vectors>
  static __attribute__((noinline)) void run(const LastTile& self, const Stretch<T>* part, int64_t parts, int64_t row, int64_t kept,
                                            int64_t lane, T* to) {
    V sums[tile_rows][vectors];
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; i++)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; j++) sums[i][j] = V{};

    const int64_t row_step = self.row_step, step = self.step, vector_step = self.vector_step;
    for (; parts > 0; parts--, part++) {
      // One base pointer for three rows: the other two are reached by the step, once and twice, in the address.
      const T* rows[(tile_rows + 2) / 3];
      for (int i = 0; i < (tile_rows + 2) / 3; i++) rows[i] = part->elements + (row + 3 * i) * row_step;
      const T* vector = part->vectors + lane;
      for (int64_t k = 0; k < self.length; k++, vector += vector_step) {
        V loaded[vectors];
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++) loaded[j] = load<T>(vector + j * lanes);
#pragma GCC unroll 16
        for (int i = 0; i < tile_rows; i++) {
          const V element = broadcast<T>(rows[i / 3][(i % 3) * row_step]);
#pragma GCC unroll 2
          for (int j = 0; j < vectors; j++) sums[i][j] = multiply_add(element, loaded[j], sums[i][j]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < (tile_rows + 2) / 3; i++) rows[i] += step;
      }
    }

    // (Lanes that are not kept belong to others, and their sums are not 0 where something infinite met the padding of a vector.)
    const auto last = LaneMask<T>::range(0, (int)min64(lanes, self.width - lane - (vectors - 1) * lanes));
    to += row * self.to_step + lane;
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; i++, to += self.to_step) {
      if (i >= kept) continue;
      if constexpr (vectors == 2) store<T>(to, load<T>(to) + sums[i][0]);
      T* end = to + (vectors - 1) * lanes;
      store_lanes(last, end, load_lanes(last, end, V{}) + sums[i][vectors - 1]);
    }
  }

  template <int most = most_rows>
  void run_rows(const Stretch<T>* part, int64_t parts, int64_t row, int64_t size, int64_t kept, T* to) const {
    if constexpr (most > 2) {
      if (size < most) return run_rows<most - 2>(part, parts, row, size, kept, to);
    }
    int64_t lane = 0;
    for (; lane + lanes < width; lane += 2 * lanes) run<most, 2>(*this, part, parts, row, kept, lane, to);
    if (lane < width) run<most, 1>(*this, part, parts, row, kept, lane, to);
  }

  // All rows.
  void run_all(const Stretch<T>* part, int64_t parts, int64_t rows, T* to) const {
    const RowPanels panels(rows, most_rows);
    for (int64_t i = 0; i < panels.count; i++)
      run_rows(part, parts, panels.first(i), panels.size(i), min64(panels.size(i), rows - panels.first(i)), to);
  }
};

// The planes of a sample with their channels last, and what taps read of them.
template <class T>
struct LastPlanes {
  const ConvWalk& walk;
  int64_t channels;
  bool forward;  // whether taps of a row read in their order, or from the last to the first
  int64_t before;  // places of the padding to the left
  int64_t row;     // elements of a row

  LastPlanes(const ConvWalk& walk, int64_t channels) : walk(walk), channels(channels) {
    const Axis& width = walk.axes[2];
    const int64_t first = width.taps[0].offset, last = width.taps[width.tap_count - 1].offset;
    forward = first <= last;
    before = -min64(first, last);
    row = max64((width.count - 1) * width.read_step + width.tap_count, before + width.read_size) * channels;
  }
  static bool fits(const ConvWalk& walk) {
    const Axis& width = walk.axes[2];
    if (width.tap_count == 0) return false;
    const int64_t step = width.tap_count > 1 ? width.taps[1].offset - width.taps[0].offset : 1;
    for (int64_t t = 1; t < width.tap_count; t++)
      if (width.taps[t].offset - width.taps[t - 1].offset != step) return false;
    return (step == 1 || step == -1) && min64(width.taps[0].offset, width.taps[width.tap_count - 1].offset) <= 0;
  }

  int64_t rows() const { return walk.axes[0].read_size * walk.axes[1].read_size; }
  int64_t size() const { return rows() * row; }
  int64_t plane() const { return rows() * walk.axes[2].read_size; }
  // Elements that may be read past the last one: by a row of a tile that nobody keeps.
  int64_t spare() const { return channels * walk.axes[2].read_step; }
  int64_t run() const { return walk.axes[2].tap_count * channels; }
  int64_t row_taps() const { return walk.axes[0].tap_count * walk.axes[1].tap_count; }
  // Where in a kernel (of one channel) element `w` of row `i` of taps lies.
  int64_t index(int64_t i, int64_t w) const {
    const Axis* axes = walk.axes;
    return axes[0].taps[i / axes[1].tap_count].index + axes[1].taps[i % axes[1].tap_count].index +
           axes[2].taps[forward ? w : axes[2].tap_count - 1 - w].index;
  }

  void fill(const T* x, T* to) const {
    const int64_t width = walk.axes[2].read_size;
    for (int64_t i = 0; i < rows(); i++, x += width, to += row) {
      for (int64_t c = 0; c < before * channels; c++) to[c] = 0;
      turn(x, plane(), channels, width, to + before * channels, channels);
      for (int64_t c = (before + width) * channels; c < row; c++) to[c] = 0;
    }
  }
};

// Rows of results for which a row of taps lies within the input, along one axis.
struct RowRange {
  int64_t begin, end;

  RowRange(const Axis& axis, const Tap& tap) {
    const int64_t first = axis.read_start + tap.offset;
    begin = first >= 0 ? 0 : divide_up(-first, axis.read_step);
    end = max64(begin, min64(axis.count, first >= axis.read_size ? 0 : (axis.read_size - 1 - first) / axis.read_step + 1));
  }
  bool has(int64_t i) const { return i >= begin && i < end; }
};

// Vectors that are computed for the results of one sample and group, by the ways there are.
template <class T>
struct LastCosts {
  static constexpr int64_t lanes = Vec<T>::lanes, copying = 12, turning = 6;

  // `rows` out channels of `places` results in rows of `width`, each a sum of `depth` products.
  static int64_t others(int64_t rows, int64_t places, int64_t width, int64_t depth) {
    const int64_t direct = rows * (places / width) * divide_up(width, lanes) * depth;
    return min64(direct, (rows + copying) * places / lanes * depth);
  }
  static int64_t turned(int64_t places, int64_t channels) { return turning * places * divide_up(channels, lanes); }
  static bool fewer(int64_t these, int64_t others) { return 10 * these < 9 * others; }
};

template <class T>
struct LastConv {
  static constexpr int64_t lanes = Vec<T>::lanes;

  const ConvJob<T>& job;
  LastPlanes<T> planes;
  int64_t width;  // of a place's results: whole vectors
  T* weights;     // [groups][rows of taps][run][width]
  bool failed;

  explicit LastConv(const ConvJob<T>& job)
      : job(job), planes(job.walk, job.channels), width(round_up(job.rows, lanes)), weights(nullptr), failed(false) {}

  int64_t kernel() const { return planes.row_taps() * planes.run() * width; }

  void pack() const {
    const int64_t taps = planes.walk.axes[2].tap_count;
    T* to = weights;
    for (int64_t group = 0; group < job.groups; group++)
      for (int64_t i = 0; i < planes.row_taps(); i++)
        for (int64_t w = 0; w < taps; w++) {
          const T* from = job.weights.data + group * job.weights.group_stride + planes.index(i, w);
          for (int64_t c = 0; c < job.channels; c++, from += job.weights.channel_stride, to += width)
            for (int64_t o = 0; o < width; o++) to[o] = o < job.rows ? from[o * job.weights.row_stride] : T(0);
        }
  }

  // Tasks are groups of samples.
  static void run(void* context, int64_t begin, int64_t end, int) {
    LastConv& self = *(LastConv*)context;
    const ConvJob<T>& job = self.job;
    const LastPlanes<T>& planes = self.planes;
    const int64_t places = job.walk.places();
    T* x = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * (planes.size() + planes.spare()));
    T* out = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * places * self.width);
    Stretch<T>* parts = (Stretch<T>*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(Stretch<T>) * max64(1, planes.row_taps()));
    if (!x || !out || !parts) {
      self.failed = true;
      return;
    }
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i % job.groups;
      planes.fill(job.x + i * job.channels * planes.plane(), x);
      const T* bias = job.bias ? job.bias + group * job.rows : nullptr;
      for (int64_t o = 0; o < self.width; o++) out[o] = bias && o < job.rows ? bias[o] : T(0);
      for (int64_t p = self.width; p < places * self.width; p += lanes) store<T>(out + p, load<T>(out + p - self.width));
      self.add(x, self.weights + group * self.kernel(), parts, out);
      turn(out, self.width, places, job.rows, job.out + i * job.rows * places, places);
    }
  }

  void add(const T* x, const T* kernel, Stretch<T>* parts, T* out) const {
    const Axis &depth = job.walk.axes[0], &height = job.walk.axes[1], &columns = job.walk.axes[2];
    const LastTile<T> tile = {planes.run(), columns.read_step * job.channels, 1, width, width, width};
    for (int64_t d = 0; d < depth.count; d++)
      for (int64_t h = 0; h < height.count; h++, out += columns.count * width) {
        int64_t count = 0;
        for (int64_t i = 0; i < planes.row_taps(); i++) {
          const int64_t z = d * depth.read_step + depth.taps[i / height.tap_count].offset;
          const int64_t y = h * height.read_step + height.taps[i % height.tap_count].offset;
          if ((uint64_t)z >= (uint64_t)depth.read_size || (uint64_t)y >= (uint64_t)height.read_size) continue;
          parts[count++] = {x + (z * height.read_size + y) * planes.row, kernel + i * planes.run() * width};
        }
        tile.run_all(parts, count, columns.count, out);
      }
  }
};

template <class T>
bool prefers_last(const ConvJob<T>& job) {
  const ConvWalk& walk = job.walk;
  if (job.channels <= 0 || job.channels > last_most_channels || job.rows <= 0 || walk.columns() <= 0) return false;
  if (!walk.writes_whole() || !LastPlanes<T>::fits(walk)) return false;
  const LastPlanes<T> planes(walk, job.channels);
  const int64_t width = round_up(job.rows, Vec<T>::lanes), places = walk.places(), depth = job.channels * walk.taps();
  if ((planes.size() + places * width) * (int64_t)sizeof(T) > last_bytes) return false;
  typedef LastCosts<T> Costs;
  const int64_t these = places * width / Vec<T>::lanes * depth + Costs::turned(planes.size() / job.channels, job.channels) +
                        Costs::turned(places, job.rows);
  return Costs::fewer(these, Costs::others(job.rows, places, walk.axes[2].count, depth));
}

// Computes `job`, of which the caller has filled in what comes before `taps`.
template <class T>
int32_t conv_last(const ConvJob<T>& job) {
  LastConv<T> conv(job);
  conv.weights = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * max64(1, job.groups * conv.kernel()));
  if (!conv.weights) return TT_OUT_OF_MEMORY;
  conv.pack();
  const int64_t work = max64(1, job.walk.places() * job.channels * job.walk.taps() * job.rows);
  tt_parallel_for(job.walk.batch * job.groups, divide_up(last_work, work), LastConv<T>::run, &conv);
  return conv.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

// The gradient of the input, by a walk of the forward convolution.
template <class T>
struct LastInputGradient {
  static constexpr int64_t lanes = Vec<T>::lanes;

  int64_t groups, channels, out_channels;  // of one group
  LastPlanes<T> planes;                    // of the input
  const T* grad;
  Weights<T> weight_of;  // with a row for each out channel
  const T* bias;         // of the result (null if there is none)
  T* out;
  int64_t width;  // of a run: whole vectors
  T* weights;     // [groups][rows of taps][out channels][width]
  bool failed;

  const ConvWalk& walk() const { return planes.walk; }
  int64_t kernel() const { return planes.row_taps() * out_channels * width; }

  void pack() const {
    T* to = weights;
    for (int64_t group = 0; group < groups; group++)
      for (int64_t i = 0; i < planes.row_taps(); i++)
        for (int64_t o = 0; o < out_channels; o++, to += width) {
          const T* from = weight_of.data + group * weight_of.group_stride + o * weight_of.row_stride;
          for (int64_t w = 0; w < walk().axes[2].tap_count; w++)
            for (int64_t c = 0; c < channels; c++)
              to[w * channels + c] = from[planes.index(i, w) + c * weight_of.channel_stride];
          for (int64_t e = planes.run(); e < width; e++) to[e] = 0;
        }
  }

  static void run(void* context, int64_t begin, int64_t end, int) {
    LastInputGradient& self = *(LastInputGradient*)context;
    const LastPlanes<T>& planes = self.planes;
    const int64_t places = self.walk().places(), channels = self.channels, row_width = self.walk().axes[2].read_size;
    // A row of a tile that nobody keeps reads the row below.
    const int64_t grads = (places + self.walk().axes[2].count) * self.out_channels;
    T* grad = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * grads);
    T* sums = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * planes.size());
    if (!grad || !sums) {
      self.failed = true;
      return;
    }
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i % self.groups;
      turn(self.grad + i * self.out_channels * places, places, self.out_channels, places, grad, self.out_channels);
      for (int64_t e = 0; e < planes.size(); e++) sums[e] = self.bias ? self.bias[group * channels + e % channels] : T(0);
      self.add(grad, self.weights + group * self.kernel(), sums);
      for (int64_t y = 0; y < planes.rows(); y++)
        turn(sums + y * planes.row + planes.before * channels, channels, row_width, channels,
             self.out + i * channels * planes.plane() + y * row_width, planes.plane());
    }
  }

  // Rows of a tile are places below each other: of one row of taps, no two of them give to the same element.
  void add(const T* grad, const T* kernel, T* sums) const {
    const Axis &depth = walk().axes[0], &height = walk().axes[1], &columns = walk().axes[2];
    const int64_t grad_row = columns.count * out_channels;
    const LastTile<T> tile = {out_channels, grad_row, 1, width, planes.run(), height.read_step * planes.row};
    for (int64_t i = 0; i < planes.row_taps(); i++, kernel += out_channels * width) {
      const Tap &td = depth.taps[i / height.tap_count], &th = height.taps[i % height.tap_count];
      const RowRange some(depth, td), rows(height, th);
      for (int64_t d = some.begin; d < some.end; d++) {
        const int64_t z = d * depth.read_step + td.offset, y = rows.begin * height.read_step + th.offset;
        T* to = sums + (z * height.read_size + y) * planes.row;
        const T* from = grad + (d * height.count + rows.begin) * grad_row;
        for (int64_t w = 0; w < columns.count; w++) {
          const Stretch<T> part = {from + w * out_channels, kernel};
          tile.run_all(&part, 1, rows.end - rows.begin, to + w * columns.read_step * channels);
        }
      }
    }
  }
};

// `walk` is that of the forward convolution.
template <class T>
bool prefers_last_input_gradient(const Convolution& conv, const ConvWalk& walk) {
  const int64_t channels = conv.in_channels;
  if (channels <= 0 || channels > last_most_channels || conv.out_channels <= 0 || walk.columns() <= 0) return false;
  if (!LastPlanes<T>::fits(walk)) return false;
  const LastPlanes<T> planes(walk, channels);
  const int64_t lanes = Vec<T>::lanes, places = walk.places(), vectors = divide_up(planes.run(), lanes);
  if ((planes.size() + places * conv.out_channels) * (int64_t)sizeof(T) > last_bytes) return false;
  typedef LastCosts<T> Costs;
  constexpr int64_t adding = 3;
  const int64_t these = places * planes.row_taps() * vectors * (conv.out_channels + adding) +
                        Costs::turned(places, conv.out_channels) + Costs::turned(planes.plane(), channels);
  // The others take a part for each remainder by the stride, each with its part of the taps.
  const int64_t steps = conv.stride[0] * conv.stride[1] * conv.stride[2];
  return Costs::fewer(these, Costs::others(channels, planes.plane(), divide_up(conv.in[2], conv.stride[2]),
                                           divide_up(conv.out_channels * conv.taps(), steps)));
}

template <class T>
int32_t conv_last_input_gradient(const Convolution& conv, const ConvWalk& walk, const T* grad, const T* weight, const T* bias,
                                 T* out) {
  const int64_t depth = conv.in_channels * conv.taps();
  LastInputGradient<T> job = {conv.groups, conv.in_channels, conv.out_channels, {walk, conv.in_channels},
                              grad, {weight, conv.out_channels * depth, depth, conv.taps()}, bias, out,
                              0, nullptr, false};
  job.width = round_up(job.planes.run(), Vec<T>::lanes);
  job.weights = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * max64(1, conv.groups * job.kernel()));
  if (!job.weights) return TT_OUT_OF_MEMORY;
  job.pack();
  const int64_t work = max64(1, walk.places() * depth * conv.out_channels);
  tt_parallel_for(conv.batch * conv.groups, divide_up(last_work, work), LastInputGradient<T>::run, &job);
  return job.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

// The gradient of the weights.
template <class T>
struct LastWeights {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  const WeightJob<T>& job;
  LastPlanes<T> planes;
  int64_t width;  // of the sums of an element of a run: whole vectors
  int64_t parts;  // of the samples
  T* sums;        // [parts][groups][rows of taps][run][width]
  bool failed;

  int64_t kernel() const { return planes.row_taps() * planes.run() * width; }
  int64_t rows() const { return job.walk.axes[0].count * job.walk.axes[1].count; }

  // Tasks are groups of parts of the samples.
  static void run(void* context, int64_t begin, int64_t end, int) {
    LastWeights& self = *(LastWeights*)context;
    const WeightJob<T>& job = self.job;
    const LastPlanes<T>& planes = self.planes;
    const int64_t places = job.walk.places(), x_size = planes.size(), grad_size = places * self.width;
    const int64_t most = max64(1, last_bytes / ((x_size + grad_size) * (int64_t)sizeof(T)));
    T* x = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * (most * (x_size + grad_size) + planes.spare()));
    T* grad = x + most * x_size + planes.spare();
    Stretch<T>* stretches = (Stretch<T>*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(Stretch<T>) * most * self.rows());
    if (!x || !stretches) {
      self.failed = true;
      return;
    }
    for (int64_t task = begin; task < end; task++) {
      const int64_t group = task % job.groups, part = task / job.groups;
      T* sums = self.sums + task * self.kernel();
      for (int64_t i = 0; i < self.kernel(); i += lanes) store<T>(sums + i, V{});
      int64_t n = job.walk.batch * part / self.parts;
      const int64_t last = job.walk.batch * (part + 1) / self.parts;
      for (; n < last; n += most) {
        const int64_t samples = min64(most, last - n);
        for (int64_t s = 0; s < samples; s++) {
          const int64_t plane = (n + s) * job.groups + group;
          planes.fill(job.x + plane * job.channels * planes.plane(), x + s * x_size);
          self.fill(job.grad + plane * job.out_channels * places, grad + s * grad_size);
        }
        self.add(x, grad, samples, stretches, sums);
      }
    }
  }

  // (Lanes of no out channel must be numbers, not what lay there: those that are slow to compute with.)
  void fill(const T* from, T* to) const {
    const int64_t places = job.walk.places();
    if (width != job.out_channels)
      for (int64_t i = 0; i < places; i++) store<T>(to + (i + 1) * width - lanes, V{});
    turn(from, places, job.out_channels, places, to, width);
  }

  void add(const T* x, const T* grad, int64_t samples, Stretch<T>* parts, T* to) const {
    const Axis &depth = job.walk.axes[0], &height = job.walk.axes[1], &columns = job.walk.axes[2];
    const LastTile<T> tile = {columns.count, 1, columns.read_step * job.channels, width, width, width};
    for (int64_t i = 0; i < planes.row_taps(); i++, to += planes.run() * width) {
      const Tap &td = depth.taps[i / height.tap_count], &th = height.taps[i % height.tap_count];
      const RowRange some(depth, td), rows(height, th);
      int64_t count = 0;
      for (int64_t s = 0; s < samples; s++)
        for (int64_t d = some.begin; d < some.end; d++)
          for (int64_t h = rows.begin; h < rows.end; h++) {
            const int64_t z = d * depth.read_step + td.offset, y = h * height.read_step + th.offset;
            parts[count++] = {x + s * planes.size() + (z * height.read_size + y) * planes.row,
                              grad + ((s * depth.count + d) * height.count + h) * columns.count * width};
          }
      tile.run_all(parts, count, planes.run(), to);
    }
  }

  // Adds the parts up, and writes them where they belong.
  void finish(T* out) const {
    const int64_t size = job.groups * kernel(), taps = planes.walk.axes[2].tap_count;
    for (int64_t part = 1; part < parts; part++)
      for (int64_t i = 0; i < size; i += lanes) store<T>(sums + i, load<T>(sums + i) + load<T>(sums + part * size + i));
    const T* from = sums;
    const int64_t depth = job.channels * planes.walk.taps();
    for (int64_t group = 0; group < job.groups; group++, out += job.out_channels * depth)
      for (int64_t i = 0; i < planes.row_taps(); i++)
        for (int64_t w = 0; w < taps; w++)
          for (int64_t c = 0; c < job.channels; c++, from += width) {
            T* to = out + c * planes.walk.taps() + planes.index(i, w);
            for (int64_t o = 0; o < job.out_channels; o++) to[o * depth] = from[o];
          }
  }
};

template <class T>
bool prefers_last(const WeightJob<T>& job) {
  if (job.channels <= 0 || job.channels > last_most_channels || job.out_channels <= 0 || !LastPlanes<T>::fits(job.walk)) return false;
  const LastPlanes<T> planes(job.walk, job.channels);
  const int64_t width = round_up(job.out_channels, Vec<T>::lanes), places = job.walk.places();
  const int64_t depth = job.channels * job.walk.taps();
  if ((planes.size() + places * width) * (int64_t)sizeof(T) > last_bytes) return false;
  typedef LastCosts<T> Costs;
  const int64_t these = places * width / Vec<T>::lanes * depth + Costs::turned(planes.size() / job.channels, job.channels) +
                        Costs::turned(places, job.out_channels);
  return Costs::fewer(these, Costs::others(job.out_channels, places, job.walk.axes[2].count, depth));
}

// Computes `job`, of which the caller has filled in what comes before `taps`; there is something to sum over.
template <class T>
int32_t conv_last_weight_gradient(const WeightJob<T>& job) {
  LastWeights<T> last = {job, {job.walk, job.channels}, round_up(job.out_channels, Vec<T>::lanes), 1, nullptr, false};
  const int64_t sharers = tt_num_sharers(), work = job.walk.columns() * job.channels * job.walk.taps() * job.out_channels;
  if (sharers > 1 && job.groups < 4 * sharers)
    last.parts = max64(1, min64(min64(job.walk.batch, divide_up(2 * sharers, job.groups)), work / last_work));
  last.sums = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * last.parts * job.groups * last.kernel());
  if (!last.sums) return TT_OUT_OF_MEMORY;
  tt_parallel_for(job.groups * last.parts, max64(1, last_work * last.parts / max64(1, work)), LastWeights<T>::run, &last);
  if (last.failed) return TT_OUT_OF_MEMORY;
  last.finish(job.out);
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS
