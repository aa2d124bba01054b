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
// nonzero: [fill, ndim, sizes[ndim]; in: operand; out address, out strides[2] (int64, one row an element)]
//   Slot 0 answers the count.
// masked:  [mode, ndim, sizes[ndim]; self: operand, mask: operand; packed address, packed length]
//   mode 0: packed = self[mask], 1: self[mask] = packed. `packed` is contiguous. Slot 0 answers the count; with mode 1
//   status TT_BAD_ARGUMENT if `packed` is too short.
//
// An operand is address, dtype, strides[ndim]. Indices are int64 or int32. An index out of range gives
// TT_INDEX_OUT_OF_RANGE, with the index in slot 0, the size in slot 1 and (index) the number of the index tensor in slot 2.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int64_t kGrain = 16384;

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

// Calls visit(element of `direct`, element of `indexed`) for positions begin..end of the rows of the index.
template <typename T, typename Visit>
static bool visit_along(const Along& along, const Operand& direct, const Operand& indexed, int64_t begin, int64_t end,
                        OutOfRange& error, Visit visit) {
  const int last = along.ndim - 1;
  const int64_t inner = along.ndim ? along.sizes[last] : 1;
  const int64_t dim_step = along.ndim ? indexed.strides[along.dim] : 0;
  int64_t steps[kMaxDims];
  for (int d = 0; d < along.ndim; d++) steps[d] = d == along.dim ? 0 : indexed.strides[d];
  const int64_t direct_step = along.ndim ? direct.strides[last] : 0;
  const int64_t indexed_step = along.ndim ? steps[last] : 0;
  const int64_t index_step = along.ndim ? along.index.strides[last] : 0;
  T* const direct_data = reinterpret_cast<T*>(direct.data);
  T* const indexed_data = reinterpret_cast<T*>(indexed.data);
  Walk<3> walk;
  walk.over(last, along.sizes, direct.strides, steps, along.index.strides);
  walk.start(begin);
  for (int64_t row = begin; row < end; row++, walk.next()) {
    T* from = direct_data + walk.offset[0];
    T* to = indexed_data + walk.offset[1];
    for (int64_t i = 0; i < inner; i++) {
      const int64_t at = index_at(along.index, walk.offset[2] + i * index_step);
      if (uint64_t(at) >= uint64_t(along.dim_size)) {
        error.report(at, along.dim_size, 0);
        return false;
      }
      visit(from[i * direct_step], to[i * indexed_step + at * dim_step]);
    }
  }
  return true;
}

TT_INLINE int64_t rows_of(const Along& along) { return product(along.sizes, along.ndim > 0 ? along.ndim - 1 : 0); }
TT_INLINE bool is_empty(const Along& along) { return product(along.sizes, along.ndim) == 0; }

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
  int inner;  // how many dimensions a block has, merged
  int64_t inner_sizes[kMaxDims], inner_value[kMaxDims], inner_self[kMaxDims];
};

TT_INLINE bool spans(const Indexed& job, int dim) {
  for (int k = 0; k < job.count; k++)
    if (job.indices[k].at.strides[dim] != 0) return true;
  return false;
}

static void split(Indexed& job) {
  job.outer = job.ndim;
  while (job.outer > 0 && !spans(job, job.outer - 1)) job.outer--;
  job.inner = job.ndim - job.outer;
  for (int d = 0; d < job.inner; d++) {
    job.inner_sizes[d] = job.sizes[job.outer + d];
    job.inner_value[d] = job.value.strides[job.outer + d];
    job.inner_self[d] = job.self.strides[job.outer + d];
  }
  int64_t* strides[2] = {job.inner_value, job.inner_self};
  job.inner = coalesce<2>(job.inner, job.inner_sizes, strides);
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

template <typename T, int mode>
TT_INLINE void move_block(const Indexed& job, T* value, T* self) {
  if (job.inner == 0) return move_element<T, mode>(value, self);
  const int last = job.inner - 1;
  const int64_t n = job.inner_sizes[last], value_step = job.inner_value[last], self_step = job.inner_self[last];
  if (job.inner == 1 && value_step == 1 && self_step == 1) {
    if constexpr (mode == 0)
      memcpy(value, self, n * sizeof(T));
    else
      for (int64_t i = 0; i < n; i++) move_element<T, mode>(value + i, self + i);
    return;
  }
  Walk<2> walk;
  walk.over(last, job.inner_sizes, job.inner_value, job.inner_self);
  walk.start(0);
  const int64_t rows = product(job.inner_sizes, last);
  for (int64_t row = 0; row < rows; row++, walk.next())
    for (int64_t i = 0; i < n; i++)
      move_element<T, mode>(value + walk.offset[0] + i * value_step, self + walk.offset[1] + i * self_step);
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
static void move_range(const Indexed& job, int64_t begin, int64_t end, OutOfRange& error) {
  T* const value = reinterpret_cast<T*>(job.value.data);
  T* const self = reinterpret_cast<T*>(job.self.data);
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
    if (job.count == 1 && job.inner == 0) {
      // One index tensor that names single elements.
      const IndexTensor& index = job.indices[0];
      const int64_t size = index.size, index_step = index.step, step = steps[0], wrapped = job.wrap ? size : 0;
      T* const to = value + walk.offset[0];
      T* const target = self + walk.offset[1];
      for (int64_t at_index = from[0]; i < stop; i++, at_index += step) {
        const int64_t given = index_at(index.at, at_index);
        const int64_t at = given + (given < 0 ? wrapped : 0);
        if (uint64_t(at) >= uint64_t(size)) return error.report(given, size, 0);
        move_element<T, mode>(to + i * value_step, target + i * self_step + at * index_step);
      }
      continue;
    }
    for (; i < stop; i++) {
      int64_t offset = walk.offset[1] + i * self_step;
      if (!locate(job, from, offset, error)) return;
      T* const to = value + walk.offset[0] + i * value_step;
      if (job.inner == 0)
        move_element<T, mode>(to, self + offset);
      else
        move_block<T, mode>(job, to, self + offset);
      for (int k = 0; k < job.count; k++) from[k] += steps[k];
    }
  }
}

template <typename T>
TT_INLINE bool is_true(T x) {
  if constexpr (IsComplex<T>::value)
    return x.re != 0 || x.im != 0;
  else
    return widen(x) != 0;
}

template <typename T>
static int64_t count_true(const Operand& in, int ndim, const int64_t* sizes) {
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
      for (int64_t i = 0; i < inner; i++) count += is_true(from[i]);
    else
      for (int64_t i = 0; i < inner; i++) count += is_true(from[i * step]);
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
  const int64_t inner = along.ndim ? along.sizes[along.ndim - 1] : 1;
  const bool known = switch_size(itemsize_of(along.a.dtype), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel(rows_of(along), kGrain / inner + 1, [&](int64_t begin, int64_t end, int) {
      visit_along<T>(along, along.a, along.b, begin, end, error, [](T& out, T& in) { out = in; });
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
  const int64_t rows = rows_of(along);
  bool known;
  if (mode == kSet) {
    known = switch_size(itemsize_of(along.a.dtype), [&](auto tag) {
      using T = typename decltype(tag)::type;
      visit_along<T>(along, along.b, along.a, 0, rows, error, [](T& src, T& self) { self = src; });
    });
  } else {
    known = switch_any(along.a.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if (!include_self &&
          !visit_along<T>(along, along.b, along.a, 0, rows, error, [&](T&, T& self) { self = identity<T>(mode); }))
        return;
      if (mode == kAdd)
        visit_along<T>(along, along.b, along.a, 0, rows, error, [](T& src, T& self) { self = combine<T>(kAdd, self, src); });
      else
        visit_along<T>(along, along.b, along.a, 0, rows, error,
                       [&](T& src, T& self) { self = combine<T>(mode, self, src); });
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
  split(job);
  const int64_t positions = product(job.sizes, job.outer);
  const int64_t block = product(job.inner_sizes, job.inner);
  OutOfRange error;
  bool known;
  if (job.mode == 2) {
    known = switch_any(job.self.dtype, [&](auto tag) {
      move_range<typename decltype(tag)::type, 2>(job, 0, positions, error);
    });
  } else {
    known = switch_size(itemsize_of(job.self.dtype), [&](auto tag) {
      using T = typename decltype(tag)::type;
      if (job.mode == 1) return move_range<T, 1>(job, 0, positions, error);
      parallel(positions, kGrain / block + 1,
               [&](int64_t begin, int64_t end, int) { move_range<T, 0>(job, begin, end, error); });
    });
  }
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
  const int64_t row_step = reader.integer(), column_step = reader.integer();
  const int64_t numel = product(sizes, ndim);
  int64_t count = 0;
  const bool known = switch_any(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (numel == 0) return;
    if (!fill) {
      int64_t* strides[1] = {in.strides};
      ndim = coalesce<1>(ndim, sizes, strides);
      count = count_true<T>(in, ndim, sizes);
      return;
    }
    const T* data = reinterpret_cast<const T*>(in.data);
    Walk<1> walk;
    walk.over(ndim, sizes, in.strides);
    walk.start(0);
    for (int64_t i = 0; i < numel; i++, walk.next()) {
      if (!is_true(data[walk.offset[0]])) continue;
      for (int d = 0; d < ndim; d++) out[count * row_step + d * column_step] = walk.index[d];
      count++;
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
      for (int64_t i = 0; i < inner; i++) {
        if (!on[walk.offset[1] + i * mask_step]) continue;
        if (count == length) {
          enough = false;
          return;
        }
        T& element = data[walk.offset[0] + i * self_step];
        if (mode == 0)
          pack[count++] = element;
        else
          element = pack[count++];
      }
    }
  });
  answer(args, 0, double(count));
  if (!known) return TT_UNSUPPORTED_DTYPE;
  return enough ? TT_OK : TT_BAD_ARGUMENT;
}
