// Between elements of any dtype in memory and register values (float, double, int64): one rounding each way.
//
// A half type loads into float or double exactly, and is rounded once from either. A float becomes an integer by
// truncation; what does not fit in 64 bits (NaN too) gives INT64_MIN, in int32 what does not fit gives INT32_MIN, and
// the smaller types keep the low bits: what PyTorch gives on x86. Anything but 0 is true.
#pragma once
#include "../abi.h"
#include "../half.h"
#include "../math/basic.h"

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

enum { kMaxDims = 64 };

}  // namespace
}  // namespace TT_NS

// n elements in a row of memory, into registers and back; the same across the rows of a box, from the position `linear`
// on; and a block of rows and columns whose columns lie side by side in memory. Strides are in bytes. load_store.cc has them, once for each register type.
#define TT_LOAD_STORE(R, name)                                                                                         \
  extern "C" void TT_SYMBOL(load_##name)(R* to, int32_t dtype, const char* from, int64_t stride, int64_t n);           \
  extern "C" void TT_SYMBOL(store_##name)(char* to, int32_t dtype, int64_t stride, const R* from, int64_t n);          \
  extern "C" void TT_SYMBOL(gather_##name)(R* to, int32_t dtype, const char* from, const tt_box* box,                  \
                                           const int64_t* strides, int64_t linear, int64_t n);                         \
  extern "C" void TT_SYMBOL(scatter_##name)(char* to, int32_t dtype, const tt_box* box, const int64_t* strides,        \
                                            int64_t linear, const R* from, int64_t n);                                 \
  extern "C" void TT_SYMBOL(load_block_##name)(R* to, int64_t pitch, int32_t dtype, const char* from, int64_t stride,  \
                                               int64_t columns, int64_t rows);                                         \
  namespace TT_NS {                                                                                                    \
  TT_INLINE void load_block(R* to, int64_t pitch, int32_t dtype, const char* from, int64_t stride, int64_t columns,    \
                            int64_t rows) {                                                                            \
    TT_SYMBOL(load_block_##name)(to, pitch, dtype, from, stride, columns, rows);                                       \
  }                                                                                                                    \
  TT_INLINE void load_run(R* to, int32_t dtype, const char* from, int64_t stride, int64_t n) {                         \
    TT_SYMBOL(load_##name)(to, dtype, from, stride, n);                                                                \
  }                                                                                                                    \
  TT_INLINE void store_run(char* to, int32_t dtype, int64_t stride, const R* from, int64_t n) {                        \
    TT_SYMBOL(store_##name)(to, dtype, stride, from, n);                                                               \
  }                                                                                                                    \
  TT_INLINE void gather(R* to, int32_t dtype, const char* from, const tt_box& box, const int64_t* strides,             \
                        int64_t linear, int64_t n) {                                                                   \
    TT_SYMBOL(gather_##name)(to, dtype, from, &box, strides, linear, n);                                               \
  }                                                                                                                    \
  TT_INLINE void scatter(char* to, int32_t dtype, const tt_box& box, const int64_t* strides, int64_t linear,           \
                         const R* from, int64_t n) {                                                                   \
    TT_SYMBOL(scatter_##name)(to, dtype, &box, strides, linear, from, n);                                              \
  }                                                                                                                    \
  }

TT_LOAD_STORE(float, f32)
TT_LOAD_STORE(double, f64)
TT_LOAD_STORE(int64_t, i64)
#undef TT_LOAD_STORE
