// load_store.h's loops: for every dtype and register type, along a row and across rows.
#include "load_store.h"

namespace TT_NS {
namespace {

// Calls action(M{}) with the element type of a dtype.
template <class Action>
TT_INLINE void with_type(int32_t dtype, Action action) {
  switch (dtype) {
    case TT_UINT8: action(uint8_t{}); break;
    case TT_INT8: action(int8_t{}); break;
    case TT_INT16: action(int16_t{}); break;
    case TT_INT32: action(int32_t{}); break;
    case TT_INT64: action(int64_t{}); break;
    case TT_FLOAT16: action(Float16{}); break;
    case TT_FLOAT32: action(float{}); break;
    case TT_FLOAT64: action(double{}); break;
    case TT_BOOL: action(Bool{}); break;
    case TT_BFLOAT16: action(BFloat16{}); break;
  }
}

#if defined(__F16C__)
// Compilers do not vectorise these conversions by themselves. Eight at a time; returns how many were done.
TT_INLINE int64_t load_halves(float* to, const Float16* from, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)(from + i))));
  return i;
}
TT_INLINE int64_t store_halves(Float16* to, const float* from, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128((__m128i*)(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
#else
TT_INLINE int64_t load_halves(float*, const Float16*, int64_t) { return 0; }
TT_INLINE int64_t store_halves(Float16*, const float*, int64_t) { return 0; }
#endif

template <class M, class R>
TT_INLINE void load_row(R* __restrict to, const char* from, int64_t stride, int64_t n) {
  if (stride == (int64_t)sizeof(M)) {
    const M* source = (const M*)from;
    int64_t i = 0;
    if constexpr (same<M, Float16> && same<R, float>) i = load_halves(to, source, n);
    for (; i < n; i++) to[i] = from_memory<R>(source[i]);
  } else if (stride == 0) {
    const R value = n > 0 ? from_memory<R>(*(const M*)from) : R(0);
    for (int64_t i = 0; i < n; i++) to[i] = value;
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = from_memory<R>(*(const M*)(from + i * stride));
  }
}
template <class M, class R>
TT_INLINE void store_row(char* to, int64_t stride, const R* __restrict from, int64_t n) {
  if (stride == (int64_t)sizeof(M)) {
    M* target = (M*)to;
    int64_t i = 0;
    if constexpr (same<M, Float16> && same<R, float>) i = store_halves(target, from, n);
    for (; i < n; i++) target[i] = to_memory<M>(from[i]);
  } else {
    for (int64_t i = 0; i < n; i++) *(M*)(to + i * stride) = to_memory<M>(from[i]);
  }
}

// Row r goes to to[r * pitch]. Column by column, as they lie in memory.
template <class M, class R>
TT_INLINE void load_columns(R* __restrict to, int64_t pitch, const char* from, int64_t stride, int64_t columns,
                            int64_t rows) {
  if (rows == 16) {
    for (int64_t j = 0; j < columns; j++) {
      const M* column = (const M*)(from + j * stride);
#pragma GCC unroll 16
      for (int64_t r = 0; r < 16; r++) to[r * pitch + j] = from_memory<R>(column[r]);
    }
  } else {
    for (int64_t j = 0; j < columns; j++) {
      const M* column = (const M*)(from + j * stride);
      for (int64_t r = 0; r < rows; r++) to[r * pitch + j] = from_memory<R>(column[r]);
    }
  }
}

template <class R>
TT_INLINE void gather_box(R* to, int32_t dtype, const char* from, const tt_box& box,
                                              const int64_t* strides, int64_t linear, int64_t n) {
  int64_t index[kMaxDims];
  locate(box, linear, index);
  const char* row = from + offset_of(box, strides, index, 1);
  int64_t inner = index[0];
  with_type(dtype, [&](auto m) __attribute__((always_inline)) {
    while (n > 0) {
      const int64_t run = box.sizes[0] - inner < n ? box.sizes[0] - inner : n;
      load_row<decltype(m)>(to, row + inner * strides[0], strides[0], run);
      to += run;
      n -= run;
      inner = 0;
      row = next_row(box, strides, index, row);
    }
  });
}
template <class R>
TT_INLINE void scatter_box(char* to, int32_t dtype, const tt_box& box, const int64_t* strides,
                                               int64_t linear, const R* from, int64_t n) {
  int64_t index[kMaxDims];
  locate(box, linear, index);
  char* row = to + offset_of(box, strides, index, 1);
  int64_t inner = index[0];
  with_type(dtype, [&](auto m) __attribute__((always_inline)) {
    while (n > 0) {
      const int64_t run = box.sizes[0] - inner < n ? box.sizes[0] - inner : n;
      store_row<decltype(m)>(row + inner * strides[0], strides[0], from, run);
      from += run;
      n -= run;
      inner = 0;
      row = next_row(box, strides, index, row);
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

#define TT_LOAD_STORE(R, name)                                                                                         \
  extern "C" void TT_SYMBOL(load_##name)(R * to, int32_t dtype, const char* from, int64_t stride, int64_t n) {         \
    with_type(dtype, [=](auto m) __attribute__((always_inline)) { load_row<decltype(m)>(to, from, stride, n); });      \
  }                                                                                                                    \
  extern "C" void TT_SYMBOL(store_##name)(char* to, int32_t dtype, int64_t stride, const R* from, int64_t n) {         \
    with_type(dtype, [=](auto m) __attribute__((always_inline)) { store_row<decltype(m)>(to, stride, from, n); });     \
  }                                                                                                                    \
  extern "C" void TT_SYMBOL(gather_##name)(R * to, int32_t dtype, const char* from, const tt_box* box,                 \
                                           const int64_t* strides, int64_t linear, int64_t n) {                        \
    gather_box(to, dtype, from, *box, strides, linear, n);                                                             \
  }                                                                                                                    \
  extern "C" void TT_SYMBOL(load_block_##name)(R * to, int64_t pitch, int32_t dtype, const char* from, int64_t stride, \
                                               int64_t columns, int64_t rows) {                                        \
    with_type(dtype, [=](auto m) __attribute__((always_inline)) {                                                      \
      load_columns<decltype(m)>(to, pitch, from, stride, columns, rows);                                               \
    });                                                                                                                \
  }                                                                                                                    \
  extern "C" void TT_SYMBOL(scatter_##name)(char* to, int32_t dtype, const tt_box* box, const int64_t* strides,        \
                                            int64_t linear, const R* from, int64_t n) {                                \
    scatter_box(to, dtype, *box, strides, linear, from, n);                                                            \
  }

TT_LOAD_STORE(float, f32)
TT_LOAD_STORE(double, f64)
TT_LOAD_STORE(int64_t, i64)
