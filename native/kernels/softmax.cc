// softmax and log_softmax along one dimension, and their derivatives.
//
// softmax: [kind, ndim, dim, sizes[ndim]; out: operand, a: operand, and for derivatives b: operand]
//   kind 0 softmax(a)   1 log_softmax(a)   2 derivative of softmax   3 derivative of log_softmax
//   (a = gradient, b = the forward's result)
//   An operand is address, dtype, strides[ndim]; all have the same floating dtype. Half types compute in float.
#include "../platform.h"
#include "convert.h"
#include "dtype_switch.h"
#include "row_registers.h"
#include "scalar_math.h"
#include "transpose_block.h"
#include "vector_exp.h"

namespace TT_NS {
namespace {

enum Kind { kSoftmax, kLogSoftmax, kSoftmaxBackward, kLogSoftmaxBackward };

// One row of contiguous elements; `out` may be `a` or `b`.
template <int kind, typename C>
static void row(const C* a, const C* b, C* out, int64_t n) {
  V<C> sum_lanes = {};
  if constexpr (kind == kSoftmax || kind == kLogSoftmax) {
    const C lowest = -C(__builtin_inff());
    V<C> max_lanes = broadcast(lowest);
    each_register<C>(n, [&](auto at) TT_INLINED {
      max_lanes = larger(max_lanes, at.read(a, lowest));
    });
    const V<C> max = broadcast(lane_max<C>(max_lanes));
    each_register<C>(n, [&](auto at) TT_INLINED {
      const V<C> e = vector_exp(at.read(a, lowest) - max);
      sum_lanes += e;
      if constexpr (kind == kSoftmax) at.write(out, e);
    });
    const C total = lane_sum<C>(sum_lanes);
    if constexpr (kind == kSoftmax) {
      const V<C> sum = broadcast(total);
      each_register<C>(n, [&](auto at) TT_INLINED { at.write(out, at.read(out) / sum); });
    } else {
      const V<C> log_sum = broadcast(C(log_of(double(total))));
      each_register<C>(n, [&](auto at) TT_INLINED { at.write(out, at.read(a) - max - log_sum); });
    }
  } else {
    each_register<C>(n, [&](auto at) TT_INLINED { sum_lanes += kind == kSoftmaxBackward ? at.read(a) * at.read(b) : at.read(a); });
    const V<C> sum = broadcast(lane_sum<C>(sum_lanes));
    each_register<C>(n, [&](auto at) TT_INLINED {
      const V<C> grad = at.read(a), y = at.read(b);
      at.write(out, kind == kSoftmaxBackward ? y * (grad - sum) : grad - vector_exp(y) * sum);
    });
  }
}

constexpr int64_t kColumns = 128;

// `width` columns at once, one step of the strides apart; elements of a step are contiguous.
template <int kind, typename C>
static void columns(const C* a, const C* b, C* out, int64_t n, const int64_t* steps, int64_t width) {
  C peak[kColumns], sum[kColumns];
  const int64_t out_step = steps[0], a_step = steps[1], b_step = steps[2];
  each_register<C>(width, [&](auto at) TT_INLINED { at.write_padded(sum, V<C>{}); });
  if constexpr (kind == kSoftmax || kind == kLogSoftmax) {
    const C lowest = -C(__builtin_inff());
    each_register<C>(width, [&](auto at) TT_INLINED { at.write_padded(peak, broadcast(lowest)); });
    for (int64_t k = 0; k < n; k++)
      each_register<C>(width, [&](auto at) TT_INLINED {
        at.write_padded(peak, larger(at.read_padded(peak), at.read(a + k * a_step)));
      });
    for (int64_t k = 0; k < n; k++)
      each_register<C>(width, [&](auto at) TT_INLINED {
        const V<C> e = vector_exp(at.read(a + k * a_step) - at.read_padded(peak));
        at.write_padded(sum, at.read_padded(sum) + e);
        if constexpr (kind == kSoftmax) at.write(out + k * out_step, e);
      });
    if constexpr (kind == kLogSoftmax)
      for (int64_t i = 0; i < width; i++) sum[i] = C(log_of(double(sum[i])));
    for (int64_t k = 0; k < n; k++) {
      C* const to = out + k * out_step;
      each_register<C>(width, [&](auto at) TT_INLINED {
        const V<C> along = at.read_padded(sum);
        at.write(to, kind == kSoftmax ? at.read(to) / along : at.read(a + k * a_step) - at.read_padded(peak) - along);
      });
    }
  } else {
    for (int64_t k = 0; k < n; k++)
      each_register<C>(width, [&](auto at) TT_INLINED {
        const V<C> grad = at.read(a + k * a_step);
        at.write_padded(sum, at.read_padded(sum) + (kind == kSoftmaxBackward ? grad * at.read(b + k * b_step) : grad));
      });
    for (int64_t k = 0; k < n; k++)
      each_register<C>(width, [&](auto at) TT_INLINED {
        const V<C> grad = at.read(a + k * a_step), y = at.read(b + k * b_step), along = at.read_padded(sum);
        at.write(out + k * out_step, kind == kSoftmaxBackward ? y * (grad - along) : grad - vector_exp(y) * along);
      });
  }
}

// The two for one kind.
template <typename C>
struct Loops {
  void (*row)(const C* a, const C* b, C* out, int64_t n);
  void (*columns)(const C* a, const C* b, C* out, int64_t n, const int64_t* steps, int64_t width);
};
template <typename C>
static Loops<C> loops_of(int kind) {
  switch (kind) {
    case kSoftmax: return {row<kSoftmax, C>, columns<kSoftmax, C>};
    case kLogSoftmax: return {row<kLogSoftmax, C>, columns<kLogSoftmax, C>};
    case kSoftmaxBackward: return {row<kSoftmaxBackward, C>, columns<kSoftmaxBackward, C>};
    default: return {row<kLogSoftmaxBackward, C>, columns<kLogSoftmaxBackward, C>};
  }
}

struct Job {
  int count;  // of operands
  int ndim;   // without the dimension of the softmax
  int64_t n;
  int64_t sizes[kMaxDims];
  Operand operands[3];  // out, a, b; without a b, a again
  int64_t steps[3];     // along the dimension
  bool is_half;         // computes in float
  bool failed = false;

  Walk<3> walk(int dims, int64_t from) const {
    Walk<3> walk;
    walk.over(dims, sizes, operands[0].strides, operands[1].strides, operands[2].strides);
    walk.start(from);
    return walk;
  }
  template <typename C>
  C* at(int k, int64_t offset) const {
    return reinterpret_cast<C*>(operands[k].data) + offset;
  }
};

// Rows of operand k, `offsets` away: element j of row r is at rows[j * pitch + r].
template <typename C>
TT_INLINE void read_rows(const Job& job, int k, const int64_t* offsets, int64_t count, C* rows, int64_t pitch) {
  switch_float(job.operands[k].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (same<Compute<T>, C>)
      for (int64_t r = 0; r < count; r++) {
        const T* const from = job.at<T>(k, offsets[r]);
        if (pitch == 1 && job.steps[k] == 1)
          load_elements(rows, job.operands[k].dtype, from, job.n);
        else
          for (int64_t j = 0; j < job.n; j++) rows[j * pitch + r] = widen(from[j * job.steps[k]]);
      }
  });
}
template <typename C>
TT_INLINE void write_rows(const Job& job, const int64_t* offsets, int64_t count, const C* rows, int64_t pitch) {
  switch_float(job.operands[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (same<Compute<T>, C>)
      for (int64_t r = 0; r < count; r++) {
        T* const to = job.at<T>(0, offsets[r]);
        if (pitch == 1 && job.steps[0] == 1)
          store_elements(to, job.operands[0].dtype, rows, job.n);
        else
          for (int64_t j = 0; j < job.n; j++) to[j * job.steps[0]] = narrow<T>(rows[j * pitch + r]);
      }
  });
}

// Short rows would waste most of a register: they are turned, so that registers hold elements of many rows.
constexpr int64_t kShort = 32;
constexpr int64_t kTile = 32;

// Calls f(first row, first column, the columns' lanes, how many) for the squares of a tile that one register's lanes fill.
template <typename C, typename F>
TT_INLINE void each_square(int64_t rows, int64_t columns, F f) {
  constexpr int64_t lanes = Vec<C>::lanes;
  for (int64_t r = 0; r < rows; r += lanes)
    for (int64_t j = 0; j < columns; j += lanes) {
      const int64_t width = columns - j < lanes ? columns - j : lanes;
      f(r, j, LaneMask<C>::range(0, int(width)), width);
    }
}
// Squares of fewer lanes are not worth their exchanges.
template <typename C>
constexpr bool in_squares = Vec<C>::lanes >= 8;

template <typename C>
static __attribute__((noinline)) void read_tile(const Job& job, int k, const int64_t* offsets, int64_t count, C* tile) {
  if (!in_squares<C> || job.steps[k] != 1 || job.is_half) return read_rows(job, k, offsets, count, tile, kTile);
  each_square<C>(count, job.n, [&](int64_t r, int64_t j, LaneMask<C> lanes, int64_t width) TT_INLINED {
    V<C> square[Vec<C>::lanes] = {};
#pragma GCC unroll 16
    for (int i = 0; i < Vec<C>::lanes; i++)
      if (r + i < count) square[i] = load_lanes(lanes, job.at<C>(k, offsets[r + i] + j), V<C>{});
    transpose_block<C>(square);
#pragma GCC unroll 16
    for (int i = 0; i < Vec<C>::lanes; i++)
      if (i < width) store(tile + (j + i) * kTile + r, square[i]);
  });
}
template <typename C>
static __attribute__((noinline)) void write_tile(const Job& job, const int64_t* offsets, int64_t count, const C* tile) {
  if (!in_squares<C> || job.steps[0] != 1 || job.is_half) return write_rows(job, offsets, count, tile, kTile);
  each_square<C>(count, job.n, [&](int64_t r, int64_t j, LaneMask<C> lanes, int64_t width) TT_INLINED {
    V<C> square[Vec<C>::lanes] = {};
#pragma GCC unroll 16
    for (int i = 0; i < Vec<C>::lanes; i++)
      if (i < width) square[i] = load(tile + (j + i) * kTile + r);
    transpose_block<C>(square);
#pragma GCC unroll 16
    for (int i = 0; i < Vec<C>::lanes; i++)
      if (r + i < count) store_lanes(lanes, job.at<C>(0, offsets[r + i] + j), square[i]);
  });
}

template <typename C>
static void run_short(const Job& job, const Loops<C>& loops, int64_t grain) {
  parallel(product(job.sizes, job.ndim), (grain + kTile - 1) / kTile * kTile, [&](int64_t begin, int64_t end, int) {
    C tiles[2][kShort * kTile];
    int64_t offsets[3][kTile];
    const int64_t steps[3] = {kTile, kTile, kTile};
    Walk<3> walk = job.walk(job.ndim, begin);
    for (int64_t done = begin; done < end; done += kTile) {
      const int64_t width = end - done < kTile ? end - done : kTile;
      for (int64_t r = 0; r < width; r++, walk.next())
        for (int k = 0; k < 3; k++) offsets[k][r] = walk.offset[k];
      for (int k = 1; k < job.count; k++) read_tile(job, k, offsets[k], width, tiles[k - 1]);
      loops.columns(tiles[0], tiles[1], tiles[0], job.n, steps, width);
      write_tile(job, offsets[0], width, tiles[0]);
    }
  });
}

template <typename C>
static void run(Job& job, const Loops<C>& loops) {
  job.is_half = itemsize_of(job.operands[0].dtype) != sizeof(C);
  bool unit = true, wide = job.ndim > 0;
  for (int k = 0; k < job.count; k++) {
    unit = unit && job.steps[k] == 1;
    wide = wide && job.operands[k].strides[job.ndim - 1] == 1;
  }
  const int64_t grain = 16384 / (job.n + 1) + 1;
  if (job.n <= kShort && (unit || !wide || job.is_half)) return run_short(job, loops, grain);
  if (!unit && wide && !job.is_half) {
    const int64_t inner = job.sizes[job.ndim - 1];
    const int64_t blocks = (inner + kColumns - 1) / kColumns;
    parallel(product(job.sizes, job.ndim - 1) * blocks, grain / kColumns + 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) {
        const Walk<3> walk = job.walk(job.ndim - 1, i / blocks);
        const int64_t from = i % blocks * kColumns;
        loops.columns(job.at<C>(1, walk.offset[1] + from), job.at<C>(2, walk.offset[2] + from),
                      job.at<C>(0, walk.offset[0] + from), job.n, job.steps, inner - from < kColumns ? inner - from : kColumns);
      }
    });
    return;
  }
  parallel(product(job.sizes, job.ndim), grain, [&](int64_t begin, int64_t end, int) {
    Walk<3> walk = job.walk(job.ndim, begin);
    if (unit && !job.is_half) {
      for (int64_t i = begin; i < end; i++, walk.next())
        loops.row(job.at<C>(1, walk.offset[1]), job.at<C>(2, walk.offset[2]), job.at<C>(0, walk.offset[0]), job.n);
      return;
    }
    C* const a = static_cast<C*>(tt_scratch(TT_SCRATCH_OTHER, size_t(job.n) * 2 * sizeof(C)));
    if (!a) {
      __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
      return;
    }
    C* const b = a + job.n;
    for (int64_t i = begin; i < end; i++, walk.next()) {
      read_rows(job, 1, &walk.offset[1], 1, a, 1);
      if (job.count == 3) read_rows(job, 2, &walk.offset[2], 1, b, 1);
      loops.row(a, b, a, job.n);
      write_rows(job, &walk.offset[0], 1, a, 1);
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(softmax) {
  ArgReader reader{args};
  const int kind = int(reader.integer());
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  Job job;
  job.count = kind >= kSoftmaxBackward ? 3 : 2;
  read_sizes(reader, ndim, job.sizes);
  for (int k = 0; k < job.count; k++) read_operand(reader, ndim, job.operands[k]);
  if (product(job.sizes, ndim) == 0) return TT_OK;
  if (job.count == 2) job.operands[2] = job.operands[1];

  job.n = ndim ? job.sizes[dim] : 1;
  job.ndim = 0;
  for (int k = 0; k < 3; k++) job.steps[k] = ndim ? job.operands[k].strides[dim] : 1;
  for (int d = 0; d < ndim; d++) {
    if (d == dim) continue;
    job.sizes[job.ndim] = job.sizes[d];
    for (int k = 0; k < 3; k++) job.operands[k].strides[job.ndim] = job.operands[k].strides[d];
    job.ndim++;
  }
  int64_t* strides[3] = {job.operands[0].strides, job.operands[1].strides, job.operands[2].strides};
  job.ndim = coalesce<3>(job.ndim, job.sizes, strides);
  const bool known = switch_float(job.operands[0].dtype, [&](auto tag) {
    using C = Compute<typename decltype(tag)::type>;
    run(job, loops_of<C>(kind));
  });
  if (job.failed) return TT_OUT_OF_MEMORY;
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
