#include "matmul_batch.h"

extern "C" int32_t TT_SYMBOL(matmul_float32)(const double* args) {
  using namespace TT_NS;
  return run_float<float, float>(Arguments::read(args));
}
