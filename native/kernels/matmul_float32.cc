#include "gemm_shared.h"
#include "matmul_batch.h"

extern "C" int32_t TT_SYMBOL(matmul_float32)(const double* args) {
  using namespace TT_NS;
  return run_float<float, float>(Arguments::read(args));
}

extern "C" int32_t TT_SYMBOL(product_float32)(const void* product, bool parallel) {
  using namespace TT_NS;
  return multiply(*(const Product<float, float>*)product, parallel);
}

extern "C" void* TT_SYMBOL(micro_float32)(int rows, int vectors, bool packed) {
  return (void*)TT_NS::find_micro<float>(rows, vectors, packed);
}
