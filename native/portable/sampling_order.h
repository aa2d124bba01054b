// The order in which samples are drawn: PyTorch's TensorIterator walks dimensions by their strides, not row-major.
#pragma once

#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

// Whether dimension `x` lies outside of `y` (1), inside (-1), or the operands do not say (0); as TensorIterator decides.
TT_INLINE int compare_dims(int x, int y, const int64_t* sizes, const Operand* operands, int count) {
  for (int k = 0; k < count; k++) {
    const int64_t a = operands[k].strides[x], b = operands[k].strides[y];
    if (a == 0 || b == 0) continue;
    if (a != b) return a < b ? -1 : 1;
    if (sizes[x] > sizes[y]) return 1;
  }
  return 0;
}

// Reorders the dimensions so that the last has the smallest stride.
static void sort_dims(int ndim, int64_t* sizes, Operand* operands, int count) {
  int order[kMaxDims];
  for (int i = 0; i < ndim; i++) order[i] = ndim - 1 - i;
  for (int i = 1; i < ndim; i++) {
    int moved = i;
    for (int j = i - 1; j >= 0; j--) {
      const int verdict = compare_dims(order[j], order[moved], sizes, operands, count);
      if (verdict < 0) break;
      if (verdict == 0) continue;
      const int swap = order[j];
      order[j] = order[moved];
      order[moved] = swap;
      moved = j;
    }
  }
  int64_t old[kMaxDims];
  memcpy(old, sizes, sizeof(old[0]) * ndim);
  for (int i = 0; i < ndim; i++) sizes[i] = old[order[ndim - 1 - i]];
  for (int k = 0; k < count; k++) {
    memcpy(old, operands[k].strides, sizeof(old[0]) * ndim);
    for (int i = 0; i < ndim; i++) operands[k].strides[i] = old[order[ndim - 1 - i]];
  }
}

}  // namespace
}  // namespace TT_NS
