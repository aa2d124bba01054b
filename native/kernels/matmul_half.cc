// float16 and bfloat16: widened to float32 while packing, rounded once while storing.
#include "matmul_batch.h"

extern "C" int32_t TT_SYMBOL(matmul_half)(const double* args) {
  using namespace TT_NS;
  const Arguments arguments = Arguments::read(args);
  return arguments.dtype == TT_FLOAT16 ? run_float<Float16, float>(arguments) : run_float<BFloat16, float>(arguments);
}
