// The gradient of a convolution's weights: patches (channels · taps, columns) by the gradient (columns, out channels), summed
// over the columns of all samples. Both come in blocks of columns: rows of patches as the input has them side by side, the
// gradient turned around into panels.
#pragma once
#include "conv_patches.h"
#include "gemm_pack.h"
#include "gemm_shared.h"

namespace TT_NS {
namespace {

constexpr int64_t weight_columns = 256;          // of a block: times a panel of out channels, most of a first-level cache
constexpr int64_t weight_rows_bytes = 256 << 10;  // patches of a block, in a second-level cache
constexpr int64_t weight_sums_bytes = 32 << 20;   // what sums of several threads may take

template <class T>
struct WeightJob {
  ConvWalk walk;
  int64_t groups, channels, out_channels;  // of one group
  const T* x;                              // (batch, groups · channels, ...)
  const T* grad;                           // (batch, groups · out channels, ...)
  T* out;                                  // (groups · out channels, channels, taps)

  int64_t taps;
  int64_t width;         // of a row of sums: out channels, in whole vectors
  int64_t block;         // columns
  int64_t row_channels;  // of a block
  int64_t col_parts, row_parts;
  T* sums;  // [col_parts][groups][channels · taps][width]; null if one block has all columns: then a task finishes its own
  bool failed;

  int64_t rows() const { return channels * taps; }
  Blocks blocks() const { return {walk, block, Vec<T>::lanes}; }
  int64_t row_stride() const { return block + Vec<T>::lanes; }  // odd vectors: rows do not fall into the same sets
  T* sums_of(int64_t part, int64_t group) const { return sums + (part * groups + group) * rows() * width; }
};

// Panels of a block of the gradient of one group: out channels side by side.
template <class T>
void pack_gradient(const WeightJob<T>& job, int64_t group, const Blocks::Block& block, T* out) {
  const int64_t places = job.walk.places(), columns = block.columns;
  for (int64_t col = 0; col < job.out_channels; col += Tile<T>::cols) {
    const int64_t count = min64(Tile<T>::cols, job.out_channels - col), width = round_up(count, Tile<T>::lanes);
    for (int64_t done = 0; done < columns;) {
      const int64_t sample = block.sample + (block.first + done) / places, place = (block.first + done) % places;
      const int64_t length = min64(columns - done, places - place);
      const T* from = job.grad + ((sample * job.groups + group) * job.out_channels + col) * places + place;
      pack_panel<T, T>(from, places, 1, count, length, out + col * job.block + done * width, width);
      done += length;
    }
  }
}

// Turns `rows` rows of sums around, which are those of the results from `row` on.
template <class T>
void write_weights(const WeightJob<T>& job, int64_t group, int64_t row, int64_t rows, const T* sums) {
  constexpr int lanes = Vec<T>::lanes;
  alignas(64) T turned[lanes * lanes];
  for (int64_t r = 0; r < rows; r += lanes) {
    const int64_t count = min64(lanes, rows - r);
    const auto mask = LaneMask<T>::range(0, (int)count);
    for (int64_t col = 0; col < job.out_channels; col += lanes) {
      pack_panel<T, T>(sums + r * job.width + col, job.width, 1, count, lanes, turned, lanes);
      for (int64_t i = 0; i < min64(lanes, job.out_channels - col); i++)
        store_lanes(mask, job.out + (group * job.out_channels + col + i) * job.rows() + row + r, load<T>(turned + i * lanes));
    }
  }
}

template <class T>
void run_weight_tasks(void* context, int64_t begin, int64_t end, int) {
  WeightJob<T>& job = *(WeightJob<T>*)context;
  T* patches = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * job.row_channels * job.taps * job.row_stride());
  T* grads = (T*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(T) * round_up(job.out_channels, Tile<T>::cols) * job.block);
  void* pieces = tt_scratch(TT_SCRATCH_GEMM_C, Patches<T>::bytes(job.walk, job.block / Vec<T>::lanes));
  T* own = (T*)tt_scratch(TT_SCRATCH_TILE, sizeof(T) * (job.sums ? 1 : job.row_channels * job.taps * job.width));
  if (!patches || !grads || !pieces || !own) {
    job.failed = true;
    return;
  }
  const Blocks all = job.blocks();
  const int64_t blocks = all.count(), plane = job.walk.read_plane(), sample_stride = job.groups * job.channels * plane;
  Patches<T> reads(pieces);
  for (int64_t task = begin; task < end; task++) {
    const int64_t row_part = task % job.row_parts, rest = task / job.row_parts;
    const int64_t part = rest % job.col_parts, group = rest / job.col_parts;
    const int64_t channel_begin = job.channels * row_part / job.row_parts;
    const int64_t channel_end = job.channels * (row_part + 1) / job.row_parts;
    const int64_t first_block = blocks * part / job.col_parts, last_block = blocks * (part + 1) / job.col_parts;
    for (int64_t b = first_block; b < last_block; b++) {
      const Blocks::Block block = all.at(b);
      pack_gradient(job, group, block, grads);
      reads.find(job.walk, block.first, block.columns, sample_stride);
      for (int64_t channel = channel_begin; channel < channel_end; channel += job.row_channels) {
        const int64_t channels = min64(job.row_channels, channel_end - channel), rows = channels * job.taps;
        reads.copy(job.x + block.sample * sample_stride + (group * job.channels + channel) * plane, channels, plane, patches,
                   {job.taps * job.row_stride(), job.row_stride(), Vec<T>::lanes});
        const int64_t row_panels = divide_up(rows, Tile<T>::rows);
        T* sums = job.sums ? job.sums_of(part, group) + channel * job.taps * job.width : own;
        for (int64_t col = 0; col < job.out_channels; col += Tile<T>::cols) {
          const int64_t width = round_up(min64(Tile<T>::cols, job.out_channels - col), Tile<T>::lanes);
          for (int64_t i = 0; i < row_panels; i++) {
            const int64_t row = rows * i / row_panels, next = rows * (i + 1) / row_panels;
            T* const to = sums + row * job.width + col;
            shared_micro<T>((int)(next - row), (int)(width / Tile<T>::lanes), false)(
                block.columns, patches + row * job.row_stride(), job.row_stride(), grads + col * job.block, width, to, job.width,
                {b > first_block ? to : nullptr, job.width});
          }
        }
        if (!job.sums) write_weights(job, group, channel * job.taps, rows, own);
      }
    }
  }
}

// Adds the parts of the sums up and turns them around: units of as many rows as a vector has lanes.
template <class T>
void finish_weights(void* context, int64_t begin, int64_t end, int) {
  const WeightJob<T>& job = *(const WeightJob<T>*)context;
  constexpr int lanes = Vec<T>::lanes;
  const int64_t units = divide_up(job.rows(), lanes), part_stride = job.groups * job.rows() * job.width;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t group = unit / units, row = unit % units * lanes, rows = min64(lanes, job.rows() - row);
    T* sums = job.sums_of(0, group) + row * job.width;
    for (int64_t part = 1; part < job.col_parts; part++) {
      const T* more = sums + part * part_stride;
      for (int64_t i = 0; i < rows * job.width; i += lanes) store<T>(sums + i, load<T>(sums + i) + load<T>(more + i));
    }
    write_weights(job, group, row, rows, sums);
  }
}

// Computes `job`, of which the caller has filled in what comes before `taps`; there is something to sum over.
template <class T>
int32_t conv_weight_gradient(WeightJob<T> job) {
  job.x = readable(job.walk, job.x, job.walk.batch * job.groups * job.channels);
  if (!job.x) return TT_OUT_OF_MEMORY;
  job.taps = job.walk.taps();
  job.width = round_up(job.out_channels, Tile<T>::lanes);
  const int64_t columns = job.walk.columns();
  job.block = round_up(min64(columns, weight_columns * (int64_t)sizeof(float) / (int64_t)sizeof(T)), Tile<T>::lanes);
  const int64_t row_bytes = job.taps * job.row_stride() * (int64_t)sizeof(T);
  job.row_channels = min64(job.channels, max64(1, weight_rows_bytes / row_bytes));

  const int64_t sharers = tt_num_sharers(), blocks = job.blocks().count();
  const int64_t group_bytes = job.groups * job.rows() * job.width * (int64_t)sizeof(T);
  const bool parallel = sharers > 1 && job.groups * job.rows() * job.out_channels * columns >= 1 << 19;
  const int64_t wanted = parallel && job.groups < 4 * sharers ? divide_up(2 * sharers, job.groups) : 1;
  job.col_parts = max64(1, min64(min64(wanted, blocks / 2), weight_sums_bytes / group_bytes));
  job.row_parts = min64(job.channels, divide_up(wanted, job.col_parts));

  if (blocks > 1) {
    job.sums = (T*)tt_scratch(TT_SCRATCH_GEMM_A, (size_t)(job.col_parts * group_bytes));
    if (!job.sums) return TT_OUT_OF_MEMORY;
  } else {
    const int64_t row_sums = job.taps * job.width * (int64_t)sizeof(T);
    job.row_channels = min64(job.row_channels, max64(1, weight_rows_bytes / row_sums));
  }
  const int64_t tasks = job.groups * job.col_parts * job.row_parts;
  tt_parallel_for(tasks, parallel ? 1 : tasks, run_weight_tasks<T>, &job);
  if (job.failed || !job.sums) return job.failed ? TT_OUT_OF_MEMORY : TT_OK;
  const int64_t units = job.groups * divide_up(job.rows(), Vec<T>::lanes);
  tt_parallel_for(units, max64(1, (1 << 15) / (job.width * Vec<T>::lanes)), finish_weights<T>, &job);
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS
