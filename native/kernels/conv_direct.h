// Convolutions of few channels: too little is multiplied with each element for a copy of all patches to pay. The planes of a
// sample (or of a band of its rows) are copied with their padding, and a tile of sums, some out channels by some vectors of
// places, reads them where they lie.
#pragma once
#include "conv_gemm.h"
#include "conv_padded.h"

namespace TT_NS {
namespace {

constexpr int64_t direct_work = 1 << 17;        // multiplications of a task
constexpr int64_t direct_bytes = 128 << 10;     // of the copy of a band: some of a second-level cache

// Vectors of places along a row: where they read in the copy, and where their results go in a plane.
struct PlaceVector {
  int64_t from, to;
  int64_t columns;
};

// Rows of a tile come in pairs, so that there are half as many kernels; a last odd one computes a row that nobody keeps.
template <class T>
struct DirectTile {
  typedef typename Vec<T>::type V;
  static constexpr int most_rows = Tile<T>::rows;

  int64_t depth;
  const int64_t* offsets;  // [depth]
  const T* x;
  const T* weights;  // [depth][rows of the tile]
  const T* bias;     // null if there is none
  int64_t rows;      // that are kept
  T* out;
  int64_t plane;  // elements between two rows of results
  int64_t step;   // and between two results

  template <int tile_rows, int vectors>
  static __attribute__((noinline)) void run(const DirectTile& self, const PlaceVector* at) {
    V sums[tile_rows][vectors];
    const T* x[vectors];
    for (int j = 0; j < vectors; j++) x[j] = self.x + at[j].from;
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; i++)
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++) sums[i][j] = V{};

    const T* weights = self.weights;
    const int64_t *offset = self.offsets, *end = offset + self.depth;
    for (; offset < end; offset++, weights += tile_rows) {
      V read[vectors];
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++) read[j] = load<T>(x[j] + *offset);
#pragma GCC unroll 16
      for (int i = 0; i < tile_rows; i++) {
        const V weight = broadcast<T>(weights[i]);
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) sums[i][j] = multiply_add(weight, read[j], sums[i][j]);
      }
    }

    if (self.bias) {
#pragma GCC unroll 16
      for (int i = 0; i < tile_rows; i++) {
        const V bias = broadcast<T>(i < self.rows ? self.bias[i] : T(0));
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) sums[i][j] += bias;
      }
    }
    // (Indexed by constants only, so that the sums are registers.)
    if (self.step != 1) {
      T tile[tile_rows][vectors][Vec<T>::lanes];
#pragma GCC unroll 16
      for (int i = 0; i < tile_rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) store<T>(tile[i][j], sums[i][j]);
      for (int64_t i = 0; i < self.rows; i++)
        for (int j = 0; j < vectors; j++)
          for (int64_t c = 0; c < at[j].columns; c++) self.out[i * self.plane + at[j].to + c * self.step] = tile[i][j][c];
      return;
    }
    T* to[vectors];
    LaneMask<T> masks[vectors];
    for (int j = 0; j < vectors; j++) {
      to[j] = self.out + at[j].to;
      masks[j] = LaneMask<T>::range(0, (int)at[j].columns);
    }
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; i++)
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++)
        if (i < self.rows) store_lanes(masks[j], to[j] + i * self.plane, sums[i][j]);
  }

  // How many vectors a tile of so many rows has at most.
  static constexpr int vectors_of(int rows) { return rows * 4 <= TT_VECTOR_REGISTERS * 3 / 4 ? 4 : 2; }

  template <int rows>
  void run_all(const PlaceVector* at, int64_t count) const {
    constexpr int vectors = vectors_of(rows);
    for (; count >= vectors; count -= vectors, at += vectors) run<rows, vectors>(*this, at);
    if constexpr (vectors == 4)
      for (; count >= 2; count -= 2, at += 2) run<rows, 2>(*this, at);
    for (; count > 0; count--, at++) run<rows, 1>(*this, at);
  }

  // All vectors of places, with a tile of `tile_rows` rows.
  template <int most = most_rows>
  void run_all(int64_t tile_rows, const PlaceVector* at, int64_t count) const {
    if constexpr (most > 2) {
      if (tile_rows < most) return run_all<most - 2>(tile_rows, at, count);
      run_all<most>(at, count);
    } else if (tile_rows == 1) {
      run_all<1>(at, count);
    } else {
      run_all<2>(at, count);
    }
  }
};

// The out channels of a group in panels of nearly as many pairs each.
struct RowPanels {
  int64_t rows, pairs, count;

  RowPanels(int64_t rows, int64_t most) : rows(rows), pairs(divide_up(rows, 2)), count(divide_up(rows, most)) {}
  int64_t first(int64_t panel) const { return 2 * (pairs * panel / count); }
  int64_t size(int64_t panel) const { return rows == 1 ? 1 : first(panel + 1) - first(panel); }
  int64_t all() const { return rows == 1 ? 1 : 2 * pairs; }
};

template <class T>
struct DirectConv {
  static constexpr int64_t lanes = Vec<T>::lanes;

  const ConvJob<T>& job;
  RowPanels panels;
  int64_t depth;
  int axis;       // that bands are cut from
  int64_t bands;  // of a sample
  const T* weights;  // [groups][panels][depth][rows of the panel]
  bool failed;

  ConvWalk band(int64_t i) const {
    const int64_t count = job.walk.axes[axis].count;
    return part_of(job.walk, axis, count * i / bands, count * (i + 1) / bands);
  }

  void pack(T* to) const {
    const Axis* axes = job.walk.axes;
    for (int64_t group = 0; group < job.groups; group++)
      for (int64_t panel = 0; panel < panels.count; panel++) {
        const int64_t size = panels.size(panel), rows = min64(size, job.rows - panels.first(panel));
        const T* from = job.weights.data + group * job.weights.group_stride + panels.first(panel) * job.weights.row_stride;
        for (int64_t c = 0; c < job.channels; c++, from += job.weights.channel_stride)
          for (int64_t d = 0; d < axes[0].tap_count; d++)
            for (int64_t h = 0; h < axes[1].tap_count; h++)
              for (int64_t w = 0; w < axes[2].tap_count; w++, to += size) {
                const T* element = from + axes[0].taps[d].index + axes[1].taps[h].index + axes[2].taps[w].index;
                for (int64_t r = 0; r < size; r++) to[r] = r < rows ? element[r * job.weights.row_stride] : T(0);
              }
      }
  }

  static int64_t vectors_of(const ConvWalk& walk) {
    return walk.axes[0].count * walk.axes[1].count * divide_up(walk.axes[2].count, lanes);
  }
  static void find_vectors(const PaddedPlanes<T>& planes, PlaceVector* to) {
    const Axis* axes = planes.walk.axes;
    for (int64_t d = 0; d < axes[0].count; d++)
      for (int64_t h = 0; h < axes[1].count; h++)
        for (int64_t w = 0; w < axes[2].count; w += lanes)
          *to++ = {planes.place(d, h, w), Place{0, d, h, w}.write_offset(planes.walk, 0), min64(lanes, axes[2].count - w)};
  }

  // Tasks are bands of all groups of all samples.
  static void run(void* context, int64_t begin, int64_t end, int) {
    DirectConv& self = *(DirectConv*)context;
    const ConvJob<T>& job = self.job;
    int64_t known = -1;
    while (begin < end) {
      // Those of one band follow each other: what is known of one serves all.
      const int64_t samples = job.walk.batch * job.groups, i = begin / samples;
      const int64_t last = min64(end, (i + 1) * samples);
      const ConvWalk walk = self.band(i);
      const PaddedPlanes<T> planes(walk);
      const int64_t vectors = vectors_of(walk);
      T* copy = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * max64(1, job.channels * planes.plane()));
      int64_t* offsets = (int64_t*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(int64_t) * max64(1, self.depth));
      PlaceVector* at = (PlaceVector*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(PlaceVector) * vectors);
      if (!copy || !offsets || !at) {
        self.failed = true;
        return;
      }
      if (i != known) {
        planes.offsets(job.channels, offsets);
        find_vectors(planes, at);
        known = i;
      }
      for (; begin < last; begin++) self.run_sample(begin % samples, planes, copy, offsets, at, vectors);
    }
  }

  void run_sample(int64_t index, const PaddedPlanes<T>& planes, T* copy, const int64_t* offsets, const PlaceVector* at,
                  int64_t vectors) const {
    const Axis* axes = job.walk.axes;
    const int64_t read_plane = axes[0].read_size * axes[1].read_size * axes[2].read_size, plane = job.walk.write_plane();
    for (int64_t c = 0; c < job.channels; c++)
      planes.fill(job.x + (index * job.channels + c) * read_plane, T(0), copy + c * planes.plane());
    const int64_t group = index % job.groups;
    const T* packed = weights + group * panels.all() * depth;
    for (int64_t panel = 0; panel < panels.count; panel++) {
      const int64_t row = panels.first(panel), size = panels.size(panel);
      const T* bias = job.bias ? job.bias + group * job.rows + row : nullptr;
      T* out = job.out + (index * job.rows + row) * plane;
      const DirectTile<T> tile = {depth, offsets, copy,  packed + row * depth,  bias, min64(size, job.rows - row),
                                  out,   plane,   axes[2].write_step};
      tile.run_all(size, at, vectors);
    }
  }
};

// Vectors go along rows, which wastes lanes of short ones; a copy of the patches wastes none, but costs as much as this many
// out channels.
template <class T>
bool prefers_direct(const ConvJob<T>& job) {
  constexpr int64_t copying = 12, most_channels = 16, few_rows = 8;
  const int64_t width = max64(1, job.walk.axes[2].count), vectors = round_up(width, Vec<T>::lanes);
  return (job.channels <= most_channels || job.rows <= few_rows) && job.rows * vectors <= (job.rows + copying) * width;
}

// Computes `job`, of which the caller has filled in what comes before `taps`.
template <class T>
int32_t conv_direct(const ConvJob<T>& job) {
  if (job.walk.columns() <= 0 || job.rows <= 0 || job.groups <= 0) return TT_OK;
  DirectConv<T> direct = {job, {job.rows, Tile<T>::rows}, job.channels * job.walk.taps(), job.walk.axes[0].count > 1 ? 0 : 1,
                          1, nullptr, false};

  const int64_t work = job.walk.places() * max64(1, direct.depth) * job.rows, samples = job.walk.batch * job.groups;
  const int64_t threads = tt_num_threads(), bytes = job.channels * PaddedPlanes<T>(job.walk).plane() * (int64_t)sizeof(T);
  const int64_t wanted = threads == 1 ? 1 : min64(divide_up(4 * threads, samples), work / direct_work);
  direct.bands = max64(1, min64(job.walk.axes[direct.axis].count, max64(wanted, divide_up(bytes, direct_bytes))));

  T* packed = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * max64(1, job.groups * direct.panels.all() * direct.depth));
  if (!packed) return TT_OUT_OF_MEMORY;
  direct.pack(packed);
  direct.weights = packed;
  tt_parallel_for(samples * direct.bands, max64(1, direct_work * direct.bands / work), DirectConv<T>::run, &direct);
  return direct.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS
