// C = alpha · A @ B + beta · D for batches of matrices, by dtype; see gemm.h for what, matmul.h for the arguments.
#include "matmul.h"

TT_ENTRY(matmul) {
  switch ((int)args[0]) {
    case TT_FLOAT32: return TT_SYMBOL(matmul_float32)(args);
    case TT_FLOAT64: return TT_SYMBOL(matmul_float64)(args);
    case TT_FLOAT16:
    case TT_BFLOAT16: return TT_SYMBOL(matmul_half)(args);
    default: return TT_SYMBOL(matmul_integer)(args);
  }
}
