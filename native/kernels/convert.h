// Conversions between elements of any dtype that lie side by side in memory and register values: load_store.cc has the loops.
#pragma once
#include "../abi.h"
#include "../isa.h"

#define TT_CONVERT(R, name)                                                                   \
  extern "C" void TT_SYMBOL(load_##name)(R* to, int32_t dtype, const void* from, int64_t n);  \
  extern "C" void TT_SYMBOL(store_##name)(void* to, int32_t dtype, const R* from, int64_t n); \
  namespace TT_NS {                                                                           \
  TT_INLINE void load_elements(R* to, int32_t dtype, const void* from, int64_t n) {           \
    TT_SYMBOL(load_##name)(to, dtype, from, n);                                               \
  }                                                                                           \
  TT_INLINE void store_elements(void* to, int32_t dtype, const R* from, int64_t n) {          \
    TT_SYMBOL(store_##name)(to, dtype, from, n);                                              \
  }                                                                                           \
  }
TT_CONVERT(float, f32)
TT_CONVERT(double, f64)
TT_CONVERT(int64_t, i64)
#undef TT_CONVERT
