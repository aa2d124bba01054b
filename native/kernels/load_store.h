// Between elements of any dtype in memory and register values (float, double, int64): one rounding each way.
//
// A half type loads into float or double exactly, and is rounded once from either. A float becomes an integer by
// truncation; what does not fit in 64 bits (NaN too) gives INT64_MIN, in int32 what does not fit gives INT32_MIN, and
// the smaller types keep the low bits: what PyTorch gives on x86. Anything but 0 is true.
#pragma once
#include "../abi.h"
#include "../half.h"
#include "../math/basic.h"
#include "convert.h"

// A box of elements, walked with dimension 0 innermost.
struct tt_box {
  int32_t dims;
  const int64_t* sizes;
};

namespace TT_NS {
namespace {

struct Bool {
  uint8_t byte;
};

TT_INLINE int64_t item_size(int32_t dtype) {
  switch (dtype) {
    case TT_UINT8: case TT_INT8: case TT_BOOL: return 1;
    case TT_INT16: case TT_FLOAT16: case TT_BFLOAT16: return 2;
    case TT_INT32: case TT_FLOAT32: return 4;
    case TT_INT64: case TT_FLOAT64: return 8;
    default: return 0;  // not a dtype of real numbers
  }
}

template <class A, class B>
struct Same {
  static constexpr bool value = false;
};
template <class A>
struct Same<A, A> {
  static constexpr bool value = true;
};
template <class A, class B>
constexpr bool same = Same<A, B>::value;
template <class T>
constexpr bool is_half = same<T, Float16> || same<T, BFloat16>;
template <class T>
constexpr bool is_real = same<T, float> || same<T, double>;

// The dtype that a register's values have in memory.
template <class R>
constexpr int32_t dtype_of = same<R, float> ? TT_FLOAT32 : same<R, double> ? TT_FLOAT64 : TT_INT64;

// The float that, rounded to a half type, gives what x itself would: rounded to odd, which keeps ties and sides.
TT_INLINE float narrow_to_odd(double x) {
  const float rounded = (float)x;
  const double back = rounded;
  const int32_t bits = fn::bits_of<int32_t>(rounded);
  const int32_t toward_zero = bits - (fn::abs(back) > fn::abs(x) ? 1 : 0);
  return fn::bits_of<float>((back == x) | (x != x) ? bits : toward_zero | 1);
}

TT_INLINE int64_t real_to_int64(double x) {
  const bool fits = (x >= -0x1p63) & (x < 0x1p63);
  const int64_t whole = (int64_t)(fits ? x : 0.0);
  return fits ? whole : INT64_MIN;
}
TT_INLINE int32_t real_to_int32(double x) {
  const bool fits = (x > -2147483649.0) & (x < 2147483648.0);
  const int32_t whole = (int32_t)(fits ? x : 0.0);
  return fits ? whole : INT32_MIN;
}

template <class R, class M>
TT_INLINE R from_memory(M x) {
  if constexpr (is_half<M>) {
    return from_memory<R>(to_float(x));
  } else if constexpr (same<M, Bool>) {
    return x.byte != 0 ? R(1) : R(0);
  } else if constexpr (same<R, int64_t> && is_real<M>) {
    return real_to_int64(x);
  } else {
    return (R)x;
  }
}

template <class M, class R>
TT_INLINE M to_memory(R x) {
  if constexpr (is_half<M>) {
    float narrow;
    if constexpr (same<R, float>) narrow = x;
    else narrow = narrow_to_odd((double)x);  // an int64 beyond 2^53 is far beyond the half types' precision
    if constexpr (same<M, Float16>) return to_float16(narrow);
    else return to_bfloat16(narrow);
  } else if constexpr (same<M, Bool>) {
    return Bool{(uint8_t)(x != R(0) ? 1 : 0)};
  } else if constexpr (is_real<R> && same<M, int32_t>) {
    return real_to_int32(x);
  } else if constexpr (is_real<R> && !is_real<M>) {
    return (M)real_to_int64(x);
  } else {
    return (M)x;
  }
}

// The position with number `linear`, as an index per dimension.
TT_INLINE void locate(const tt_box& box, int64_t linear, int64_t* index) {
  for (int32_t d = 0; d < box.dims; d++) {
    index[d] = linear % box.sizes[d];
    linear /= box.sizes[d];
  }
}
// From the start of one row (dimension 0) to the next; returns the new address of the row's start.
template <class Byte>
TT_INLINE Byte* next_row(const tt_box& box, const int64_t* strides, int64_t* index, Byte* row) {
  for (int32_t d = 1; d < box.dims; d++) {
    row += strides[d];
    if (++index[d] < box.sizes[d]) return row;
    row -= strides[d] * box.sizes[d];
    index[d] = 0;
  }
  return row;
}
TT_INLINE int64_t offset_of(const tt_box& box, const int64_t* strides, const int64_t* index, int32_t first = 0) {
  int64_t offset = 0;
  for (int32_t d = first; d < box.dims; d++) offset += index[d] * strides[d];
  return offset;
}

constexpr int32_t kMaxDims = 64;
// Rows of a block.
constexpr int64_t kBlockRows = 16;

}  // namespace
}  // namespace TT_NS

// load_store.cc has the loops: conversions (convert.h), and moves between elements that lie side by side and strided memory, which
// need only know an element's size. Strides are in bytes.
extern "C" {
// Along a row; across the rows of a box, from the position `linear` on; a block whose columns lie side by side in
// memory, into rows `pitch` elements apart.
void TT_SYMBOL(move_in)(void* to, int64_t item, const char* from, int64_t stride, int64_t n);
void TT_SYMBOL(move_out)(char* to, int64_t item, int64_t stride, const void* from, int64_t n);
void TT_SYMBOL(gather_in)(void* to, int64_t item, const char* from, const tt_box* box, const int64_t* strides,
                          int64_t linear, int64_t n);
void TT_SYMBOL(scatter_out)(char* to, int64_t item, const tt_box* box, const int64_t* strides, int64_t linear,
                            const void* from, int64_t n);
void TT_SYMBOL(block_in)(void* to, int64_t pitch, int64_t item, const char* from, int64_t stride, int64_t columns,
                         int64_t rows);
// Pairs of elements side by side, and their first and second halves.
void TT_SYMBOL(split_pairs)(void* first, void* second, int64_t item, const void* from, int64_t n);
void TT_SYMBOL(join_pairs)(void* to, const void* first, const void* second, int64_t item, int64_t n);
}

namespace TT_NS {
namespace {

// Elements that are moved before they are converted go through this much of the stack.
constexpr int64_t kMoved = 256;

#define TT_LOAD_STORE template <class R> static __attribute__((noinline, unused)) void

TT_LOAD_STORE load_run(R* to, int32_t dtype, const char* from, int64_t stride, int64_t n) {
  const int64_t item = item_size(dtype);
  if (stride == item) return load_elements(to, dtype, from, n);
  if (stride == 0) {
    if (n > 0) load_elements(to, dtype, from, 1);
    for (int64_t i = 1; i < n; i++) to[i] = to[0];
    return;
  }
  if (dtype == dtype_of<R>) return TT_SYMBOL(move_in)(to, item, from, stride, n);
  int64_t moved[kMoved];
  for (; n > 0; n -= kMoved, to += kMoved, from += kMoved * stride) {
    const int64_t count = n < kMoved ? n : kMoved;
    TT_SYMBOL(move_in)(moved, item, from, stride, count);
    load_elements(to, dtype, moved, count);
  }
}
TT_LOAD_STORE store_run(char* to, int32_t dtype, int64_t stride, const R* from, int64_t n) {
  const int64_t item = item_size(dtype);
  if (stride == item) return store_elements(to, dtype, from, n);
  if (dtype == dtype_of<R>) return TT_SYMBOL(move_out)(to, item, stride, from, n);
  int64_t moved[kMoved];
  for (; n > 0; n -= kMoved, from += kMoved, to += kMoved * stride) {
    const int64_t count = n < kMoved ? n : kMoved;
    store_elements(moved, dtype, from, count);
    TT_SYMBOL(move_out)(to, item, stride, moved, count);
  }
}
TT_LOAD_STORE gather(R* to, int32_t dtype, const char* from, const tt_box& box, const int64_t* strides, int64_t linear,
                     int64_t n) {
  const int64_t item = item_size(dtype);
  if (dtype == dtype_of<R>) return TT_SYMBOL(gather_in)(to, item, from, &box, strides, linear, n);
  int64_t moved[kMoved];
  for (; n > 0; n -= kMoved, to += kMoved, linear += kMoved) {
    const int64_t count = n < kMoved ? n : kMoved;
    TT_SYMBOL(gather_in)(moved, item, from, &box, strides, linear, count);
    load_elements(to, dtype, moved, count);
  }
}
TT_LOAD_STORE scatter(char* to, int32_t dtype, const tt_box& box, const int64_t* strides, int64_t linear,
                      const R* from, int64_t n) {
  const int64_t item = item_size(dtype);
  if (dtype == dtype_of<R>) return TT_SYMBOL(scatter_out)(to, item, &box, strides, linear, from, n);
  int64_t moved[kMoved];
  for (; n > 0; n -= kMoved, from += kMoved, linear += kMoved) {
    const int64_t count = n < kMoved ? n : kMoved;
    store_elements(moved, dtype, from, count);
    TT_SYMBOL(scatter_out)(to, item, &box, strides, linear, moved, count);
  }
}
// At most kMoved columns.
TT_LOAD_STORE load_block(R* to, int64_t pitch, int32_t dtype, const char* from, int64_t stride, int64_t columns,
                         int64_t rows) {
  const int64_t item = item_size(dtype);
  if (dtype == dtype_of<R>) return TT_SYMBOL(block_in)(to, pitch, item, from, stride, columns, rows);
  int64_t moved[kBlockRows * kMoved];
  TT_SYMBOL(block_in)(moved, columns, item, from, stride, columns, rows);
  for (int64_t r = 0; r < rows; r++) load_elements(to + r * pitch, dtype, (char*)moved + r * columns * item, columns);
}
#undef TT_LOAD_STORE

}  // namespace
}  // namespace TT_NS
