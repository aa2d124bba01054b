// Reading and writing at positions that other tensors give.
//
// gather:  [ndim, dim, dimSize, sizes[ndim] of index; out: operand, in: operand, index: operand]
//   out[.., i, ..] = in[.., index[.., i, ..], ..] along `dim`; negative indices are out of range.
// scatter: [mode, includeSelf, ndim, dim, dimSize, sizes[ndim] of index; self: operand, src: operand, index: operand]
//   mode 0 set, 1 add, 2 multiply, 3 amin, 4 amax; without includeSelf what is written to starts from the mode's identity.
// index:   [mode, wrap, count, ndim, sizes[ndim] of value; value: operand, self: operand,
//           count times: size of self's dimension, self's stride there, index: operand]
//   mode 0: value = self[i0, i1, ..], 1: self[..] = value, 2: self[..] += value. `self` has stride 0 in the dimensions that
//   the indices span, the indices have stride 0 in the others. `wrap` = 1 lets negative indices count from the end.
// nonzero: [fill, ndim, sizes[ndim]; in: operand; out address, out strides[2] (int64, one row an element), out rows]
//   Slot 0 answers the count; to fill it must be known.
// masked:  [mode, ndim, sizes[ndim]; self: operand, mask: operand; packed address, packed length]
//   mode 0: packed = self[mask], as far as there is room; 1: self[mask] = packed. `packed` is contiguous. Slot 0 answers the
//   count; with mode 1 status TT_BAD_ARGUMENT if `packed` is too short.
//
// An operand is address, dtype, strides[ndim]. Indices are int64 or int32. An index out of range gives
// TT_INDEX_OUT_OF_RANGE, with the index in slot 0, the size in slot 1 and (index) the number of the index tensor in slot 2.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int64_t kGrain = 16384;
// The fewest columns for a thread.
constexpr int64_t kColumns = 64;

struct OutOfRange {
  int32_t found = 0;
  int64_t index = 0, size = 0, which = 0;

  // Only the first of several threads reports.
  void report(int64_t bad, int64_t limit, int64_t number) {
    if (__atomic_exchange_n(&found, 1, __ATOMIC_RELAXED)) return;
    index = bad;
    size = limit;
    which = number;
  }
  int32_t status(const double* args) const {
    if (!found) return TT_OK;
    answer(args, 0, double(index));
    answer(args, 1, double(size));
    answer(args, 2, double(which));
    return TT_INDEX_OUT_OF_RANGE;
  }
};

TT_INLINE int64_t index_at(const Operand& index, int64_t offset) {
  return index.dtype == TT_INT32 ? reinterpret_cast<const int32_t*>(index.data)[offset]
                                 : reinterpret_cast<const int64_t*>(index.data)[offset];
}

// ---- gather and scatter: an index tensor of the result's rank ----

struct Along {
  int ndim, dim;
  int64_t dim_size;
  int64_t sizes[kMaxDims];
  Operand a, b, index;  // `a` out or self, `b` in or src
};

static void read_along(ArgReader& args, Along& along) {
  along.ndim = int(args.integer());
  along.dim = int(args.integer());
  along.dim_size = args.integer();
  read_sizes(args, along.ndim, along.sizes);
  read_operand(args, along.ndim, along.a);
  read_operand(args, along.ndim, along.b);
  read_operand(args, along.ndim, along.index);
}

// Calls visit(from[i], to[i, index[i]]) along a row; negative indices have `wrapped` added. False, with the index in `bad`, if
// one is out of range.
template <typename Index, typename T, typename Visit>
TT_INLINE bool visit_row(T* from, int64_t from_step, T* to, int64_t to_step, int64_t dim_step, const Index* index,
                         int64_t index_step, int64_t n, int64_t size, int64_t wrapped, int64_t& bad, Visit visit) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t given = index[i * index_step];
    const int64_t at = given + (given < 0 ? wrapped : 0);
    if (uint64_t(at) >= uint64_t(size)) {
      bad = given;
      return false;
    }
    visit(from[i * from_step], to[i * to_step + at * dim_step]);
  }
  return true;
}

// The same for either type of index, from `offset` on. Where it is `common`, dense rows have loops of their own.
template <bool common, typename T, typename Visit>
TT_INLINE bool visit_row(T* from, int64_t from_step, T* to, int64_t to_step, int64_t dim_step, const Operand& index,
                         int64_t offset, int64_t index_step, int64_t n, int64_t size, int64_t wrapped, int64_t& bad,
                         Visit visit) {
  if (index.dtype == TT_INT32) {
    const int32_t* const at = reinterpret_cast<const int32_t*>(index.data) + offset;
    return visit_row(from, from_step, to, to_step, dim_step, at, index_step, n, size, wrapped, bad, visit);
  }
  const int64_t* const at = reinterpret_cast<const int64_t*>(index.data) + offset;
  if (common && from_step == 1 && index_step == 1) {
    if (to_step == 0 && dim_step == 1) return visit_row(from, 1, to, 0, 1, at, 1, n, size, wrapped, bad, visit);
    return visit_row(from, 1, to, to_step, dim_step, at, 1, n, size, wrapped, bad, visit);
  }
  return visit_row(from, from_step, to, to_step, dim_step, at, index_step, n, size, wrapped, bad, visit);
}

// Part of the index: rows, and columns of these.
struct Part {
  int64_t begin, end, first, last;
};

// Calls visit(element of `direct`, element of `indexed`).
template <typename T, bool common = true, typename Visit>
static __attribute__((noinline)) bool visit_part(const Along& along, const Operand& direct, const Operand& indexed, const Part& part,
                       OutOfRange& error, Visit visit) {
  const int last = along.ndim - 1;
  const int64_t dim_step = along.ndim ? indexed.strides[along.dim] : 0;
  int64_t steps[kMaxDims];
  for (int d = 0; d < along.ndim; d++) steps[d] = d == along.dim ? 0 : indexed.strides[d];
  const int64_t direct_step = along.ndim ? direct.strides[last] : 0;
  const int64_t indexed_step = along.ndim ? steps[last] : 0;
  const int64_t index_step = along.ndim ? along.index.strides[last] : 0;
  T* const direct_data = reinterpret_cast<T*>(direct.data) + part.first * direct_step;
  T* const indexed_data = reinterpret_cast<T*>(indexed.data) + part.first * indexed_step;
  Walk<3> walk;
  walk.over(last, along.sizes, direct.strides, steps, along.index.strides);
  walk.start(part.begin);
  for (int64_t row = part.begin; row < part.end; row++, walk.next()) {
    int64_t bad;
    if (!visit_row<common>(direct_data + walk.offset[0], direct_step, indexed_data + walk.offset[1], indexed_step, dim_step,
                   along.index, walk.offset[2] + part.first * index_step, index_step, part.last - part.first,
                   along.dim_size, 0, bad, visit)) {
      error.report(bad, along.dim_size, 0);
      return false;
    }
  }
  return true;
}

TT_INLINE int64_t rows_of(const Along& along) { return product(along.sizes, along.ndim > 0 ? along.ndim - 1 : 0); }
TT_INLINE int64_t columns_of(const Along& along) { return along.ndim ? along.sizes[along.ndim - 1] : 1; }
TT_INLINE bool is_empty(const Along& along) { return product(along.sizes, along.ndim) == 0; }

// Calls body(part) for parts that are written to by one thread each: lines along `dim` do not meet. So whatever comes together
// in an element comes in the same order for any number of threads.
template <typename Body>
TT_INLINE void for_parts(const Along& along, Body body) {
  const int64_t rows = rows_of(along), columns = columns_of(along);
  const bool in_rows = along.dim >= along.ndim - 1;
  const int64_t outer = in_rows ? rows : product(along.sizes, along.dim);
  const int64_t each = rows / outer;
  const bool in_boxes = in_rows || outer > 1;
  const int64_t grain = in_boxes ? kGrain / (each * columns) + 1 : kGrain / rows + kColumns;
  parallel(in_boxes ? outer : columns, grain, [&](int64_t begin, int64_t end, int) {
    body(in_boxes ? Part{begin * each, end * each, 0, columns} : Part{0, rows, begin, end});
  });
}

enum Mode { kSet, kAdd, kMultiply, kMin, kMax };

template <typename T>
TT_INLINE T combine(int mode, T a, T b) {
  if constexpr (IsComplex<T>::value) {
    if (mode == kAdd) return {a.re + b.re, a.im + b.im};
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  } else {
    const Compute<T> x = widen(a), y = widen(b);
    switch (mode) {
      case kAdd: return narrow<T>(x + y);
      case kMultiply: return narrow<T>(x * y);
      case kMin: return x != x ? a : y != y || y < x ? b : a;
      default: return x != x ? a : y != y || y > x ? b : a;
    }
  }
}

template <typename T>
TT_INLINE T identity(int mode) {
  if constexpr (IsComplex<T>::value) {
    return mode == kMultiply ? T{1, 0} : T{0, 0};
  } else if constexpr (is_float<T>) {
    const Compute<T> infinity = __builtin_inff();
    return narrow<T>(mode == kAdd ? 0 : mode == kMultiply ? 1 : mode == kMin ? infinity : -infinity);
  } else if constexpr (same<T, bool8>) {
    return {uint8_t(mode == kMultiply || mode == kMin)};
  } else {
    constexpr bool is_signed = T(-1) < T(0);
    constexpr T low = is_signed ? T(uint64_t(1) << (sizeof(T) * 8 - 1)) : T(0);
    constexpr T high = T(~low);
    return mode == kAdd ? T(0) : mode == kMultiply ? T(1) : mode == kMin ? high : low;
  }
}

// ---- index: several index tensors, broadcast together ----

struct IndexTensor {
  int64_t size, step;
  Operand at;
};

struct Indexed {
  int mode;
  bool wrap;
  int count, ndim;
  int64_t sizes[kMaxDims];
  Operand value, self;
  IndexTensor indices[kMaxDims];
  int outer;  // the dimensions from here on are in no index: whole blocks move
};

// What moves at each position: dimensions that are in no index, merged.
struct Block {
  int ndim;
  int64_t sizes[kMaxDims], value[kMaxDims], self[kMaxDims];
  int64_t first = 0;  // along the outermost of them
};

TT_INLINE bool spans(const Indexed& job, int dim) {
  for (int k = 0; k < job.count; k++)
    if (job.indices[k].at.strides[dim] != 0) return true;
  return false;
}

static void split(Indexed& job, Block& block) {
  job.outer = job.ndim;
  while (job.outer > 0 && !spans(job, job.outer - 1)) job.outer--;
  block.ndim = job.ndim - job.outer;
  for (int d = 0; d < block.ndim; d++) {
    block.sizes[d] = job.sizes[job.outer + d];
    block.value[d] = job.value.strides[job.outer + d];
    block.self[d] = job.self.strides[job.outer + d];
  }
  int64_t* strides[2] = {block.value, block.self};
  block.ndim = coalesce<2>(block.ndim, block.sizes, strides);
}

// T is the element type, or for kSet and reading a type of its size.
template <typename T, int mode>
TT_INLINE void move_element(T* value, T* self) {
  if constexpr (mode == 0)
    *value = *self;
  else if constexpr (mode == 1)
    *self = *value;
  else
    *self = combine<T>(kAdd, *self, *value);
}

// Elements side by side.
template <typename T, int mode>
static __attribute__((noinline)) void move_row(T* value, T* self, int64_t n) {
  for (int64_t i = 0; i < n; i++) move_element<T, mode>(value + i, self + i);
}

template <typename T, int mode>
static __attribute__((noinline)) void move_block(const Block& block, T* value, T* self) {
  const int last = block.ndim - 1;
  const int64_t n = block.sizes[last], value_step = block.value[last], self_step = block.self[last];
  Walk<2> walk;
  walk.over(last, block.sizes, block.value, block.self);
  walk.start(0);
  const int64_t rows = product(block.sizes, last);
  for (int64_t row = 0; row < rows; row++, walk.next()) {
    T* const to = value + walk.offset[0];
    T* const named = self + walk.offset[1];
    for (int64_t i = 0; i < n; i++) move_element<T, mode>(to + i * value_step, named + i * self_step);
  }
}

// The element of self that the indices name at one outer position. `from[k]` are offsets into the index tensors.
TT_INLINE bool locate(const Indexed& job, const int64_t* from, int64_t& offset, OutOfRange& error) {
  for (int k = 0; k < job.count; k++) {
    const IndexTensor& index = job.indices[k];
    const int64_t given = index_at(index.at, from[k]);
    const int64_t at = job.wrap && given < 0 ? given + index.size : given;
    if (uint64_t(at) >= uint64_t(index.size)) {
      error.report(given, index.size, k);
      return false;
    }
    offset += at * index.step;
  }
  return true;
}

// Outer positions begin..end.
template <typename T, int mode>
static __attribute__((noinline)) void move_range(const Indexed& job, const Block& block, int64_t begin, int64_t end, OutOfRange& error) {
  const bool single = block.ndim == 0, dense = block.ndim == 1 && block.value[0] == 1 && block.self[0] == 1;
  T* const value = reinterpret_cast<T*>(job.value.data) + (single ? 0 : block.first * block.value[0]);
  T* const self = reinterpret_cast<T*>(job.self.data) + (single ? 0 : block.first * block.self[0]);
  const int last = job.outer - 1;
  const int64_t n = job.outer ? job.sizes[last] : 1;
  const int64_t value_step = job.outer ? job.value.strides[last] : 0, self_step = job.outer ? job.self.strides[last] : 0;
  Walk<2> walk;
  walk.over(last, job.sizes, job.value.strides, job.self.strides);
  walk.start(begin / n);
  int64_t from[kMaxDims], steps[kMaxDims];
  for (int k = 0; k < job.count; k++) steps[k] = job.outer ? job.indices[k].at.strides[last] : 0;
  int64_t i = begin % n;
  for (int64_t position = begin; position < end; walk.next(), i = 0) {
    for (int k = 0; k < job.count; k++) {
      from[k] = i * steps[k];
      for (int d = 0; d < last; d++) from[k] += walk.index[d] * job.indices[k].at.strides[d];
    }
    const int64_t stop = n - i < end - position ? n : i + (end - position);
    position += stop - i;
    T* const to = value + walk.offset[0];
    T* const target = self + walk.offset[1];
    if (job.count == 1 && single) {
      // One index tensor that names single elements.
      const IndexTensor& index = job.indices[0];
      int64_t bad;
      if (!visit_row<mode == 0>(to + i * value_step, value_step, target + i * self_step, self_step, index.step, index.at, from[0],
                     steps[0], stop - i, index.size, job.wrap ? index.size : 0, bad,
                     [](T& element, T& named) { move_element<T, mode>(&element, &named); }))
        return error.report(bad, index.size, 0);
      continue;
    }
    for (; i < stop; i++) {
      int64_t offset = i * self_step;
      if (!locate(job, from, offset, error)) return;
      if (single)
        move_element<T, mode>(to + i * value_step, target + offset);
      else if (mode == 0 && dense)
        memcpy(to + i * value_step, target + offset, size_t(block.sizes[0]) * sizeof(T));
      else if (dense)
        move_row<T, mode>(to + i * value_step, target + offset, block.sizes[0]);
      else
        move_block<T, mode>(block, to + i * value_step, target + offset);
      for (int k = 0; k < job.count; k++) from[k] += steps[k];
    }
  }
}

// Reads at all positions.
template <typename T>
static void read_all(const Indexed& job, const Block& block, OutOfRange& error) {
  parallel(product(job.sizes, job.outer), kGrain / product(block.sizes, block.ndim) + 1,
           [&](int64_t begin, int64_t end, int) { move_range<T, 0>(job, block, begin, end, error); });
}

// Writes at all positions. Indices may repeat, so threads divide the dimensions that are in no index: those in front, or the
// block. Whatever comes together in an element comes in the same order for any number of threads.
template <typename T, int mode>
static void write_all(const Indexed& job, const Block& block, OutOfRange& error) {
  const int64_t positions = product(job.sizes, job.outer), numel = positions * product(block.sizes, block.ndim);
  if (job.outer > 0 && !spans(job, 0)) {
    const int64_t each = positions / job.sizes[0];
    parallel(job.sizes[0], kGrain / (numel / job.sizes[0]) + 1, [&](int64_t begin, int64_t end, int) {
      move_range<T, mode>(job, block, begin * each, end * each, error);
    });
  } else if (block.ndim > 0) {
    parallel(block.sizes[0], kGrain / (numel / block.sizes[0]) + kColumns, [&](int64_t begin, int64_t end, int) {
      Block part = block;
      part.first = begin;
      part.sizes[0] = end - begin;
      move_range<T, mode>(job, part, 0, positions, error);
    });
  } else {
    move_range<T, mode>(job, block, 0, positions, error);
  }
}

// The bits of an element that say whether it is not 0: of floating values all but the signs.
TT_INLINE uint64_t bits_that_count(int dtype) {
  switch (dtype) {
    case TT_FLOAT16: case TT_BFLOAT16: return 0x7fff;
    case TT_FLOAT32: case TT_COMPLEX64: return 0x7fffffff7fffffff;
    case TT_FLOAT64: case TT_COMPLEX128: return ~(uint64_t(1) << 63);
    default: return ~uint64_t(0);
  }
}
template <typename T>
TT_INLINE bool is_true(T x, uint64_t bits) {
  if constexpr (same<T, bytes16>)
    return ((x.words[0] | x.words[1]) & bits) != 0;
  else
    return (x & T(bits)) != 0;
}

template <typename T>
static int64_t count_true(const Operand& in, int ndim, const int64_t* sizes, uint64_t bits) {
  const T* data = reinterpret_cast<const T*>(in.data);
  const int64_t rows = product(sizes, ndim ? ndim - 1 : 0);
  const int64_t inner = ndim ? sizes[ndim - 1] : 1, step = ndim ? in.strides[ndim - 1] : 1;
  Walk<1> walk;
  walk.over(ndim - 1, sizes, in.strides);
  walk.start(0);
  int64_t count = 0;
  for (int64_t row = 0; row < rows; row++, walk.next()) {
    const T* from = data + walk.offset[0];
    if (step == 1)
      for (int64_t i = 0; i < inner; i++) count += is_true(from[i], bits);
    else
      for (int64_t i = 0; i < inner; i++) count += is_true(from[i * step], bits);
  }
  return count;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(gather) {
  ArgReader reader{args};
  Along along;
  read_along(reader, along);
  if (is_empty(along)) return TT_OK;
  OutOfRange error;
  const int64_t columns = columns_of(along);
  const bool known = switch_size(itemsize_of(along.a.dtype), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel(rows_of(along), kGrain / columns + 1, [&](int64_t begin, int64_t end, int) {
      visit_part<T>(along, along.a, along.b, {begin, end, 0, columns}, error, [](T& out, T& in) { out = in; });
    });
  });
  return known ? error.status(args) : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(scatter) {
  ArgReader reader{args};
  const int mode = int(reader.integer());
  const bool include_self = reader.integer() != 0;
  Along along;
  read_along(reader, along);
  if (is_empty(along)) return TT_OK;
  OutOfRange error;
  bool known;
  if (mode == kSet) {
    known = switch_size(itemsize_of(along.a.dtype), [&](auto tag) {
      using T = typename decltype(tag)::type;
      for_parts(along, [&](const Part& part) {
        visit_part<T>(along, along.b, along.a, part, error, [](T& src, T& self) { self = src; });
      });
    });
  } else {
    known = switch_any(along.a.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for_parts(along, [&](const Part& part) {
        if (!include_self &&
            !visit_part<T, false>(along, along.b, along.a, part, error, [&](T&, T& self) { self = identity<T>(mode); }))
          return;
        if (mode == kAdd)
          visit_part<T>(along, along.b, along.a, part, error,
                        [](T& src, T& self) { self = combine<T>(kAdd, self, src); });
        else
          visit_part<T, false>(along, along.b, along.a, part, error,
                               [&](T& src, T& self) { self = combine<T>(mode, self, src); });
      });
    });
  }
  return known ? error.status(args) : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(index) {
  ArgReader reader{args};
  Indexed job;
  job.mode = int(reader.integer());
  job.wrap = reader.integer() != 0;
  job.count = int(reader.integer());
  job.ndim = int(reader.integer());
  read_sizes(reader, job.ndim, job.sizes);
  read_operand(reader, job.ndim, job.value);
  read_operand(reader, job.ndim, job.self);
  for (int k = 0; k < job.count; k++) {
    job.indices[k].size = reader.integer();
    job.indices[k].step = reader.integer();
    read_operand(reader, job.ndim, job.indices[k].at);
  }
  if (product(job.sizes, job.ndim) == 0) return TT_OK;
  Block block;
  split(job, block);
  OutOfRange error;
  const bool known =
      job.mode == 2
          ? switch_any(job.self.dtype,
                       [&](auto tag) { write_all<typename decltype(tag)::type, 2>(job, block, error); })
          : switch_size(itemsize_of(job.self.dtype), [&](auto tag) {
              using T = typename decltype(tag)::type;
              if (job.mode == 1)
                write_all<T, 1>(job, block, error);
              else
                read_all<T>(job, block, error);
            });
  return known ? error.status(args) : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(nonzero) {
  ArgReader reader{args};
  const bool fill = reader.integer() != 0;
  int ndim = int(reader.integer());
  int64_t sizes[kMaxDims];
  Operand in;
  read_sizes(reader, ndim, sizes);
  read_operand(reader, ndim, in);
  int64_t* out = reader.address<int64_t>();
  const int64_t row_step = reader.integer(), column_step = reader.integer(), length = reader.integer();
  const int64_t numel = product(sizes, ndim);
  int64_t count = 0;
  const uint64_t bits = bits_that_count(in.dtype);
  const bool known = switch_size(itemsize_of(in.dtype), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (numel == 0) return;
    if (!fill) {
      int64_t* strides[1] = {in.strides};
      ndim = coalesce<1>(ndim, sizes, strides);
      count = count_true<T>(in, ndim, sizes, bits);
      return;
    }
    const T* data = reinterpret_cast<const T*>(in.data);
    const int last = ndim - 1;
    const int64_t inner = ndim ? sizes[last] : 1, step = ndim ? in.strides[last] : 1;
    Walk<1> walk;
    walk.over(last, sizes, in.strides);
    walk.start(0);
    for (int64_t row = 0; row < numel && count < length; row += inner, walk.next()) {
      const T* const from = data + walk.offset[0];
      // Every position is written, and one that counts is passed: which do cannot be foretold.
      for (int64_t i = 0; i < inner && count < length; i++) {
        int64_t* const to = out + count * row_step;
        for (int d = 0; d < last; d++) to[d * column_step] = walk.index[d];
        if (ndim > 0) to[last * column_step] = i;
        count += is_true(from[i * step], bits);
      }
    }
  });
  answer(args, 0, double(count));
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(masked) {
  ArgReader reader{args};
  const int mode = int(reader.integer());
  int ndim = int(reader.integer());
  int64_t sizes[kMaxDims];
  Operand self, mask;
  read_sizes(reader, ndim, sizes);
  read_operand(reader, ndim, self);
  read_operand(reader, ndim, mask);
  char* packed = reader.address<char>();
  const int64_t length = reader.integer();
  const int64_t numel = product(sizes, ndim);
  int64_t* strides[2] = {self.strides, mask.strides};
  ndim = coalesce<2>(ndim, sizes, strides);
  int64_t count = 0;
  bool enough = true;
  const bool known = switch_size(itemsize_of(self.dtype), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = reinterpret_cast<T*>(self.data);
    T* pack = reinterpret_cast<T*>(packed);
    const uint8_t* on = reinterpret_cast<const uint8_t*>(mask.data);
    if (numel == 0) return;
    Walk<2> walk;
    walk.over(ndim - 1, sizes, self.strides, mask.strides);
    walk.start(0);
    const int64_t inner = ndim ? sizes[ndim - 1] : 1;
    const int64_t self_step = ndim ? self.strides[ndim - 1] : 1, mask_step = ndim ? mask.strides[ndim - 1] : 1;
    for (int64_t row = 0; row < numel; row += inner, walk.next()) {
      T* const elements = data + walk.offset[0];
      const uint8_t* const chosen = on + walk.offset[1];
      if (mode == 0) {
        // Every element is written, and one that counts is passed: which do cannot be foretold.
        for (int64_t i = 0; i < inner && count < length; i++) {
          pack[count] = elements[i * self_step];
          count += chosen[i * mask_step] != 0;
        }
        continue;
      }
      for (int64_t i = 0; i < inner; i++) {
        if (!chosen[i * mask_step]) continue;
        if (count == length) {
          enough = false;
          return;
        }
        elements[i * self_step] = pack[count++];
      }
    }
  });
  answer(args, 0, double(count));
  if (!known) return TT_UNSUPPORTED_DTYPE;
  return enough ? TT_OK : TT_BAD_ARGUMENT;
}
