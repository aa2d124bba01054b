#include "conv_run.h"

extern "C" int32_t TT_SYMBOL(convolution_float64)(const double* args) { return TT_NS::run_convolution<double>(args); }
