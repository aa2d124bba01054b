#include "gemm_shared.h"
#include "matmul_batch.h"

extern "C" int32_t TT_SYMBOL(matmul_float64)(const double* args) {
  using namespace TT_NS;
  return run_float<double, double>(Arguments::read(args));
}

extern "C" int32_t TT_SYMBOL(product_float64)(const void* product, bool parallel) {
  using namespace TT_NS;
  return multiply(*(const Product<double, double>*)product, parallel);
}

extern "C" void* TT_SYMBOL(micro_float64)(int rows, int vectors, bool packed) {
  return (void*)TT_NS::find_micro<double>(rows, vectors, packed);
}
