#include "gemm_integer.h"
#include "matmul.h"

namespace TT_NS {
namespace {

template <class S, class U>
int32_t run_integer(const Arguments& arguments) {
  for (int64_t i = 0; i < arguments.batches; i++) integer_gemm<S, U>(arguments.product<S, S>(i));
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS

extern "C" int32_t TT_SYMBOL(matmul_integer)(const double* args) {
  using namespace TT_NS;
  const Arguments arguments = Arguments::read(args);
  switch (arguments.dtype) {
    case TT_UINT8: return run_integer<uint8_t, uint8_t>(arguments);
    case TT_INT8: return run_integer<int8_t, uint8_t>(arguments);
    case TT_INT16: return run_integer<int16_t, uint16_t>(arguments);
    case TT_INT32: return run_integer<int32_t, uint32_t>(arguments);
    case TT_INT64: return run_integer<int64_t, uint64_t>(arguments);
    default: return TT_UNSUPPORTED_DTYPE;
  }
}
