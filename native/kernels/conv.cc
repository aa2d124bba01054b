// Convolutions of one to three dimensions, and their gradients.
//
// convolution: [kind, dtype, batch, groups, in channels, out channels (of one group), in D, H, W, out D, H, W, kernel D, H, W,
//               stride D, H, W, padding D, H, W, dilation D, H, W, first address, second address, bias address (or 0),
//               out address]
//   All operands are contiguous: input (batch, groups · in channels, in), weight (groups · out channels, in channels, kernel),
//   gradient (batch, groups · out channels, out). Nothing is empty but the results of kinds 0 and 1, and the kernel.
//   kind 0: out = input * weight + bias; 1: the gradient of the input, or a transposed convolution, from gradient and weight,
//   plus a bias of groups · in channels; 2: the gradient of the weight, from input and gradient.
//
// Which way serves (conv_run.h): few channels are read from padded copies of their planes (conv_direct.h, conv_direct_weight.h), or from
// copies with channels last where planes are narrow (conv_last.h); 3 x 3 windows of many channels, with steps of 1, go by Winograd
// (conv_winograd.h); everything else is a matrix product, of patches that are packed as it goes (conv_gemm.h, conv_weight.h), or written
// down if they are few (conv_weight_product.h).
#include "../abi.h"
#include "../isa.h"

extern "C" {
int32_t TT_SYMBOL(convolution_float32)(const double* args);
int32_t TT_SYMBOL(convolution_float64)(const double* args);
}

TT_ENTRY(convolution) {
  switch ((int)args[1]) {
    case TT_FLOAT32: return TT_SYMBOL(convolution_float32)(args);
    case TT_FLOAT64: return TT_SYMBOL(convolution_float64)(args);
    default: return TT_UNSUPPORTED_DTYPE;
  }
}
