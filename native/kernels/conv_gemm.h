// A convolution as a matrix product that is never written down: weights (m, channels · taps) by patches (channels · taps,
// columns). A task packs the patches of some panels of columns, block of channels by block of channels, and multiplies while
// they are in the cache; the weights are packed once, by the caller, unless they are read where they lie.
#pragma once
#include "conv_patches.h"
#include "gemm_finish.h"
#include "gemm_shared.h"

namespace TT_NS {
namespace {

// What is multiplied with the patches. Element (row, channel, tap) of a group lies at row · row_stride + channel ·
// channel_stride + the tap's index.
template <class T>
struct Weights {
  const T* data;
  int64_t group_stride, row_stride, channel_stride;
};

constexpr int64_t conv_depth = 288;       // rows of patches in a block: times a panel's columns, about a first-level cache
constexpr int64_t conv_task_panels = 8;   // times such a block, they fit a second-level cache
constexpr int64_t conv_row_panels = 14;   // and so do this many row panels of weights beside them
constexpr int64_t conv_in_place_panels = 2;

template <class T>
struct ConvJob {
  ConvWalk walk;
  int64_t groups, channels, rows;  // of one group
  const T* x;                      // (batch, groups · channels, ...)
  Weights<T> weights;
  const T* bias;  // null if there is none
  T* out;         // (batch, groups · rows, ...)

  int64_t taps, panels, row_panels, panel_rows, block_channels;
  bool whole;              // results fill their planes in order
  bool weights_in_place;   // a row of weights lies as the patches do
  bool patches_in_place;   // those of whole vectors of columns, which are columns of x
  T* packed;               // row panels of all groups
  int64_t col_tasks, row_tasks;
  bool failed;

  int64_t depth() const { return channels * taps; }
  int64_t rows_of(int64_t panel) const { return min64(panel_rows, rows - panel * panel_rows); }
  int64_t packed_panel() const { return depth() * Tile<T>::packed_rows; }
  Blocks blocks() const { return {walk, Tile<T>::cols, Tile<T>::lanes}; }
};

// to[element][row] from[row · row_stride + element]: a window for each row, too small for pack_panel.
template <class T>
__attribute__((noinline)) void pack_windows(const T* from, int64_t row_stride, int64_t rows, int64_t window, T* to) {
  typedef typename Vec<T>::type V;
  constexpr int64_t lanes = Vec<T>::lanes, packed_rows = Tile<T>::packed_rows;
  for (int64_t r = 0; r < packed_rows; r += lanes)
    for (int64_t e = 0; e < window; e += lanes) {
      const int64_t count = min64(lanes, window - e);
      const auto mask = LaneMask<T>::range(0, (int)count);
      V block[lanes];
#pragma GCC unroll 16
      for (int64_t i = 0; i < lanes; i++)
        block[i] = r + i < rows ? load_lanes(mask, from + (r + i) * row_stride + e, V{}) : V{};
      transpose_block<T>(block);
#pragma GCC unroll 16
      for (int64_t i = 0; i < lanes; i++)
        if (i < count) store<T>(to + (e + i) * packed_rows + r, block[i]);
    }
}

// Packs row panels begin..end, counted over all groups.
template <class T>
void pack_weights(void* context, int64_t begin, int64_t end, int) {
  const ConvJob<T>& job = *(ConvJob<T>*)context;
  const Axis* axes = job.walk.axes;
  for (int64_t i = begin; i < end; i++) {
    const int64_t group = i / job.row_panels, panel = i % job.row_panels;
    const T* from = job.weights.data + group * job.weights.group_stride + panel * job.panel_rows * job.weights.row_stride;
    T* out = job.packed + i * job.packed_panel();
    const int64_t rows = job.rows_of(panel);
    if (job.weights.channel_stride == job.taps) {
      pack_panel<T, T>(from, job.weights.row_stride, 1, rows, job.depth(), out, Tile<T>::packed_rows);
      continue;
    }
    // Windows of rows follow each other, and are turned around whole if they are small and most of them is wanted.
    constexpr int64_t most = 64;
    const int64_t window = job.weights.row_stride;
    const bool whole = window <= most && window >= 4 && 2 * job.taps > window;
    alignas(64) T windows[most * Tile<T>::packed_rows];
    const Tap* last = axes[2].taps + axes[2].tap_count;
    for (int64_t c = 0; c < job.channels; c++, from += job.weights.channel_stride) {
      if (whole) pack_windows(from, window, rows, window, windows);
      for (int64_t d = 0; d < axes[0].tap_count; d++)
        for (int64_t h = 0; h < axes[1].tap_count; h++)
          for (const Tap* w = axes[2].taps; w < last; w++, out += Tile<T>::packed_rows) {
            const int64_t element = axes[0].taps[d].index + axes[1].taps[h].index + w->index;
            if (whole)
              for (int64_t r = 0; r < Tile<T>::packed_rows; r++) out[r] = windows[element * Tile<T>::packed_rows + r];
            else
              for (int64_t r = 0; r < rows; r++) out[r] = from[element + r * window];
          }
    }
  }
}

template <class T>
struct ConvTask {
  const ConvJob<T>& job;
  int64_t group, first_row_panel, row_panels, first_panel, panels;
  T* patches;  // a block of each panel
  T* tiles;    // sums of panels whose columns do not lie side by side
  void* pieces;

  static constexpr int64_t tile_size = Tile<T>::rows * Tile<T>::cols;

  int64_t sample_stride() const { return job.groups * job.rows * job.walk.write_plane(); }
  // Whether whole vectors of a panel can be written where they belong.
  bool direct(const Blocks::Block& block) const {
    const int64_t places = job.walk.places(), last = block.first + block.columns - 1;
    return job.whole && block.columns % Tile<T>::lanes == 0 && block.first / places == last / places;
  }
  T* row_of_out(int64_t row) const { return job.out + (group * job.rows + row) * job.walk.write_plane(); }

  void run() const {
    int64_t done = 0;
    do {
      const int64_t channels = min64(job.block_channels, job.channels - done);
      run_block(done, channels);
      done += channels;
    } while (done < job.channels);
  }

  void run_block(int64_t channel, int64_t channels) const {
    const int64_t depth = channels * job.taps, block = job.block_channels * job.taps * Tile<T>::cols;
    const T* x = job.x + (group * job.channels + channel) * job.walk.read_plane();
    const int64_t plane = job.walk.read_plane(), read_sample = job.groups * job.channels * plane;
    Patches<T> reads(pieces);
    for (int64_t j = 0; j < panels; j++) {
      const Blocks::Block panel = job.blocks().at(first_panel + j);
      if (job.patches_in_place && direct(panel)) continue;
      const int64_t width = round_up(panel.columns, Tile<T>::lanes);
      reads.find(job.walk, panel.first, panel.columns, read_sample);
      reads.copy(x + panel.sample * read_sample, channels, plane, patches + j * block,
                 {job.taps * width, width, Tile<T>::lanes});
    }
    for (int64_t i = 0; i < row_panels; i += conv_row_panels)
      for (int64_t j = 0; j < panels; j++)
        for (int64_t k = i; k < min64(row_panels, i + conv_row_panels); k++)
          multiply(j, k, channel, depth, channel + channels >= job.channels, patches + j * block);
  }

  void multiply(int64_t j, int64_t i, int64_t channel, int64_t depth, bool last, const T* b) const {
    const Blocks::Block panel = job.blocks().at(first_panel + j);
    const int64_t width = round_up(panel.columns, Tile<T>::lanes);
    const int64_t row_panel = first_row_panel + i, row = row_panel * job.panel_rows, rows = job.rows_of(row_panel);
    const T* a = job.weights_in_place
                     ? job.weights.data + group * job.weights.group_stride + row * job.weights.row_stride + channel * job.taps
                     : job.packed + (group * job.row_panels + row_panel) * job.packed_panel() +
                           channel * job.taps * Tile<T>::packed_rows;
    const int64_t a_stride = job.weights_in_place ? job.weights.row_stride : Tile<T>::packed_rows;
    const auto micro = shared_micro<T>((int)rows, (int)(width / Tile<T>::lanes), !job.weights_in_place);
    const int64_t plane = job.walk.write_plane();
    if (direct(panel)) {
      const int64_t places = job.walk.places(), sample = panel.sample + panel.first / places, place = panel.first % places;
      T* to = row_of_out(row) + sample * sample_stride() + place;
      if (channel == 0 && job.bias) fill_with_bias(to, plane, row, rows, width);
      if (job.patches_in_place) b = job.x + ((sample * job.groups + group) * job.channels + channel) * plane + place;
      micro(depth, a, a_stride, b, job.patches_in_place ? plane : width, to, plane,
            {channel > 0 || job.bias ? to : nullptr, plane});
      return;
    }
    T* tile = tiles + (j * row_panels + i) * tile_size;
    micro(depth, a, a_stride, b, width, tile, width, {channel > 0 ? tile : nullptr, width});
    if (last) scatter(panel, tile, width, row, rows);
  }

  void fill_with_bias(T* to, int64_t stride, int64_t row, int64_t rows, int64_t width) const {
    for (int64_t r = 0; r < rows; r++) {
      const auto value = broadcast<T>(job.bias[group * job.rows + row + r]);
      for (int64_t i = 0; i < width; i += Tile<T>::lanes) store<T>(to + r * stride + i, value);
    }
  }

  void scatter(const Blocks::Block& panel, const T* tile, int64_t width, int64_t row, int64_t rows) const {
    const ConvWalk& walk = job.walk;
    const int64_t step = walk.axes[2].write_step;
    Place place = Place::of_column(walk, panel.first);
    place.sample += panel.sample;
    for (int64_t col = 0; col < panel.columns;) {
      const int64_t length = min64(panel.columns - col, walk.axes[2].count - place.w);
      const int64_t offset = place.write_offset(walk, sample_stride());
      for (int64_t r = 0; r < rows; r++) {
        const T bias = job.bias ? job.bias[group * job.rows + row + r] : T(0);
        const T* from = tile + r * width + col;
        T* to = row_of_out(row + r) + offset;
        for (int64_t i = 0; i < length; i++) to[i * step] = from[i] + bias;
      }
      col += length;
      place.next_row(walk);
    }
  }
};

template <class T>
void run_conv_tasks(void* context, int64_t begin, int64_t end, int) {
  ConvJob<T>& job = *(ConvJob<T>*)context;
  const int64_t most_panels = divide_up(job.panels, job.col_tasks), most_rows = divide_up(job.row_panels, job.row_tasks);
  const int64_t block = max64(1, job.block_channels * job.taps) * Tile<T>::cols;
  T* patches = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * most_panels * block);
  T* tiles = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * most_panels * most_rows * ConvTask<T>::tile_size);
  void* pieces = tt_scratch(TT_SCRATCH_GEMM_TASK_A, max64(1, Patches<T>::bytes(job.walk, Tile<T>::vectors)));
  if (!patches || !tiles || !pieces) {
    job.failed = true;
    return;
  }
  for (int64_t task = begin; task < end; task++) {
    const int64_t row_task = task % job.row_tasks, rest = task / job.row_tasks;
    const int64_t col_task = rest % job.col_tasks, group = rest / job.col_tasks;
    const int64_t row = job.row_panels * row_task / job.row_tasks, next_row = job.row_panels * (row_task + 1) / job.row_tasks;
    const int64_t panel = job.panels * col_task / job.col_tasks, next_panel = job.panels * (col_task + 1) / job.col_tasks;
    ConvTask<T>{job, group, row, next_row - row, panel, next_panel - panel, patches, tiles, pieces}.run();
  }
}

// Whether patches are columns of x (a kernel of one element), in planes whose rows do not push each other out of the caches.
template <class T>
bool reads_columns_of_x(const ConvJob<T>& job) {
  const Axis* axes = job.walk.axes;
  for (int d = 0; d < conv_dims; d++) {
    const Axis& axis = axes[d];
    const bool whole = axis.count == axis.read_size && axis.read_step == 1 && axis.read_start == 0;
    if (!whole || axis.tap_count != 1 || axis.taps[0].offset != 0) return false;
  }
  return job.whole && job.walk.read_plane() * (int64_t)sizeof(T) % 1024 != 0;
}

// Computes `job`, of which the caller has filled in what comes before `taps`.
template <class T>
int32_t conv_gemm(ConvJob<T> job) {
  const int64_t columns = job.walk.columns();
  if (columns <= 0 || job.rows <= 0 || job.groups <= 0) return TT_OK;
  job.x = readable(job.walk, job.x, job.walk.batch * job.groups * job.channels);
  if (!job.x) return TT_OUT_OF_MEMORY;
  job.taps = job.walk.taps();
  job.whole = job.walk.writes_whole();
  job.patches_in_place = reads_columns_of_x(job);
  job.panels = job.blocks().count();
  job.row_panels = divide_up(job.rows, Tile<T>::rows);
  job.panel_rows = divide_up(job.rows, job.row_panels);
  job.row_panels = divide_up(job.rows, job.panel_rows);
  const int64_t most_channels = max64(1, conv_depth * (int64_t)sizeof(float) / (int64_t)sizeof(T) / max64(1, job.taps));
  job.block_channels = max64(1, divide_up(job.channels, max64(1, divide_up(job.channels, most_channels))));

  const int64_t threads = tt_num_threads();
  const bool parallel = threads > 1 && job.groups * job.rows * columns * job.depth() >= 1 << 19;
  const int64_t wanted = parallel ? divide_up(4 * threads, job.groups) : 1;
  job.col_tasks = min64(job.panels, max64(wanted, divide_up(job.panels, conv_task_panels)));
  job.row_tasks = min64(job.row_panels, max64(1, wanted / 2 / job.col_tasks));

  job.weights_in_place = job.weights.channel_stride == job.taps && job.panels <= conv_in_place_panels;
  if (!job.weights_in_place) {
    const int64_t panels = job.groups * job.row_panels, elements = panels * job.packed_panel();
    job.packed = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * max64(1, elements));
    if (!job.packed) return TT_OUT_OF_MEMORY;
    tt_parallel_for(panels, parallel && elements >= 1 << 15 ? 1 : panels, pack_weights<T>, &job);
  }
  const int64_t tasks = job.groups * job.col_tasks * job.row_tasks;
  tt_parallel_for(tasks, parallel ? 1 : tasks, run_conv_tasks<T>, &job);
  return job.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS
