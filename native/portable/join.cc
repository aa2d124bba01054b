// Copies several tensors into one, side by side.
//
// cat: [count, ndim, dim, sizes[ndim] of the result (its size along `dim` is not read); out: operand;
//       count times: size along dim, operand]
//   An operand is address, dtype, strides[ndim]; dtypes may differ and are converted. Many inputs are given in several
//   calls, the later ones with an `out` that begins further along.
#include "../kernels/dtype_switch.h"
#include "../move.h"

namespace TT_NS {
namespace {

constexpr int64_t kChunk = 256;
// What is shorter is copied at once.
constexpr int64_t kFewBytes = 4096;

struct Copy {
  int ndim;
  int64_t sizes[kMaxDims];
  Operand to, from;
};

// Elements of the same dtype.
static void copy_same(const Copy& copy, int64_t itemsize) {
  int64_t sizes[kMaxDims], to_strides[kMaxDims], from_strides[kMaxDims];
  for (int d = 0; d < copy.ndim; d++) {
    const int outer = copy.ndim - 1 - d;
    sizes[d] = copy.sizes[outer];
    to_strides[d] = copy.to.strides[outer] * itemsize;
    from_strides[d] = copy.from.strides[outer] * itemsize;
  }
  tt_move(copy.ndim, sizes, itemsize, copy.to.data, to_strides, copy.from.data, from_strides);
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
  const int64_t itemsize = itemsize_of(copy.to.dtype);
  if (itemsize == 0) return false;
  if (copy.to.dtype == copy.from.dtype) {
    copy_same(copy, itemsize);
    return true;
  }
  int64_t* strides[2] = {copy.to.strides, copy.from.strides};
  copy.ndim = coalesce<2>(copy.ndim, copy.sizes, strides);
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
      const int64_t bytes = reader.integer() * itemsize, side_by_side = 1;
      const char* const from = reader.address<char>();
      if (bytes < kFewBytes)
        memcpy(out.data, from, size_t(bytes));
      else
        tt_move(1, &bytes, 1, out.data, &side_by_side, from, &side_by_side);
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
