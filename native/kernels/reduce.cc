// reduce: sums, extremes, moments and norms over any dimensions of a strided operand.
//
// Arguments: reduction, accumulator type, ndim, results, scalars, sizes[ndim]; the input's address, dtype,
// strides[ndim] in elements; for each result the same, with stride 0 in the dimensions that are reduced; scalars.
//
// Elements are taken in leaves of a few rows of lanes, and leaves are joined pairwise, as the digits of a binary counter
// carry: the rounding error of a sum grows with the logarithm of its length, and any aligned part of the tree can be
// another thread's without changing the result.
#include "reduce.h"

#include "../args.h"
#include "../platform.h"
#include "../threads.h"

namespace TT_NS {
namespace {

// Rows of a leaf.
constexpr int64_t kLeafRows = kRowsInTurn, kLongLeafRows = 8 * kRowsInTurn;
// Elements in a row that are not worth lanes.
constexpr int64_t kShort = 32;
// Groups are shared out among threads one by one when there are this many, else each is cut into pieces.
constexpr int64_t kManyGroups = 16;
// Elements that are worth another thread.
constexpr int64_t kPieceElements = 1 << 16;
constexpr int64_t kMaxPieces = 256;

// Dimensions of one kind, innermost first; strides of the input in bytes.
struct Dims {
  int32_t count = 0;
  int64_t sizes[kMaxDims], strides[kMaxDims];

  tt_box box() const { return {count, sizes}; }
  int64_t product() const {
    int64_t n = 1;
    for (int32_t d = 0; d < count; d++) n *= sizes[d];
    return n;
  }
};

struct Result {
  char* data;
  int32_t dtype;
  int64_t strides[kMaxDims];  // of the kept dimensions, in bytes
};

struct Job {
  const tt_reduction* reduction;
  const char* data;
  int32_t dtype;
  Dims kept, reduced;
  int64_t outputs, count;  // elements kept, and reduced into each of them
  bool is_columns;         // neighbours in memory belong to different results
  const double* scalars;
  Result result[kMaxResults];
};

// Joins parts of a reduction in order and pairwise.
template <class T>
struct Tree {
  enum { kLevels = 48 };
  const tt_reduction& reduction;
  size_t bytes;  // of a part
  uint64_t filled = 0;  // bit k: level k holds 2^k leaves
  alignas(64) T level[kLevels][kMaxAccumulators * lanes_of<T>];

  explicit Tree(const tt_reduction& of) : reduction(of), bytes(of.accumulators * lanes_of<T> * sizeof(T)) {}

  // Adds a part of 2^size leaves.
  void push(const T* lanes, int size) {
    const T* carry = lanes;
    for (; (filled >> size) & 1; size++) {
      filled ^= (uint64_t)1 << size;
      reduction.combine(level[size], 0, carry, 0, lanes_of<T>);
      carry = level[size];
    }
    memcpy(level[size], carry, bytes);
    filled |= (uint64_t)1 << size;
  }

  // Everything together.
  void finish(T* lanes) {
    const T* last = nullptr;
    for (int size = 0; size < kLevels; size++) {
      if (!((filled >> size) & 1)) continue;
      if (last != nullptr) reduction.combine(level[size], 0, last, 0, lanes_of<T>);
      last = level[size];
    }
    if (last == nullptr) reduction.init(lanes);
    else memcpy(lanes, last, bytes);
  }
};

// One run of a reduction. A group is what is reduced at once: one result, or up to kLanes neighbouring ones (columns).
template <class T>
struct Reducer {
  static constexpr int kLanes = lanes_of<T>;
  typedef T Part[kMaxAccumulators * kLanes];

  const Job& job;
  const tt_reduction& reduction;
  T scalars[8];
  int64_t column_groups;  // groups along the innermost kept dimension
  int64_t groups, leaves, leaf_elements;
  bool is_direct;  // elements are used where they are
  int64_t piece_leaves = 0;
  int64_t group = 0;  // whose pieces are being reduced
  T* pieces = nullptr;

  explicit Reducer(const Job& of) : job(of), reduction(*of.reduction) {
    for (int i = 0; i < reduction.scalars; i++) scalars[i] = (T)job.scalars[i];
    const int64_t width = job.kept.sizes[0];
    column_groups = job.is_columns ? (width + kLanes - 1) / kLanes : width;
    groups = job.outputs / width * column_groups;
    const int64_t stride = job.is_columns ? job.kept.strides[0] : job.reduced.strides[0];
    is_direct = job.dtype == dtype_of<T> && job.reduced.count == 1 && stride == (int64_t)sizeof(T);
    const bool is_long = is_direct && !job.is_columns && takes_long_leaves(reduction.accumulators);
    const int64_t leaf_rows = is_long ? kLongLeafRows : kLeafRows;
    leaf_elements = job.is_columns ? leaf_rows : leaf_rows * kLanes;
    leaves = (job.count + leaf_elements - 1) / leaf_elements;
  }

  struct Group {
    int64_t index[kMaxDims];  // of its first result among the kept dimensions
    int64_t width;            // results
    const char* data;
  };
  Group locate_group(int64_t g) const {
    Group found;
    const int64_t per_group = job.is_columns ? kLanes : 1;
    if (job.kept.count == 1) {
      found.index[0] = g * per_group;
    } else {
      const tt_box outer = {job.kept.count - 1, job.kept.sizes + 1};
      locate(outer, g / column_groups, found.index + 1);
      found.index[0] = g % column_groups * per_group;
    }
    const int64_t rest = job.kept.sizes[0] - found.index[0];
    found.width = rest < per_group ? rest : per_group;
    found.data = job.data + offset_of(job.kept.box(), job.kept.strides, found.index);
    return found;
  }

  void store(const Group& g, const T* results, int64_t n) const {
    for (int k = 0; k < reduction.results; k++) {
      const Result& to = job.result[k];
      char* data = to.data + offset_of(job.kept.box(), to.strides, g.index);
      store_run(data, to.dtype, to.strides[0], results + k * kLanes, n);
    }
  }

  void take_leaf(const Group& g, int64_t leaf, T* lanes) const {
    alignas(64) T buffer[kLeafRows * kLanes];
    const int64_t begin = leaf * leaf_elements;
    const int64_t n = job.count - begin < leaf_elements ? job.count - begin : leaf_elements;
    const int64_t step = job.reduced.strides[0];
    const T* rows = buffer;
    if (job.is_columns) {
      int64_t stride = kLanes;
      if (is_direct) {
        rows = (const T*)(g.data + begin * step);
        stride = step / (int64_t)sizeof(T);
      } else {
        load_rows(g, begin, n, buffer);
      }
      reduction.step(lanes, rows, stride, n, g.width, scalars);
      return;
    }
    if (is_direct) rows = (const T*)g.data + begin;
    else if (job.reduced.count == 1) load_run(buffer, job.dtype, g.data + begin * step, step, n);
    else gather(buffer, job.dtype, g.data, job.reduced.box(), job.reduced.strides, begin, n);
    const int64_t whole = n / kLanes;
    reduction.step(lanes, rows, kLanes, whole, kLanes, scalars);
    if (n % kLanes != 0) reduction.step(lanes, rows + whole * kLanes, kLanes, 1, n % kLanes, scalars);
  }

  // n rows of a group of columns, from row `begin` of the reduced dimensions on.
  void load_rows(const Group& g, int64_t begin, int64_t n, T* to) const {
    const tt_box box = job.reduced.box();
    int64_t index[kMaxDims];
    locate(box, begin, index);
    const char* start = g.data + offset_of(box, job.reduced.strides, index, 1);
    for (int64_t r = 0; r < n; r++, to += kLanes) {
      load_run(to, job.dtype, start + index[0] * job.reduced.strides[0], job.kept.strides[0], g.width);
      if (++index[0] == box.sizes[0]) {
        index[0] = 0;
        start = next_row(box, job.reduced.strides, index, start);
      }
    }
  }

  void take_leaves(const Group& g, int64_t begin, int64_t end, T* lanes) const {
    reduction.init(lanes);
    if (end - begin <= 1) {
      if (begin < end) take_leaf(g, begin, lanes);
      return;
    }
    Tree<T> tree(reduction);
    for (; begin < end; begin++) {
      take_leaf(g, begin, lanes);
      tree.push(lanes, 0);
      reduction.init(lanes);
    }
    tree.finish(lanes);
  }

  // Lanes into results.
  void write(const Group& g, T* lanes) const {
    if (!job.is_columns) {
      int64_t half = kLanes / 2;
      while (half >= job.count && half > 0) half /= 2;  // lanes that took nothing
      for (; half >= 1; half /= 2) reduction.combine(lanes, 0, lanes, half, half);
    }
    T results[kMaxResults * kLanes];
    reduction.finish(lanes, g.width, job.count, scalars, results);
    store(g, results, g.width);
  }

  // Short stretches do not fill the lanes: they go element by element, and a batch of them is written at once.
  void reduce_short(int64_t begin, int64_t end) const {
    T results[kMaxResults * kLanes];
    while (begin < end) {
      const Group g = locate_group(begin);
      const int64_t rest = job.kept.sizes[0] - g.index[0];
      int64_t n = end - begin < rest ? end - begin : rest;
      n = n < kLanes ? n : kLanes;
      for (int64_t j = 0; j < n; j++) {
        const char* from = g.data + j * job.kept.strides[0];
        T buffer[kShort];
        const T* x = buffer;
        if (is_direct) x = (const T*)from;
        else gather(buffer, job.dtype, from, job.reduced.box(), job.reduced.strides, 0, job.count);
        reduction.stretch(x, job.count, scalars, results + j);
      }
      store(g, results, n);
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
      alignas(64) Part lanes;
      self.take_leaves(g, 0, self.leaves, lanes);
      self.write(g, lanes);
    }
  }

  static void run_pieces(void* context, int64_t begin, int64_t end, int) {
    const Reducer& self = *(const Reducer*)context;
    const Group g = self.locate_group(self.group);
    for (; begin < end; begin++) {
      const int64_t first = begin * self.piece_leaves, last = first + self.piece_leaves;
      self.take_leaves(g, first, last < self.leaves ? last : self.leaves, self.pieces + begin * (int64_t)(sizeof(Part) / sizeof(T)));
    }
  }

  int32_t run() {
    const int64_t lanes = job.is_columns ? kLanes : 1;
    const int64_t per_group = job.count * lanes;
    if (groups >= kManyGroups || per_group < 2 * kPieceElements) {
      const int64_t grain = kPieceElements / (per_group > 0 ? per_group : 1);
      tt_parallel_for(groups, grain < 1 ? 1 : grain, run_groups, this);
      return TT_OK;
    }
    // Pieces of 2^k leaves are subtrees, so the result is the one that a single thread gets.
    int size = 0;
    while ((leaf_elements << size) * lanes < kPieceElements || (leaves >> size) >= kMaxPieces) size++;
    piece_leaves = (int64_t)1 << size;
    const int64_t count = (leaves + piece_leaves - 1) / piece_leaves;
    pieces = (T*)tt_alloc((size_t)count * sizeof(Part));
    if (pieces == nullptr) return TT_OUT_OF_MEMORY;
    for (group = 0; group < groups; group++) {
      tt_parallel_for(count, 1, run_pieces, this);
      Tree<T> tree(reduction);
      for (int64_t i = 0; i < count; i++) tree.push(pieces + i * (int64_t)(sizeof(Part) / sizeof(T)), size);
      alignas(64) Part together;
      tree.finish(together);
      write(locate_group(group), together);
    }
    tt_free(pieces);
    return TT_OK;
  }
};

// Orders the dimensions by the input's strides and merges those that can be walked as one; the results' strides follow.
void simplify(Dims& dims, Result* results, int64_t count) {
  const auto move = [&](int32_t to, int32_t from) {
    dims.sizes[to] = dims.sizes[from];
    dims.strides[to] = dims.strides[from];
    for (int64_t k = 0; k < count; k++) results[k].strides[to] = results[k].strides[from];
  };
  const int32_t spare = kMaxDims - 1;  // ndim is smaller
  for (int32_t i = 1; i < dims.count; i++) {
    for (int32_t d = i; d > 0 && dims.strides[d] < dims.strides[d - 1]; d--) {
      move(spare, d);
      move(d, d - 1);
      move(d - 1, spare);
    }
  }
  int32_t last = 0;
  for (int32_t d = 1; d < dims.count; d++) {
    bool merges = dims.strides[d] == dims.strides[last] * dims.sizes[last];
    for (int64_t k = 0; k < count && merges; k++)
      merges = results[k].strides[d] == results[k].strides[last] * dims.sizes[last];
    if (merges) dims.sizes[last] *= dims.sizes[d];
    else move(++last, d);
  }
  if (dims.count == 0) {
    dims.sizes[0] = 1;
    dims.strides[0] = 0;
    for (int64_t k = 0; k < count; k++) results[k].strides[0] = 0;
  }
  dims.count = dims.count == 0 ? 1 : last + 1;
}

template <class T>
int32_t run_as(const Job& job) {
  Reducer<T> reducer(job);
  return reducer.run();
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(reduce) {
  ArgReader in{args};
  const int64_t reduction = in.integer(), type = in.integer(), ndim = in.integer(), results = in.integer(),
                scalars = in.integer();
  if (ndim >= kMaxDims || reduction >= TT_SYMBOL(reductions_f32_count)) return TT_BAD_ARGUMENT;
  const tt_reduction* table = type == TT_FLOAT32   ? TT_SYMBOL(reductions_f32)
                              : type == TT_FLOAT64 ? TT_SYMBOL(reductions_f64)
                              : type == TT_INT64   ? TT_SYMBOL(reductions_i64)
                                                   : nullptr;
  if (table == nullptr || table[reduction].accumulators == 0) return TT_UNSUPPORTED_DTYPE;

  Job job;
  job.reduction = &table[reduction];
  if (job.reduction->results != results || job.reduction->scalars != scalars) return TT_BAD_ARGUMENT;
  const double* sizes = in.array(ndim);
  job.data = in.address<const char>();
  job.dtype = (int32_t)in.integer();
  const int64_t item = item_size(job.dtype);
  const double* strides = in.array(ndim);
  const double* result_strides[kMaxResults];
  int64_t result_items[kMaxResults];
  for (int64_t k = 0; k < results; k++) {
    job.result[k].data = in.address<char>();
    job.result[k].dtype = (int32_t)in.integer();
    result_strides[k] = in.array(ndim);
    result_items[k] = item_size(job.result[k].dtype);
    if (result_items[k] == 0) return TT_UNSUPPORTED_DTYPE;
  }
  if (item == 0) return TT_UNSUPPORTED_DTYPE;
  job.scalars = in.array(scalars);

  for (int64_t d = ndim - 1; d >= 0; d--) {
    if (sizes[d] == 1) continue;
    const bool is_kept = result_strides[0][d] != 0;
    Dims& dims = is_kept ? job.kept : job.reduced;
    for (int64_t k = 0; k < results && is_kept; k++)
      job.result[k].strides[dims.count] = (int64_t)result_strides[k][d] * result_items[k];
    dims.sizes[dims.count] = (int64_t)sizes[d];
    dims.strides[dims.count++] = (int64_t)strides[d] * item;
  }
  job.outputs = job.kept.product();
  job.count = job.reduced.product();
  if (job.outputs == 0) return TT_OK;
  simplify(job.kept, job.result, results);
  simplify(job.reduced, nullptr, 0);
  job.is_columns = job.outputs > 1 && job.kept.strides[0] < job.reduced.strides[0];
  return type == TT_FLOAT32 ? run_as<float>(job) : type == TT_FLOAT64 ? run_as<double>(job) : run_as<int64_t>(job);
}
