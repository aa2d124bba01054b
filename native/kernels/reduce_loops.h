// The loops of every reduction. gen/reductions.ts instantiates them from the declarations in src/expr/reductions.ts.
//
// All work is done in lanes side by side: along a contiguous row, lane j takes the elements j, j + lanes, …; where
// neighbours belong to different results, a lane is a result. Elements are taken in leaves of a few rows of lanes, and
// leaves are joined pairwise, as the digits of a binary counter carry: the rounding error of a sum grows with the
// logarithm of its length, and any aligned part of the tree can be another thread's without changing the result.
#pragma once
#include "../math/basic.h"
#include "../platform.h"
#include "../threads.h"
#include "reduce.h"

namespace TT_NS {
namespace {

enum {
  kLaneBytes = 512,
  kLeafRows = 16,
  // Stretches that are not worth lanes.
  kShort = 32,
  // Results are shared out among threads one by one when there are this many, else each is cut into pieces.
  kManyGroups = 16,
  // Elements that are worth another thread; a power of two times a leaf.
  kPieceElements = 32 * 1024,
  kMaxPieces = 256,
};

template <class T>
constexpr int lanes_of = kLaneBytes / (int)sizeof(T);

template <class R, class T>
struct Lanes {
  static constexpr int count = lanes_of<T>;
  T value[R::accumulators][count];
};

template <class R, class T>
TT_INLINE void init_lanes(Lanes<R, T>& lanes) {
  T fresh[R::accumulators];
  R::init(fresh);
  for (int k = 0; k < R::accumulators; k++)
    for (int j = 0; j < lanes_of<T>; j++) lanes.value[k][j] = fresh[k];
}

template <class R, class T>
TT_INLINE void step_lane(Lanes<R, T>& lanes, int64_t j, T x, const T* s) {
  T acc[R::accumulators];
  for (int k = 0; k < R::accumulators; k++) acc[k] = lanes.value[k][j];
  R::step(acc, x, s);
  for (int k = 0; k < R::accumulators; k++) lanes.value[k][j] = acc[k];
}

// Lanes a[first_a + j] take lanes b[first_b + j], which come after them.
template <class R, class T>
TT_INLINE void combine_lanes(Lanes<R, T>& a, int first_a, const Lanes<R, T>& b, int first_b, int n) {
  _Pragma("GCC ivdep") for (int j = 0; j < n; j++) {
    T acc[R::accumulators], other[R::accumulators];
    for (int k = 0; k < R::accumulators; k++) {
      acc[k] = a.value[k][first_a + j];
      other[k] = b.value[k][first_b + j];
    }
    R::combine(acc, other);
    for (int k = 0; k < R::accumulators; k++) a.value[k][first_a + j] = acc[k];
  }
}

// The upper half of the lanes onto the lower, until one is left.
template <int half, class R, class T>
TT_INLINE void fold_lanes(Lanes<R, T>& lanes) {
  if constexpr (half >= 1) {
    combine_lanes<R, T>(lanes, 0, lanes, half, half);
    fold_lanes<half / 2>(lanes);
  }
}

// Rows of `width` elements, `stride` elements apart.
template <class R, class T>
TT_INLINE void step_rows(Lanes<R, T>& lanes, const T* rows, int64_t stride, int64_t count, int64_t width, const T* s) {
  constexpr int kLanes = lanes_of<T>;
  if (width == kLanes) {
    // A vector's worth of lanes at a time, so that their accumulators stay in registers from row to row.
    constexpr int kBlock = 4 * TT_VECTOR_BYTES / (int)sizeof(T) < kLanes ? 4 * TT_VECTOR_BYTES / (int)sizeof(T) : kLanes;
    for (int first = 0; first < kLanes; first += kBlock) {
      T acc[R::accumulators][kBlock];
      for (int k = 0; k < R::accumulators; k++)
        for (int j = 0; j < kBlock; j++) acc[k][j] = lanes.value[k][first + j];
      for (int64_t r = 0; r < count; r++) {
        const T* row = rows + r * stride + first;
        for (int j = 0; j < kBlock; j++) {
          T own[R::accumulators];
          for (int k = 0; k < R::accumulators; k++) own[k] = acc[k][j];
          R::step(own, row[j], s);
          for (int k = 0; k < R::accumulators; k++) acc[k][j] = own[k];
        }
      }
      for (int k = 0; k < R::accumulators; k++)
        for (int j = 0; j < kBlock; j++) lanes.value[k][first + j] = acc[k][j];
    }
  } else {
    for (int64_t r = 0; r < count; r++) {
      const T* row = rows + r * stride;
      _Pragma("GCC ivdep") for (int64_t j = 0; j < width; j++) step_lane<R, T>(lanes, j, row[j], s);
    }
  }
}

// Joins parts of a reduction in order and pairwise.
template <class R, class T>
struct Tree {
  uint64_t filled = 0;  // bit k: level[k] holds 2^k leaves
  Lanes<R, T> level[48];

  // Adds the part in `lanes`, of 2^size leaves.
  void push(Lanes<R, T>& lanes, int size) {
    for (; (filled >> size) & 1; size++) {
      filled ^= (uint64_t)1 << size;
      combine_lanes<R, T>(level[size], 0, lanes, 0, lanes_of<T>);
      lanes = level[size];
    }
    level[size] = lanes;
    filled |= (uint64_t)1 << size;
  }

  // Everything together.
  void finish(Lanes<R, T>& lanes) {
    bool is_first = true;
    for (int size = 0; size < 48; size++) {
      if (!((filled >> size) & 1)) continue;
      if (!is_first) combine_lanes<R, T>(level[size], 0, lanes, 0, lanes_of<T>);
      lanes = level[size];
      is_first = false;
    }
    if (is_first) init_lanes(lanes);
  }
};

// One run of a reduction. A group is what is reduced at once: one result, or up to kLanes neighbouring ones (columns).
template <class R, class T>
struct Reducer {
  static constexpr int kLanes = lanes_of<T>;
  const tt_reduce_job& job;
  T scalars[R::scalars + 1];
  tt_dtype own_dtype;
  int64_t column_groups;  // groups along the innermost kept dimension
  int64_t groups, leaves, leaf_elements;
  bool is_direct;  // elements are used where they are
  int64_t piece_leaves = 0;
  int64_t group = 0;         // whose pieces are being reduced
  Lanes<R, T>* pieces = nullptr;

  explicit Reducer(const tt_reduce_job& of) : job(of) {
    for (int i = 0; i < R::scalars; i++) scalars[i] = (T)job.scalars[i];
    own_dtype = same<T, float> ? TT_FLOAT32 : same<T, double> ? TT_FLOAT64 : TT_INT64;
    const bool is_own = job.dtype == own_dtype;
    column_groups = job.is_columns ? (job.kept.sizes[0] + kLanes - 1) / kLanes : job.kept.sizes[0];
    groups = job.outputs / job.kept.sizes[0] * column_groups;
    // A leaf is kLeafRows rows of lanes.
    leaf_elements = job.is_columns ? kLeafRows : kLeafRows * kLanes;
    leaves = (job.count + leaf_elements - 1) / leaf_elements;
    const int64_t stride = job.is_columns ? job.kept_strides[0] : job.reduced_strides[0];
    is_direct = is_own && job.reduced.dims == 1 && stride == (int64_t)sizeof(T) &&
                (!job.is_columns || job.reduced_strides[0] % (int64_t)sizeof(T) == 0);
  }

  struct Group {
    int64_t index[kMaxDims];  // of its first result among the kept dimensions
    int64_t width;            // results
    const char* data;
  };
  Group locate_group(int64_t g) const {
    Group found;
    const int64_t inner = g % column_groups;
    tt_box outer = {job.kept.dims - 1, job.kept.sizes + 1};
    locate(outer, g / column_groups, found.index + 1);
    const int64_t per_group = job.is_columns ? kLanes : 1;
    found.index[0] = inner * per_group;
    const int64_t rest = job.kept.sizes[0] - found.index[0];
    found.width = rest < per_group ? rest : per_group;
    found.data = job.data + offset_of(job.kept, job.kept_strides, found.index);
    return found;
  }

  void take_leaf(const Group& g, int64_t leaf, Lanes<R, T>& lanes) const {
    alignas(64) T buffer[kLeafRows * kLanes];
    const int64_t begin = leaf * leaf_elements;
    const int64_t n = job.count - begin < leaf_elements ? job.count - begin : leaf_elements;
    const T* rows = buffer;
    if (job.is_columns) {
      int64_t stride = kLanes;
      if (is_direct) {
        rows = (const T*)(g.data + begin * job.reduced_strides[0]);
        stride = job.reduced_strides[0] / (int64_t)sizeof(T);
      } else {
        int64_t index[kMaxDims];
        locate(job.reduced, begin, index);
        const char* row = g.data + offset_of(job.reduced, job.reduced_strides, index, 1);
        for (int64_t r = 0; r < n; r++) {
          const char* from = row + index[0] * job.reduced_strides[0];
          load_run(buffer + r * kLanes, job.dtype, from, job.kept_strides[0], g.width);
          if (++index[0] == job.reduced.sizes[0]) {
            index[0] = 0;
            row = next_row(job.reduced, job.reduced_strides, index, row);
          }
        }
      }
      step_rows<R, T>(lanes, rows, stride, n, g.width, scalars);
      return;
    }
    if (is_direct) rows = (const T*)g.data + begin;
    else if (job.reduced.dims == 1)
      load_run(buffer, job.dtype, g.data + begin * job.reduced_strides[0], job.reduced_strides[0], n);
    else gather(buffer, job.dtype, g.data, job.reduced, job.reduced_strides, begin, n);
    step_rows<R, T>(lanes, rows, kLanes, n / kLanes, kLanes, scalars);
    if (n % kLanes != 0) step_rows<R, T>(lanes, rows + n / kLanes * kLanes, kLanes, 1, n % kLanes, scalars);
  }

  void take_leaves(const Group& g, int64_t begin, int64_t end, Lanes<R, T>& lanes) const {
    if (end - begin <= 1) {
      init_lanes(lanes);
      if (begin < end) take_leaf(g, begin, lanes);
      return;
    }
    Tree<R, T> tree;
    for (; begin < end; begin++) {
      init_lanes(lanes);
      take_leaf(g, begin, lanes);
      tree.push(lanes, 0);
    }
    tree.finish(lanes);
  }

  // Lanes into results.
  void write(const Group& g, Lanes<R, T>& lanes) const {
    if (!job.is_columns) fold_lanes<kLanes / 2>(lanes);
    T values[R::results][kLanes];
    for (int64_t j = 0; j < g.width; j++) {
      T acc[R::accumulators], result[R::results];
      for (int k = 0; k < R::accumulators; k++) acc[k] = lanes.value[k][j];
      R::finish(acc, (T)job.count, scalars, result);
      for (int k = 0; k < R::results; k++) values[k][j] = result[k];
    }
    for (int k = 0; k < R::results; k++) {
      const tt_reduce_result& to = job.result[k];
      store_run(to.data + offset_of(job.kept, to.strides, g.index), to.dtype, to.strides[0], values[k], g.width);
    }
  }

  // Short stretches do not fill the lanes: they go element by element, and a batch of them is written at once.
  void reduce_short(int64_t begin, int64_t end) const {
    T values[R::results][kLanes];
    while (begin < end) {
      const Group g = locate_group(begin);
      const int64_t rest = job.kept.sizes[0] - g.index[0];
      int64_t n = end - begin < rest ? end - begin : rest;
      n = n < kLanes ? n : kLanes;
      for (int64_t j = 0; j < n; j++) {
        const char* from = g.data + j * job.kept_strides[0];
        T buffer[kShort];
        const T* x = buffer;
        if (is_direct) x = (const T*)from;
        else gather(buffer, job.dtype, from, job.reduced, job.reduced_strides, 0, job.count);
        T acc[R::accumulators], result[R::results];
        R::init(acc);
        for (int64_t i = 0; i < job.count; i++) R::step(acc, x[i], scalars);
        R::finish(acc, (T)job.count, scalars, result);
        for (int k = 0; k < R::results; k++) values[k][j] = result[k];
      }
      for (int k = 0; k < R::results; k++) {
        const tt_reduce_result& to = job.result[k];
        store_run(to.data + offset_of(job.kept, to.strides, g.index), to.dtype, to.strides[0], values[k], n);
      }
      begin += n;
    }
  }

  static void run_groups(void* context, int64_t begin, int64_t end, int) {
    const Reducer& self = *(const Reducer*)context;
    if (!self.job.is_columns && self.job.count > 0 && self.job.count <= kShort) {
      self.reduce_short(begin, end);
      return;
    }
    for (; begin < end; begin++) {
      const Group g = self.locate_group(begin);
      Lanes<R, T> lanes;
      self.take_leaves(g, 0, self.leaves, lanes);
      self.write(g, lanes);
    }
  }

  static void run_pieces(void* context, int64_t begin, int64_t end, int) {
    const Reducer& self = *(const Reducer*)context;
    const Group g = self.locate_group(self.group);
    for (; begin < end; begin++) {
      const int64_t first = begin * self.piece_leaves, last = first + self.piece_leaves;
      self.take_leaves(g, first, last < self.leaves ? last : self.leaves, self.pieces[begin]);
    }
  }

  int32_t run() {
    const int64_t per_group = job.count * (job.is_columns ? kLanes : 1);
    if (groups >= kManyGroups || per_group < 2 * kPieceElements) {
      int64_t grain = kPieceElements / (per_group > 0 ? per_group : 1);
      tt_parallel_for(groups, grain < 1 ? 1 : grain, run_groups, this);
      return TT_OK;
    }
    // Pieces of 2^k leaves are subtrees, so the result is the one that a single thread gets.
    int size = 0;
    while (((leaf_elements << size) * (job.is_columns ? kLanes : 1) < kPieceElements) || (leaves >> size) >= kMaxPieces) size++;
    piece_leaves = (int64_t)1 << size;
    const int64_t count = (leaves + piece_leaves - 1) / piece_leaves;
    pieces = (Lanes<R, T>*)tt_alloc((size_t)count * sizeof(Lanes<R, T>));
    if (pieces == nullptr) return TT_OUT_OF_MEMORY;
    for (group = 0; group < groups; group++) {
      tt_parallel_for(count, 1, run_pieces, this);
      Tree<R, T> tree;
      for (int64_t i = 0; i < count; i++) tree.push(pieces[i], size);
      Lanes<R, T> lanes;
      tree.finish(lanes);
      write(locate_group(group), lanes);
    }
    tt_free(pieces);
    return TT_OK;
  }
};

template <class R, class T>
int32_t run_reduction(const tt_reduce_job& job, int64_t results, int64_t scalars) {
  if (results != R::results || scalars != R::scalars) return TT_BAD_ARGUMENT;
  Reducer<R, T> reducer(job);
  return reducer.run();
}

}  // namespace
}  // namespace TT_NS
