// How a convolution moves over its input, for all files of it.
//
// Every result is a sum over channels and taps: result `o` of an axis reads the input at read_start + o · read_step + offset of
// each tap (read_start is 0, but for a part of a walk), and is written at o · write_step + write_start. That describes a convolution (taps at t · dilation − padding, steps of the
// stride), and its input gradient, which is a convolution of the gradient for each remainder of the position by the stride:
// position q · stride + r is reached by those taps for which r + padding − t · dilation is a multiple of the stride.
#pragma once
#include "../args.h"
#include "whole_numbers.h"

namespace TT_NS {
namespace {

constexpr int conv_dims = 3;  // depth, height, width; what a convolution has not comes first, with size 1

struct Convolution {
  int64_t batch, groups, in_channels, out_channels;  // channels of one group
  int64_t in[conv_dims], out[conv_dims], kernel[conv_dims], stride[conv_dims], padding[conv_dims], dilation[conv_dims];

  static Convolution read(ArgReader& args) {
    Convolution conv;
    conv.batch = args.integer();
    conv.groups = args.integer();
    conv.in_channels = args.integer();
    conv.out_channels = args.integer();
    read(args, conv.in);
    read(args, conv.out);
    read(args, conv.kernel);
    read(args, conv.stride);
    read(args, conv.padding);
    read(args, conv.dilation);
    conv.flatten();
    return conv;
  }
  // A kernel of one element sees all places as one row.
  void flatten() {
    for (int d = 0; d < conv_dims; d++)
      if (kernel[d] != 1 || stride[d] != 1 || padding[d] != 0) return;
    in[2] = out[2] = in_plane();
    in[0] = in[1] = out[0] = out[1] = 1;
  }
  static void read(ArgReader& args, int64_t (&sizes)[conv_dims]) {
    for (int64_t& size : sizes) size = args.integer();
  }

  static int64_t product(const int64_t (&sizes)[conv_dims]) { return sizes[0] * sizes[1] * sizes[2]; }
  int64_t in_plane() const { return product(in); }
  int64_t out_plane() const { return product(out); }
  int64_t taps() const { return product(kernel); }
  // Elements of the kernel between two of its taps along an axis.
  int64_t tap_stride(int axis) const { return axis == 2 ? 1 : axis == 1 ? kernel[2] : kernel[1] * kernel[2]; }
  int64_t kernel_sizes() const { return kernel[0] + kernel[1] + kernel[2]; }
};

TT_INLINE int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// One element of the kernel along one axis.
struct Tap {
  int64_t offset;  // of what it reads from where its result's reading begins
  int64_t index;   // how far into the kernel it lies
};

struct Axis {
  int64_t count;  // results
  int64_t read_size, read_start, read_step;
  int64_t write_size, write_start, write_step;
  const Tap* taps;
  int64_t tap_count;
};

struct ConvWalk {
  int64_t batch;
  Axis axes[conv_dims];
  // Rows that are read with a step lie split: every `step`-th element side by side, and so on for each remainder.
  int64_t split_width;

  int64_t places() const { return axes[0].count * axes[1].count * axes[2].count; }
  int64_t columns() const { return batch * places(); }
  int64_t taps() const { return axes[0].tap_count * axes[1].tap_count * axes[2].tap_count; }
  int64_t read_row() const { return split_width * axes[2].read_step; }
  int64_t read_plane() const { return axes[0].read_size * axes[1].read_size * read_row(); }
  int64_t write_plane() const { return axes[0].write_size * axes[1].write_size * axes[2].write_size; }
  // Whether the results fill their planes in order.
  bool writes_whole() const {
    for (const Axis& axis : axes)
      if (axis.write_step != 1 || axis.count != axis.write_size) return false;
    return true;
  }
};

// The walk of a convolution over its input. `taps` takes conv.kernel_sizes() elements.
TT_INLINE ConvWalk forward_walk(const Convolution& conv, Tap* taps) {
  ConvWalk walk;
  walk.batch = conv.batch;
  for (int d = 0; d < conv_dims; d++) {
    walk.axes[d] = {conv.out[d], conv.in[d], 0, conv.stride[d], conv.out[d], 0, 1, taps, conv.kernel[d]};
    for (int64_t t = 0; t < conv.kernel[d]; t++) *taps++ = {t * conv.dilation[d] - conv.padding[d], t * conv.tap_stride(d)};
  }
  walk.split_width = divide_up(conv.in[2], conv.stride[2]);
  return walk;
}

// The walk of the input gradient over the gradient, for the positions that leave remainder[d] when divided by the stride.
TT_INLINE ConvWalk backward_walk(const Convolution& conv, const int64_t (&remainder)[conv_dims], Tap* taps) {
  ConvWalk walk;
  walk.batch = conv.batch;
  for (int d = 0; d < conv_dims; d++) {
    const int64_t step = conv.stride[d], start = remainder[d];
    const Tap* first = taps;
    for (int64_t t = 0; t < conv.kernel[d]; t++) {
      const int64_t at = start + conv.padding[d] - t * conv.dilation[d];
      const int64_t offset = floor_divide(at, step);
      if (offset * step == at) *taps++ = {offset, t * conv.tap_stride(d)};
    }
    walk.axes[d] = {divide_up(max64(0, conv.in[d] - start), step), conv.out[d], 0, 1, conv.in[d], start, step, first, taps - first};
  }
  walk.split_width = conv.out[2];
  return walk;
}

// A place among the results.
struct Place {
  int64_t sample, d, h, w;

  static Place of_column(const ConvWalk& walk, int64_t column) {
    const int64_t w = column % walk.axes[2].count;
    column /= walk.axes[2].count;
    const int64_t h = column % walk.axes[1].count;
    column /= walk.axes[1].count;
    return {column / walk.axes[0].count, column % walk.axes[0].count, h, w};
  }
  // To the beginning of the next row.
  void next_row(const ConvWalk& walk) {
    w = 0;
    if (++h < walk.axes[1].count) return;
    h = 0;
    if (++d < walk.axes[0].count) return;
    d = 0;
    sample++;
  }
  int64_t write_offset(const ConvWalk& walk, int64_t sample_stride) const {
    const Axis &depth = walk.axes[0], &height = walk.axes[1], &width = walk.axes[2];
    const int64_t plane_row = (d * depth.write_step + depth.write_start) * height.write_size +
                              h * height.write_step + height.write_start;
    return sample * sample_stride + plane_row * width.write_size + w * width.write_step + width.write_start;
  }
};

// The columns of all samples in blocks. Where a sample fills several with few lanes of vectors to spare, blocks keep to one
// sample, and those that lie alike in their samples follow each other: what is known of one serves all of them.
struct Blocks {
  int64_t batch, places, width;
  bool apart;

  struct Block {
    int64_t sample;  // of which `first` counts; 0 if columns are counted over all samples
    int64_t first, columns;
  };

  Blocks(const ConvWalk& walk, int64_t most, int64_t lanes) : batch(walk.batch), places(walk.places()), width(most) {
    apart = places >= 2 * most && (round_up(places, lanes) - places) * 32 <= places;
    if (apart) width = round_up(divide_up(places, divide_up(places, most)), lanes);
  }

  int64_t count() const { return apart ? divide_up(places, width) * batch : divide_up(batch * places, width); }
  Block at(int64_t i) const {
    if (!apart) return {0, i * width, min64(width, batch * places - i * width)};
    const int64_t first = i / batch * width;
    return {i % batch, first, min64(width, places - first)};
  }
};

}  // namespace
}  // namespace TT_NS
