// Copies several tensors into one, side by side.
//
// cat: [count, ndim, dim, sizes[ndim] of the result (its size along `dim` is not read); out: operand;
//       count times: size along dim, operand]
//   An operand is address, dtype, strides[ndim]; dtypes may differ and are converted. Many inputs are given in several
//   calls, the later ones with an `out` that begins further along.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int64_t kChunk = 256;

struct Copy {
  int ndim;
  int64_t sizes[kMaxDims];
  Operand to, from;
};

template <typename T>
TT_INLINE void copy_line(T* to, int64_t to_step, const T* from, int64_t from_step, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i * to_step] = from[i * from_step];
}

// Elements of the same dtype: blocks as long as both sides are dense.
template <typename T>
TT_INLINE void copy_same(const Copy& copy) {
  const int last = copy.ndim - 1;
  const int64_t n = copy.ndim ? copy.sizes[last] : 1;
  const int64_t to_step = copy.ndim ? copy.to.strides[last] : 1, from_step = copy.ndim ? copy.from.strides[last] : 1;
  const int64_t rows = product(copy.sizes, last < 0 ? 0 : last);
  T* const to = reinterpret_cast<T*>(copy.to.data);
  const T* const from = reinterpret_cast<const T*>(copy.from.data);
  Walk<2> walk;
  walk.over(last, copy.sizes, copy.to.strides, copy.from.strides);
  walk.start(0);
  for (int64_t row = 0; row < rows; row++, walk.next()) {
    if (to_step == 1 && from_step == 1)
      memcpy(to + walk.offset[0], from + walk.offset[1], size_t(n) * sizeof(T));
    else
      copy_line(to + walk.offset[0], to_step, from + walk.offset[1], from_step, n);
  }
}

// Different dtypes go through the widest type of the source's kind, a chunk at a time: 3 × 12 loops instead of 144.
template <typename Middle>
TT_INLINE void convert_line(const Copy& copy, int64_t to, int64_t from, int64_t n, int64_t to_step, int64_t from_step) {
  Middle middle[kChunk];
  for (int64_t done = 0; done < n; done += kChunk) {
    const int64_t here = n - done < kChunk ? n - done : kChunk;
    switch_any(copy.from.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* const source = reinterpret_cast<const T*>(copy.from.data) + from + done * from_step;
      for (int64_t i = 0; i < here; i++) middle[i] = convert<Middle>(source[i * from_step]);
    });
    switch_any(copy.to.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* const target = reinterpret_cast<T*>(copy.to.data) + to + done * to_step;
      for (int64_t i = 0; i < here; i++) target[i * to_step] = convert<T>(middle[i]);
    });
  }
}

template <typename Middle>
static void convert_all(const Copy& copy) {
  const int last = copy.ndim - 1;
  const int64_t n = copy.ndim ? copy.sizes[last] : 1;
  const int64_t to_step = copy.ndim ? copy.to.strides[last] : 1, from_step = copy.ndim ? copy.from.strides[last] : 1;
  const int64_t rows = product(copy.sizes, last < 0 ? 0 : last);
  Walk<2> walk;
  walk.over(last, copy.sizes, copy.to.strides, copy.from.strides);
  walk.start(0);
  for (int64_t row = 0; row < rows; row++, walk.next())
    convert_line<Middle>(copy, walk.offset[0], walk.offset[1], n, to_step, from_step);
}

static bool run(Copy& copy) {
  if (product(copy.sizes, copy.ndim) == 0) return true;
  int64_t* strides[2] = {copy.to.strides, copy.from.strides};
  copy.ndim = coalesce<2>(copy.ndim, copy.sizes, strides);
  const int64_t itemsize = itemsize_of(copy.to.dtype);
  if (copy.to.dtype == copy.from.dtype) {
    if (itemsize == 0) return false;
    if (copy.ndim == 0 || (copy.ndim == 1 && copy.to.strides[0] == 1 && copy.from.strides[0] == 1)) {
      memcpy(copy.to.data, copy.from.data, size_t(itemsize) * size_t(copy.ndim ? copy.sizes[0] : 1));
      return true;
    }
    return switch_size(itemsize, [&](auto tag) { copy_same<typename decltype(tag)::type>(copy); });
  }
  if (itemsize == 0) return false;
  switch (copy.from.dtype) {
    case TT_COMPLEX64: case TT_COMPLEX128: convert_all<c128>(copy); return true;
    case TT_FLOAT16: case TT_BFLOAT16: case TT_FLOAT32: case TT_FLOAT64: convert_all<double>(copy); return true;
    default: convert_all<int64_t>(copy); return true;
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(cat) {
  ArgReader reader{args};
  int count = int(reader.integer());
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  int64_t sizes[kMaxDims];
  Operand out;
  read_sizes(reader, ndim, sizes);
  read_operand(reader, ndim, out);
  const int64_t itemsize = itemsize_of(out.dtype);
  if (itemsize == 0) return TT_UNSUPPORTED_DTYPE;
  if (ndim == 1 && out.strides[0] == 1) {
    // Whole tensors one after the other, as a batch is collated: nothing to find out about most of them.
    while (count > 0 && reader.next[2] == double(out.dtype) && reader.next[3] == 1) {
      const size_t bytes = size_t(reader.integer() * itemsize);
      memcpy(out.data, reader.address<char>(), bytes);
      out.data += bytes;
      reader.next += 2;
      count--;
    }
  }
  Copy copy;
  for (int k = 0; k < count; k++) {
    copy.ndim = ndim;
    memcpy(copy.sizes, sizes, sizeof(int64_t) * ndim);
    copy.sizes[dim] = reader.integer();
    copy.to.data = out.data;
    copy.to.dtype = out.dtype;
    memcpy(copy.to.strides, out.strides, sizeof(int64_t) * ndim);
    out.data += copy.sizes[dim] * out.strides[dim] * itemsize;
    read_operand(reader, ndim, copy.from);
    if (!run(copy)) return TT_UNSUPPORTED_DTYPE;
  }
  return TT_OK;
}
