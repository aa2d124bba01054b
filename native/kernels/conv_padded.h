// What a convolution reads, copied with its padding (and with its columns sorted by their remainder, if they are read with a
// step): then every tap reads whole vectors, at a distance from the result's place that is the same everywhere.
#pragma once
#include "../platform.h"
#include "conv_walk.h"
#include "masked_load.h"
#include "transpose_block.h"

namespace TT_NS {
namespace {

// `planes` planes of one sample, of which a walk reads what its results need.
template <class T>
struct PaddedPlanes {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;

  const ConvWalk& walk;
  int64_t first[conv_dims];  // position in the input of the first element
  int64_t size[conv_dims];   // elements; of the width, those of one remainder
  int64_t row;               // elements of a row

  explicit PaddedPlanes(const ConvWalk& walk) : walk(walk) {
    for (int d = 0; d < conv_dims; d++) {
      const Axis& axis = walk.axes[d];
      int64_t least = 0, most = 0;
      for (int64_t t = 0; t < axis.tap_count; t++) {
        const int64_t offset = axis.taps[t].offset;
        least = t == 0 || offset < least ? offset : least;
        most = t == 0 || offset > most ? offset : most;
      }
      first[d] = axis.read_start + least;
      size[d] = (axis.count - 1) * axis.read_step + most - least + 1;
      // Whole vectors, and vectors that begin up to the last tap's distance from them.
      if (d == 2) size[d] = round_up(round_up(axis.count, lanes) + (most - least) / axis.read_step, lanes);
    }
    row = size[2] * walk.axes[2].read_step;
  }

  int64_t plane() const { return size[0] * size[1] * row; }
  // Of a place from the first one, in elements of the copy.
  int64_t place(int64_t d, int64_t h, int64_t w) const {
    return (d * walk.axes[0].read_step * size[1] + h * walk.axes[1].read_step) * row + w;
  }

  // Where taps read from, for the first place: an element for each of `channels` channels and each tap.
  void offsets(int64_t channels, int64_t* to) const {
    const Axis* axes = walk.axes;
    const int64_t step = axes[2].read_step;
    for (int64_t c = 0; c < channels; c++)
      for (int64_t d = 0; d < axes[0].tap_count; d++)
        for (int64_t h = 0; h < axes[1].tap_count; h++)
          for (int64_t w = 0; w < axes[2].tap_count; w++) {
            const int64_t z = axes[0].read_start + axes[0].taps[d].offset - first[0];
            const int64_t y = axes[1].read_start + axes[1].taps[h].offset - first[1];
            const int64_t x = axes[2].read_start + axes[2].taps[w].offset - first[2];
            *to++ = c * plane() + (z * size[1] + y) * row + x % step * size[2] + x / step;
          }
  }

  // Copies a plane in; what is padding becomes `padding`.
  void fill(const T* x, T padding, T* to) const {
    const Axis &depth = walk.axes[0], &height = walk.axes[1];
    for (int64_t d = first[0]; d < first[0] + size[0]; d++)
      for (int64_t h = first[1]; h < first[1] + size[1]; h++, to += row) {
        const bool inside = d >= 0 && d < depth.read_size && h >= 0 && h < height.read_size;
        fill_row(inside ? x + (d * height.read_size + h) * walk.axes[2].read_size : nullptr, padding, to);
      }
  }

  // Copies a row in, which is all padding if there is none.
  void fill_row(const T* from, T padding, T* to) const {
    const Axis& width = walk.axes[2];
    const int64_t begin = from ? -first[2] : 0, end = from ? width.read_size - first[2] : 0;  // of the input, in the copy
    const T* source = from ? from + first[2] : to;
    if (width.read_step == 1) {
      for (int64_t i = 0; i < row; i += lanes) store<T>(to + i, read(source + i, begin - i, end - i, padding));
    } else if (width.read_step == 2) {
      for (int64_t i = 0; i < row; i += 2 * lanes, to += lanes) {
        const V left = read(source + i, begin - i, end - i, padding);
        const V right = read(source + i + lanes, begin - i - lanes, end - i - lanes, padding);
        V even, odd;
        separate_pairs<T>(left, right, even, odd);
        store<T>(to, even);
        store<T>(to + size[2], odd);
      }
    } else {
      for (int64_t r = 0; r < width.read_step; r++)
        for (int64_t i = 0, at = r; i < size[2]; i++, at += width.read_step)
          *to++ = at >= begin && at < end ? source[at] : padding;
    }
  }

  // A vector of which elements begin..end are there.
  static __attribute__((always_inline)) V read(const T* from, int64_t begin, int64_t end, T padding) {
    const int64_t last = min64(lanes, max64(0, end));
    return load_lanes(LaneMask<T>::range((int)min64(last, max64(0, begin)), (int)last), from, broadcast<T>(padding));
  }
};

// A part of a walk: results begin..end of one axis.
TT_INLINE ConvWalk part_of(ConvWalk walk, int axis, int64_t begin, int64_t end) {
  Axis& cut = walk.axes[axis];
  cut.count = end - begin;
  cut.read_start += begin * cut.read_step;
  cut.write_start += begin * cut.write_step;
  return walk;
}

}  // namespace
}  // namespace TT_NS
