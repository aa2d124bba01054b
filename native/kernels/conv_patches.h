// Copies what a convolution reads, so that its results lie side by side: a row for each channel and tap, a column for each result.
#pragma once
#include "../platform.h"
#include "../threads.h"
#include "conv_walk.h"
#include "gemm.h"
#include "masked_load.h"
#include "transpose_block.h"

namespace TT_NS {
namespace {

// Consecutive columns within one row of results, as lanes of a vector.
struct Segment {
  int lane, length;
  Place place;
};

// What one tap reads for some of the lanes.
template <class T>
struct Piece {
  int64_t offset;  // from the channel of the first sample
  LaneMask<T> lanes;
};

// The lanes of one vector of columns. `place` is that of the first, and becomes that of the column after them.
template <class T>
struct Columns {
  static constexpr int lanes = Vec<T>::lanes;
  Segment segments[lanes];
  int count = 0;

  Columns(const ConvWalk& walk, Place& place, int64_t columns) {
    int lane = 0;
    while (lane < columns) {
      const int length = (int)min64(columns - lane, walk.axes[2].count - place.w);
      segments[count++] = {lane, length, place};
      lane += length;
      place.w += length;
      if (place.w == walk.axes[2].count) place.next_row(walk);
    }
  }

  // What a tap reads for these columns; padding is read by nobody.
  int pieces(const ConvWalk& walk, const Tap& td, const Tap& th, const Tap& tw, int64_t sample_stride, Piece<T>* out) const {
    const Axis &depth = walk.axes[0], &height = walk.axes[1], &width = walk.axes[2];
    // With steps of 1 the remainder is 0, and the row as it was.
    const int64_t skip = width.read_step == 1 ? tw.offset : floor_divide(tw.offset, width.read_step);
    const int64_t remainder = tw.offset - skip * width.read_step;
    const int64_t valid = width.read_step == 1 ? width.read_size : divide_up(width.read_size - remainder, width.read_step);
    int pieces = 0;
    for (int s = 0; s < count; s++) {
      const Segment& segment = segments[s];
      const int64_t d = segment.place.d * depth.read_step + td.offset;
      const int64_t h = segment.place.h * height.read_step + th.offset;
      if ((uint64_t)d >= (uint64_t)depth.read_size || (uint64_t)h >= (uint64_t)height.read_size) continue;
      const int64_t first = segment.place.w + skip;
      const int64_t begin = max64(0, -first), end = min64(segment.length, valid - first);
      if (begin >= end) continue;
      const int64_t row = (d * height.read_size + h) * walk.read_row() + remainder * walk.split_width;
      out[pieces++] = {segment.place.sample * sample_stride + row + first - segment.lane,
                       LaneMask<T>::range(segment.lane + (int)begin, segment.lane + (int)end)};
    }
    return pieces;
  }
};

// Where patches go: element (channel, tap, column) to channel · channel_step + tap · tap_step + column. Columns come in
// vectors, which lie `vector_step` apart.
struct PatchLayout {
  int64_t channel_step, tap_step, vector_step;
};

// What all taps read for some vectors of columns: the same in every channel.
template <class T>
struct Patches {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  Piece<T>* pieces;  // [taps][vectors][each]
  int64_t taps, vectors;
  int64_t each;  // of a tap and vector; those that there are not have no lanes

  // Bytes that the pieces of so many vectors take at most.
  static int64_t bytes(const ConvWalk& walk, int64_t vectors) {
    return walk.taps() * vectors * most_segments(walk) * (int64_t)sizeof(Piece<T>);
  }
  static int64_t most_segments(const ConvWalk& walk) {
    return min64(lanes, 2 + (lanes - 2) / max64(1, walk.axes[2].count));
  }

  int64_t column, columns;  // of which the pieces are

  // `memory` takes the pieces.
  explicit Patches(void* memory) : pieces((Piece<T>*)memory), taps(0), vectors(0), each(1), column(-1), columns(0) {}

  // Finds out what is read for these columns, if that is not known already.
  void find(const ConvWalk& walk, int64_t first, int64_t count, int64_t sample_stride) {
    if (first == column && count == columns) return;
    column = first;
    columns = count;
    taps = walk.taps();
    vectors = divide_up(columns, lanes);
    each = 1;
    const Axis &depth = walk.axes[0], &height = walk.axes[1], &width = walk.axes[2];
    Place place = Place::of_column(walk, column);
    for (int64_t v = 0; v < vectors; v++) each = max64(each, Columns<T>(walk, place, min64(lanes, columns - v * lanes)).count);
    place = Place::of_column(walk, column);
    for (int64_t v = 0; v < vectors; v++) {
      const Columns<T> vector(walk, place, min64(lanes, columns - v * lanes));
      Piece<T>* to = pieces + v * each;
      for (int64_t d = 0; d < depth.tap_count; d++)
        for (int64_t h = 0; h < height.tap_count; h++)
          for (int64_t w = 0; w < width.tap_count; w++, to += vectors * each) {
            int64_t found = vector.pieces(walk, depth.taps[d], height.taps[h], width.taps[w], sample_stride, to);
            for (; found < each; found++) to[found] = {0, LaneMask<T>::range(0, 0)};
          }
    }
  }

  template <int64_t fixed>
  static __attribute__((always_inline)) V read(const T* channel, const Piece<T>* pieces, int64_t each) {
    V value = load_lanes(pieces[0].lanes, channel + pieces[0].offset, V{});
    const int64_t count = fixed ? fixed : each;
    for (int64_t i = 1; i < count; i++) value = load_lanes(pieces[i].lanes, channel + pieces[i].offset, value);
    return value;
  }

  template <int64_t fixed>
  __attribute__((noinline)) void copy_each(const T* x, int64_t channels, int64_t channel_stride, T* out,
                                           PatchLayout layout) const {
    for (int64_t c = 0; c < channels; c++, x += channel_stride, out += layout.channel_step) {
      const Piece<T>* next = pieces;
      for (int64_t t = 0; t < taps; t++)
        for (int64_t v = 0; v < vectors; v++, next += fixed ? fixed : each)
          store<T>(out + t * layout.tap_step + v * layout.vector_step, read<fixed>(x, next, each));
    }
  }

  // Copies what `channels` channels from `x` on have there; zeros where nothing is read.
  void copy(const T* x, int64_t channels, int64_t channel_stride, T* out, PatchLayout layout) const {
    if (each == 1) {
      copy_each<1>(x, channels, channel_stride, out, layout);
    } else if (each == 2) {
      copy_each<2>(x, channels, channel_stride, out, layout);
    } else {
      copy_each<0>(x, channels, channel_stride, out, layout);
    }
  }
};

// Rows whose elements are read with a step, split by the remainder of their position.
template <class T>
struct Split {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  const T* from;
  T* to;
  int64_t width, step, split_width;

  // With steps of 2, two vectors at a time.
  void in_two(const T* from, T* to) const {
    for (int64_t i = 0; i < width; i += 2 * lanes) {
      const auto left = LaneMask<T>::range(0, (int)min64(lanes, width - i));
      const auto right = LaneMask<T>::range(0, (int)max64(0, min64(lanes, width - i - lanes)));
      V even, odd;
      separate_pairs<T>(load_lanes(left, from + i, V{}), load_lanes(right, from + i + lanes, V{}), even, odd);
      const auto kept = LaneMask<T>::range(0, (int)min64(lanes, split_width - i / 2));
      store_lanes(kept, to + i / 2, even);
      store_lanes(kept, to + split_width + i / 2, odd);
    }
  }

  static void run(void* context, int64_t begin, int64_t end, int) {
    const Split& self = *(Split*)context;
    for (int64_t row = begin; row < end; row++) {
      const T* from = self.from + row * self.width;
      T* to = self.to + row * self.step * self.split_width;
      if (self.step == 2) {
        self.in_two(from, to);
        continue;
      }
      for (int64_t r = 0; r < self.step; r++, to += self.split_width)
        for (int64_t i = 0, at = r; at < self.width; i++, at += self.step) to[i] = from[at];
    }
  }
};

// What a walk reads: the input itself, or a split copy of it; null if there is no memory.
template <class T>
const T* readable(const ConvWalk& walk, const T* x, int64_t planes) {
  const Axis& width = walk.axes[2];
  if (width.read_step == 1) return x;
  const int64_t rows = planes * walk.axes[0].read_size * walk.axes[1].read_size;
  T* copy = (T*)tt_scratch(TT_SCRATCH_OTHER, sizeof(T) * max64(1, rows * walk.read_row()));
  if (!copy) return nullptr;
  Split<T> split = {x, copy, width.read_size, width.read_step, walk.split_width};
  tt_parallel_for(rows, max64(1, (1 << 15) / max64(1, width.read_size)), Split<T>::run, &split);
  return copy;
}

}  // namespace
}  // namespace TT_NS
