// load_store.h's loops.
#include "load_store.h"

namespace TT_NS {
namespace {

// Calls action(Item{}) with an integer of an element's size.
template <class Action>
TT_INLINE void with_size(int64_t item, Action action) {
  switch (item) {
    case 1: action(uint8_t{}); break;
    case 2: action(uint16_t{}); break;
    case 4: action(uint32_t{}); break;
    case 8: action(uint64_t{}); break;
  }
}

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
TT_INLINE void convert_in(R* __restrict to, const M* __restrict from, int64_t n) {
  int64_t i = 0;
  if constexpr (same<M, Float16> && same<R, float>) i = load_halves(to, from, n);
  for (; i < n; i++) to[i] = from_memory<R>(from[i]);
}
template <class M, class R>
TT_INLINE void convert_out(M* __restrict to, const R* __restrict from, int64_t n) {
  int64_t i = 0;
  if constexpr (same<M, Float16> && same<R, float>) i = store_halves(to, from, n);
  for (; i < n; i++) to[i] = to_memory<M>(from[i]);
}

// Calls row(address, elements before it, elements) for each part of a row of the box from `linear` on.
template <class Byte, class Row>
TT_INLINE void for_parts(Byte* data, const tt_box& box, const int64_t* strides, int64_t linear, int64_t n, Row row) {
  int64_t index[kMaxDims];
  locate(box, linear, index);
  Byte* start = data + offset_of(box, strides, index, 1);
  int64_t inner = index[0];
  for (int64_t done = 0; done < n;) {
    const int64_t rest = box.sizes[0] - inner;
    const int64_t count = rest < n - done ? rest : n - done;
    row(start + inner * strides[0], done, count);
    done += count;
    inner = 0;
    start = next_row(box, strides, index, start);
  }
}

template <class Item>
TT_INLINE void move_from(Item* __restrict to, const char* from, int64_t stride, int64_t n) {
  if (stride == (int64_t)sizeof(Item))
    for (int64_t i = 0; i < n; i++) to[i] = ((const Item*)from)[i];
  else if (stride == 2 * (int64_t)sizeof(Item))  // parts of complex numbers, for one
    for (int64_t i = 0; i < n; i++) to[i] = ((const Item*)from)[2 * i];
  else
    for (int64_t i = 0; i < n; i++) to[i] = *(const Item*)(from + i * stride);
}
template <class Item>
TT_INLINE void move_to(char* to, int64_t stride, const Item* __restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) *(Item*)(to + i * stride) = from[i];
}

// Column by column, as they lie in memory.
template <class Item>
TT_INLINE void move_columns(Item* __restrict to, int64_t pitch, const char* from, int64_t stride, int64_t columns,
                            int64_t rows) {
  for (int64_t j = 0; j < columns; j++) {
    const Item* column = (const Item*)(from + j * stride);
    if (rows == kBlockRows) {
#pragma GCC unroll 16
      for (int64_t r = 0; r < kBlockRows; r++) to[r * pitch + j] = column[r];
    } else {
      for (int64_t r = 0; r < rows; r++) to[r * pitch + j] = column[r];
    }
  }
}


template <class T>
TT_INLINE void split(T* first, T* second, const T* from, int64_t n) {
  TT_INDEPENDENT for (int64_t i = 0; i < n; i++) {
    first[i] = from[2 * i];
    second[i] = from[2 * i + 1];
  }
}
template <class T>
TT_INLINE void join(T* to, const T* first, const T* second, int64_t n) {
  TT_INDEPENDENT for (int64_t i = 0; i < n; i++) {
    to[2 * i] = first[i];
    to[2 * i + 1] = second[i];
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

#define ALWAYS_INLINE __attribute__((always_inline))

#define TT_CONVERT(R, name)                                                                            \
  extern "C" void TT_SYMBOL(load_##name)(R * to, int32_t dtype, const void* from, int64_t n) {         \
    with_type(dtype, [=](auto m) ALWAYS_INLINE { convert_in(to, (const decltype(m)*)from, n); });      \
  }                                                                                                    \
  extern "C" void TT_SYMBOL(store_##name)(void* to, int32_t dtype, const R* from, int64_t n) {         \
    with_type(dtype, [=](auto m) ALWAYS_INLINE { convert_out((decltype(m)*)to, from, n); });           \
  }
TT_CONVERT(float, f32)
TT_CONVERT(double, f64)
TT_CONVERT(int64_t, i64)

extern "C" void TT_SYMBOL(move_in)(void* to, int64_t item, const char* from, int64_t stride, int64_t n) {
  with_size(item, [=](auto i) ALWAYS_INLINE { move_from((decltype(i)*)to, from, stride, n); });
}
extern "C" void TT_SYMBOL(move_out)(char* to, int64_t item, int64_t stride, const void* from, int64_t n) {
  with_size(item, [=](auto i) ALWAYS_INLINE { move_to(to, stride, (const decltype(i)*)from, n); });
}
extern "C" void TT_SYMBOL(gather_in)(void* to, int64_t item, const char* from, const tt_box* box, const int64_t* strides,
                                     int64_t linear, int64_t n) {
  with_size(item, [=](auto i) ALWAYS_INLINE {
    for_parts(from, *box, strides, linear, n, [=](const char* row, int64_t done, int64_t count) ALWAYS_INLINE {
      move_from((decltype(i)*)to + done, row, strides[0], count);
    });
  });
}
extern "C" void TT_SYMBOL(scatter_out)(char* to, int64_t item, const tt_box* box, const int64_t* strides, int64_t linear,
                                       const void* from, int64_t n) {
  with_size(item, [=](auto i) ALWAYS_INLINE {
    for_parts(to, *box, strides, linear, n, [=](char* row, int64_t done, int64_t count) ALWAYS_INLINE {
      move_to(row, strides[0], (const decltype(i)*)from + done, count);
    });
  });
}
extern "C" void TT_SYMBOL(block_in)(void* to, int64_t pitch, int64_t item, const char* from, int64_t stride,
                                    int64_t columns, int64_t rows) {
  with_size(item, [=](auto i) ALWAYS_INLINE { move_columns((decltype(i)*)to, pitch, from, stride, columns, rows); });
}
extern "C" void TT_SYMBOL(split_pairs)(void* first, void* second, int64_t item, const void* from, int64_t n) {
  if (item == 4) split((float*)first, (float*)second, (const float*)from, n);
  else split((double*)first, (double*)second, (const double*)from, n);
}
extern "C" void TT_SYMBOL(join_pairs)(void* to, const void* first, const void* second, int64_t item, int64_t n) {
  if (item == 4) join((float*)to, (const float*)first, (const float*)second, n);
  else join((double*)to, (const double*)first, (const double*)second, n);
}
