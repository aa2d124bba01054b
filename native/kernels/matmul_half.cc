// float16 and bfloat16: widened to float32 while packing, or multiplied as they are where the processor can; rounded once while storing.
#include "gemm_pairs.h"
#include "matmul_batch.h"

#if defined(TT_HAS_PAIRS)
namespace TT_NS {
namespace {

template <>
int32_t multiply(const Product<BFloat16, float>& product, bool parallel) {
  return tt_multiplies_bfloat16() ? gemm<BFloat16, float, BFloat16Pair>(product, parallel) : gemm<BFloat16, float>(product, parallel);
}

}  // namespace
}  // namespace TT_NS
#endif

extern "C" int32_t TT_SYMBOL(matmul_half)(const double* args) {
  using namespace TT_NS;
  const Arguments arguments = Arguments::read(args);
  return arguments.dtype == TT_FLOAT16 ? run_float<Float16, float>(arguments) : run_float<BFloat16, float>(arguments);
}
