// Convolutions with windows of 3 x 3 and steps of 1 by Winograd's minimal filtering F(2 x 2, 3 x 3): 16 multiplications for the 36
// of four results. Tiles of 4 x 4 of the input, and the weights, are transformed by sums and differences; in between there is a
// product of matrices for each of the 16 elements of a tile; its results are transformed back. The rounding error is no larger than
// that of the plain sum (about half, over 64 channels: fewer terms are added), which is why the larger tiles, whose error is
// a multiple of it, are not used.
//
// Lavin & Gray 2015, arXiv:1509.09308.
#pragma once
#include "conv_gemm.h"

namespace TT_NS {
namespace {

constexpr int winograd_result = 2, winograd_window = 3, winograd_tile = 4, winograd_elements = 16;

template <class T>
struct Winograd {
  static constexpr int64_t lanes = Vec<T>::lanes;
  static constexpr int64_t packed_rows = Tile<T>::packed_rows;
  typedef typename Vec<T>::type V;

  const ConvJob<T>& job;
  ConvWalk tiles;             // over the input, a place for each tile
  Tap taps[2][winograd_tile];
  int64_t index[2][winograd_window];  // of the kernel's elements, in the order in which they read
  const T* x;
  int64_t panels, row_panels, panel_rows, col_tasks, row_tasks;
  // Transformed: [groups][row panels][elements][channels][packed rows]; null if every task transforms those that it needs.
  T* weights;
  bool failed;

  // Whether the walk is that of such a convolution.
  static bool fits(const ConvWalk& walk) {
    if (walk.axes[0].read_size != 1 || walk.axes[0].tap_count != 1 || walk.axes[0].taps[0].offset != 0 || walk.axes[0].count != 1)
      return false;
    for (int d = 1; d < conv_dims; d++) {
      const Axis& axis = walk.axes[d];
      if (axis.tap_count != winograd_window || axis.read_step != 1 || axis.write_step != 1 || axis.write_start != 0) return false;
      const int64_t step = axis.taps[1].offset - axis.taps[0].offset;
      if ((step != 1 && step != -1) || axis.taps[2].offset - axis.taps[1].offset != step) return false;
    }
    return true;
  }

  explicit Winograd(const ConvJob<T>& job) : job(job), tiles(job.walk), failed(false) {
    for (int d = 0; d < 2; d++) {
      Axis& axis = tiles.axes[d + 1];
      const Tap* window = axis.taps;
      const bool forward = window[0].offset < window[2].offset;
      for (int k = 0; k < winograd_window; k++) index[d][k] = window[forward ? k : winograd_window - 1 - k].index;
      const int64_t first = window[forward ? 0 : winograd_window - 1].offset;
      for (int k = 0; k < winograd_tile; k++) taps[d][k] = {first + k, 0};
      axis.count = divide_up(axis.count, winograd_result);
      axis.read_step = winograd_result;
      axis.taps = taps[d];
      axis.tap_count = winograd_tile;
    }
    tiles.split_width = divide_up(tiles.axes[2].read_size, winograd_result);
  }
  Winograd(const Winograd&) = delete;

  Blocks blocks() const { return {tiles, Tile<T>::cols, lanes}; }
  int64_t rows_of(int64_t panel) const { return min64(panel_rows, job.rows - panel * panel_rows); }
  // Between the elements of transformed weights and tiles; an odd number of vectors, so that they do not fall into the same sets of
  // a cache.
  int64_t weight_element() const { return (job.channels | 1) * packed_rows; }
  int64_t tile_element(int64_t width) const { return job.channels * width + lanes; }
  int64_t packed_panel() const { return winograd_elements * weight_element(); }

  // G g Gᵀ along one axis.
  static __attribute__((always_inline)) void transform_weights(V g0, V g1, V g2, V (&to)[winograd_tile]) {
    const V ends = (g0 + g2) * broadcast<T>(T(0.5)), middle = g1 * broadcast<T>(T(0.5));
    to[0] = g0;
    to[1] = ends + middle;
    to[2] = ends - middle;
    to[3] = g2;
  }
  // Bᵀ d B
  static __attribute__((always_inline)) void transform_input(V d0, V d1, V d2, V d3, V (&to)[winograd_tile]) {
    to[0] = d0 - d2;
    to[1] = d1 + d2;
    to[2] = d2 - d1;
    to[3] = d1 - d3;
  }
  // Aᵀ m A
  static __attribute__((always_inline)) void transform_results(V m0, V m1, V m2, V m3, V (&to)[winograd_result]) {
    to[0] = m0 + m1 + m2;
    to[1] = m1 - m2 - m3;
  }

  // Transforms the weights of row panels begin..end, counted over all groups.
  static void run_weights(void* context, int64_t begin, int64_t end, int) {
    const Winograd& self = *(const Winograd*)context;
    for (int64_t i = begin; i < end; i++)
      self.transform_panel(i / self.row_panels, i % self.row_panels, self.weights + i * self.packed_panel());
  }

  void transform_panel(int64_t group, int64_t panel, T* to) const {
    constexpr int64_t window = winograd_window * winograd_window, channels_at_once = 16;
    alignas(64) T raw[channels_at_once * window * packed_rows];
    const Weights<T>& from = job.weights;
    const T* data = from.data + group * from.group_stride + panel * panel_rows * from.row_stride;
    const int64_t element = weight_element(), rows = rows_of(panel);
    for (int64_t c = 0; c < job.channels; c += channels_at_once) {
      const int64_t channels = min64(channels_at_once, job.channels - c);
      const T* first = data + c * from.channel_stride;
      if (from.channel_stride == window) {
        // The next ones lie in as many pieces as there are rows, too short for the processor to see them coming.
        constexpr int64_t line = 64 / sizeof(T);
        for (int64_t r = 0; r < rows; r++)
          for (int64_t i = 0; i < channels_at_once * window; i += line)
            __builtin_prefetch(first + r * from.row_stride + channels_at_once * window + i);
        pack_panel<T, T>(first, from.row_stride, 1, rows, channels * window, raw, packed_rows);
      } else {
        for (int64_t i = 0; i < channels; i++)
          pack_windows(first + i * from.channel_stride, from.row_stride, rows, window, raw + i * window * packed_rows);
      }
      for (int64_t i = 0; i < channels; i++)
        for (int64_t r = 0; r < packed_rows; r += lanes)
          transform_window(raw + i * window * packed_rows + r, to + (c + i) * packed_rows + r, element);
    }
  }

  void transform_window(const T* from, T* to, int64_t element) const {
    V columns[winograd_window][winograd_tile];
#pragma GCC unroll 3
    for (int j = 0; j < winograd_window; j++) {
      const T* g = from + index[1][j] * packed_rows;
      transform_weights(load<T>(g + index[0][0] * packed_rows), load<T>(g + index[0][1] * packed_rows),
                        load<T>(g + index[0][2] * packed_rows), columns[j]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < winograd_tile; i++) {
      V row[winograd_tile];
      transform_weights(columns[0][i], columns[1][i], columns[2][i], row);
#pragma GCC unroll 4
      for (int j = 0; j < winograd_tile; j++) store<T>(to + (i * winograd_tile + j) * element, row[j]);
    }
  }

  // Transforms the tiles of a panel: to[element][channel][column].
  template <int64_t fixed>
  __attribute__((noinline)) void transform_tiles(const Patches<T>& reads, const T* from, int64_t width, T* to) const {
    const int64_t plane = tiles.read_plane(), each = fixed ? fixed : reads.each, tap = reads.vectors * each;
    const int64_t element = tile_element(width);
    for (int64_t c = 0; c < job.channels; c++, from += plane)
      for (int64_t v = 0; v < reads.vectors; v++) {
        const Piece<T>* pieces = reads.pieces + v * each;
        V columns[winograd_tile][winograd_tile];
#pragma GCC unroll 4
        for (int j = 0; j < winograd_tile; j++) {
          V d[winograd_tile];
#pragma GCC unroll 4
          for (int i = 0; i < winograd_tile; i++)
            d[i] = Patches<T>::template read<fixed>(from, pieces + (i * winograd_tile + j) * tap, each);
          transform_input(d[0], d[1], d[2], d[3], columns[j]);
        }
        T* out = to + c * width + v * lanes;
#pragma GCC unroll 4
        for (int i = 0; i < winograd_tile; i++) {
          V row[winograd_tile];
          transform_input(columns[0][i], columns[1][i], columns[2][i], columns[3][i], row);
#pragma GCC unroll 4
          for (int j = 0; j < winograd_tile; j++) store<T>(out + (i * winograd_tile + j) * element, row[j]);
        }
      }
  }

  template <int... lane>
  static __attribute__((always_inline)) void interleave(V even, V odd, T* to, Lanes<lane...>) {
    store<T>(to, __builtin_shufflevector(even, odd, (lane / 2 + (lane & 1 ? lanes : 0))...));
    store<T>(to + lanes, __builtin_shufflevector(even, odd, (lane / 2 + lanes / 2 + (lane & 1 ? lanes : 0))...));
  }

  // Writes the results of the tiles of one vector: of one out channel, from its sums, `element` apart.
  void write(const Columns<T>& columns, const T* sums, int64_t element, T bias, T* out) const {
    const Axis &height = job.walk.axes[1], &width = job.walk.axes[2];
    V half[winograd_result][winograd_tile];
#pragma GCC unroll 4
    for (int j = 0; j < winograd_tile; j++) {
      V m[winograd_tile], y[winograd_result];
#pragma GCC unroll 4
      for (int i = 0; i < winograd_tile; i++) m[i] = load<T>(sums + (i * winograd_tile + j) * element);
      transform_results(m[0], m[1], m[2], m[3], y);
      half[0][j] = y[0];
      half[1][j] = y[1];
    }
    alignas(64) T rows[winograd_result][winograd_result * lanes];
#pragma GCC unroll 2
    for (int i = 0; i < winograd_result; i++) {
      V y[winograd_result];
      transform_results(half[i][0], half[i][1], half[i][2], half[i][3], y);
      interleave(y[0] + broadcast<T>(bias), y[1] + broadcast<T>(bias), rows[i], typename LanesUpTo<lanes>::type{});
    }
    const int64_t sample = job.groups * job.rows * job.walk.write_plane();
    for (int s = 0; s < columns.count; s++) {
      const Segment& segment = columns.segments[s];
      const int64_t h = segment.place.h * winograd_result, w = segment.place.w * winograd_result;
      const int64_t count = min64(segment.length * winograd_result, width.count - w);
      T* to = out + segment.place.sample * sample + h * width.write_size + w;
      for (int64_t i = 0; i < min64(winograd_result, height.count - h); i++, to += width.write_size) {
        const T* from = rows[i] + segment.lane * winograd_result;
        int64_t done = 0;
        for (; done + lanes <= count; done += lanes) store<T>(to + done, load<T>(from + done));
        const auto rest = LaneMask<T>::range(0, (int)(count - done));
        store_lanes(rest, to + done, load_lanes(rest, from + done, V{}));
      }
    }
  }

  void run_task(int64_t task, T* transformed, T* own_weights, T* sums, Patches<T>& reads) const {
    const int64_t row_task = task % row_tasks, rest = task / row_tasks, col_task = rest % col_tasks, group = rest / col_tasks;
    const int64_t first_row_panel = row_panels * row_task / row_tasks, last_row_panel = row_panels * (row_task + 1) / row_tasks;
    const int64_t read_sample = job.groups * job.channels * tiles.read_plane(), plane = job.walk.write_plane();
    for (int64_t panel = panels * col_task / col_tasks; panel < panels * (col_task + 1) / col_tasks; panel++) {
      const Blocks::Block block = blocks().at(panel);
      const int64_t width = round_up(block.columns, lanes), vectors = width / lanes;
      reads.find(tiles, block.first, block.columns, read_sample);
      const T* from = x + block.sample * read_sample + group * job.channels * tiles.read_plane();
      if (reads.each == 1) {
        transform_tiles<1>(reads, from, width, transformed);
      } else if (reads.each == 2) {
        transform_tiles<2>(reads, from, width, transformed);
      } else {
        transform_tiles<0>(reads, from, width, transformed);
      }
      Place place = Place::of_column(tiles, block.first);
      place.sample += block.sample;
      const Columns<T> left(tiles, place, min64(lanes, block.columns));
      const Columns<T> right(tiles, place, max64(0, block.columns - lanes));
      for (int64_t i = first_row_panel; i < last_row_panel; i++) {
        const int64_t rows = rows_of(i), row = group * job.rows + i * panel_rows, element = rows * width;
        const T* a = weights ? weights + (group * row_panels + i) * packed_panel() : own_weights;
        if (!weights) transform_panel(group, i, own_weights);
        const auto micro = shared_micro<T>((int)rows, (int)vectors, true);
        for (int e = 0; e < winograd_elements; e++)
          micro(job.channels, a + e * weight_element(), packed_rows, transformed + e * tile_element(width), width,
                sums + e * element, width, {});
        for (int64_t r = 0; r < rows; r++) {
          const T bias = job.bias ? job.bias[row + r] : T(0);
          T* out = job.out + (row + r) * plane;
          write(left, sums + r * width, element, bias, out);
          if (vectors > 1) write(right, sums + r * width + lanes, element, bias, out);
        }
      }
    }
  }

  static void run(void* context, int64_t begin, int64_t end, int) {
    Winograd& self = *(Winograd*)context;
    const int64_t size = winograd_elements * self.tile_element(Tile<T>::cols);
    T* transformed = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * (size + (self.weights ? 0 : self.packed_panel())));
    T* sums = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * winograd_elements * Tile<T>::rows * Tile<T>::cols);
    void* pieces = tt_scratch(TT_SCRATCH_GEMM_TASK_A, Patches<T>::bytes(self.tiles, Tile<T>::vectors));
    if (!transformed || !sums || !pieces) {
      self.failed = true;
      return;
    }
    Patches<T> reads(pieces);
    for (int64_t task = begin; task < end; task++) self.run_task(task, transformed, transformed + size, sums, reads);
  }
};

// With few channels the transformations cost more than they save, with few tiles those of the weights do.
template <class T>
bool prefers_winograd(const ConvJob<T>& job) {
  constexpr int64_t least_channels = 32, least_tiles = 12, results = winograd_result * winograd_result;
  return job.channels >= least_channels && job.rows >= least_channels && job.walk.columns() >= least_tiles * results &&
         Winograd<T>::fits(job.walk);
}

// Computes `job`, of which the caller has filled in what comes before `taps`.
template <class T>
int32_t conv_winograd(const ConvJob<T>& job) {
  Winograd<T> winograd(job);
  winograd.x = readable(winograd.tiles, job.x, job.walk.batch * job.groups * job.channels);
  if (!winograd.x) return TT_OUT_OF_MEMORY;
  winograd.panels = winograd.blocks().count();
  winograd.panel_rows = divide_up(job.rows, divide_up(job.rows, Tile<T>::rows));
  winograd.row_panels = divide_up(job.rows, winograd.panel_rows);

  const int64_t threads = tt_num_threads(), wanted = threads > 1 ? divide_up(4 * threads, job.groups) : 1;
  winograd.col_tasks = max64(1, winograd.panels <= wanted ? winograd.panels : wanted);
  winograd.row_tasks = min64(winograd.row_panels, max64(1, wanted / 2 / winograd.col_tasks));

  // Weights that are used for one panel of tiles only are used while they are in the cache.
  winograd.weights = nullptr;
  if (winograd.panels > 1) {
    const int64_t panels = job.groups * winograd.row_panels;
    winograd.weights = (T*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(T) * panels * winograd.packed_panel());
    if (!winograd.weights) return TT_OUT_OF_MEMORY;
    tt_parallel_for(panels, 1, Winograd<T>::run_weights, &winograd);
  }
  tt_parallel_for(job.groups * winograd.col_tasks * winograd.row_tasks, 1, Winograd<T>::run, &winograd);
  return winograd.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS
