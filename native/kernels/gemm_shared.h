// The inner loop of a matrix product for files other than those of matmul, which have it compiled.
#pragma once
#include "gemm_micro.h"

extern "C" {
// Function pointers of the type MicroKernel<float> and MicroKernel<double>.
void* TT_SYMBOL(micro_float32)(int rows, int vectors, bool packed);
void* TT_SYMBOL(micro_float64)(int rows, int vectors, bool packed);
}

namespace TT_NS {
namespace {

template <class T>
TT_INLINE MicroKernel<T> shared_micro(int rows, int vectors, bool packed) {
  return (MicroKernel<T>)(sizeof(T) == 4 ? TT_SYMBOL(micro_float32) : TT_SYMBOL(micro_float64))(rows, vectors, packed);
}

}  // namespace
}  // namespace TT_NS
